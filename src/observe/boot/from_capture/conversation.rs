//! The guest's own conversations with routers and servers, which stand for those that a run would have had.

use crate::exchange::answer::Offer;
use crate::exchange::boots;
use crate::exchange::trace::{Sender, Trace, TracedPacket};
use crate::exchange::transaction::{Transaction, Transactions};
use crate::facts::{ClientIdentity, Conversation, Direction, Ended, Frame, LIVE, Network, Recording, hexadecimal};
use crate::wire::dhcpv6::kind;
use crate::wire::message::Message;

/// As long as a router may take to answer: its random delay, and the pause between two multicast advertisements (RFC 4861 section 6.2.6:
/// MAX_RA_DELAY_TIME and MIN_DELAY_BETWEEN_RAS).
const ROUTER_US: u64 = 3_500_000;
/// As long as a client waits for a server at least (RFC 8415 section 7.6, SOL_TIMEOUT).
const SERVER_US: u64 = 1_000_000;
/// As long as a run waits for second routers and servers, by default.
const WINDOW_US: u64 = 5_000_000;

/// The conversations of the boots that a capture shows: the first that nobody answered, else that of them all.
pub(super) fn of(recording: &Recording) -> Network {
    let boots = boots::traces(recording);
    let whole = Trace::read(recording);
    let unanswered = |talk: fn(&Trace<'_>) -> Result<Conversation, String>| {
        let silent = |conversation: &Conversation| conversation.frames.iter().all(|frame| frame.direction == Direction::Sent);
        let found = boots.iter().filter(|_| boots.len() > 1).filter_map(|trace| talk(trace).ok()).find(silent);
        found.map_or_else(|| talk(if let [only] = &boots[..] { only } else { &whole }), Ok)
    };
    Network { router: unanswered(router).into(), server: unanswered(server).into() }
}

/// Why an answer that is not seen may have come.
const ONE_SIDED: &str = "nor the Advertise that the guest's Request is for: what comes for the guest alone was not captured";

/// What the guest asked routers, and what they say.
///
/// # Errors
/// That cannot be judged, for this reason.
fn router(trace: &Trace<'_>) -> Result<Conversation, String> {
    let good: Vec<u64> = trace.answering_advertisements().collect();
    // What came before the interface did, the guest did not hear.
    let heard_us = trace.recording.up_at_us.unwrap_or_default();
    let talk = Talk::new(trace, |packet| match (&packet.message, packet.by) {
        (Message::RouterSolicitation(_), Sender::Guest) => Some(Part::Question),
        (Message::RouterAdvertisement(_), Sender::Network) if packet.at_us >= heard_us => Some(Part::Answer(good.contains(&packet.at_us))),
        _ => None,
    });
    if !talk.answered && Transactions::of(trace).one_sided() {
        return Err(format!("{} shows no Router Advertisement, {ONE_SIDED}", place(trace)));
    }
    talk.finish("a router", "Router Solicitation", "Router Advertisement", ROUTER_US)
}

/// What the guest asked servers, and what they answer, under one identity. A client may take another identity for each try, as BusyBox' udhcpc6
/// does, and ask for several associations: it is the first that got an address, else the first that was answered, else the first.
///
/// # Errors
/// That cannot be judged, for this reason.
fn server(trace: &Trace<'_>) -> Result<Conversation, String> {
    let transactions = Transactions::of(trace);
    let (one_sided, transactions) = (transactions.one_sided(), transactions.all);
    let solicits: Vec<&Transaction> = transactions.iter().filter(|transaction| transaction.kind == kind::SOLICIT).collect();
    if !trace.client().any(|(_, message)| message.kind == kind::SOLICIT) {
        return Err(format!("{} shows no Solicit of the guest", place(trace)));
    }
    let named = |transaction: &&&Transaction| !transaction.duid.is_empty() && !transaction.iaids.is_empty();
    let gives = |transaction: &&&Transaction| transaction.answers.iter().any(|answer| matches!(answer.offer, Offer::Addresses(_)));
    let answered = |transaction: &&&Transaction| !transaction.answers.is_empty();
    let all = || solicits.iter().filter(named);
    let Some(chosen) = all().find(gives).or_else(|| all().find(answered)).or_else(|| all().next()) else {
        return Err("the guest's Solicit has no DUID or no IA_NA".into());
    };
    let iaid = iaid(chosen);
    let its: Vec<&&Transaction> = all().filter(|other| other.duid == chosen.duid && other.iaids.contains(&iaid)).collect();
    let talk = Talk::new(trace, |packet| {
        if its.iter().any(|transaction| transaction.sent_us.contains(&packet.at_us)) && packet.by == Sender::Guest {
            return matches!(&packet.message, Message::FromClient(message) if message.kind == kind::SOLICIT).then_some(Part::Question);
        }
        let mut answers = its.iter().flat_map(|transaction| &transaction.answers);
        let answer = packet.by == Sender::Network && matches!(packet.message, Message::ToClient(_));
        (answer && answers.any(|answer| answer.at_us == packet.at_us)).then_some(Part::Answer(true))
    });
    if !talk.answered && one_sided {
        return Err(format!("{} shows no Advertise, {ONE_SIDED}", place(trace)));
    }
    let mut conversation = talk.finish("a server", "Solicit", "answer of a server", SERVER_US)?;
    let source = "the guest's own Solicit".into();
    conversation.identity = Some(ClientIdentity { duid: hexadecimal(&chosen.duid), iaid, of_guest: true, source });
    Ok(conversation)
}

