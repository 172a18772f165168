//! DHCPv6 answers as they were received: to whom they belong, and which of their addresses a client would take.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use crate::wire::Flaw;
use crate::wire::dhcpv6::{DhcpOption, Message, kind, status, status_name};
use crate::wire::frame::{Frame, Payload};

/// A DHCPv6 message from a server as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedAnswer {
    /// Address of its sender.
    pub from: Ipv6Addr,
    /// Address that it was sent to.
    pub to: Ipv6Addr,
    /// MAC address of its sender.
    pub mac: MacAddr,
    /// Whether its checksum is right; absent where the device had not finished it.
    pub checksum_right: Option<bool>,
    /// The message.
    pub message: Message,
    /// What is wrong with its bytes.
    pub flaws: Vec<Flaw>,
}

/// What a server says about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It offers these addresses, with preferred and valid lifetime in seconds.
    Addresses(Vec<(Ipv6Addr, u32, u32)>),
    /// It names addresses, and a client must take none of them.
    Unusable {
        /// Why.
        why: String,
        /// The addresses.
        addresses: Vec<Ipv6Addr>,
    },
    /// It refuses with this status code and text.
    Refused(u16, String),
    /// It says neither.
    Nothing,
}

/// The question that an answer is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Message type.
    pub kind: u8,
    /// It has the Rapid Commit option.
    pub rapid_commit: bool,
}

impl Question {
    /// A Solicit that lets no server commit anything.
    pub const SOLICIT: Self = Self { kind: kind::SOLICIT, rapid_commit: false };

    /// A message of a client's as a question.
    pub fn of(message: &Message) -> Self {
        Self { kind: message.kind, rapid_commit: message.rapid_commit() }
    }

    /// Whether a client takes `answer` to it: a Reply to a Solicit only if both have Rapid Commit (RFC 8415 section 18.2.1).
    pub fn admits(self, answer: &Message) -> bool {
        answer.kind != kind::REPLY || self.kind != kind::SOLICIT || self.rapid_commit && answer.rapid_commit()
    }
}

impl ReceivedAnswer {
    /// Reads a frame; `None` if it is no Advertise or Reply to UDP port 546. `checksum_known` says whether its checksum is as it went over the
    /// wire.
    pub fn parse(frame: &[u8], checksum_known: bool) -> Option<Self> {
        let (frame, mut flaws) = Frame::parse(frame)?;
        let mut received = Self::of(&frame, checksum_known)?;
        flaws.append(&mut received.flaws);
        Some(Self { flaws, ..received })
    }

    /// The same of a frame that is parsed already; the flaws are then those of the message alone.
    pub fn of(frame: &Frame<'_>, checksum_known: bool) -> Option<Self> {
        let Payload::Udp { destination_port: 546, data, checksum_right, .. } = frame.payload else { return None };
        let (message, flaws) = Message::parse(data)?;
        matches!(message.kind, kind::ADVERTISE | kind::REPLY).then(|| Self {
            from: frame.source,
            to: frame.destination,
            mac: frame.source_mac,
            checksum_right: checksum_known.then_some(checksum_right),
            message,
            flaws,
        })
    }

    /// Whether it answers a message with this transaction and DUID (RFC 8415 section 16.3 and 16.10).
    pub fn answers(&self, transaction_id: u32, duid: &[u8]) -> bool {
        self.message.transaction_id == transaction_id
            && self.message.client_id() == Some(duid)
            && self.message.server_id().is_some()
            && self.checksum_right != Some(false)
    }

    /// The same of one that was cut, where the identifiers may be behind the cut.
    pub fn may_answer(&self, transaction_id: u32, duid: &[u8]) -> bool {
        self.message.transaction_id == transaction_id && self.message.client_id().is_none_or(|client| client == duid)
    }

    /// What it says to a question about an address for the identity association `iaid`.
    pub fn offer(&self, question: Question, iaid: u32) -> Offer {
        let mut refused = failure(&self.message.options);
        let (mut usable, mut named, mut why) = (Vec::new(), Vec::new(), None);
        for association in associations(&self.message.options).filter(|association| association.iaid == iaid) {
            match failure(association.options) {
                Some(status) => refused = refused.or(Some(status)),
                None => {
                    for (address, taken) in addresses(&association) {
                        named.push(address);
                        match taken {
                            Ok(lifetimes) => usable.push((address, lifetimes.0, lifetimes.1)),
                            Err(reason) => why = why.or(Some(reason)),
                        }
                    }
                }
            }
        }
        match refused {
            Some((code, text)) if usable.is_empty() || failure(&self.message.options).is_some() => Offer::Refused(code, text),
            _ if !question.admits(&self.message) && !named.is_empty() => {
                let which = if question.rapid_commit { "without Rapid Commit" } else { "that did not ask for Rapid Commit" };
                Offer::Unusable { why: format!("a Reply to a Solicit {which} counts for nothing"), addresses: named }
            }
            _ if !usable.is_empty() => Offer::Addresses(usable),
            _ => match why.filter(|_| !named.is_empty()) {
                Some(why) => Offer::Unusable { why, addresses: named },
                None => Offer::Nothing,
            },
        }
    }

