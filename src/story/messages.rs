//! What went over the wire, in words.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Map, Value};

use super::{Actor, Told, Words, list, remember, same_prefix};
use crate::exchange::advertisement::ReceivedAdvertisement;
use crate::exchange::answer::{associations, taken_addresses};
use crate::facts::{Direction, SeenFrame, TransportChecksum, hexadecimal};
use crate::wire::dhcpv6::{self, DhcpOption, kind, kind_name, status, status_name};
use crate::wire::frame::{Frame, Payload};
use crate::wire::message::Message;
use crate::wire::ndp::{NdOption, PrefixInformation, RouterAdvertisement};
use crate::wire::{Flaw, dhcpv4, mld};

/// A, of the flags of prefix information (RFC 4861 section 4.6.2).
const AUTONOMOUS: u8 = 0x40;
/// L.
const ON_LINK: u8 = 0x80;
/// Rapid Commit (RFC 8415 section 21.14).
const RAPID_COMMIT: u16 = 14;
/// As many characters of a text that a server sent.
const MOST_OF_A_TEXT: usize = 60;

/// What was said on the link so far.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    routers: Vec<Ipv6Addr>,
    /// Servers by DUID, and the address that they speak from.
    servers: Vec<(Vec<u8>, Ipv6Addr)>,
    /// Addresses that a Reply gave.
    leased: Vec<Ipv6Addr>,
    /// Prefixes for SLAAC.
    autonomous: Vec<(Ipv6Addr, u8)>,
    /// Addresses that the guest tested.
    tested: Vec<Ipv6Addr>,
    /// The last RA that is not one of a default router: from whom and when.
    withdrawn: Option<(Ipv6Addr, u64)>,
}

impl Conversation {
    /// Whether a Reply gave `address`.
    pub(super) fn leased(&self, address: Ipv6Addr) -> bool {
        self.leased.contains(&address)
    }

    /// Whether `address` is in a prefix for SLAAC.
    pub(super) fn autonomous(&self, address: Ipv6Addr) -> bool {
        self.autonomous.iter().any(|(prefix, length)| same_prefix(*prefix, address, *length))
    }

    /// Whether `router` said, not longer than `within_us` ago, that it is no default router.
    pub(super) fn withdrawn(&self, router: IpAddr, at_us: u64, within_us: u64) -> bool {
        self.withdrawn.is_some_and(|(from, since)| router == from && at_us.saturating_sub(since) <= within_us)
    }

    /// A frame in words.
    pub(super) fn tell(&mut self, at_us: u64, seen: &SeenFrame) -> Told {
        let SeenFrame { direction, checksum, cut, bytes } = seen;
        let received = *direction == Direction::Received;
        let mut flaws = Vec::new();
        let (mut words, by, to) = match Frame::parse(bytes) {
            Some((frame, of_frame)) => {
                let (message, of_message) = Message::of(&frame);
                flaws = of_frame;
                flaws.extend(of_message);
                let known = *checksum == TransportChecksum::Complete && !cut;
                let (words, by, to) = self.message(at_us, &frame, &message, (received, known));
                let wrong = known && frame.payload.checksum_right() == Some(false);
                (if wrong { marked(words, "wrong_checksum", "wrong checksum") } else { words }, by, to)
            }
            None => match dhcpv4::Message::parse(bytes) {
                Some(message) => (dhcpv4_words(&message), Actor::Server, Actor::Server),
                None => (Words::new("other", format!("a frame of {} bytes that is not IPv6", bytes.len())), Actor::Others, Actor::Others),
            },
        };
        if *direction == Direction::Sent {
            words = marked(words, "own", "v6check's own");
        }
        if *cut {
            words = marked(words, "cut", "cut");
        } else if let Some(Flaw { what, .. }) = flaws.first() {
            words = marked(words, "malformed", &format!("malformed: {what}"));
        }
        if received { words.told(at_us, by, Actor::Guest) } else { words.told(at_us, Actor::Guest, to) }
    }

