//! Fixes of modprobe.d: the line goes, or what it sets of the module ipv6.

use crate::facts::{Edit, Setting};
use crate::image::Image;
use crate::image::edits::{Step, delete, is_of_vendor, replace};

/// Where the administrator's files are: one there masks that of a package by its name.
const FOLDER: &str = "/etc/modprobe.d";

/// Takes away what the line says against IPv6.
pub(crate) fn without(image: &Image, setting: &Setting<String>) -> Option<Step> {
    let kept = kept(&setting.value);
    if !is_of_vendor(&setting.at.path) {
        return Some(match kept {
            Some(kept) => replace(image, &setting.at, [kept])?.into(),
            None => delete(image, &setting.at)?.into(),
        });
    }
    let nth = usize::try_from(setting.at.line).ok()?.checked_sub(1)?;
    let text = image.text(&setting.at.path).ok()?;
    let lines = text.lines().enumerate().filter_map(|(number, line)| if number == nth { kept.clone() } else { Some(line.to_owned()) });
    let text: String = lines.map(|line| line + "\n").collect();
    let file = setting.at.path.rsplit('/').next()?;
    // An empty file masks as well.
    Some(Edit::Write { path: format!("{FOLDER}/{file}"), text, mode: 0o644 }.into())
}

/// What stays of a line of options: those that switch nothing off.
fn kept(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["options", "ipv6", given @ ..] = &words[..] else { return None };
    let kept: Vec<&str> = given.iter().copied().filter(|word| !word.starts_with("disable=") && !word.starts_with("disable_ipv6=")).collect();
    (!kept.is_empty()).then(|| format!("options ipv6 {}", kept.join(" ")))
}
