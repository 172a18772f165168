//! netifd, of OpenWrt: /etc/config/network (UCI). An interface with `proto dhcpv6` is run by odhcp6c, which takes Router Advertisements itself
//! and asks for an address at once.
//!
//! Devices are found by their own name or through an alias (`@wan`); ports of a bridge have nothing of their own.

use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::image::Image;
use crate::image::Nic;
use crate::stacks::Claim;
use crate::stacks::Reading;

const ID: StackId = StackId::Netifd;
const FILE: &str = "/etc/config/network";

/// What netifd is set up to do with each of `nics`.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    let Some(text) = root.text_if_any(FILE)? else { return Ok(Reading::default()) };
    let sections = sections(&text);
    let devices = |section: &Section| -> Vec<String> {
        let listed = section.options.iter().filter(|(name, _)| name == "device" || name == "ifname");
        listed.flat_map(|(_, setting)| setting.value.split_whitespace()).map(|name| resolved(&sections, name)).collect()
    };
    let mut reading = Reading::default();
    for section in &sections {
        reading.named.extend(devices(section).into_iter().filter(|name| name != "lo" && !name.starts_with("br-")));
    }
    for nic in nics.iter().filter(|nic| nic.name != "lo") {
        let own: Vec<&Section> = sections.iter().filter(|section| devices(section).contains(&nic.name)).collect();
        reading.interfaces.insert(nic.name.clone(), claim(&nic.name, &own));
    }
    Ok(reading)
}

fn claim(name: &str, own: &[&Section]) -> Claim {
    let Some(first) = own.first() else {
        let none = Setting::by_rule(FILE, format!("no interface has the device {name}"));
        return Claim::LeavesAlone(Intent::leaving_alone(ID, &none));
    };
    let client = own.iter().find(|section| section.option("proto").is_some_and(|proto| proto.value == "dhcpv6"));
    let section = client.unwrap_or(first);
    let is = |option: &&Setting<String>, values: &[&str]| values.contains(&&option.value[..]);
    let off = section.option("disabled").filter(|option| is(option, &["1", "yes", "on", "true"]));
    let off = off.or_else(|| section.option("auto").filter(|option| is(option, &["0", "no", "off", "false"])));
    let at_boot = off.map_or_else(|| section.line.holding(true), |option| option.holding(false));
    if let Some(option) = own.iter().find_map(|section| section.option("ipv6")).filter(|option| is(option, &["0", "no", "off", "false"])) {
        return Claim::Configures(Observed::Seen(Intent::new(ID, at_boot, option.holding(RunsDhcpv6::No), option.holding(TakesRas::No))));
    }
    let proto = section.option("proto").map_or_else(|| section.line.holding(()), |proto| proto.holding(()));
    let (dhcpv6, takes_ras) = match client {
        None => (proto.holding(RunsDhcpv6::No), TakesRas::Kernel),
        Some(section) => {
            let none = section.option("reqaddress").filter(|option| option.value == "none");
            (none.map_or_else(|| proto.holding(RunsDhcpv6::Yes), |option| option.holding(RunsDhcpv6::No)), TakesRas::Itself)
        }
    };
    Claim::Configures(Observed::Seen(Intent::new(ID, at_boot, dhcpv6, proto.holding(takes_ras)).with_client(StackId::Odhcp6c)))
}

/// The device behind an alias of another interface; one step, as netifd's own templates write them.
fn resolved(sections: &[Section], name: &str) -> String {
    let Some(alias) = name.strip_prefix('@') else { return name.to_owned() };
    let section = sections.iter().find(|section| section.name == alias);
    section.and_then(|section| section.option("device").or(section.option("ifname"))).map_or(name, |device| &device.value).to_owned()
}

/// A section `config interface 'NAME'`.
#[derive(Debug)]
struct Section {
    name: String,
    line: Setting<()>,
    options: Vec<(String, Setting<String>)>,
}

impl Section {
    fn option(&self, name: &str) -> Option<&Setting<String>> {
        self.options.iter().rev().find(|(found, _)| found == name).map(|(_, setting)| setting)
    }
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let mut words = line.splitn(3, char::is_whitespace).map(|word| word.trim().trim_matches(['\'', '"']));
        let (key, name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let setting = Setting { value: (), at: FileLine { path: FILE.to_owned(), line: number }, text: line.to_owned() };
        match key {
            "config" => {
                inside = name == "interface";
                if inside {
                    sections.push(Section { name: value.to_owned(), line: setting, options: Vec::new() });
                }
            }
            "option" | "list" if inside => {
                if let Some(section) = sections.last_mut() {
                    section.options.push((name.to_owned(), setting.holding(value.to_owned())));
                }
            }
            _ => {}
        }
    }
    sections
}
