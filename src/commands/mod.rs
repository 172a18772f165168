//! The subcommands, a file each: from what the command line asks for to the exit code.
//!
//! Here is what several of them do: select requirements, report, print lines.

mod check;
mod explain;
mod install;
mod list;
mod matrix;
mod record;
mod remedy;
mod replay;
mod root;
mod uninstall;
mod watch;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use crate::catalogue::{self, Catalogue, Selection};
use crate::cli::{Command, Reporting, Requirements};
use crate::facts::Facts;
use crate::fix;
use crate::observe;
use crate::plan::{self, Plan, Wanted};
use crate::report::{self, Style, Target, output};

/// The exit code of a run that was itself impossible: arguments, check files, outputs.
const IMPOSSIBLE: u8 = 2;

type Failure = Box<dyn Error>;

/// Does what `command` asks for and returns the exit code. Errors are printed on standard error, a line each.
pub fn run(command: &Command) -> u8 {
    let done = match command {
        Command::Check(check) => check::run(check),
        Command::Replay { facts, requirements, reporting } => replay::run(facts, requirements, reporting),
        Command::Remedy { root, wanted, requirements, format } => remedy::run(root.as_deref(), wanted, requirements, *format),
        Command::Matrix(wanted) => Ok(matrix::run(wanted)),
        Command::Record(wanted) => record::run(wanted),
        Command::Watch(wanted) => watch::run(wanted),
        Command::Install(wanted) => install::run(wanted),
        Command::Uninstall { root, dry_run } => uninstall::run(root.as_deref(), *dry_run),
        Command::List { json, requirements } => list::run(requirements, *json),
        Command::Explain { id, checks } => explain::run(id, checks.as_deref()),
    };
    done.unwrap_or_else(|error| {
        eprint_line(&error.to_string());
        IMPOSSIBLE
    })
}

/// The requirements and waivers that the options name.
fn select(requirements: &Requirements) -> Result<Selection, Failure> {
    let mut selection = Catalogue::selection(requirements.checks.as_deref(), &requirements.profile)?;
    if let Some(file) = &requirements.waivers {
        let known = Catalogue::load(requirements.checks.as_deref())?;
        selection.waivers = catalogue::load_waivers(file, &known)?;
    }
    Ok(selection)
}

/// What would be observed on this machine for the requirements.
fn plan(wanted: &Wanted, selection: &Selection) -> Result<Plan, Failure> {
    let needs = selection.requirements.iter().flat_map(|requirement| &requirement.check.needs).copied().collect();
    Ok(plan::plan(&observe::survey()?, wanted, &needs)?)
}

/// Observes the image below `root`, or this machine, that one more than once if `again` says so.
fn observe(root: Option<&Path>, wanted: &Wanted, selection: &Selection, again: Option<&dyn observe::Again>) -> Result<Facts, Failure> {
    must_be_directory(root)?;
    let mut facts = match root {
        Some(root) => {
            if let Some(name) = wanted.interfaces.iter().find(|name| !observe::may_be_interface(name)) {
                return Err(format!("no interface can be called {name:?}").into());
            }
            root::must_be_root(root)?;
            observe::image(root, &wanted.interfaces, wanted.nics)
        }
        None => observe::observe(&plan(wanted, selection)?, again, &eprint_line)?,
    };
    facts.fixes = fix::find(&facts, root.unwrap_or(Path::new("/")));
    Ok(facts)
}

/// Everything right of the facts. An output that cannot be written does not keep the others from being written.
fn report(facts: &Facts, selection: &Selection, reporting: &Reporting) -> u8 {
    let mut report = report::assemble(facts, selection, reporting.style.counting);
    if let Some(name) = &reporting.name {
        report.name.clone_from(name);
    }
    let mut code = report.summary.exit_code;
    for (format, target) in &reporting.outputs {
        let colour = reporting.style.colour && *target == Target::Stdout;
        let written = format.render(&report, Style { colour, ..reporting.style }).map_err(Failure::from).and_then(|text| {
            output::write(target, text.as_bytes())?;
            Ok(())
        });
        if let Err(error) = written {
            eprint_line(&error.to_string());
            code = IMPOSSIBLE;
        }
    }
    code
}

/// Nothing, if `root` can be an image.
fn must_be_directory(root: Option<&Path>) -> Result<(), Failure> {
    match root {
        Some(root) if !root.is_dir() => {
            Err(format!("{}: not a directory; give the one that the image is mounted or unpacked in", root.display()).into())
        }
        _ => Ok(()),
    }
}

/// Prints a line on standard output at once. What is done goes on where it cannot be printed.
fn print_line(line: &str) {
    let _ = output::write(&Target::Stdout, format!("{line}\n").as_bytes());
}

/// Prints a line on standard error, sanitized and of bounded length, since errors quote what was read. What is done goes on where it cannot be
/// printed.
fn eprint_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "v6check: {}", report::bounded_line(line));
}
