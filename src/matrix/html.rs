//! The matrix as an HTML page that stands alone: no other file, no network, and readable without its script.
//!
//! What reports say is untrusted: it is sanitized, escaped, and the page's own policy lets no script run but the one below.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use super::Again;
use super::cell::{Cell, Counts, MARKS, State};
use super::evidence;
use super::table::{Row, Table};
use crate::report::line;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Of the script, for the page's policy (Content Security Policy Level 3, section 2.3.1). A test computes it.
const SCRIPT_HASH: &str = "sha256-jJv+hgYm/uAdkGPfym+LKpcyyjjto86W5kw/0X8vlH8=";
/// Up to as many images what holds has its evidence in the page as well.
pub(super) const MOST_IN_FULL: usize = 50;

/// Writes the page; links to reports begin at `folder`.
pub(super) fn write(table: &Table, folder: &Path, again: &mut Again<'_>, to: &mut dyn Write) -> io::Result<()> {
    head(table, to)?;
    sum(table, to)?;
    to.write_all(b"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Images by requirements\"><table>\n")?;
    columns(table, to)?;
    to.write_all(b"<tbody>\n")?;
    unread(table, to)?;
    for (at, row) in table.rows.iter().enumerate() {
        to.write_all(line_of(at, row, table).as_bytes())?;
    }
    to.write_all(b"</tbody></table></div>\n")?;
    legend(table, to)?;
    to.write_all(b"</main>\n")?;
    for at in 0..table.columns.len() {
        to.write_all(evidence::requirement(at, table).as_bytes())?;
    }
    for (at, row) in table.rows.iter().enumerate() {
        let link = again.sources[row.source].is_file().then(|| again.sources[row.source].link_from(folder));
        let report = row.again(&table.columns, again);
        evidence::image(at, row, table, report.as_ref(), link.as_deref(), to)?;
    }
    write!(to, "<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// Text of a report in one line, as HTML text or as an attribute in double quotes.
pub(super) fn esc(text: &str) -> String {
    markup(&line(text))
}

/// Text that is safe already.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Whether the evidence of this cell is in the page.
pub(super) fn is_told(cell: Cell, table: &Table) -> bool {
    !cell.is_quiet() || table.rows.len() <= MOST_IN_FULL
}

/// A letter where ASCII has none as clear.
pub(super) fn letter(cell: Cell) -> &'static str {
    match cell.mark().class {
        "p" => "\u{2713}",
        "s" => "\u{2013}",
        "f" => "F",
        "n" => "N",
        "fs" => "f",
        "ns" => "n",
        "u" => "?",
        "i" => "i",
        _ => "w",
    }
}

fn head(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let title = esc(&table.title);
    write!(
        to,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src '{SCRIPT_HASH}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}"
    )?;
    // What a user may hide, which needs no script.
    let quiet: Vec<String> = (0..table.columns.len()).filter(|at| !table.columns[*at].is_loud).map(|at| (at + 3).to_string()).collect();
    if !quiet.is_empty() {
        let children = quiet.iter().map(|child| format!("tr>:nth-child({child}):not([colspan])")).collect::<Vec<_>>().join(",");
        writeln!(to, "body:has(#loud:checked) :is({children}){{display:none}}")?;
    }
    let few = if table.rows.len() <= MOST_IN_FULL { " class=\"few\"" } else { "" };
    write!(to, "</style>\n</head>\n<body{few}>\n<main>\n<header>\n<h1>{title}</h1>\n<p class=\"origin\">{}</p>\n", esc(&table.origin()))
}

fn sum(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let images = table.rows.len() + table.unread.len();
    let noun = if images == 1 { "image" } else { "images" };
    let requirements = table.columns.len();
    let mut tiles = format!("<li><b>{images}</b> {noun} &times; {requirements} requirements</li>");
    let mut bar = String::new();
    let states = State::ALL.iter().rev().map(|state| (state.class(), table.count(*state), state.words()));
    for (class, count, words) in states.chain([("x", table.unread.len(), "not read")]).filter(|(_, count, _)| *count > 0) {
        let _ = write!(tiles, "<li><i class=\"dot {class}\"></i><b>{count}</b> {words}</li>");
        let _ = write!(bar, "<i class=\"{class}\" style=\"flex:{count}\"></i>");
    }
    write!(
        to,
        "<ul class=\"sum\">{tiles}</ul>\n<div class=\"bar\" aria-hidden=\"true\">{bar}</div>\n\
         <p class=\"filters\"><label><input type=\"checkbox\" id=\"bad\"> only images that are not good</label>\n\
         <label><input type=\"checkbox\" id=\"loud\"> only requirements with a finding</label>\n\
         <label class=\"js\" hidden>name <input type=\"search\" id=\"name\" size=\"18\" autocomplete=\"off\"></label></p>\n</header>\n"
    )
}

fn columns(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let hidden = esc(&table.title);
    write!(
        to,
        "<caption class=\"away\">{hidden}</caption>\n<thead><tr><th scope=\"col\" class=\"image\">Image</th><th scope=\"col\" class=\"state\">Result</th>\n"
    )?;
    for (at, column) in table.columns.iter().enumerate() {
        let (id, title) = (esc(&column.id), esc(&column.title));
        writeln!(to, "<th scope=\"col\"><a href=\"#c{at}\" title=\"{title}\"><span>{id}</span></a></th>")?;
    }
    to.write_all(b"</tr></thead>\n")
}

fn line_of(at: usize, row: &Row, table: &Table) -> String {
    let good = if row.state == State::Good { " class=\"good\"" } else { "" };
    let about = if row.distribution.is_empty() { &row.host } else { &row.distribution };
    let (name, about) = (esc(&row.name), esc(about));
    let (class, result) = (row.state.class(), result(row));
    let mut html = format!(
        "<tr id=\"r{at}\"{good}><th scope=\"row\"><a href=\"#i{at}\">{name}</a><small>{about}</small></th><td class=\"state\"><b class=\"{class}\">\
         {}</b>{result}</td>",
        label(row.state)
    );
    for column in 0..table.columns.len() {
        let Some(cell) = row.cell(column) else {
            html.push_str("<td></td>");
            continue;
        };
        let (class, letter) = (cell.mark().class, letter(cell));
        let _ = if is_told(cell, table) {
            let (id, meaning) = (esc(&table.columns[column].id), cell.mark().meaning);
            write!(html, "<td class=\"{class}\"><a href=\"#r{at}c{column}\" title=\"{id}: {meaning}\">{letter}</a></td>")
        } else {
            write!(html, "<td class=\"{class}\">{letter}</td>")
        };
    }
    html.push_str("</tr>\n");
    html
}

/// The word for a state that stands in its row.
pub(super) fn label(state: State) -> &'static str {
    match state {
        State::Guest => "guest",
        State::Network => "network",
        State::Undecided => "not judged",
        State::Good => "good",
    }
}

