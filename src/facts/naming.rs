//! The name of an image's NIC: by which rule the image gives it.

use serde::{Deserialize, Serialize};

use super::Setting;

/// What there is to say about the name of an image's NIC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Naming {
    /// No file names the NIC. It is assumed to be there, as a hypervisor provides it, with this driver.
    Assumed {
        /// Its driver.
        driver: String,
        /// What gives it its name.
        by: NameRule,
    },
    /// The image gives no NIC this name.
    NeverGiven {
        /// The name of its first NIC.
        gives: String,
        /// What gives that name.
        by: NameRule,
    },
}

/// What gives the NICs of an image their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRule {
    /// How names are made.
    pub scheme: NameScheme,
    /// The line that decides; absent where no file decides anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Setting<String>>,
    /// Why another rule may decide; absent where the files leave no doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// How the names of NICs are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NameScheme {
    /// By the kernel, in the order in which it finds them: `eth0`.
    Kernel,
    /// By udev, after the PCI slot: `ens3`.
    Slot,
    /// By udev, after the place on the bus: `enp1s0`.
    Path,
    /// By udev, after the MAC address: `enxfa163e000001`.
    Mac,
    /// One name that a line gives.
    Fixed(String),
}

impl NameScheme {
    /// The name of the NIC with this number, from 0, of a virtual machine.
    pub fn name(&self, number: usize) -> String {
        match self {
            Self::Slot => format!("ens{}", number + 3),
            Self::Path => format!("enp{}s0", number + 1),
            Self::Mac => format!("enxfa163e{:06x}", number + 1),
            Self::Fixed(name) if number == 0 => name.clone(),
            // A name that is taken is not given again: the others keep the kernel's.
            Self::Kernel | Self::Fixed(_) => format!("eth{number}"),
        }
    }

    /// Whether a NIC may get this name.
    pub fn may_give(&self, name: &str) -> bool {
        let kernels = name.strip_prefix("eth").is_some_and(is_number);
        match self {
            Self::Kernel => kernels,
            Self::Fixed(fixed) => fixed == name || kernels,
            Self::Slot | Self::Path | Self::Mac => is_by_place(name),
        }
    }
}

impl NameRule {
    /// The rule in words, a fragment.
    pub fn text(&self) -> String {
        let how = match self.scheme {
            NameScheme::Kernel => "by the kernel",
            NameScheme::Slot => "by its PCI slot",
            NameScheme::Path => "by its place on the PCI bus",
            NameScheme::Mac => "by its MAC address",
            NameScheme::Fixed(_) => "by a rule",
        };
        let line = match &self.line {
            Some(line) => format!("{}, {}", line.value, line.at),
            None => "no file renames NICs".to_owned(),
        };
        let doubt = self.doubt.as_ref().map(|doubt| format!("; not certain: {doubt}")).unwrap_or_default();
        format!("{how} ({line}{doubt})")
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a name of systemd.net-naming-scheme(7) for an Ethernet NIC: `en` with an onboard index, a slot, a path, a MAC address or the
/// like.
fn is_by_place(name: &str) -> bool {
    let rest = name.strip_prefix("en").unwrap_or_default();
    rest.len() > 1
        && rest.starts_with(['a', 'b', 'c', 'd', 'i', 'o', 'p', 'P', 's', 'v', 'x'])
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it looks like the name of an Ethernet NIC, whoever gives it; bridges, bonds and VLANs have other names.
pub fn is_of_nic(name: &str) -> bool {
    NameScheme::Kernel.may_give(name) || is_by_place(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_scheme() {
        let names = |scheme: NameScheme| [0, 1].map(|number| scheme.name(number));
        assert_eq!(names(NameScheme::Kernel), ["eth0", "eth1"]);
        assert_eq!(names(NameScheme::Slot), ["ens3", "ens4"]);
        assert_eq!(names(NameScheme::Path), ["enp1s0", "enp2s0"]);
        assert_eq!(names(NameScheme::Mac), ["enxfa163e000001", "enxfa163e000002"]);
        assert_eq!(names(NameScheme::Fixed("net0".into())), ["net0", "eth1"]);
    }

    #[test]
    fn names_that_may_be_given() {
        for (scheme, given, never) in [
            (NameScheme::Kernel, ["eth0", "eth12"], ["ens3", "eth"]),
            (NameScheme::Slot, ["ens3", "enp0s3"], ["eth0", "en"]),
            (NameScheme::Fixed("net0".into()), ["net0", "eth1"], ["net1", "ens3"]),
        ] {
            assert!(given.iter().all(|name| scheme.may_give(name)), "{scheme:?}");
            assert!(never.iter().all(|name| !scheme.may_give(name)), "{scheme:?}");
        }
        assert!(!["br0", "bond0", "enclave.5", "eth0.5"].iter().any(|name| is_of_nic(name)));
    }
}
