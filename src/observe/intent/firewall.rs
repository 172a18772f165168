//! The firewalls that are set up to start at boot, as far as they decide what IPv6 configuration needs.

use std::io;

use super::{Nic, Root, services};
use crate::facts::{FileLine, Firewall};

pub(super) fn at_boot(_root: &Root, _nic: &Nic) -> io::Result<Vec<Firewall>> {
    Err(io::Error::other("not read yet"))
}

/// The line that switches ufw on, if its service starts at boot too.
///
/// # Errors
/// Its file cannot be read.
pub(super) fn ufw_starts(root: &Root) -> io::Result<Option<FileLine>> {
    const CONF: &str = "/etc/ufw/ufw.conf";
    let Some(text) = root.text_if_any(CONF)?.filter(|_| services::starts(root, &["ufw"])) else { return Ok(None) };
    let set = (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, text.trim().strip_prefix("ENABLED=")?))).last();
    let on = set.filter(|(_, value)| value.trim_matches(['"', '\'']).eq_ignore_ascii_case("yes"));
    Ok(on.map(|(line, _)| FileLine { path: CONF.to_owned(), line }))
}
