//! Whether ufw starts at boot. Its firewall is read in `firewall`; its sysctl.conf counts with the other files of sysctl.d.

use std::io;

use crate::facts::FileLine;
use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::{Image, ini};

/// The file that switches it on.
pub(crate) const CONF: &str = "/etc/ufw/ufw.conf";

/// The line that switches ufw on, if its service starts at boot too.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn starts(root: &Image) -> io::Result<Option<FileLine>> {
    // Upstart's job for it is started by the network.
    let starts = services::starts(root, &["ufw"]) || init::of(root) == Init::Sysvinit && root.exists("/etc/init/ufw.conf");
    let Some(text) = root.text_if_any(CONF)?.filter(|_| starts) else { return Ok(None) };
    let on = ini::last(&text, "ENABLED").filter(|set| set.value.eq_ignore_ascii_case("yes"));
    Ok(on.map(|set| set.at(CONF)))
}
