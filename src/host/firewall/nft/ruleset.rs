//! The statements of a ruleset file: what is defined, drawn in, flushed and added.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::chains::{Chains, Rule};
use super::expression;
use super::lexer::{self, Token, block, statement, tokens};
use crate::facts::FileLine;
use crate::image::Image;
use crate::image::has_wildcard;

/// As deep as files may include each other, and as many as are read.
const DEEPEST: usize = 8;
const MOST_FILES: usize = 64;
/// As many words as are read, and as one variable may have.
const MOST_TOKENS: usize = 400_000;
const MOST_IN_A_VARIABLE: usize = 4096;
/// As many rules as may be put in front of each other, one by one.
const MOST_INSERTED: usize = 2000;

/// Where a base chain begins.
#[derive(Debug)]
pub(crate) struct Base {
    /// Whether its policy is to accept.
    pub(crate) accepts: bool,
    pub(crate) at: FileLine,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    family: String,
    name: String,
    dormant: bool,
    /// Elements of its named sets.
    sets: BTreeMap<String, Vec<Token>>,
    pub(crate) chains: Chains,
    /// Chains of hook `input`.
    pub(crate) bases: BTreeMap<String, Base>,
}

impl Table {
    pub(crate) fn sees_ipv6(&self) -> bool {
        !self.dormant && matches!(&self.family[..], "inet" | "ip6")
    }
}

/// What a file sets up.
#[derive(Debug, Default)]
pub(crate) struct Ruleset {
    pub(crate) tables: Vec<Table>,
    /// Statements that may change it and are not understood.
    pub(crate) unread: Vec<FileLine>,
    variables: BTreeMap<String, Vec<Token>>,
    files: usize,
    tokens: usize,
    nic: String,
}

impl Ruleset {
    /// Reads the file at `path` and what it includes.
    pub(crate) fn read(root: &Image, path: &str, nic: &str) -> Result<Self, String> {
        let mut ruleset = Self { nic: nic.to_owned(), ..Self::default() };
        ruleset.file(root, path, DEEPEST)?;
        Ok(ruleset)
    }

    fn file(&mut self, root: &Image, path: &str, deeper: usize) -> Result<(), String> {
        self.files += 1;
        if self.files > MOST_FILES || deeper == 0 {
            return Err(format!("{path}: too many files include each other"));
        }
        let text = root.text_if_any(path).map_err(|error| error.to_string())?.ok_or_else(|| format!("{path} is not there"))?;
        let all = tokens(&Rc::from(path), &text);
        self.tokens += all.len();
        if self.tokens > MOST_TOKENS {
            return Err(format!("{path}: more than {MOST_TOKENS} words"));
        }
        let mut rest = &all[..];
        while let Some(first) = rest.first() {
            if first.text == ";" || first.text == "}" {
                rest = &rest[1..];
                continue;
            }
            let (words, after) = rest.split_at(statement(rest));
            rest = after;
            self.statement(root, words, deeper)?;
        }
        Ok(())
    }

    fn statement(&mut self, root: &Image, words: &[Token], deeper: usize) -> Result<(), String> {
        let Some(first) = words.first() else { return Ok(()) };
        let text: Vec<&str> = words.iter().map(|token| &token.text[..]).take(8).collect();
        match &text[..] {
            ["include", path, ..] => {
                let path = if path.starts_with('/') { (*path).to_owned() } else { format!("/etc/{path}") };
                let files = if has_wildcard(&path) { root.glob(&path) } else { vec![path] };
                for file in files.iter().filter(|file| !root.is_directory(file)) {
                    self.file(root, file, deeper - 1)?;
                }
            }
            ["define" | "redefine", name, "=", ..] => {
                let value = self.expanded(&words[3..]);
                if value.len() <= MOST_IN_A_VARIABLE {
                    self.variables.insert((*name).to_owned(), value);
                }
            }
            ["flush", "ruleset", ..] => self.tables.clear(),
            ["flush", "table", which @ ..] => {
                if let Some(table) = self.existing(which) {
                    table.chains.values_mut().for_each(Vec::clear);
                }
            }
            ["delete" | "destroy", "table", which @ ..] => {
                let (family, name, _) = named(which);
                self.tables.retain(|table| table.family != family || table.name != name);
            }
            ["table", which @ ..] | ["add" | "create", "table", which @ ..] => {
                let (family, name, _) = named(which);
                let (family, name) = (family.to_owned(), name.to_owned());
                let body = words.iter().position(|token| token.text == "{").map(|at| &words[at..]);
                let body = self.expanded(body.unwrap_or_default());
                self.table_body(&family, &name, body.get(1..).unwrap_or_default());
            }
            ["add" | "create", "chain", which @ ..] | ["chain", which @ ..] => {
                let (family, name, used) = named(which);
                let (family, name, chain) = (family.to_owned(), name.to_owned(), which.get(used).map(|chain| (*chain).to_owned()));
                let body = words.iter().position(|token| token.text == "{").map(|at| &words[at..]);
                let body = self.expanded(body.unwrap_or_default());
                if let Some(chain) = chain {
                    let at = first.at();
                    let nic = self.nic.clone();
                    self.table(&family, &name).chain_body(&chain, &at, body.get(1..).unwrap_or_default(), &nic);
                }
            }
            [command @ ("add" | "insert"), "rule", which @ ..] => {
                let (family, name, used) = named(which);
                let (family, name, chain) = (family.to_owned(), name.to_owned(), which.get(used).map(|chain| (*chain).to_owned()));
                let rule = self.expanded(words.get(3 + used..).unwrap_or_default());
                if let Some(chain) = chain {
                    let nic = self.nic.clone();
                    let inserted = *command == "insert";
                    let table = self.table(&family, &name);
                    let rules = expression::rules(&rule, &table.sets, &nic);
                    let known = table.chains.entry(chain).or_default();
                    if !inserted {
                        known.extend(rules);
                    } else if known.len() < MOST_INSERTED {
                        known.splice(0..0, rules);
                    } else {
                        self.unread.push(first.at());
                    }
                }
            }
            ["list", ..] | ["add" | "create", "set" | "map" | "counter" | "quota" | "limit" | "flowtable" | "ct", ..] => {}
            _ => self.unread.push(first.at()),
        }
        Ok(())
    }

