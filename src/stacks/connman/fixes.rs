//! Fixes of what ConnMan keeps below /var/lib/connman, and of main.conf.

use super::{BLACKLIST, MAIN};
use crate::facts::{Edit, Goal};
use crate::image::ini;
use crate::stacks::fixes::{Question, Step, assign};

/// Commands by which it takes changed files over.
pub(crate) fn now(_: &str) -> Vec<String> {
    vec!["systemctl restart connman".to_owned()]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    if !matches!(question.goal, Goal::Dhcpv6 | Goal::RouterAdvertisements) {
        return None;
    }
    let at = question.at_fault()?;
    let image = question.image;
    if at.path == MAIN && at.line == 0 {
        // Only the list that is built in keeps it away by default.
        let kept: Vec<&str> = BLACKLIST.split(',').filter(|start| !question.nic.name.starts_with(start)).collect();
        return Some(key(MAIN, "General", "NetworkInterfaceBlacklist", &kept.join(",")).into());
    }
    let text = image.text(&at.path).ok()?;
    let found = ini::assignments(&text).find(|found| found.line == at.line)?;
    let value = match found.key {
        "IPv6" | "IPv6.method" => "auto".to_owned(),
        "Enable" | "AutoConnect" => "true".to_owned(),
        "DefaultAutoConnectTechnologies" => format!("{},ethernet", found.value),
        "NetworkInterfaceBlacklist" => {
            let kept: Vec<&str> = found.value.split([',', ';']).map(str::trim).filter(|start| !question.nic.name.starts_with(start)).collect();
            kept.join(",")
        }
        _ => return None,
    };
    Some(assign(image, at, &value)?.into())
}

fn key(path: &str, section: &str, key: &str, value: &str) -> Edit {
    Edit::Key { path: path.to_owned(), section: section.to_owned(), key: key.to_owned(), value: Some(value.to_owned()) }
}
