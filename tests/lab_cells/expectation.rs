//! What every requirement must say of a guest, as the deviations from what it says of a good one.

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) const PASS: &str = "pass";
pub(crate) const FAIL: &str = "fail";
pub(crate) const SKIP: &str = "skip";
pub(crate) const INCONCLUSIVE: &str = "inconclusive";

/// The requirements of profile `calico`, each with whose fault a failure is, and the verdict on a good guest when one need not wait for
/// second routers and servers.
const GOOD: [(&str, &str, &str); 38] = [
    ("ipv6-enabled", "guest", PASS),
    ("link-local-address", "guest", PASS),
    ("one-network-stack", "guest", PASS),
    ("firewall-passes-ra", "guest", PASS),
    ("firewall-passes-dhcpv6", "guest", PASS),
    ("ra-accept-intended", "guest", PASS),
    ("settings-persistent", "guest", PASS),
    ("machine-id-not-baked-in", "guest", SKIP),
    ("duid-not-baked-in", "guest", SKIP),
    ("lease-not-baked-in", "guest", SKIP),
    ("secret-not-baked-in", "guest", SKIP),
    ("mac-address-not-baked-in", "guest", SKIP),
    ("ra-accepted", "guest", PASS),
    ("ra-default-route", "guest", PASS),
    ("ra-solicited", "guest", PASS),
    ("rs-outlasts-late-link", "guest", PASS),
    ("dhcpv6-intended", "guest", PASS),
    ("dhcpv6-client-running", "guest", PASS),
    ("duid-of-this-guest", "guest", PASS),
    ("dhcpv6-address", "guest", PASS),
    ("dhcpv6-address-as-offered", "guest", PASS),
    ("dhcpv6-prefix-length", "guest", PASS),
    ("no-implied-on-link-prefix", "guest", PASS),
    ("dhclient-prefix-length-fix", "guest", PASS),
    ("recipe-literal-backticks", "guest", PASS),
    ("rs-at-boot", "guest", PASS),
    ("ra-received-at-boot", "network", PASS),
    ("dad-before-use", "guest", INCONCLUSIVE),
    ("dhcpv6-at-boot", "guest", PASS),
    ("dhcpv6-exchange-completed", "guest", PASS),
    ("ipv4-address", "guest", PASS),
    ("network-router-advertisement", "network", PASS),
    ("network-managed-flag", "network", PASS),
    ("network-no-slaac-prefix", "network", PASS),
    ("network-no-on-link-prefix", "network", PASS),
    ("network-dhcpv6-offer", "network", PASS),
    ("network-single-router", "network", SKIP),
    ("network-single-server", "network", SKIP),
];

/// A verdict other than the good guest's: the requirement, the interface (`*` for each), the verdict, and a word that the message must
/// have (may be empty).
pub(crate) type Deviation = (&'static str, &'static str, &'static str, &'static str);

/// Without a recording, what nothing else shows of the boot: a Router Solicitation, a Router Advertisement, a DHCPv6 request, a completed exchange.
pub(crate) const NO_RS_SEEN: Deviation = ("rs-at-boot", "*", INCONCLUSIVE, "nothing else shows");
pub(crate) const NO_RA_SEEN: Deviation = ("ra-received-at-boot", "*", INCONCLUSIVE, "nothing else shows");
pub(crate) const NO_REQUEST_SEEN: Deviation = ("dhcpv6-at-boot", "*", INCONCLUSIVE, "nothing else shows");
pub(crate) const NO_EXCHANGE_SEEN: Deviation = ("dhcpv6-exchange-completed", "*", INCONCLUSIVE, "nothing else shows");

/// Whether `report` says of these interfaces exactly what is expected. The error tells every difference.
pub(crate) fn compare(report: &Value, interfaces: &[&str], deviations: &[Deviation]) -> Result<(), String> {
    let mut wrong = Vec::new();
    let results = report["results"].as_array().ok_or("the report has no results")?;
    let mut found: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
    for result in results {
        let key = (result["id"].as_str().unwrap_or("?"), result["interface"].as_str().unwrap_or("host"));
        if found.insert(key, result).is_some() {
            wrong.push(format!("{} {}: judged twice", key.0, key.1));
        }
    }
    for (id, interface) in found.keys() {
        if !GOOD.iter().any(|(known, ..)| known == id) || !(interfaces.contains(interface) || *interface == "host") {
            wrong.push(format!("{id} {interface}: nobody expected it"));
        }
    }
    for (id, _, _, _) in deviations {
        if !GOOD.iter().any(|(known, ..)| known == id) {
            wrong.push(format!("{id}: the table names a requirement that there is not"));
        }
    }
    for (id, blame, good) in GOOD {
        if let Some(result) = found.get(&(id, "host")) {
            wrong.extend(judge(result, id, "host", blame, good, deviations));
            continue;
        }
        for interface in interfaces {
            match found.get(&(id, interface)) {
                Some(result) => wrong.extend(judge(result, id, interface, blame, good, deviations)),
                None => wrong.push(format!("{id} {interface}: not judged")),
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn judge(result: &Value, id: &str, interface: &str, blame: &str, good: &'static str, deviations: &[Deviation]) -> Vec<String> {
    let find = |id: &str| deviations.iter().find(|(of, on, ..)| *of == id && (*on == "*" || *on == interface));
    // Of the clients here only dhclient keeps a DUID with a MAC address in it.
    let by_dhclient = || find("dhclient-prefix-length-fix").filter(|(_, _, verdict, _)| *verdict == SKIP && id == "duid-of-this-guest");
    let deviation = find(id).or_else(by_dhclient);
    let (verdict, word) = deviation.map_or((good, ""), |(_, _, verdict, word)| (*verdict, *word));
    let mut wrong = Vec::new();
    if result["verdict"] != verdict {
        wrong.push(format!("{id} {interface}: {} instead of {verdict}: {}", result["verdict"].as_str().unwrap_or("?"), result["message"]));
    } else if !result["message"].as_str().is_some_and(|message| message.to_lowercase().contains(word)) {
        wrong.push(format!("{id} {interface}: its message has no {word:?}: {}", result["message"]));
    }
    if result["blame"] != blame {
        wrong.push(format!("{id} {interface}: blames {} instead of {blame}", result["blame"]));
    }
    // What a reader needs to act on the verdict.
    if verdict == FAIL && (result["remedy"].as_str().is_none_or(str::is_empty) || result["evidence"].as_array().is_none_or(Vec::is_empty)) {
        wrong.push(format!("{id} {interface}: fails without remedy or evidence"));
    }
    if [SKIP, INCONCLUSIVE].contains(&verdict) && result["reason"].as_str().is_none_or(str::is_empty) {
        wrong.push(format!("{id} {interface}: {verdict} without a reason"));
    }
    wrong
}
