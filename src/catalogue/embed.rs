//! Build script: the folder `checks/` as one compressed text in the program. A new check is picked up without a line anywhere.
//!
//! Worked examples are for the tests, which read them from the folder; so each text ends at its first `[[case]]`.
#![expect(clippy::print_stdout, reason = "cargo reads the standard output of a build script")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use miniz_oxide::deflate::compress_to_vec;

/// The level that makes the smallest text.
const BEST: u8 = 10;
/// For the linker: what would unwind the stack, a tenth of the program, stays out. Otherwise the linker lays out as ever.
const WITHOUT_UNWINDING: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.gcc_except_table*) } } INSERT AFTER .text;";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("checks");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut all = String::new();
    for file in files {
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().into_owned();
        let text = fs::read_to_string(&file)?;
        let text: String = text.split_inclusive('\n').take_while(|line| line.trim() != "[[case]]").collect();
        // Neither names nor texts have a zero byte.
        let _ = write!(all, "checks/{name}\0{text}\0");
    }
    let folder = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(folder.join("checks.deflate"), compress_to_vec(all.as_bytes(), BEST))?;
    fs::write(folder.join("checks.length"), all.len().to_string())?;
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        link_small(&folder)?;
    }
    Ok(())
}

/// What the linker leaves out of the guest's program, which aborts on a panic and so never unwinds.
fn link_small(folder: &Path) -> io::Result<()> {
    // The index of unwinding tables.
    println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    // The rest needs LLD, which Rust links with where this says so.
    if env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") {
        // The tables themselves: the compiler leaves them out only of what it does not merge with the standard library.
        let script = folder.join("without-unwinding.ld");
        fs::write(&script, WITHOUT_UNWINDING)?;
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        // Functions that are the same code become one.
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
