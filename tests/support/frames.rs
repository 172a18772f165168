//! Frames from the short forms that a worked example may write. What it leaves out is as in the good network.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;
use serde::Deserialize;
use v6check::facts::{Conversation, Direction};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind, status_name};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{Envelope, Frame, Payload, icmpv6, multicast_mac, udp};
use v6check::wire::ndp::{NdOption, PrefixInformation, RouterAdvertisement, router_solicitation};

/// The good guest's MAC address.
pub(crate) const GUEST_MAC: MacAddr = MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1);
/// Its link-local address.
pub(crate) const GUEST: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xf816, 0x3eff, 0xfe00, 1);
/// The MAC address of the host's end of the link.
pub(crate) const ROUTER_MAC: MacAddr = MacAddr(0xfe, 0x16, 0x3e, 0, 0, 1);
/// Its link-local address: the gateway and the DHCPv6 server.
pub(crate) const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xfc16, 0x3eff, 0xfe00, 1);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
pub(crate) const SERVER_DUID: &str = "000100013297e106f2becb49a5e2";
const DAY_S: u32 = 86_400;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Advertisement {
    from: Ipv6Addr,
    mac: Option<String>,
    to: Ipv6Addr,
    managed: bool,
    other: bool,
    /// Router lifetime in seconds.
    lifetime: u16,
    /// Retransmission timer in milliseconds.
    retransmit: u32,
    /// Of the IPv6 header.
    hop_limit: u8,
    code: u8,
    wrong_checksum: bool,
    mtu: Option<u32>,
    prefixes: Vec<Prefix>,
}

impl Default for Advertisement {
    fn default() -> Self {
        Self {
            from: ROUTER,
            mac: None,
            to: ALL_NODES,
            managed: true,
            other: true,
            lifetime: 1800,
            retransmit: 0,
            hop_limit: 255,
            code: 0,
            wrong_checksum: false,
            mtu: None,
            prefixes: vec![Prefix::default()],
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "a prefix has a prefix, and the field is the key that cases write")]
struct Prefix {
    prefix: String,
    on_link: bool,
    autonomous: bool,
    /// Valid lifetime in seconds.
    valid: u32,
    /// Preferred lifetime in seconds.
    preferred: u32,
}

impl Default for Prefix {
    fn default() -> Self {
        Self { prefix: "2001:db8:1::/64".into(), on_link: false, autonomous: false, valid: DAY_S, preferred: DAY_S }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Answer {
    kind: Kind,
    from: Ipv6Addr,
    mac: Option<String>,
    /// An address, or `none`.
    address: String,
    /// Status of the message.
    status: Option<u16>,
    /// Status inside the identity association.
    association_status: Option<u16>,
    /// DUID of the server, hexadecimal, or `none`.
    server: String,
    /// DUID of the client, hexadecimal, or `none`.
    client: Option<String>,
    transaction: Option<u32>,
    iaid: Option<u32>,
    preference: u8,
    /// Valid lifetime in seconds.
    valid: u32,
    /// Preferred lifetime in seconds.
    preferred: u32,
    /// T1 and T2 in seconds.
    t1: u32,
    t2: u32,
    /// SOL_MAX_RT in seconds, if it tells one.
    sol_max_rt: Option<u32>,
    /// It lets the client send to it by unicast.
    unicast: bool,
    rapid_commit: bool,
    wrong_checksum: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Advertise,
    Reply,
    Reconfigure,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            kind: Kind::Advertise,
            from: ROUTER,
            mac: None,
            address: "2001:db8:1::10".into(),
            status: None,
            association_status: None,
            server: SERVER_DUID.into(),
            client: None,
            transaction: None,
            iaid: None,
            preference: 0,
            valid: DAY_S,
            preferred: DAY_S,
            t1: 43_200,
            t2: 75_600,
            sol_max_rt: None,
            unicast: false,
            rapid_commit: false,
            wrong_checksum: false,
        }
    }
}

/// What a Solicit asked, which its answers repeat.
pub(crate) struct Asked {
    client: Vec<u8>,
    iaid: u32,
    transaction: u32,
}

impl Asked {
    /// What a client with this DUID asked.
    pub(crate) fn new(client: Vec<u8>, iaid: u32, transaction: u32) -> Self {
        Self { client, iaid, transaction }
    }

