//! Fixes of dhcpcd.conf: the lines that keep dhcpcd from an interface or from IPv6.

use super::{FILE, Line, lines};
use crate::facts::{Edit, FileLine, Goal};
use crate::image::{Image, matches};
use crate::stacks::fixes::{Question, Step, delete, replace};

/// Commands by which it takes changed files over.
pub(crate) fn now(_: &str) -> Vec<String> {
    vec!["systemctl restart dhcpcd".to_owned()]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    match question.goal {
        Goal::Dhcpv6 | Goal::RouterAdvertisements => let_in(question.image, &question.nic.name),
        _ => None,
    }
}

/// Takes out of dhcpcd.conf what keeps dhcpcd from taking Router Advertisements and running DHCPv6 on the interface.
pub(crate) fn let_in(image: &Image, name: &str) -> Option<Step> {
    const OFF: [&str; 4] = ["noipv6", "noipv6rs", "ipv4only", "nodhcp6"];
    let all = lines(image, FILE).ok()?;
    if let Some(denied) = super::kept_away(&all, name) {
        return Some(allowed(image, &denied.at, name)?.into());
    }
    let inside: Vec<&Line> = super::block(&all, name, false).collect();
    let mut off: Vec<&Line> = inside.iter().copied().filter(|line| OFF.contains(&&line.key[..])).collect();
    if off.is_empty() && !inside.iter().any(|line| matches!(&line.key[..], "ia_na" | "ia_ta")) {
        // Asked for a prefix alone, it asks for no address.
        let prefix = inside.iter().rfind(|line| line.key == "ia_pd")?;
        let at = prefix.at.clone();
        return Some(crate::stacks::fixes::insert_before(image, &at, ["ia_na".to_owned()])?.into());
    }
    off.reverse();
    let edits: Option<Vec<Edit>> = off.into_iter().map(|line| delete(image, &line.at)).collect();
    edits.filter(|edits| !edits.is_empty()).map(Step::edits)
}

/// A line `denyinterfaces` without the interface, or `allowinterfaces` with it.
fn allowed(image: &Image, at: &FileLine, name: &str) -> Option<Edit> {
    let line = crate::stacks::fixes::lines(image, at)?.concat();
    let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let key = words.next()?;
    if key == "allowinterfaces" {
        return replace(image, at, [format!("{} {name}", line.trim_end())]);
    }
    let kept: Vec<&str> = words.filter(|pattern| !matches(pattern, name)).collect();
    if kept.is_empty() { delete(image, at) } else { replace(image, at, [format!("{key} {}", kept.join(" "))]) }
}
