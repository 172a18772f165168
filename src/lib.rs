//! v6check: `cli -> plan -> observe -> judge -> report`.

pub mod catalogue;
pub mod cli;
pub mod facts;
pub mod judge;
#[cfg(feature = "lab")]
pub mod lab;
pub mod observe;
pub mod plan;
pub mod report;
pub mod wire;
mod wrap;

use std::io::{self, ErrorKind, Write};

use catalogue::Catalogue;
use cli::Command;

/// Does what `command` asks for and returns the exit code.
#[expect(clippy::print_stderr, reason = "errors go to standard error")]
pub fn run(command: &Command) -> u8 {
    match answer(command) {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                eprintln!("v6check: standard output: {error}");
                2
            }
            _ => 0,
        },
        Err(error) => {
            eprintln!("v6check: {error}");
            2
        }
    }
}

fn answer(command: &Command) -> Result<String, Box<dyn std::error::Error>> {
    match command {
        Command::List { json, requirements } => {
            let catalogue = Catalogue::load(requirements.checks.as_deref())?;
            let selection = catalogue.select(&requirements.profile)?;
            Ok(if *json { catalogue::list_json(&selection)? } else { catalogue::list(&catalogue, &selection) })
        }
        Command::Explain { id, checks } => {
            let catalogue = Catalogue::load(checks.as_deref())?;
            Ok(catalogue::explain(&catalogue, catalogue.check(id)?))
        }
        Command::Check(check) => {
            let selection = Catalogue::load(check.requirements.checks.as_deref())?.select(&check.requirements.profile)?;
            let needs = selection.requirements.iter().flat_map(|requirement| &requirement.check.needs).copied().collect();
            Ok(plan::plan(&observe::survey()?, &check.wanted, &needs)?.to_string())
        }
        Command::Replay { facts, .. } => Err(facts.display().to_string().into()),
    }
}