/// How many cells there are of what is wrong.
fn result(row: &Row) -> String {
    let Counts { failed_guest, failed_network, inconclusive, failed_should, .. } = row.counts;
    let counts = [(failed_guest, "F"), (failed_network, "N"), (inconclusive, "?"), (failed_should, "should")];
    let some: Vec<String> = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count}\u{a0}{what}")).collect();
    format!("<small>{}</small>", some.join(" "))
}

/// What was not read may be anything, so it comes first.
fn unread(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let width = table.columns.len().max(1);
    for unread in &table.unread {
        let (name, file, why) = (esc(&unread.name), esc(&unread.file), markup(&crate::report::bounded_line(&unread.why)));
        writeln!(
            to,
            "<tr><th scope=\"row\">{name}<small>{file}</small></th><td class=\"state\"><b class=\"x\">not read</b></td>\
             <td class=\"why\" colspan=\"{width}\"><span>{why}</span></td></tr>"
        )?;
    }
    Ok(())
}

fn legend(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    to.write_all(b"<ul class=\"legend\">")?;
    for mark in &MARKS {
        let letter = match mark.letter {
            '.' => '\u{2713}',
            '-' => '\u{2013}',
            letter => letter,
        };
        write!(to, "<li><b class=\"{}\">{letter}</b> {}</li>", mark.class, mark.meaning)?;
    }
    let evidence = if table.rows.len() <= MOST_IN_FULL {
        "Each cell opens its evidence."
    } else {
        "Each cell that neither holds nor does not apply opens its evidence; that of the others is in the reports."
    };
    writeln!(to, "</ul>\n<p class=\"origin\">A cell is one requirement over all interfaces of an image, the worst of them. {evidence}</p>")
}
