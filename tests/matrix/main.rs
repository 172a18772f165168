//! `v6check matrix`: many reports as one table, as a user sees it: text, JSON, and the page in a real browser.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod chromium;
mod golden;
mod hostile;
mod junit;
mod memory;
mod rows;
#[cfg(feature = "schema")]
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use v6check_lab::needs;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `v6check matrix` in `folder`.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).arg("matrix").args(arguments).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The golden report of this name.
fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(root().join(format!("tests/reports/{name}.json"))).unwrap()).unwrap()
}

/// A folder with these reports.
fn folder(reports: &[(&str, Value)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, report) in reports {
        put(folder.path(), name, report);
    }
    folder
}

fn put(folder: &Path, name: &str, report: &Value) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, serde_json::to_vec(report).unwrap()).unwrap();
    path
}

/// The matrix of `reports` as JSON, and the exit code.
fn json(folder: &Path, reports: &[&str]) -> (Value, Option<i32>) {
    let output = run(folder, &[&["--json", "-"], reports].concat());
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

/// What each image is called, in the order of the rows.
fn order(matrix: &Value) -> Vec<&str> {
    matrix["images"].as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap()).collect()
}
