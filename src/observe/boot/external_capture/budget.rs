//! How many frames of a capture are kept: what others say among themselves must not crowd out the boot of a guest.

use crate::wire::message::Message;

/// As many frames of all parties together as are kept, and as many bytes.
const MAX_FRAMES: usize = 1 << 14;
const MAX_BYTES: usize = 3 << 20;
/// The part of both that is left to frames that are no exchange with a router or server.
const PART: usize = 4;
/// As often as room is made.
const MAX_CLEARINGS: u32 = 16;

/// How much a frame matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A question to a router or server, or an answer.
    Exchange,
    /// A test of an address, or a report from `::`: an interface that comes up.
    Start,
    /// Neighbor Discovery between nodes, reports of groups, and what cannot be read.
    Other,
}

impl Class {
    pub(super) fn of(message: &Message, unspecified: bool) -> Self {
        match message {
            Message::RouterSolicitation(_) | Message::RouterAdvertisement(_) | Message::FromClient(_) | Message::ToClient(_) | Message::Redirect => {
                Self::Exchange
            }
            Message::NeighborSolicitation(_) | Message::ListenerReport(_) if unspecified => Self::Start,
            _ => Self::Other,
        }
    }
}

/// What is left of it.
#[derive(Debug, Default)]
pub(super) struct Budget {
    exchange: Used,
    start: Used,
    other: Used,
    clearings: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Used {
    frames: usize,
    bytes: usize,
}

impl Budget {
    /// Takes room for a frame; false if there is none.
    pub(super) fn take(&mut self, class: Class, bytes: usize) -> bool {
        let all = [self.exchange, self.start, self.other];
        let (frames, total): (usize, usize) = (all.iter().map(|used| used.frames).sum(), all.iter().map(|used| used.bytes).sum());
        let used = self.of(class);
        let part = if class == Class::Exchange { 1 } else { PART };
        let room = frames < MAX_FRAMES && total < MAX_BYTES && used.frames < MAX_FRAMES / part && used.bytes < MAX_BYTES / part;
        if room {
            used.frames += 1;
            used.bytes += bytes;
        }
        room
    }

    /// Gives back the room of a frame that is not kept after all.
    pub(super) fn give_back(&mut self, class: Class, bytes: usize) {
        let used = self.of(class);
        used.frames = used.frames.saturating_sub(1);
        used.bytes = used.bytes.saturating_sub(bytes);
    }

    /// Whether room may be made once more.
    pub(super) fn may_clear(&mut self) -> bool {
        self.clearings += 1;
        self.clearings <= MAX_CLEARINGS
    }

    fn of(&mut self, class: Class) -> &mut Used {
        match class {
            Class::Exchange => &mut self.exchange,
            Class::Start => &mut self.start,
            Class::Other => &mut self.other,
        }
    }
}
