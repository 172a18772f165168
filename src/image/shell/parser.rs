//! The grammar of the shell (POSIX.1-2017, XCU 2.9 and 2.10) as a tree. What comes before an error is kept: a shell runs it, too.

use super::lexer::{Kind, RawWord, Token};

/// Deepest nesting of compound commands.
const MAX_DEPTH: usize = 24;

/// Commands one after the other.
pub(super) type List = Vec<Step>;

/// How a pipeline hangs on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// By `;`, `&` or a line's end.
    Then,
    And,
    Or,
}

/// A pipeline.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) joined: Joined,
    pub(super) negated: bool,
    pub(super) background: bool,
    pub(super) pipeline: Vec<Node>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Simple(Simple),
    Group(List),
    Subshell(List),
    If { arms: Vec<(List, List)>, otherwise: List },
    Loop { until: bool, condition: List, body: List },
    For { variable: String, words: Vec<RawWord>, body: List },
    Case { word: RawWord, arms: Vec<(Vec<RawWord>, List)> },
    Function { name: String, body: Box<Node> },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Simple {
    pub(super) line: u32,
    pub(super) words: Vec<RawWord>,
    pub(super) input: Option<RawWord>,
    pub(super) output: Option<RawWord>,
    /// The text of a here-document or here-string.
    pub(super) document: Option<RawWord>,
}

/// The commands of a text up to its end, or up to an error, whose line is given.
pub(super) fn parse(text: &str) -> (List, Option<u32>) {
    let (mut tokens, unclosed) = super::lexer::tokens(text);
    // A shell reads a line as a whole: it runs nothing of one whose quote is left open.
    if unclosed.is_some() {
        tokens.truncate(tokens.iter().rposition(|token| token.kind == Kind::Newline).unwrap_or(0));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, last: tokens.last().map_or(1, |token| token.line) };
    let mut list = Vec::new();
    let error = parser.list_into(&mut list, &[]).err();
    let left = (parser.at < tokens.len()).then(|| parser.line());
    (list, error.or(left).or(unclosed))
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    last: u32,
}

type Parsed<T> = Result<T, u32>;

