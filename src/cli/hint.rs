//! The right command for what people type first: `v6check DIR`, `v6check tap.pcap`, `v6check help`.

use std::path::Path;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;

/// The error, with the command that was meant where that can be told.
pub(super) fn with_command(error: clap::Error) -> clap::Error {
    let word = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    });
    // Behind options a word is a conflict, as a command would be.
    let is_word = |word: &&str| match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument => true,
        ErrorKind::ArgumentConflict => Cli::command().find_subcommand(word).is_none(),
        _ => false,
    };
    match word.filter(is_word).and_then(meant) {
        Some(message) => Cli::command().error(error.kind(), message),
        None => error,
    }
}

/// What was meant by a word that is not a command.
fn meant(word: &str) -> Option<String> {
    let path = Path::new(word);
    let (what, command) = match word {
        "help" => ("not a command;", "v6check --help".to_owned()),
        _ if path.is_dir() => ("a directory, not a command; to check the image in it,", format!("v6check --root {word}")),
        _ if path.is_file() => ("a file, not a command; to judge a capture or saved facts,", format!("v6check replay {word}")),
        _ => return None,
    };
    Some(format!("'{word}' is {what} type:\n\n  {command}"))
}
