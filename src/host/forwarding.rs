//! Software that turns IPv6 forwarding on when it starts: the kernel then takes Router Advertisements only with accept_ra=2.
//!
//! Not among it: LXD and Incus, which write accept_ra=2 before they forward; libvirt, which starts no such network where routes were learned
//! from Router Advertisements; Tailscale, keepalived, BIRD and radvd, which leave it to sysctl.d.

use serde_json::Value;

use crate::facts::{FileLine, Setting};
use crate::host::boot_commands::unit::Unit;
use crate::host::services;
use crate::image::Image;
use crate::image::shell_variables::{Variables, is_true};

type Forwards = Setting<Option<i64>>;

/// What turns it on, as the setting that it writes; with `None` where it depends on what it runs.
pub(crate) fn by_software(root: &Image) -> Option<(&'static str, Forwards)> {
    let found = docker(root).or_else(|| kubernetes(root)).or_else(|| podman(root)).or_else(|| by_file(root));
    found.map(|forwards| ("forwarding", forwards))
}

fn forwards(value: Option<i64>, path: &str, line: u32, text: String) -> Forwards {
    Setting { value, at: FileLine { path: path.to_owned(), line }, text }
}

/// dockerd(8) with IPv6 on its default bridge (libnetwork's setupIPv6Forwarding).
fn docker(root: &Image) -> Option<Forwards> {
    const FILE: &str = "/etc/docker/daemon.json";
    if !services::starts(root, &["docker", "dockerd"]) {
        return None;
    }
    let text = root.text_if_any(FILE).ok()?.unwrap_or_default();
    let json: Value = match serde_json::from_str(&text) {
        Ok(json) => json,
        Err(_) if text.trim().is_empty() => Value::Null,
        // dockerd does not start with a file that it cannot read.
        Err(_) => return None,
    };
    let is = |key: &str, wanted: bool| json.get(key).and_then(Value::as_bool) == Some(wanted);
    let unit = Unit::read(root, "docker.service").ok()?;
    let lines = unit.map_or(Ok(Vec::new()), |unit| unit.commands(root, &["ExecStart"])).ok()?;
    let option = |name: &str| {
        lines.iter().find(|line| line.words.iter().any(|word| word == name || word.strip_prefix(name).is_some_and(|rest| rest == "=true")))
    };
    if is("ip-forward", false) || lines.iter().any(|line| line.words.iter().any(|word| word == "--ip-forward=false")) {
        return None;
    }
    if is("ipv6", true) {
        let line = line_of(&text, "\"ipv6\"");
        return Some(forwards(Some(1), FILE, line, "\"ipv6\": true (docker turns forwarding on for all interfaces)".to_owned()));
    }
    option("--ipv6").map(|line| Setting {
        value: Some(1),
        at: line.at.clone(),
        text: format!("{} (docker turns forwarding on for all interfaces)", line.text),
    })
}

/// The line of a key, for the reader.
fn line_of(text: &str, key: &str) -> u32 {
    (1..).zip(text.lines()).find(|(_, line)| line.trim_start().trim_start_matches('{').trim_start().starts_with(key)).map_or(0, |(number, _)| number)
}

/// Kubernetes with IPv6 among its networks: k3s and RKE2 by their own files, others by the networks of CNI.
fn kubernetes(root: &Image) -> Option<Forwards> {
    let why = "Kubernetes turns forwarding on for pods with IPv6";
    for (names, product) in [(&["k3s", "k3s-agent"][..], "k3s"), (&["rke2-server", "rke2-agent"], "rke2")] {
        if !services::starts(root, names) {
            continue;
        }
        let path = format!("/etc/rancher/{product}/config.yaml");
        let text = root.text_if_any(&path).ok().flatten().unwrap_or_default();
        if let Some((line, text)) = (1..).zip(text.lines()).find(|(_, line)| !line.trim_start().starts_with('#') && names_ipv6(line)) {
            return Some(forwards(Some(1), &path, line, format!("{} ({why})", text.trim())));
        }
        for name in names {
            let Some(unit) = Unit::read(root, &format!("{name}.service")).ok().flatten() else { continue };
            let lines = unit.commands(root, &["ExecStart"]).ok()?;
            if let Some(line) = lines.iter().find(|line| line.words.iter().any(|word| names_ipv6(word))) {
                return Some(Setting { value: Some(1), at: line.at.clone(), text: format!("{} ({why})", line.text) });
            }
        }
    }
    if services::starts(root, &["kubelet", "snap.microk8s.daemon-kubelite", "k0scontroller", "k0sworker"]) {
        for path in root.glob("/etc/cni/net.d/*") {
            let text = root.text_if_any(&path).ok().flatten().unwrap_or_default();
            if let Some((line, text)) = (1..).zip(text.lines()).find(|(_, line)| names_ipv6(line)) {
                return Some(forwards(None, &path, line, format!("{} ({why})", text.trim())));
            }
        }
    }
    None
}

