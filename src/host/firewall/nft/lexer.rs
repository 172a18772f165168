//! Words of nft(8): names, numbers, addresses, strings and the few signs between them.

use std::rc::Rc;

use crate::facts::FileLine;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) path: Rc<str>,
    pub(crate) line: u32,
}

impl Token {
    /// Where it stands.
    pub(crate) fn at(&self) -> FileLine {
        FileLine { path: self.path.to_string(), line: self.line }
    }
}

/// The words of a text. A line's end is the word `;`.
pub(crate) fn tokens(path: &Rc<str>, text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut word = String::new();
        let mut add = |word: &mut String| {
            if !word.is_empty() {
                tokens.push(Token { text: std::mem::take(word), path: Rc::clone(path), line });
            }
        };
        let mut characters = text.chars().peekable();
        let mut continued = false;
        while let Some(character) = characters.next() {
            match character {
                '#' => break,
                '"' => {
                    add(&mut word);
                    word.extend(characters.by_ref().take_while(|inner| *inner != '"'));
                    if word.is_empty() {
                        word.push(' ');
                    }
                    add(&mut word);
                }
                '\\' if characters.peek().is_none() => continued = true,
                '{' | '}' | ';' | ',' | '(' | ')' => {
                    add(&mut word);
                    add(&mut character.to_string());
                }
                '=' | '!' | '<' | '>' => {
                    add(&mut word);
                    let mut sign = character.to_string();
                    if characters.peek() == Some(&'=') {
                        sign.extend(characters.next());
                    }
                    add(&mut sign);
                }
                // `established : accept` and `established: accept`; within a word it is an address's.
                ':' if characters.peek().is_none_or(|next| next.is_whitespace()) && !word.ends_with(':') => {
                    add(&mut word);
                    add(&mut ":".to_owned());
                }
                character if character.is_whitespace() => add(&mut word),
                character => word.push(character),
            }
        }
        add(&mut word);
        if !continued {
            add(&mut ";".to_owned());
        }
    }
    tokens
}

/// The number of words up to the brace that closes the one at the start, itself included.
pub(crate) fn block(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match &token.text[..] {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The number of words of the statement at the start: up to `;`, or to a brace that closes what is around it. Braces that it opens are
/// part of it.
pub(crate) fn statement(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match &token.text[..] {
            "{" => depth += 1,
            "}" | ";" if depth == 0 => return at,
            "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let text = "a{b;} # c\nct state vmap { invalid : drop, new: accept } fe80::/10 != \"x y\" \\\n z";
        let found: Vec<String> = tokens(&"f".into(), text).into_iter().map(|token| token.text).collect();
        let expected = "a|{|b|;|}|;|ct|state|vmap|{|invalid|:|drop|,|new|:|accept|}|fe80::/10|!=|x y|z|;";
        assert_eq!(found.join("|"), expected);
    }
}
