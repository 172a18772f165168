//! Puts the recorder and the report of each boot into a guest or an image, and takes them away again.
//!
//! Nothing of the image is run and no service is started: what the init system reads at the next boot is written, and that is all. It knows
//! files and init systems, and neither facts nor verdicts.

mod init;
mod openrc;
mod pieces;
mod shell;
mod systemd;
mod sysvinit;
mod tree;
mod upstart;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;

pub(crate) use init::Init;
use pieces::{Kind, Piece};
use tree::{There, Tree};

/// Where the program goes. /usr/local is the administrator's and no package manager's (FHS 3.0, 4.9); where /usr is immutable it is a link to
/// what may be written (ostree: /var/usrlocal); SELinux policies label it as programs.
pub(crate) const PROGRAM: &str = "/usr/local/sbin/v6check";
/// What the recorder keeps, on a running system.
const RUN: &str = "/run/v6check";
/// How long the report waits after the init system calls the network up, since DHCPv6 often goes on then.
const SETTLING_S: u32 = 15;
/// When the report comes at the latest, since the services began to start: it is the broken guest that never gets its network up.
const DEADLINE_S: u32 = 120;

/// What each boot shall do.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The arguments of the report's run.
    pub arguments: Vec<String>,
}

/// Why nothing was installed or taken away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    /// No init system was recognised.
    #[error(
        "no init system found in {0}: looked for systemd, OpenRC, sysvinit and Upstart (procd, runit and others are not supported); --root takes the image's top directory"
    )]
    NoInit(String),
    /// Nothing of the image would start the scripts.
    #[error(
        "{0} has /etc/init.d, but neither start links (/etc/rc?.d) nor numbered scripts (/etc/init.d/S??*), so nothing would start what is put there; nothing was changed"
    )]
    NothingStarts(String),
    /// What is there is somebody else's.
    #[error("{0} is there and was not put there by v6check install; nothing was changed. Move it away and try again")]
    NotOurs(String),
    /// The image runs on other machines than this program.
    #[error("{0} has programs for another kind of machine than this v6check; use the v6check built for it")]
    OtherMachine(String),
    /// The argument can stand in no unit or script.
    #[error("{0:?} holds a control character, which can stand in no unit or script")]
    Control(String),
    /// A file could not be read or written.
    #[error("{what}: {source}{}; nothing was changed", advice(.source))]
    File {
        /// The path, inside the image.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A file could not be taken away; those before it are gone.
    #[error("{what}: {source}{}; what was told before is done, so try again", advice(.source))]
    Left {
        /// The path, inside the image.
        what: String,
        /// Why.
        source: io::Error,
    },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => "; run it as root",
        ErrorKind::ReadOnlyFilesystem => "; mount it writable (mount -o remount,rw) and try again",
        _ => "",
    }
}

/// Puts everything there, or says what would be done.
///
/// # Errors
/// It is not possible; then all is as it was.
pub(crate) fn install(root: Option<&Path>, wish: &Wish, dry_run: bool, say: &mut dyn FnMut(&str)) -> Result<(), InstallError> {
    let top = root.unwrap_or(Path::new("/"));
    let tree = Tree::new(top);
    if let Some(argument) = wish.arguments.iter().find(|argument| argument.chars().any(char::is_control)) {
        return Err(InstallError::Control(argument.clone()));
    }
    let init = init::of(&tree, root.is_none()).ok_or_else(|| InstallError::NoInit(top.display().to_string()))?;
    let program = std::fs::read("/proc/self/exe").map_err(failed("/proc/self/exe"))?;
    if init::other_machine(&tree, &program) {
        return Err(InstallError::OtherMachine(top.display().to_string()));
    }

    let (folders, pieces) = settle(&tree, init, wish, &program)?;
    if init == Init::Sysvinit && !pieces.iter().any(|piece| matches!(piece.kind, Kind::Link(_))) {
        return Err(InstallError::NothingStarts(top.display().to_string()));
    }
    for folder in &folders {
        say(&format!("make {folder}/"));
    }
    let mut changes = Vec::new();
    for piece in &pieces {
        match tree.look(&piece.path, &piece.kind).map_err(failed(&piece.path))? {
            There::Same => say(&format!("unchanged {}", piece.path)),
            There::Nothing | There::Ours => {
                say(&piece.told());
                changes.push(piece);
            }
            There::Foreign => return Err(InstallError::NotOurs(piece.path.clone())),
        }
    }
    if changes.is_empty() {
        say("Already there; nothing to do.");
        return Ok(());
    }
    let mut promise = vec!["It records from the next boot on.".to_owned(), init.promise()];
    promise.extend(where_to(wish, init));
    if dry_run {
        for line in &promise {
            say(line);
        }
        say("Nothing was done: --dry-run.");
        return Ok(());
    }
    tree.write(&folders, &changes).map_err(|(what, source)| InstallError::File { what, source })?;
    for note in init::notes(&tree, init, root) {
        say(&note);
    }
    for line in &promise {
        say(line);
    }
    Ok(())
}

/// Where each boot's reports and facts are found.
fn where_to(wish: &Wish, init: Init) -> Vec<String> {
    let of = |options: &[&str]| -> Vec<&str> {
        wish.arguments.iter().filter_map(|argument| options.iter().find_map(|option| argument.strip_prefix(option))).collect()
    };
    let (mut places, facts) = (of(&["--text=", "--json=", "--junit="]), of(&["--save="]));
    // A run without --text prints the text, unless another report is printed.
    let printed = places.contains(&"-") || of(&["--text="]).is_empty();
    places.retain(|place| *place != "-");
    let mut told = Vec::new();
    if !places.is_empty() {
        told.push(format!("Reports: {}.", places.join(", ")));
    }
    match (printed, init) {
        (false, _) => {}
        (true, Init::Systemd) => told.push("The printed report goes to the journal: journalctl -b -u v6check-report.".into()),
        (true, _) => told.push("The printed report goes to syslog, as v6check.".into()),
    }
    if !facts.is_empty() {
        told.push(format!("Facts: {}.", facts.join(", ")));
    }
    told
}

