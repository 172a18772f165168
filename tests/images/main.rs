//! Images on disk: each distribution as it comes, as the recipe makes it, and with one break at a time, judged by the program itself,
//! unprivileged; and images made to hurt.
//!
//! `cells.txt` has a line for each cell, the folders beside it the trees. A tree holds only the files that matter, written from their
//! documented formats; a program is a placeholder.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a table that does not parse is told there")]

mod assumed;
mod bombs;
mod cell;
mod faults;
mod fixes;
mod hostile;
mod run;
mod tree;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use cell::{Cell, Table};
use libtest_mimic::{Arguments, Trial};
use v6check::judge::Verdict;
use v6check::report::Report;

/// The interface that every cell judges.
const INTERFACE: &str = "eth0";
/// As many cells as there shall be at least.
const FEWEST_CELLS: usize = 150;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let table = match Table::parse(&std::fs::read_to_string(tree::folder().join("cells.txt")).unwrap()) {
        Ok(table) => Arc::new(table),
        Err(error) => {
            eprintln!("cells.txt: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![Trial::test("law::every-image-as-it-comes-and-as-the-recipe-makes-it", {
        let table = Arc::clone(&table);
        move || complete(&table).map_err(Into::into)
    })];
    trials.extend(table.cells.iter().enumerate().map(|(number, cell)| {
        let table = Arc::clone(&table);
        Trial::test(format!("{}::{}", cell.image, cell.change), move || check(&table, &table.cells[number]).map_err(Into::into))
    }));
    trials.extend(assumed::trials());
    trials.extend(faults::trials(&table));
    trials.extend(fixes::trials(&table));
    trials.extend(hostile::trials());
    trials.extend(bombs::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Each tree has its stock and recipe cell, and each cell its tree.
fn complete(table: &Table) -> Result<(), String> {
    let images = tree::images();
    for image in &images {
        for change in ["stock", "recipe"] {
            table.find(image, change).ok_or_else(|| format!("{image} has no cell {change}"))?;
        }
    }
    if let Some(cell) = table.cells.iter().find(|cell| !images.contains(&cell.image)) {
        return Err(format!("no tree for {}", cell.image));
    }
    if table.cells.len() < FEWEST_CELLS {
        return Err(format!("{} cells", table.cells.len()));
    }
    Ok(())
}

fn check(table: &Table, cell: &Cell) -> Result<(), String> {
    let image = tree::Tree::copy(&cell.image).map_err(|error| error.to_string())?;
    table.apply(cell, &image)?;
    let report = run::judge(image.path(), INTERFACE)?.report;
    let wrong = wrong(table, cell, &report);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Each verdict that is not as the cell has it, with what the program said.
fn wrong(table: &Table, cell: &Cell, report: &Report) -> Vec<String> {
    let mut expected: BTreeMap<&str, Verdict> = table.requirements.iter().map(String::as_str).zip(cell.verdicts.iter().copied()).collect();
    expected.extend(table.otherwise.iter().chain(&cell.others).map(|(id, verdict)| (&id[..], *verdict)));
    let mut wrong = Vec::new();
    for result in &report.results {
        let expected = expected.get(&result.id[..]).copied().unwrap_or(Verdict::Skip);
        if result.verdict != expected {
            let said = if result.message.is_empty() { result.reason.as_deref().unwrap_or_default() } else { &result.message };
            wrong.push(format!("{}: {:?} instead of {expected:?}: {said} {:?}", result.id, result.verdict, result.evidence));
        }
    }
    for id in &table.requirements {
        let results = report.results.iter().filter(|result| result.id == *id).count();
        if results != 1 {
            wrong.push(format!("{id}: {results} results"));
        }
    }
    for (id, text) in &cell.says {
        let says = |result: &&v6check::report::CheckResult| {
            result.message.contains(text)
                || result.reason.as_ref().is_some_and(|reason| reason.contains(text))
                || result.evidence.iter().any(|evidence| format!("{} {}", evidence.source, evidence.value).contains(text))
        };
        if !report.results.iter().filter(|result| result.id == *id).any(|result| says(&result)) {
            let said = report.results.iter().find(|result| result.id == *id);
            wrong.push(format!("{id} does not say `{text}`: {said:?}"));
        }
    }
    wrong
}