/// Whether a line has an IPv6 prefix or address among its words.
fn names_ipv6(line: &str) -> bool {
    let words = line.split(|character: char| !character.is_ascii_hexdigit() && !matches!(character, ':' | '/' | '.'));
    words.filter(|word| word.contains("::") || word.matches(':').count() == 7).any(|word| {
        let address = word.split('/').next().unwrap_or(word).trim_end_matches('.');
        address.parse::<std::net::Ipv6Addr>().is_ok_and(|address| !address.is_unspecified() && !address.is_loopback())
    })
}

/// Networks of podman with IPv6, which forward once a container starts.
fn podman(root: &Image) -> Option<Forwards> {
    let starts = ["podman", "podman-restart", "podman-auto-update"];
    let quadlets = || !root.glob("/etc/containers/systemd/*.container").is_empty();
    if !services::starts(root, &starts) && !quadlets() {
        return None;
    }
    for path in root.glob("/etc/containers/networks/*.json") {
        let text = root.text_if_any(&path).ok().flatten().unwrap_or_default();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if json.get("ipv6_enabled").and_then(Value::as_bool) == Some(true) {
            let line = line_of(&text, "\"ipv6_enabled\"");
            return Some(forwards(None, &path, line, "\"ipv6_enabled\": true (podman forwards once a container uses the network)".to_owned()));
        }
    }
    None
}

/// Daemons whose own file says so.
fn by_file(root: &Image) -> Option<Forwards> {
    if services::starts(root, &["frr", "zebra"]) {
        for path in ["/etc/frr/frr.conf", "/etc/frr/zebra.conf", "/etc/quagga/zebra.conf"] {
            let text = root.text_if_any(path).ok().flatten().unwrap_or_default();
            let lines = (1..).zip(text.lines()).filter(|(_, line)| matches!(line.trim(), "ipv6 forwarding" | "no ipv6 forwarding"));
            if let Some((number, line)) = lines.last().filter(|(_, line)| line.trim() == "ipv6 forwarding") {
                return Some(forwards(Some(1), path, number, format!("{} (zebra turns forwarding on)", line.trim())));
            }
        }
    }
    if services::starts(root, &["shorewall6"]) {
        let variables = Variables::read(root, "/etc/shorewall6/shorewall6.conf").ok()?.unwrap_or_default();
        if let Some(set) = variables.get("IP_FORWARDING").filter(|set| is_true(&set.value)) {
            return Some(Setting { value: Some(1), at: set.at.clone(), text: format!("{} (shorewall6 turns forwarding on)", set.text) });
        }
    }
    if services::starts(root, &["lxc-net"]) {
        let variables = Variables::read(root, "/etc/default/lxc-net").ok()?.unwrap_or_default();
        let has = |name: &str| variables.get(name);
        let bridge = has("USE_LXC_BRIDGE").filter(|set| set.value == "true");
        if let (Some(_), Some(set), Some(_), Some(_)) = (bridge, has("LXC_IPV6_ADDR"), has("LXC_IPV6_MASK"), has("LXC_IPV6_NETWORK")) {
            return Some(Setting { value: Some(1), at: set.at.clone(), text: format!("{} (lxc-net turns forwarding on)", set.text) });
        }
    }
    None
}
