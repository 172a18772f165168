//! Folding: what differs in nothing but the interface's name is said once, so that a guest with 64 interfaces has a report that one can
//! read.

use std::collections::BTreeMap;

use super::details::blame;
use super::{CheckResult, Diagnosis, harmless};
use crate::judge::Verdict;

/// Items that say the same.
pub(crate) struct Group<'a, T> {
    /// The first of them, which is shown for all.
    pub(crate) first: &'a T,
    /// The interfaces that they are of; `None` for the host.
    pub(crate) names: Vec<Option<String>>,
}

/// Results that differ in nothing but the interface.
pub(crate) fn alike<'a>(results: &mut dyn Iterator<Item = &'a CheckResult>, folding: bool) -> Vec<Group<'a, CheckResult>> {
    let key = |result: &'a CheckResult| {
        // A pass says the same of each interface, whatever was seen there.
        let texts = if result.verdict == Verdict::Pass {
            Vec::new()
        } else {
            vec![&result.message[..], &result.expected, &result.seen, result.remedy.as_deref().unwrap_or_default()]
        };
        (&result.id[..], texts)
    };
    fold(results, folding, |result| result.interface.clone(), key)
}

/// Diagnoses that differ in nothing but the interface.
pub(crate) fn diagnoses<'a>(all: &'a [Diagnosis], folding: bool) -> Vec<Group<'a, Diagnosis>> {
    let key = |diagnosis: &'a Diagnosis| (diagnosis.fault.map(blame), vec![&diagnosis.text[..]]);
    fold(all.iter(), folding, |diagnosis| diagnosis.interface.clone(), key)
}

/// Items by `key`, in the order of their first. The texts of a key are compared as if each interface had the same name. Without `folding`
/// each item is a group of its own.
pub(super) fn fold<'a, T, K: Ord>(
    items: impl Iterator<Item = &'a T>,
    folding: bool,
    name: impl Fn(&T) -> Option<String>,
    key: impl Fn(&'a T) -> (K, Vec<&'a str>),
) -> Vec<Group<'a, T>> {
    let mut groups: Vec<Group<'a, T>> = Vec::new();
    let mut known = BTreeMap::new();
    for item in items {
        let name = name(item);
        let (key, texts) = key(item);
        let texts: Vec<String> = texts.into_iter().map(|text| name.as_deref().map_or_else(|| text.to_owned(), |name| unnamed(text, name))).collect();
        let at = *known.entry((name.is_some(), key, texts)).or_insert(groups.len());
        match groups.get_mut(at).filter(|_| folding) {
            Some(group) => group.names.push(name),
            None => groups.push(Group { first: item, names: vec![name] }),
        }
    }
    groups
}

/// `eth0`, `eth0, eth1, eth2`, `eth0, eth1 and 62 more`; the host by `host`.
pub(crate) fn names(names: &[Option<String>], host: &str) -> String {
    let shown = if names.len() > 3 { 2 } else { names.len() };
    let text = names.iter().take(shown).map(|name| name.as_deref().map_or_else(|| host.to_owned(), harmless::line)).collect::<Vec<_>>();
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

#[cfg(test)]
mod tests {
    use super::{names, unnamed};

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
