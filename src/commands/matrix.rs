//! `v6check matrix`: combines many reports into one table.

use super::eprint_line;
use crate::cli::Matrix;
use crate::matrix;

pub(super) fn run(wanted: &Matrix) -> u8 {
    matrix::matrix(wanted, &eprint_line)
}
