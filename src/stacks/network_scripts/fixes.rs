//! Fixes of the files ifcfg-* for Red Hat's network scripts.

use crate::facts::{Edit, FileLine, Goal, RunsDhcpv6};
use crate::stacks::fixes::{Question, Step, lines};
use crate::stacks::ifcfg::{self, GLOBAL};

/// Commands by which it takes changed files over.
pub(crate) fn now(_: &str) -> Vec<String> {
    vec!["service network restart".to_owned()]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let at = question.at_fault()?;
    let own = if at.path.starts_with(ifcfg::FOLDER) && at.path != ifcfg::FOLDER { at.path.clone() } else { own_file(question) };
    let set = |name: &str, value: &str| Edit::Variable { path: own.clone(), name: name.to_owned(), value: Some(value.to_owned()) };
    match question.goal {
        Goal::Dhcpv6 if question.runs_dhcpv6() => Some(set("ONBOOT", "yes").into()),
        Goal::Dhcpv6 if question.intent.dhcpv6.value == RunsDhcpv6::NoClient => {
            let text = "Install the DHCPv6 client that the network scripts start: yum install dhclient (dhcp-client since release 8). Then run v6check again.";
            Some(Step::by_hand(text))
        }
        Goal::Dhcpv6 => dhcpv6(question, at, &own),
        Goal::RouterAdvertisements => accept_ra(question, at, &own),
        _ => None,
    }
}

/// The file of the interface, which is made where it is not there.
fn own_file(question: &Question<'_>) -> String {
    format!("{}/ifcfg-{}", ifcfg::FOLDER, question.nic.name)
}

fn dhcpv6(question: &Question<'_>, at: &FileLine, own: &str) -> Option<Step> {
    let set = |name: &str, value: Option<&str>| Edit::Variable { path: own.to_owned(), name: name.to_owned(), value: value.map(str::to_owned) };
    if at.path == ifcfg::FOLDER {
        let text = format!("DEVICE={}\nONBOOT=yes\nBOOTPROTO=dhcp\nIPV6INIT=yes\nDHCPV6C=yes\n", question.nic.name);
        return Some(Edit::Write { path: own.to_owned(), text, mode: 0o644 }.into());
    }
    match name_at(question, at).as_deref() {
        Some("DHCPV6C_OPTIONS") => Some(Edit::Variable { path: at.path.clone(), name: "DHCPV6C_OPTIONS".to_owned(), value: None }.into()),
        Some("MASTER" | "BRIDGE" | "TEAM_MASTER") => Some(Step::by_hand(format!(
            "{at} makes {} a port of another interface, which then has the addresses: check that interface, or take the line out.",
            question.nic.name
        ))),
        // The page has both, and release 6 and before need both.
        None | Some("DHCPV6C" | "IPV6INIT") => Some(Step::edits([set("IPV6INIT", Some("yes")), set("DHCPV6C", Some("yes"))])),
        _ => None,
    }
}

fn accept_ra(question: &Question<'_>, at: &FileLine, own: &str) -> Option<Step> {
    let set = |name: &str| Edit::Variable { path: own.to_owned(), name: name.to_owned(), value: Some("yes".to_owned()) };
    match name_at(question, at).as_deref() {
        // With forwarding ifup-ipv6 writes 2 where this is yes, and 0 else.
        Some("IPV6FORWARDING" | "IPV6_AUTOCONF") => Some(Step::edits([set("IPV6INIT"), set("IPV6_AUTOCONF")])),
        _ => None,
    }
}

/// The variable that the line sets.
fn name_at(question: &Question<'_>, at: &FileLine) -> Option<String> {
    let line = lines(question.image, at).filter(|_| at.path.starts_with(ifcfg::FOLDER) || at.path == GLOBAL)?.concat();
    let (name, _) = line.trim_start().trim_start_matches("export ").split_once('=')?;
    Some(name.trim().to_owned())
}
