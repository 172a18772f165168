//! Which of its renderers cloud-init takes: the first one of its list that is available (cloudinit/net/renderers.py, and `available` of
//! each renderer, 25.1).

use super::configuration::Configuration;
use crate::facts::Setting;
use crate::image::Image;

/// A renderer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renderer {
    Eni,
    Sysconfig,
    Netplan,
    NetworkManager,
    Networkd,
}

impl Renderer {
    /// Its name in `renderers:`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eni => "eni",
            Self::Sysconfig => "sysconfig",
            Self::Netplan => "netplan",
            Self::NetworkManager => "network-manager",
            Self::Networkd => "networkd",
        }
    }
}

/// As they are tried without a list.
const BY_DEFAULT: [Renderer; 5] = [Renderer::Eni, Renderer::Sysconfig, Renderer::Netplan, Renderer::NetworkManager, Renderer::Networkd];
/// Those of other systems, which Linux never has.
const OF_BSD: [&str; 3] = ["freebsd", "netbsd", "openbsd"];
/// Systems for which sysconfig is written, as ID of os-release(5) has them (KNOWN_DISTROS of sysconfig.py).
const WITH_SYSCONFIG: [&str; 15] = [
    "almalinux",
    "amzn",
    "centos",
    "cloudlinux",
    "eurolinux",
    "fedora",
    "mariner",
    "miraclelinux",
    "openeuler",
    "rhel",
    "rocky",
    "sles",
    "suse",
    "virtuozzo",
    "ol",
];
const SBIN: [&str; 2] = ["/sbin", "/usr/sbin"];
/// Where NetworkManager's plugin for ifcfg files is.
pub(crate) const IFCFG_PLUGINS: [&str; 2] =
    ["/usr/lib*/NetworkManager/*/libnm-settings-plugin-ifcfg-rh.so", "/usr/lib*/NetworkManager/libnm-settings-plugin-ifcfg-rh.so"];

/// The renderer that is taken, and where that is said; none if no renderer is available, so that nothing is written.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn in_use(root: &Image, configuration: &Configuration) -> Result<Option<Setting<Renderer>>, String> {
    let list = configuration.renderers();
    let (order, at, text) = match list {
        None => (BY_DEFAULT.to_vec(), Configuration::at(), "the renderers of cloud-init, in its own order".to_owned()),
        Some(list) => {
            let mut order = Vec::new();
            for name in list.value.iter().filter(|name| !OF_BSD.contains(&&name[..])) {
                let known = BY_DEFAULT.into_iter().find(|renderer| renderer.name() == name);
                order.push(known.ok_or_else(|| format!("{}: cloud-init has no renderer {name}", list.at))?);
            }
            (order, list.at, list.text)
        }
    };
    let found = order.into_iter().find(|renderer| is_available(root, *renderer));
    Ok(found.map(|value| Setting { value, at, text }))
}

fn is_available(root: &Image, renderer: Renderer) -> bool {
    let has =
        |programs: &[&str], folders: &[&str]| programs.iter().all(|program| folders.iter().any(|folder| root.exists(&format!("{folder}/{program}"))));
    match renderer {
        Renderer::Eni => has(&["ifquery", "ifup", "ifdown"], &SBIN) && root.exists("/etc/network/interfaces"),
        Renderer::Netplan => has(&["netplan"], &SBIN),
        Renderer::NetworkManager => {
            root.exists("/etc/NetworkManager/NetworkManager.conf") && has(&["nmcli"], &["/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        }
        Renderer::Networkd => has(&["ip", "systemctl"], &["/usr/sbin", "/bin"]),
        Renderer::Sysconfig => has_sysconfig(root) && (with_scripts(root) || IFCFG_PLUGINS.iter().any(|pattern| !root.glob(pattern).is_empty())),
    }
}

/// Whether the network scripts are there.
pub(crate) fn with_scripts(root: &Image) -> bool {
    let has = |program: &str| SBIN.iter().any(|folder| root.exists(&format!("{folder}/{program}")));
    has("ifup") && has("ifdown") && root.exists("/etc/sysconfig/network-scripts/network-functions")
}

fn has_sysconfig(root: &Image) -> bool {
    let id = id(root);
    WITH_SYSCONFIG.contains(&&id[..]) || id.starts_with("opensuse") || id.starts_with("sle")
}

/// Whether it is a system of SUSE, where wicked reads what is written.
pub(crate) fn is_suse(root: &Image) -> bool {
    let id = id(root);
    id == "suse" || id.starts_with("opensuse") || id.starts_with("sle")
}

fn id(root: &Image) -> String {
    let text = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|path| root.text(path).ok()).unwrap_or_default();
    let id = text.lines().find_map(|line| line.strip_prefix("ID=")).unwrap_or_default();
    id.trim().trim_matches(['"', '\'']).to_ascii_lowercase()
}
