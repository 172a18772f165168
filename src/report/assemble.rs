//! From facts and requirements to the report.

use super::{Counting, Report};
use crate::catalogue::Selection;
use crate::facts::Facts;

/// Judges `facts` by `selection` and makes the report of it.
pub fn assemble(_facts: &Facts, _selection: &Selection, _counting: Counting) -> Report {
    unimplemented!()
}
