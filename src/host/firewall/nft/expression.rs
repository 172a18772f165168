//! One rule of nft(8): what it looks at, and what it does.
//!
//! What is not understood may fit or not; behind it nothing is taken for understood but the verdict.

use std::collections::BTreeMap;

use super::super::chains::{Rule, Verdict};
use super::super::packet::{Field, Fits, Packet};
use super::lexer::{Token, block};

/// As many rules as one with a verdict map may become.
const MOST_ELEMENTS: usize = 4096;

/// The rules that a line of them stands for: one, or one for each element of its verdict map.
pub(crate) fn rules(words: &[Token], sets: &BTreeMap<String, Vec<Token>>, nic: &str) -> Vec<Rule> {
    let Some(first) = words.first() else { return Vec::new() };
    let rule = |fits, verdict| Rule { at: first.at(), fits, verdict };
    let mut fits = [Fits::Yes; 2];
    let mut understood = true;
    let mut rest = words;
    while let Some(word) = rest.first() {
        if let Some(verdict) = verdict(rest) {
            return vec![rule(fits, verdict)];
        }
        if let (true, Some((field, used))) = (understood, field(rest)) {
            let (operator, value) = Operator::read(&rest[used..]);
            if let Operator::Map = operator {
                let Some(map) = value.first().filter(|token| token.text == "{").map(|_| elements(value, sets)) else {
                    return vec![rule(and(fits, is(field, &[], nic)), Verdict::Unknown)];
                };
                return map.into_iter().map(|(element, verdict)| rule(and(fits, is(field, element.as_slice(), nic)), verdict)).collect();
            }
            if let Operator::Other = operator {
                fits = and(fits, Packet::BOTH.map(|packet| operator.fits(field, packet, nic, None)));
                understood = false;
                rest = value;
                continue;
            }
            let length = value_length(value);
            let all = values(&value[..length], sets);
            fits = and(fits, Packet::BOTH.map(|packet| operator.fits(field, packet, nic, all.as_deref())));
            rest = &value[length..];
            continue;
        }
        if let Some(used) = harmless(rest) {
            rest = rest.get(used..).unwrap_or_default();
            continue;
        }
        // A verdict map under a key that is not understood may do anything.
        if word.text == "vmap" {
            return vec![rule(fits, Verdict::Unknown)];
        }
        understood = false;
        fits = and(fits, [Fits::Maybe; 2]);
        rest = &rest[1..];
    }
    vec![rule(fits, Verdict::Continue)]
}

fn and(one: [Fits; 2], other: [Fits; 2]) -> [Fits; 2] {
    [one[0].and(other[0]), one[1].and(other[1])]
}

/// How a field is compared.
enum Operator {
    Equal,
    NotEqual,
    Ordered(fn(std::cmp::Ordering) -> bool),
    /// A verdict map.
    Map,
    /// Bits, or something else that is not understood.
    Other,
}

impl Operator {
    /// Reads the operator in front of a value.
    fn read(words: &[Token]) -> (Self, &[Token]) {
        let operator = match words.first().map(|token| &token.text[..]) {
            Some("==" | "eq") => Self::Equal,
            Some("!=" | "ne") => Self::NotEqual,
            Some("<" | "lt") => Self::Ordered(std::cmp::Ordering::is_lt),
            Some(">" | "gt") => Self::Ordered(std::cmp::Ordering::is_gt),
            Some("<=" | "le") => Self::Ordered(std::cmp::Ordering::is_le),
            Some(">=" | "ge") => Self::Ordered(std::cmp::Ordering::is_ge),
            Some("vmap") => Self::Map,
            Some("&" | "and" | "|" | "or" | "^" | "<<" | ">>" | "(" | "map" | "set" | ".") => Self::Other,
            _ => return (Self::Equal, words),
        };
        (operator, &words[1..])
    }

    /// Whether the packet's field fits; `values` is absent where they are not known.
    fn fits(&self, field: Field, packet: Packet, nic: &str, values: Option<&[String]>) -> Fits {
        if !field.is_there(packet) {
            return Fits::No;
        }
        let Some(values) = values else { return Fits::Maybe };
        let one_of = || values.iter().fold(Fits::No, |fits, value| fits.or(field.is(packet, nic, value)));
        match self {
            Self::Equal => one_of(),
            Self::NotEqual => one_of().negated(),
            Self::Ordered(fits) => {
                let ordering = values.first().and_then(|value| field.compared(packet, value));
                ordering.map_or(Fits::Maybe, |ordering| fits(ordering).into())
            }
            Self::Map | Self::Other => Fits::Maybe,
        }
    }
}

fn is(field: Field, values: &[String], nic: &str) -> [Fits; 2] {
    // Without a value it may be any.
    let values = if values.is_empty() { None } else { Some(values) };
    Packet::BOTH.map(|packet| Operator::Equal.fits(field, packet, nic, values))
}

/// The number of words of a value: a set, or values with commas between them.
fn value_length(words: &[Token]) -> usize {
    if words.first().is_some_and(|token| token.text == "{") {
        return block(words);
    }
    let mut length = usize::from(!words.is_empty());
    loop {
        let spaced_range = words.get(length).is_some_and(|token| token.text == "-");
        let comma = words.get(length).is_some_and(|token| token.text == ",");
        if !(spaced_range || comma) {
            return length;
        }
        length = (length + 2).min(words.len());
    }
}

