//! The matrix as JSON: a line a requirement and a line an image, so that it can be read by lines as well.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::Again;
use super::cell::{Cell, Counts, State};
use super::table::{Row, Table, by_column, folded};
use crate::report::CheckResult;

/// Name and version of the matrix' JSON.
pub const SCHEMA: &str = "v6check.matrix/1";

/// The whole. It is written piece by piece and never held as one.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// What the user called it.
    pub title: String,
    /// The sum.
    pub summary: Summary,
    /// The columns, in the order in which reports name them first.
    pub requirements: Vec<Requirement>,
    /// The rows, the worst first.
    pub images: Vec<Image>,
    /// Reports that could not be read.
    pub unread: Vec<Unread>,
}

/// Images by what becomes of them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Nothing that counts fails.
    pub good: usize,
    /// Something fails on the guest's side.
    pub guest: usize,
    /// Nothing of that, but on the network's side.
    pub network: usize,
    /// Nothing of that, but not everything could be judged.
    pub undecided: usize,
    /// Their reports could not be read.
    pub unread: usize,
    /// The exit code of the matrix: 2 if a report could not be read, else 1 if an image's is 1, else 3 if one's is 3, else 0.
    pub exit_code: u8,
    /// When the oldest report was made, RFC 3339 in UTC; `null` where none says so.
    pub oldest: Option<String>,
    /// When the newest was.
    pub newest: Option<String>,
}

/// A column.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// What is required.
    pub title: String,
}

/// A row.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Image {
    /// The report's file without its ending, with folders where two would be called the same.
    pub name: String,
    /// The report's file as it was named; `-` is standard input.
    pub file: String,
    /// The host name in the report.
    pub host: String,
    /// The distribution in the report; empty where there is none.
    pub distribution: String,
    /// The directory of an image on disk, or the file of a capture; `null` for a guest.
    pub of: Option<String>,
    /// Name of the profile.
    pub profile: String,
    /// When it was observed, RFC 3339 in UTC.
    pub started: String,
    /// The report's exit code.
    pub exit_code: u8,
    /// What becomes of the image.
    pub state: State,
    /// What its cells sum up to.
    pub counts: Counts,
    /// A cell for each requirement of its report, by id. Empty where the report could not be read a second time.
    #[serde(serialize_with = "as_map")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, ImageCell>"))]
    pub cells: Vec<(String, ImageCell)>,
}

/// A cell.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImageCell {
    /// What it comes to.
    #[serde(flatten)]
    pub cell: Cell,
    /// The interfaces of which that is said; none where it is said of the host.
    pub interfaces: Vec<String>,
}

/// A report that could not be read.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unread {
    /// As an image is called.
    pub name: String,
    /// The report's file as it was named.
    pub file: String,
    /// Why.
    pub why: String,
}

fn as_map<S: Serializer>(cells: &[(String, ImageCell)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(cells.iter().map(|(id, cell)| (id, cell)))
}

/// Writes the matrix by the schema of [`Document`].
pub(super) fn write(table: &Table, again: &mut Again<'_>, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "{{\n\"schema\": {},\n\"title\": {},\n\"summary\": {},\n", json(&SCHEMA)?, json(&table.title)?, json(&summary(table))?)?;
    let requirements = table.columns.iter().map(|column| json(&Requirement { id: column.id.clone(), title: column.title.clone() }));
    list("requirements", &mut { requirements }, ",", to)?;
    let images = table.rows.iter().map(|row| json(&image(row, table, again)));
    list("images", &mut { images }, ",", to)?;
    let unread = table.unread.iter().map(|unread| {
        let super::table::Unread { name, file, why } = unread;
        json(&Unread { name: name.clone(), file: file.clone(), why: why.clone() })
    });
    list("unread", &mut { unread }, "", to)?;
    writeln!(to, "}}")
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

fn list(name: &str, items: &mut dyn Iterator<Item = io::Result<String>>, after: &str, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "\"{name}\": [")?;
    for (at, item) in items.enumerate() {
        write!(to, "{}\n{}", if at == 0 { "" } else { "," }, item?)?;
    }
    writeln!(to, "\n]{after}")
}

fn summary(table: &Table) -> Summary {
    let (oldest, newest) = table.dates().unzip();
    Summary {
        good: table.count(State::Good),
        guest: table.count(State::Guest),
        network: table.count(State::Network),
        undecided: table.count(State::Undecided),
        unread: table.unread.len(),
        exit_code: table.exit_code(),
        oldest: oldest.map(str::to_owned),
        newest: newest.map(str::to_owned),
    }
}

fn image(row: &Row, table: &Table, again: &mut Again<'_>) -> Image {
    let report = row.again(&table.columns, again);
    let results = report.as_ref().map_or(&[][..], |report| &report.results);
    let mut cells = Vec::new();
    for (column, results) in table.columns.iter().zip(by_column(results, &table.columns)) {
        if let Some(cell) = folded(&results) {
            let same = |result: &&&CheckResult| Cell::of(result) == cell;
            let interfaces = results.iter().filter(same).filter_map(|result| result.interface.clone()).collect();
            cells.push((column.id.clone(), ImageCell { cell, interfaces }));
        }
    }
    Image {
        name: row.name.clone(),
        file: row.file.clone(),
        host: row.host.clone(),
        distribution: row.distribution.clone(),
        of: Some(row.of.clone()).filter(|of| !of.is_empty()),
        profile: row.profile.clone(),
        started: row.started.clone(),
        exit_code: row.exit_code,
        state: row.state,
        counts: row.counts,
        cells,
    }
}
