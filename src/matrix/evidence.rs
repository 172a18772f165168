//! What opens on the page: of a cell what was expected, seen and is to be changed, an interface each; of an image its diagnosis; of a requirement
//! the images that do not meet it.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::cell::Cell;
use super::markup::{esc, is_told, label, letter, markup};
use super::read::Read;
use super::table::{Row, Table, by_column};
use crate::report::{CheckResult, alike, blame, cut, details, diagnoses, level, names};

/// As many characters as are shown of one value.
const MOST_OF_A_VALUE: usize = 2000;
/// As many values of one result; the rest is in the report.
const MOST_VALUES: usize = 40;
/// As many groups of interfaces of one cell.
const MOST_GROUPS: usize = 8;
/// As many images of one requirement.
const MOST_IMAGES: usize = 100;

/// Opens a panel; `back` is where closing it leads.
fn panel(id: &str, back: &str, title: &str, about: &str) -> String {
    format!(
        "<section class=\"panel\" id=\"{id}\" aria-label=\"{title}\"><a class=\"close\" href=\"#{back}\" aria-label=\"Close\">&times;</a>\
         <h2>{title}</h2><p class=\"origin\">{about}</p>\n"
    )
}

/// The panel of a requirement.
pub(super) fn requirement(at: usize, table: &Table) -> String {
    let column = &table.columns[at];
    let bad = || table.rows.iter().enumerate().filter_map(|(row, image)| Some((row, image, image.cell(at)?))).filter(|(_, _, cell)| !cell.is_quiet());
    let mut html = panel(&format!("c{at}"), "", &esc(&column.title), &format!("<code>{}</code>", esc(&column.id)));
    let count = bad().count();
    if count == 0 {
        html.push_str("<p>Holds or does not apply in every image.</p>");
    }
    html.push_str("<ul class=\"list\">");
    for (row, image, cell) in bad().take(MOST_IMAGES) {
        let (class, letter, name) = (cell.mark().class, letter(cell), esc(&image.name));
        let _ = write!(html, "<li><b class=\"{class}\">{letter}</b> <a href=\"#r{row}c{at}\">{name}</a></li>");
    }
    html.push_str("</ul>");
    if count > MOST_IMAGES {
        let _ = write!(html, "<p>And {} more.</p>", count - MOST_IMAGES);
    }
    html.push_str("</section>\n");
    html
}

/// The panels of one image and of its cells, from its report.
pub(super) fn image(at: usize, row: &Row, table: &Table, report: Result<&Read, &String>, link: Option<&str>, to: &mut dyn Write) -> io::Result<()> {
    let file = link.map_or_else(|| esc(&row.file), |link| format!("<a href=\"{}\">{}</a>", markup(link), esc(&row.file)));
    let name = esc(&row.name);
    to.write_all(panel(&format!("i{at}"), &format!("r{at}"), &name, &about(row, &file)).as_bytes())?;
    let (class, label) = (row.state.class(), label(row.state));
    writeln!(to, "<p><b class=\"{class}\">{label}</b> exit code {}</p>", row.exit_code)?;
    let lost = report.err().map(|why| format!("<p>The report could not be read again: {}.</p>", esc(why)));
    if let Some(lost) = &lost {
        to.write_all(lost.as_bytes())?;
    }
    let groups = diagnoses(report.map_or(&[][..], |report| &report.summary.diagnosis), true);
    for group in groups.iter().take(MOST_GROUPS) {
        let text = cut(&group.first.text, MOST_OF_A_VALUE);
        writeln!(to, "<p><strong>{}</strong>: {}{}</p>", markup(&names(&group.names, "host")), esc(&text), esc(&group.whose()))?;
    }
    more(groups.len(), to)?;
    to.write_all(b"</section>\n")?;
    let results = by_column(report.map_or(&[][..], |report| &report.results), &table.columns);
    for (column, requirement) in table.columns.iter().enumerate() {
        if !row.cell(column).is_some_and(|cell| is_told(cell, table)) {
            continue;
        }
        let about = format!("<a href=\"#i{at}\">{name}</a> &middot; <a href=\"#c{column}\"><code>{}</code></a>", esc(&requirement.id));
        let results = &results[column];
        let title = results.first().map_or(&requirement.title, |first| &first.title);
        to.write_all(panel(&format!("r{at}c{column}"), &format!("r{at}"), &esc(&cut(title, MOST_OF_A_VALUE)), &about).as_bytes())?;
        to.write_all(lost.as_deref().unwrap_or_default().as_bytes())?;
        evidence(results, to)?;
        writeln!(to, "<p class=\"origin\">Report: {file}</p></section>")?;
    }
    Ok(())
}

fn about(row: &Row, file: &str) -> String {
    let facts = [&row.distribution, &row.host, &row.of, &row.profile, &row.started];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).map(|fact| esc(fact)).collect();
    format!("{}<br>Report: {file}", facts.join(" &middot; "))
}

/// What the report says of one requirement, the worst first; interfaces of which the same is said are told together.
fn evidence(results: &[&CheckResult], to: &mut dyn Write) -> io::Result<()> {
    let ranked = (0..=Cell::WORST).rev().map(|rank| alike(&mut results.iter().copied().filter(|result| Cell::of(result).rank() == rank), true));
    let groups: Vec<_> = ranked.flatten().collect();
    for group in groups.iter().take(MOST_GROUPS) {
        let result = group.first;
        let cell = Cell::of(result);
        let (class, letter, names) = (cell.mark().class, letter(cell), markup(&names(&group.names, "host")));
        let (level, blame) = (level(result.level), blame(result.blame));
        let meaning = cell.mark().meaning;
        writeln!(to, "<article><h3><b class=\"{class}\">{letter}</b> {names} <small>{meaning} ({level}, {blame})</small></h3>")?;
        if !result.message.is_empty() {
            writeln!(to, "<p>{}{}</p>", esc(&cut(&result.message, MOST_OF_A_VALUE)), esc(&group.whose()))?;
        }
        to.write_all(b"<dl>\n")?;
        if let Some(reason) = &result.waived {
            value("waived", &crate::report::line(reason), to)?;
        }
        let details = details(result);
        let is_new = |text: &str| text != result.message;
        for (label, text) in details.iter().filter(|(label, text)| *label != "reason" || is_new(text)).take(MOST_VALUES) {
            value(label, text, to)?;
        }
        to.write_all(b"</dl>\n")?;
        if details.len() > MOST_VALUES {
            writeln!(to, "<p>And {} more in the report.</p>", details.len() - MOST_VALUES)?;
        }
        to.write_all(b"</article>\n")?;
    }
    more(groups.len(), to)
}

fn value(label: &str, text: &str, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "<dt>{label}</dt><dd class=\"{label}\">{}</dd>", markup(&cut(text, MOST_OF_A_VALUE)))
}

fn more(groups: usize, to: &mut dyn Write) -> io::Result<()> {
    if groups > MOST_GROUPS {
        writeln!(to, "<p>Something else is said of {} more; it is in the report.</p>", groups - MOST_GROUPS)?;
    }
    Ok(())
}
