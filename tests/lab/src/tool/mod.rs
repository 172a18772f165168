//! `v6check-lab`, the lab as a tool for a person: its command line and what is behind each command, one file each.
//!
//! Whatever it builds ends with it, by a signal too; a link that is to stay is held by a process of its own, the keeper.

mod boot;
mod demo;
mod keeper;
mod link;
mod list;
mod options;
mod place;
mod shell;
mod signals;
mod status;
mod sums;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, FromArgMatches};

use super::clients::stand_in;
use super::{LabError, needs};
use options::{Cli, Command, LinkCommand};
use place::Place;
use v6check::terminal::block;
use v6check::terminal::wrap;

/// The exit code of a run that was itself impossible.
const IMPOSSIBLE: u8 = 2;

/// Does what the command line asks for and returns the exit code. Errors are told on standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Under this name it is a guest's DHCPv6 client.
    if arguments.first().is_some_and(|name| Path::new(name).file_name() == Some(stand_in::NAME.as_ref())) {
        let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        return stand_in::run(&words).map_or_else(|error| fail(&error, 1), |()| 0);
    }
    let parsed = Cli::command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that closed the help early has seen what it wanted.
            let _ = error.print();
            return if error.use_stderr() { IMPOSSIBLE } else { 0 };
        }
    };
    obey(cli).unwrap_or_else(|error| fail(&error, IMPOSSIBLE))
}

fn obey(cli: Cli) -> Result<u8, LabError> {
    let place = Place::at(cli.state);
    match cli.command {
        Command::Boot(wish) => boot::boot(&place, &wish),
        Command::Demo { fault, v6check } => demo::demo(&place, &fault, v6check.as_deref()),
        Command::Link(LinkCommand::Up(wish)) => link::up(&place, &wish),
        Command::Link(LinkCommand::Down) => link::down(&place),
        Command::Link(LinkCommand::Status { json }) => status::status(&place, json),
        Command::Shell { guest, v6check, command } => shell::shell(&place, &guest, v6check.as_deref(), &command),
        Command::Faults { json } => list::faults(json),
        Command::Keep(wish) => keeper::keep(&place, &wish),
    }
}

fn fail(error: &LabError, code: u8) -> u8 {
    tell(&error.to_string());
    code
}

/// A line of progress, or an error, on standard error. Where nobody can be told, the run goes on.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", wrap("v6check-lab: ", 2, &block(text)).join("\n"));
}

/// What was asked for, on standard output. A reader that closed it early has seen what it wanted.
fn show(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// What every command that makes something needs of the machine.
fn able() -> Result<(), LabError> {
    needs::root()?;
    needs::kernel()
}

/// The program under test: the one that is named, else the one beside this program.
fn v6check(named: Option<&Path>) -> Result<PathBuf, LabError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => this_program()?.with_file_name("v6check"),
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(LabError::Needs(format!("{}: no such program; build it (cargo build --release), or name another by --v6check PATH", path.display())))
}

fn this_program() -> Result<PathBuf, LabError> {
    std::env::current_exe().map_err(LabError::io("this program's own path"))
}
