//! Events in the order of time: frames and the kernel's news, of all interfaces, as they come.
//!
//! Frames are dated by the kernel. Its news are not, and are dated when they are read, which is at once unless the machine is busy.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::clock::Timeline;
use super::known::{Changed, Interface, Known};
use super::news::Subscription;
use crate::facts::{Happening, TransportChecksum};
use crate::observe::packet::{PacketSocket, Received, filter};

/// As many frames, and as many datagrams of news, as are taken at a time.
const FRAMES_IN_A_ROW: usize = 64;
const NEWS_IN_A_ROW: usize = 256;
/// For how long frames gather where one just came, so that many cost no more than a few: the kernel has dated them.
const GATHER: Duration = Duration::from_millis(200);
/// As many datagrams of news as are thrown away before all is read anew.
const MOST_THROWN_AWAY: usize = 1 << 16;

/// Something, and when, in nanoseconds since 1970 on the source's timeline.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at_ns: u64,
    pub(super) what: What,
}

/// Something that was noticed.
#[derive(Debug)]
pub(super) enum What {
    /// A frame was seen.
    Frame { interface: Rc<Interface>, outgoing: bool, checksum: TransportChecksum, wire_length: u32, bytes: Vec<u8> },
    /// Something happened. `found`: earlier, nobody knows when.
    Happened { interface: Rc<Interface>, found: bool, happening: Happening },
    /// An interface was renamed, `from` this name.
    Renamed { interface: Rc<Interface>, from: String },
    /// Something was missed since this time; so many frames, if they were counted.
    Missed { since_ns: u64, frames: Option<u64>, why: String },
    /// The time of day was set by so many nanoseconds.
    ClockSet(i64),
}

/// Both sockets, and what is known.
pub(super) struct Source {
    packets: PacketSocket,
    news: Subscription,
    known: Known,
    timeline: Timeline,
    buffer: Box<[u8; filter::LONGEST_FRAME]>,
    items: Vec<Item>,
    /// Until when nothing was missed.
    complete_ns: u64,
    dropped: u64,
    /// More may be waiting than was read.
    more: bool,
    /// Where frames came just now, when they are looked for again.
    gather_until: Option<Instant>,
}

impl Source {
    /// Opens both sockets; from then on nothing is missed unnoticed. What is found is told first. Needs a runtime with I/O.
    ///
    /// # Errors
    /// One of them is not to be had: `EPERM` without CAP_NET_RAW.
    pub(super) fn open() -> io::Result<Self> {
        let packets = PacketSocket::open(&filter::recorder(), true)?;
        let news = Subscription::open()?;
        let timeline = Timeline::begin();
        let complete_ns = timeline.began_ns();
        let buffer = Box::new([0; filter::LONGEST_FRAME]);
        let mut source = Self {
            packets,
            news,
            known: Known::default(),
            timeline,
            buffer,
            items: Vec::new(),
            complete_ns,
            dropped: 0,
            more: false,
            gather_until: None,
        };
        source.read_anew()?;
        Ok(source)
    }

    /// The timeline of its items.
    pub(super) fn timeline(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// How many frames the kernel dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Waits for what comes next. Nothing is lost if it is not waited for to the end. However much comes, timers and signals get their turn.
    ///
    /// # Errors
    /// The runtime's.
    pub(super) async fn next(&mut self) -> io::Result<Vec<Item>> {
        while self.items.is_empty() {
            if let Some(until) = self.gather_until {
                tokio::task::yield_now().await;
                if !self.more {
                    self.news.wait(until.saturating_duration_since(Instant::now()));
                }
            } else {
                self.packets.go_on()?;
                tokio::select! {
                    biased;
                    ready = self.packets.readable() => ready?,
                    ready = self.news.readable() => ready?,
                }
            }
            self.read();
        }
        Ok(self.take())
    }

    /// What was read and not told yet.
    fn take(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.items)
    }

    /// Reads what came before the end, and what was missed until then.
    pub(super) fn finish(&mut self) -> Vec<Item> {
        self.read();
        self.ask_for_lost(self.timeline.now_ns());
        self.take()
    }

    /// Reads what is waiting.
    fn read(&mut self) {
        let step = self.timeline.look();
        let now_ns = self.timeline.now_ns();
        let first = self.items.len();
        self.items.extend(step.map(|step| Item { at_ns: now_ns, what: What::ClockSet(step) }));
        let (frames, strangers) = self.read_frames();
        let all_news = self.read_news();
        self.more = frames == FRAMES_IN_A_ROW || !all_news;
        if frames > 0 || self.more {
            self.packets.pause();
            self.gather_until = Some(Instant::now() + GATHER);
        } else if self.gather_until.is_some_and(|until| until <= Instant::now()) {
            self.gather_until = None;
        }
        // An interface is told of before its first frame, and that telling has now been read.
        for (index, mut item) in strangers {
            if let (Some(known), What::Frame { interface, .. }) = (self.known.interface(index), &mut item.what) {
                *interface = Rc::clone(known);
                self.items.push(item);
            }
        }
        // One frame alone does not fill the queue. That the kernel had no memory for one is told when it is asked next.
        if frames != 1 {
            self.ask_for_lost(now_ns);
        }
        let new = self.items.get_mut(first..).unwrap_or_default();
        up_before_its_frames(new);
        new.sort_by_key(|item| item.at_ns);
    }

