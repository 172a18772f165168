//! The matrix as text: what is wrong with each image, then a letter a cell. 80 columns and ASCII besides what the reports contain.

use std::io::{self, Write};

use super::cell::{MARKS, Mark, State};
use super::table::{Row, Table};
use crate::report::{cut, line};
use crate::wrap::{COLUMNS, wrap};

/// As many cells of a row as stand beside its name; more are told in a further block.
const CELLS: usize = 40;
/// As many characters of a name as stand before cells at the least.
const NARROWEST: usize = 12;

/// Writes the matrix as text.
pub(super) fn write(table: &Table, colour: bool, to: &mut dyn Write) -> io::Result<()> {
    let mut text = Text { to, colour };
    text.head(table)?;
    text.images(table)?;
    text.good(table)?;
    text.cells(table)
}

struct Text<'a> {
    to: &'a mut dyn Write,
    colour: bool,
}

/// ANSI SGR parameters of a mark.
fn colour_of(mark: &Mark) -> &'static str {
    match mark.class {
        "f" | "fs" => "31",
        "n" | "ns" => "35",
        "u" => "33",
        _ => "",
    }
}

/// As a report calls it.
fn label(state: State) -> &'static str {
    match state {
        State::Guest => "FAIL",
        State::Network => "NETWORK",
        State::Undecided => "INCONCLUSIVE",
        State::Good => "good",
    }
}

fn colour_of_state(state: State) -> &'static str {
    match state {
        State::Guest => "31",
        State::Network => "35",
        State::Undecided => "33",
        State::Good => "32",
    }
}

