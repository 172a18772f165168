//! Rules of udev, as far as they are about network interfaces (udev(7)): which of them an interface meets, and what they assign.

use std::io;

use crate::facts::{FileLine, Setting};
use crate::image::by_name::files_by_name;
use crate::image::{Image, Nic, matches};

/// Where rules are; of equal names the one in the first folder counts.
const FOLDERS: [&str; 4] = ["/etc/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];
/// As many rules as are read.
const MOST_RULES: usize = 1 << 14;
/// Drivers of what software makes, which no network card has.
const OF_SOFTWARE: [&str; 5] = ["veth", "bridge", "tun", "dummy", "bonding"];

/// A comparison or an assignment: `ATTR{address}=="02:00:00:00:00:01"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

/// A rule: one line, continuations joined.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) line: Setting<()>,
    pub(crate) items: Vec<Item>,
}

impl Rule {
    /// The value that it compares a key with for equality.
    pub(crate) fn compared(&self, keys: &[&str]) -> Option<&str> {
        self.items.iter().find(|item| item.operator == "==" && keys.contains(&&item.key[..])).map(|item| &item.value[..])
    }

    /// The value that it assigns to a key.
    pub(crate) fn assigned(&self, key: &str) -> Option<&str> {
        self.items.iter().rev().find(|item| matches!(&item.operator[..], "=" | ":=") && item.key == key).map(|item| &item.value[..])
    }

    /// Whether it has systemd start a unit for the interface.
    fn wants(&self, nic: &Nic, unit: &str) -> bool {
        let adds = |item: &&Item| matches!(&item.operator[..], "=" | ":=" | "+=") && item.key == "ENV{SYSTEMD_WANTS}";
        let named = |value: &str| ["$name", "%k", "$kernel"].iter().fold(value.to_owned(), |text, word| text.replace(word, &nic.name));
        self.items.iter().filter(adds).any(|item| named(&item.value).split_whitespace().any(|word| word == unit))
    }

    /// Whether an interface of a virtual machine meets it as it is added; `None` if that depends on what is not known.
    fn fits(&self, nic: &Nic) -> Option<bool> {
        let mut known = Some(true);
        for item in self.items.iter().filter(|item| matches!(&item.operator[..], "==" | "!=")) {
            match holds(item, nic) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => known = None,
            }
        }
        known
    }
}

/// Whether one comparison holds.
fn holds(item: &Item, nic: &Nic) -> Option<bool> {
    let any = |value: &str| item.value.split('|').any(|pattern| matches(pattern, value));
    let equal = match &item.key[..] {
        "SUBSYSTEM" | "SUBSYSTEMS" if any("net") => Some(true),
        "SUBSYSTEM" => Some(false),
        "ACTION" => Some(any("add")),
        "KERNEL" | "NAME" | "ENV{INTERFACE}" | "ENV{ID_NET_NAME}" => Some(any(&nic.name)),
        "ATTR{type}" => Some(any("1")),
        // Its MAC address is its own.
        "ATTR{addr_assign_type}" => Some(any("0")),
        "ATTR{address}" | "ATTRS{address}" => nic.mac.map(|mac| any(&mac.to_string())),
        "ENV{DEVTYPE}" => Some(any("")),
        "DRIVERS" | "ENV{ID_NET_DRIVER}" if item.value == "?*" => Some(true),
        "DRIVERS" | "DRIVER" | "ENV{ID_NET_DRIVER}" if item.value.split('|').all(|driver| OF_SOFTWARE.contains(&driver)) => Some(false),
        // A parent's counts, too.
        "DRIVERS" => nic.driver.as_ref().map(|driver| any(driver) || any("virtio-pci")),
        "DRIVER" | "ENV{ID_NET_DRIVER}" => nic.driver.as_ref().map(|driver| any(driver)),
        _ => None,
    };
    equal.map(|equal| equal == (item.operator == "=="))
}

