//! A capture judged alone (`replay CAPTURE`): the facts that packets tell. Each guest in it is an interface, and its own conversations stand for
//! those that a run would have had: what the guest asked, and who answered.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::ReadError;
use super::read::{self, Reading};
use crate::facts::{
    Boot, ClientIdentity, Conversation, Direction, Ended, Event, Facts, Frame, Happening, Host, HostIntent, HostState, Interface, InterfaceIntent,
    LIVE, Network, Observed, Recording, Run, SCHEMA, SeenFrame, State, Tenses, Tool, TransportChecksum, hexadecimal,
};
use crate::wire;
use crate::wire::dhcpv6::{self, DhcpOption, kind};
use crate::wire::message::Message;
use crate::wire::received::{ReceivedAdvertisement, ReceivedAnswer};

/// Why a capture has nothing else.
const PACKETS_ONLY: &str = "a capture shows packets only";

/// As long as a router may take to answer: its random delay, and the pause between two multicast advertisements (RFC 4861 section 6.2.6:
/// MAX_RA_DELAY_TIME and MIN_DELAY_BETWEEN_RAS).
const ROUTER_US: u64 = 3_500_000;
/// As long as a client waits for a server at least (RFC 8415 section 7.6, SOL_TIMEOUT).
const SERVER_US: u64 = 1_000_000;
/// As long as a run waits for second routers and servers, by default.
const WINDOW_US: u64 = 5_000_000;

/// The facts of the capture that `source` holds and that is called `name`.
///
/// # Errors
/// It is no capture, or is damaged.
pub fn facts(source: &mut dyn Read, name: &str) -> Result<Facts, ReadError> {
    const TOO_MANY: &str = "the capture has so many guests that not all are told of, or even named; keep its frames alone, \
                            `tcpdump -r CAPTURE -w ITS_OWN ether host MAC`";
    let Reading { recordings, left_out, began, elapsed_us, .. } = read::stream(source, name)?;
    let mut facts = recorded(recordings, name, began, elapsed_us);
    let link = Observed::Absent(PACKETS_ONLY.to_owned());
    let others = left_out.into_iter().map(|name| (name, Interface { left_out: Some(TOO_MANY.into()), link: link.clone(), tenses: None }));
    facts.interfaces.extend(others);
    Ok(facts)
}

/// The facts that recordings tell, by interface: of the capture that is called `name`, when it began (RFC 3339), and how long it reaches.
pub fn recorded(recordings: BTreeMap<String, Recording>, name: &str, began: String, elapsed_us: u64) -> Facts {
    let interfaces: BTreeMap<String, Interface> = recordings.into_iter().map(|(name, recording)| (name, interface(recording))).collect();
    Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: Host { name: String::new(), kernel: String::new(), distribution: String::new() },
        run: Run {
            started: began,
            elapsed_us,
            uptime_cs: 0,
            image: None,
            capture: Some(name.to_owned()),
            unread: Vec::new(),
            passive: false,
            // Each conversation says by how it ended whether it was waited out.
            thorough: true,
            timeout_ms: elapsed_us / 1000,
            interrupted: None,
        },
        intent: HostIntent::absent(PACKETS_ONLY),
        state: HostState::absent(PACKETS_ONLY),
        interfaces,
        fixes: Vec::new(),
    }
}

fn interface(recording: Recording) -> Interface {
    let network = Network { router: router(&recording).into(), server: server(&recording).into() };
    let boot = Boot { recording: Observed::Seen(recording), journal: Observed::Absent(PACKETS_ONLY.into()) };
    let tenses = Tenses { intent: InterfaceIntent::absent(PACKETS_ONLY), state: State::absent(PACKETS_ONLY), boot, network };
    Interface { left_out: None, link: Observed::Absent(PACKETS_ONLY.into()), tenses: Some(tenses) }
}

/// What the guest asked routers, and what they say.
fn router(recording: &Recording) -> Result<Conversation, String> {
    let conversation = Talk::new(recording, |by_guest, frame, complete| match Message::of(frame).0 {
        Message::RouterSolicitation(_) if by_guest => Some(Part::Question),
        Message::RouterAdvertisement(_) if !by_guest => {
            Some(Part::Answer(ReceivedAdvertisement::of(frame, complete).is_some_and(|it| it.offers_default_route())))
        }
        _ => None,
    });
    conversation.told("a router", "Router Solicitation", "Router Advertisement", ROUTER_US)
}

/// What the guest asked servers, under the identity of its first Solicit, and what they answer. A client may take another identity for each try,
/// as BusyBox' udhcpc6 does: it is the first that was answered, if one was.
fn server(recording: &Recording) -> Result<Conversation, String> {
    let answered = answered(recording);
    let mut identity = None;
    let conversation = Talk::new(recording, |by_guest, frame, complete| match Message::of(frame).0 {
        Message::FromClient(message) if by_guest && message.kind == kind::SOLICIT => {
            let (found, duid) = (identity_of(&message), message.client_id().unwrap_or_default().to_vec());
            let is_answered = |iaid| answered.contains(&(message.transaction_id, duid.clone(), iaid));
            let mine = || is_answered(None) || is_answered(found.as_ref().map(|it| it.iaid));
            if identity.is_none() && !answered.is_empty() && !mine() {
                return None;
            }
            let (first, of, transactions) = identity.get_or_insert_with(|| (found.clone(), duid, Vec::new()));
            (found == *first && *of == message.client_id().unwrap_or_default()).then(|| {
                transactions.push(message.transaction_id);
                Part::Question
            })
        }
        Message::ToClient(_) if !by_guest => {
            let (_, duid, transactions) = identity.as_ref()?;
            let answer = ReceivedAnswer::of(frame, complete)?;
            transactions.iter().any(|transaction| answer.answers(*transaction, duid)).then_some(Part::Answer(true))
        }
        _ => None,
    });
    if conversation.asked_us.is_none() {
        return Err(format!("{} shows no Solicit of the guest", place(recording)));
    }
    let mut told = conversation.told("a server", "Solicit", "answer of a server", SERVER_US)?;
    told.identity = identity.and_then(|(identity, ..)| identity);
    if told.identity.is_none() {
        return Err("the guest's Solicit has no DUID or no IA_NA".into());
    }
    Ok(told)
}