/// The elements of a value; `None` where they are not known: a set that is filled at run time, a variable that is not defined.
fn values(words: &[Token], sets: &BTreeMap<String, Vec<Token>>) -> Option<Vec<String>> {
    let words = match words {
        [Token { text, .. }] if text.starts_with('@') => sets.get(&text[1..])?,
        words => words,
    };
    let mut values: Vec<String> = Vec::new();
    let mut joined = false;
    for token in words {
        match &token.text[..] {
            "{" | "}" | "," | ";" => {}
            "-" => {
                values.last_mut()?.push('-');
                joined = true;
            }
            text if text.starts_with(['@', '$']) => return None,
            // Concatenations, comments of elements, counters.
            "." | ":" | "comment" | "counter" | "timeout" | "expires" | "*" => return None,
            text if joined => {
                values.last_mut()?.push_str(text);
                joined = false;
            }
            text => values.push(text.to_owned()),
        }
    }
    Some(values)
}

/// The elements of a verdict map that stands in the rule. One that is not understood fits anything and may do anything.
fn elements(words: &[Token], sets: &BTreeMap<String, Vec<Token>>) -> Vec<(Option<String>, Verdict)> {
    let body = &words[1..block(words).max(2) - 1];
    let parts = body.split(|token| token.text == ",").take(MOST_ELEMENTS);
    let element = |part: &[Token]| {
        let part: Vec<Token> = part.iter().filter(|token| token.text != ";").cloned().collect();
        if part.is_empty() {
            return None;
        }
        let colon = part.iter().position(|token| token.text == ":");
        let read = colon.and_then(|colon| {
            let [value] = &values(&part[..colon], sets)?[..] else { return None };
            Some((Some(value.clone()), verdict(&part[colon + 1..]).unwrap_or(Verdict::Unknown)))
        });
        Some(read.unwrap_or((None, Verdict::Unknown)))
    };
    parts.filter_map(element).collect()
}

/// The verdict at the start of some words.
fn verdict(words: &[Token]) -> Option<Verdict> {
    let text = |at: usize| words.get(at).map(|token| token.text.clone()).unwrap_or_default();
    Some(match &words.first()?.text[..] {
        "accept" => Verdict::Accept,
        "drop" | "reject" => Verdict::Drop,
        "return" => Verdict::Return,
        "continue" => Verdict::Continue,
        "jump" => Verdict::Jump(text(1)),
        "goto" => Verdict::Goto(text(1)),
        "queue" | "synproxy" | "tproxy" | "redirect" | "dnat" | "snat" | "masquerade" => Verdict::Unknown,
        _ => return None,
    })
}

/// What the words at the start look at, and how many they are.
fn field(words: &[Token]) -> Option<(Field, usize)> {
    let text = |at: usize| words.get(at).map_or("", |token| &token.text[..]);
    Some(match (text(0), text(1)) {
        ("icmpv6", "type") => (Field::Icmpv6Type, 2),
        ("icmpv6", "code") => (Field::Icmpv6Code, 2),
        ("meta", "l4proto") | ("ip6", "nexthdr") => (Field::Protocol, 2),
        ("l4proto", _) => (Field::Protocol, 1),
        ("meta", "nfproto" | "protocol") | ("ether", "type") => (Field::Family, 2),
        ("nfproto" | "protocol", _) => (Field::Family, 1),
        ("udp", "dport") => (Field::UdpDestination, 2),
        ("udp", "sport") => (Field::UdpSource, 2),
        ("ct", "state") => (Field::ConnectionState, 2),
        ("meta", "iif" | "iifname") => (Field::Interface, 2),
        ("iif" | "iifname", _) => (Field::Interface, 1),
        ("ip6", "saddr") => (Field::Source, 2),
        ("ip6", "daddr") => (Field::Destination, 2),
        ("ip6", "hoplimit") => (Field::HopLimit, 2),
        ("meta", "pkttype") => (Field::PacketType, 2),
        ("pkttype", _) => (Field::PacketType, 1),
        ("tcp" | "sctp" | "dccp" | "udplite" | "icmp" | "igmp" | "ip" | "arp" | "ah" | "esp" | "comp" | "rt" | "frag" | "hbh" | "mh" | "dst", _) => {
            (Field::NotThere, 2)
        }
        _ => return None,
    })
}

/// The number of words of a statement at the start that decides nothing; `None` if it may decide, or is a condition.
fn harmless(words: &[Token]) -> Option<usize> {
    let text = |at: usize| words.get(at).map_or("", |token| &token.text[..]);
    Some(match (text(0), text(1)) {
        ("counter", "packets") => 5,
        ("counter", "name") => 3,
        ("counter" | "notrack" | "log", _) => {
            let mut used = 1;
            // The options of `log`, each with its value.
            while text(0) == "log" && matches!(text(used), "prefix" | "level" | "group" | "snaplen" | "queue-threshold" | "flags") {
                used += if text(used + 1) == "tcp" || text(used + 1) == "ip" { 3 } else { 2 };
            }
            used
        }
        ("comment", _) => 2,
        ("meta" | "ct", _) if text(2) == "set" => 4,
        (";", _) => 1,
        _ => return None,
    })
}