    /// What it says about an address for any of the associations `iaids`.
    pub fn best_offer(&self, question: Question, iaids: &[u32]) -> Offer {
        let rank = |offer: &Offer| match offer {
            Offer::Addresses(_) => 0,
            Offer::Unusable { .. } => 1,
            Offer::Refused(..) => 2,
            Offer::Nothing => 3,
        };
        iaids.iter().map(|iaid| self.offer(question, *iaid)).min_by_key(rank).unwrap_or(Offer::Nothing)
    }
}

/// An identity association for addresses in a message.
#[derive(Debug, Clone, Copy)]
pub struct Association<'m> {
    /// Its option: 3 for `IA_NA`, 4 for `IA_TA`.
    pub code: u16,
    /// IAID.
    pub iaid: u32,
    /// T1 and T2 in seconds; an `IA_TA` has none.
    pub times_s: (u32, u32),
    /// Its options.
    pub options: &'m [DhcpOption],
}

/// The associations for addresses among the options of a message, in any order.
pub fn associations(options: &[DhcpOption]) -> impl Iterator<Item = Association<'_>> {
    options.iter().filter_map(|option| match option {
        DhcpOption::IaNa { iaid, t1_s, t2_s, options } => Some(Association { code: 3, iaid: *iaid, times_s: (*t1_s, *t2_s), options }),
        DhcpOption::IaTa { iaid, options } => Some(Association { code: 4, iaid: *iaid, times_s: (0, 0), options }),
        _ => None,
    })
}

/// The addresses that associations among the options name, whether they may be used or not.
pub fn named_addresses(options: &[DhcpOption]) -> impl Iterator<Item = Ipv6Addr> {
    let address = |option: &DhcpOption| match option {
        DhcpOption::IaAddress { address, .. } => Some(*address),
        _ => None,
    };
    associations(options).flat_map(move |association| association.options.iter().filter_map(address))
}

/// Preferred and valid lifetime in seconds of an address that a client takes, or why it must not take it.
type Taken = Result<(u32, u32), String>;

/// The addresses of an association. One with lifetime 0 or a status of failure is given back, and so not among them.
fn addresses(association: &Association<'_>) -> impl Iterator<Item = (Ipv6Addr, Taken)> {
    let times_s = association.times_s;
    association.options.iter().filter_map(move |option| match option {
        DhcpOption::IaAddress { address, preferred_s, valid_s: valid_s @ 1.., options } if failure(options).is_none() => {
            Some((*address, taken(times_s, *address, (*preferred_s, *valid_s))))
        }
        _ => None,
    })
}

/// The addresses of an association that a client takes.
pub fn taken_addresses(association: &Association<'_>) -> Vec<Ipv6Addr> {
    if failure(association.options).is_some() {
        return Vec::new();
    }
    addresses(association).filter(|(_, taken)| taken.is_ok()).map(|(address, _)| address).collect()
}

/// What RFC 8415 has a client discard: an association with T1 above T2 (section 21.4), an address that is preferred for longer than it is valid
/// (section 21.6), and no host can use an address that is not unicast and of more than the link (RFC 4291 section 2).
fn taken((t1_s, t2_s): (u32, u32), address: Ipv6Addr, (preferred_s, valid_s): (u32, u32)) -> Taken {
    if t2_s > 0 && t1_s > t2_s {
        Err(format!("T1 ({t1_s} s) is above T2 ({t2_s} s)"))
    } else if preferred_s > valid_s {
        Err(format!("{address} is preferred for {preferred_s} s and valid for {valid_s} s"))
    } else if !assignable(address) {
        Err(format!("{address} is no address that a server can give a host"))
    } else {
        Ok((preferred_s, valid_s))
    }
}

/// Whether a server can give it to a host: unicast, and of more than the link.
pub fn assignable(address: Ipv6Addr) -> bool {
    !(address.is_multicast()
        || address.is_unicast_link_local()
        || address.is_unspecified()
        || address.is_loopback()
        || address.to_ipv4_mapped().is_some())
}

/// The first status among `options` that is not Success.
fn failure(options: &[DhcpOption]) -> Option<(u16, String)> {
    options.iter().find_map(|option| match option {
        DhcpOption::StatusCode(code, text) if *code != status::SUCCESS => Some((*code, String::from_utf8_lossy(text).into_owned())),
        _ => None,
    })
}

impl Offer {
    /// The addresses that it names, usable or not.
    pub fn addresses(&self) -> Vec<Ipv6Addr> {
        match self {
            Self::Addresses(addresses) => addresses.iter().map(|(address, ..)| *address).collect(),
            Self::Unusable { addresses, .. } => addresses.clone(),
            Self::Refused(..) | Self::Nothing => Vec::new(),
        }
    }

    /// As `2001:db8::1 for 86400 s`, `NoAddrsAvail "no addresses available"`, `no address`.
    pub fn describe(&self) -> String {
        match self {
            Self::Addresses(addresses) => {
                addresses.iter().map(|(address, _, valid)| format!("{address} for {valid} s")).collect::<Vec<_>>().join(", ")
            }
            Self::Unusable { why, .. } => format!("no address that a client may take: {why}"),
            Self::Refused(code, text) if text.is_empty() => status_name(*code),
            Self::Refused(code, text) => format!("{} {text:?}", status_name(*code)),
            Self::Nothing => "no address".into(),
        }
    }
}
