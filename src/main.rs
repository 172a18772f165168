//! `v6check`: parse, call, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    match v6check::cli::parse(std::env::args_os()) {
        Ok(command) => ExitCode::from(v6check::commands::run(&command)),
        Err(error) => {
            // A reader that closed the help early has seen what it wanted.
            let shown = error.print().or_else(|failed| if failed.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(failed) });
            ExitCode::from(if error.use_stderr() || shown.is_err() { 2 } else { 0 })
        }
    }
}
