//! ufw: its own rules around those of the user, as ufw-init-functions puts them together.

use super::chains::{Fate, Rule, Verdict};
use super::ip6tables::{self, Tables};
use super::packet::{Fits, Packet};
use crate::facts::{FileLine, Passes};
use crate::image::Image;
use crate::image::ini;

const DEFAULTS: &str = "/etc/default/ufw";
const BEFORE: &str = "/etc/ufw/before6.rules";
const AFTER: &str = "/etc/ufw/after6.rules";
/// The user's rules; older versions keep them below /lib.
const USER: [&str; 2] = ["/etc/ufw/user6.rules", "/lib/ufw/user6.rules"];
/// The chains that INPUT jumps to, in this order, and the one that the user's rules are in.
const CHAINS: [&str; 2] = ["ufw6-before-input", "ufw6-after-input"];
const USER_CHAIN: &str = "ufw6-user-input";

/// What becomes of each packet.
///
/// # Errors
/// Why the rules cannot be read to their end.
pub(crate) fn input(root: &Image, nic: &str) -> Result<[Fate; 2], String> {
    let read = |path: &str| root.text_if_any(path).map_err(|error| error.to_string());
    let defaults = read(DEFAULTS)?.unwrap_or_default();
    if let Some(ipv6) = ini::last(&defaults, "IPV6").filter(|set| !set.value.eq_ignore_ascii_case("yes")) {
        // Everything but the loopback is dropped then.
        return Ok(Packet::BOTH.map(|_| Fate { passes: Passes::No, at: ipv6.at(DEFAULTS) }));
    }
    let mut tables = Tables::new();
    ip6tables::read(&mut tables, BEFORE, &read(BEFORE)?.ok_or_else(|| format!("{BEFORE} is not there"))?, nic)?;
    // Its rules let nothing in: they only keep what is dropped out of the log.
    if let Some(text) = read(AFTER)? {
        ip6tables::read(&mut tables, AFTER, &text, nic)?;
    }
    for path in USER {
        if let Some(text) = read(path)? {
            ip6tables::read(&mut tables, path, &text, nic)?;
            break;
        }
    }
    let policy = ini::last(&defaults, "DEFAULT_INPUT_POLICY");
    let at = policy.map_or_else(|| FileLine::whole(DEFAULTS), |set| set.at(DEFAULTS));
    let accepts = policy.is_some_and(|set| set.value.eq_ignore_ascii_case("ACCEPT"));
    let filter = tables.entry("filter".to_owned()).or_default();
    let jump = |chain: &str| Rule { at: at.clone(), fits: [Fits::Yes; 2], verdict: Verdict::Jump(chain.to_owned()) };
    for chain in [USER_CHAIN, CHAINS[1]] {
        filter.chains.entry(chain.to_owned()).or_default();
    }
    // Chains that only log.
    for chain in ["ufw6-logging-deny", "ufw6-logging-allow"] {
        let rules = filter.chains.entry(chain.to_owned()).or_default();
        rules.retain(|rule| rule.verdict == Verdict::Continue);
    }
    let policy = if accepts { Verdict::Accept } else { Verdict::Drop };
    let skip = vec![Rule { at: at.clone(), fits: [Fits::Yes; 2], verdict: policy }];
    filter.chains.insert("ufw6-skip-to-policy-input".to_owned(), skip);
    filter.chains.entry(CHAINS[0].to_owned()).or_default().push(jump(USER_CHAIN));
    let input = filter.chains.entry("INPUT".to_owned()).or_default();
    input.extend(CHAINS.map(jump));
    filter.policy = Some((accepts, at));
    Ok(Packet::BOTH.map(|packet| ip6tables::input(&tables, packet, BEFORE)))
}
