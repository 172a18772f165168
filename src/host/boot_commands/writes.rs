//! What a command writes below /proc/sys: by sysctl(8), and by a redirection or tee(1).

use std::io;

use crate::host::sysctl::{self, Line};
use crate::image::Image;
use crate::image::shell::{Command, Word};

/// A line that a command carries out.
pub(super) struct Write {
    pub(super) line: Line,
    /// Whether key and value are known.
    pub(super) known: bool,
}

const PROC: &str = "/proc/sys/";
const SYSCTL_CONF: &str = "/etc/sysctl.conf";

/// What a command writes.
///
/// # Errors
/// A file that it reads is there and cannot be read.
pub(super) fn of(root: &Image, command: &Command) -> io::Result<Vec<Write>> {
    match command.program() {
        "sysctl" => by_sysctl(root, command),
        "tee" => {
            let text = command.text.clone().unwrap_or_else(|| Word::unknown("(its input)"));
            let paths = command.arguments().iter().filter(|word| !word.text.starts_with('-'));
            Ok(paths.filter_map(|path| to_file(command, path, &text)).collect())
        }
        program => {
            let text = if matches!(program, "echo" | "printf") { printed(command) } else { command.text.clone().filter(|_| program == "cat") };
            let text = text.unwrap_or_else(|| Word::unknown("(its output)"));
            Ok(command.output.iter().filter_map(|path| to_file(command, path, &text)).collect())
        }
    }
}

/// What `echo` and `printf` print, of one word.
fn printed(command: &Command) -> Option<Word> {
    let mut words = command.arguments().iter().filter(|word| !matches!(&word.text[..], "-n" | "-e" | "-en" | "-ne" | "--"));
    let (word, rest) = (words.next()?, words.next());
    let known = word.known && rest.is_none();
    let text = word.text.trim_end_matches("\\n");
    Some(if known { Word::of(text) } else { Word::unknown(text) })
}

fn to_file(command: &Command, path: &Word, value: &Word) -> Option<Write> {
    let key = path.pattern.strip_prefix(PROC)?;
    Some(write(command, key, &value.text, path.known && value.known))
}

/// A value that is not known is shown by its key alone, as a number that the kernel would take.
fn write(command: &Command, key: &str, value: &str, known: bool) -> Write {
    let path = key.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let line =
        Line { path, value: Some(if known { value.trim().to_owned() } else { "0".to_owned() }), at: command.at.clone(), text: command.shown() };
    let known = known && line.number().is_some();
    Write { line, known }
}

/// sysctl(8) of procps and BusyBox.
fn by_sysctl(root: &Image, command: &Command) -> io::Result<Vec<Write>> {
    let mut writes = Vec::new();
    let mut loads = false;
    let mut files: Vec<Word> = Vec::new();
    for word in command.arguments() {
        let text = &word.text[..];
        if let Some(path) = text.strip_prefix("--load=") {
            files.push(Word::of(path));
        } else if text == "--system" {
            for source in sysctl::files(root)? {
                writes.extend(sysctl::parsed(&source.path, &source.text).map(|line| Write { line, known: true }));
            }
            files.push(Word::of(SYSCTL_CONF));
        } else if text == "--load" || text.starts_with('-') && !text.starts_with("--") && text.contains(['p', 'f']) {
            loads = true;
            // `-p/etc/x.conf`, which some write.
            files.extend(text.split_once('p').map(|(_, path)| path).filter(|path| path.starts_with('/')).map(Word::of));
        } else if !text.starts_with('-') {
            match word.pattern.split_once('=') {
                Some((key, value)) if !loads => {
                    let names = sysctl::key_path(key);
                    let shown = text.split_once('=').map_or(value, |(_, value)| value);
                    writes.push(write(command, &names.join("/"), shown, word.known));
                }
                None if loads => files.push(word.clone()),
                _ => {}
            }
        }
    }
    if loads && files.is_empty() {
        files.push(Word::of(SYSCTL_CONF));
    }
    for path in files {
        let paths = if path.known && path.text.contains(['*', '?', '[']) { root.glob(&path.text) } else { vec![path.text.clone()] };
        for path in paths.into_iter().filter(|path| path.starts_with('/')) {
            if let Some(text) = root.text_if_any(&path)? {
                writes.extend(sysctl::parsed(&path, &text).map(|line| Write { line, known: true }));
            }
        }
    }
    Ok(writes)
}
