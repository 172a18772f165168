//! Names that an image gives its interfaces by the MAC address of the machine that it was made on: rules of udev (70-persistent-net.rules) and
//! `.link` files (systemd.link(5)). A clone has another MAC address, so its interface gets another name.

use std::io;

use crate::facts::{Mac, Setting};
use crate::host::{boot_loader, udev};
use crate::image::Image;
use crate::image::by_name::files_by_name;
use crate::image::ini::systemd::Assignments;

/// Where an administrator's `.link` files are.
const FOLDERS: [&str; 2] = ["/etc/systemd/network", "/usr/local/lib/systemd/network"];
/// As many files as are read.
const MOST_FILES: usize = 256;
/// What gives the next free name to a card that no rule knows: the second card of a clone is `eth1`.
const GENERATORS: [&str; 3] = [
    "/etc/udev/rules.d/75-persistent-net-generator.rules",
    "/usr/lib/udev/rules.d/75-persistent-net-generator.rules",
    "/lib/udev/rules.d/75-persistent-net-generator.rules",
];
/// What gives names by where a card is plugged in; before it the kernel's own names stand.
const BY_PLACE: [&str; 3] =
    ["/usr/lib/systemd/network/99-default.link", "/lib/systemd/network/99-default.link", "/lib/udev/rules.d/80-net-name-slot.rules"];

/// The names, each with the line that ties it to a MAC address. `is_written_anew`: the file is written for each clone.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn tied(root: &Image, is_written_anew: &dyn Fn(&str) -> bool) -> io::Result<Vec<(String, Setting<String>)>> {
    let mut found = Vec::new();
    for rule in udev::rules(root)? {
        let mac = rule.compared(&["ATTR{address}", "ATTRS{address}", "SYSFS{address}"]);
        let (Some(name), Some(mac)) = (rule.assigned("NAME"), mac.and_then(|mac| mac.parse::<Mac>().ok())) else { continue };
        if !name.contains(['$', '%']) && !is_written_anew(&rule.line.at.path) && !has_it_anyway(root, name) {
            found.push((name.to_owned(), rule.line.holding(mac.to_string())));
        }
    }
    for path in root.at_most(MOST_FILES, files_by_name(root, &FOLDERS, ".link"), "files .link") {
        let Some(text) = root.text_if_any(&path)? else { continue };
        let link = Assignments::parse(&path, &text);
        let set = |section: &str, keys: &[&str]| link.0.iter().rfind(|set| set.section == section && keys.contains(&&set.key[..]));
        let (Some(name), Some(line)) = (set("Link", &["Name"]), set("Match", &["MACAddress", "PermanentMACAddress"])) else { continue };
        let Some(mac) = line.value.split([' ', ',']).find_map(|mac| mac.parse::<Mac>().ok()) else { continue };
        if !is_written_anew(&path) && !has_it_anyway(root, &name.value) {
            found.push((name.value.clone(), Setting { value: mac.to_string(), at: line.at.clone(), text: line.text.clone() }));
        }
    }
    Ok(found)
}

/// Whether a card that no rule is about has this name too: one of the kernel's, where nothing gives another.
fn has_it_anyway(root: &Image, name: &str) -> bool {
    let is_kernels = name.strip_prefix("eth").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let by_place = || {
        BY_PLACE.iter().any(|path| root.exists(path)) && !boot_loader::argument(root, |word| word == "net.ifnames=0").is_ok_and(|word| word.is_some())
    };
    is_kernels && !GENERATORS.iter().any(|path| root.exists(path)) && !by_place()
}
