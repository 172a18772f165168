//! The programs that a shell script names: the first word of each command.

use std::collections::BTreeSet;

/// After these words comes a command.
const BEFORE_A_COMMAND: [&str; 13] = ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "exec", "command", "time"];
/// Words of the shell itself; `for` and `case` are followed by words of theirs.
const OF_THE_SHELL: [&str; 31] = [
    ".", ":", "[", "break", "case", "cd", "continue", "done", "echo", "esac", "eval", "exit", "export", "false", "fi", "for", "in", "local",
    "printf", "pwd", "read", "return", "set", "shift", "test", "trap", "true", "umask", "unset", "wait", "kill",
];

/// Where the scanner is.
#[derive(Default)]
struct Scan {
    found: BTreeSet<String>,
    functions: BTreeSet<String>,
    word: String,
    /// The word had quotes or a `$`, so it is no plain name.
    is_made: bool,
    in_command: bool,
    /// The next word is a file.
    after_redirection: bool,
}

/// The names of all programs in `script`, without the shell's own words, the script's functions, and what variables name.
pub(crate) fn programs(script: &str) -> BTreeSet<String> {
    let mut scan = Scan::default();
    scan.read(&without_here_documents(script));
    let functions = scan.functions;
    scan.found.into_iter().filter(|name| !functions.contains(name)).collect()
}

fn without_here_documents(script: &str) -> String {
    let mut kept = String::new();
    let mut end: Option<String> = None;
    for line in script.lines() {
        if let Some(word) = &end {
            if line.trim() == word {
                end = None;
            }
            continue;
        }
        let opened = line.split_once("<<").map(|(_, rest)| rest.trim_start_matches('-').trim_matches(['\'', '"']).to_owned());
        end = opened.filter(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric));
        kept.push_str(line.split("<<").next().unwrap_or_default());
        kept.push('\n');
    }
    kept
}

impl Scan {
    fn read(&mut self, text: &str) {
        let characters: Vec<char> = text.chars().collect();
        // What each open bracket or quote is.
        let mut open: Vec<char> = Vec::new();
        let mut at = 0;
        while let Some(&character) = characters.get(at) {
            let next = characters.get(at + 1).copied().unwrap_or('\n');
            let quoted = open.last() == Some(&'"');
            match character {
                '\\' => {
                    self.is_made |= next != '\n';
                    at += 1;
                }
                '"' => {
                    self.is_made = true;
                    if quoted {
                        open.pop();
                    } else {
                        open.push('"');
                    }
                }
                '$' if next == '(' && characters.get(at + 2) == Some(&'(') => {
                    self.is_made = true;
                    let length = characters[at..].windows(2).position(|two| two == [')', ')']).unwrap_or_default();
                    at += length + 1;
                }
                '$' if next == '(' => {
                    open.push('(');
                    self.word.clear();
                    self.is_made = false;
                    self.in_command = false;
                    at += 1;
                }
                '$' => self.is_made = true,
                ')' if open.last() == Some(&'(') => {
                    self.end_word();
                    open.pop();
                    self.in_command = true;
                    self.is_made = true;
                }
                _ if quoted => {}
                '\'' => {
                    self.is_made = true;
                    at += characters[at + 1..].iter().position(|character| *character == '\'').unwrap_or_default() + 1;
                }
                '#' if self.word.is_empty() && !self.is_made => {
                    at += characters[at..].iter().position(|character| *character == '\n').unwrap_or_default().saturating_sub(1);
                }
                '(' if next == ')' => {
                    self.functions.insert(std::mem::take(&mut self.word));
                    at += 1;
                    self.in_command = false;
                }
                '(' => {
                    self.end_word();
                    open.push('(');
                    self.in_command = false;
                }
                // The end of a pattern of `case`.
                ')' => {
                    self.word.clear();
                    self.in_command = false;
                }
                '>' | '<' => {
                    if self.word.chars().all(|character| character.is_ascii_digit()) {
                        self.word.clear();
                    }
                    self.end_word();
                    self.after_redirection = true;
                }
                ' ' | '\t' => self.end_word(),
                '&' if self.after_redirection => {}
                '\n' | ';' | '&' | '|' => {
                    self.end_word();
                    self.in_command = false;
                    self.after_redirection = false;
                }
                other => self.word.push(other),
            }
            at += 1;
        }
        self.end_word();
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        let is_made = std::mem::take(&mut self.is_made);
        if word.is_empty() && !is_made || std::mem::take(&mut self.after_redirection) {
            return;
        }
        let is_assignment =
            word.split_once('=').is_some_and(|(name, _)| name.chars().all(|character| character.is_alphanumeric() || character == '_'));
        if self.in_command || is_assignment || BEFORE_A_COMMAND.contains(&word.as_str()) {
            return;
        }
        self.in_command = true;
        let is_plain = !is_made && word.chars().all(|character| character.is_ascii_alphanumeric() || "_.+-/".contains(character));
        if is_plain && !OF_THE_SHELL.contains(&word.as_str()) {
            self.found.insert(word);
        }
    }
}

#[test]
fn the_first_word_of_each_command_is_found() {
    let script = "#!/bin/sh\nset -eu # ignored words\nX=1 one 2>file \"two $(three 'four')\" | five && ! six\nseven() {\n eight >&2 \\\n  nine\n}\n\
                  case $x in\n ten) eleven ;;\n 'a' | *) \"$twelve\" thirteen ;;\nesac\nseven; for i in fourteen; do fifteen; done; (cd / && exec sixteen)\n\
                  if seventeen <eighteen; then n=$((nineteen + 1)); fi\ntwenty <<EOF\nin a document\nEOF\ntwentyone\n";
    let found: Vec<String> = programs(script).into_iter().collect();
    assert_eq!(found, ["eight", "eleven", "fifteen", "five", "one", "seventeen", "six", "sixteen", "three", "twenty", "twentyone"]);
}
