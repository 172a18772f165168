//! The boot as a sequence chart: guest, router and server as columns, messages as arrows, time at the left. 80 columns of ASCII, so that it
//! survives a serial console; what repeats is folded. It knows events in words, and no packets.

use super::BootEntry;
use super::boot::whole;
use crate::facts::Recording;
use crate::sanitize::line;
use crate::story::{Actor, Told, seconds};

/// Where the lines of guest, router and server stand, from 0.
const GUEST: usize = 11;
const ROUTER: usize = 66;
const SERVER: usize = 78;
/// What an arrow takes beside its text: `-- ` before, ` ->` behind it.
const ARROW: usize = 6;
/// Room for a note between the lines of guest and router.
const NOTE: usize = ROUTER - GUEST - 5;
/// As many lines as a chart has; of more, its beginning and its end are shown.
const MOST_LINES: usize = 60;
const LAST_LINES: usize = 18;
/// As many events as may be repeated together: Solicit and Advertise, again and again.
const LONGEST_CYCLE: usize = 6;

/// The whole of a recording as a chart.
pub fn recorded(interface: &str, recording: &Recording) -> Vec<String> {
    chart(&whole(interface, recording, None))
}

/// The boot of one interface as a chart.
pub(super) fn chart(entry: &BootEntry) -> Vec<String> {
    let mut lines = vec![format!("{}: {}, seconds since {}", ascii(&entry.interface), ascii(&entry.file), ascii(&entry.began)), String::new()];
    let mut head = " ".repeat(SERVER + 2);
    for (at, name) in [(GUEST - 2, "guest"), (ROUTER - 3, "router"), (SERVER - 4, "server")] {
        head.replace_range(at..at + name.len(), name);
    }
    lines.push(head.trim_end().to_owned());
    let rows = rows(entry);
    let count = rows.len();
    if count <= MOST_LINES {
        lines.extend(rows);
    } else {
        let first = MOST_LINES - LAST_LINES - 1;
        lines.extend(rows.iter().take(first).cloned());
        lines.push(row("...", &format!("  ({} lines left out)", count - first - LAST_LINES)));
        lines.extend(rows.into_iter().skip(count - LAST_LINES));
    }
    lines
}

fn rows(entry: &BootEntry) -> Vec<String> {
    let events = &entry.events;
    // Where the report left events out, in the middle of what it has.
    let missing_at = (entry.left_out > 0).then_some(super::boot::FIRST);
    let mut rows = Vec::new();
    let mut at = 0;
    while let Some(event) = events.get(at) {
        if missing_at == Some(at) {
            rows.push(row("...", &format!("  ({} events left out)", entry.left_out)));
        }
        let end = missing_at.filter(|missing| at < *missing).unwrap_or(events.len()).min(events.len());
        let (cycle, times) = repeats(&events[at..end]);
        if times == 0 {
            rows.extend(drawn(event));
            at += 1;
            continue;
        }
        rows.extend(events[at..at + cycle].iter().flat_map(drawn));
        at += cycle * (times + 1);
        let until = events.get(at - 1).map(|last| seconds(last.at_us)).unwrap_or_default();
        let what = if cycle == 1 {
            format!("{times} more {} until {until}", plural(event))
        } else {
            format!("these {cycle} events {times} more times until {until}")
        };
        rows.push(row("...", &format!("  {what}")));
    }
    rows
}

/// How many events from the first on are repeated, and how often; the shortest cycle that saves lines.
fn repeats(events: &[Told]) -> (usize, usize) {
    for cycle in 1..=LONGEST_CYCLE {
        let Some(first) = events.get(..cycle) else { break };
        let again = events[cycle..].chunks_exact(cycle).take_while(|next| first.iter().zip(*next).all(|(one, other)| is_same(one, other))).count();
        if again > 1 {
            return (cycle, again);
        }
    }
    (1, 0)
}

