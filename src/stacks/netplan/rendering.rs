//! What netplan makes of a definition for each of its renderers (src/networkd.c and src/nm.c of netplan 1.1.2), and what comes of it.
//!
//! The two differ: for NetworkManager `accept-ra` means nothing, and without `dhcp6` the kernel is left to take Router Advertisements.

use std::io;

use super::definition::{Definition, Definitions, Value};
use crate::facts::{FileLine, Intent, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::image::ini::systemd::{Assignment, Assignments};

/// The assignments that a `.network` file gets, each at the line of the YAML that it comes from.
///
/// # Errors
/// netplan refuses the definition.
pub(crate) fn networkd(definitions: &Definitions, definition: &Definition) -> io::Result<Assignments> {
    let mut all = Vec::new();
    let mut add = |section: &str, key: &str, value: &str, at: &FileLine, text: &str| {
        let (section, key, value) = (section.to_owned(), key.to_owned(), value.to_owned());
        all.push(Assignment { section, key, value, at: at.clone(), text: text.to_owned() });
    };
    let (dhcp4, dhcp6) = (definition.boolean("dhcp4")?, definition.boolean("dhcp6")?);
    let on = |setting: &Option<Setting<bool>>| setting.as_ref().is_some_and(|setting| setting.value);
    let dhcp = match (on(&dhcp4), on(&dhcp6)) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    };
    if let Some(line) = dhcp6.as_ref().or(dhcp4.as_ref()) {
        add("Network", "DHCP", dhcp, &line.at, &line.text);
    }
    if let Some(line) = definition.value("link-local") {
        let families: Vec<&str> = line.value.items().iter().filter_map(|item| item.scalar()).collect();
        let with_ipv6 = families.iter().any(|family| family.eq_ignore_ascii_case("ipv6"));
        add("Network", "LinkLocalAddressing", if with_ipv6 { "ipv6" } else { "no" }, &line.at, &line.text);
    }
    if let Some(line) = definition.boolean("accept-ra")? {
        add("Network", "IPv6AcceptRA", if line.value { "yes" } else { "no" }, &line.at, &line.text);
    }
    for (line, address) in ipv6_addresses(definition) {
        add("Network", "Address", &address, &line.at, &line.text);
    }
    if let Some(mode) = definition.value("activation-mode") {
        let policy = if mode.value.scalar() == Some("off") { "always-down" } else { "manual" };
        add("Link", "ActivationPolicy", policy, &mode.at, &mode.text);
    }
    if let Some((kind, id, line)) = definitions.master(definition) {
        add("Network", if kind == "bond" { "Bond" } else { "Bridge" }, id, &line.at, &line.text);
    }
    Ok(Assignments(all))
}

/// What comes of the profile that NetworkManager gets.
///
/// # Errors
/// netplan refuses the definition.
pub(crate) fn network_manager(definitions: &Definitions, definition: &Definition, at: &FileLine) -> io::Result<Intent> {
    let (method, line) = method(definitions, definition, at)?;
    let by_method = |what: &str| format!("{} (NetworkManager: ipv6.method={method}, {what})", line.text);
    let (dhcpv6, takes, what) = match method {
        "auto" => (RunsDhcpv6::WhenManaged, TakesRas::Itself, "which takes Router Advertisements and runs DHCPv6 when one sets M"),
        "dhcp" => (RunsDhcpv6::Yes, TakesRas::No, "which runs DHCPv6 and takes no Router Advertisements"),
        "ignore" => (RunsDhcpv6::No, TakesRas::Kernel, "which leaves Router Advertisements to the kernel and runs no DHCPv6"),
        _ => (RunsDhcpv6::No, TakesRas::No, "which takes no Router Advertisements and runs no DHCPv6"),
    };
    let switches = match method {
        "ignore" => None,
        "disabled" => definitions.master(definition).is_none().then_some(1),
        _ => Some(0),
    };
    let not_itself = definition.value("activation-mode").map(|mode| (mode.at.clone(), mode.text.clone()));
    let not_itself = not_itself.or_else(|| {
        let (line, value) = passed_through(definition, "connection.autoconnect")?;
        (value.eq_ignore_ascii_case("false")).then(|| (line.at.clone(), format!("connection.autoconnect: {value}")))
    });
    let at_boot = match not_itself {
        Some((at, text)) => Setting { value: false, at, text },
        None => Setting { value: true, at: at.clone(), text: "NetworkManager activates it at boot".to_owned() },
    };
    let dhcpv6 = Setting { value: dhcpv6, at: line.at.clone(), text: by_method(what) };
    let takes_ras = Setting { value: takes, at: line.at.clone(), text: by_method(what) };
    Ok(Intent {
        by: Some(StackId::NetworkManager),
        accept_ra: (takes != TakesRas::Kernel).then(|| Setting { value: 0, at: line.at.clone(), text: by_method("which writes accept_ra=0") }),
        disable_ipv6: switches.map(|value| Setting { value, at: line.at.clone(), text: by_method(&format!("which writes disable_ipv6={value}")) }),
        no_default_route: passed_through(definition, "ipv6.never-default")
            .filter(|(_, value)| takes == TakesRas::Itself && value.eq_ignore_ascii_case("true"))
            .map(|(line, value)| Setting { value: true, at: line.at.clone(), text: format!("ipv6.never-default: {value}") }),
        ..Intent::new(super::ID, at_boot, dhcpv6, takes_ras).with_client(StackId::NetworkManager)
    })
}

