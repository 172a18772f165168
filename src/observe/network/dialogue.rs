//! One conversation without its socket: what to send when, what to keep of what is heard, and when it is over.
//!
//! Time is what the caller says it is: since the observation began. What is asked and what is an answer is the [`Question`]'s.

use std::time::Duration;

use super::retransmission::{Random, Retransmission};
use crate::facts::{ClientIdentity, Conversation, Direction, Ended, Frame, Observed, TransportChecksum};
use crate::wire;

/// How long a refusal waits for somebody else's offer: as long as a client collects Advertises, its first retransmission time
/// (RFC 8415 section 18.2.1).
const REFUSAL_STANDS_AFTER: Duration = Duration::from_secs(1);
/// How long a frame waits for room in the socket.
const POSTPONED_BY: Duration = Duration::from_millis(5);
/// Places in the record that only our own messages and their answers take, so that a flood of other frames leaves room for them.
const KEPT_FREE: usize = 64;

/// How long to listen.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The deadline of every conversation.
    pub timeout: Duration,
    /// Wait until the deadline for second routers and servers.
    pub thorough: bool,
}

/// A frame on the interface of a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// Which way it went.
    pub(super) direction: Direction,
    /// Whether its checksum can be judged.
    pub(super) checksum: TransportChecksum,
    /// The frame from its Ethernet header on.
    pub(super) bytes: &'a [u8],
    /// The same, read.
    pub(super) frame: &'a wire::frame::Frame<'a>,
}

impl Heard<'_> {
    /// Its checksum is as it went over the wire, so that it can be judged.
    pub(super) fn checksum_known(&self) -> bool {
        self.checksum == TransportChecksum::Complete
    }
}

/// What a frame is to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Not of its kind.
    Nothing,
    /// Of its kind: traffic of others, or nothing that a client would take.
    Related,
    /// An answer that makes no other unnecessary.
    Refusal,
    /// The answer that it needed.
    Answer,
}

/// What is asked, and what answers it.
pub(super) trait Question {
    /// The frame to send, `elapsed` after the first.
    fn frame(&self, elapsed: Duration) -> Vec<u8>;

    /// What a frame is to it. Never ours.
    fn meaning(&self, heard: &Heard<'_>) -> Meaning;

    /// Who we say we are, if we say.
    fn identity(self) -> Option<ClientIdentity>;
}

/// One conversation.
#[derive(Debug)]
pub(super) struct Dialogue<Q> {
    question: Q,
    ending: Ending,
    retransmission: Retransmission,
    first_sent: Option<Duration>,
    /// When to ask again; `None` once it is answered.
    ask_at: Option<Duration>,
    refused_at: Option<Duration>,
    answered: bool,
    ended: Option<(Ended, Duration)>,
    failure: Option<String>,
    frames: Vec<Frame>,
    dropped: u64,
}

impl<Q: Question> Dialogue<Q> {
    /// A conversation that begins now, at time zero.
    pub(super) fn new(question: Q, ending: Ending, random: Random) -> Self {
        Self {
            question,
            ending,
            retransmission: Retransmission::new(random),
            first_sent: None,
            ask_at: Some(Duration::ZERO),
            refused_at: None,
            answered: false,
            ended: None,
            failure: None,
            frames: Vec::new(),
            dropped: 0,
        }
    }

    /// The frame to send at `now`, if one is due. Also notices that the conversation is over.
    pub(super) fn due(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.is_over() {
            return None;
        }
        if now >= self.ending.timeout {
            self.end(Ended::Deadline, self.ending.timeout);
            return None;
        }
        if self.refusal_stands_at().is_some_and(|at| now >= at) {
            self.end(Ended::Answered, now);
            return None;
        }
        if self.ask_at.is_none_or(|at| now < at) {
            return None;
        }
        let first = *self.first_sent.get_or_insert(now);
        self.ask_at = Some(now.saturating_add(self.retransmission.wait()));
        Some(self.question.frame(now.saturating_sub(first)))
    }

    /// When to call [`Dialogue::due`] next; `None` once it is over.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        if self.is_over() {
            return None;
        }
        [self.ask_at, self.refusal_stands_at()].into_iter().flatten().chain([self.ending.timeout]).min()
    }

    /// Our frame went out.
    pub(super) fn sent(&mut self, now: Duration, bytes: &[u8]) {
        self.keep(now, Direction::Sent, TransportChecksum::Complete, bytes, true);
    }

    /// There is no room for our frame in the socket: it is due again soon.
    pub(super) fn postponed(&mut self, now: Duration) {
        self.ask_at = Some(now.saturating_add(POSTPONED_BY));
    }

    /// Our frame could not be sent: nothing can be said about the network.
    pub(super) fn failed(&mut self, now: Duration, reason: String) {
        if !self.is_over() {
            self.failure = Some(reason);
            self.end(Ended::Interrupted, now);
        }
    }

    /// A frame was seen on the interface. Also after the end, while other conversations still listen: it costs nothing to keep.
    pub(super) fn heard(&mut self, now: Duration, heard: &Heard<'_>) {
        let meaning = self.question.meaning(heard);
        if meaning == Meaning::Nothing {
            return;
        }
        let answers = meaning != Meaning::Related;
        self.keep(now, heard.direction, heard.checksum, heard.bytes, answers);
        if self.is_over() {
            return;
        }
        match meaning {
            Meaning::Nothing | Meaning::Related => {}
            Meaning::Refusal => {
                self.refused_at.get_or_insert(now);
            }
            Meaning::Answer => {
                self.answered = true;
                self.ask_at = None;
                if !self.ending.thorough {
                    self.end(Ended::Answered, now);
                }
            }
        }
    }

    /// A signal ended the waiting.
    pub(super) fn interrupted(&mut self, now: Duration) {
        if !self.is_over() {
            self.end(Ended::Interrupted, now);
        }
    }

    /// It waits for nothing any more.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// The answer that it needed is in; if it is not over, it waits for others.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// The conversation as a fact. `lost` frames did not reach us; where an answer is missing, it may have been among them.
    pub(super) fn into_fact(self, lost: u32) -> Observed<Conversation> {
        if let Some(reason) = self.failure {
            return Observed::unknown(reason);
        }
        if !self.answered && !self.frames.iter().any(|frame| frame.direction == Direction::Sent) {
            return Observed::unknown("nothing could be sent in time");
        }
        let (ended, at) = self.ended.unwrap_or((Ended::Interrupted, Duration::ZERO));
        if lost > 0 && !self.answered && self.refused_at.is_none() {
            return Observed::unknown(format!("{lost} frames came faster than they could be read, an answer may have been among them"));
        }
        Observed::Seen(Conversation {
            frames: self.frames,
            frames_dropped: self.dropped,
            ended,
            elapsed_us: microseconds(at),
            identity: self.question.identity(),
        })
    }

    fn refusal_stands_at(&self) -> Option<Duration> {
        let waits = self.ending.thorough || self.answered;
        self.refused_at.filter(|_| !waits).map(|at| at.saturating_add(REFUSAL_STANDS_AFTER))
    }

    fn end(&mut self, how: Ended, now: Duration) {
        self.ended = Some((how, now));
    }

    fn keep(&mut self, now: Duration, direction: Direction, checksum: TransportChecksum, bytes: &[u8], matters: bool) {
        let most = if matters { Conversation::MOST_FRAMES } else { Conversation::MOST_FRAMES - KEPT_FREE };
        if self.frames.len() < most {
            self.frames.push(Frame { at_us: microseconds(now), direction, checksum, bytes: bytes.to_vec() });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
