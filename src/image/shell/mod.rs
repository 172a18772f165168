//! Lines and scripts of a shell as the simple commands that they run (POSIX.1-2017, XCU 2): quotes, comments, `;`, `&&`, `||`, pipes, groups,
//! `if`, `case`, loops and functions; guards such as `[ -x FILE ] &&` are answered by the image. Scripts that a command names are read, too.
//!
//! Nothing is executed. What only a running system knows is unknown: a command behind it is one that perhaps runs.

mod guard;
mod lexer;
mod parser;
mod run;
mod words;
mod wrappers;

pub(crate) use run::{Context, run, run_words};

use crate::facts::FileLine;

/// A word after its expansions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// As it comes out; as it is written where that is not known.
    pub(crate) text: String,
    /// Whether its expansions are known.
    pub(crate) known: bool,
    /// What it can be, as a pattern: `*` for each expansion that is not known.
    pub(crate) pattern: String,
}

impl Word {
    /// A word of which everything is known.
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), known: true, pattern: text.to_owned() }
    }

    /// A word of which nothing is known.
    pub(crate) fn unknown(text: &str) -> Self {
        Self { text: text.to_owned(), known: false, pattern: "*".to_owned() }
    }
}

/// A simple command: a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) at: FileLine,
    /// The program first; wrappers such as `sudo` and `nohup` are left out.
    pub(crate) words: Vec<Word>,
    /// The file that it reads, by `<`.
    pub(crate) input: Option<Word>,
    /// The file that it writes, by `>` or `>>`.
    pub(crate) output: Option<Word>,
    /// The text that it reads: of a here-document, or what `echo` hands on by a pipe.
    pub(crate) text: Option<Word>,
    /// Whether it is known to run.
    pub(crate) certain: bool,
    /// It runs again until it succeeds.
    pub(crate) retried: bool,
    /// It stands for what cannot be read: a script that is too long, or breaks the grammar.
    pub(crate) unread: bool,
}

impl Command {
    /// The name of the program without its folder; nothing where it is not known.
    pub(crate) fn program(&self) -> &str {
        self.words.first().filter(|word| word.known).map_or("", |word| word.text.rsplit('/').next().unwrap_or_default())
    }

    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// As it is written, its expansions worked out.
    pub(crate) fn shown(&self) -> String {
        let shown: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        let redirection = |sign: &str, word: &Option<Word>| word.as_ref().map_or_else(String::new, |word| format!(" {sign} {}", word.text));
        shown.join(" ") + &redirection("<", &self.input) + &redirection(">", &self.output)
    }
}

/// Programs by their names, where PATH has them.
pub(crate) const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

#[cfg(test)]
mod tests;
