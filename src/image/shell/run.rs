//! Goes through the commands of a text in their order.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::guard::{self, Status};
use super::lexer::RawWord;
use super::parser::{Joined, List, Node, Simple, Step, parse};
use super::words::{MAX_VARIABLES, Value, Variables, assignment, expanded, fields};
use super::wrappers::{unwrapped, written};
use super::{Command, Word};
use crate::facts::FileLine;
use crate::image::{Image, matches};

/// As many commands as are gone through, and as deep as scripts may call each other.
const MAX_STEPS: usize = 4000;
const MAX_DEPTH: usize = 8;
/// As many turns of one loop as are gone through.
const MAX_TURNS: usize = 32;
/// Shells whose scripts are read.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "ksh", "busybox"];

/// What is known beforehand.
pub(crate) struct Context<'a> {
    pub(crate) root: &'a Image,
    /// The value of a variable of the environment; `None` if that is not known.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// `$1` and so on.
    pub(crate) arguments: &'a [String],
}

/// The simple commands of `text`, whose first line is at `at`, in their order.
pub(crate) fn run(context: &Context<'_>, at: &FileLine, text: &str) -> Vec<Command> {
    let mut shell = Shell::new(context, at);
    shell.text(text);
    shell.commands
}

/// The simple commands of a program with its arguments, which no shell has split.
pub(crate) fn run_words(context: &Context<'_>, at: &FileLine, words: &[String]) -> Vec<Command> {
    let mut shell = Shell::new(context, at);
    let words = unwrapped(words.iter().map(|word| if word.contains('$') { Word::unknown(word) } else { Word::of(word) }).collect());
    let command = Command { at: at.clone(), words, input: None, output: None, text: None, certain: true, retried: false, unread: false };
    if !shell.script(&command) {
        shell.commands.push(command);
    }
    shell.commands
}

impl<'a> Shell<'a> {
    fn new(context: &'a Context<'a>, at: &FileLine) -> Self {
        Self {
            context,
            variables: Variables::new(),
            arguments: context.arguments.to_vec(),
            functions: BTreeMap::new(),
            commands: Vec::new(),
            steps: 0,
            depth: 0,
            certain: true,
            retried: false,
            ended: Ended::No,
            exhausted: false,
            at: at.clone(),
        }
    }
}

/// Whether what follows still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    No,
    Perhaps,
    Yes,
    /// By `return`, which ends a function or a sourced file only.
    Returned,
    PerhapsReturned,
}

struct Shell<'a> {
    context: &'a Context<'a>,
    variables: Variables,
    arguments: Vec<String>,
    functions: BTreeMap<String, Rc<Node>>,
    commands: Vec<Command>,
    steps: usize,
    depth: usize,
    certain: bool,
    retried: bool,
    ended: Ended,
    /// The limit was reached.
    exhausted: bool,
    /// The line that text begins at.
    at: FileLine,
}

