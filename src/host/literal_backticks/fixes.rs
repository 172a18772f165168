//! Fixes of lines that were pasted with the backticks of a web page: the backticks go.

use crate::facts::PastedLine;
use crate::image::Image;
use crate::image::edits::{Step, lines, replace};

/// The lines without their backticks.
pub(crate) fn without(image: &Image, pasted: &[PastedLine]) -> Option<Step> {
    let line = |pasted: &PastedLine| {
        let old = lines(image, &pasted.at)?;
        replace(image, &pasted.at, old.iter().map(|line| line.replace('`', "")))
    };
    let edits: Option<Vec<_>> = pasted.iter().map(line).collect();
    edits.filter(|edits| !edits.is_empty()).map(Step::edits)
}
