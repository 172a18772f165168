//! `v6check watch`: prints events as they happen, or as a capture has them.

use super::{Failure, select};
use crate::cli::Watch;
use crate::watch;

pub(super) fn run(wanted: &Watch) -> Result<u8, Failure> {
    watch::watch(wanted, &select(&wanted.requirements)?)?;
    Ok(0)
}
