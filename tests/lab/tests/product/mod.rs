//! The v6check under test. Cargo gives a test the paths of its own package's programs only, so the product is built here.

use std::path::{Path, PathBuf};

use v6check_lab::needs;

pub(crate) const LAB: &str = env!("CARGO_BIN_EXE_v6check-lab");

/// Builds v6check by the profile `release` or `debug` and returns its path; quick if it is up to date.
///
/// # Errors
/// It does not compile.
pub(crate) fn v6check(profile: &str) -> Result<PathBuf, String> {
    let target = Path::new(LAB).ancestors().nth(2).ok_or("no target directory")?;
    let mut build = needs::given(Path::new(env!("CARGO")));
    build.args(["build", "--quiet", "--package", "v6check", "--bin", "v6check"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile == "release" {
        build.arg("--release");
    }
    match build.status() {
        Ok(status) if status.success() => of_promised_size(target.join(profile).join("v6check"), profile),
        Ok(status) => Err(format!("cargo build of v6check, {profile}: {status}")),
        Err(error) => Err(format!("{}: {error}", env!("CARGO"))),
    }
}

/// The size of the program that README.md promises: it is copied into guests.
const MAX_PROGRAM_BYTES: u64 = 8 << 20;

fn of_promised_size(program: PathBuf, profile: &str) -> Result<PathBuf, String> {
    let size = std::fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    if profile == "release" && size >= MAX_PROGRAM_BYTES {
        return Err(format!("{} has {size} bytes; README.md promises less than {MAX_PROGRAM_BYTES}", program.display()));
    }
    Ok(program)
}