/// Whether two events say the same, whatever their transaction.
fn is_same(one: &Told, other: &Told) -> bool {
    (one.from, one.to, &one.kind) == (other.from, other.to, &other.kind) && words(&one.text).eq(words(&other.text))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut before = "";
    text.split(' ').filter(move |word| std::mem::replace(&mut before, word) != "xid")
}

/// What an event is called, of several: `Solicits`.
fn plural(event: &Told) -> String {
    match event.kind.as_str() {
        "duplicate_address_detection" => "DAD NS".into(),
        "listener_report" => "MLD reports".into(),
        _ if event.from == Actor::Kernel => "of this".into(),
        _ => {
            let name: String = event.text.chars().take_while(|character| *character != ' ').collect();
            if name.len() > 3 && name.is_ascii() { format!("{name}s") } else { ascii(&name) }
        }
    }
}

/// The lines of one event: an arrow or a note, and what of its text finds no room there.
fn drawn(event: &Told) -> Vec<String> {
    let time = seconds(event.at_us);
    let time = time.trim_end_matches(" s");
    let (from, to) = (column(event.from), column(event.to));
    let outwards = event.from == Actor::Guest;
    let text = ascii(&event.text);
    let Some(end) = (if outwards { to } else { from }) else {
        let (before, behind) = match event.from {
            Actor::Guest => ("-- ", " --> all"),
            Actor::Kernel if event.kind == "gap" => ("  ! ", ""),
            Actor::Kernel => ("  * ", ""),
            _ => ("<- ", " -- other node"),
        };
        let mut parts = fitted(&text, NOTE - behind.len()).into_iter();
        let first = parts.next().unwrap_or_default();
        return std::iter::once(row(time, &format!("{before}{first}{behind}"))).chain(parts.map(|part| row("", &format!("    {part}")))).collect();
    };
    let room = end - GUEST - 1;
    let mut parts = fitted(&text, ROUTER - GUEST - 1 - ARROW).into_iter();
    let first = parts.next().unwrap_or_default();
    let opening = if outwards { format!("-- {first} ") } else { format!("<- {first} ") };
    let mut arrow = format!("{opening:-<room$}");
    if outwards {
        arrow.replace_range(room - 1.., ">");
    }
    std::iter::once(row(time, &arrow)).chain(parts.map(|part| row("", &format!("   {part}")))).collect()
}

/// Where an actor's line stands; `None` for those without one.
fn column(actor: Actor) -> Option<usize> {
    match actor {
        Actor::Router => Some(ROUTER),
        Actor::Server => Some(SERVER),
        Actor::Guest | Actor::Others | Actor::Kernel => None,
    }
}

/// One line: the time, the guest's line, what stands right of it, and the lines of router and server where that leaves them free.
fn row(time: &str, text: &str) -> String {
    let mut line: Vec<char> = format!("{time:>9}  |{text}").chars().collect();
    line.resize(line.len().max(SERVER + 1), ' ');
    for at in [ROUTER, SERVER] {
        match line[at] {
            ' ' => line[at] = '|',
            '-' => line[at] = '+',
            _ => {}
        }
    }
    line.into_iter().collect()
}

/// `text` in parts of at most `width` characters, broken at spaces where there are some.
fn fitted(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word;
        while let Some(part) = parts.last_mut() {
            let gap = usize::from(!part.is_empty());
            if part.len() + gap + rest.len() <= width {
                part.push_str(&" "[..gap]);
                part.push_str(rest);
                break;
            }
            if part.is_empty() {
                let (head, tail) = rest.split_at(width);
                part.push_str(head);
                rest = tail;
            }
            parts.push(String::new());
        }
    }
    parts
}

/// Harmless and ASCII, every other character as an escape, so that the columns stay where they are.
fn ascii(text: &str) -> String {
    line(text).chars().flat_map(|character| if character.is_ascii() { vec![character] } else { character.escape_unicode().collect() }).collect()
}
