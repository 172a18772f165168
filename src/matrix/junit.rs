//! The matrix as JUnit XML: the suites of all reports in one file, each beginning with its image's name.

use std::io::{self, Write};

use super::Again;
use super::table::Table;
use crate::report::{junit_suites, junit_unread};

/// Writes the suites of all reports, one report at a time.
pub(super) fn write(table: &Table, again: &mut Again<'_>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites>")?;
    for row in &table.rows {
        let suites = match row.whole(&table.columns, again) {
            Ok(mut report) => {
                report.name.clone_from(&row.name);
                junit_suites(&report)
            }
            Err(why) => junit_unread(&row.name, &why),
        };
        to.write_all(suites.map_err(io::Error::other)?.as_bytes())?;
    }
    for unread in &table.unread {
        to.write_all(junit_unread(&unread.name, &unread.why).map_err(io::Error::other)?.as_bytes())?;
    }
    writeln!(to, "</testsuites>")
}
