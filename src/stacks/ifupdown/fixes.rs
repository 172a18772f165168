//! Fixes of /etc/network/interfaces for Debian's ifupdown, and of the file of dhcpcd where that is what `inet dhcp` starts.

use super::{Configuration, FILE, Line, Stanza, UDHCPC, stanzas};
use crate::facts::{Edit, FileLine, Goal, RunsDhcpv6};
use crate::image::Image;
use crate::image::shell_variables::Variables;
use crate::stacks::fixes::{Question, Step, delete, indentation, insert_after, insert_before, lines, replace};
use crate::stacks::{dhclient, dhcpcd};

/// What ifupdown can start for DHCPv6 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// ISC dhclient, by `inet6 dhcp`.
    Dhclient,
    /// dhcpcd, by `inet dhcp`: it is the only client, and does IPv6 as well.
    Dhcpcd,
    None,
}

fn client(image: &Image) -> Client {
    if dhclient::binary(image).is_some() {
        Client::Dhclient
    } else if dhcpcd::is_installed(image) && !UDHCPC.iter().any(|path| image.exists(path)) {
        Client::Dhcpcd
    } else {
        Client::None
    }
}

/// Commands by which it takes changed files over.
pub(crate) fn now(name: &str) -> Vec<String> {
    vec![format!("ifdown {name}; ifup {name}")]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let configuration = Configuration::read(question.image, FILE).ok()??;
    let logical = super::at_boot(&configuration, &question.nic.name).map_or(&question.nic.name[..], |(_, logical)| logical);
    let own: Vec<Stanza> = stanzas(&configuration, logical);
    match question.goal {
        Goal::Dhcpv6 if question.runs_dhcpv6() => Some(not_at_boot(question, own.first()?)?.into()),
        Goal::Dhcpv6 => dhcpv6(question, &own),
        Goal::RouterAdvertisements => accept_ra(question, &own),
        _ => None,
    }
}

/// An `auto` line before the first stanza of the interface.
fn not_at_boot(question: &Question<'_>, first: &Stanza) -> Option<Edit> {
    insert_before(question.image, &first.line.at, [format!("auto {}", question.nic.name)])
}

fn dhcpv6(question: &Question<'_>, own: &[Stanza]) -> Option<Step> {
    let (image, name) = (question.image, &question.nic.name);
    let v6 = own.iter().find(|stanza| stanza.family.as_deref() == Some("inet6"));
    let v4 = own.iter().find(|stanza| stanza.family.as_deref() == Some("inet"));
    match client(image) {
        Client::None => Some(missing_client(image, name, v4.is_some_and(|stanza| stanza.is("inet", "dhcp")))),
        Client::Dhclient => match (v6, v4) {
            (Some(stanza), _) => by_dhclient(question, stanza),
            (None, Some(stanza)) => {
                let mut new = vec![String::new(), format!("iface {} inet6 dhcp", stanza.name)];
                new.push(format!("    accept_ra {}", question.accept_ra));
                Some(insert_after(image, &end(stanza), new)?.into())
            }
            (None, None) => {
                let lines = ["", &format!("auto {name}"), &format!("iface {name} inet6 dhcp"), &format!("    accept_ra {}", question.accept_ra)];
                Some(Edit::Append { path: FILE.to_owned(), lines: lines.map(str::to_owned).into() }.into())
            }
        },
        Client::Dhcpcd => match (v4, v6) {
            (Some(stanza), _) if stanza.is("inet", "dhcp") => match v6.filter(|_| question.intent.dhcpv6.value == RunsDhcpv6::NoClient) {
                // inet6 dhcp is for ISC dhclient, and fails without it.
                Some(v6) => Some(Step::edits(without_stanza(image, v6)?)),
                None => dhcpcd::fixes::let_in(image, name),
            },
            (Some(stanza), _) => Some(method(image, stanza, "dhcp")?.into()),
            (None, Some(stanza)) => Some(replace(image, &stanza.line.at, [format!("iface {} inet dhcp", stanza.name)])?.into()),
            (None, None) => {
                let lines = ["", &format!("auto {name}"), &format!("iface {name} inet dhcp")].map(str::to_owned);
                Some(Edit::Append { path: FILE.to_owned(), lines: lines.into() }.into())
            }
        },
    }
}

