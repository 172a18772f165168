//! The report as JSON, in the order of its types. It is what programs read, so every character of the facts is kept.

use super::{Format, Rendered, Style};
use crate::report::Report;

pub(super) const FORMAT: Format = Format { name: "json", about: "JSON", render };

fn render(report: &Report, _style: Style) -> Rendered {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