/// The directories to be made, and all pieces. The recorder's own file keeps a list of what is made here beside the pieces.
fn settle(tree: &Tree, init: Init, wish: &Wish, program: &[u8]) -> Result<(BTreeSet<String>, Vec<Piece>), InstallError> {
    let with = |list: &BTreeSet<String>| {
        let mut pieces = vec![Piece::file(PROGRAM, 0o755, program.to_vec())];
        pieces.extend(init.pieces(tree, wish, list));
        pieces
    };
    let mut list = tree.text(init.record_file()).map(|text| pieces::listed(&text)).unwrap_or_default();
    let mut folders = BTreeSet::new();
    for piece in with(&list) {
        folders.extend(tree.missing_folders(&piece.path).map_err(failed(&piece.path))?);
        // A program that was there before is not taken away in the end.
        if piece.path == PROGRAM && tree.look(PROGRAM, &piece.kind).map_err(failed(PROGRAM))? == There::Nothing {
            list.insert(PROGRAM.to_owned());
        }
    }
    list.extend(folders.iter().cloned());
    Ok((folders, with(&list)))
}

fn failed(what: &str) -> impl Fn(io::Error) -> InstallError {
    move |source| InstallError::File { what: what.to_owned(), source }
}

/// Takes everything away that [`install`] may have put there, by whichever version and for whichever init system, or says what would be.
///
/// # Errors
/// Something could not be removed. What went before is gone, and the next run goes on.
pub(crate) fn uninstall(root: Option<&Path>, dry_run: bool, say: &mut dyn FnMut(&str)) -> Result<(), InstallError> {
    let tree = Tree::new(root.unwrap_or(Path::new("/")));
    let wish = Wish { arguments: Vec::new() };
    let mut list = BTreeSet::new();
    let mut pieces = Vec::new();
    for init in Init::ALL {
        pieces.extend(init.pieces(&tree, &wish, &BTreeSet::new()));
        pieces.extend(init::links_left(&tree, init));
        list.extend(tree.text(init.record_file()).map(|text| pieces::listed(&text)).unwrap_or_default());
    }
    // Links first, and last the recorder's file, which has the list: so an end in between can be made good by another run.
    let is_record = |path: &str| Init::ALL.iter().any(|init| init.record_file() == path);
    let rank = |piece: &Piece| (!matches!(piece.kind, Kind::Link(_)), is_record(&piece.path));
    pieces.sort_by(|one, other| (rank(one), &one.path).cmp(&(rank(other), &other.path)));
    pieces.dedup_by(|one, other| one.path == other.path);
    let mut found = Vec::new();
    for piece in pieces {
        match tree.look(&piece.path, &piece.kind).map_err(left(&piece.path))? {
            There::Same | There::Ours => found.push(piece.path),
            There::Foreign => say(&format!("left {}: not put there by v6check install", piece.path)),
            There::Nothing => {}
        }
    }
    let ours = list.remove(PROGRAM);
    let there = tree.look(PROGRAM, &Kind::File { mode: 0o755, bytes: Vec::new() }).map_err(left(PROGRAM))?;
    match there {
        There::Ours if ours => found.insert(0, PROGRAM.to_owned()),
        There::Nothing => {}
        _ => say(&format!("left {PROGRAM}: not put there by v6check install")),
    }
    let running = if root.is_none() { init::of(&tree, true).filter(|_| !found.is_empty()) } else { None };
    for command in running.map(Init::stop).unwrap_or_default() {
        say(&format!("run {}", command.join(" ")));
        if !dry_run {
            run(command);
        }
    }
    if root.is_none() {
        let kept = tree.names(RUN).into_iter().map(|name| format!("{RUN}/{name}"));
        found.extend(kept.filter(|path| tree.is_file(path)));
        if tree.is_directory(RUN) {
            list.insert(RUN.to_owned());
        }
    }
    for path in &found {
        say(&format!("remove {path}"));
        if !dry_run {
            tree.remove(path).map_err(left(path))?;
        }
    }
    // From the innermost outwards.
    for path in list.iter().rev() {
        if tree.is_directory(path) && (if dry_run { tree.empty_without(path, &found) } else { tree.remove_empty(path).map_err(left(path))? }) {
            say(&format!("remove {path}/"));
            found.push(path.clone());
        }
    }
    for command in running.map(Init::forget).unwrap_or_default() {
        say(&format!("run {}", command.join(" ")));
        if !dry_run {
            run(command);
        }
    }
    say(match (found.is_empty(), dry_run) {
        (true, _) => "Nothing of v6check install is there.",
        (_, true) => "Nothing was done: --dry-run.",
        _ => "All of it is gone.",
    });
    Ok(())
}

fn left(what: &str) -> impl Fn(io::Error) -> InstallError {
    move |source| InstallError::Left { what: what.to_owned(), source }
}

/// Runs one command of this machine's init system. Where it fails, there was nothing to stop.
fn run(command: &[&str]) {
    use std::process::{Command, Stdio};
    if let Some((program, arguments)) = command.split_first() {
        let _ = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
