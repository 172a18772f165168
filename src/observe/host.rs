//! The machine itself: its name, its kernel, its distribution, its age.

use std::path::Path;

use crate::facts::Host;
use crate::image::{self, Image};

/// As much as is read of such a file, in bytes.
const MOST: u64 = 64 << 10;

/// Names of the machine. What cannot be read is empty; the host name is then `unknown`.
pub(super) fn host(root: &Path) -> Host {
    let name = first_line("/proc/sys/kernel/hostname");
    Host {
        name: if name.is_empty() { "unknown".into() } else { name },
        kernel: first_line("/proc/sys/kernel/osrelease"),
        distribution: distribution(&Image::new(root)),
    }
}

/// Names of a machine that does not run: its host name by hostname(5).
pub(super) fn of_image(root: &Image) -> Host {
    let name = root.text("/etc/hostname").unwrap_or_default();
    let name = name.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("image");
    Host { name: name.to_owned(), kernel: String::new(), distribution: distribution(root) }
}

/// Hundredths of a second since boot (proc_uptime(5)); 0 where that cannot be read.
pub(super) fn uptime_cs() -> u64 {
    let text = first_line("/proc/uptime");
    let Some((seconds, hundredths)) = text.split_ascii_whitespace().next().and_then(|uptime| uptime.split_once('.')) else { return 0 };
    let parse = |digits: &str| digits.parse::<u64>().unwrap_or(0);
    parse(seconds).saturating_mul(100).saturating_add(parse(hundredths))
}

fn first_line(path: &str) -> String {
    let bytes = image::read(Path::new(path), MOST).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().trim().to_owned()
}

/// `PRETTY_NAME` of os-release(5).
fn distribution(root: &Image) -> String {
    let read = |path: &str| root.text(path).ok();
    let Some(text) = read("/etc/os-release").or_else(|| read("/usr/lib/os-release")) else { return String::new() };
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map(|name| name.trim().trim_matches(['"', '\'']).to_owned()).unwrap_or_default()
}
