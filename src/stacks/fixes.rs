//! What the fixes of the stacks have in common: the question, and the lines of an image's files that edits are made of.

use crate::facts::{Edit, FileLine, Goal, Intent, RunsDhcpv6, TakesRas, UnitChange};
use crate::image::{Image, Nic};
use crate::stacks::{STACKS, Stack};

/// The name of files that fixes make where no file is there to be changed.
pub(crate) const OWN: &str = "v6check";

/// A goal that a stack misses.
pub(crate) struct Question<'a> {
    /// The files as they are, earlier steps of the fix made.
    pub(crate) image: &'a Image,
    pub(crate) nic: &'a Nic,
    pub(crate) goal: Goal,
    /// What the stack is set up to do.
    pub(crate) intent: &'a Intent,
    /// What the kernel's `accept_ra` has to be: 2 with forwarding, else 1.
    pub(crate) accept_ra: i64,
}

/// One step towards the goal.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) edits: Vec<Edit>,
    /// What somebody has to do by hand.
    pub(crate) by_hand: Vec<String>,
}

impl Step {
    /// These edits.
    pub(crate) fn edits(edits: impl IntoIterator<Item = Edit>) -> Self {
        Self { edits: edits.into_iter().collect(), by_hand: Vec::new() }
    }

    /// No edit, but this.
    pub(crate) fn by_hand(text: impl Into<String>) -> Self {
        Self { edits: Vec::new(), by_hand: vec![text.into()] }
    }
}

impl From<Edit> for Step {
    fn from(edit: Edit) -> Self {
        Self::edits([edit])
    }
}

/// The next step of the stack towards the goal; `None` where it knows none.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    // Whatever stack it is, a unit that is masked is to be unmasked.
    if let Some(unit) = question.at_fault().and_then(|at| masked(question.image, &at.path)) {
        return Some(unmask(unit).into());
    }
    (row(question.intent)?.fix)(question)
}

/// What makes the stack read its files again while the guest runs.
pub(crate) fn now(intent: &Intent, nic: &Nic) -> Vec<String> {
    row(intent).map(|stack| (stack.now)(&nic.name)).unwrap_or_default()
}

fn row(intent: &Intent) -> Option<&'static Stack> {
    STACKS.iter().find(|stack| stack.id == intent.stack)
}

/// Of a stack whose files are not changed by fixes yet.
pub(crate) fn none(_: &Question<'_>) -> Option<Step> {
    None
}

/// As [`none`].
pub(crate) fn nothing(_: &str) -> Vec<String> {
    Vec::new()
}

/// The unit that a path masks.
fn masked<'a>(image: &Image, path: &'a str) -> Option<&'a str> {
    let unit = path.strip_prefix("/etc/systemd/system/").filter(|unit| unit.ends_with(".service") && !unit.contains('/'))?;
    image.link(path).is_some_and(|target| target == "/dev/null").then_some(unit)
}

impl Question<'_> {
    /// Whether the stack runs DHCPv6, so that only its not starting is at fault.
    pub(crate) fn runs_dhcpv6(&self) -> bool {
        matches!(self.intent.dhcpv6.value, RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged)
    }

    /// Where the setting stands that keeps the stack from the goal.
    pub(crate) fn at_fault(&self) -> Option<&FileLine> {
        match self.goal {
            Goal::Dhcpv6 if self.runs_dhcpv6() => Some(&self.intent.at_boot.at),
            Goal::Dhcpv6 => Some(&self.intent.dhcpv6.at),
            Goal::RouterAdvertisements if self.intent.takes_ras.value == TakesRas::No => Some(&self.intent.takes_ras.at),
            Goal::RouterAdvertisements => self.intent.accept_ra.as_ref().map(|setting| &setting.at),
            Goal::Ipv6 => self.intent.disable_ipv6.as_ref().map(|setting| &setting.at),
            _ => None,
        }
    }
}

/// The line at `at` as it stands there, with those that continue it by a backslash.
pub(crate) fn lines(image: &Image, at: &FileLine) -> Option<Vec<String>> {
    let text = image.text(&at.path).ok()?;
    let first = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let mut found = Vec::new();
    for line in text.split_terminator('\n').skip(first) {
        found.push(line.to_owned());
        if !line.ends_with('\\') {
            break;
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Other lines in the place of the one at `at`.
pub(crate) fn replace(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    Some(Edit::Lines { path: at.path.clone(), line: at.line, old: lines(image, at)?, new: new.into_iter().collect() })
}

/// The line at `at` goes.
pub(crate) fn delete(image: &Image, at: &FileLine) -> Option<Edit> {
    replace(image, at, [])
}

/// Lines behind the one at `at`.
pub(crate) fn insert_after(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    let old = lines(image, at)?;
    Some(Edit::Lines { path: at.path.clone(), line: at.line, new: old.iter().cloned().chain(new).collect(), old })
}

/// Lines before the one at `at`.
pub(crate) fn insert_before(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    let old = lines(image, at)?;
    Some(Edit::Lines { path: at.path.clone(), line: at.line, new: new.into_iter().chain(old.iter().cloned()).collect(), old })
}

/// Another value for the assignment `key = value` at `at`, whatever its blanks. Quotation marks go: `value` is a plain word.
pub(crate) fn assign(image: &Image, at: &FileLine, value: &str) -> Option<Edit> {
    let line = lines(image, at)?.concat();
    let (key, rest) = line.split_once('=')?;
    let blank = if rest.starts_with([' ', '\t']) { " " } else { "" };
    replace(image, at, [format!("{key}={blank}{value}")])
}

/// The blanks that a line begins with.
pub(crate) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// A unit of systemd that was masked may be started again.
pub(crate) fn unmask(unit: &str) -> Edit {
    Edit::Unit { unit: unit.to_owned(), change: UnitChange::Unmask, links: vec![(format!("/etc/systemd/system/{unit}"), None)] }
}

/// Whether a vendor's file, which the next update of its package overwrites.
pub(crate) fn is_of_vendor(path: &str) -> bool {
    ["/usr/lib/", "/usr/share/", "/lib/", "/usr/local/lib/"].iter().any(|folder| path.starts_with(folder))
}
