//! Fixes of /etc/network/interfaces for ifupdown-ng and for BusyBox's ifup.

use super::is_unknown_to_busybox;
use crate::facts::{Edit, FileLine, Goal, UnitChange};
use crate::image::Image;
use crate::stacks::dhcpcd;
use crate::stacks::fixes::{Question, Step, indentation, insert_after, insert_before, lines, replace};
use crate::stacks::ifupdown::flavour::FILE;
use crate::stacks::ifupdown::interfaces_file::{Configuration, Stanza};

/// Commands by which it takes changed files over.
pub(crate) fn now(name: &str) -> Vec<String> {
    vec![format!("ifdown {name}; ifup {name}")]
}

/// The next step of ifupdown-ng.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let image = question.image;
    let configuration = Configuration::read(image, FILE).ok()??;
    let own: Vec<&Stanza> = configuration.stanzas.iter().filter(|stanza| stanza.name == question.nic.name).collect();
    match question.goal {
        Goal::Dhcpv6 if question.runs_dhcpv6() => not_at_boot(question, own.first()?),
        Goal::Dhcpv6 => {
            if !dhcpcd::is_installed(image) {
                let text = "Install dhcpcd, the only client that ifupdown-ng starts for DHCPv6: apk add dhcpcd. Then run v6check again.";
                return Some(Step::by_hand(text));
            }
            let uses = |stanza: &&&Stanza| {
                let by_option =
                    stanza.options.iter().any(|option| option.key() == "use" && option.value().split_whitespace().any(|word| word == "dhcp"));
                by_option || stanza.method.as_deref() == Some("dhcp")
            };
            match (own.iter().find(uses), own.first()) {
                (Some(_), _) => dhcpcd::fixes::let_in(image, &question.nic.name),
                (None, Some(stanza)) => Some(insert_after(image, &stanza.line.at, ["    use dhcp".to_owned()])?.into()),
                (None, None) => {
                    let name = &question.nic.name;
                    let lines = [String::new(), format!("auto {name}"), format!("iface {name}"), "    use dhcp".to_owned()];
                    Some(Edit::Append { path: FILE.to_owned(), lines: lines.into() }.into())
                }
            }
        }
        Goal::RouterAdvertisements => {
            let at = question.at_fault()?;
            let old = lines(image, at)?.concat();
            let key = old.split_whitespace().next().filter(|key| matches!(*key, "accept_ra" | "ipv6-accept-ra"))?;
            Some(replace(image, at, [format!("{}{key} {}", indentation(&old), question.accept_ra)])?.into())
        }
        _ => None,
    }
}

fn not_at_boot(question: &Question<'_>, first: &Stanza) -> Option<Step> {
    let image = question.image;
    let configuration = Configuration::read(image, FILE).ok()??;
    let name = &question.nic.name;
    if crate::stacks::ifupdown::at_boot(&configuration, name).is_none() {
        return Some(insert_before(image, &first.line.at, [format!("auto {name}")])?.into());
    }
    // No runlevel has the service.
    let link = ("/etc/runlevels/boot/networking".to_owned(), Some("/etc/init.d/networking".to_owned()));
    image.is_directory("/etc/runlevels").then(|| Edit::Unit { unit: "networking".to_owned(), change: UnitChange::Enable, links: vec![link] }.into())
}

/// Scripts of udhcpc6 that add the address.
const SCRIPTS: [&str; 4] =
    ["/etc/udhcpc/default6.script", "/usr/share/udhcpc/default6.script", "/etc/udhcpc/default.script", "/usr/share/udhcpc/default.script"];
const OWN_SCRIPT: &str = "/etc/udhcpc6.script";
const OWN_SCRIPT_TEXT: &str = "\
#!/bin/sh
case \"$1\" in
    deconfig) ip link set \"$interface\" up ;;
    bound|renew) ip -6 addr replace \"$ipv6/128\" dev \"$interface\" ;;
esac
";

/// The next step of BusyBox's ifup.
pub(crate) fn busybox(question: &Question<'_>) -> Option<Step> {
    if question.goal != Goal::Dhcpv6 {
        return None;
    }
    let image = question.image;
    let name = &question.nic.name;
    let configuration = Configuration::read(image, FILE).ok()??;
    // One method that it does not know makes it refuse the whole file, so that goes first.
    let refused: Option<Vec<Edit>> =
        configuration.stanzas.iter().filter(|stanza| is_unknown_to_busybox(stanza)).map(|stanza| manual(image, &stanza.line.at)).collect();
    let refused = refused?;
    if !refused.is_empty() {
        return Some(Step::edits(refused));
    }
    let own: Vec<&Stanza> = configuration.stanzas.iter().filter(|stanza| stanza.name == *name).collect();
    if question.runs_dhcpv6() {
        return not_at_boot(question, own.first()?);
    }
    let adds = |path: &&&str| image.text(path).is_ok_and(|text| ["$ipv6", "${ipv6"].iter().any(|variable| text.contains(variable)));
    let script = SCRIPTS.iter().find(adds).copied();
    let mut edits = Vec::new();
    if script.is_none() && !image.exists(OWN_SCRIPT) {
        edits.push(Edit::Write { path: OWN_SCRIPT.to_owned(), text: OWN_SCRIPT_TEXT.to_owned(), mode: 0o755 });
    }
    // The link-local address, which it asks from, takes its time.
    let command = ["    up sleep 3".to_owned(), format!("    up udhcpc6 -b -i {name} -s {}", script.unwrap_or(OWN_SCRIPT))];
    if let Some(stanza) = own.iter().find(|stanza| stanza.family.as_deref() == Some("inet6")) {
        edits.push(insert_after(image, &stanza.line.at, command)?);
    } else {
        let mut lines = vec![String::new()];
        lines.extend(own.is_empty().then(|| format!("auto {name}")));
        lines.push(format!("iface {name} inet6 manual"));
        lines.extend(command);
        edits.push(Edit::Append { path: FILE.to_owned(), lines });
    }
    Some(Step::edits(edits))
}

/// The stanza's line with the method `manual`.
fn manual(image: &Image, at: &FileLine) -> Option<Edit> {
    let line = lines(image, at)?.concat();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    *words.get_mut(3)? = "manual";
    replace(image, at, [format!("{}{}", indentation(&line), words.join(" "))])
}
