//! Real guests, booted by QEMU on Calico's link: each image good and with one thing wrong, and what v6check reports from inside.
//!
//! `table.txt` has the cells and the verdicts that each must get; `cargo test -p v6check-lab --features vm --test vm -- debian-12-ifupdown::good` runs one, and
//! `UPDATE=1` writes what was found into the table, to be read before it is believed. A cell leaves its reports and its console in
//! `target/tmp/vm`. It needs root, and the packages that `tests/install-packages` names.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is told there")]

mod boot_image;
mod cell;
mod clones;
#[path = "../product/mod.rs"]
mod product;
mod reboot;
mod table;
mod turns;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Trial};
use table::{Found, Table};
use v6check_lab::needs;

/// Guests that run at once; how many of them start is in [`turns`].
const GUESTS_AT_ONCE: usize = 6;

/// Where cells leave what they saw.
fn left() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("vm")
}

fn main() -> ExitCode {
    if boot_image::hold() {
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(GUESTS_AT_ONCE);
    let table = match Table::read() {
        Ok(table) => table,
        Err(error) => {
            eprintln!("table.txt: {error}");
            return ExitCode::FAILURE;
        }
    };
    let unknown = reboot::unknown(&table.cells);
    if !unknown.is_empty() {
        eprintln!("table.txt: no cell is called {}, which is to be mended", unknown.join(" or "));
        return ExitCode::FAILURE;
    }
    // As it is shipped, it is copied into guests.
    let program = if arguments.list { Ok(PathBuf::new()) } else { product::v6check("release") };
    let found = Arc::new(Mutex::new(Vec::<Found>::new()));
    let trial = |cell: &table::Cell| {
        let (cell, program, found) = (cell.clone(), program.clone(), Arc::clone(&found));
        let good = table.good(&cell.image);
        let name = if reboot::mends(&cell) { format!("reboot::{}", cell.name()) } else { cell.name() };
        Trial::test(name, move || {
            let program = program?;
            let seen = match &cell {
                cell if cell.broken == clones::NAME => clones::run(cell, &program)?,
                cell if reboot::mends(cell) => reboot::run(cell, &good, &program)?,
                cell => cell::run(cell, &program)?,
            };
            let wrong = cell.expected.differences(&seen.verdicts);
            found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(seen);
            if wrong.is_empty() || table::updating() { Ok(()) } else { Err(wrong.join("\n").into()) }
        })
    };
    let mut trials: Vec<Trial> = table.cells.iter().map(trial).collect();
    trials.extend(boot_image::trials(&program));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !found.is_empty() {
        let text = table::render(&table, &found);
        println!("\n{text}");
        if let Err(error) = std::fs::create_dir_all(left()).and_then(|()| std::fs::write(left().join("table.txt"), text)) {
            eprintln!("table.txt: {error}");
        }
        if let Ok(program) = &program {
            matrix(program, &found);
        }
    }
    if table::updating() {
        table.update(&found);
    }
    conclusion.exit_code()
}

/// The page that compares what the cells left, beside it.
fn matrix(program: &Path, found: &[Found]) {
    let page = left().join("matrix.html");
    let reports = found.iter().map(|found| cell::file(&found.name, "json"));
    let made = needs::command(program).args(["matrix", "--title", "Guests of the lab", "--html"]).arg(&page).args(reports).status();
    match made {
        Ok(status) if status.code() != Some(2) => println!("The same as a page: {}", page.display()),
        _ => eprintln!("v6check matrix could not compare the reports"),
    }
}
