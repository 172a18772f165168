//! The law of fixes: for each cell that fails, the diff and the script that `v6check remedy` prints, applied for real, make the image pass; or
//! the cell says of which requirements it is advice alone.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::Trial;
use std::sync::Arc;
use v6check::judge::Verdict;
use v6check_lab::needs;

use crate::cell::{Cell, Table};
use crate::{INTERFACE, run, tree};

/// As many cells may have advice alone for a requirement. It may only become less.
const MOST_ADVICE: usize = 41;

/// How a script enters the image, $2: by the machine's own shell, or by BusyBox with nothing but its applets.
const BY_SHELL: &str = "chroot \"$2\" sh";
const BY_BUSYBOX: &str = "mount -t tmpfs tmpfs \"$2/mnt\" && for applet in $(busybox --list); do ln -s /usr/bin/busybox \"$2/mnt/$applet\"; done && \
                          chroot \"$2\" /usr/bin/busybox env -i PATH=/mnt sh";

/// A trial for each cell that fails, and one for all.
pub(crate) fn trials(table: &Arc<Table>) -> Vec<Trial> {
    let fails = |cell: &Cell| cell.verdicts.contains(&Verdict::Fail);
    let failing = table.cells.iter().enumerate().filter(|(_, cell)| fails(cell));
    let mut trials: Vec<Trial> = failing
        .map(|(number, cell)| {
            let table = Arc::clone(table);
            Trial::test(format!("fix::{}::{}", cell.image, cell.change), move || check(&table, &table.cells[number]).map_err(Into::into))
        })
        .collect();
    let all = Arc::clone(table);
    trials.push(Trial::test("law::fixes-are-advice-in-few-cells-only", move || {
        let advised = all.cells.iter().filter(|cell| !cell.advice.is_empty()).count();
        eprintln!("{advised} of {} cells that fail have advice alone for a requirement", all.cells.iter().filter(|cell| fails(cell)).count());
        let lost = all.cells.iter().find(|cell| !fails(cell) && !cell.advice.is_empty());
        if advised > MOST_ADVICE || lost.is_some() {
            return Err(format!(
                "{advised} cells with advice alone, more than {MOST_ADVICE}; or one that does not fail: {:?}",
                lost.map(|cell| &cell.change)
            )
            .into());
        }
        Ok(())
    }));
    trials
}

fn check(table: &Table, cell: &Cell) -> Result<(), String> {
    let expected: BTreeSet<String> = cell.advice.iter().cloned().collect();
    let changed = |how: &str, change: fn(&tree::Tree, &str, &str) -> Result<(), String>| {
        let image = tree::Tree::copy(&cell.image).map_err(|error| error.to_string())?;
        table.apply(cell, &image)?;
        let printed = run::remedy(image.path(), INTERFACE, how)?;
        change(&image, &cell.image, &printed).map_err(|error| format!("{how}: {error}\n{printed}"))?;
        let failing = failing(image.path())?;
        if failing == expected { Ok(()) } else { Err(format!("after the {how} there fails {failing:?}, not {expected:?}:\n{printed}")) }
    };
    changed("diff", |image, _, printed| patch(image.path(), printed))?;
    changed("shell", script)
}

/// The requirements that fail.
fn failing(root: &Path) -> Result<BTreeSet<String>, String> {
    let report = run::judge(root, INTERFACE)?.report;
    Ok(report.results.into_iter().filter(|result| result.verdict == Verdict::Fail).map(|result| result.id).collect())
}

/// Applies the diff, and removes what it says that it cannot hold.
fn patch(root: &Path, diff: &str) -> Result<(), String> {
    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("# Not in this diff, remove: ") {
            std::fs::remove_file(root.join(path.trim_start_matches('/'))).map_err(|error| error.to_string())?;
        }
    }
    if !diff.contains("\ndiff --git ") {
        return Ok(());
    }
    fed(needs::command("patch").args(["-p1", "--no-backup-if-mismatch", "-d"]).arg(root), diff)
}

/// Runs the script in the image, on top of this machine's programs, twice: the second time it changes nothing.
fn script(image: &tree::Tree, name: &str, script: &str) -> Result<(), String> {
    let made = |name: &str| -> Result<PathBuf, String> {
        let path = image.outside(name);
        std::fs::create_dir_all(&path).map_err(|error| error.to_string())?;
        Ok(path)
    };
    let (work, merged) = (made("work")?, made("merged")?);
    std::fs::set_permissions(image.path(), std::fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    let options = format!("lowerdir=/,upperdir={},workdir={}", image.path().display(), work.display());
    let enter = if matches!(name, "buildroot" | "alpine") { BY_BUSYBOX } else { BY_SHELL };
    let run = || {
        // Where the image has a /lib of its own, this machine's loader is not found in it.
        let lib = "[ -L \"$2/lib\" ] || for lib in /usr/lib/*-linux-gnu; do mkdir -p \"$2/lib/${lib##*/}\" && mount --bind \"$lib\" \"$2/lib/${lib##*/}\"; done";
        let line = format!("mount -t overlay overlay -o \"$1\" \"$2\" && {{ {lib}; }} && {enter}");
        fed(needs::command("unshare").args(["--mount", "--net", "sh", "-c", &line, "sh", &options]).arg(&merged), script)
    };
    run()?;
    let before = image.contents();
    run()?;
    let changed: Vec<String> = image.contents().into_iter().filter(|file| !before.contains(file)).map(|(path, _)| path).collect();
    if changed.is_empty() { Ok(()) } else { Err(format!("run twice it changes {changed:?}")) }
}

/// Runs a command with a text on its standard input.
fn fed(command: &mut Command, text: &str) -> Result<(), String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    let Output { status, stdout, stderr } = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = || format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() { Ok(()) } else { Err(format!("{status}: {}", said())) }
}
