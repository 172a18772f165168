//! `v6check-lab link status`, and the note that the keeper writes for it: what there is, and what its guests hold now.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::place::Place;
use super::sums::Sums;
use super::{able, show};
use crate::faults::{Member, Scene, Whose};
use crate::needs;
use crate::{CalicoLink, LabError, run};
use v6check::terminal::wrap;

const ASKING: Duration = Duration::from_mins(1);

/// Name and version of the JSON.
const SCHEMA: &str = "v6check-lab.link/1";

/// What the keeper holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// When all was there, RFC 3339.
    since: String,
    stack: String,
    hosts: Vec<HostNote>,
    pub(super) guests: Vec<GuestNote>,
}

/// A compute host.
#[derive(Debug, Serialize, Deserialize)]
struct HostNote {
    namespace: String,
    /// dnsmasq's process; absent where nobody serves.
    server: Option<u32>,
    filter: bool,
    taps: Vec<String>,
}

/// A guest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GuestNote {
    pub(super) name: String,
    fault: String,
    title: String,
    whose: Option<String>,
    pub(super) namespace: String,
    /// Where its files are on this machine.
    pub(super) tree: PathBuf,
    /// The compute host that it is on; absent on another network.
    host: Option<String>,
    nics: Vec<NicNote>,
}

/// A NIC of a guest.
#[derive(Debug, Serialize, Deserialize)]
struct NicNote {
    name: String,
    mac: Option<String>,
    tap: Option<String>,
    /// The address that Neutron gave the port.
    reserved: Option<String>,
}

impl Note {
    pub(super) fn of(scene: &mut Scene, sums: &Sums) -> Self {
        let hosts: Vec<HostNote> = scene.links.iter_mut().map(|link| HostNote::of(link, sums.setup.filter)).collect();
        let guests = scene.members.iter().map(|member| GuestNote::of(member, &hosts)).collect();
        let since = OffsetDateTime::from(SystemTime::now()).replace_nanosecond(0).ok().and_then(|now| now.format(&Rfc3339).ok());
        Self { since: since.unwrap_or_default(), stack: sums.stack.word(), hosts, guests }
    }

    pub(super) fn written(&self) -> Result<String, LabError> {
        serde_json::to_string_pretty(self).map_err(|error| LabError::Asked(error.to_string()))
    }

    /// The keeper's.
    ///
    /// # Errors
    /// There is none, since the link is not there yet or not any more.
    pub(super) fn read(place: &Place) -> Result<Self, LabError> {
        let path = place.of_link("note.json");
        let text = fs::read_to_string(&path).map_err(LabError::io(path.display().to_string()))?;
        serde_json::from_str(&text).map_err(|error| LabError::Asked(format!("{}: {error}", path.display())))
    }
}

impl HostNote {
    fn of(link: &mut CalicoLink, filter: bool) -> Self {
        let server = link.server().ok().and_then(|(server, _)| server.process());
        let taps = link.ports().iter().map(|port| port.tap.clone()).collect();
        Self { namespace: link.router().name().into(), server, filter, taps }
    }
}

impl GuestNote {
    fn of(member: &Member, hosts: &[HostNote]) -> Self {
        let Member { name, fault, guest, ports, .. } = member;
        let nics = guest.nics().iter().enumerate().map(|(at, nic)| {
            let port = ports.get(at);
            NicNote {
                name: nic.name.clone(),
                mac: port.map(|port| port.mac.clone()),
                tap: port.map(|port| port.tap.clone()),
                reserved: port.map(|port| port.address.to_string()),
            }
        });
        Self {
            name: name.clone(),
            fault: fault.name.into(),
            title: fault.title.into(),
            whose: fault.whose.map(|whose| Whose::word(whose).into()),
            namespace: guest.namespace().name().into(),
            tree: guest.path(""),
            host: member.link().map(|at| hosts[at].namespace.clone()),
            nics: nics.collect(),
        }
    }
}

/// Tells whether there is a link, and all of it.
pub(super) fn status(place: &Place, json: bool) -> Result<u8, LabError> {
    able()?;
    let remainders = place.remainders()?;
    let left: Vec<Value> =
        remainders.iter().map(|left| json!({ "folder": left.folder(), "process": left.process, "namespaces": left.namespaces })).collect();
    let Some(keeper) = place.keeper()? else {
        let mut text = String::from("No link is up.\n");
        for left in &remainders {
            let process = left.process.map_or_else(|| "A process".into(), |id| format!("Process {id}"));
            let what = format!("{process} was killed and left {} and {} namespaces.", left.folder().display(), left.namespaces.len());
            text.push_str(&paragraph("", 2, &what));
        }
        if !left.is_empty() {
            text.push_str("`v6check-lab link down` clears it.\n");
        }
        show(&if json { pretty(&json!({ "schema": SCHEMA, "state": "down", "left": left }))? } else { text });
        return Ok(1);
    };
    let Ok(note) = Note::read(place) else {
        return Err(LabError::Asked(format!("process {keeper} is making or ending the link; ask again in a few seconds")));
    };
    let log = place.of_link("log");
    if json {
        let mut value = json!({ "schema": SCHEMA, "state": "up", "keeper": { "process": keeper, "log": log }, "left": left });
        for (key, part) in serde_json::to_value(&note).ok().as_ref().and_then(Value::as_object).into_iter().flatten() {
            value[key] = part.clone();
        }
        for (guest, of) in value["guests"].as_array_mut().into_iter().flatten().zip(&note.guests) {
            for (nic, of_nic) in guest["nics"].as_array_mut().into_iter().flatten().zip(&of.nics) {
                nic["addresses"] = addresses(&of.namespace, &of_nic.name).into();
                nic["routes"] = routes(&of.namespace, &of_nic.name).into();
            }
        }
        show(&pretty(&value)?);
        return Ok(0);
    }
    show(&format!("{}The log is {}.\n", text(&note, keeper), log.display()));
    Ok(0)
}