    /// The words, who says such a thing to a guest, and to whom a guest says it.
    fn message(&mut self, at_us: u64, frame: &Frame<'_>, message: &Message, (received, checksum_known): (bool, bool)) -> (Words, Actor, Actor) {
        let source = frame.source;
        let party = |routers: &[Ipv6Addr], address: Ipv6Addr| if routers.contains(&address) { Actor::Router } else { Actor::Others };
        let from = party(&self.routers, source);
        let unnamed = |what: &str| if source.is_unspecified() { format!("{what} from ::") } else { what.to_owned() };
        match message {
            Message::RouterSolicitation(_) => (Words::new("router_solicitation", unnamed("RS")), from, Actor::Router),
            Message::RouterAdvertisement(advertisement) => {
                let valid = || ReceivedAdvertisement::of(frame, checksum_known).is_some_and(|received| received.invalid().is_none());
                if received && valid() {
                    self.hear_router(at_us, source, advertisement);
                }
                (advertisement_words(source, advertisement), Actor::Router, Actor::Others)
            }
            Message::NeighborSolicitation(it) => {
                let dad = source.is_unspecified();
                let kind = if dad { "duplicate_address_detection" } else { "neighbor_solicitation" };
                if dad && !received {
                    remember(&mut self.tested, it.target);
                }
                let to = if dad { Actor::Others } else { party(&self.routers, it.target) };
                let text = format!("{} {}", if dad { "DAD NS" } else { "NS" }, it.target);
                (Words::new(kind, text).with("target", it.target.to_string()), from, to)
            }
            Message::NeighborAdvertisement(it) => {
                let taken = received && self.tested.contains(&it.target);
                let text = format!("NA {}{}", it.target, if taken { ": duplicate address" } else { "" });
                let to = party(&self.routers, frame.destination);
                (Words::new("neighbor_advertisement", text).with("target", it.target.to_string()), from, to)
            }
            Message::Redirect => (Words::new("redirect", format!("Redirect from {source}")), Actor::Router, Actor::Others),
            Message::ListenerReport(report) => (report_words(report), from, Actor::Router),
            Message::FromClient(message) => (self.client_words(message), Actor::Others, Actor::Server),
            Message::ToClient(message) => {
                if received {
                    self.hear_server(source, message);
                }
                (server_words(message), Actor::Server, Actor::Others)
            }
            Message::Other => (Words::new("other", other(&frame.payload)), from, Actor::Others),
        }
    }

    fn hear_router(&mut self, at_us: u64, source: Ipv6Addr, advertisement: &RouterAdvertisement) {
        remember(&mut self.routers, source);
        if advertisement.lifetime_s == 0 {
            self.withdrawn = Some((source, at_us));
        }
        for prefix in advertisement.prefixes().filter(|prefix| prefix.flags & AUTONOMOUS != 0) {
            remember(&mut self.autonomous, (prefix.prefix, prefix.length));
        }
    }

    fn hear_server(&mut self, source: Ipv6Addr, message: &dhcpv6::Message) {
        if let Some(duid) = message.server_id() {
            remember(&mut self.servers, (duid.to_vec(), source));
        }
        if message.kind == kind::REPLY {
            for address in associations(&message.options).flat_map(|association| taken_addresses(&association)) {
                remember(&mut self.leased, address);
            }
        }
    }

    /// A message of a client's: `Solicit xid 1a2b3c IA 1`, `Request xid 1a2b3d 2001:db8::10 to server fe80::1`.
    fn client_words(&self, message: &dhcpv6::Message) -> Words {
        let mut text = format!("{} xid {:06x}", kind_name(message.kind), message.transaction_id);
        let asked: Vec<String> = addresses(message).iter().map(|(address, ..)| address.to_string()).collect();
        let associations: Vec<String> = iaids(message).iter().map(|iaid| format!("{iaid:x}")).collect();
        if message.kind == kind::SOLICIT || asked.is_empty() {
            if !associations.is_empty() {
                text.extend([" IA ", &list(&associations)]);
            } else if message.kind == kind::SOLICIT {
                text.push_str(" without IA_NA");
            }
        }
        if !asked.is_empty() {
            text.extend([" ", &list(&asked)]);
        }
        for option in &message.options {
            match option {
                DhcpOption::Other(RAPID_COMMIT, _) => text.push_str(" rapid commit"),
                DhcpOption::IaPd { .. } => text.push_str(" IA_PD"),
                _ => {}
            }
        }
        if let Some(duid) = message.server_id() {
            let known = self.servers.iter().find(|(known, _)| known == duid);
            let server = known.map_or_else(|| format!("DUID {}", short(&hexadecimal(duid), 28)), |(_, address)| address.to_string());
            text.extend([" to server ", &server]);
        }
        dhcpv6_fields(message, text)
    }
}

