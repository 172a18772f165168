//! Fixes of ifcfg-* and ifsysctl-* for wicked.

use super::FOLDER;
use crate::facts::{Edit, Goal};
use crate::stacks::fixes::{Question, Step, assign, lines};

/// Commands by which it takes changed files over.
pub(crate) fn now(name: &str) -> Vec<String> {
    vec![format!("wicked ifreload {name}")]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let at = question.at_fault();
    let name = &question.nic.name;
    let own = format!("{FOLDER}/ifcfg-{name}");
    let set = |path: &str, name: &str, value: &str| Edit::Variable { path: path.to_owned(), name: name.to_owned(), value: Some(value.to_owned()) };
    match question.goal {
        Goal::Dhcpv6 if question.runs_dhcpv6() => Some(set(&own, "STARTMODE", "'auto'").into()),
        Goal::Dhcpv6 => {
            if !question.image.exists(&own) {
                let text = "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n".to_owned();
                return Some(Edit::Write { path: own, text, mode: 0o600 }.into());
            }
            let at = at?;
            let line = lines(question.image, at).map(|lines| lines.concat()).unwrap_or_default();
            match line.trim_start().split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches(['"', '\'']).to_lowercase())) {
                Some(("DHCLIENT6_MODE", _)) => Some(set(&at.path, "DHCLIENT6_MODE", "'auto'").into()),
                // IPv4 stays as it is: by DHCP, or static.
                Some(("BOOTPROTO", value)) if value == "dhcp4" => Some(set(&own, "BOOTPROTO", "'dhcp'").into()),
                Some(("BOOTPROTO", value)) if value.is_empty() || value == "static" || value == "none" => {
                    Some(set(&own, "BOOTPROTO", "'dhcp6'").into())
                }
                Some(_) => None,
                None => Some(set(&own, "BOOTPROTO", "'dhcp6'").into()),
            }
        }
        Goal::RouterAdvertisements => {
            let own = format!("{FOLDER}/ifsysctl-{name}");
            if let Some(at) = at.filter(|at| at.path == own) {
                return Some(assign(question.image, at, &question.accept_ra.to_string())?.into());
            }
            // It comes after sysctl.d, and is for this interface alone.
            let line = format!("net.ipv6.conf.{}.accept_ra = {}", name.replace('.', "/"), question.accept_ra);
            Some(Edit::Append { path: own, lines: vec![line] }.into())
        }
        _ => None,
    }
}
