//! Commands that run at boot beside the network stacks: rc.local, units of systemd, cron's `@reboot`, rules of udev, cloud-init's `runcmd` and
//! `bootcmd`, tuned. What of them is understood counts in its order; what may change a setting and is not understood makes it unknown.

mod sources;
pub(crate) mod unit;
mod units;
mod writes;

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use crate::facts::{FileLine, Intent, Observed, Setting};
use crate::host::sysctl;
use crate::image::shell::Command;
use crate::image::yaml::Node;
use crate::image::{Image, Nic};

/// When a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Before the stack writes its settings.
    BeforeStack,
    AfterStack,
    /// Nothing orders them.
    Unordered,
}

/// A command that runs at boot.
#[derive(Debug, Clone)]
pub(crate) struct BootCommand {
    pub(crate) command: Command,
    pub(crate) order: Order,
    /// The script is part of a package: where it is not known to run, it is not taken to do anything unheard-of.
    pub(crate) packaged: bool,
    /// The line or rule that has it run, as it is written.
    pub(crate) text: String,
    /// It is started again where it fails.
    pub(crate) restarted: bool,
}

impl BootCommand {
    /// Whether it counts: of packages only what is known to run.
    pub(crate) fn counts(&self) -> bool {
        self.command.certain || !self.packaged
    }
}

/// The commands that run at boot whatever interfaces there are; `lists` are those that cloud-init is given.
///
/// # Errors
/// A file that decides cannot be read.
pub(crate) fn of_host(root: &Image, lists: &[(FileLine, Rc<Node>)]) -> io::Result<Vec<BootCommand>> {
    let mut commands = units::commands(root)?;
    commands.extend(sources::of_host(root, lists)?);
    Ok(commands)
}

/// Those that run for `nic`.
///
/// # Errors
/// A file that decides cannot be read.
pub(crate) fn of_nic(root: &Image, nic: &Nic) -> io::Result<Vec<BootCommand>> {
    sources::of_nic(root, nic)
}

/// What the commands leave in the interface's settings, by name, where they have the last word; `None` where that is not known.
///
/// # Errors
/// sysctl.d cannot be read, which a command reads again.
pub(crate) fn settings(
    root: &Image,
    commands: &[BootCommand],
    nic: &Nic,
    stack: &Observed<Intent>,
) -> io::Result<BTreeMap<String, Setting<Option<i64>>>> {
    let mut written: BTreeMap<String, Setting<Option<i64>>> = BTreeMap::new();
    let by_stack = |key: &str| match (stack, key) {
        (Observed::Seen(intent), "accept_ra") => intent.accept_ra.as_ref().map(|setting| setting.value),
        (Observed::Seen(intent), "disable_ipv6") => intent.disable_ipv6.as_ref().map(|setting| setting.value),
        _ => None,
    };
    for boot in commands.iter().filter(|boot| boot.counts()) {
        for write in writes::of(root, &boot.command)? {
            for (key, setting) in sysctl::at_boot(std::slice::from_ref(&write.line), nic).into_iter().filter(|(key, _)| !key.contains('/')) {
                let value = (write.known && boot.command.certain).then_some(setting.value);
                let value = match (boot.order, by_stack(&key)) {
                    (Order::BeforeStack, Some(_)) => continue,
                    (Order::Unordered, Some(stack)) if value == Some(stack) => continue,
                    (Order::Unordered, Some(_)) => None,
                    _ => value,
                };
                let before = written.get(&key).map(|before| before.value);
                let value = match before {
                    Some(before) if before != value && boot.order == Order::Unordered => None,
                    _ => value,
                };
                // A line of a file that the command reads speaks for itself.
                let is_own = write.line.at == boot.command.at;
                let shown = if is_own { boot.text.clone() } else { format!("{} (by `{}`)", write.line.text, boot.text) };
                let text = if value.is_none() { format!("{shown} (may change {key})") } else { shown };
                written.insert(key, Setting { value, at: write.line.at.clone(), text });
            }
        }
    }
    // Whoever rewrites the sources of packets forwards them; what turns that on is not among the commands.
    if !written.contains_key("forwarding")
        && let Some(boot) = commands.iter().filter(|boot| boot.counts()).find(|boot| masquerades(&boot.command))
    {
        let text = format!("{} (for packets that are forwarded, so that forwarding is on or will be)", boot.text);
        written.insert("forwarding".to_owned(), Setting { value: None, at: boot.command.at.clone(), text });
    }
    Ok(written)
}

/// Whether a command is ip6tables(8) with a rule for packets that leave with another source.
fn masquerades(command: &Command) -> bool {
    let has = |wanted: &str| command.arguments().iter().any(|word| word.known && word.text == wanted);
    matches!(command.program(), "ip6tables" | "ip6tables-nft" | "ip6tables-legacy") && (has("MASQUERADE") || has("SNAT")) && (has("-A") || has("-I"))
}

/// The settings where what commands do to them cannot be read.
pub(crate) fn unknown(reason: &str) -> BTreeMap<String, Setting<Option<i64>>> {
    let setting = Setting::by_rule("/etc", format!("{reason}, so what commands at boot write is not known")).holding(None);
    ["accept_ra", "disable_ipv6", "forwarding"].map(|key| (key.to_owned(), setting.clone())).into()
}