/// Adds a remark to the text, and a field that says so to programs.
fn marked(mut words: Words, name: &str, remark: &str) -> Words {
    words.text.extend([" [", remark, "]"]);
    words.with(name, true)
}

fn advertisement_words(source: Ipv6Addr, advertisement: &RouterAdvertisement) -> Words {
    let (managed, other) = (advertisement.managed(), advertisement.other());
    let flag = |set: bool, name: &'static str| if set { name } else { "" };
    let mut text = format!("RA{}{} lifetime {} via {source}", flag(managed, " M"), flag(other, " O"), advertisement.lifetime_s);
    let prefix = |it: &PrefixInformation| {
        format!("{}/{}{}{}", it.prefix, it.length, flag(it.flags & ON_LINK != 0, " L"), flag(it.flags & AUTONOMOUS != 0, " A"))
    };
    let prefixes: Vec<String> = advertisement.prefixes().map(prefix).collect();
    if !prefixes.is_empty() {
        text.extend([" prefix ", &list(&prefixes)]);
    }
    let mtu = advertisement.options.iter().find_map(|option| match option {
        NdOption::Mtu(_, mtu) => Some(*mtu),
        _ => None,
    });
    let words = Words::new("router_advertisement", text).with("router", source.to_string()).with("managed", managed).with("other", other);
    words.with("lifetime_s", advertisement.lifetime_s).with("prefixes", prefixes).with("mtu", mtu)
}

fn report_words(report: &mld::Report) -> Words {
    let (joined, left): (Vec<_>, Vec<_>) = report.records.iter().partition(|record| record.joins());
    let names = |records: &[&mld::Record]| records.iter().map(|record| record.group.to_string()).collect::<Vec<_>>();
    let (joined, left) = (names(&joined), names(&left));
    let mut text = String::from("MLD");
    for (verb, groups) in [("joins", &joined), ("leaves", &left)] {
        if !groups.is_empty() {
            text.extend([" ", verb, " ", &list(groups)]);
        }
    }
    if joined.is_empty() && left.is_empty() {
        text.push_str(" report without groups");
    }
    Words::new("listener_report", text).with("joins", joined).with("leaves", left)
}

/// A message of a server's: `Advertise 2001:db8::10 for 7200 s`, `Reply refuses: NotOnLink`.
fn server_words(message: &dhcpv6::Message) -> Words {
    let given: Vec<String> = addresses(message).iter().map(|(address, valid_s, _)| format!("{address} for {valid_s} s")).collect();
    let told = statuses(message);
    let failure = told.iter().find(|(code, _)| *code != status::SUCCESS);
    let mut text = kind_name(message.kind);
    match failure {
        Some((code, why)) => {
            text.extend([" refuses: ", &status_name(*code)]);
            // Servers often repeat the status's own name.
            if !why.is_empty() && *why != status_name(*code) {
                text.extend([" \"", &short(why, MOST_OF_A_TEXT), "\""]);
            }
        }
        None if given.is_empty() && !told.is_empty() => text.push_str(" Success"),
        None if given.is_empty() && matches!(message.kind, kind::ADVERTISE | kind::REPLY) => text.push_str(" without an address"),
        None => {}
    }
    if !given.is_empty() {
        text.push_str(if failure.is_some() { "; " } else { " " });
        text.push_str(&list(&given));
    }
    let words = dhcpv6_fields(message, text);
    match failure {
        Some((code, why)) => words.with("status", status_name(*code)).with("status_text", why.as_str()),
        None => words,
    }
}

