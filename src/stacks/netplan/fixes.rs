//! Fixes of netplan's files: the line at fault, or keys of a file of our own where cloud-init writes that file anew for each instance.

use super::definitions;
use crate::facts::{Edit, FileLine, Goal};
use crate::image::Image;
use crate::stacks::fixes::{OWN, Question, Step, delete, indentation, is_of_vendor, lines, replace};
use crate::stacks::networkd;
use crate::stacks::{Fits, given};

/// Behind the files of cloud-init and of installers by its name.
const FOLDER: &str = "/etc/netplan";

/// Commands by which it takes changed files over.
pub(crate) fn now(_: &str) -> Vec<String> {
    vec!["netplan apply".to_owned()]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let at = question.at_fault()?;
    if networkd::fixes::is_own(&at.path) {
        return networkd::fixes::line(question.image, at);
    }
    let wanted: &[(&str, &str)] = match question.goal {
        Goal::Dhcpv6 => &[("dhcp6", "true"), ("accept-ra", "true")],
        Goal::RouterAdvertisements => &[("accept-ra", "true")],
        _ => return None,
    };
    line(question.image, at).or_else(|| own_file(question, wanted))
}

/// The line at fault, where it is one of a key and its value that stays.
fn line(image: &Image, at: &FileLine) -> Option<Step> {
    let written_anew = at.path.ends_with("/50-cloud-init.yaml");
    let old = lines(image, at)?.concat();
    let (key, _) = old.trim_start().split_once(':')?;
    let value = match key {
        "accept-ra" | "dhcp6" => "true",
        "link-local" if !written_anew && old.contains('[') => "[ ipv6 ]",
        // A definition without any key is none, so another one takes its place.
        "activation-mode" if image.text(&at.path).is_ok_and(|text| !text.contains("dhcp6:")) => {
            return Some(replace(image, at, [format!("{}dhcp6: true", indentation(&old))])?.into());
        }
        "activation-mode" => return Some(delete(image, at)?.into()),
        _ => return None,
    };
    if written_anew || is_of_vendor(&at.path) || at.path.starts_with("/run/") {
        return None;
    }
    Some(replace(image, at, [format!("{}{key}: {value}", indentation(&old))])?.into())
}

/// The keys in a file that nobody else writes.
fn own_file(question: &Question<'_>, wanted: &[(&str, &str)]) -> Option<Step> {
    let definitions = definitions(question.image, &given(question.image, std::slice::from_ref(question.nic))).ok()?;
    let definition = definitions.all().find(|definition| definition.fits(question.nic) == Fits::Yes)?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if !definition.id.chars().all(plain) {
        return None;
    }
    let mut text = format!("network:\n  version: 2\n  {}:\n    {}:\n", definition.kind, definition.id);
    for (key, value) in wanted {
        text += &["      ", key, ": ", value, "\n"].concat();
    }
    if definition.value("link-local").is_some() {
        text.push_str("      link-local: [ ipv6 ]\n");
    }
    Some(Edit::Write { path: format!("{FOLDER}/99-{OWN}-{}.yaml", definition.id), text, mode: 0o600 }.into())
}
