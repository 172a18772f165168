//! One event as a line: aligned columns for people, JSON for programs.

use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::report::bounded_line;
use crate::story::{Actor, Told};
use crate::wrap::wrap;

/// ANSI SGR parameters.
const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

/// From when on events count.
pub(super) struct Clock {
    began: Option<OffsetDateTime>,
    /// Lines have the time of day; otherwise seconds.
    pub(super) of_day: bool,
}

impl Clock {
    /// Of a recording that began at a time by RFC 3339.
    pub(super) fn of(began: &str) -> Self {
        Self { began: OffsetDateTime::parse(began, &Rfc3339).ok(), of_day: false }
    }

    /// Of now.
    pub(super) fn started() -> Self {
        Self { began: Some(OffsetDateTime::now_utc()), of_day: true }
    }

    /// When it began, by RFC 3339.
    pub(super) fn began(&self) -> String {
        self.began.and_then(|began| began.format(&Rfc3339).ok()).unwrap_or_default()
    }

    fn at(&self, at_us: u64) -> Option<OffsetDateTime> {
        self.began?.checked_add(Duration::microseconds(i64::try_from(at_us).ok()?))
    }

    /// `3.214`, or `14:03:07.214`.
    fn short(&self, at_us: u64) -> String {
        match self.at(at_us).filter(|_| self.of_day) {
            Some(at) => format!("{:02}:{:02}:{:02}.{:03}", at.hour(), at.minute(), at.second(), at.millisecond()),
            None => format!("{:>5}.{:03}", at_us / 1_000_000, at_us / 1000 % 1000),
        }
    }
}

/// An event of an interface.
pub(super) struct Line<'a> {
    pub(super) clock: &'a Clock,
    /// Its name; absent for what is of all.
    pub(super) interface: Option<&'a str>,
    pub(super) told: &'a Told,
}

impl Line<'_> {
    /// `14:03:07.214  eth0  ->  RS`, the interface in a column of `width`. For a terminal it is folded below itself, else it stays one line.
    pub(super) fn text(&self, width: usize, colour: bool, fold: bool) -> String {
        let Told { at_us, from, to, text, .. } = self.told;
        let arrow = match (from, to) {
            (Actor::Guest, _) => "->",
            (Actor::Kernel, _) => " *",
            _ => "<-",
        };
        let text = bounded_line(text);
        let before = format!("{}  {:<width$}  {arrow}  ", self.clock.short(*at_us), bounded_line(self.name()));
        let text = if fold { wrap(&before, before.chars().count(), &text).join("\n") } else { before.clone() + &text };
        match self.colour().filter(|_| colour) {
            Some(colour) => text.replacen(&before, &format!("{before}\x1b[{colour}m"), 1) + "\x1b[0m",
            None => text,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.interface.unwrap_or("all")
    }

    /// What is wrong is red, what was reached green, what makes the rest uncertain yellow.
    fn colour(&self) -> Option<u8> {
        let has = |field: &str| self.told.fields.contains_key(field);
        match self.told.kind.as_str() {
            "dad_failed" | "default_route_gone" | "address_gone" => Some(RED),
            "reply" | "advertise" if has("status") => Some(RED),
            "link" if self.told.fields.get("carrier") == Some(&Value::Bool(false)) => Some(RED),
            "gap" => Some(YELLOW),
            _ if has("malformed") || has("wrong_checksum") || has("cut") => Some(YELLOW),
            "address_usable" | "default_route_added" | "reply" => Some(GREEN),
            _ => None,
        }
    }

    /// The same as one line of JSON: time, interface, who, to whom, what kind, the text, and what the text has, decoded.
    pub(super) fn json(&self) -> String {
        let told = self.told;
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        let time = self.clock.at(told.at_us).and_then(|at| at.format(&Rfc3339).ok());
        put("time", time.into());
        put("at_us", told.at_us.into());
        put("interface", self.interface.into());
        put("from", actor(told.from).into());
        put("to", actor(told.to).into());
        put("kind", told.kind.as_str().into());
        put("text", told.text.as_str().into());
        line.extend(told.fields.clone());
        Value::Object(line).to_string()
    }
}

fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Guest => "guest",
        Actor::Router => "router",
        Actor::Server => "server",
        Actor::Others => "others",
        Actor::Kernel => "kernel",
    }
}
