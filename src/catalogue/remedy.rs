//! What to change: in words, and as lines of shell that make the change.
//!
//! A script is for a guest, run as root by its own shell. Names from an image are hostile: they are quoted, and a strange interface name gets no
//! script at all.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::StackId;
use crate::glob::matches;
use crate::judge::Cause;

/// The key of the script for where nothing more special is known.
const GENERAL: &str = "general";

/// What to change. `{interface}` stands for the interface's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remedy {
    /// Where nothing more special is known.
    pub general: String,
    /// By cause; goes instead of the stack's, or before it where the cause adds to it.
    #[serde(default)]
    pub cause: BTreeMap<Cause, String>,
    /// By the guest network stack in charge.
    #[serde(default)]
    pub stack: BTreeMap<StackId, String>,
    /// By the stack in charge and the daemon that it has do the work (`ifupdown.dhcpcd`); goes before the stack's.
    #[serde(default)]
    pub by: BTreeMap<StackId, BTreeMap<StackId, String>>,
    /// By the stack in charge and the cause (`BusyBox.forwarding`); goes before all others.
    #[serde(default)]
    pub on: BTreeMap<StackId, BTreeMap<Cause, String>>,
    /// Lines of shell that make the change, by the name of a cause, of a stack, or `general`. Run twice they do what they do once. `{file}` stands
    /// for a file that the evidence names, quoted.
    #[serde(default)]
    pub script: BTreeMap<String, String>,
    /// Scripts by the stack in charge and the cause; go before those by one of both.
    #[serde(default, rename = "script-on")]
    pub script_on: BTreeMap<StackId, BTreeMap<Cause, String>>,
}

/// The stack in charge of an interface, and the daemon that it has do the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCharge {
    /// The stack.
    pub stack: StackId,
    /// The daemon, where it is another.
    pub by: Option<StackId>,
}

impl From<StackId> for InCharge {
    fn from(stack: StackId) -> Self {
        Self { stack, by: None }
    }
}

impl Remedy {
    /// The change for `cause` on `stack`, else for `cause`, else for `stack`, else the general one.
    pub fn pick(&self, cause: Option<Cause>, in_charge: Option<InCharge>, interface: &str) -> String {
        let by_both = of_both(&self.on, cause, in_charge);
        let by_cause = cause.and_then(|cause| self.cause.get(&cause));
        let by_daemon = in_charge.and_then(|InCharge { stack, by }| self.by.get(&stack)?.get(&by?));
        let by_stack = by_daemon.or_else(|| self.stack.get(&in_charge?.stack));
        let usual = by_stack.unwrap_or(&self.general).trim();
        let text = match (by_both, by_cause) {
            (Some(special), _) => special.trim().to_owned(),
            (None, Some(first)) if cause.is_some_and(Cause::adds) => format!("{} {usual}", first.trim()),
            (None, Some(instead)) => instead.trim().to_owned(),
            (None, None) => usual.to_owned(),
        };
        text.replace("{interface}", interface)
    }

    /// What `cause` has to be said before a fix, with a blank behind it; empty where nothing has.
    pub fn before(&self, cause: Option<Cause>, interface: &str) -> String {
        let first = cause.filter(|cause| cause.adds()).and_then(|cause| self.cause.get(&cause));
        first.map(|first| format!("{} ", first.trim().replace("{interface}", interface))).unwrap_or_default()
    }