    /// What the Solicit of `conversation` asked.
    ///
    /// # Errors
    /// There is none, or nobody said who we are.
    pub(crate) fn of(conversation: &Conversation) -> Result<Self, String> {
        let identity = conversation.identity.as_ref().ok_or("the conversation with a server has no identity")?;
        let client = bytes(&identity.duid)?;
        let sent = conversation.frames.iter().find(|frame| frame.direction == Direction::Sent).ok_or("no Solicit was sent")?;
        let (frame, _) = Frame::parse(&sent.bytes).ok_or("what was sent is not IPv6")?;
        let Payload::Udp { data, .. } = frame.payload else { return Err("what was sent is not UDP".into()) };
        let (message, _) = Message::parse(data).ok_or("what was sent is not DHCPv6")?;
        Ok(Self { client, iaid: identity.iaid, transaction: message.transaction_id })
    }
}

/// The frame of a Router Advertisement.
///
/// # Errors
/// An unknown key, or a value that is none of its kind.
pub(crate) fn advertisement(table: &toml::Table) -> Result<Vec<u8>, String> {
    let short: Advertisement = table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_string())?;
    let mac = mac(short.mac.as_deref(), short.from)?;
    let mut options = Vec::new();
    for prefix in &short.prefixes {
        options.push(NdOption::PrefixInformation(prefix.option()?));
    }
    options.extend(short.mtu.map(|mtu| NdOption::Mtu(0, mtu)));
    options.push(NdOption::SourceLinkLayerAddress(mac));
    // As dnsmasq: the search list (RFC 8106 section 5.2), then the resolvers (section 5.1), each for a day.
    options.push(NdOption::Other(31, [&[0, 0, 0, 1, 0x51, 0x80, 14][..], b"openstacklocal", &[0]].concat()));
    options.push(NdOption::Other(25, [&[0, 0, 0, 1, 0x51, 0x80][..], &Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x53).octets()].concat()));
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let message = RouterAdvertisement {
        code: short.code,
        checksum: 0,
        current_hop_limit: 64,
        flags: flag(short.managed, RouterAdvertisement::MANAGED) | flag(short.other, RouterAdvertisement::OTHER),
        lifetime_s: short.lifetime,
        reachable_ms: 0,
        retransmit_ms: short.retransmit,
        options,
    };
    let destination_mac = if short.to.is_multicast() { multicast_mac(short.to) } else { GUEST_MAC };
    let envelope = Envelope { source_mac: mac, destination_mac, source: short.from, destination: short.to, hop_limit: short.hop_limit };
    Ok(spoilt(icmpv6(&envelope, &message.build()), short.wrong_checksum, 54 + 2))
}

impl Prefix {
    fn option(&self) -> Result<PrefixInformation, String> {
        let wrong = || format!("{:?} is not a prefix such as 2001:db8:1::/64", self.prefix);
        let (prefix, length) = self.prefix.split_once('/').ok_or_else(wrong)?;
        Ok(PrefixInformation {
            length: length.parse().map_err(|_| wrong())?,
            flags: u8::from(self.on_link) << 7 | u8::from(self.autonomous) << 6,
            valid_s: self.valid,
            preferred_s: self.preferred,
            reserved: 0,
            prefix: prefix.parse().map_err(|_| wrong())?,
        })
    }
}

