//! Tokens of the shell's language (POSIX.1-2017, XCU 2.3 and 2.10): words with their quotes, operators, here-documents.

/// Longest text that is read, in bytes; files are limited before.
const MAX_BYTES: usize = 1 << 16;
/// Deepest nesting of `$( )` and quotes inside each other.
const MAX_DEPTH: usize = 32;

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// `$NAME` or `${NAME}`; `default` is what `${NAME:-default}` says.
    Variable {
        name: String,
        quoted: bool,
        default: Option<String>,
    },
    /// A substitution that only a shell can work out, as it is written.
    Opaque(String),
}

/// A word as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RawWord {
    pub(super) parts: Vec<Part>,
    /// Some of it is quoted, so that it is no keyword.
    pub(super) quoted: bool,
}

impl RawWord {
    /// The text of a word without quotes and expansions: a keyword, an assignment's name.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Text(text)] if !self.quoted => Some(text),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Word(RawWord),
    /// `;`, `&&`, `(` and the like.
    Operator(&'static str),
    /// `>` and the like, with the number before it.
    Redirect {
        descriptor: Option<u32>,
        operator: &'static str,
    },
    /// The text of a here-document, with whether it has expansions.
    Document {
        text: String,
        expands: bool,
    },
    Newline,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) line: u32,
    pub(super) kind: Kind,
}

const OPERATORS: [&str; 10] = ["&&", "||", ";;&", ";;", ";&", ";", "&", "|", "(", ")"];
const REDIRECTS: [&str; 11] = ["<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">&", ">"];

/// The tokens of a text, and the line of what ends it too early: a quote that nothing closes.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Option<u32>) {
    let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new(), documents: Vec::new() };
    let error = if text.len() > MAX_BYTES { Some(1) } else { lexer.run().err() };
    (lexer.tokens, error)
}

struct Lexer<'a> {
    rest: &'a str,
    line: u32,
    tokens: Vec<Token>,
    /// Here-documents whose text begins at the next line: where the token stands, and the word that ends it.
    documents: Vec<Pending>,
}

