//! Groups interfaces: what differs only in the interface's name is printed once, so that the report of a guest with 64 interfaces stays
//! readable.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use super::details::blame;
use super::{CheckResult, Diagnosis};
use crate::judge::Verdict;
use crate::sanitize;

/// Items that say the same.
pub(crate) struct Group<'a, T> {
    /// The first of them, which is shown for all.
    pub(crate) first: &'a T,
    /// The interfaces that they are of; `None` for the host.
    pub(crate) names: Vec<Option<String>>,
    /// They differ in their IPv6 addresses, too, and are but too many to show each.
    pub(crate) differ: bool,
}

impl<T> Group<'_, T> {
    /// What is to be said after a text of the first, so that nobody takes its addresses for those of all; empty where they are.
    pub(crate) fn whose(&self) -> String {
        if self.differ { format!(" (The addresses are those of {}.)", names(&self.names[..1], "host")) } else { String::new() }
    }
}

/// As many interfaces are shown each for itself where their addresses differ.
const FEW: usize = 3;

/// Results that differ in nothing but the interface.
pub(crate) fn alike<'a>(results: &mut dyn Iterator<Item = &'a CheckResult>, grouping: bool) -> Vec<Group<'a, CheckResult>> {
    let key = |result: &'a CheckResult| {
        // A pass says the same of each interface, whatever was seen there.
        let texts = if result.verdict == Verdict::Pass {
            Vec::new()
        } else {
            vec![&result.message[..], &result.expected, &result.seen, result.remedy.as_deref().unwrap_or_default()]
        };
        ((&result.id[..], result.waived.as_deref(), blame(result.blame)), texts)
    };
    group_interfaces(results, grouping, |result| result.interface.clone(), key)
}

/// Diagnoses that differ in nothing but the interface.
pub(crate) fn diagnoses<'a>(all: &'a [Diagnosis], grouping: bool) -> Vec<Group<'a, Diagnosis>> {
    let key = |diagnosis: &'a Diagnosis| (diagnosis.fault.map(blame), vec![&diagnosis.text[..]]);
    group_interfaces(all.iter(), grouping, |diagnosis| diagnosis.interface.clone(), key)
}

/// Items by `key`, in the order of their first. The texts of a key are compared as if each interface had the same name, and, where more than
/// [`FEW`] say the same but for their addresses, as if those were the same too. Without `grouping` each item is a group of its own.
pub(super) fn group_interfaces<'a, T, K: Ord>(
    items: impl Iterator<Item = &'a T>,
    grouping: bool,
    name: impl Fn(&T) -> Option<String>,
    key: impl Fn(&'a T) -> (K, Vec<&'a str>),
) -> Vec<Group<'a, T>> {
    if !grouping {
        return items.map(|item| Group { first: item, names: vec![name(item)], differ: false }).collect();
    }
    let mut groups: Vec<Group<'a, T>> = Vec::new();
    let mut known = BTreeMap::new();
    for item in items {
        let name = name(item);
        let (key, texts) = key(item);
        let texts: Vec<String> = texts.into_iter().map(|text| name.as_deref().map_or_else(|| text.to_owned(), |name| unnamed(text, name))).collect();
        let at = *known.entry((name.is_some(), key, texts)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.names.push(name),
            None => groups.push(Group { first: item, names: vec![name], differ: false }),
        }
    }
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for ((is_named, key, texts), at) in &known {
        let texts: Vec<String> = texts.iter().map(|text| unaddressed(text)).collect();
        alike.entry((*is_named, key, texts)).or_default().push(*at);
    }
    for mut same in alike.into_values() {
        let names: usize = same.iter().map(|at| groups[*at].names.len()).sum();
        if same.len() > 1 && names > FEW {
            same.sort_unstable();
            let others: Vec<_> = same[1..].iter().flat_map(|at| std::mem::take(&mut groups[*at].names)).collect();
            groups[same[0]].names.extend(others);
            groups[same[0]].differ = true;
        }
    }
    groups.retain(|group| !group.names.is_empty());
    groups
}

/// `eth0`, `eth0, eth1, eth2`, `eth0, eth1 and 62 more`; the host by `host`.
pub(crate) fn names(names: &[Option<String>], host: &str) -> String {
    let shown = if names.len() > 3 { 2 } else { names.len() };
    let text = names.iter().take(shown).map(|name| name.as_deref().map_or_else(|| host.to_owned(), sanitize::line)).collect::<Vec<_>>();
    let rest = names.len() - shown;
    if rest == 0 { text.join(", ") } else { format!("{} and {rest} more", text.join(", ")) }
}

/// `text` with each whole word `name` replaced by a mark that no text contains.
fn unnamed(text: &str, name: &str) -> String {
    if name.is_empty() || text.len() < name.len() {
        return text.to_owned();
    }
    let is_word = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    let mut unnamed = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(name) {
        let end = at + name.len();
        unnamed.push_str(&text[from..at]);
        let part_of_a_word = is_word(text[..at].chars().next_back()) || is_word(text[end..].chars().next());
        unnamed.push_str(if part_of_a_word { name } else { "\0" });
        from = end;
    }
    unnamed.push_str(&text[from..]);
    unnamed
}

/// `text` with each IPv6 address replaced by a mark that no text contains.
fn unaddressed(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_hexdigit() || matches!(character, ':' | '.');
    let mut unaddressed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(is_part) {
        let until = rest[from..].find(|character| !is_part(character)).map_or(rest.len(), |after| from + after);
        // A full stop or a colon after it is the sentence's.
        let is_address = |end: &usize| rest[from..*end].parse::<Ipv6Addr>().is_ok();
        let end = if rest[from..until].contains(':') { (from..=until).rev().take(3).find(is_address) } else { None };
        unaddressed.push_str(&rest[..from]);
        unaddressed.push_str(if end.is_some() { "\u{1}" } else { &rest[from..until] });
        rest = &rest[end.unwrap_or(until)..];
    }
    unaddressed.push_str(rest);
    unaddressed
}

#[cfg(test)]
mod tests {
    use super::{names, unaddressed, unnamed};

    #[test]
    fn only_addresses_are_addresses() {
        let told = [
            ("the server offers 2001:db8:1::1, though", "the server offers \u{1}, though"),
            ("fe80::1: 2001:db8::2/64 for 7200 s.", "\u{1}: \u{1}/64 for 7200 s."),
            ("routes to fe80::.", "routes to \u{1}."),
            ("::", "\u{1}"),
            ("DUID 00:03:00:01:02:00:00:00:00:77, eth0: no", "DUID 00:03:00:01:02:00:00:00:00:77, eth0: no"),
            ("é::1 at 12:30: x", "é\u{1} at 12:30: x"),
            ("::ffff:10.0.0.1 a:", "\u{1} a:"),
        ];
        for (text, shown) in told {
            assert_eq!(unaddressed(text), shown);
        }
    }

    #[test]
    fn only_whole_names_are_names() {
        assert_eq!(unnamed("conf/eth1/accept_ra, eth10, veth1 (eth1)", "eth1"), "conf/\0/accept_ra, eth10, veth1 (\0)");
    }

    #[test]
    fn many_names_are_counted() {
        let some = |count: usize| (0..count).map(|number| Some(format!("eth{number}"))).collect::<Vec<_>>();
        assert_eq!(names(&some(3), "host"), "eth0, eth1, eth2");
        assert_eq!(names(&some(64), "host"), "eth0, eth1 and 62 more");
        assert_eq!(names(&[None], "host"), "host");
    }
}