/// The frame of a DHCPv6 message from a server.
///
/// # Errors
/// An unknown key, or a value that is none of its kind.
pub(crate) fn answer(table: &toml::Table, asked: &Asked) -> Result<Vec<u8>, String> {
    let short: Answer = table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_string())?;
    let refused = short.status.or(short.association_status).is_some_and(|status| status != 0);
    let address = match short.address.as_str() {
        "none" => None,
        _ if refused && !table.contains_key("address") => None,
        address => Some(address.parse::<Ipv6Addr>().map_err(|_| format!("{address:?} is not an IPv6 address"))?),
    };
    let mut options = Vec::new();
    match short.client.as_deref() {
        Some("none") => {}
        Some(duid) => options.push(DhcpOption::ClientId(bytes(duid)?)),
        None => options.push(DhcpOption::ClientId(asked.client.clone())),
    }
    if short.server != "none" {
        options.push(DhcpOption::ServerId(bytes(&short.server)?));
    }
    let mut association: Vec<DhcpOption> = address
        .map(|address| DhcpOption::IaAddress { address, preferred_s: short.preferred, valid_s: short.valid, options: Vec::new() })
        .into_iter()
        .collect();
    association.extend(short.association_status.map(status));
    // A server that refuses in the message's own status leaves the association out, as dnsmasq does.
    if !association.is_empty() {
        let iaid = short.iaid.unwrap_or(asked.iaid);
        options.push(DhcpOption::IaNa { iaid, t1_s: short.t1, t2_s: short.t2, options: association });
    }
    options.extend(short.status.map(status));
    options.push(DhcpOption::Preference(short.preference));
    options.extend(short.sol_max_rt.map(|seconds| DhcpOption::Other(82, seconds.to_be_bytes().to_vec())));
    if short.rapid_commit {
        options.push(DhcpOption::Other(14, Vec::new()));
    }
    if short.unicast {
        options.push(DhcpOption::Other(12, short.from.octets().to_vec()));
    }
    options.push(DhcpOption::Other(23, Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x53).octets().to_vec()));
    let kind = match short.kind {
        Kind::Advertise => kind::ADVERTISE,
        Kind::Reply => kind::REPLY,
        Kind::Reconfigure => 10,
    };
    let message = Message { kind, transaction_id: short.transaction.unwrap_or(asked.transaction), options };
    let source_mac = mac(short.mac.as_deref(), short.from)?;
    let envelope = Envelope { source_mac, destination_mac: GUEST_MAC, source: short.from, destination: GUEST, hop_limit: 64 };
    Ok(spoilt(udp(&envelope, 547, 546, &message.build()), short.wrong_checksum, 54 + 6))
}

fn status(code: u16) -> DhcpOption {
    DhcpOption::StatusCode(code, status_name(code).into_bytes())
}

/// The Router Solicitation that the good guest's run sent.
pub(crate) fn solicitation() -> Vec<u8> {
    let envelope =
        Envelope { source_mac: GUEST_MAC, destination_mac: multicast_mac(ALL_ROUTERS), source: GUEST, destination: ALL_ROUTERS, hop_limit: 255 };
    icmpv6(&envelope, &router_solicitation(Some(GUEST_MAC)))
}

/// The Solicit that the good guest's run sent.
///
/// # Errors
/// `duid` is not hexadecimal.
pub(crate) fn solicit(duid: &str, iaid: u32) -> Result<Vec<u8>, String> {
    let options = vec![
        DhcpOption::ClientId(bytes(duid)?),
        DhcpOption::OptionRequest(vec![23, 24, 82]),
        DhcpOption::ElapsedTime(0),
        DhcpOption::IaNa { iaid, t1_s: 0, t2_s: 0, options: Vec::new() },
    ];
    let message = Message { kind: kind::SOLICIT, transaction_id: 0x8e_6d42, options };
    let envelope =
        Envelope { source_mac: GUEST_MAC, destination_mac: multicast_mac(ALL_SERVERS), source: GUEST, destination: ALL_SERVERS, hop_limit: 64 };
    Ok(udp(&envelope, 546, 547, &message.build()))
}

/// The bytes of a DUID in hexadecimal.
///
/// # Errors
/// It is none.
pub(crate) fn bytes(duid: &str) -> Result<Vec<u8>, String> {
    Ok(Duid::from_hex(duid).ok_or_else(|| format!("{duid:?} is not a DUID in hexadecimal"))?.0)
}

/// The sender's MAC address: as written, the router's own, or one made of the end of the address.
fn mac(written: Option<&str>, from: Ipv6Addr) -> Result<MacAddr, String> {
    let end = from.octets();
    match written {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is not a MAC address")),
        None if from == ROUTER => Ok(ROUTER_MAC),
        None => Ok(MacAddr(0x02, 0, end[12], end[13], end[14], end[15])),
    }
}

/// Flips a bit of the checksum at `offset`.
fn spoilt(mut frame: Vec<u8>, wrong: bool, offset: usize) -> Vec<u8> {
    if wrong && let Some(byte) = frame.get_mut(offset) {
        *byte ^= 0x80;
    }
    frame
}