    /// The script for `cause` on `stack`, else for `cause`, else for `stack`, else the general one; `None` where no script mends it (a cause that has a remedy of its own and no
    /// script), or where `interface` is a name that a script cannot hold safely. A line with `{file}` is there once for each of `files`, the files that the evidence names, and
    /// of `case {file} in PATTERN) COMMAND;; esac` only the command for that file.
    pub fn pick_script(&self, cause: Option<Cause>, in_charge: Option<InCharge>, interface: &str, files: &[&str]) -> Option<String> {
        let by_cause = of_both(&self.script_on, cause, in_charge).or_else(|| self.script.get(cause?.name()));
        let by_stack = || self.script.get(in_charge?.stack.name());
        let script = match cause {
            // It calls for another change than the usual one, so the usual script is wrong.
            Some(cause) if self.cause.contains_key(&cause) && !cause.adds() => by_cause,
            _ => by_cause.or_else(by_stack).or_else(|| self.script.get(GENERAL)),
        }?;
        if script.contains("{interface}") && !is_plain(interface) {
            return None;
        }
        let mut lines = Vec::new();
        for line in script.trim().lines() {
            let line = line.replace("{interface}", interface);
            if line.contains("{file}") {
                lines.extend(files.iter().filter_map(|file| Some(fitting(&line, file)?.replace("{file}", &quoted(file)))));
            } else {
                lines.push(line);
            }
        }
        (!lines.is_empty()).then(|| lines.join("\n") + "\n")
    }
}

/// That of a stack where `cause` is the cause.
fn of_both(texts: &BTreeMap<StackId, BTreeMap<Cause, String>>, cause: Option<Cause>, in_charge: Option<InCharge>) -> Option<&String> {
    texts.get(&in_charge?.stack)?.get(&cause?)
}

/// What of a line is for `file`: of `case {file} in PATTERN) COMMAND;; esac` the command whose pattern takes it in, if any does; else the line.
fn fitting<'a>(line: &'a str, file: &str) -> Option<&'a str> {
    let Some(arms) = line.strip_prefix("case {file} in ").and_then(|rest| rest.strip_suffix(";; esac")) else { return Some(line) };
    let mut arms = arms.split(";; ").filter_map(|arm| arm.split_once(") "));
    arms.find(|(patterns, _)| patterns.split('|').any(|pattern| matches(pattern, file))).map(|(_, command)| command)
}

/// Whether a name means nothing to a shell, to sed or to a path: letters, digits and `_ - : @ .`, no option and no dots alone. The kernel
/// allows more.
fn is_plain(interface: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-:@.".contains(character);
    !interface.is_empty() && interface.chars().all(plain) && !interface.starts_with(['-', '.'])
}

