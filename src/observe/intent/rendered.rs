//! cloud-init as the one who writes network files anew: at the first boot of every instance, whatever stands there.
//!
//! Only whether it will do so is looked at, by the text of its own configuration; what it will write comes from the instance's data source.

use std::io;

use super::Root;
use crate::facts::{FileLine, Setting};

/// Its configuration, in the order in which it counts.
const FILES: [&str; 2] = ["/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg"];
const SWITCHED_OFF: &str = "/etc/cloud/cloud-init.disabled";

/// cloud-init, if it is installed, runs, and was not told to leave the network alone.
///
/// # Errors
/// A file of its configuration cannot be read.
pub(super) fn by_cloud_init(root: &Root) -> io::Result<Option<Setting<String>>> {
    let first = FILES[0];
    if !root.exists(first) || root.exists(SWITCHED_OFF) {
        return Ok(None);
    }
    for path in FILES.iter().flat_map(|pattern| root.glob(pattern)) {
        if root.text_if_any(&path)?.is_some_and(|text| leaves_alone(&text)) {
            return Ok(None);
        }
    }
    let text = "cloud-init writes the network's files anew at the first boot of an instance (no `network: {config: disabled}`)";
    Ok(Some(Setting { value: "cloud-init".to_owned(), at: FileLine { path: first.to_owned(), line: 0 }, text: text.to_owned() }))
}

/// Whether a file has `network: {config: disabled}`, on one line or on two.
fn leaves_alone(text: &str) -> bool {
    let bare = |line: &str| line.split('#').next().unwrap_or_default().split_whitespace().collect::<String>().replace(['"', '\''], "");
    let lines: Vec<String> = text.lines().filter(|line| !bare(line).is_empty()).map(str::to_owned).collect();
    let top = |line: &str| !line.starts_with([' ', '\t']);
    lines.iter().any(|line| top(line) && bare(line) == "network:{config:disabled}")
        || lines.windows(2).any(|pair| top(&pair[0]) && bare(&pair[0]) == "network:" && !top(&pair[1]) && bare(&pair[1]) == "config:disabled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_to_leave_the_network_alone() {
        for text in ["network: {config: disabled}\n", "a: 1\nnetwork: { config: \"disabled\" } # x\n", "network:\n  # none\n  config: disabled\n"] {
            assert!(leaves_alone(text), "{text}");
        }
        for text in
            ["", "#network: {config: disabled}\n", "x:\n  network: {config: disabled}\n", "network:\n  version: 2\n", "network:\nconfig: disabled\n"]
        {
            assert!(!leaves_alone(text), "{text}");
        }
    }
}
