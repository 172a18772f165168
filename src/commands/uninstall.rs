//! `v6check uninstall`: removes what `install` installed.

use std::path::Path;

use super::{Failure, must_be_directory, print_line};
use crate::install;

pub(super) fn run(root: Option<&Path>, dry_run: bool) -> Result<u8, Failure> {
    must_be_directory(root)?;
    install::uninstall(root, dry_run, &mut print_line)?;
    Ok(0)
}
