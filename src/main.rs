//! `v6check`: parse, call, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    match v6check::cli::parse(std::env::args_os()) {
        Ok(command) => ExitCode::from(v6check::run(&command)),
        Err(error) => {
            // Nobody is left to be told where even this cannot be written.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
    }
}
