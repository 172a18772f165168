//! What the boot loader tells the kernel about IPv6: GRUB 2 and legacy GRUB, boot loader entries, extlinux, cmdline.txt.
//!
//! Of several entries the default one is not worked out: the first counts (the last of boot loader entries, which are sorted by version),
//! and where others differ the text says so. A unified kernel image is not opened.

pub(crate) mod fixes;
mod grub;

use std::io;

use crate::facts::{FileLine, Setting};
use crate::image::Image;

/// As many files or entries as are read.
const MOST_ENTRIES: usize = 64;
/// As much of a line as is read; no kernel takes more.
const LONGEST_LINE: usize = 4096;
/// As many words of one line as are looked at.
const MOST_WORDS: usize = 4096;
/// As much of a line as is shown.
const LONGEST_TEXT: usize = 160;
/// Words of which the kernel takes the last.
const PARAMETERS: [&str; 3] = ["ipv6.disable", "ipv6.disable_ipv6", "ipv6.autoconf"];

/// Some kernel arguments and where they stand.
#[derive(Debug, Clone)]
struct Piece {
    at: FileLine,
    /// The line as it stands there.
    text: String,
    words: String,
}

/// The kernel arguments of one entry: a line, or several and the variables in them.
type Arguments = Vec<Piece>;

/// Reads the lines of kernel arguments of one boot loader; none where it is not there.
type Source = fn(&Image) -> io::Result<Vec<Arguments>>;

/// The words about IPv6.
///
/// # Errors
/// A file is there and cannot be read, or no boot loader's file is there at all.
pub(crate) fn command_line(root: &Image) -> io::Result<Vec<Setting<String>>> {
    let found = entries_in_use(root)?;
    let Some((first, others)) = found.split_first() else {
        return Err(io::Error::other("no boot loader's file that v6check knows is there (/boot may be a file system of its own)"));
    };
    Ok(words_about_ipv6(first, others))
}

