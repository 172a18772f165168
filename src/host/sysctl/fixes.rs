//! Fixes of sysctl.d: another value in the line that has the last word, or a line behind the one that turned forwarding on.

use super::line;
use crate::facts::{Edit, FileLine};
use crate::image::Image;
use crate::image::edits::{OWN, Step, assign, insert_after, is_of_vendor, lines};

/// Where the administrator's files are: one there masks that of a package by its name.
const FOLDER: &str = "/etc/sysctl.d";

/// Has `value` written to the setting `name` of the interface at boot. `at` is the line that has the last word now.
pub(crate) fn write(image: &Image, interface: &str, name: &str, value: i64, at: &FileLine) -> Option<Step> {
    let old = lines(image, at)?.concat();
    let is_glob = line::lines(&at.path, &old).next()?.is_glob();
    if !is_glob && !is_of_vendor(&at.path) {
        return Some(assign(image, at, &value.to_string())?.into());
    }
    let own = assignment(interface, name, value);
    if !is_of_vendor(&at.path) {
        return Some(insert_after(image, at, [own])?.into());
    }
    let file = at.path.rsplit('/').next()?;
    let nth = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let text = image.text(&at.path).ok()?;
    let mut changed = String::new();
    for (number, line) in text.lines().enumerate() {
        if number != nth || is_glob {
            changed.push_str(line);
            changed.push('\n');
        }
        if number == nth {
            let key = line.split('=').next()?;
            changed += &if is_glob { own.clone() } else { [key, "= ", &value.to_string()].concat() };
            changed.push('\n');
        }
    }
    Some(Edit::Write { path: format!("{FOLDER}/{file}"), text: changed, mode: 0o644 }.into())
}

/// Has `value` written behind the line at `at`, in whatever file that is: it is read at boot.
pub(crate) fn write_behind(image: &Image, interface: &str, name: &str, value: i64, at: &FileLine) -> Option<Step> {
    if is_of_vendor(&at.path) {
        return Some(write_own(image, interface, name, value));
    }
    Some(insert_after(image, at, [assignment(interface, name, value)])?.into())
}

/// Has `value` written by a file of our own, or by the one that a small system reads.
pub(crate) fn write_own(image: &Image, interface: &str, name: &str, value: i64) -> Step {
    let small = !image.is_directory(FOLDER) && image.exists(super::sources::SYSCTL_CONF);
    let path = if small { super::sources::SYSCTL_CONF.to_owned() } else { format!("{FOLDER}/60-{OWN}.conf") };
    Edit::Append { path, lines: vec![assignment(interface, name, value)] }.into()
}

/// A line; in the name of an interface a dot stands for itself only where slashes part the names.
fn assignment(interface: &str, name: &str, value: i64) -> String {
    if interface.contains('.') {
        format!("net/ipv6/conf/{interface}/{name} = {value}")
    } else {
        format!("net.ipv6.conf.{interface}.{name} = {value}")
    }
}