/// `text` as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy(script: &[(&str, &str)]) -> Remedy {
        let script = script.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        Remedy {
            general: "change it".into(),
            cause: BTreeMap::new(),
            stack: BTreeMap::new(),
            by: BTreeMap::new(),
            on: BTreeMap::new(),
            script,
            script_on: BTreeMap::new(),
        }
    }

    #[test]
    fn the_cause_goes_before_the_stack() {
        let remedy = remedy(&[("forwarding", "a"), ("ifupdown", "b"), ("general", "c")]);
        let pick = |cause, stack| remedy.pick_script(cause, stack, "eth0", &[]);
        assert_eq!(pick(Some(Cause::Forwarding), Some(StackId::Ifupdown.into())).as_deref(), Some("a\n"));
        assert_eq!(pick(Some(Cause::Firewall), Some(StackId::Ifupdown.into())).as_deref(), Some("b\n"));
        assert_eq!(pick(None, Some(StackId::Netplan.into())).as_deref(), Some("c\n"));
    }

    #[test]
    fn a_stack_with_its_cause_goes_before_both() {
        let mut remedy = remedy(&[("forwarding", "b"), ("BusyBox", "c")]);
        let forwarding = |text: &str| BTreeMap::from([(StackId::BusyBox, BTreeMap::from([(Cause::Forwarding, text.to_owned())]))]);
        (remedy.script_on, remedy.on) = (forwarding("a"), forwarding("its own file"));
        remedy.stack = BTreeMap::from([(StackId::BusyBox, "its file".into())]);
        remedy.cause.insert(Cause::Forwarding, "sysctl.d".into());
        let pick = |cause, stack| (remedy.pick(cause, stack, "eth0"), remedy.pick_script(cause, stack, "eth0", &[]).unwrap_or_default());
        assert_eq!(pick(Some(Cause::Forwarding), Some(StackId::BusyBox.into())), ("its own file".into(), "a\n".into()));
        assert_eq!(pick(Some(Cause::Forwarding), Some(StackId::Ifupdown.into())), ("sysctl.d".into(), "b\n".into()));
        assert_eq!(pick(None, Some(StackId::BusyBox.into())), ("its file".into(), "c\n".into()));
    }

    #[test]
    fn what_a_stack_has_do_the_work_goes_before_the_stack() {
        let mut remedy = remedy(&[("ifupdown", "b")]);
        remedy.stack = BTreeMap::from([(StackId::Ifupdown, "for dhclient".into())]);
        remedy.by = BTreeMap::from([(StackId::Ifupdown, BTreeMap::from([(StackId::Dhcpcd, "for dhcpcd".into())]))]);
        let pick = |stack, by| remedy.pick(None, Some(InCharge { stack, by }), "eth0");
        assert_eq!(
            [
                pick(StackId::Ifupdown, Some(StackId::Dhcpcd)),
                pick(StackId::Ifupdown, Some(StackId::CloudInit)),
                pick(StackId::Ifupdown, None),
                pick(StackId::IfupdownNg, Some(StackId::Dhcpcd))
            ],
            ["for dhcpcd", "for dhclient", "for dhclient", "change it"]
        );
        let by_dhcpcd = InCharge { stack: StackId::Ifupdown, by: Some(StackId::Dhcpcd) };
        assert_eq!(remedy.pick_script(None, Some(by_dhcpcd), "eth0", &[]).as_deref(), Some("b\n"));
    }

    #[test]
    fn the_clouds_metadata_are_told_before_the_usual_change_and_its_script_stays() {
        let mut remedy = remedy(&[("netplan", "b")]);
        remedy.stack = BTreeMap::from([(StackId::Netplan, "Write it.".into())]);
        remedy.cause.insert(Cause::Metadata, "Mend the subnet. Here:".into());
        assert_eq!(remedy.pick(Some(Cause::Metadata), Some(StackId::Netplan.into()), "eth0"), "Mend the subnet. Here: Write it.");
        assert_eq!(remedy.pick_script(Some(Cause::Metadata), Some(StackId::Netplan.into()), "eth0", &[]).as_deref(), Some("b\n"));
    }

    #[test]
    fn nothing_mends_it() {
        assert_eq!(remedy(&[("ifupdown", "b")]).pick_script(None, Some(StackId::Netplan.into()), "eth0", &[]), None);
    }

    #[test]
    fn a_cause_with_a_remedy_of_its_own_has_no_other_script() {
        let mut remedy = remedy(&[("general", "c")]);
        remedy.cause.insert(Cause::Firewall, "open it".into());
        assert_eq!(remedy.pick_script(Some(Cause::Firewall), None, "eth0", &[]), None);
        assert_eq!(remedy.pick_script(Some(Cause::Silence), None, "eth0", &[]).as_deref(), Some("c\n"));
    }

    #[test]
    fn a_line_for_each_file() {
        let remedy = remedy(&[("general", "rm -f {file}\ntrue")]);
        assert_eq!(remedy.pick_script(None, None, "", &["/a", "/b c'"]).as_deref(), Some("rm -f '/a'\nrm -f '/b c'\\'''\ntrue\n"));
        assert_eq!(remedy.pick_script(None, None, "", &[]).as_deref(), Some("true\n"));
    }

    #[test]
    fn the_command_for_each_file() {
        let remedy = remedy(&[("general", "case {file} in /etc/a*|/b) echo (a) {file};; *.c) rm {file};; esac")]);
        let pick = |files: &[&str]| remedy.pick_script(None, None, "", files);
        assert_eq!(pick(&["/b", "/x y.c", "/z"]).as_deref(), Some("echo (a) '/b'\nrm '/x y.c'\n"));
        assert_eq!(pick(&["/z"]), None);
    }

    #[test]
    fn no_script_for_a_hostile_name() {
        let remedy = remedy(&[("general", "ip link set {interface} up")]);
        for name in ["$(reboot)", "eth0;reboot", "a b", "../x", "-x", "", "a/b", "a\nb"] {
            assert_eq!(remedy.pick_script(None, None, name, &[]), None, "{name:?}");
        }
        assert!(remedy.pick_script(None, None, "eth0.100", &[]).is_some());
    }
}
