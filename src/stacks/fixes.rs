//! What the fixes of the stacks have in common: the question, and the lines of an image's files that edits are made of.

use crate::facts::{FileLine, Goal, Intent, RunsDhcpv6, StackId, TakesRas};
pub(crate) use crate::image::edits::{OWN, Step, assign, delete, indentation, insert_after, insert_before, is_of_vendor, lines, replace, unmask};
use crate::image::{Image, Nic};
use crate::stacks::{STACKS, Stack, traits};

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

/// The next step of the stack towards the goal; `None` where it knows none.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    // Whatever stack it is, a unit that is masked is to be unmasked.
    if let Some(unit) = question.at_fault().and_then(|at| masked(question.image, &at.path)) {
        return Some(unmask(unit).into());
    }
    let writer = question.intent.by.filter(|by| traits(*by).only_writes).and_then(of_id);
    writer.and_then(|writer| (writer.fix)(question)).or_else(|| (row(question.intent)?.fix)(question))
}

/// What makes the stack read its files again while the guest runs.
pub(crate) fn now(intent: &Intent, nic: &Nic) -> Vec<String> {
    row(intent).map(|stack| (stack.now)(&nic.name)).unwrap_or_default()
}

fn row(intent: &Intent) -> Option<&'static Stack> {
    of_id(intent.stack)
}

fn of_id(id: StackId) -> Option<&'static Stack> {
    STACKS.iter().find(|stack| stack.id == id)
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