/// The kind of a DHCPv6 message, and what both sides' messages have.
fn dhcpv6_fields(message: &dhcpv6::Message, text: String) -> Words {
    let kind = match message.kind {
        kind::SOLICIT => "solicit",
        kind::ADVERTISE => "advertise",
        kind::REQUEST => "request",
        kind::CONFIRM => "confirm",
        kind::RENEW => "renew",
        kind::REBIND => "rebind",
        kind::REPLY => "reply",
        kind::RELEASE => "release",
        kind::DECLINE => "decline",
        kind::RECONFIGURE => "reconfigure",
        kind::INFORMATION_REQUEST => "information_request",
        _ => "dhcpv6",
    };
    let address = |(address, valid_s, preferred_s): (Ipv6Addr, u32, u32)| {
        let entries = [("address", address.to_string().into()), ("valid_s", valid_s.into()), ("preferred_s", preferred_s.into())];
        Value::Object(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    };
    let mut words = Words::new(kind, text).with("xid", format!("{:06x}", message.transaction_id));
    words = words.with("iaids", iaids(message)).with("addresses", addresses(message).into_iter().map(address).collect::<Vec<_>>());
    for (name, duid) in [("client_duid", message.client_id()), ("server_duid", message.server_id())] {
        words = words.with(name, duid.map(hexadecimal));
    }
    words
}

fn iaids(message: &dhcpv6::Message) -> Vec<u32> {
    associations(&message.options).map(|association| association.iaid).collect()
}

/// Addresses in the associations of a message, with valid and preferred lifetime.
fn addresses(message: &dhcpv6::Message) -> Vec<(Ipv6Addr, u32, u32)> {
    let address = |option: &DhcpOption| match option {
        DhcpOption::IaAddress { address, preferred_s, valid_s, .. } => Some((*address, *valid_s, *preferred_s)),
        _ => None,
    };
    associated(message).filter_map(address).collect()
}

/// Status codes of a message and in its associations, with their texts.
fn statuses(message: &dhcpv6::Message) -> Vec<(u16, String)> {
    let code = |option: &DhcpOption| match option {
        DhcpOption::StatusCode(code, text) => Some((*code, String::from_utf8_lossy(text).into_owned())),
        _ => None,
    };
    message.options.iter().chain(associated(message)).filter_map(code).collect()
}

fn associated(message: &dhcpv6::Message) -> impl Iterator<Item = &DhcpOption> {
    fn options(option: &DhcpOption) -> &[DhcpOption] {
        if let DhcpOption::IaNa { options, .. } = option { options } else { &[] }
    }
    message.options.iter().flat_map(options)
}

fn dhcpv4_words(message: &dhcpv4::Message) -> Words {
    let name = dhcpv4::kind_name(message.kind);
    let text =
        if message.yours.is_unspecified() { format!("{name} xid {:08x}", message.transaction_id) } else { format!("{name} {}", message.yours) };
    Words::new("dhcpv4", text).with("message", name).with("xid", format!("{:08x}", message.transaction_id)).with("address", message.yours.to_string())
}

fn other(payload: &Payload<'_>) -> String {
    match payload {
        Payload::Icmpv6 { message, .. } => match message.first() {
            Some(kind) => format!("ICMPv6 type {kind} of {} bytes, not read", message.len()),
            None => "ICMPv6 without a message".into(),
        },
        Payload::Udp { source_port, destination_port, .. } => format!("UDP from port {source_port} to {destination_port}, not read"),
        Payload::Other(17) => "UDP, not read".into(),
        Payload::Other(44) => "a fragment, not read".into(),
        Payload::Other(58) => "ICMPv6, not read".into(),
        Payload::Other(header) => format!("IPv6 with next header {header}, not read"),
    }
}

/// The beginning of a text that may be long.
fn short(text: &str, most: usize) -> String {
    text.char_indices().nth(most).map_or_else(|| text.to_owned(), |(at, _)| format!("{}...", &text[..at]))
}
