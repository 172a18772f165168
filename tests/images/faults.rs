//! What could not be looked at is not known: each system call below an image fails once, and no verdict becomes another one than inconclusive.

use std::collections::BTreeMap;
use std::sync::Arc;

use libtest_mimic::Trial;
use v6check::catalogue::Catalogue;
use v6check::facts::Facts;
use v6check::judge::Verdict;
use v6check::observe::{Fault, image_with_fault};
use v6check::report::{Counting, assemble};

use crate::INTERFACE;
use crate::cell::{Cell, Table};
use crate::tree::Tree;

/// EIO and EACCES (errno(3)).
const ERRORS: [i32; 2] = [5, 13];

/// A trial for a cell of each image that fails something, another requirement with each image where there is one.
pub(crate) fn trials(table: &Arc<Table>) -> Vec<Trial> {
    let mut cells: BTreeMap<&str, BTreeMap<usize, usize>> = BTreeMap::new();
    for (number, cell) in table.cells.iter().enumerate() {
        if cell.change != "stock"
            && let Some(failed) = cell.verdicts.iter().position(|verdict| *verdict == Verdict::Fail)
        {
            cells.entry(&cell.image).or_default().insert(failed, number);
        }
    }
    let turn = |(nth, failing): (usize, BTreeMap<usize, usize>)| failing.values().copied().cycle().nth(nth);
    let chosen: Vec<usize> = cells.into_values().enumerate().filter_map(turn).collect();
    let trial = |number: usize| {
        let (cell, table) = (&table.cells[number], Arc::clone(table));
        Trial::test(format!("fault::{}::{}", cell.image, cell.change), move || Ok(law(&table, &table.cells[number])?))
    };
    chosen.into_iter().map(trial).collect()
}

fn law(table: &Table, cell: &Cell) -> Result<(), String> {
    let tree = Tree::copy(&cell.image).map_err(|error| error.to_string())?;
    table.apply(cell, &tree)?;
    let names = [INTERFACE.to_owned()];
    let (facts, calls) = image_with_fault(tree.path(), &names, None);
    let expected = verdicts(&facts)?;
    let mut wrong = BTreeMap::new();
    let mut changed = 0;
    for call in 0..calls {
        // The one error here and the other there: both are as good as each other to the program.
        let errno = ERRORS[usize::from(call % 2 == 1)];
        let (seen, _) = image_with_fault(tree.path(), &names, Some(Fault { call, errno }));
        if (&seen.intent, &seen.interfaces) == (&facts.intent, &facts.interfaces) {
            continue;
        }
        changed += 1;
        let after = verdicts(&seen)?;
        // What is skipped because IPv6 is off is judged by its own facts where it is not known that IPv6 is off.
        let may_be_on = after.get("ipv6-enabled") == Some(&Verdict::Inconclusive);
        for (id, verdict) in after {
            let before = expected.get(&id).copied();
            let unskipped = before == Some(Verdict::Skip) && may_be_on;
            if Some(verdict) != before && verdict != Verdict::Inconclusive && !unskipped {
                wrong.entry(format!("{id}: {before:?} -> {verdict:?}")).or_insert_with(Vec::new).push((call, errno));
            }
        }
    }
    if changed < calls / 4 {
        return Err(format!("of {calls} calls with an error each, only {changed} were seen"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{calls} calls: {wrong:?}")) }
}

fn verdicts(facts: &Facts) -> Result<BTreeMap<String, Verdict>, String> {
    thread_local! {
        static SELECTION: Result<v6check::catalogue::Selection, String> =
            Catalogue::selection(None, "calico").map_err(|error| error.to_string());
    }
    SELECTION.with(|selection| {
        let report = assemble(facts, selection.as_ref().map_err(Clone::clone)?, Counting::default());
        Ok(report.results.into_iter().map(|result| (result.id, result.verdict)).collect())
    })
}