/// The `ipv6.method` of the profile, and what it comes from.
fn method(definitions: &Definitions, definition: &Definition, at: &FileLine) -> io::Result<(&'static str, Setting<()>)> {
    const METHODS: [&str; 7] = ["auto", "dhcp", "manual", "link-local", "ignore", "disabled", "shared"];
    let of = |line: &Value| line.holding(());
    if let Some((line, given)) = passed_through(definition, "ipv6.method") {
        let known = METHODS.into_iter().find(|method| *method == given);
        let unknown = || io::Error::other(format!("{}: ipv6.method: {given}: no such method", line.at));
        let text = format!("ipv6.method: {given}");
        return Ok((known.ok_or_else(unknown)?, Setting { value: (), at: line.at.clone(), text }));
    }
    if let Some((_, _, line)) = definitions.master(definition) {
        return Ok(("disabled", of(line)));
    }
    definition.boolean("accept-ra")?;
    let dhcp6 = definition.boolean("dhcp6")?;
    if let Some(line) = dhcp6.as_ref().filter(|dhcp6| dhcp6.value) {
        return Ok(("auto", line.holding(())));
    }
    let has_ipv6 = |line: &&Value| line.value.get("addresses").is_some_and(|list| list.items().iter().any(|item| is_ipv6(item.scalar())));
    let static_line = ipv6_addresses(definition).into_iter().next().map(|(line, _)| line);
    let static_line = static_line
        .or_else(|| definition.value("gateway6"))
        .or_else(|| definition.all("nameservers").iter().find(has_ipv6))
        .or_else(|| definition.value("ipv6-address-generation"));
    if let Some(line) = static_line {
        return Ok(("manual", of(line)));
    }
    let none = || Setting { value: (), at: at.clone(), text: format!("{}: no dhcp6: true", definition.id) };
    Ok(("ignore", dhcp6.map_or_else(none, |line| line.holding(()))))
}

/// A setting of the profile that is given as NetworkManager has it.
fn passed_through<'a>(definition: &'a Definition, key: &str) -> Option<(&'a Value, &'a str)> {
    definition.all("networkmanager").iter().rev().find_map(|value| Some((value, value.value.get("passthrough")?.get(key)?.scalar()?)))
}

/// Static IPv6 addresses, each with its line; one with options is the key of a mapping.
fn ipv6_addresses(definition: &Definition) -> Vec<(&Value, String)> {
    let lists = definition.all("addresses").iter();
    let of = |line| {
        let line: &Value = line;
        line.value.items().iter().filter_map(|item| item.scalar().or_else(|| item.entries().first().map(|(key, _, _)| &key[..])))
    };
    lists.flat_map(|line| of(line).filter(|text| is_ipv6(Some(text))).map(move |text| (line, text.to_owned()))).collect()
}

fn is_ipv6(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.contains(':'))
}
