//! `v6check list`: prints the requirements of a profile.

use super::Failure;
use crate::catalogue::{self, Catalogue};
use crate::cli::Requirements;
use crate::report::{Target, output};

pub(super) fn run(requirements: &Requirements, json: bool) -> Result<u8, Failure> {
    let catalogue = Catalogue::load(requirements.checks.as_deref())?;
    let selection = catalogue.select(&requirements.profile)?;
    let text = if json { catalogue::list_json(&selection)? } else { catalogue::list(&catalogue, &selection) };
    output::write(&Target::Stdout, text.as_bytes())?;
    Ok(0)
}