/// Transactions and DUIDs of the guest's Solicits that a server answered, with the IAID that it answered for; none where it refused all.
fn answered(recording: &Recording) -> BTreeSet<(u32, Vec<u8>, Option<u32>)> {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for event in &recording.events {
        let Happening::Frame(SeenFrame { direction, cut: false, bytes, .. }) = &event.what else { continue };
        let Some((frame, _)) = wire::frame::Frame::parse(bytes) else { continue };
        let named = |message: &dhcpv6::Message| Some((message.transaction_id, message.client_id()?.to_vec()));
        match (direction, Message::of(&frame).0) {
            (Direction::Guest, Message::FromClient(message)) if message.kind == kind::SOLICIT => asked.extend(named(&message)),
            (Direction::Received, Message::ToClient(message)) if matches!(message.kind, kind::ADVERTISE | kind::REPLY) => {
                let Some((transaction, duid)) = named(&message).filter(|it| asked.contains(it)) else { continue };
                answered.insert((transaction, duid, iaid_of(&message)));
            }
            _ => {}
        }
    }
    answered
}

/// What a recording is of, in words.
fn place(recording: &Recording) -> &'static str {
    if recording.file == LIVE { "what was watched" } else { "the capture" }
}

fn identity_of(message: &dhcpv6::Message) -> Option<ClientIdentity> {
    let iaid = iaid_of(message)?;
    Some(ClientIdentity { duid: hexadecimal(message.client_id()?), iaid, of_guest: true, source: "the guest's own Solicit".into() })
}

fn iaid_of(message: &dhcpv6::Message) -> Option<u32> {
    message.options.iter().find_map(|option| match option {
        DhcpOption::IaNa { iaid, .. } => Some(*iaid),
        _ => None,
    })
}

enum Part {
    Question,
    /// One that is what was asked for, or not.
    Answer(bool),
}

/// A conversation as it is read out of a recording.
struct Talk<'a> {
    recording: &'a Recording,
    frames: Vec<Frame>,
    frames_dropped: u64,
    /// When it began, by its first frame; and when the guest asked first.
    began_us: u64,
    asked_us: Option<u64>,
    answered: bool,
}

impl<'a> Talk<'a> {
    /// The frames that `part` takes, by whether the guest sent them and whether their checksums are as they went over the wire.
    fn new(recording: &'a Recording, mut part: impl FnMut(bool, &wire::frame::Frame<'_>, bool) -> Option<Part>) -> Self {
        let mut talk = Self { recording, frames: Vec::new(), frames_dropped: 0, began_us: 0, asked_us: None, answered: false };
        for Event { at_us, what, .. } in &recording.events {
            let Happening::Frame(SeenFrame { direction, checksum, cut: false, bytes }) = what else { continue };
            let Some((frame, _)) = wire::frame::Frame::parse(bytes).filter(|_| *direction != Direction::Sent) else { continue };
            let Some(part) = part(*direction == Direction::Guest, &frame, *checksum == TransportChecksum::Complete) else { continue };
            if talk.frames.is_empty() {
                talk.began_us = *at_us;
            }
            let direction = match part {
                Part::Question => {
                    talk.asked_us.get_or_insert(*at_us);
                    Direction::Sent
                }
                Part::Answer(good) => {
                    talk.answered |= good;
                    Direction::Received
                }
            };
            if talk.frames.len() < Conversation::MOST_FRAMES {
                talk.frames.push(Frame { at_us: at_us.saturating_sub(talk.began_us), direction, checksum: *checksum, bytes: bytes.clone() });
            } else {
                talk.frames_dropped += 1;
            }
        }
        talk
    }

    /// The conversation, if it can be judged: who does not answer is silent only if the capture goes on for as long as the answer may take, and if
    /// nothing is missing of it.
    fn told(self, whom: &str, question: &str, answer: &str, wait_us: u64) -> Result<Conversation, String> {
        let recording = self.recording;
        let (from, end) = (self.asked_us.unwrap_or(self.began_us), recording.elapsed_us);
        let waited = end.saturating_sub(from);
        let lost = recording.gaps.iter().any(|gap| gap.until_us >= from);
        let cut = recording.events.iter().any(|event| matches!(&event.what, Happening::Frame(SeenFrame { cut: true, .. })));
        if !self.answered {
            if self.asked_us.is_none() {
                return Err(format!("{} shows neither a {question} of the guest nor a {answer}", place(self.recording)));
            }
            if lost || cut {
                return Err(format!("{} shows no {answer}, and frames are missing or cut in it", place(self.recording)));
            }
            if waited < wait_us {
                let milliseconds = waited / 1000;
                return Err(format!(
                    "{} ends {milliseconds} ms after the guest's first {question}, and {whom} may take {} ms",
                    place(recording),
                    wait_us / 1000
                ));
            }
        }
        let waited_out = self.asked_us.is_some() && !lost && !cut && (waited >= WINDOW_US || !self.answered);
        let ended = if waited_out { Ended::Deadline } else { Ended::Answered };
        Ok(Conversation {
            frames: self.frames,
            frames_dropped: self.frames_dropped,
            ended,
            elapsed_us: end.saturating_sub(self.began_us),
            identity: None,
        })
    }
}