struct Pending {
    token: usize,
    end: String,
    tabs: bool,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), u32> {
        while let Some(first) = self.rest.chars().next() {
            match first {
                '\n' => {
                    self.push(Kind::Newline);
                    self.take(1);
                    self.here_documents();
                }
                ' ' | '\t' | '\r' => self.take(1),
                '\\' if self.rest.starts_with("\\\n") => self.take(2),
                '#' => self.take(self.rest.find('\n').unwrap_or(self.rest.len())),
                _ => self.token()?,
            }
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token { line: self.line, kind });
    }

    fn take(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += u32::try_from(taken.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(0);
        self.rest = rest;
    }

    fn token(&mut self) -> Result<(), u32> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let behind = &self.rest[digits..];
        let redirect = REDIRECTS.into_iter().find(|operator| behind.starts_with(operator) && (digits == 0 || !operator.starts_with('&')));
        if let Some(operator) = redirect {
            let descriptor = self.rest[..digits].parse().ok();
            self.push(Kind::Redirect { descriptor, operator });
            self.take(digits + operator.len());
            if operator.starts_with("<<") && operator != "<<<" {
                self.begin_document(operator == "<<-")?;
            }
            return Ok(());
        }
        if let Some(operator) = OPERATORS.into_iter().find(|operator| self.rest.starts_with(operator)) {
            self.push(Kind::Operator(operator));
            self.take(operator.len());
            return Ok(());
        }
        let line = self.line;
        let word = self.word()?;
        self.tokens.push(Token { line, kind: Kind::Word(word) });
        Ok(())
    }

    /// The word that ends a here-document, whose text follows the line.
    fn begin_document(&mut self, tabs: bool) -> Result<(), u32> {
        self.take(self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len());
        let word = self.word()?;
        let end = word.parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "" }).collect();
        self.documents.push(Pending { token: self.tokens.len(), end, tabs });
        self.push(Kind::Document { text: String::new(), expands: !word.quoted });
        Ok(())
    }

    fn here_documents(&mut self) {
        for Pending { token, end, tabs } in std::mem::take(&mut self.documents) {
            let mut body = String::new();
            while !self.rest.is_empty() {
                let length = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                let line = &self.rest[..length];
                let shown = if tabs { line.trim_start_matches('\t') } else { line };
                let ends = shown.trim_end_matches(['\n', '\r']) == end;
                if !ends {
                    body.push_str(shown);
                }
                self.take(length);
                if ends {
                    break;
                }
            }
            if let Some(Token { kind: Kind::Document { text, .. }, .. }) = self.tokens.get_mut(token) {
                *text = body;
            }
        }
    }

    fn word(&mut self) -> Result<RawWord, u32> {
        let begun = self.line;
        let mut word = RawWord::default();
        let mut text = String::new();
        while let Some(character) = self.rest.chars().next() {
            match character {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\\' => {
                    word.quoted = true;
                    self.take(1);
                    let next = self.rest.chars().next();
                    text.extend(next.filter(|next| *next != '\n'));
                    self.take(next.map_or(0, char::len_utf8));
                }
                '\'' => {
                    word.quoted = true;
                    let end = self.rest[1..].find('\'').ok_or(begun)?;
                    text.push_str(&self.rest[1..=end]);
                    self.take(end + 2);
                }
                '"' => {
                    word.quoted = true;
                    self.take(1);
                    self.double_quoted(&mut word, &mut text).map_err(|()| begun)?;
                }
                '$' | '`' => self.expansion(&mut word, &mut text, false).map_err(|()| begun)?,
                other => {
                    text.push(other);
                    self.take(other.len_utf8());
                }
            }
        }
        if !text.is_empty() || word.parts.is_empty() {
            word.parts.push(Part::Text(text));
        }
        Ok(word)
    }

    fn double_quoted(&mut self, word: &mut RawWord, text: &mut String) -> Result<(), ()> {
        while let Some(character) = self.rest.chars().next() {
            match character {
                '"' => {
                    self.take(1);
                    return Ok(());
                }
                '\\' => {
                    self.take(1);
                    let next = self.rest.chars().next().ok_or(())?;
                    if !matches!(next, '$' | '`' | '"' | '\\' | '\n') {
                        text.push('\\');
                    }
                    text.extend(Some(next).filter(|next| *next != '\n'));
                    self.take(next.len_utf8());
                }
                '$' | '`' => self.expansion(word, text, true)?,
                other => {
                    text.push(other);
                    self.take(other.len_utf8());
                }
            }
        }
        Err(())
    }

    /// What begins with `$` or a backtick.
    fn expansion(&mut self, word: &mut RawWord, text: &mut String, quoted: bool) -> Result<(), ()> {
        let rest = self.rest;
        let (part, length) = if rest.starts_with('`') {
            let length = closing_backtick(rest).ok_or(())?;
            (Part::Opaque(rest[..length].to_owned()), length)
        } else if rest.starts_with("$(") {
            let length = closing(&rest[1..], MAX_DEPTH).ok_or(())? + 1;
            (Part::Opaque(rest[..length].to_owned()), length)
        } else if rest.starts_with("${") {
            let length = closing(&rest[1..], MAX_DEPTH).ok_or(())? + 1;
            (braced(&rest[2..length - 1], quoted).unwrap_or_else(|| Part::Opaque(rest[..length].to_owned())), length)
        } else {
            let name = rest[1..].len() - rest[1..].trim_start_matches(is_name).len();
            let special = rest[1..].chars().next().filter(|next| next.is_ascii_digit() || matches!(next, '@' | '*' | '#' | '?' | '$' | '!' | '-'));
            let length = special.map_or(1 + name, |_| 2);
            if length == 1 {
                text.push('$');
                self.take(1);
                return Ok(());
            }
            (Part::Variable { name: rest[1..length].to_owned(), quoted, default: None }, length)
        };
        if !text.is_empty() {
            word.parts.push(Part::Text(std::mem::take(text)));
        }
        word.parts.push(part);
        self.take(length);
        Ok(())
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// `NAME`, `NAME:-default` or `NAME-default`, the default without expansions of its own.
fn braced(inside: &str, quoted: bool) -> Option<Part> {
    let length = inside.len() - inside.trim_start_matches(is_name).len();
    let (name, rest) = inside.split_at(length);
    let default = match rest {
        "" => None,
        _ => Some(rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'))?.trim_matches(['"', '\'']).to_owned()),
    };
    let is_plain = default.as_ref().is_none_or(|default| !default.contains(['$', '`', '"', '\'', '\\']));
    (!name.is_empty() && is_plain).then(|| Part::Variable { name: name.to_owned(), quoted, default })
}

/// The length up to the bracket that closes the one at the start.
fn closing(text: &str, deeper: usize) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '(' | '{' => open += 1,
            ')' | '}' => open = open.checked_sub(1)?,
            '\\' => at += text[at + 1..].chars().next()?.len_utf8(),
            '\'' => at += text[at + 1..].find('\'')? + 1,
            '"' => at += closing_quote(&text[at..], deeper.checked_sub(1)?)? - 1,
            '`' => at += closing_backtick(&text[at..])? - 1,
            _ => {}
        }
        at += character.len_utf8();
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// The length of a double-quoted string with both its quotes.
fn closing_quote(text: &str, deeper: usize) -> Option<usize> {
    let mut at = 1;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '"' => return Some(at + 1),
            '\\' => at += text[at + 1..].chars().next()?.len_utf8(),
            '$' if text[at..].starts_with("$(") || text[at..].starts_with("${") => at += closing(&text[at + 1..], deeper.checked_sub(1)?)?,
            _ => {}
        }
        at += character.len_utf8();
    }
    None
}

fn closing_backtick(text: &str) -> Option<usize> {
    let mut at = 1;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '`' => return Some(at + 1),
            '\\' => at += text[at + 1..].chars().next()?.len_utf8(),
            _ => {}
        }
        at += character.len_utf8();
    }
    None
}
