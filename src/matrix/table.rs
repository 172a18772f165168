//! The table: a column for each requirement, a row for each image, and what could not be read.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::cell::{Cell, Counts, State};
use super::input::Source;
use super::names::names;
use super::read::{Read, read};
use super::{Again, IMPOSSIBLE};
use crate::report::{CheckResult, Report, cut, line};

/// As many requirements as all reports together may have.
const MOST_COLUMNS: usize = 1000;
/// As many characters as the id of a requirement may have.
const MOST_OF_AN_ID: usize = 100;
/// As many characters as are kept of a name, a title or a date.
const MOST_OF_A_TEXT: usize = 200;

/// As many profiles as are named.
const MOST_PROFILES: usize = 10;

/// All rows and columns.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) title: String,
    /// In the order in which reports name them first.
    pub(super) columns: Vec<Column>,
    /// The worst first.
    #[expect(clippy::vec_box, reason = "each is put into its place among thousands, which moves the others")]
    pub(super) rows: Vec<Box<Row>>,
    /// By name.
    pub(super) unread: Vec<Unread>,
}

/// One requirement.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) id: String,
    /// As the first report has it that names it.
    pub(super) title: String,
    /// Whether there is something to look at in any row.
    pub(super) is_loud: bool,
}

/// One image.
#[derive(Debug)]
pub(super) struct Row {
    /// Which of the sources it is.
    pub(super) source: usize,
    pub(super) name: String,
    /// The report's file as the user named it.
    pub(super) file: String,
    pub(super) host: String,
    pub(super) distribution: String,
    /// The directory of an image, the file of a capture; empty for a guest.
    pub(super) of: String,
    pub(super) profile: String,
    pub(super) started: String,
    pub(super) exit_code: u8,
    pub(super) state: State,
    pub(super) counts: Counts,
    cells: Vec<Option<Cell>>,
}

/// A report that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) why: String,
}

impl Row {
    /// What `column` of it shows; `None` where its report has no such requirement.
    pub(super) fn cell(&self, column: usize) -> Option<Cell> {
        self.cells.get(column).copied().flatten()
    }

    /// Columns whose cells have something to look at.
    pub(super) fn loud(&self) -> impl Iterator<Item = (usize, Cell)> {
        self.cells.iter().enumerate().filter_map(|(column, cell)| cell.filter(|cell| !cell.is_quiet()).map(|cell| (column, cell)))
    }
}

impl Table {
    /// Reads every source once.
    pub(super) fn of(title: String, sources: &[Source]) -> Self {
        let names = names(&sources.iter().map(|source| source.path.as_path()).collect::<Vec<_>>());
        let mut table = Self { title, columns: Vec::new(), rows: Vec::new(), unread: Vec::new() };
        for ((at, source), name) in sources.iter().enumerate().zip(names) {
            let file = source.path.display().to_string();
            match source.bytes().and_then(|bytes| read(&bytes)).and_then(|report| table.row(report)) {
                Ok(row) => {
                    let row = Box::new(Row { source: at, name, file, ..row });
                    let place = table.rows.partition_point(|other| other.order() <= row.order());
                    table.rows.insert(place, row);
                }
                Err(why) => {
                    let place = table.unread.partition_point(|other| other.name <= name);
                    table.unread.insert(place, Unread { name, file, why });
                }
            }
        }
        for column in 0..table.columns.len() {
            table.columns[column].is_loud = table.rows.iter().any(|row| row.cell(column).is_some_and(|cell| !cell.is_quiet()));
        }
        table
    }

    fn row(&mut self, report: Read) -> Result<Row, String> {
        let before = self.columns.len();
        let mut near = 0;
        for result in &report.results {
            let column = position(&self.columns, &result.id, near);
            if column.is_none() && result.id.chars().count() > MOST_OF_AN_ID {
                self.columns.truncate(before);
                return Err(format!("not a report: no requirement is called {:?}", cut(&result.id, MOST_OF_AN_ID)));
            }
            if column.is_none() && self.columns.len() == MOST_COLUMNS {
                self.columns.truncate(before);
                return Err(format!("with it there would be more than {MOST_COLUMNS} requirements"));
            }
            near = 1 + column.unwrap_or_else(|| {
                self.columns.push(Column { id: result.id.clone(), title: cut(&result.title, MOST_OF_A_TEXT), is_loud: false });
                self.columns.len() - 1
            });
        }
        let cells: Vec<Option<Cell>> = by_column(&report.results, &self.columns).iter().map(|results| folded(results)).collect();
        let text = |text: String| cut(&text, MOST_OF_A_TEXT);
        let exit_code = report.summary.exit_code;
        let row = Row {
            source: 0,
            name: String::new(),
            file: String::new(),
            host: text(report.host.name),
            distribution: text(report.host.distribution),
            of: text(report.image.or(report.capture).unwrap_or_default()),
            profile: text(report.profile),
            started: text(report.started),
            exit_code,
            state: State::of(exit_code, cells.iter().flatten().copied()),
            counts: Counts::of(cells.iter().flatten().copied()),
            cells,
        };
        match row.contradiction() {
            Some(why) => {
                self.columns.truncate(before);
                Err(format!("not a report: {why}"))
            }
            None => Ok(row),
        }
    }