/// The rules that an interface meets or may meet, each with whether that is known.
fn met<'a>(rules: &'a [Rule], nic: &Nic) -> Vec<(&'a Rule, bool)> {
    let mut met = Vec::new();
    let mut skipped_to: Option<(String, String)> = None;
    for rule in rules {
        if let Some((path, label)) = &skipped_to {
            if rule.line.at.path == *path && rule.assigned("LABEL") != Some(label) {
                continue;
            }
            skipped_to = None;
        }
        let fits = rule.fits(nic);
        if let Some(label) = rule.assigned("GOTO").filter(|_| fits == Some(true)) {
            skipped_to = Some((rule.line.at.path.clone(), label.to_owned()));
        }
        if fits != Some(false) {
            met.push((rule, fits.is_some()));
        }
    }
    met
}

fn not_known(rule: &Rule, nic: &Nic) -> String {
    format!("{}: whether `{}` is about {} cannot be known from files", rule.line.at, rule.line.text, nic.name)
}

/// What the rules assign to `key` of the interface in the end.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn assigned(rules: &[Rule], key: &str, nic: &Nic) -> Result<Option<Setting<String>>, String> {
    let mut assigning = met(rules, nic).into_iter().filter_map(|(rule, known)| Some((rule, rule.assigned(key)?, known)));
    match assigning.next_back() {
        None => Ok(None),
        Some((rule, value, true)) => Ok(Some(rule.line.holding(value.to_owned()))),
        Some((rule, _, false)) => Err(not_known(rule, nic)),
    }
}

/// Whether rules have systemd start `unit` for the interface (`SYSTEMD_WANTS`, systemd.device(5)).
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn wants(rules: &[Rule], nic: &Nic, unit: &str) -> Result<bool, String> {
    let wanting: Vec<_> = met(rules, nic).into_iter().filter(|(rule, _)| rule.wants(nic, unit)).collect();
    match wanting.first() {
        Some((rule, _)) if !wanting.iter().any(|(_, known)| *known) => Err(not_known(rule, nic)),
        first => Ok(first.is_some()),
    }
}

/// All rules, in the order in which they are carried out.
///
/// # Errors
/// One of the files cannot be read, or they are too many.
pub(crate) fn rules(root: &Image) -> io::Result<Vec<Rule>> {
    let mut all = Vec::new();
    for path in files_by_name(root, &FOLDERS, ".rules") {
        let Some(text) = root.text_if_any(&path)? else { continue };
        all.extend(parse(&path, &text));
        if all.len() > MOST_RULES {
            return Err(io::Error::other(format!("{path}: more than {MOST_RULES} rules of udev")));
        }
    }
    Ok(all)
}

fn parse(path: &str, text: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut numbered = (1..).zip(text.lines());
    while let Some((line, first)) = numbered.next() {
        let mut whole = first.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while let Some(part) = whole.strip_suffix('\\') {
            let Some((_, next)) = numbered.next() else { break };
            whole = format!("{part}{}", next.trim());
        }
        let items = items(&whole);
        if !items.is_empty() {
            let at = FileLine { path: path.to_owned(), line };
            rules.push(Rule { line: Setting { value: (), at, text: whole.chars().take(200).collect() }, items });
        }
    }
    rules
}

