//! ISC dhclient, where it is the client, makes its addresses /128.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Place, Subject, Table};
use crate::facts::{Dhclient, FileLine, Process, RunsDhcpv6, StackId, Tense, Tenses, Unknown};

/// The address that dhclient made decides; where it has made none yet, its script, its option and its version do. Up to ISC DHCP 4.3 it
/// passes 64 to its script, from 4.4.0 on 128; Debian's script ignores the length, which makes it 128.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DhclientPrefixLength {
    /// The length in bits.
    length: u8,
}

impl Kind for DhclientPrefixLength {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (_, tenses) = subject.on_interface()?;
        if !is_client(subject, tenses)? {
            return Ok(Finding::skip("ISC dhclient is not the DHCPv6 client here"));
        }
        let expected = format!("dhclient makes its addresses /{}", self.length);
        if subject.facts.run.image.is_none()
            && let Some(finding) = self.by_address(&expected, subject)?
        {
            return Ok(finding);
        }
        let Some(dhclient) = subject.facts.intent.dhclient.get()? else {
            return Ok(Finding::inconclusive("dhclient runs, but its program was not found, so its version is not known"));
        };
        Ok(self.by_installation(expected, dhclient, running(subject, tenses)))
    }
}

fn is_client(subject: &Subject<'_>, tenses: &Tenses) -> Result<bool, Unknown> {
    if subject.facts.run.image.is_some() {
        return by_intent(subject, tenses);
    }
    let clients = tenses.state.owners.dhcpv6.get();
    if clients.as_ref().is_ok_and(|clients| clients.iter().any(|client| client.id() == Some(StackId::Dhclient))) {
        return Ok(true);
    }
    if clients.as_ref().is_ok_and(|clients| !clients.is_empty()) {
        return Ok(false);
    }
    if by_intent(subject, tenses).is_ok_and(|is_client| is_client) { Ok(true) } else { clients.map(|_| false) }
}

/// Whether the files have dhclient make its addresses /128, where it is what they start.
///
/// # Errors
/// They could not be read.
pub(super) fn by_files(subject: &Subject<'_>) -> Judgement {
    let (_, tenses) = subject.on_interface()?;
    if !by_intent(subject, tenses)? {
        return Ok(Finding::skip("ISC dhclient is not the DHCPv6 client here"));
    }
    match subject.facts.intent.dhclient.get()? {
        Some(dhclient) => {
            Ok(DhclientPrefixLength { length: ADDRESS }.by_installation("dhclient makes its addresses /128".to_owned(), dhclient, None))
        }
        None => Ok(Finding::inconclusive("the program of dhclient was not found")),
    }
}

/// The length of an address without a prefix.
const ADDRESS: u8 = 128;

fn by_intent(subject: &Subject<'_>, tenses: &Tenses) -> Result<bool, Unknown> {
    // Nobody starts what is not there, whoever is in charge.
    if subject.facts.intent.dhclient.get().is_ok_and(Option::is_none) {
        return Ok(false);
    }
    let intent = tenses.intent.stack.get()?;
    let starts = match intent.dhcpv6.value {
        RunsDhcpv6::No | RunsDhcpv6::NoClient => false,
        RunsDhcpv6::CannotTell => {
            return Err(Unknown::new(format!("whether dhclient is started cannot be said: {}: {}", intent.dhcpv6.at, intent.dhcpv6.text)));
        }
        RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged => {
            let unnamed = || Unknown::new(format!("the facts do not say which client runs DHCPv6 for {}", intent.stack));
            intent.client.ok_or_else(unnamed)? == StackId::Dhclient
        }
    };
    Ok(starts && subject.facts.intent.dhclient.get()?.is_some())
}

fn running<'a>(subject: &'a Subject<'_>, tenses: &Tenses) -> Option<&'a Process> {
    let client = tenses.state.owners.dhcpv6.get().ok()?.iter().find(|client| client.id() == Some(StackId::Dhclient))?;
    subject.facts.state.processes.get().ok()?.iter().find(|process| Some(process.pid) == client.pid)
}

impl DhclientPrefixLength {
    fn by_address(&self, expected: &str, subject: &Subject<'_>) -> Result<Option<Finding>, Unknown> {
        let held = subject.origins()?.dhcpv6();
        let Some(shown) = held.iter().find(|held| held.address.prefix_length != self.length).or(held.first()) else { return Ok(None) };
        let text = shown.text();
        let finding = if shown.address.prefix_length == self.length {
            Finding::pass(expected, text.clone())
        } else {
            Finding::fail(
                expected,
                text.clone(),
                format!("dhclient makes its addresses /{}: it has no fix for the prefix length", shown.address.prefix_length),
            )
        };
        Ok(Some(finding.with(Tense::State, Table::Addresses, text)))
    }

    fn by_installation(&self, expected: String, dhclient: &Dhclient, running: Option<&Process>) -> Finding {
        let version = dhclient.version.clone().unwrap_or_else(|| "of unknown version".into());
        let evidence = |at: &FileLine, value: String| Evidence::new(Tense::Intent, at, value);
        let whole = |path: &str, value: String| evidence(&FileLine::whole(path), value);
        let of_version = whole(&dhclient.path, format!("ISC dhclient {version}"));
        let Some(script) = &dhclient.script else {
            return Finding::inconclusive(format!("{} has no script that could install an address", dhclient.path)).with_all([of_version]);
        };
        let Some(used) = &script.uses_length else {
            let seen = format!("{} ignores the length, so that the kernel makes it 128", script.path);
            return Finding::pass(expected, seen).with_all([of_version, whole(&script.path, "no use of new_ip6_prefixlen".into())]);
        };
        let used = evidence(used, "uses new_ip6_prefixlen".into());
        if let Some(set) = &script.sets_128 {
            let set = evidence(set, "new_ip6_prefixlen=128".into());
            return Finding::pass(expected, "the script sets new_ip6_prefixlen=128").with_all([of_version, set, used]);
        }
        if let Some(length) = running.and_then(length_option) {
            let option = Evidence::new(Tense::State, Place::Words("arguments of dhclient".into()), format!("--address-prefix-len {length}"));
            let seen = format!("it was started with --address-prefix-len {length}");
            let finding = if length == self.length.to_string() {
                Finding::pass(expected, seen)
            } else {
                Finding::fail(expected, seen.clone(), format!("{seen}, so its addresses are /{length}"))
            };
            return finding.with_all([option, of_version, used]);
        }
        let fixed = dhclient.has_prefix_length_option || dhclient.version.as_deref().and_then(at_least_4_4).unwrap_or(false);
        let finding = if fixed {
            Finding::pass(expected, format!("ISC dhclient {version} passes 128 to its script"))
        } else if dhclient.version.is_some() {
            let message = format!("ISC dhclient {version} passes 64 to its script, which uses it: the next address will be a /64");
            Finding::fail(expected, format!("ISC dhclient {version} and no fix"), message)
        } else {
            Finding::inconclusive(format!("the version of {} is not known", dhclient.path))
        };
        finding.with_all([of_version, used])
    }
}

/// Value of `--address-prefix-len` among a process's arguments.
fn length_option(process: &Process) -> Option<&str> {
    let at = process.arguments.iter().position(|argument| argument == "--address-prefix-len")?;
    process.arguments.get(at + 1).map(String::as_str)
}

/// Whether a version such as `4.4.3-P1` is 4.4.0 or later; `None` if it is none.
fn at_least_4_4(version: &str) -> Option<bool> {
    let mut numbers = version.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((major, minor) >= (4, 4))
}
