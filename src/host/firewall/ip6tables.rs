//! Rules as ip6tables-save(8) writes them, for ip6tables-restore(8): those of netfilter-persistent, of Red Hat's ip6tables and of ufw.

use std::collections::BTreeMap;

use super::chains::{Chains, Fate, Rule, Verdict, fate, strictest};
use super::packet::{Field, Fits, Packet};
use crate::facts::FileLine;

/// As many rules as are read.
const MOST_RULES: usize = 5000;

/// The rules of one table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) chains: Chains,
    /// Where the policy of `INPUT` stands, and whether it accepts.
    pub(crate) policy: Option<(bool, FileLine)>,
}

/// Tables by their names.
pub(crate) type Tables = BTreeMap<String, Table>;

/// Adds the rules of a file.
///
/// # Errors
/// It has too many.
pub(crate) fn read(tables: &mut Tables, path: &str, text: &str, nic: &str) -> Result<(), String> {
    let mut table = "filter".to_owned();
    let mut rules = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let at = || FileLine { path: path.to_owned(), line: number };
        let line = line.trim();
        if let Some(name) = line.strip_prefix('*') {
            name.trim().clone_into(&mut table);
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            let (Some(name), Some(policy)) = (words.next(), words.next()) else { continue };
            let table = tables.entry(table.clone()).or_default();
            table.chains.entry(name.to_owned()).or_default();
            if name == "INPUT" && policy != "-" {
                table.policy = Some((policy == "ACCEPT", at()));
            }
        } else if line.starts_with('-') || line.starts_with('[') {
            rules += 1;
            if rules > MOST_RULES {
                return Err(format!("{path}: more than {MOST_RULES} rules"));
            }
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).skip_while(|word| word.starts_with('[')).collect();
            apply(tables.entry(table.clone()).or_default(), &words, &at(), nic, |rule| rule);
        }
    }
    Ok(())
}

/// Carries out one command on a table: `-A INPUT ...` and the like, its rule as `changed` has it.
pub(super) fn apply(table: &mut Table, words: &[&str], at: &FileLine, nic: &str, changed: impl FnOnce(Rule) -> Rule) {
    let [command, chain, rest @ ..] = words else { return };
    let chain = table.chains.entry((*chain).to_owned()).or_default();
    let (fits, verdict) = rule(rest, nic);
    let rule = changed(Rule { at: at.clone(), fits, verdict });
    match *command {
        "-A" | "--append" => chain.push(rule),
        "-I" | "--insert" => chain.insert(0, rule),
        "-F" | "--flush" => chain.clear(),
        "-P" | "--policy" if words[1] == "INPUT" => table.policy = Some((words.last() == Some(&"ACCEPT"), at.clone())),
        "-N" | "--new-chain" | "-Z" | "-P" | "--policy" => {}
        _ => chain.push(Rule { verdict: Verdict::Unknown, ..rule }),
    }
}

/// What becomes of a packet that comes in. Nothing forbids it where no table has an `INPUT` chain.
pub(crate) fn input(tables: &Tables, packet: Packet, path: &str) -> Fate {
    let none = FileLine::whole(path);
    // The table nat sees the first packet of a connection only and cannot drop.
    let filtering = tables.iter().filter(|(name, table)| *name != "nat" && table.chains.contains_key("INPUT"));
    let fates = filtering.map(|(_, table)| {
        let (accepts, at) = table.policy.clone().unwrap_or((true, none.clone()));
        fate(&table.chains, "INPUT", accepts, &at, packet)
    });
    strictest(fates).unwrap_or(Fate { passes: crate::facts::Passes::Yes, at: none.clone() })
}

/// The words of a line, those in quotation marks kept whole.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            character if character.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            character => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a rule fits each packet, and what it does then.
fn rule(words: &[&str], nic: &str) -> ([Fits; 2], Verdict) {
    let mut fits = [Fits::Yes; 2];
    let mut rest = words.iter().copied();
    let mut negated = false;
    while let Some(word) = rest.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        match word {
            "-j" | "--jump" => return (fits, verdict(rest.next().unwrap_or_default())),
            "-g" | "--goto" => return (fits, Verdict::Goto(rest.next().unwrap_or_default().to_owned())),
            // A module alone matches nothing; its options do.
            "-m" | "--match" => {
                let of_another = matches!(rest.next(), Some("rt" | "frag" | "ah" | "esp" | "hbh" | "dst" | "mh" | "tcp" | "sctp" | "dccp"));
                if of_another {
                    fits = [Fits::No; 2];
                }
            }
            "--comment" | "-c" => {
                rest.next();
                if word == "-c" {
                    rest.next();
                }
            }
            "--rt-type" | "--limit-burst" => {
                rest.next();
            }
            _ => {
                let matched = match field(word) {
                    Some(field) => {
                        let mut value = rest.next().unwrap_or_default();
                        // `-p ! tcp`, as old versions have it.
                        if value == "!" {
                            negated = true;
                            value = rest.next().unwrap_or_default();
                        }
                        Packet::BOTH.map(|packet| one_of(field, packet, nic, value, negated))
                    }
                    None if word.starts_with('-') => [Fits::Maybe; 2],
                    // The value of an option that is not understood.
                    None => continue,
                };
                fits = [fits[0].and(matched[0]), fits[1].and(matched[1])];
            }
        }
        negated = false;
    }
    (fits, Verdict::Continue)
}

fn one_of(field: Field, packet: Packet, nic: &str, values: &str, negated: bool) -> Fits {
    let all = matches!((field, values.to_ascii_lowercase().as_str()), (Field::Protocol, "all" | "0") | (Field::Icmpv6Type, "any"));
    let elements = values.split(',').map(|value| {
        // Type and code: 1/3.
        let value = if field == Field::Icmpv6Type { value.split('/').next().unwrap_or(value) } else { value };
        field.is(packet, nic, value)
    });
    let fits = if all && field.is_there(packet) { Fits::Yes } else { elements.fold(Fits::No, Fits::or) };
    if negated && field.is_there(packet) { fits.negated() } else { fits }
}

/// What an option of ip6tables(8) or ip6tables-extensions(8) looks at.
fn field(option: &str) -> Option<Field> {
    Some(match option {
        "-p" | "--protocol" | "--proto" => Field::Protocol,
        "-i" | "--in-interface" => Field::Interface,
        "-s" | "--source" | "--src" => Field::Source,
        "-d" | "--destination" | "--dst" => Field::Destination,
        "--dport" | "--destination-port" | "--dports" | "--destination-ports" => Field::UdpDestination,
        "--sport" | "--source-port" | "--sports" | "--source-ports" => Field::UdpSource,
        "--state" | "--ctstate" => Field::ConnectionState,
        "--icmpv6-type" => Field::Icmpv6Type,
        "--hl-eq" => Field::HopLimit,
        "--pkt-type" => Field::PacketType,
        _ => return None,
    })
}

fn verdict(target: &str) -> Verdict {
    match target {
        "ACCEPT" => Verdict::Accept,
        "DROP" | "REJECT" => Verdict::Drop,
        "RETURN" => Verdict::Return,
        "LOG" | "NFLOG" | "AUDIT" | "MARK" | "CONNMARK" | "SECMARK" | "CONNSECMARK" | "TRACE" | "CT" | "NOTRACK" | "SET" | "HL" => Verdict::Continue,
        "QUEUE" | "NFQUEUE" | "TARPIT" | "SYNPROXY" | "" => Verdict::Unknown,
        chain => Verdict::Jump(chain.to_owned()),
    }
}
