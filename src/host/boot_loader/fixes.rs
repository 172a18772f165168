//! Fixes of the kernel's command line: a word goes from every file that holds it, those that the next menu is built from among them.

use crate::facts::{Edit, Setting};
use crate::image::Image;
use crate::image::edits::Step;

/// Files that hold kernel arguments.
const FILES: [&str; 14] = [
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/grub/grubenv",
    "/boot/grub2/grubenv",
    "/boot/loader/entries/*.conf",
    "/efi/loader/entries/*.conf",
    "/boot/efi/loader/entries/*.conf",
    "/boot/extlinux*",
    "/boot/*/*linux.c*f*",
    "/boot/grub/menu.lst",
    "/boot/grub/grub.conf",
    "/boot/*cmdline.txt",
    "/etc/default/grub.d/*.cfg",
    "/etc/default/extlinux",
];
const MORE_FILES: [&str; 5] =
    ["/etc/default/grub", "/etc/kernel/cmdline", "/boot/firmware/cmdline.txt", "/extlinux.conf", "/etc/update-extlinux.conf"];
/// As many files are changed at most.
const MOST_FILES: usize = 64;

/// Takes the word that `setting` shows out of everything that holds it.
pub(crate) fn without(image: &Image, setting: &Setting<String>) -> Option<Step> {
    let mut paths: Vec<String> = vec![setting.at.path.clone()];
    paths.extend(FILES.iter().chain(&MORE_FILES).flat_map(|pattern| image.glob(pattern)));
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut edits = Vec::new();
    for path in paths {
        if seen.iter().any(|(known, _)| *known == path) || seen.len() >= MOST_FILES || image.is_directory(&path) {
            continue;
        }
        let Some(text) = image.text_if_any(&path).ok().flatten() else { continue };
        // One file by two names is changed once.
        let again = |(known, before): &(String, String)| *before == text && (image.link(known).is_some() || image.link(&path).is_some());
        if !seen.iter().any(again) {
            edits.extend(of_file(&path, &text, &setting.value));
        }
        seen.push((path, text));
    }
    (!edits.is_empty()).then(|| Step::edits(edits))
}

/// The lines of one file that hold the word, without it. Comments stay.
fn of_file(path: &str, text: &str, word: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut taken = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let without = without_word(line, word);
        if without != line {
            taken += line.len() - without.len();
            edits.push(Edit::Lines { path: path.to_owned(), line: number, old: vec![line.to_owned()], new: vec![without] });
        }
    }
    // GRUB's environment block keeps its size by a last line of number signs.
    let last = (1..).zip(text.lines()).last().filter(|(_, line)| path.ends_with("/grubenv") && line.bytes().all(|byte| byte == b'#'));
    if let Some((number, line)) = last.filter(|(_, line)| taken > 0 && !line.is_empty()) {
        edits.push(Edit::Lines {
            path: path.to_owned(),
            line: number,
            old: vec![line.to_owned()],
            new: vec![format!("{line}{}", "#".repeat(taken))],
        });
    }
    edits
}

/// A line without a kernel parameter, `name=value`; dashes and underscores of its name are one.
fn without_word(line: &str, word: &str) -> String {
    let Some((name, value)) = word.split_once('=') else { return line.to_owned() };
    let is_it = |found: &str| found.split_once('=').is_some_and(|(found, given)| found.replace('-', "_") == name && given == value);
    let mut kept = String::new();
    let mut rest = line;
    let parts = |character: char| character.is_whitespace() || matches!(character, '"' | '\'');
    while !rest.is_empty() {
        let blank = rest.find(|character| !parts(character)).unwrap_or(rest.len());
        let (before, after) = rest.split_at(blank);
        let end = after.find(parts).unwrap_or(after.len());
        let (found, next) = after.split_at(end);
        if is_it(found) {
            // The blank before it goes as well; a quotation mark stays, and then the blank behind goes.
            let stays = before.trim_end_matches([' ', '\t']);
            kept.push_str(stays);
            rest = if stays.is_empty() { next } else { next.trim_start_matches([' ', '\t']) };
            continue;
        }
        kept.push_str(before);
        kept.push_str(found);
        rest = next;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_goes_and_its_blank_with_it() {
        for (line, without) in [
            ("linux /vmlinuz ro ipv6.disable=1 quiet", "linux /vmlinuz ro quiet"),
            ("\tlinux /vmlinuz ro ipv6.disable=1", "\tlinux /vmlinuz ro"),
            ("GRUB_CMDLINE_LINUX=\"ipv6.disable=1\"", "GRUB_CMDLINE_LINUX=\"\""),
            ("GRUB_CMDLINE_LINUX=\"ipv6.disable=1 quiet\"", "GRUB_CMDLINE_LINUX=\"quiet\""),
            ("GRUB_CMDLINE_LINUX='a ipv6.disable=1'", "GRUB_CMDLINE_LINUX='a'"),
            ("ro xipv6.disable=1 ipv6.disable=10 ipv6.disable=0", "ro xipv6.disable=1 ipv6.disable=10 ipv6.disable=0"),
        ] {
            assert_eq!(without_word(line, "ipv6.disable=1"), without, "{line}");
        }
        assert_eq!(without_word("ro ipv6.disable-ipv6=1", "ipv6.disable_ipv6=1"), "ro");
    }

    #[test]
    fn the_environment_of_grub_keeps_its_size() {
        let text = "# GRUB Environment Block\nkernelopts=ro ipv6.disable=1\n####";
        let edits = of_file("/boot/grub2/grubenv", text, "ipv6.disable=1");
        let new: Vec<&String> = edits.iter().flat_map(|edit| if let Edit::Lines { new, .. } = edit { new.as_slice() } else { &[] }).collect();
        assert_eq!(new, ["kernelopts=ro", "###################"]);
    }
}
