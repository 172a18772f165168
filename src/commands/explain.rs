//! `v6check explain`: prints one requirement: what, why, source, remedies.

use std::path::Path;

use super::Failure;
use crate::catalogue::{self, Catalogue};
use crate::report::{Target, output};

pub(super) fn run(id: &str, checks: Option<&Path>) -> Result<u8, Failure> {
    let catalogue = Catalogue::load(checks)?;
    output::write(&Target::Stdout, catalogue::explain(&catalogue, catalogue.check(id)?).as_bytes())?;
    Ok(0)
}