/// `inet6 dhcp` in the place of another method, without the options that only that one has.
fn by_dhclient(question: &Question<'_>, stanza: &Stanza) -> Option<Step> {
    const OF_STATIC: [&str; 5] = ["address", "netmask", "gateway", "endpoint", "scope"];
    let mut edits = vec![method(question.image, stanza, "dhcp")?];
    // From the end, so that the numbers of the lines before stay.
    for option in stanza.options.iter().rev().filter(|option| OF_STATIC.contains(&option.key()) || option.text == "dhcp 1") {
        edits.insert(0, delete(question.image, &option.at)?);
    }
    Some(Step::edits(edits))
}

/// The stanza's line with another method.
fn method(image: &Image, stanza: &Stanza, method: &str) -> Option<Edit> {
    let line = lines(image, &stanza.line.at)?.concat();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    *words.get_mut(3)? = method;
    replace(image, &stanza.line.at, [format!("{}{}", indentation(&line), words.join(" "))])
}

/// The stanza goes, its options with it.
fn without_stanza(image: &Image, stanza: &Stanza) -> Option<Vec<Edit>> {
    let own = stanza.options.iter().filter(|option| option.at.path == stanza.line.at.path && option.at.line > stanza.line.at.line);
    let mut places: Vec<&FileLine> = own.map(|option| &option.at).chain([&stanza.line.at]).collect();
    places.sort();
    places.into_iter().rev().map(|at| delete(image, at)).collect()
}

/// The last line of a stanza.
fn end(stanza: &Stanza) -> FileLine {
    let own = stanza.options.iter().map(|option| &option.at).filter(|at| at.path == stanza.line.at.path);
    own.chain([&stanza.line.at]).max().cloned().unwrap_or_else(|| stanza.line.at.clone())
}

fn missing_client(image: &Image, name: &str, has_inet_dhcp: bool) -> Step {
    let system = Variables::read(image, "/etc/os-release").ok().flatten().unwrap_or_default();
    let of = |name: &str| system.get(name).map_or("", |setting| &setting.value[..]);
    let version = of("VERSION_ID").split('.').next().and_then(|version| version.parse::<u32>().ok());
    let old = matches!((of("ID"), version), ("debian", Some(..13)) | ("ubuntu", Some(..25)));
    Step::by_hand(if old {
        "Install ISC dhclient, without which ifupdown runs no DHCPv6: apt-get install isc-dhcp-client. Then run v6check again.".to_owned()
    } else {
        let stanza = if has_inet_dhcp { String::new() } else { format!(" and write `iface {name} inet dhcp`, by which ifupdown starts it,") };
        format!(
            "Install dhcpcd, which runs DHCPv6 where no ISC dhclient is: apt-get install dhcpcd-base{stanza} and no `inet6 dhcp`. Then run v6check again."
        )
    })
}

/// The option by which the last stanza that writes `accept_ra` does so.
fn accept_ra(question: &Question<'_>, own: &[Stanza]) -> Option<Step> {
    let at = question.at_fault()?;
    let is_at = |line: &Line| line.at == *at;
    let value = format!("accept_ra {}", question.accept_ra);
    for stanza in own {
        if let Some(option) = stanza.options.iter().find(|option| is_at(option) && option.key() == "accept_ra") {
            let old = lines(question.image, &option.at)?.concat();
            return Some(replace(question.image, &option.at, [format!("{}{value}", indentation(&old))])?.into());
        }
        if is_at(&stanza.line) || stanza.options.iter().any(is_at) {
            return Some(insert_after(question.image, &stanza.line.at, [format!("    {value}")])?.into());
        }
    }
    None
}