impl Shell<'_> {
    fn text(&mut self, text: &str) {
        if !self.context.root.may_parse(text.len()) {
            self.unread(1);
            return;
        }
        let (list, error) = parse(text);
        self.list(&list);
        if let Some(line) = error.filter(|_| !self.has_ended()) {
            self.unread(line);
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.ended, Ended::Yes | Ended::Returned)
    }

    fn place(&self, line: u32) -> FileLine {
        FileLine { path: self.at.path.clone(), line: self.at.line.saturating_add(line).saturating_sub(1) }
    }

    fn unread(&mut self, line: u32) {
        let words = vec![Word::unknown("(cannot be read)")];
        let command = Command { at: self.place(line), words, input: None, output: None, text: None, certain: false, retried: false, unread: true };
        self.commands.push(command);
    }

    fn value(&self, name: &str) -> Value {
        if let Ok(number) = name.parse::<usize>() {
            let argument = number.checked_sub(1).map(|at| self.arguments.get(at).cloned().unwrap_or_default());
            return argument.map_or(Value::Unknown, Value::Known);
        }
        match name {
            "@" | "*" => Value::Known(self.arguments.join(" ")),
            "#" => Value::Known(self.arguments.len().to_string()),
            "?" | "$" | "!" | "-" | "RANDOM" => Value::Unknown,
            _ => match self.variables.get(name) {
                Some(value) => value.as_deref().map_or(Value::Unknown, |value| Value::Known(value.to_owned())),
                None => (self.context.environment)(name).map_or(Value::Unset, Value::Known),
            },
        }
    }

    fn expanded(&self, raw: &RawWord) -> Word {
        expanded(raw, &|name| self.value(name))
    }

    fn list(&mut self, list: &List) -> Status {
        let mut status = Status::Success;
        for step in list {
            if self.has_ended() {
                return Status::Unknown;
            }
            let runs = match (step.joined, status) {
                (Joined::Then, _) | (Joined::And, Status::Success) | (Joined::Or, Status::Failure) => Status::Success,
                (Joined::And, Status::Failure) | (Joined::Or, Status::Success) => Status::Failure,
                (_, Status::Unknown) => Status::Unknown,
            };
            match runs {
                Status::Failure => {}
                Status::Success => status = self.step(step),
                Status::Unknown => {
                    self.perhaps(|shell| shell.step(step));
                }
            }
        }
        status
    }

    /// What perhaps runs: variables that it sets are not known afterwards.
    fn perhaps(&mut self, inside: impl FnOnce(&mut Self) -> Status) {
        let (certain, before) = (std::mem::replace(&mut self.certain, false), self.variables.clone());
        let ended = self.ended;
        inside(self);
        self.certain = certain;
        for (name, value) in &mut self.variables {
            if before.get(name) != Some(value) {
                *value = None;
            }
        }
        self.ended = match self.ended {
            Ended::Yes => Ended::Perhaps,
            Ended::Returned if ended == Ended::Perhaps => Ended::Perhaps,
            Ended::Returned => Ended::PerhapsReturned,
            other => other,
        };
    }

    fn step(&mut self, step: &Step) -> Status {
        let from = self.commands.len();
        let mut status = Status::Success;
        for (at, node) in step.pipeline.iter().enumerate() {
            let begun = self.commands.len();
            let is_part = step.pipeline.len() > 1 || step.background;
            status = if is_part { self.apart(|shell| shell.node(node)) } else { self.node(node) };
            // What `echo` writes is what the next one reads.
            if at > 0 && self.commands.len() == begun + 1 && begun > from {
                let written = self.commands.get(begun - 1).filter(|before| matches!(before.program(), "echo" | "printf")).map(written);
                if let Some(command) = self.commands.get_mut(begun) {
                    command.text = command.text.take().or(written);
                }
            }
        }
        if step.background {
            Status::Success
        } else if step.negated {
            status.negated()
        } else {
            status
        }
    }

    /// In a shell of its own, whose variables and end are its own.
    fn apart(&mut self, inside: impl FnOnce(&mut Self) -> Status) -> Status {
        let (variables, ended) = (self.variables.clone(), self.ended);
        let status = inside(self);
        (self.variables, self.ended) = (variables, ended);
        status
    }

    fn node(&mut self, node: &Node) -> Status {
        if self.is_exhausted(1) {
            return Status::Unknown;
        }
        match node {
            Node::Simple(simple) => self.simple(simple),
            Node::Group(list) => self.list(list),
            Node::Subshell(list) => self.apart(|shell| shell.list(list)),
            Node::If { arms, otherwise } => self.branches(arms, otherwise),
            Node::Loop { until, condition, body } => self.repeated(*until, condition, body),
            Node::For { variable, words, body } => self.for_each(variable, words, body),
            Node::Case { word, arms } => self.case(word, arms),
            Node::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::new((**body).clone()));
                Status::Success
            }
        }
    }

    /// Counts steps, and says whether there were too many.
    fn is_exhausted(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        if self.steps <= MAX_STEPS {
            return false;
        }
        if !std::mem::replace(&mut self.exhausted, true) {
            self.unread(1);
        }
        self.ended = Ended::Yes;
        true
    }

    fn branches(&mut self, arms: &[(List, List)], otherwise: &List) -> Status {
        let Some(((condition, body), rest)) = arms.split_first() else { return self.list(otherwise) };
        match self.list(condition) {
            Status::Success => self.list(body),
            Status::Failure => self.branches(rest, otherwise),
            Status::Unknown => {
                self.perhaps(|shell| shell.list(body));
                self.perhaps(|shell| shell.branches(rest, otherwise));
                Status::Unknown
            }
        }
    }

    fn repeated(&mut self, until: bool, condition: &List, body: &List) -> Status {
        let retried = std::mem::replace(&mut self.retried, true);
        let status = self.list(condition);
        let enters = if until { status.negated() } else { status };
        if enters != Status::Failure {
            self.perhaps(|shell| shell.list(body));
        }
        self.retried = retried;
        Status::Success
    }

    fn for_each(&mut self, variable: &str, words: &[RawWord], body: &List) -> Status {
        let words: Vec<Word> = words.iter().flat_map(|raw| fields(raw, &|name| self.value(name))).collect();
        for word in words.iter().take(MAX_TURNS) {
            self.set(variable, word.known.then_some(&word.text));
            if word.known {
                self.list(body);
            } else {
                let retried = std::mem::replace(&mut self.retried, true);
                self.perhaps(|shell| shell.list(body));
                self.retried = retried;
            }
        }
        if words.len() > MAX_TURNS {
            self.perhaps(|shell| {
                shell.set(variable, None);
                shell.list(body)
            });
        }
        Status::Unknown
    }

    fn case(&mut self, word: &RawWord, arms: &[(Vec<RawWord>, List)]) -> Status {
        let word = self.expanded(word);
        let mut perhaps = !word.known;
        for (patterns, body) in arms {
            let patterns: Vec<Word> = patterns.iter().map(|pattern| self.expanded(pattern)).collect();
            let all = patterns.iter().any(|pattern| pattern.text == "*");
            let fits =
                word.known && patterns.iter().any(|pattern| pattern.known && (pattern.text == word.text || matches(&pattern.text, &word.text)));
            perhaps |= !fits && patterns.iter().any(|pattern| !pattern.known);
            if perhaps {
                self.perhaps(|shell| shell.list(body));
            } else if fits {
                return self.list(body);
            }
            if all {
                break;
            }
        }
        if perhaps { Status::Unknown } else { Status::Success }
    }

    fn simple(&mut self, simple: &Simple) -> Status {
        let mut raw = &simple.words[..];
        while let Some((name, value)) = raw.first().and_then(assignment) {
            // In front of a command it holds for that command alone.
            if raw.len() == 1 || simple.words.iter().all(|word| assignment(word).is_some()) {
                self.assign(&name, &value);
            }
            raw = &raw[1..];
        }
        let words: Vec<Word> = raw.iter().flat_map(|raw| fields(raw, &|name| self.value(name))).collect();
        let words = unwrapped(words);
        if self.is_exhausted(raw.len() / 16 + words.iter().map(|word| word.text.len()).sum::<usize>() / 256) {
            return Status::Unknown;
        }
        let Some(program) = words.first() else { return Status::Success };
        let name = if program.known { program.text.clone() } else { String::new() };
        if let Some(status) = self.special(&name, &words, raw) {
            return status;
        }
        let expand = |raw: &Option<RawWord>| raw.as_ref().map(|raw| self.expanded(raw));
        let command = Command {
            at: self.place(simple.line),
            input: expand(&simple.input),
            output: expand(&simple.output),
            text: expand(&simple.document),
            certain: self.certain && self.ended == Ended::No,
            retried: self.retried,
            unread: false,
            words,
        };
        let status = guard::status(self.context.root, &command.words);
        let is_guard = matches!(command.program(), "[" | "[[" | "test" | "true" | ":" | "false") && command.output.is_none();
        if !is_guard && !self.script(&command) {
            self.commands.push(command);
        }
        status
    }

    fn assign(&mut self, name: &str, value: &RawWord) {
        let value = self.expanded(value);
        self.set(name, value.known.then_some(&value.text));
    }

    fn set(&mut self, name: &str, value: Option<&String>) {
        if self.variables.len() < MAX_VARIABLES || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value.map(|value| Rc::from(value.as_str())));
        }
    }

    /// What the shell does itself.
    fn special(&mut self, name: &str, words: &[Word], raw: &[RawWord]) -> Option<Status> {
        let text = |at: usize| words.get(at).filter(|word| word.known).map(|word| word.text.clone());
        match name {
            "exit" | "return" => {
                self.ended = if name == "return" { Ended::Returned } else { Ended::Yes };
                Some(text(1).map_or(Status::Unknown, |code| (code == "0").into()))
            }
            "export" | "local" | "readonly" | "declare" | "typeset" => {
                for (name, value) in raw.iter().filter_map(assignment) {
                    self.assign(&name, &value);
                }
                Some(Status::Success)
            }
            "read" => {
                for word in &words[1..] {
                    self.set(&word.text, None);
                }
                Some(Status::Unknown)
            }
            "shift" => {
                self.arguments.drain(..text(1).and_then(|count| count.parse().ok()).unwrap_or(1).min(self.arguments.len()));
                Some(Status::Success)
            }
            "." | "source" => {
                let path = text(1).filter(|path| path.starts_with('/'))?;
                let source = self.context.root.text_if_any(&path).ok().flatten();
                source.map(|source| self.inside(&FileLine { path, line: 1 }, &source, None))
            }
            "eval" => {
                let known = words.iter().all(|word| word.known);
                let line: Vec<&str> = words[1..].iter().map(|word| word.text.as_str()).collect();
                known.then(|| self.inside(&self.at.clone(), &line.join(" "), None))
            }
            _ => {
                let body = self.functions.get(name)?.clone();
                let arguments = words[1..].iter().map(|word| word.text.clone()).collect();
                let before = std::mem::replace(&mut self.arguments, arguments);
                let ended = self.ended;
                if self.depth >= MAX_DEPTH {
                    self.unread(1);
                    return Some(Status::Unknown);
                }
                self.depth += 1;
                let status = self.node(&body);
                self.depth -= 1;
                self.arguments = before;
                self.after_return(ended);
                Some(if status == Status::Failure { status } else { Status::Unknown })
            }
        }
    }

    /// After a function or a sourced file, which `return` ends and no more.
    fn after_return(&mut self, before: Ended) {
        if matches!(self.ended, Ended::Returned | Ended::PerhapsReturned) {
            self.ended = before;
        }
    }

    /// Goes through another text, at the place of which it is said that it stands.
    fn inside(&mut self, at: &FileLine, text: &str, arguments: Option<Vec<String>>) -> Status {
        if self.is_exhausted(text.len() / 2048) || self.depth >= MAX_DEPTH {
            self.unread(1);
            return Status::Unknown;
        }
        self.depth += 1;
        let (place, ended) = (self.at.clone(), self.ended);
        self.at = at.clone();
        let is_own = arguments.is_some();
        let before = arguments.map(|arguments| std::mem::replace(&mut self.arguments, arguments));
        if is_own {
            let functions = self.functions.clone();
            self.apart(|shell| {
                shell.text(text);
                Status::Unknown
            });
            self.functions = functions;
        } else {
            self.text(text);
            self.after_return(ended);
        }
        if let Some(before) = before {
            self.arguments = before;
        }
        self.at = place;
        self.depth -= 1;
        Status::Unknown
    }

    /// Goes through the script that a command is; says whether it is one.
    fn script(&mut self, command: &Command) -> bool {
        let texts: Vec<String> = command.words.iter().map(|word| word.text.clone()).collect();
        let known = |at: usize| command.words.get(at).is_some_and(|word| word.known);
        if SHELLS.contains(&command.program()) {
            let Some(at) = texts.iter().skip(1).position(|text| !text.starts_with(['-', '+'])).map(|at| at + 1) else { return false };
            let is_line = texts[1..at].iter().any(|option| option.starts_with('-') && !option.starts_with("--") && option.contains('c'));
            if !known(at) {
                return false;
            }
            if is_line {
                let place = FileLine { path: command.at.path.clone(), line: command.at.line };
                self.inside(&place, &texts[at], Some(texts.get(at + 2..).unwrap_or_default().to_vec()));
                return true;
            }
            return self.file(&texts[at], texts[at + 1..].to_vec());
        }
        let Some(path) = texts.first().filter(|_| known(0)).and_then(|program| guard::found(self.context.root, program)) else { return false };
        self.file(&path, texts[1..].to_vec())
    }

    fn file(&mut self, path: &str, arguments: Vec<String>) -> bool {
        let root = self.context.root;
        let is_shell = |first: &str| {
            let mut words = first.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word)).filter(|word| *word != "env");
            words.next().is_some_and(|program| SHELLS.contains(&program))
        };
        if root.is_directory(path) || !root.begins_with(path, b"#!") {
            return false;
        }
        let Ok(Some(text)) = root.text_if_any(path) else { return false };
        let Some(first) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) else { return false };
        if !is_shell(first) {
            return false;
        }
        self.inside(&FileLine { path: path.to_owned(), line: 1 }, &text, Some(arguments));
        true
    }
}