impl Text<'_> {
    fn paragraph(&mut self, first: &str, indent: usize, text: &str) -> io::Result<()> {
        wrap(first, indent, text).iter().try_for_each(|line| writeln!(self.to, "{line}"))
    }

    fn paint(&self, text: &str, colour: &str) -> String {
        if self.colour && !colour.is_empty() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What a user wants to know first, and what nobody has looked at.
    fn head(&mut self, table: &Table) -> io::Result<()> {
        let mut counts: Vec<String> = State::ALL
            .iter()
            .rev()
            .map(|state| (table.count(*state), state.words()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        if !table.unread.is_empty() {
            counts.push(format!("{} not read", table.unread.len()));
        }
        let images = table.rows.len() + table.unread.len();
        self.paragraph("", 2, &line(&table.title))?;
        let noun = if images == 1 { "image" } else { "images" };
        self.paragraph("", 2, &format!("{images} {noun}: {}. {}", counts.join(", "), table.origin()))?;
        for unread in &table.unread {
            writeln!(self.to)?;
            let mut lines = wrap("NOT READ  ", 10, &format!("{}: {}", line(&unread.file), cut(&line(&unread.why), 400)));
            lines[0] = lines[0].replacen("NOT READ", &self.paint("NOT READ", "31"), 1);
            lines.iter().try_for_each(|line| writeln!(self.to, "{line}"))?;
        }
        Ok(())
    }

    /// Each image that is not good, with what there is to look at.
    fn images(&mut self, table: &Table) -> io::Result<()> {
        for (at, row) in table.rows.iter().enumerate().filter(|(_, row)| row.loud().next().is_some() || row.state != State::Good) {
            writeln!(self.to)?;
            let label = label(row.state);
            let mut lines = wrap(&format!("{:>4}  {label}  ", at + 1), 6, &about(row, table));
            lines[0] = lines[0].replacen(label, &self.paint(label, colour_of_state(row.state)), 1);
            lines.iter().try_for_each(|line| writeln!(self.to, "{line}"))?;
            for mark in MARKS.iter().take(MARKS.len() - 2) {
                let ids: Vec<String> =
                    row.loud().filter(|(_, cell)| cell.mark() == mark).map(|(column, _)| line(&table.columns[column].id)).collect();
                if !ids.is_empty() {
                    self.paragraph(&format!("      {} ", mark.letter), 8, &ids.join(", "))?;
                }
            }
            if row.loud().next().is_none() {
                self.paragraph("      ", 6, "no interface was judged")?;
            }
        }
        Ok(())
    }

    /// Images of which nothing else is to be told.
    fn good(&mut self, table: &Table) -> io::Result<()> {
        let good = table.rows.iter().filter(|row| row.state == State::Good && row.loud().next().is_none());
        let names: Vec<String> = good.map(|row| line(&row.name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        writeln!(self.to)?;
        let mut lines = wrap("      good  ", 6, &names.join(", "));
        lines[0] = lines[0].replacen("good", &self.paint("good", "32"), 1);
        lines.iter().try_for_each(|line| writeln!(self.to, "{line}"))
    }

    /// A letter for each cell, of the rows and columns that have something to look at.
    fn cells(&mut self, table: &Table) -> io::Result<()> {
        let loud: Vec<usize> = (0..table.columns.len()).filter(|column| table.columns[*column].is_loud).collect();
        let longest = table.rows.iter().filter(|row| row.loud().next().is_some()).map(|row| line(&row.name).chars().count()).max();
        let Some(longest) = longest else { return Ok(()) };
        let mut number = 0;
        for columns in loud.chunks(CELLS) {
            let cells = columns.len() + (columns.len() - 1) / 5;
            let width = longest.clamp(NARROWEST, COLUMNS - 8 - cells);
            writeln!(self.to)?;
            let numbers = |digit: fn(usize) -> String| groups((1..=columns.len()).map(|at| digit(number + at)));
            let (tens, units) =
                (numbers(|at| if at.is_multiple_of(10) { (at / 10 % 10).to_string() } else { " ".into() }), numbers(|at| (at % 10).to_string()));
            if number + columns.len() >= 10 {
                writeln!(self.to, "{}{}", " ".repeat(width + 8), tens.trim_end())?;
            }
            writeln!(self.to, "{}{units}", " ".repeat(width + 8))?;
            for (at, row) in table.rows.iter().enumerate().filter(|(_, row)| row.loud().next().is_some()) {
                let letters = groups(columns.iter().map(|column| match row.cell(*column) {
                    Some(cell) => self.paint(&cell.mark().letter.to_string(), colour_of(cell.mark())),
                    None => " ".into(),
                }));
                writeln!(self.to, "{:>4}  {:<width$}  {}", at + 1, short(&line(&row.name), width), letters.trim_end())?;
            }
            number += columns.len();
        }
        self.legend(table, &loud)
    }

    fn legend(&mut self, table: &Table, loud: &[usize]) -> io::Result<()> {
        writeln!(self.to)?;
        for (at, column) in loud.iter().map(|column| &table.columns[*column]).enumerate() {
            self.paragraph(&format!("{:>4}  {}: ", at + 1, line(&column.id)), 6, &line(&column.title))?;
        }
        writeln!(self.to)?;
        let marks: Vec<String> = MARKS.iter().map(|mark| format!("{} {}", mark.letter, mark.meaning)).collect();
        self.paragraph("", 2, &format!("{}.", marks.join("; ")))?;
        let quiet: Vec<String> = table.columns.iter().filter(|column| !column.is_loud).map(|column| line(&column.id)).collect();
        if !quiet.is_empty() {
            self.paragraph("", 2, &format!("Holds or does not apply in every image: {}.", quiet.join(", ")))?;
        }
        Ok(())
    }
}

fn about(row: &Row, table: &Table) -> String {
    let mut facts: Vec<&str> = [row.distribution.as_str(), row.host.as_str(), row.of.as_str()].into_iter().filter(|fact| !fact.is_empty()).collect();
    if table.profiles().len() > 1 {
        facts.push(&row.profile);
    }
    line(&if facts.is_empty() { row.name.clone() } else { format!("{}  ({})", row.name, facts.join(", ")) })
}

/// In groups of five, so that one finds a column.
fn groups(letters: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (at, letter) in letters.enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push(' ');
        }
        text.push_str(&letter);
    }
    text
}

/// A name in `width` characters: its end where it is longer, since beginnings are alike.
fn short(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width { name.to_owned() } else { format!("..{}", name.chars().skip(length + 2 - width).collect::<String>()) }
}