    /// The words with variables replaced.
    fn expanded(&mut self, words: &[Token]) -> Vec<Token> {
        let mut expanded = Vec::new();
        for token in words {
            match token.text.strip_prefix('$').and_then(|name| self.variables.get(name)) {
                Some(value) => {
                    self.tokens += value.len();
                    if self.tokens > MOST_TOKENS {
                        expanded.push(token.clone());
                    } else {
                        // Evidence is where the variable is used.
                        expanded.extend(value.iter().map(|value| Token { text: value.text.clone(), ..token.clone() }));
                    }
                }
                None => expanded.push(token.clone()),
            }
        }
        expanded
    }

    fn existing(&mut self, which: &[&str]) -> Option<&mut Table> {
        let (family, name, _) = named(which);
        self.tables.iter_mut().find(|table| table.family == family && table.name == name)
    }

    fn table(&mut self, family: &str, name: &str) -> &mut Table {
        let place = self.tables.iter().position(|table| table.family == family && table.name == name);
        let place = place.unwrap_or_else(|| {
            self.tables.push(Table {
                family: family.to_owned(),
                name: name.to_owned(),
                dormant: false,
                sets: BTreeMap::new(),
                chains: BTreeMap::new(),
                bases: BTreeMap::new(),
            });
            self.tables.len() - 1
        });
        &mut self.tables[place]
    }

    /// What is between a table's braces.
    fn table_body(&mut self, family: &str, name: &str, body: &[Token]) {
        let nic = self.nic.clone();
        let table = self.table(family, name);
        // Sets first: a rule may name one that stands behind it.
        for is_chain in [false, true] {
            let mut rest = body;
            while let Some(first) = rest.first() {
                if matches!(&first.text[..], ";" | "}") {
                    rest = &rest[1..];
                    continue;
                }
                let (words, after) = rest.split_at(statement(rest).max(1));
                rest = after;
                let text: Vec<&str> = words.iter().map(|token| &token.text[..]).take(4).collect();
                match &text[..] {
                    ["chain", chain, "{", ..] if is_chain => table.chain_body(chain, &first.at(), &words[3..], &nic),
                    ["set", set, "{", ..] if !is_chain => table.set_body(set, &words[2..]),
                    ["flags", "dormant", ..] => table.dormant = true,
                    _ => {}
                }
            }
        }
    }
}

impl Table {
    /// What is between a set's braces. One without elements, or filled while the system runs, is not known.
    fn set_body(&mut self, name: &str, body: &[Token]) {
        let changes = body.iter().any(|token| matches!(&token.text[..], "dynamic" | "timeout" | "interval-overlap"));
        let elements = body.iter().position(|token| token.text == "elements").and_then(|at| body.get(at + 2..));
        if let (false, Some(elements)) = (changes, elements) {
            self.sets.insert(name.to_owned(), elements[..block(elements)].to_vec());
        }
    }

    /// What is between a chain's braces.
    fn chain_body(&mut self, name: &str, begins: &FileLine, body: &[Token], nic: &str) {
        self.chains.entry(name.to_owned()).or_default();
        let mut rest = body;
        while let Some(first) = rest.first() {
            if matches!(&first.text[..], ";" | "}") {
                rest = &rest[1..];
                continue;
            }
            let (words, after) = rest.split_at(lexer::statement(rest).max(1));
            rest = after;
            let text: Vec<&str> = words.iter().map(|token| &token.text[..]).collect();
            match &text[..] {
                ["type", _, "hook", hook, ..] => {
                    if *hook == "input" {
                        self.bases.insert(name.to_owned(), Base { accepts: true, at: begins.clone() });
                    }
                }
                ["policy", policy, ..] => {
                    if let Some(base) = self.bases.get_mut(name) {
                        *base = Base { accepts: *policy == "accept", at: first.at() };
                    }
                }
                ["comment" | "flags" | "devices" | "device", ..] => {}
                _ => {
                    let rules: Vec<Rule> = expression::rules(words, &self.sets, nic);
                    self.chains.entry(name.to_owned()).or_default().extend(rules);
                }
            }
        }
    }
}

/// Family and name of a table, and how many words they are. Without a family it is `ip`.
fn named<'a>(words: &[&'a str]) -> (&'a str, &'a str, usize) {
    const FAMILIES: [&str; 6] = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];
    match words {
        [family, name, ..] if FAMILIES.contains(family) && *name != "{" => (family, name, 2),
        [name, ..] => ("ip", name, 1),
        [] => ("ip", "", 0),
    }
}
