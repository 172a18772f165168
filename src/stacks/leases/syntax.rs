//! The syntax of ISC's files: words and strings in statements that end with `;` or hold a block in braces (common/conflex.c, parse.c).
//!
//! Knows no statement by name. Any bytes are some sequence of statements: there are no errors, and memory is bounded by the file's.

/// As many words of one statement as are kept.
const MOST_WORDS: usize = 16;
/// As long as a DUID may be (RFC 8415 section 11.1), and room for any option that is read here.
const LONGEST_BYTES: usize = 1024;

/// A word, or a string in quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    Bare(Vec<u8>),
    Quoted(Vec<u8>),
}

impl Word {
    /// Whether it is this keyword; keywords know no case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Bare(word) if word.eq_ignore_ascii_case(keyword.as_bytes()))
    }

    /// Its text.
    pub(crate) fn text(&self) -> Option<String> {
        let (Self::Bare(bytes) | Self::Quoted(bytes)) = self;
        String::from_utf8(bytes.clone()).ok()
    }

    /// Its decimal number.
    pub(crate) fn number(&self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// The bytes that it stands for: a string's own, or hexadecimal numbers between colons. dhclient writes whichever is printable.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Quoted(bytes) => Some(bytes.clone()),
            Self::Bare(word) => {
                let text = std::str::from_utf8(word).ok()?;
                text.split(':').map(|digits| u8::from_str_radix(digits, 16).ok()).take(LONGEST_BYTES).collect()
            }
        }
    }
}

/// What a statement does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It ended with `;`.
    Set(Vec<Word>),
    /// It opens a block.
    Open(Vec<Word>),
    /// A block ends.
    Close,
}

/// A statement and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) event: Event,
    /// The line where it begins, from 1.
    pub(crate) line: u32,
    /// The number of blocks around it; a closing brace still is in the block that it ends.
    pub(crate) depth: usize,
}

/// The statements of a file in their order.
pub(crate) fn statements(bytes: &[u8]) -> impl Iterator<Item = Statement> + '_ {
    let mut lexer = Lexer { rest: bytes, line: 1 };
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        let mut words = Vec::new();
        let mut begun = None;
        loop {
            let (token, line) = lexer.token()?;
            let line = *begun.get_or_insert(line);
            match token {
                Token::Word(word) if words.len() < MOST_WORDS => words.push(word),
                Token::Word(_) => {}
                Token::End => return Some(Statement { event: Event::Set(words), line, depth }),
                Token::Open => {
                    depth += 1;
                    return Some(Statement { event: Event::Open(words), line, depth: depth - 1 });
                }
                Token::Close => {
                    let closed = depth;
                    depth = depth.saturating_sub(1);
                    return Some(Statement { event: Event::Close, line, depth: closed });
                }
            }
        }
    })
}

enum Token {
    Word(Word),
    End,
    Open,
    Close,
}

struct Lexer<'a> {
    rest: &'a [u8],
    line: u32,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.line = self.line.saturating_add(u32::from(*first == b'\n'));
        Some(*first)
    }

    fn token(&mut self) -> Option<(Token, u32)> {
        loop {
            let line = self.line;
            let token = match self.next()? {
                b'#' => {
                    while self.next()? != b'\n' {}
                    continue;
                }
                byte if byte.is_ascii_whitespace() => continue,
                b';' => Token::End,
                b'{' => Token::Open,
                b'}' => Token::Close,
                b'"' => Token::Word(Word::Quoted(self.string()?)),
                first => Token::Word(Word::Bare(self.bare(first))),
            };
            return Some((token, line));
        }
    }

    fn bare(&mut self, first: u8) -> Vec<u8> {
        let mut word = vec![first];
        while let Some(byte) = self.rest.first()
            && !byte.is_ascii_whitespace()
            && !b";{}\"#".contains(byte)
        {
            if word.len() < LONGEST_BYTES * 3 {
                word.push(*byte);
            }
            self.next();
        }
        word
    }

    /// A string after its opening quotation mark; `None` if the file ends in it. Escapes as read_string() of common/conflex.c has them.
    fn string(&mut self) -> Option<Vec<u8>> {
        let mut string = Vec::new();
        loop {
            let byte = match self.next()? {
                b'"' => return Some(string),
                b'\\' => match self.next()? {
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b'b' => 8,
                    b'x' => self.digits(0, 16, 2),
                    digit @ b'0'..=b'7' => self.digits(digit - b'0', 8, 2),
                    other => other,
                },
                other => other,
            };
            if string.len() < LONGEST_BYTES {
                string.push(byte);
            }
        }
    }

    fn digits(&mut self, first: u8, radix: u32, most: usize) -> u8 {
        let mut value = u32::from(first);
        for _ in 0..most {
            let Some(digit) = self.rest.first().and_then(|byte| char::from(*byte).to_digit(radix)) else { break };
            value = value * radix + digit;
            self.next();
        }
        (value & 0xff) as u8
    }
}
