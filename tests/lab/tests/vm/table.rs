//! The table of cells: guest, break, and the verdicts that a report must have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// What every running guest skips: an identity of its own, which it has by right, and second routers and servers, which are not waited for.
const USUALLY_SKIPPED: [&str; 7] = [
    "machine-id-not-baked-in",
    "duid-not-baked-in",
    "lease-not-baked-in",
    "secret-not-baked-in",
    "mac-address-not-baked-in",
    "network-single-router",
    "network-single-server",
];

/// A guest with one thing wrong, and what must be said of it.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) image: String,
    pub(crate) broken: String,
    pub(crate) expected: Verdicts,
}

/// An exit code, and the requirements by verdict: `fail guest`, `fail network`, `inconclusive`, `skip`. All others pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdicts {
    exit: u64,
    by_verdict: BTreeMap<String, BTreeSet<String>>,
}

/// What a cell has shown.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) verdicts: Verdicts,
}

pub(crate) struct Table {
    pub(crate) cells: Vec<Cell>,
}

/// Whether the table is to be written anew.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vm/table.txt")
}

impl Cell {
    /// `debian-12-ifupdown::good`.
    pub(crate) fn name(&self) -> String {
        format!("{}::{}", self.image, self.broken)
    }
}

impl Table {
    /// # Errors
    /// The file does not parse; with its line.
    pub(crate) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(path()).map_err(|error| error.to_string())?;
        let mut cells: Vec<Cell> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}: {line}", number + 1);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(verdict) = line.strip_prefix("    ") {
                let (verdict, ids) = verdict.split_once(": ").ok_or_else(|| wrong("no verdict"))?;
                let cell = cells.last_mut().ok_or_else(|| wrong("no cell above"))?;
                cell.expected.by_verdict.insert(verdict.into(), ids.split_whitespace().map(str::to_owned).collect());
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let (image, broken, exit) = match words[..] {
                [image, broken] => (image, broken, 0),
                [image, broken, "exit", exit] => (image, broken, exit.parse().map_err(|_| wrong("no exit code"))?),
                _ => return Err(wrong("neither a cell nor a verdict")),
            };
            cells.push(Cell { image: image.into(), broken: broken.into(), expected: Verdicts { exit, by_verdict: BTreeMap::new() } });
        }
        Ok(Self { cells })
    }

    /// What `image` reports when nothing is wrong with it; that all is right where the table does not say.
    pub(crate) fn good(&self, image: &str) -> Verdicts {
        let good = self.cells.iter().find(|cell| cell.image == image && cell.broken == "good");
        good.map(|cell| cell.expected.clone()).unwrap_or_default()
    }

    /// Writes what was found over what was expected, and leaves comments and the other cells as they are.
    pub(crate) fn update(&self, found: &[Found]) {
        let old = fs::read_to_string(path()).unwrap_or_default();
        let comments: String = old.lines().take_while(|line| line.starts_with('#')).fold(String::new(), |text, line| text + line + "\n");
        if let Err(error) = fs::write(path(), comments + "\n" + &render(self, found)) {
            eprintln!("table.txt: {error}");
        }
    }
}

/// The table as its file has it; what was found goes before what was expected.
pub(crate) fn render(table: &Table, found: &[Found]) -> String {
    let mut text = String::new();
    for cell in &table.cells {
        let verdicts = found.iter().find(|found| found.name == cell.name()).map_or(&cell.expected, |found| &found.verdicts);
        let _ = writeln!(text, "{:24} {:24} exit {}", cell.image, cell.broken, verdicts.exit);
        for (verdict, ids) in &verdicts.by_verdict {
            let _ = writeln!(text, "    {verdict}: {}", ids.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        }
    }
    text
}

impl Verdicts {
    /// Those of a JSON report. `id@interface` where the verdict is not that of all interfaces.
    ///
    /// # Errors
    /// It is no report.
    pub(crate) fn of(report: &Value) -> Result<Self, String> {
        let exit = report["summary"]["exit_code"].as_u64().ok_or("the report has no exit code")?;
        let results = report["results"].as_array().ok_or("the report has no results")?;
        let mut judged: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
        for result in results {
            let word = |field: &str| result[field].as_str().unwrap_or("?");
            let verdict = match word("verdict") {
                "fail" => format!("fail {}", word("blame")),
                other => other.to_owned(),
            };
            judged.entry(word("id")).or_default().push((result["interface"].as_str().unwrap_or("host"), verdict));
        }
        let mut by_verdict: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, subjects) in judged {
            let same = subjects.iter().all(|(_, verdict)| *verdict == subjects[0].1);
            for (subject, verdict) in &subjects {
                if verdict == "pass" || verdict == "skip" && USUALLY_SKIPPED.contains(&id) {
                    continue;
                }
                let shown = if same { id.to_owned() } else { format!("{id}@{subject}") };
                by_verdict.entry(verdict.clone()).or_default().insert(shown);
            }
        }
        Ok(Self { exit, by_verdict })
    }

    /// How `found` differs from this, in words.
    pub(crate) fn differences(&self, found: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.exit != found.exit {
            wrong.push(format!("exit code {} instead of {}", found.exit, self.exit));
        }
        let none = BTreeSet::new();
        let verdicts: BTreeSet<&String> = self.by_verdict.keys().chain(found.by_verdict.keys()).collect();
        for verdict in verdicts {
            let [expected, found] = [self, found].map(|verdicts| verdicts.by_verdict.get(verdict).unwrap_or(&none));
            wrong.extend(found.difference(expected).map(|id| format!("{id}: {verdict}, which nobody expected")));
            wrong.extend(expected.difference(found).map(|id| format!("{id}: not {verdict}")));
        }
        wrong
    }
}
