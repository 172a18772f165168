//! The boot as messages: the recording's frames read once, with who said each and when, and what is missing of them.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::ops::Range;

use super::{Evidence, Finding, Place, Subject};
use crate::facts::{AddressChange, AddressFlag, Change, Direction, Event, Happening, Mac, Recording, SeenFrame, Tense, TransportChecksum, Unknown};
use crate::wire::Flaw;
use crate::wire::dhcpv4;
use crate::wire::dhcpv6;
use crate::wire::frame::Frame;
use crate::wire::message::Message;
use crate::wire::neighbor::NeighborAdvertisement;

/// The recording of one interface, read.
pub(in crate::judge) struct Story<'a> {
    /// The recording itself.
    pub(in crate::judge) recording: &'a Recording,
    /// Its frames that are IPv6, in the order of time, those of v6check left out.
    pub(in crate::judge) said: Vec<Said<'a>>,
    /// MAC addresses of the interface; none where the capture has none.
    macs: BTreeSet<Mac>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::judge) enum Party {
    /// The guest's own programs.
    Guest,
    /// Anybody else on the link.
    Network,
}

/// One frame of the story.
pub(in crate::judge) struct Said<'a> {
    /// When, in microseconds since the capture began.
    pub(in crate::judge) at_us: u64,
    /// Who.
    pub(in crate::judge) by: Party,
    /// Its headers.
    pub(in crate::judge) frame: Frame<'a>,
    /// What it says.
    pub(in crate::judge) message: Message,
    /// What is wrong with the bytes of the frame and of the message; empty where it was cut, since then that cannot be told.
    pub(in crate::judge) flaws: Vec<Flaw>,
    /// Only its beginning was captured: what the message lacks may be behind the cut.
    pub(in crate::judge) cut: bool,
    /// Whether its checksum is right; absent where that cannot be told.
    pub(in crate::judge) checksum_right: Option<bool>,
}

impl<'a> Story<'a> {
    /// The story of the subject's interface.
    ///
    /// # Errors
    /// Nothing was recorded; the reason says how it can be.
    pub(in crate::judge) fn of(subject: &Subject<'a>) -> Result<Self, Unknown> {
        let (_, tenses) = subject.on_interface()?;
        Ok(Self::read(tenses.boot.recording.get()?))
    }

    /// The story that `recording` tells.
    pub(in crate::judge) fn read(recording: &'a Recording) -> Self {
        let said: Vec<Said<'a>> = recording.events.iter().filter_map(Said::read).collect();
        let macs = macs(recording, &said);
        Self { recording, said, macs }
    }

    /// What the guest said.
    pub(in crate::judge) fn guest(&self) -> impl Iterator<Item = &Said<'a>> {
        self.said.iter().filter(|said| said.by == Party::Guest)
    }

    /// What the guest's interface itself said: behind a bridge of the guest's other machines may speak, with MAC addresses of their own. A
    /// capture that knows no MAC addresses has zeros.
    pub(in crate::judge) fn own(&self) -> impl Iterator<Item = &Said<'a>> {
        self.guest().filter(|said| self.macs.is_empty() || said.frame.source_mac.is_zero() || self.macs.contains(&said.frame.source_mac))
    }

    /// Whether that came from the interface itself, as far as MAC addresses tell: its own frames may come back to it.
    pub(in crate::judge) fn echoed(&self, said: &Said<'_>) -> bool {
        self.macs.contains(&said.frame.source_mac)
    }

    /// What others said.
    pub(in crate::judge) fn network(&self) -> impl Iterator<Item = &Said<'a>> {
        self.said.iter().filter(|said| said.by == Party::Network)
    }

    /// The DHCPv4 messages, with who sent each and when.
    pub(in crate::judge) fn dhcpv4(&self) -> impl Iterator<Item = (u64, Party, dhcpv4::Message)> {
        self.recording.events.iter().filter_map(|event| {
            let Happening::Frame(SeenFrame { direction, bytes, .. }) = &event.what else { return None };
            Some((event.at_us, party(*direction)?, dhcpv4::Message::parse(bytes)?))
        })
    }

    /// The DHCPv6 messages of the guest's client, of all types.
    pub(in crate::judge) fn client(&self) -> impl Iterator<Item = (&Said<'a>, &dhcpv6::Message)> {
        self.guest().filter_map(|said| match &said.message {
            Message::FromClient(message) => Some((said, message)),
            _ => None,
        })
    }

    /// The DHCPv6 messages to the guest's client, of all types.
    pub(in crate::judge) fn server(&self) -> impl Iterator<Item = (&Said<'a>, &dhcpv6::Message)> {
        self.network().filter_map(|said| match &said.message {
            Message::ToClient(message) => Some((said, message)),
            _ => None,
        })
    }

    /// The guest's Router Solicitations.
    pub(in crate::judge) fn solicitations(&self) -> impl Iterator<Item = &Said<'a>> {
        self.own().filter(|said| matches!(said.message, Message::RouterSolicitation(_)))
    }

    /// The guest's solicitations of duplicate address detection: when, and of which address.
    pub(in crate::judge) fn detections(&self) -> impl Iterator<Item = (u64, Ipv6Addr)> {
        self.own().filter_map(|said| match &said.message {
            Message::NeighborSolicitation(message) if said.frame.source.is_unspecified() => Some((said.at_us, message.target)),
            _ => None,
        })
    }

    /// What changed of the interface's addresses, and when. Only a recording in the guest knows.
    pub(in crate::judge) fn address_changes(&self) -> impl Iterator<Item = (u64, &'a AddressChange)> {
        self.recording.events.iter().filter_map(|event| match &event.what {
            Happening::Address(change) => Some((event.at_us, change)),
            _ => None,
        })
    }

    /// Whether the guest forwards at a time, as far as the recording tells.
    pub(in crate::judge) fn forwards_at(&self, at_us: u64) -> bool {
        let mut forwards = false;
        for event in self.recording.events.iter().take_while(|event| event.at_us <= at_us) {
            if let Happening::Forwarding(on) = event.what {
                forwards = on;
            }
        }
        forwards
    }

    /// What there is to say of messages that the recording does not have.
    pub(in crate::judge) fn none(&self, name: &str) -> Finding {
        if self.recording.gaps.is_empty() {
            Finding::skip(format!("the recording has no {name} of the guest's to judge"))
        } else {
            Finding::inconclusive(format!("the recording has no {name} of the guest's to judge, and frames are missing from it"))
        }
    }

    /// Whether frames may be missing between two times.
    pub(in crate::judge) fn lost_between(&self, from_us: u64, until_us: u64) -> bool {
        self.recording.gaps.iter().any(|gap| gap.from_us <= until_us && from_us <= gap.until_us)
    }

    /// Whether the recording shows the interface from its coming up on, so that what is not among the first frames was not sent.
    pub(in crate::judge) fn shows_the_start(&self) -> bool {
        self.recording.up_at_us.is_some()
    }

    /// When `address` became usable in a span: set, neither tentative nor a duplicate. Only a recording in the guest knows.
    pub(in crate::judge) fn usable_at(&self, address: Ipv6Addr, span: Range<u64>) -> Option<u64> {
        let mut changes = self.address_changes().filter(|(at_us, change)| span.contains(at_us) && change.address == address);
        changes.find(|(_, change)| usable(change)).map(|(at_us, _)| at_us)
    }

    /// A piece of evidence out of the recording: `what` at a time.
    pub(in crate::judge) fn evidence(&self, at_us: u64, what: impl Into<String>) -> Evidence {
        Evidence::new(Tense::Boot, Place::Frame { file: self.recording.file.clone(), at: seconds(at_us) }, what)
    }
}

