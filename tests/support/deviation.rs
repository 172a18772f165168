//! A worked example as facts: the good guest, patched.

use serde_json::Value;
use v6check::catalogue::Case;
use v6check::facts::{Boot, Conversation, Direction, Ended, Facts, Frame, HostState, Network, Observed, Reason, State, TransportChecksum};

use super::{INTERFACE, frames, patch, story};

/// What the facts of `case` are.
///
/// # Errors
/// The deviation names what facts do not have, or changes nothing.
pub(crate) fn facts(good: &Facts, case: &Case) -> Result<Facts, String> {
    let mut facts = good.clone();
    if case.image {
        as_image(&mut facts);
    }
    if let Some(list) = &case.advertisements {
        let frames = list.iter().map(frames::advertisement).collect::<Result<Vec<_>, _>>().map_err(|error| format!("advertisements: {error}"))?;
        answer(conversation(&mut facts, |network| &mut network.router)?, frames);
    }
    if let Some(list) = &case.answers {
        let conversation = conversation(&mut facts, |network| &mut network.server)?;
        let asked = frames::Asked::of(conversation)?;
        let frames =
            list.iter().map(|table| frames::answer(table, &asked)).collect::<Result<Vec<_>, _>>().map_err(|error| format!("answers: {error}"))?;
        answer(conversation, frames);
    }
    if let Some(list) = &case.boot {
        let tenses = facts.interfaces.get_mut(INTERFACE).and_then(|interface| interface.tenses.as_mut()).ok_or("the interface has no tenses")?;
        tenses.boot.recording = Observed::Seen(story::recording(list)?);
    }
    if let Some(list) = &case.second_boot {
        let mut second = facts.interfaces.get(INTERFACE).cloned().ok_or("the good guest has no interface")?;
        second.tenses.as_mut().ok_or("the interface has no tenses")?.boot.recording = Observed::Seen(story::recording(list)?);
        facts.interfaces.insert("eth1".into(), second);
    }
    // The patches come last, so that they can say how a conversation ended in which nobody answered.
    let mut json = serde_json::to_value(&facts).map_err(|error| error.to_string())?;
    if let Some(table) = &case.host {
        only(table, &["run", "intent", "state", "host", "interfaces"], "host")?;
        patch::merge(&mut json, as_json(table)?).map_err(|error| format!("host: {error}"))?;
    }
    if let Some(table) = &case.interface {
        only(table, &["link", "tenses"], "interface")?;
        let interface = json.pointer_mut(&format!("/interfaces/{INTERFACE}")).ok_or("the good guest has no such interface")?;
        patch::merge(interface, as_json(table)?).map_err(|error| format!("interface: {error}"))?;
    }
    let facts = serde_path(&json)?;
    let deviates = case.image
        || case.boot.is_some()
        || case.second_boot.is_some()
        || case.host.is_some()
        || case.interface.is_some()
        || case.advertisements.is_some()
        || case.answers.is_some();
    if deviates && facts == *good {
        return Err("the deviation changes nothing".into());
    }
    Ok(facts)
}

/// The guest as an image on disk: what it is set up to do, and nothing else.
pub(crate) fn as_image(facts: &mut Facts) {
    const NOT_RUNNING: &str = "an image that does not run has none of it (--root)";
    facts.run.image = Some("/mnt".into());
    facts.run.passive = true;
    facts.run.uptime_cs = 0;
    facts.state = HostState::absent(NOT_RUNNING);
    facts.interfaces.retain(|name, _| name == INTERFACE);
    for interface in facts.interfaces.values_mut() {
        interface.link = Observed::Absent(NOT_RUNNING.into());
        if let Some(tenses) = &mut interface.tenses {
            tenses.boot = Boot::absent(NOT_RUNNING);
            tenses.network = Network::absent(NOT_RUNNING);
            tenses.state = State::absent(NOT_RUNNING);
        }
    }
}

/// Replaces what was received by `frames`; where nobody answers, the whole window is waited out.
pub(crate) fn answer(conversation: &mut Conversation, frames: Vec<Vec<u8>>) {
    conversation.frames.retain(|frame| frame.direction != Direction::Received);
    conversation.ended = if frames.is_empty() { Ended::Deadline } else { Ended::Answered };
    for (bytes, at) in frames.into_iter().zip(1..) {
        conversation.frames.push(Frame { at_us: 300 * at, direction: Direction::Received, checksum: TransportChecksum::Complete, bytes });
    }
}

/// One of the good guest's conversations.
///
/// # Errors
/// The guest has none.
pub(crate) fn conversation(facts: &mut Facts, which: fn(&mut Network) -> &mut Observed<Conversation>) -> Result<&mut Conversation, String> {
    let tenses = facts.interfaces.get_mut(INTERFACE).and_then(|interface| interface.tenses.as_mut()).ok_or("the interface has no tenses")?;
    match which(&mut tenses.network) {
        Observed::Seen(conversation) => Ok(conversation),
        Observed::Unknown(Reason { text: reason, .. }) | Observed::Absent(reason) => {
            Err(format!("nothing can answer a conversation that was not held: {reason}"))
        }
    }
}

fn only(table: &toml::Table, keys: &[&str], what: &str) -> Result<(), String> {
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("{what} has no {key:?}; it has: {}", keys.join(", "))),
        None => Ok(()),
    }
}

fn as_json(table: &toml::Table) -> Result<Value, String> {
    serde_json::to_value(table).map_err(|error| error.to_string())
}

fn serde_path(json: &Value) -> Result<Facts, String> {
    // Through the text, so that the error names line and column of a fact and shows it.
    let text = serde_json::to_string_pretty(json).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| {
        let shown = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default().trim();
        format!("the patched guest is no longer facts: {error}, at {shown}")
    })
}
