//! `v6check-lab`: parse, call, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(v6check_lab::tool::run(std::env::args_os()))
}
