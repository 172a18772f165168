//! IPv6 is on for the interface.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Place, Subject, Table, intended};
use crate::facts::Tense;
use crate::judge::Verdict;

/// IPv6 is on: the kernel has it, the interface is not excluded, and its MTU carries it.
///
/// In an image it is what the boot loader, modprobe.d and sysctl.d leave on. An interface loses its whole IPv6 part while its MTU is below 1280 (RFC 8200 section 5), so the MTU is looked at first.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ipv6Enabled {
    /// Smallest MTU that IPv6 needs, in bytes.
    smallest_mtu: u32,
}

impl Kind for Ipv6Enabled {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "IPv6 is on";
        if subject.facts.run.image.is_some() {
            return intended::ipv6(subject);
        }
        let (interface, tenses) = subject.on_interface()?;
        let stack = subject.facts.state.ipv6.get()?;
        if let Some(word) = &stack.command_line
            && !stack.present
        {
            let finding = Finding::fail(EXPECTED, "the kernel has no IPv6", format!("the boot loader switches IPv6 off ({word})"));
            return Ok(finding.with(Tense::State, Place::Kernel("/proc/cmdline".into()), word).with_all(written_off(subject)));
        }
        if !stack.present {
            let finding = Finding::fail(EXPECTED, "the kernel has no IPv6", "the kernel has no IPv6");
            return Ok(finding.with(Tense::State, Place::Kernel("/proc/sys/net/ipv6".into()), "absent").with_all(written_off(subject)));
        }
        let mtu = interface.link.get()?.mtu;
        if mtu < self.smallest_mtu {
            let message = format!("the MTU is {mtu}; below {} the kernel takes IPv6 off the interface", self.smallest_mtu);
            return Ok(Finding::fail(EXPECTED, format!("MTU {mtu}"), message).with(Tense::State, Table::Links, format!("mtu {mtu}")));
        }
        if tenses.state.inet6.get()?.is_none() {
            return Ok(Finding::fail(EXPECTED, "no inet6 part", "the interface has no IPv6 part").with(Tense::State, Table::Links, "no AF_INET6"));
        }
        let disabled = tenses.state.sysctl("disable_ipv6")?;
        let source = Place::Kernel(format!("/proc/sys/net/ipv6/conf/{}/disable_ipv6", subject.name));
        let finding = if disabled == 0 {
            Finding::pass(EXPECTED, format!("disable_ipv6=0, MTU {mtu}"))
        } else {
            let by = intended::ipv6(subject).ok().filter(|intended| intended.verdict == Verdict::Fail);
            let message = match &by {
                Some(by) => format!("IPv6 is switched off here (disable_ipv6={disabled}): {}", by.message),
                None => format!("IPv6 is switched off here (disable_ipv6={disabled})"),
            };
            let written = by.map(|by| by.evidence).unwrap_or_default();
            Finding::fail(EXPECTED, format!("disable_ipv6={disabled}"), message).with_all(written)
        };
        Ok(finding.with(Tense::State, source, disabled.to_string()))
    }
}

/// The line that keeps the kernel without IPv6 at each boot, where one is found.
fn written_off(subject: &Subject<'_>) -> Vec<Evidence> {
    let intended = intended::ipv6(subject).ok().filter(|intended| intended.verdict == Verdict::Fail);
    intended.map(|intended| intended.evidence).unwrap_or_default()
}
