//! Fixes of `.network` files and their drop-ins: the line at fault where an administrator wrote it, a drop-in where a package did.

use crate::facts::{Edit, FileLine, Goal};
use crate::image::Image;
use crate::image::ini::systemd::Assignments;
use crate::stacks::fixes::{OWN, Question, Step, assign, insert_after, is_of_vendor, lines};

const FOLDER: &str = "/etc/systemd/network";

/// Commands by which it takes changed files over.
pub(crate) fn now(name: &str) -> Vec<String> {
    vec!["networkctl reload".to_owned(), format!("networkctl reconfigure {name}")]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    match question.goal {
        Goal::Dhcpv6 | Goal::RouterAdvertisements => {}
        _ => return None,
    }
    let at = question.at_fault()?;
    if at.path == FOLDER {
        return Some(own_file(&question.nic.name).into());
    }
    line(question.image, at)
}

/// What changes the one line of a `.network` file, of a drop-in or of networkd.conf.
pub(crate) fn line(image: &Image, at: &FileLine) -> Option<Step> {
    let text = image.text(&at.path).ok()?;
    let found = Assignments::parse(&at.path, &text).0.into_iter().find(|assignment| assignment.at == *at)?;
    // What the line has to say.
    let value = match &found.key[..] {
        // DHCP= has one word for both families.
        "IPv6AcceptRA" | "IPv6AcceptRouterAdvertisements" | "DHCPv6Client" | "UseAddress" | "DHCP" => "yes",
        "LinkLocalAddressing" => "ipv6",
        "Unmanaged" => "no",
        "ActivationPolicy" => "up",
        "WithoutRA" => "solicit",
        // They make a router of the interface unless it is told that it is none.
        "IPForward" | "IPv6Forwarding" | "IPMasquerade" | "IPv6SendRA" | "IPv6PrefixDelegation" => {
            return Some(as_host(image, at, &found.section)?.into());
        }
        "Bond" | "Bridge" => {
            let text =
                format!("{at} makes it a port of another interface, which then has the addresses: check that interface, or take the line out.");
            return Some(Step::by_hand(text));
        }
        _ => return None,
    };
    if is_of_vendor(&at.path) {
        let (section, key) = (found.section, found.key);
        return Some(Edit::Key { path: drop_in(&at.path)?, section, key, value: Some(value.to_owned()) }.into());
    }
    Some(assign(image, at, value)?.into())
}

/// `IPv6AcceptRA=yes` beside the line that makes a router of the interface.
fn as_host(image: &Image, at: &FileLine, section: &str) -> Option<Edit> {
    let (key, yes) = ("IPv6AcceptRA", "yes");
    if at.path.contains("/networkd.conf") || section != "Network" {
        return None;
    }
    if is_of_vendor(&at.path) {
        return Some(Edit::Key { path: drop_in(&at.path)?, section: section.to_owned(), key: key.to_owned(), value: Some(yes.to_owned()) });
    }
    let line = lines(image, at)?.concat();
    insert_after(image, at, [format!("{}{key}={yes}", crate::stacks::fixes::indentation(&line))])
}

/// The drop-in of ours for a file, or for the file that a drop-in belongs to.
fn drop_in(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    let file = match folder.rsplit_once('/')?.1.strip_suffix(".d") {
        Some(file) => file,
        None => name,
    };
    // Behind those of the others by its name.
    Some(format!("{FOLDER}/{file}.d/zz-{OWN}.conf"))
}

/// A `.network` file for an interface that none is for.
fn own_file(name: &str) -> Edit {
    let text = format!("[Match]\nName={name}\n\n[Network]\nDHCP=yes\n");
    Edit::Write { path: format!("{FOLDER}/60-{OWN}-{name}.network"), text, mode: 0o644 }
}

/// Whether `path` is a file that systemd-networkd reads.
pub(crate) fn is_own(path: &str) -> bool {
    path.contains("/systemd/network/") || path.contains("/systemd/networkd.conf")
}