/// `KEY OPERATOR "VALUE"`, parted by commas or blanks.
fn items(line: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = line;
    while let Some(quote) = rest.find('"') {
        let head = rest[..quote].trim_start_matches(|character: char| character == ',' || character.is_whitespace());
        let Some(end) = rest[quote + 1..].find('"').map(|at| quote + 1 + at) else { break };
        let value = &rest[quote + 1..end];
        rest = &rest[end + 1..];
        let operator = ["==", "!=", "+=", "-=", ":=", "="].into_iter().find_map(|operator| Some((head.trim_end().strip_suffix(operator)?, operator)));
        // A prefix of the value (`e"..."`, `i"..."`) stands behind the operator.
        let operator = operator.or_else(|| {
            let head = head.trim_end().strip_suffix(['e', 'i'])?;
            ["==", "!=", "="].into_iter().find_map(|operator| Some((head.strip_suffix(operator)?, operator)))
        });
        let Some((key, operator)) = operator else { continue };
        items.push(Item { key: key.trim().to_owned(), operator: operator.to_owned(), value: value.to_owned() });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nic(name: &str) -> Nic {
        Nic::named(name)
    }

    #[test]
    fn items_of_a_rule() {
        let rules = parse("/r", "# c\n\nACTION==\"add\", ATTR{address}==\"02:00:00:00:00:01\", \\\n  NAME=\"net0\"\nbroken \"\n");
        assert_eq!(rules.len(), 1);
        assert_eq!(
            (rules[0].compared(&["ATTR{address}"]), rules[0].assigned("NAME"), rules[0].line.at.line),
            (Some("02:00:00:00:00:01"), Some("net0"), 3)
        );
    }

    #[test]
    fn what_is_assigned() {
        let key = "ENV{NM_UNMANAGED}";
        for (text, value) in [
            ("SUBSYSTEM==\"net\", ENV{NM_UNMANAGED}=\"1\"", Ok(Some("1"))),
            ("SUBSYSTEM==\"block\", ENV{NM_UNMANAGED}=\"1\"", Ok(None)),
            ("KERNEL==\"eth*\", ENV{NM_UNMANAGED}=\"1\"", Ok(Some("1"))),
            ("KERNEL!=\"eth*\", ENV{NM_UNMANAGED}=\"1\"", Ok(None)),
            ("ENV{ID_NET_DRIVER}==\"veth\", ENV{NM_UNMANAGED}=\"1\"", Ok(None)),
            ("ATTR{address}==\"02:*\", ENV{NM_UNMANAGED}=\"1\"", Err(())),
            ("ATTR{address}==\"02:*\", ENV{NM_UNMANAGED}=\"1\"\nKERNEL==\"eth0\", ENV{NM_UNMANAGED}=\"0\"", Ok(Some("0"))),
            ("SUBSYSTEM==\"net\", GOTO=\"end\"\nENV{NM_UNMANAGED}=\"1\"\nLABEL=\"end\"", Ok(None)),
            ("SUBSYSTEM!=\"net\", GOTO=\"end\"\nENV{NM_UNMANAGED}=\"1\"\nLABEL=\"end\"", Ok(Some("1"))),
        ] {
            let found = assigned(&parse("/r", text), key, &nic("eth0")).map_err(|_| ());
            assert_eq!(found.as_ref().map(|found| found.as_ref().map(|found| &found.value[..])), value.as_ref().map(|value| *value), "{text}");
        }
    }

    #[test]
    fn units_that_rules_want() {
        let dib = "SUBSYSTEM==\"net\", KERNEL!=\"lo\", ACTION==\"add|move\", TAG+=\"systemd\", ENV{SYSTEMD_WANTS}+=\"dhcp-interface@$name.service\"";
        for (text, wanted) in [
            (dib, Ok(true)),
            (&dib.replace("lo", "eth0")[..], Ok(false)),
            (&dib.replace("$name", "eth1")[..], Ok(false)),
            ("ATTR{addr_assign_type}==\"0\", ENV{SYSTEMD_WANTS}=\"other.service dhcp-interface@%k.service\"", Ok(true)),
            ("ATTR{addr_assign_type}==\"3\", ENV{SYSTEMD_WANTS}=\"dhcp-interface@%k.service\"", Ok(false)),
            ("ATTR{mtu}==\"9000\", ENV{SYSTEMD_WANTS}=\"dhcp-interface@%k.service\"", Err(())),
            ("ENV{SYSTEMD_WANTS}==\"dhcp-interface@eth0.service\", ENV{X}=\"1\"", Ok(false)),
        ] {
            assert_eq!(wants(&parse("/r", text), &nic("eth0"), "dhcp-interface@eth0.service").map_err(|_| ()), wanted, "{text}");
        }
    }
}