impl<'a> Said<'a> {
    /// Whether a node must not discard it as invalid, if it is a message of Neighbor Discovery (RFC 4861 section 7.1).
    pub(in crate::judge) fn valid_neighbor(&self) -> bool {
        let solicited_group = match &self.message {
            Message::NeighborAdvertisement(it) => self.frame.destination.is_multicast() && it.flags & NeighborAdvertisement::SOLICITED != 0,
            _ => false,
        };
        self.frame.hop_limit == 255 && self.checksum_right != Some(false) && self.flaws.is_empty() && !solicited_group
    }

    fn read(event: &'a Event) -> Option<Self> {
        let Happening::Frame(SeenFrame { direction, checksum, cut, bytes }) = &event.what else { return None };
        let by = party(*direction)?;
        let (frame, mut flaws) = Frame::parse(bytes)?;
        let (message, more) = Message::of(&frame);
        flaws.extend(more);
        if *cut {
            flaws.clear();
        }
        let known = *checksum == TransportChecksum::Complete && !cut;
        let checksum_right = known.then(|| frame.payload.checksum_right()).flatten();
        Some(Self { at_us: event.at_us, by, frame, message, flaws, cut: *cut, checksum_right })
    }
}

/// Whose a frame is; nobody's where v6check sent it.
fn party(direction: Direction) -> Option<Party> {
    match direction {
        Direction::Guest => Some(Party::Guest),
        Direction::Received => Some(Party::Network),
        Direction::Sent => None,
    }
}

/// The MAC addresses of the recording's interface: the one that is told, and those that it gets later (a random one of `NetworkManager`, that of
/// a bond), which speak from an address that the kernel set on it, or test one.
fn macs(recording: &Recording, said: &[Said<'_>]) -> BTreeSet<Mac> {
    let Some(told) = recording.mac else { return BTreeSet::new() };
    let address = |event: &Event| if let Happening::Address(change) = &event.what { Some(change.address) } else { None };
    let addresses: BTreeSet<Ipv6Addr> = recording.events.iter().filter_map(address).collect();
    let own = said.iter().filter(|said| said.by == Party::Guest).filter(|said| match &said.message {
        Message::NeighborSolicitation(message) if said.frame.source.is_unspecified() => addresses.contains(&message.target),
        _ => addresses.contains(&said.frame.source),
    });
    own.map(|said| said.frame.source_mac).chain([told]).collect()
}

/// Whether the address may be used after the change.
pub(in crate::judge) fn usable(change: &AddressChange) -> bool {
    let unusable = |flag: &AddressFlag| matches!(flag, AddressFlag::Tentative | AddressFlag::Dadfailed);
    change.change == Change::Set && !change.flags.iter().any(unusable)
}

/// Whether the guest forwards by the kernel's setting of now; no where that cannot be told.
pub(in crate::judge) fn forwards_now(subject: &Subject<'_>) -> bool {
    subject.on_interface().is_ok_and(|(_, tenses)| tenses.state.sysctl("forwarding").is_ok_and(|forwarding| forwarding != 0))
}

/// A time of the recording in words: `3.214 s`.
pub(in crate::judge) fn seconds(at_us: u64) -> String {
    format!("{}.{:03} s", at_us / 1_000_000, at_us / 1000 % 1000)
}