impl Parser<'_> {
    fn line(&self) -> u32 {
        self.tokens.get(self.at).map_or(self.last, |token| token.line)
    }

    fn kind(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn operator(&mut self, wanted: &str) -> bool {
        let is = matches!(self.kind(), Some(Kind::Operator(operator)) if *operator == wanted);
        self.at += usize::from(is);
        is
    }

    fn is_keyword(&self, wanted: &[&str]) -> bool {
        matches!(self.kind(), Some(Kind::Word(word)) if word.plain().is_some_and(|plain| wanted.contains(&plain)))
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let is = self.is_keyword(&[wanted]);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: &str) -> Parsed<()> {
        if self.keyword(wanted) { Ok(()) } else { Err(self.line()) }
    }

    fn newlines(&mut self) {
        while matches!(self.kind(), Some(Kind::Newline)) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Parsed<RawWord> {
        let Some(Kind::Word(word)) = self.kind() else { return Err(self.line()) };
        let word = word.clone();
        self.at += 1;
        Ok(word)
    }

    fn list(&mut self, ends: &[&str]) -> Parsed<List> {
        let mut list = Vec::new();
        self.list_into(&mut list, ends)?;
        Ok(list)
    }

    /// Commands up to one of the keywords `ends`, a `)`, or `;;`.
    fn list_into(&mut self, list: &mut List, ends: &[&str]) -> Parsed<()> {
        let mut joined = Joined::Then;
        loop {
            while matches!(self.kind(), Some(Kind::Newline)) || joined == Joined::Then && self.operator(";") {
                self.newlines();
            }
            let closes = matches!(self.kind(), Some(Kind::Operator(")" | ";;" | ";;&" | ";&")));
            if self.kind().is_none() || closes || self.is_keyword(ends) {
                return if joined == Joined::Then { Ok(()) } else { Err(self.line()) };
            }
            let mut step = Step { joined, negated: self.keyword("!"), background: false, pipeline: Vec::new() };
            loop {
                step.pipeline.push(self.command()?);
                if !self.operator("|") {
                    break;
                }
                self.newlines();
            }
            joined = Joined::Then;
            if self.operator("&&") {
                joined = Joined::And;
            } else if self.operator("||") {
                joined = Joined::Or;
            } else if self.operator("&") {
                step.background = true;
            }
            list.push(step);
        }
    }

    fn command(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.line());
        }
        let node = self.command_inside();
        self.depth -= 1;
        node
    }

    fn command_inside(&mut self) -> Parsed<Node> {
        let node = if self.operator("(") {
            let list = self.list(&[])?;
            if !self.operator(")") {
                return Err(self.line());
            }
            Node::Subshell(list)
        } else if self.keyword("{") {
            let list = self.list(&["}"])?;
            self.expect("}")?;
            Node::Group(list)
        } else if self.keyword("if") {
            self.condition()?
        } else if self.is_keyword(&["while", "until"]) {
            let until = self.keyword("until");
            self.at += usize::from(!until);
            let condition = self.list(&["do"])?;
            Node::Loop { until, condition, body: self.body()? }
        } else if self.keyword("for") {
            self.for_loop()?
        } else if self.keyword("case") {
            self.case()?
        } else if let Some(name) = self.function_name() {
            self.newlines();
            Node::Function { name, body: Box::new(self.command()?) }
        } else {
            return self.simple();
        };
        // Redirections of a compound command decide nothing that is looked for.
        while let Some(Kind::Redirect { .. }) = self.kind() {
            self.redirection(&mut Simple::default())?;
        }
        Ok(node)
    }

    fn condition(&mut self) -> Parsed<Node> {
        let mut arms = Vec::new();
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
            if !self.keyword("elif") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { self.list(&["fi"])? } else { Vec::new() };
        self.expect("fi")?;
        Ok(Node::If { arms, otherwise })
    }

    fn body(&mut self) -> Parsed<List> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn for_loop(&mut self) -> Parsed<Node> {
        let variable = self.word()?.plain().map(str::to_owned).ok_or_else(|| self.line())?;
        self.newlines();
        let mut words = Vec::new();
        if self.keyword("in") {
            while let Some(Kind::Word(_)) = self.kind() {
                words.push(self.word()?);
            }
        } else {
            let arguments = super::lexer::Part::Variable { name: "@".to_owned(), quoted: true, default: None };
            words.push(RawWord { parts: vec![arguments], quoted: true });
        }
        self.operator(";");
        self.newlines();
        Ok(Node::For { variable, words, body: self.body()? })
    }

    fn case(&mut self) -> Parsed<Node> {
        let word = self.word()?;
        self.newlines();
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines();
            if self.keyword("esac") {
                return Ok(Node::Case { word, arms });
            }
            self.operator("(");
            let mut patterns = vec![self.word()?];
            while self.operator("|") {
                patterns.push(self.word()?);
            }
            if !self.operator(")") {
                return Err(self.line());
            }
            arms.push((patterns, self.list(&["esac"])?));
            if !(self.operator(";;") || self.operator(";;&") || self.operator(";&")) {
                self.expect("esac")?;
                return Ok(Node::Case { word, arms });
            }
        }
    }

    /// `name()` or bash's `function name`.
    fn function_name(&mut self) -> Option<String> {
        let is_operator =
            |at: usize, wanted: &str| matches!(self.tokens.get(at).map(|token| &token.kind), Some(Kind::Operator(operator)) if *operator == wanted);
        let plain = |at: usize| match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.plain(),
            _ => None,
        };
        let (name, next) = if self.is_keyword(&["function"]) { (plain(self.at + 1)?, self.at + 2) } else { (plain(self.at)?, self.at + 1) };
        let brackets = is_operator(next, "(") && is_operator(next + 1, ")");
        if !brackets && next != self.at + 2 {
            return None;
        }
        let name = name.to_owned();
        self.at = next + if brackets { 2 } else { 0 };
        Some(name)
    }

    fn simple(&mut self) -> Parsed<Node> {
        let mut simple = Simple { line: self.line(), ..Simple::default() };
        loop {
            match self.kind() {
                Some(Kind::Word(_)) => simple.words.push(self.word()?),
                Some(Kind::Redirect { .. }) => self.redirection(&mut simple)?,
                _ => break,
            }
        }
        let is_empty = simple.words.is_empty() && simple.input.is_none() && simple.output.is_none() && simple.document.is_none();
        if is_empty { Err(self.line()) } else { Ok(Node::Simple(simple)) }
    }

    fn redirection(&mut self, simple: &mut Simple) -> Parsed<()> {
        let Some(Kind::Redirect { descriptor, operator }) = self.kind() else { return Err(self.line()) };
        let (descriptor, operator) = (*descriptor, *operator);
        self.at += 1;
        if let Some(Kind::Document { text, expands }) = self.kind() {
            let part =
                if *expands && text.contains(['$', '`']) { super::lexer::Part::Opaque(text.clone()) } else { super::lexer::Part::Text(text.clone()) };
            simple.document = Some(RawWord { parts: vec![part], quoted: true });
            self.at += 1;
            return Ok(());
        }
        let target = self.word()?;
        match operator {
            "<" if descriptor.is_none_or(|descriptor| descriptor == 0) => simple.input = Some(target),
            "<<<" => simple.document = Some(target),
            ">" | ">>" | "&>" | "&>>" if descriptor.is_none_or(|descriptor| descriptor == 1) => simple.output = Some(target),
            _ => {}
        }
        Ok(())
    }
}