    /// Asks the kernel how many frames it dropped.
    fn ask_for_lost(&mut self, now_ns: u64) {
        if let Ok(lost @ 1..) = self.packets.lost() {
            let lost = u64::from(lost);
            self.dropped = self.dropped.saturating_add(lost);
            self.missed(Some(lost), "the kernel dropped frames that came faster than they were read");
        }
        self.complete_ns = now_ns;
    }

    /// Takes frames, and counts them; those of interfaces that are not known yet are returned with the index.
    fn read_frames(&mut self) -> (usize, Vec<(u32, Item)>) {
        let mut strangers = Vec::new();
        let mut frames = 0;
        while frames < FRAMES_IN_A_ROW {
            let received = self.packets.receive(&mut self.buffer);
            frames += usize::from(!matches!(received, Ok(Received::Empty)));
            let captured = match received {
                Ok(Received::Frame(captured)) => captured,
                Ok(Received::Empty) => break,
                // An error is an interface's that went down, and read once.
                Ok(Received::Other) | Err(_) => continue,
            };
            let at_ns = captured.stamp_ns.map_or(self.timeline.now_ns(), |stamp| self.timeline.of_stamp(stamp));
            let known = self.known.interface(captured.interface).cloned();
            let is_known = known.is_some();
            let interface =
                known.unwrap_or_else(|| Rc::new(Interface { index: captured.interface, name: String::new(), mac: <[u8; 6]>::default().into() }));
            let (outgoing, checksum, wire_length) = (captured.outgoing, captured.checksum, captured.wire_length);
            let item = Item { at_ns, what: What::Frame { interface, outgoing, checksum, wire_length, bytes: captured.bytes.to_vec() } };
            if is_known {
                self.items.push(item);
            } else {
                strangers.push((captured.interface, item));
            }
        }
        (frames, strangers)
    }

    /// Takes news; whether that was all.
    fn read_news(&mut self) -> bool {
        let at_ns = self.timeline.now_ns();
        for _ in 0..NEWS_IN_A_ROW {
            let mut news = Vec::new();
            match self.news.read(&mut news) {
                Ok(true) => {
                    let items = &mut self.items;
                    for news in news {
                        self.known.learn(news, &mut |interface, changed| items.push(item(at_ns, interface, changed, false)));
                    }
                }
                Ok(false) => return true,
                Err(error) => {
                    self.missed(None, &format!("the kernel's news of links, addresses and routes were missed: {error}"));
                    // What is queued is older than what is read now.
                    let mut thrown_away = 0;
                    while thrown_away < MOST_THROWN_AWAY && !matches!(self.news.read(&mut Vec::new()), Ok(false)) {
                        thrown_away += 1;
                    }
                    if let Err(error) = self.read_anew() {
                        self.missed(None, &format!("the kernel does not tell its links, addresses and routes: {error}"));
                    }
                    return true;
                }
            }
        }
        false
    }

    fn read_anew(&mut self) -> io::Result<()> {
        let (at_ns, items) = (self.timeline.now_ns(), &mut self.items);
        self.known.read(&mut |interface, changed| items.push(item(at_ns, interface, changed, true)))
    }

    fn missed(&mut self, frames: Option<u64>, why: &str) {
        self.items.push(Item { at_ns: self.timeline.now_ns(), what: What::Missed { since_ns: self.complete_ns, frames, why: why.to_owned() } });
    }
}

fn item(at_ns: u64, interface: &Rc<Interface>, changed: Changed, found: bool) -> Item {
    let interface = Rc::clone(interface);
    let what = match changed {
        Changed::Happened(happening) => What::Happened { interface, found, happening },
        Changed::Renamed(from) => What::Renamed { interface, from },
    };
    Item { at_ns, what }
}

/// A link carries no frame before it is up: where its coming up was read together with frames, it came up before them. Where it went down first,
/// they may be of before that.
fn up_before_its_frames(items: &mut [Item]) {
    let mut seen = BTreeSet::new();
    for at in 0..items.len() {
        let What::Happened { interface, found: false, happening: Happening::Link(link) } = &items[at].what else { continue };
        let (index, up) = (interface.index, link.up);
        if seen.insert(index) && up {
            let of_it = |item: &&Item| matches!(&item.what, What::Frame { interface, .. } if interface.index == index);
            let first_ns = items.iter().filter(of_it).map(|item| item.at_ns).min().unwrap_or(u64::MAX);
            items[at].at_ns = items[at].at_ns.min(first_ns.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::LinkChange;

    #[test]
    fn a_link_is_up_before_its_frames() {
        let interface = Rc::new(Interface { index: 2, name: "eth0".into(), mac: <[u8; 6]>::default().into() });
        let frame = || What::Frame {
            interface: Rc::clone(&interface),
            outgoing: true,
            checksum: TransportChecksum::Complete,
            wire_length: 60,
            bytes: Vec::new(),
        };
        let link = |up| What::Happened { interface: Rc::clone(&interface), found: false, happening: Happening::Link(LinkChange { up, carrier: up }) };
        let times = |whats: [What; 3]| {
            let mut items: Vec<Item> = whats.into_iter().zip([100, 110, 120]).map(|(what, at_ns)| Item { at_ns, what }).collect();
            up_before_its_frames(&mut items);
            items.iter().map(|item| item.at_ns).collect::<Vec<_>>()
        };
        assert_eq!(times([frame(), frame(), link(true)]), [100, 110, 99]);
        assert_eq!(times([frame(), link(false), link(true)]), [100, 110, 120]);
    }
}
