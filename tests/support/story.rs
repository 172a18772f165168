//! A recorded boot from the short forms that a worked example may write. What it leaves out is as in the good guest's boot.
//!
//! An event is a table with one thing that happened and when: `{ at = 1.5, solicit = { elapsed = 0 } }`. Beside what happened may stand `at`
//! (seconds since the capture began), `by` (`guest`, `network`, `v6check`), `cut` (as many bytes of the frame as were captured) and `spoilt`
//! (its checksum is wrong).

use std::net::Ipv6Addr;

use serde::Deserialize;
use toml::Table;
use v6check::facts::{
    AddressChange, AddressFlag, Change, Direction, Event, Gap, Happening, LinkChange, Recorder, Recording, Route, RouteChange, SeenFrame,
    TransportChecksum,
};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::frame::{Envelope, icmpv6, marked, multicast_mac, udp};
use v6check::wire::neighbor::solicited_node;

use super::frames::{self, Asked, GUEST, GUEST_MAC, ROUTER, ROUTER_MAC, bytes};

/// Identity and first transaction of the good guest's client.
pub(crate) const DUID: &str = "000100013297e109fa163e000001";
pub(crate) const IAID: u32 = 0x3e00_0001;
const SOLICIT_TRANSACTION: u32 = 0x10_0001;
const REQUEST_TRANSACTION: u32 = 0x10_0002;
const LEASED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x10);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Short {
    at: f64,
    by: Option<By>,
    cut: Option<usize>,
    #[serde(default)]
    spoilt: bool,
    /// It was so when the recording began.
    #[serde(default)]
    found: bool,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum By {
    Guest,
    Network,
    V6check,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// `up` (with carrier), `no-carrier` or `down`.
    Link(String),
    /// An address is set: `2001:db8:1::10/128`; `tentative` before detection, `dadfailed` after a failed one.
    Address(Address),
    /// An address is gone.
    AddressGone(String),
    /// A default route by a router of this address is set.
    Route(Ipv6Addr),
    /// It is gone.
    RouteGone(Ipv6Addr),
    /// IPv6 forwarding is turned on or off.
    Forwarding(bool),
    /// Frames are missing from here until this time, in seconds.
    Gap(f64),
    Rs(Neighbor),
    Ra(Table),
    Ns(Neighbor),
    Na(Neighbor),
    /// Of the router `target` for a destination that is on the link.
    Redirect(Neighbor),
    /// An MLD report of these groups.
    Report(Report),
    Solicit(Client),
    Request(Client),
    Confirm(Client),
    Renew(Client),
    Rebind(Client),
    Release(Client),
    Decline(Client),
    InformationRequest(Client),
    /// A DHCPv4 message of this type: 1 DHCPDISCOVER, 2 DHCPOFFER.
    Dhcpv4(u8),
    /// As in `answers` of a case.
    Advertise(Table),
    Reply(Table),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Address {
    is: String,
    #[serde(default)]
    tentative: bool,
    #[serde(default)]
    dadfailed: bool,
    #[serde(default)]
    optimistic: bool,
}

/// A Router Solicitation, Neighbor Solicitation, Neighbor Advertisement or Redirect.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Neighbor {
    from: Option<Ipv6Addr>,
    to: Option<Ipv6Addr>,
    mac: Option<String>,
    target: Option<Ipv6Addr>,
    hop_limit: Option<u8>,
    code: u8,
    /// The reserved field, with the flags of a Neighbor Advertisement.
    flags: Option<u32>,
    /// Whether it has a link-layer address option (source, or target in an advertisement).
    link_layer: Option<bool>,
    /// Behind a fragment header of a whole packet.
    fragment: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Report {
    from: Ipv6Addr,
    groups: Vec<Ipv6Addr>,
    kind: u8,
    hop_limit: u8,
    router_alert: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self { from: Ipv6Addr::UNSPECIFIED, groups: vec![solicited_node(GUEST)], kind: 4, hop_limit: 1, router_alert: true }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the fields are the keys that cases write")]
struct Client {
    from: Option<Ipv6Addr>,
    to: Option<Ipv6Addr>,
    /// MAC address of the sender.
    mac: Option<String>,
    /// UDP source port.
    port: Option<u16>,
    transaction: Option<u32>,
    /// Elapsed time in hundredths of a second; -1 for no such option.
    elapsed: i32,
    /// DUID of the client, or `none`.
    client: Option<String>,
    /// DUID of the server, or `none`; only some messages have one.
    server: Option<String>,
    /// IAID, or -1 for no association.
    iaid: Option<i64>,
    /// The address in the association, or `none`.
    address: Option<String>,
    /// The options asked for; empty for no such option.
    requested: Option<Vec<u16>>,
    /// Further options by their codes, empty.
    others: Vec<u16>,
}

/// The recording that `list` tells of; it reaches 60 s beyond its last event, so that what does not follow did not happen.
///
/// # Errors
/// An event is none, or is before the one that it follows.
pub(crate) fn recording(list: &[Table]) -> Result<Recording, String> {
    let (mut events, mut gaps, mut up_at_us, mut last) = (Vec::new(), Vec::new(), None, 0);
    for (number, table) in list.iter().enumerate() {
        let short: Short = table.clone().try_into().map_err(|error: toml::de::Error| format!("boot, event {number}: {}", error.message()))?;
        let at_us = microseconds(short.at);
        if at_us < last {
            return Err(format!("boot, event {number} is before the one that it follows"));
        }
        last = at_us;
        if let What::Gap(until) = short.what {
            last = microseconds(until);
            gaps.push(Gap { from_us: at_us, until_us: last, frames: None });
            continue;
        }
        let found = short.found;
        let what = short.happening().map_err(|error| format!("boot, event {number}: {error}"))?;
        if let (Happening::Link(LinkChange { up: true, carrier: true }), None, false) = (&what, up_at_us, found) {
            up_at_us = Some(at_us);
        }
        events.push(Event { at_us, found, what });
    }
    Ok(Recording {
        file: "/run/v6check/boot.pcapng".into(),
        by: Recorder::Guest,
        mac: Some(GUEST_MAC),
        began: "2026-11-24T05:54:00.000000Z".into(),
        elapsed_us: last + 60_000_000,
        up_at_us,
        events,
        gaps,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a worked example")]
fn microseconds(seconds: f64) -> u64 {
    (seconds * 1e6).round().max(0.0) as u64
}

impl Short {
    fn happening(&self) -> Result<Happening, String> {
        let route = |change, gateway: Ipv6Addr| {
            let route = Route {
                destination: Ipv6Addr::UNSPECIFIED,
                prefix_length: 0,
                gateway: Some(gateway.into()),
                protocol: Route::RA,
                metric: 1024,
                expires_s: Some(1800),
                table: 254,
            };
            Happening::Route(RouteChange { change, route })
        };
        Ok(match &self.what {
            What::Link(how) => match how.as_str() {
                "up" => Happening::Link(LinkChange { up: true, carrier: true }),
                "no-carrier" => Happening::Link(LinkChange { up: true, carrier: false }),
                "down" => Happening::Link(LinkChange { up: false, carrier: false }),
                _ => return Err(format!("a link is up, no-carrier or down, not {how:?}")),
            },
            What::Address(address) => {
                let mut flags = Vec::new();
                if address.tentative {
                    flags.push(AddressFlag::Tentative);
                }
                if address.dadfailed {
                    flags.push(AddressFlag::Dadfailed);
                }
                if address.optimistic {
                    flags.push(AddressFlag::Optimistic);
                }
                address_change(Change::Set, &address.is, flags)?
            }
            What::AddressGone(address) => address_change(Change::Gone, address, Vec::new())?,
            What::Route(gateway) => route(Change::Set, *gateway),
            What::RouteGone(gateway) => route(Change::Gone, *gateway),
            What::Forwarding(on) => Happening::Forwarding(*on),
            What::Gap(_) => return Err("a gap is no event".into()),
            _ => self.frame()?,
        })
    }

    fn frame(&self) -> Result<Happening, String> {
        let (mut bytes, usual) = match &self.what {
            What::Rs(short) => (short.frame(133)?, By::Guest),
            What::Ns(short) => (short.frame(135)?, By::Guest),
            What::Na(short) => (short.frame(136)?, By::Guest),
            What::Redirect(short) => (short.frame(137)?, By::Guest),
            What::Report(short) => (short.frame(), By::Guest),
            What::Ra(table) => (frames::advertisement(table)?, By::Network),
            What::Advertise(table) => (answer(table, "advertise", SOLICIT_TRANSACTION)?, By::Network),
            What::Reply(table) => (answer(table, "reply", REQUEST_TRANSACTION)?, By::Network),
            What::Solicit(short) => (short.frame(kind::SOLICIT)?, By::Guest),
            What::Request(short) => (short.frame(kind::REQUEST)?, By::Guest),
            What::Confirm(short) => (short.frame(kind::CONFIRM)?, By::Guest),
            What::Renew(short) => (short.frame(kind::RENEW)?, By::Guest),
            What::Rebind(short) => (short.frame(kind::REBIND)?, By::Guest),
            What::Release(short) => (short.frame(kind::RELEASE)?, By::Guest),
            What::Decline(short) => (short.frame(kind::DECLINE)?, By::Guest),
            What::InformationRequest(short) => (short.frame(kind::INFORMATION_REQUEST)?, By::Guest),
            What::Dhcpv4(kind) => (dhcpv4(*kind), if *kind == 1 { By::Guest } else { By::Network }),
            _ => return Err("not a frame".into()),
        };
        if self.spoilt {
            // The last byte is under every checksum.
            *bytes.last_mut().ok_or("no frame")? ^= 0x55;
        }
        let by = self.by.unwrap_or(usual);
        if by == By::V6check {
            bytes = marked(bytes);
        }
        let cut = self.cut.is_some_and(|cut| cut < bytes.len());
        bytes.truncate(self.cut.unwrap_or(bytes.len()));
        let direction = match by {
            By::Guest => Direction::Guest,
            By::Network => Direction::Received,
            By::V6check => Direction::Sent,
        };
        let checksum = if cut { TransportChecksum::Partial } else { TransportChecksum::Complete };
        Ok(Happening::Frame(SeenFrame { direction, checksum, cut, bytes }))
    }
}

fn address_change(change: Change, text: &str, flags: Vec<AddressFlag>) -> Result<Happening, String> {
    let wrong = || format!("{text:?} is not an address such as 2001:db8:1::10/128");
    let (address, length) = text.split_once('/').ok_or_else(wrong)?;
    let address: Ipv6Addr = address.parse().map_err(|_| wrong())?;
    let lasting = address.is_unicast_link_local();
    Ok(Happening::Address(AddressChange {
        change,
        address,
        prefix_length: length.parse().map_err(|_| wrong())?,
        flags,
        preferred_s: (!lasting).then_some(86_400),
        valid_s: (!lasting).then_some(86_400),
        protocol: lasting.then_some(3),
    }))
}

fn answer(table: &Table, kind: &str, transaction: u32) -> Result<Vec<u8>, String> {
    let mut table = table.clone();
    table.insert("kind".into(), kind.into());
    frames::answer(&table, &Asked::new(bytes(DUID)?, IAID, transaction))
}

impl Neighbor {
    fn frame(&self, message: u8) -> Result<Vec<u8>, String> {
        let detects = message == 135 && self.from.is_none_or(|from| from.is_unspecified());
        let from = self.from.unwrap_or(if detects { Ipv6Addr::UNSPECIFIED } else { GUEST });
        let target = self.target.unwrap_or(GUEST);
        let to = self.to.unwrap_or(match message {
            133 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2),
            135 => solicited_node(target),
            _ => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
        });
        let mac = match &self.mac {
            Some(text) => text.parse().map_err(|_| format!("{text:?} is not a MAC address"))?,
            None if from == ROUTER => ROUTER_MAC,
            None => GUEST_MAC,
        };
        let mut data = vec![message, self.code, 0, 0];
        data.extend(self.flags.unwrap_or(if message == 136 { 0x2000_0000 } else { 0 }).to_be_bytes());
        if message != 133 {
            data.extend(target.octets());
        }
        if message == 137 {
            data.extend(target.octets());
        }
        if self.link_layer.unwrap_or(!from.is_unspecified()) {
            data.extend([if message == 136 { 2 } else { 1 }, 1]);
            data.extend(mac.octets());
        }
        let destination_mac = if to.is_multicast() { multicast_mac(to) } else { ROUTER_MAC };
        let envelope = Envelope { source_mac: mac, destination_mac, source: from, destination: to, hop_limit: self.hop_limit.unwrap_or(255) };
        let frame = icmpv6(&envelope, &data);
        Ok(if self.fragment { behind(frame, 44, [0; 8]) } else { frame })
    }
}

impl Report {
    fn frame(&self) -> Vec<u8> {
        let to = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
        let mut data = vec![143, 0, 0, 0, 0, 0, 0, u8::try_from(self.groups.len()).unwrap_or(u8::MAX)];
        for group in &self.groups {
            data.extend([self.kind, 0, 0, 0]);
            data.extend(group.octets());
        }
        let envelope =
            Envelope { source_mac: GUEST_MAC, destination_mac: multicast_mac(to), source: self.from, destination: to, hop_limit: self.hop_limit };
        let frame = icmpv6(&envelope, &data);
        if self.router_alert { behind(frame, 0, [0, 0, 5, 2, 0, 0, 1, 0]) } else { frame }
    }
}

/// The frame with an extension header of 8 bytes before what it carries.
fn behind(mut frame: Vec<u8>, number: u8, mut header: [u8; 8]) -> Vec<u8> {
    const IPV6: usize = 14;
    header[0] = std::mem::replace(&mut frame[IPV6 + 6], number);
    frame.splice(IPV6 + 40..IPV6 + 40, header);
    let length = u16::try_from(frame.len() - IPV6 - 40).unwrap_or(u16::MAX);
    frame[IPV6 + 4..IPV6 + 6].copy_from_slice(&length.to_be_bytes());
    frame
}

impl Client {
    fn frame(&self, message: u8) -> Result<Vec<u8>, String> {
        let mut options = Vec::new();
        match self.client.as_deref() {
            Some("none") => {}
            duid => options.push(DhcpOption::ClientId(bytes(duid.unwrap_or(DUID))?)),
        }
        let has_server = matches!(message, kind::REQUEST | kind::RENEW | kind::RELEASE | kind::DECLINE);
        match self.server.as_deref() {
            None if !has_server => {}
            Some("none") => {}
            duid => options.push(DhcpOption::ServerId(bytes(duid.unwrap_or(frames::SERVER_DUID))?)),
        }
        let requested = self.requested.clone().unwrap_or_else(|| vec![23, 24, 39, 82]);
        if !requested.is_empty() {
            options.push(DhcpOption::OptionRequest(requested));
        }
        if let Ok(elapsed) = u16::try_from(self.elapsed) {
            options.push(DhcpOption::ElapsedTime(elapsed));
        }
        let iaid = self.iaid.unwrap_or(if message == kind::INFORMATION_REQUEST { -1 } else { i64::from(IAID) });
        if let Ok(iaid) = u32::try_from(iaid) {
            let address = match self.address.as_deref() {
                Some("none") => None,
                Some(text) => Some(text.parse().map_err(|_| format!("{text:?} is not an IPv6 address"))?),
                None => (message != kind::SOLICIT).then_some(LEASED),
            };
            let addresses = address.map(|address| DhcpOption::IaAddress { address, preferred_s: 0, valid_s: 0, options: Vec::new() });
            options.push(DhcpOption::IaNa { iaid, t1_s: 0, t2_s: 0, options: addresses.into_iter().collect() });
        }
        options.extend(self.others.iter().map(|code| DhcpOption::Other(*code, Vec::new())));
        let transaction = if message == kind::SOLICIT { SOLICIT_TRANSACTION } else { REQUEST_TRANSACTION };
        let message = Message { kind: message, transaction_id: self.transaction.unwrap_or(transaction), options };
        let to = self.to.unwrap_or(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2));
        let destination_mac = if to.is_multicast() { multicast_mac(to) } else { ROUTER_MAC };
        let source_mac = match &self.mac {
            Some(text) => text.parse().map_err(|_| format!("{text:?} is not a MAC address"))?,
            None => GUEST_MAC,
        };
        let envelope = Envelope { source_mac, destination_mac, source: self.from.unwrap_or(GUEST), destination: to, hop_limit: 1 };
        Ok(udp(&envelope, self.port.unwrap_or(546), 547, &message.build()))
    }
}

/// The good guest's boot, as a worked example would write it.
///
/// # Errors
/// Its file is no list of events.
pub(crate) fn good() -> Result<Recording, String> {
    #[derive(Deserialize)]
    struct Boot {
        boot: Vec<Table>,
    }
    let path = super::root().join("tests/guests/calico-good-boot.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let boot: Boot = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    recording(&boot.boot)
}

/// A DHCPv4 message of this type, with nothing in it (RFC 2131 section 2); its checksums are zero.
fn dhcpv4(kind: u8) -> Vec<u8> {
    let (mac, ports): (_, [u8; 4]) = if kind == 1 { (GUEST_MAC, [0, 68, 0, 67]) } else { (ROUTER_MAC, [0, 67, 0, 68]) };
    let message = [vec![0; 236], vec![0x63, 0x82, 0x53, 0x63, 53, 1, kind, 255]].concat();
    let udp = u16::try_from(message.len() + 8).unwrap_or_default();
    let [udp_high, udp_low] = udp.to_be_bytes();
    let [high, low] = (udp + 20).to_be_bytes();
    let ip = [vec![0x45, 0, high, low, 0, 0, 0, 0, 64, 17, 0, 0], vec![0; 4], vec![255; 4]].concat();
    [vec![255; 6], mac.octets().to_vec(), vec![8, 0], ip, ports.to_vec(), vec![udp_high, udp_low, 0, 0], message].concat()
}