fn pretty(value: &Value) -> Result<String, LabError> {
    serde_json::to_string_pretty(value).map(|text| format!("{text}\n")).map_err(|error| LabError::Asked(error.to_string()))
}

fn paragraph(first: &str, indent: usize, text: &str) -> String {
    format!("{}\n", wrap(first, indent, text).join("\n"))
}

/// The link in words, with what the guests hold now.
pub(super) fn text(note: &Note, keeper: u32) -> String {
    let Note { since, stack, hosts, guests } = note;
    let mut text = paragraph("", 2, &format!("The link is up since {since}, held by process {keeper}. Its guests boot by {stack}."));
    for HostNote { namespace, server, filter, taps } in hosts {
        let server = server.map_or_else(|| "nobody serves".into(), |server| format!("dnsmasq serves (process {server})"));
        let filter = if *filter { "with Felix' filter" } else { "without a filter" };
        let _ = write!(text, "\nCompute host {namespace}\n{}", paragraph("  ", 2, &format!("{server}, {filter}, taps {}", taps.join(", "))));
    }
    for guest in guests {
        text.push('\n');
        let whose = guest.whose.as_ref().map_or_else(String::new, |whose| format!(", the {whose}'s fault"));
        let fault = if guest.fault == guest.name { String::new() } else { format!("{}: ", guest.fault) };
        text.push_str(&paragraph("", 2, &format!("Guest {} ({fault}{}{whose}), namespace {}", guest.name, guest.title, guest.namespace)));
        for nic in &guest.nics {
            text.push_str(&of_nic(&guest.namespace, nic));
        }
    }
    text
}

fn of_nic(namespace: &str, nic: &NicNote) -> String {
    let NicNote { name, mac, tap, reserved } = nic;
    let known = [mac.clone(), tap.as_ref().map(|tap| format!("tap {tap}")), reserved.as_ref().map(|address| format!("reserved {address}"))];
    let known: Vec<String> = known.into_iter().flatten().collect();
    let held = |what: &str, list: Vec<String>| paragraph(&format!("    {what} "), 6, &if list.is_empty() { "none".into() } else { list.join(", ") });
    format!(
        "{}{}{}",
        paragraph(&format!("  {name}: "), 4, &known.join(", ")),
        held("addresses:", addresses(namespace, name)),
        held("default routes:", routes(namespace, name))
    )
}

fn asked(namespace: &str, words: &[&str]) -> Vec<Value> {
    let output = run(needs::command("ip").args(["-n", namespace, "-json", "-6"]).args(words), "", ASKING);
    output.ok().and_then(|output| serde_json::from_str(&output.stdout).ok()).unwrap_or_default()
}

/// The IPv6 addresses of a guest's NIC now; one that is not usable says why.
fn addresses(namespace: &str, nic: &str) -> Vec<String> {
    let links = asked(namespace, &["addr", "show", "dev", nic]);
    let all = links.iter().filter_map(|link| link["addr_info"].as_array()).flatten();
    all.filter_map(|address| {
        let flag = ["dadfailed", "tentative"].into_iter().find(|flag| address[*flag] == true).map_or_else(String::new, |flag| format!(" ({flag})"));
        Some(format!("{}/{}{flag}", address["local"].as_str()?, address["prefixlen"]))
    })
    .collect()
}

/// Its default routes now.
fn routes(namespace: &str, nic: &str) -> Vec<String> {
    let routes = asked(namespace, &["route", "show", "default", "dev", nic]);
    let by = |route: &Value| Some(format!("via {} ({})", route["gateway"].as_str()?, route["protocol"].as_str().unwrap_or("?")));
    routes.iter().filter_map(by).collect()
}

/// The guest of this name.
///
/// # Errors
/// No link is up, or none is called so.
pub(super) fn guest(place: &Place, name: &str) -> Result<GuestNote, LabError> {
    if place.keeper()?.is_none() {
        return Err(LabError::Asked("no link is up; `v6check-lab link up` makes one".into()));
    }
    let note = Note::read(place)?;
    let names = note.guests.iter().map(|guest| guest.name.clone()).collect::<Vec<_>>().join(", ");
    note.guests
        .into_iter()
        .find(|guest| guest.name == name)
        .ok_or_else(|| LabError::Asked(format!("no guest is called {name:?}; there are: {names}")))
}
