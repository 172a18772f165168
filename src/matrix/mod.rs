//! The matrix: many reports as one table, images by requirements, worst first, each cell with its evidence.
//!
//! It knows reports as files and nothing of facts or rules. Every report is read twice and never two at once: first what a row needs is kept of
//! it, some hundred bytes; then, in the order of the rows, what is told of its cells. So memory is bounded by the largest report and the rows.

mod cell;
mod evidence;
mod html;
mod input;
mod json;
mod junit;
mod markup;
mod names;
mod read;
mod table;
mod text;

use crate::cli;
use crate::report::output::stream;
use crate::report::{OutputError, Target};

pub use cell::{Cell, Counts, State};
pub use json::{Document, Image, ImageCell, Requirement, SCHEMA, Summary, Unread};

use input::Source;
use table::Table;

/// The exit code where a report could not be read or an output not be written.
const IMPOSSIBLE: u8 = 2;

/// Reads the reports, writes the matrix in each form that is wanted, and returns the exit code: 2 if a report could not be read or an output not
/// be written, else 1 if a report's is 1, else 3 if one's is 3, else 0. What goes wrong is told by `tell`, a line each; the rest still comes out.
pub fn matrix(wanted: &cli::Matrix, tell: &dyn Fn(&str)) -> u8 {
    let outputs: Vec<&Target> = [&wanted.text, &wanted.html, &wanted.json, &wanted.junit].into_iter().flatten().collect();
    let sources = input::find(&wanted.reports, &outputs);
    if let Some(target) = outputs.iter().find(|target| sources.iter().any(|source| source.is_written_by(target))) {
        tell(&format!("{target} would be read as a report and written as the matrix; give the matrix a file of its own"));
        return IMPOSSIBLE;
    }
    let table = Table::of(wanted.title.clone(), &sources);
    for unread in &table.unread {
        tell(&format!("{}: {}", unread.file, unread.why));
    }
    let mut again = Again { sources: &sources, changed: false, tell };
    let mut code = table.exit_code();
    let mut written = |done: Result<(), OutputError>| {
        if let Err(error) = done {
            tell(&error.to_string());
            code = IMPOSSIBLE;
        }
    };
    for target in &wanted.json {
        written(stream(target, &mut |to| json::write(&table, &mut again, to)));
    }
    for target in &wanted.junit {
        written(stream(target, &mut |to| junit::write(&table, &mut again, to)));
    }
    for target in &wanted.html {
        written(stream(target, &mut |to| html::write(&table, &input::folder_of(target), &mut again, to)));
    }
    for target in &wanted.text {
        let colour = wanted.colour && *target == Target::Stdout;
        written(stream(target, &mut |to| text::write(&table, colour, to)));
    }
    if again.changed { IMPOSSIBLE } else { code }
}

/// The second reading of the reports.
struct Again<'a> {
    sources: &'a [Source],
    /// Whether one was not as it had been.
    changed: bool,
    tell: &'a dyn Fn(&str),
}