    /// The exit code of the table: that of its worst row, 2 where something could not be read.
    pub(super) fn exit_code(&self) -> u8 {
        let some = |code: u8| self.rows.iter().any(|row| row.exit_code == code);
        match () {
            () if !self.unread.is_empty() => IMPOSSIBLE,
            () if some(1) => 1,
            () if some(3) => 3,
            () => 0,
        }
    }

    /// As many rows as are in this state.
    pub(super) fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// The profiles that there are, each once.
    pub(super) fn profiles(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.profile.as_str()).collect()
    }

    /// When the oldest and the newest report were made, of those that say so in RFC 3339.
    pub(super) fn dates(&self) -> Option<(&str, &str)> {
        let is_date = |text: &&str| text.len() <= 40 && text.ends_with('Z') && text.chars().filter(char::is_ascii_digit).count() >= 14;
        let dates = || self.rows.iter().map(|row| row.started.as_str()).filter(is_date);
        Some((dates().min()?, dates().max()?))
    }

    /// Profiles and dates in a sentence each.
    pub(super) fn origin(&self) -> String {
        let all = self.profiles();
        let some: Vec<&str> = all.iter().copied().take(MOST_PROFILES).collect();
        let more = if all.len() > some.len() { format!(" and {} more", all.len() - some.len()) } else { String::new() };
        let noun = if all.len() == 1 { "Profile" } else { "Profiles" };
        let profiles = if all.is_empty() { String::new() } else { format!("{noun} {}{more}.", some.join(", ")) };
        let dates = match self.dates() {
            Some((oldest, newest)) if oldest == newest => format!(" Observed {oldest}."),
            Some((oldest, newest)) => format!(" Observed between {oldest} and {newest}."),
            None => String::new(),
        };
        line(&(profiles + &dates))
    }
}

impl Row {
    /// The worst first: what fails on the guest's side, what fails on the network's, what could not be judged, then the name.
    fn order(&self) -> (State, [Reverse<usize>; 4], &str) {
        let Counts { failed_guest, failed_network, inconclusive, failed_should, .. } = self.counts;
        (self.state, [failed_guest, failed_network, inconclusive, failed_should].map(Reverse), &self.name)
    }

    /// What is wrong where the exit code does not follow from the cells, in a lower-case fragment.
    fn contradiction(&self) -> Option<&'static str> {
        let Counts { failed_guest, failed_network, inconclusive, failed_should, .. } = self.counts;
        match self.exit_code {
            0 if failed_guest + failed_network + inconclusive > 0 => Some("its exit code is 0, and not every must holds"),
            1 if failed_guest + failed_network + failed_should == 0 => Some("its exit code is 1, and nothing fails"),
            3 if failed_guest > 0 => Some("its exit code is 3, and a must fails on the guest's side"),
            _ => None,
        }
    }

    /// Reads its report again.
    ///
    /// # Errors
    /// It cannot be read any more, or is another one. This is told as well.
    pub(super) fn again(&self, columns: &[Column], again: &mut Again<'_>) -> Result<Read, String> {
        let report = again.sources[self.source].bytes().and_then(|bytes| read(&bytes)).and_then(|report| {
            let now = by_column(&report.results, columns);
            let known: usize = now.iter().map(Vec::len).sum();
            let is_same = known == report.results.len() && now.iter().enumerate().all(|(column, results)| folded(results) == self.cell(column));
            drop(now);
            if is_same { Ok(report) } else { Err("it has changed since the table was made".to_owned()) }
        });
        if let Err(why) = &report {
            again.changed = true;
            (again.tell)(&format!("{}: {why}", self.file));
        }
        report
    }

    /// The whole report, if it is the one that the row was made of.
    ///
    /// # Errors
    /// As [`Self::again`].
    pub(super) fn whole(&self, columns: &[Column], again: &mut Again<'_>) -> Result<Report, String> {
        self.again(columns, again)?;
        let report =
            again.sources[self.source].bytes().and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| format!("not a report: {error}")));
        if let Err(why) = &report {
            again.changed = true;
            (again.tell)(&format!("{}: {why}", self.file));
        }
        report
    }
}

/// The results of each column; those of no column are left out.
pub(super) fn by_column<'a>(results: &'a [CheckResult], columns: &[Column]) -> Vec<Vec<&'a CheckResult>> {
    let mut sorted = vec![Vec::new(); columns.len()];
    let mut near = 0;
    for result in results {
        if let Some(column) = position(columns, &result.id, near) {
            sorted[column].push(result);
            near = column + 1;
        }
    }
    sorted
}

/// The column of this requirement, which is mostly the one that is `near`, since reports have one order.
fn position(columns: &[Column], id: &str, near: usize) -> Option<usize> {
    let is_it = |column: &Column| column.id == id;
    if columns.get(near).is_some_and(is_it) { Some(near) } else { columns.iter().position(is_it) }
}

/// What the results of one requirement come to.
pub(super) fn folded(results: &[&CheckResult]) -> Option<Cell> {
    results.iter().map(|result| Cell::of(result)).reduce(Cell::worse)
}
