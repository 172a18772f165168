//! sysctl.d: what is written to an interface's settings at boot (sysctl.d(5), sysctl(8); src/sysctl/sysctl.c of systemd).
//!
//! Keys are the files' names below `/proc/sys/net/ipv6/conf/<interface>/`; what is written for `all` and `default` is under `all/<name>` and
//! `default/<name>`, because most of it has no effect on an interface that is there already. A daemon that writes a setting later is not
//! known here.

pub(crate) mod fixes;
mod line;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::facts::{FileLine, Setting};
use crate::image::Image;
use crate::image::Nic;
use crate::image::matches;
pub(crate) use line::{Line, key_path};
pub(crate) use sources::files;

/// The settings that decide something.
const SETTINGS: [&str; 12] = [
    "accept_ra",
    "autoconf",
    "disable_ipv6",
    "forwarding",
    "router_solicitations",
    "router_solicitation_delay",
    "router_solicitation_interval",
    "accept_ra_defrtr",
    "accept_dad",
    "dad_transmits",
    "addr_gen_mode",
    "use_tempaddr",
];

/// Where the settings of interfaces are, below /proc/sys.
const CONF: [&str; 3] = ["net", "ipv6", "conf"];

/// What the kernel copies from `all` to `default` and to every interface when it is written (net/ipv6/addrconf.c).
const COPIED: [&str; 3] = ["forwarding", "disable_ipv6", "addr_gen_mode"];

/// The settings of the interface as they will stand once every one of `lines` is written, with the line that is the last word.
pub(crate) fn at_boot(lines: &[Line], nic: &Nic) -> BTreeMap<String, Setting<i64>> {
    let explicit: BTreeSet<&[String]> = lines.iter().filter(|line| !line.is_glob()).map(|line| &line.path[..]).collect();
    let mut settings = BTreeMap::new();
    for line in lines {
        let Some(value) = line.number() else { continue };
        for (target, name) in targets(line, &nic.name) {
            let [net, ipv6, conf] = CONF;
            let path = [net, ipv6, conf, target, name].map(str::to_owned);
            if line.is_glob() && explicit.contains(&path[..]) {
                continue;
            }
            let mut write = |key: String| settings.insert(key, Setting { value, at: line.at.clone(), text: line.text.clone() });
            if target == nic.name {
                write(name.to_owned());
                continue;
            }
            write(format!("{target}/{name}"));
            if target == "all" && COPIED.contains(&name) {
                write(format!("default/{name}"));
                write(name.to_owned());
            }
        }
    }
    settings
}

/// The keys of `stable_secret` that are set at boot, and where. What they are set to is left out.
///
/// # Errors
/// One of the files is there and cannot be read.
pub(crate) fn stable_secrets(root: &Image) -> io::Result<Vec<(String, FileLine)>> {
    let is_secret = |line: &Line| line.path.last().is_some_and(|name| name == "stable_secret") && line.path.starts_with(&CONF.map(str::to_owned));
    let set = lines(root)?.into_iter().filter(|line| is_secret(line) && line.value.as_ref().is_some_and(|value| !value.is_empty()));
    Ok(set.map(|line| (line.path.join("/"), line.at)).collect())
}

/// The numbers that a text of this syntax assigns: the key as the names of a path, and what it is set to.
pub(crate) fn numbers<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = (Vec<String>, Setting<i64>)> + 'a {
    line::lines(path, text).filter_map(|line| {
        let setting = Setting { value: line.number()?, at: line.at, text: line.text };
        Some((line.path, setting))
    })
}

/// The lines of a text of this syntax.
pub(crate) fn parsed<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = Line> + 'a {
    line::lines(path, text)
}

/// The lines in the order in which they are written.
///
/// systemd-sysctl keeps one assignment a key: where the last one that changed its value stands.
///
/// # Errors
/// One of the files is there and cannot be read.
pub(crate) fn lines(root: &Image) -> io::Result<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for source in files(root)? {
        for line in line::lines(&source.path, &source.text).filter(|line| source.globs || !line.is_glob()) {
            match places.get(&line.path).and_then(|place| lines.get_mut(*place)).filter(|_| source.by_systemd) {
                // The same again is evidence as good, and the later file is the one to change.
                Some(before) if before.value == line.value => *before = line,
                before => {
                    if let Some(before) = before {
                        before.value = None;
                    }
                    places.insert(line.path.clone(), lines.len());
                    lines.push(line);
                }
            }
        }
    }
    Ok(lines)
}

/// What a line writes to, of the interface called `nic` and of `all` and `default`, in the order of glob(3).
fn targets<'a>(line: &Line, nic: &'a str) -> Vec<(&'a str, &'static str)> {
    let [net, ipv6, conf, interface, setting] = &line.path[..] else { return Vec::new() };
    let fits = |pattern: &String, name: &str| if line.is_glob() { matches(pattern, name) } else { pattern == name };
    if !(fits(net, "net") && fits(ipv6, "ipv6") && fits(conf, "conf")) {
        return Vec::new();
    }
    let targets = ["all", "default", nic].into_iter().filter(|name| fits(interface, name));
    targets.flat_map(|target| SETTINGS.into_iter().filter(|name| fits(setting, name)).map(move |name| (target, name))).collect()
}
