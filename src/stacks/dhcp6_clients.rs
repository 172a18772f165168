//! DHCPv6 clients that are services of their own and run beside whatever configures the interface: wide-dhcpv6-client (dhcp6c.conf(5)) and
//! dibbler-client. Both leave Router Advertisements to the kernel and do not bring an interface up.

use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use crate::stacks::Claim;
use crate::stacks::Reading;

const WIDE: &str = "/etc/wide-dhcpv6/dhcp6c.conf";
const WIDE_DEFAULTS: &str = "/etc/default/wide-dhcpv6-client";
const DIBBLER: &str = "/etc/dibbler/client.conf";
/// As many blocks as are kept of a file.
const MOST_BLOCKS: usize = 4096;

/// What dhcp6c of wide-dhcpv6-client is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn wide(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    let defaults = Variables::read(root, WIDE_DEFAULTS)?.unwrap_or_default();
    if let Some(reason) = defaults.not_known(&["INTERFACES"]) {
        return Err(io::Error::other(reason));
    }
    let listed = defaults.get("INTERFACES");
    let Some(text) = root.text_if_any(WIDE)?.filter(|_| services::starts_if_told(root, &["wide-dhcpv6-client"])) else {
        return Ok(Reading::default());
    };
    let blocks = blocks(&words(&text));
    let names: Vec<&str> = listed.map_or("", |listed| &listed.value[..]).split_whitespace().collect();
    let asks = |name: &str| {
        // The init script gives `-Pdefault`: the profile of that name is for interfaces without a statement of their own.
        let own = blocks.iter().find(|block| block.is("interface", name));
        let block = own.or_else(|| blocks.iter().find(|block| block.is("profile", "default")))?;
        let stateless = block.words.iter().any(|word| word.text == "information-only");
        block.words.windows(2).find(|pair| pair[0].text == "ia-na" && pair[1].text != ";").filter(|_| !stateless).map(|pair| pair[0].clone())
    };
    let claims = nics.iter().filter(|nic| names.contains(&&nic.name[..])).filter_map(|nic| {
        let word = asks(&nic.name)?;
        let text = format!("send {} (dhcp6c)", word.text);
        let at = FileLine { path: WIDE.to_owned(), line: word.line };
        Some((nic.name.clone(), Claim::RunsBeside(Observed::Seen(intent(StackId::Dhcp6c, Setting { value: RunsDhcpv6::Yes, at, text })))))
    });
    Ok(Reading { interfaces: claims.collect(), named: names.iter().map(|name| (*name).to_owned()).collect() })
}

/// What dibbler-client is set up to do with each of `nics`.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn dibbler(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    let Some(text) = root.text_if_any(DIBBLER)?.filter(|_| services::starts_if_told(root, &["dibbler-client"])) else {
        return Ok(Reading::default());
    };
    let words = words(&text);
    let blocks: Vec<Block> = blocks(&words).into_iter().filter(|block| block.kind == "iface").collect();
    // It holds for the interfaces that follow it; before the first one it is for all.
    let stateless = words.iter().take_while(|word| word.text != "iface").any(|word| word.text == "stateless");
    let mut reading = Reading::default();
    for nic in nics.iter().filter(|_| !stateless) {
        if let Some(block) = blocks.iter().find(|block| block.name == nic.name) {
            let Some(claim) = asks_dibbler(block) else { continue };
            reading.interfaces.insert(nic.name.clone(), Claim::RunsBeside(claim));
        } else if let Some(block) = blocks.iter().find(|block| block.name.parse::<u32>().is_ok()) {
            let reason = format!("{DIBBLER}:{}: `iface {}` names an interface by its index", block.line, block.name);
            reading.interfaces.insert(nic.name.clone(), Claim::RunsBeside(Observed::unknown(reason)));
        }
    }
    reading.named = blocks.into_iter().map(|block| block.name).filter(|name| name.parse::<u32>().is_err()).collect();
    Ok(reading)
}

/// Whether dibbler asks for an address by this block.
fn asks_dibbler(block: &Block) -> Option<Observed<Intent>> {
    let has = |wanted: &str| block.words.iter().find(|word| word.text == wanted);
    let asks = |line: u32, text: &str| {
        let at = FileLine { path: DIBBLER.to_owned(), line };
        Observed::Seen(intent(StackId::Dibbler, Setting { value: RunsDhcpv6::Yes, at, text: text.to_owned() }))
    };
    if has("stateless").is_some() {
        return None;
    }
    if let Some(word) = has("ia").or_else(|| has("IA")) {
        return Some(asks(word.line, "ia (dibbler-client)"));
    }
    // An empty block asks for one address.
    if block.words.is_empty() {
        return Some(asks(block.line, &format!("iface {} {{ }} (dibbler-client)", block.name)));
    }
    if has("pd").is_some() || has("ta").is_some() {
        return None;
    }
    let reason = format!("{}:{}: `iface {}` has neither ia nor stateless", DIBBLER, block.line, block.name);
    Some(Observed::unknown(reason))
}

fn intent(stack: StackId, dhcpv6: Setting<RunsDhcpv6>) -> Intent {
    let by_itself = |text: String| Setting { value: (), at: dhcpv6.at.clone(), text };
    let at_boot = by_itself(format!("{stack} does not bring interfaces up")).holding(false);
    let takes_ras = by_itself(format!("{stack} leaves Router Advertisements to the kernel")).holding(TakesRas::Kernel);
    Intent::new(stack, at_boot, dhcpv6, takes_ras).with_client(stack)
}

/// A word, or one of `{`, `}` and `;`.
#[derive(Debug, Clone)]
struct Word {
    line: u32,
    text: String,
}

/// A statement with a body: `interface eth0 { .. }`. Bodies inside it are part of its words.
#[derive(Debug)]
struct Block {
    kind: String,
    name: String,
    line: u32,
    words: Vec<Word>,
}

impl Block {
    fn is(&self, kind: &str, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

/// The words of a file whose comments begin with `#` or `//`, or stand between `/*` and `*/`, and whose strings have double quotes.
fn words(text: &str) -> Vec<Word> {
    let text = without_comments(text);
    let mut words = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let line = line.split("//").next().unwrap_or_default();
        let mut word = String::new();
        let mut quoted = false;
        for character in line.chars().chain([' ']) {
            let ends = !quoted && (character.is_whitespace() || matches!(character, '{' | '}' | ';' | ','));
            if character == '"' {
                quoted = !quoted;
            } else if !ends {
                word.push(character);
                continue;
            }
            if ends && !word.is_empty() {
                words.push(Word { line: number, text: std::mem::take(&mut word) });
            }
            if ends && matches!(character, '{' | '}' | ';') {
                words.push(Word { line: number, text: character.to_string() });
            }
        }
    }
    words
}

/// The text without what stands between `/*` and `*/`, its lines kept.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (comment, rest) = part.split_once("*/").unwrap_or((part, ""));
        kept.push(' ');
        kept.extend(comment.matches('\n'));
        kept.push_str(rest);
    }
    kept
}

fn blocks(words: &[Word]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match &word.text[..] {
            "{" if depth == 0 && blocks.len() < MOST_BLOCKS => {
                let before = |back: usize| at.checked_sub(back).and_then(|at| words.get(at)).map_or("", |word| &word.text[..]);
                blocks.push(Block { kind: before(2).to_owned(), name: before(1).to_owned(), line: word.line, words: Vec::new() });
                depth = 1;
                continue;
            }
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(block) = blocks.last_mut().filter(|_| depth > 0) {
            block.words.push(word.clone());
        }
    }
    blocks
}