/// The kernel arguments of each entry, from the first kind of file that has any.
fn entries_in_use(root: &Image) -> io::Result<Vec<Arguments>> {
    let sources: [Source; 7] = [grub::menu, entries, extlinux, cmdline_txt, legacy_grub, grub::defaults, kernel_install];
    for source in sources {
        let found = source(root)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The first kernel argument that `fits` takes and where it stands, as a boot from these files has it. `Err` where that is not known: no boot
/// loader's file is there, its entries differ, or a variable that only the boot loader knows may hold the argument.
///
/// # Errors
/// Why it is not known.
pub(crate) fn argument(root: &Image, fits: impl Fn(&str) -> bool) -> Result<Option<Setting<String>>, String> {
    let found = entries_in_use(root).map_err(|error| error.to_string())?;
    let of = |arguments: &Arguments| {
        words(arguments).find(|(word, _)| fits(word)).map(|(word, piece)| Setting {
            value: word.to_owned(),
            at: piece.at.clone(),
            text: piece.text.chars().take(LONGEST_TEXT).collect(),
        })
    };
    let Some(first) = found.first() else { return Err("no boot loader's file that v6check knows is there".to_owned()) };
    let value = of(first);
    let is_the_same = |other: &Arguments| of(other).map(|setting| setting.value) == value.as_ref().map(|setting| setting.value.clone());
    if !found.iter().all(is_the_same) {
        return Err("the entries of the boot loader differ in it".to_owned());
    }
    let has_variable = words(first).any(|(word, _)| word.contains('$'));
    if value.is_none() && has_variable {
        return Err("a variable of the boot loader may hold it".to_owned());
    }
    Ok(value)
}

/// The kernel arguments; what follows `--` is for init.
fn words(arguments: &Arguments) -> impl Iterator<Item = (&str, &Piece)> {
    let words = arguments.iter().flat_map(|piece| piece.words.split_whitespace().map(move |word| (word.trim_matches(['"', '\'']), piece)));
    words.take(MOST_WORDS).take_while(|(word, _)| *word != "--")
}

fn words_about_ipv6(first: &Arguments, others: &[Arguments]) -> Vec<Setting<String>> {
    let words = |arguments: &Arguments| about_ipv6(arguments).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    let differ = others.iter().any(|other| words(other) != words(first));
    let text = |word: &str, piece: &Piece| {
        let line = if piece.text.chars().count() > LONGEST_TEXT {
            format!("{} ... {word} ...", piece.text.split([' ', '\t', '=']).next().unwrap_or_default())
        } else {
            piece.text.clone()
        };
        // By a variable such as `$kernelopts`, where the line itself does not say it.
        let line = if line.contains(word) || line.contains(&word.replace('_', "-")) { line } else { format!("{line} (with {word} by a variable)") };
        if differ { format!("{line} (other entries of the boot loader differ)") } else { line }
    };
    about_ipv6(first).into_iter().map(|(word, piece)| Setting { text: text(&word, piece), value: word, at: piece.at.clone() }).collect()
}

/// The words about IPv6 that have an effect, spelt with underscores, each with where it stands. What follows `--` is for init.
fn about_ipv6(arguments: &Arguments) -> Vec<(String, &Piece)> {
    let mut found: Vec<(String, String, &Piece)> = Vec::new();
    for (word, piece) in words(arguments) {
        let Some((name, value)) = word.split_once('=') else { continue };
        // The kernel takes a dash for an underscore in the names of parameters (kernel/params.c).
        let name = name.replace('-', "_");
        if PARAMETERS.contains(&&name[..]) {
            found.retain(|(before, ..)| *before != name);
        } else if name != "ip" {
            continue;
        }
        found.push((name, value.trim_matches(['"', '\'']).to_owned(), piece));
    }
    found.into_iter().map(|(name, value, piece)| (format!("{name}={value}"), piece)).collect()
}

/// Lines of a file that begin with one of some keywords, in any case; the rest of the line is the arguments.
fn keyword_lines(path: &str, text: &str, keywords: &[&str]) -> Vec<Piece> {
    let lines = (1..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.trim();
        let (keyword, words) = line.split_once(char::is_whitespace)?;
        let fits = keywords.iter().any(|wanted| keyword.eq_ignore_ascii_case(wanted));
        fits.then(|| Piece {
            at: FileLine { path: path.to_owned(), line: number },
            text: line.chars().take(LONGEST_LINE).collect(),
            words: words.chars().take(LONGEST_LINE).collect(),
        })
    });
    lines.take(MOST_ENTRIES).collect()
}

/// Entries of the Boot Loader Specification, the newest first, without those for rescue.
fn entries(root: &Image) -> io::Result<Vec<Arguments>> {
    let mut paths = Vec::new();
    for folder in ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"] {
        paths.extend(root.glob(&format!("{folder}/*.conf")));
    }
    paths.retain(|path| !path.contains("rescue"));
    let variables = grub::variables(root)?;
    let saved = variables.get("saved_entry").map(|entry| format!("/{}.conf", entry.words));
    // Stable: the saved entry becomes the last, so the first after the order is turned round.
    let is_saved = |path: &String| saved.as_ref().is_some_and(|saved| path.ends_with(saved));
    paths.sort_by_key(is_saved);
    let mut found = Vec::new();
    for path in paths.into_iter().rev().take(MOST_ENTRIES) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        // Several lines of options are one.
        let arguments: Arguments = keyword_lines(&path, &text, &["options"]).iter().flat_map(|line| grub::expanded(line, &variables)).collect();
        if !arguments.is_empty() {
            found.push(arguments);
        }
    }
    Ok(found)
}

fn extlinux(root: &Image) -> io::Result<Vec<Arguments>> {
    of_files(root, &["/boot/extlinux/extlinux.conf", "/boot/extlinux.conf", "/extlinux.conf", "/boot/syslinux/syslinux.cfg"], &["append"])
}

/// GRUB before version 2, as CentOS 6 and Amazon's images of its time have it.
fn legacy_grub(root: &Image) -> io::Result<Vec<Arguments>> {
    of_files(root, &["/boot/grub/grub.conf", "/boot/grub/menu.lst"], &["kernel"])
}

fn of_files(root: &Image, paths: &[&str], keywords: &[&str]) -> io::Result<Vec<Arguments>> {
    for path in paths {
        let lines = keyword_lines(path, &root.text_if_any(path)?.unwrap_or_default(), keywords);
        if !lines.is_empty() {
            return Ok(lines.into_iter().map(|line| vec![line]).collect());
        }
    }
    Ok(Vec::new())
}

fn cmdline_txt(root: &Image) -> io::Result<Vec<Arguments>> {
    whole(root, &["/boot/firmware/cmdline.txt", "/boot/cmdline.txt"])
}

/// What kernel-install(8) writes into the next entry.
fn kernel_install(root: &Image) -> io::Result<Vec<Arguments>> {
    whole(root, &["/etc/kernel/cmdline", "/usr/lib/kernel/cmdline"])
}

/// A file that is the arguments and nothing else.
fn whole(root: &Image, paths: &[&str]) -> io::Result<Vec<Arguments>> {
    for path in paths {
        if let Some(text) = root.text_if_any(path)? {
            let at = FileLine { path: (*path).to_owned(), line: 1 };
            return Ok(vec![vec![Piece { at, text: text.trim().replace('\n', " "), words: text }]]);
        }
    }
    Ok(Vec::new())
}