/// The association that got an address, else the first.
fn iaid(transaction: &Transaction) -> u32 {
    let given = |iaid: &&u32| transaction.answers.iter().any(|answer| matches!(transaction.offer_for(answer, **iaid), Offer::Addresses(_)));
    transaction.iaids.iter().find(given).or(transaction.iaids.first()).copied().unwrap_or_default()
}

/// What a recording is of, in words.
fn place(trace: &Trace<'_>) -> &'static str {
    if trace.recording.file == LIVE { "what was watched" } else { "the capture" }
}

enum Part {
    Question,
    /// One that is what was asked for, or not.
    Answer(bool),
}

/// A conversation as it is read out of a recording.
struct Talk<'t, 'a> {
    trace: &'t Trace<'a>,
    frames: Vec<Frame>,
    frames_dropped: u64,
    /// When it began, by its first frame; and when the guest asked first.
    began_us: u64,
    asked_us: Option<u64>,
    answered: bool,
}

impl<'t, 'a> Talk<'t, 'a> {
    /// The packets that `part` takes.
    fn new(trace: &'t Trace<'a>, part: impl Fn(&TracedPacket<'a>) -> Option<Part>) -> Self {
        let mut talk = Self { trace, frames: Vec::new(), frames_dropped: 0, began_us: 0, asked_us: None, answered: false };
        for packet in trace.packets.iter().filter(|packet| !packet.cut) {
            let Some(part) = part(packet) else { continue };
            if talk.frames.is_empty() {
                talk.began_us = packet.at_us;
            }
            let direction = match part {
                Part::Question => {
                    talk.asked_us.get_or_insert(packet.at_us);
                    Direction::Sent
                }
                Part::Answer(good) => {
                    talk.answered |= good;
                    Direction::Received
                }
            };
            if talk.frames.len() < Conversation::MOST_FRAMES {
                let at_us = packet.at_us.saturating_sub(talk.began_us);
                talk.frames.push(Frame { at_us, direction, checksum: packet.seen.checksum, bytes: packet.seen.bytes.clone() });
            } else {
                talk.frames_dropped += 1;
            }
        }
        talk
    }

    /// The conversation, if it can be judged: who does not answer is silent only if the capture goes on for as long as the answer may take, and if
    /// nothing is missing of it.
    fn finish(self, whom: &str, question: &str, answer: &str, wait_us: u64) -> Result<Conversation, String> {
        let recording = &self.trace.recording;
        let (from, end) = (self.asked_us.unwrap_or(self.began_us), recording.elapsed_us);
        let waited = end.saturating_sub(from);
        let lost = recording.gaps.iter().any(|gap| gap.until_us >= from);
        let cut = self.trace.packets.iter().any(|packet| packet.cut);
        if !self.answered {
            if self.asked_us.is_none() {
                return Err(format!("{} shows neither a {question} of the guest nor a {answer}", place(self.trace)));
            }
            if lost || cut {
                return Err(format!("{} shows no {answer}, and frames are missing or cut in it", place(self.trace)));
            }
            if self.trace.fragments_in(from, end) {
                return Err(format!("{} shows no {answer}, and fragments for the guest, which are not put together", place(self.trace)));
            }
            if waited < wait_us {
                let milliseconds = waited / 1000;
                return Err(format!(
                    "{} ends {milliseconds} ms after the guest's first {question}, and {whom} may take {} ms",
                    place(self.trace),
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
