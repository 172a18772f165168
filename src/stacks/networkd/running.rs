//! Whether systemd-networkd has an interface, from its state file of the link.

use crate::facts::{Owner, Process, Reason, StackId};
use crate::stacks::running::{self, Subject};

/// Its process: the kernel keeps 15 bytes of a name.
pub(crate) const PROCESS: &str = "systemd-network";

/// It as the owner of the interface's Router Advertisements.
///
/// # Errors
/// It runs, and whether it manages the interface cannot be said.
pub(crate) fn ras(subject: &Subject<'_>, processes: &[Process]) -> Result<Option<Owner>, Reason> {
    let Some(process) = running::named(processes, PROCESS) else { return Ok(None) };
    Ok(manages(subject)?.map(|evidence| running::owner(StackId::Networkd.name(), process, evidence)))
}

/// Evidence that systemd-networkd manages the interface (section 3 of networkctl(1) shows the same states).
///
/// # Errors
/// The state file cannot be read, or says that networkd has not decided yet.
pub(crate) fn manages(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let (path, state) = state(subject).map_err(|error| format!("systemd-networkd runs, but {error}"))?;
    match state.as_deref() {
        None | Some("unmanaged") => Ok(None),
        // It waits for udev or looks for a file that matches.
        Some(state @ ("pending" | "initialized")) => {
            Err(format!("systemd-networkd has not decided yet whether it manages {} ({path} has ADMIN_STATE={state})", subject.name))
        }
        Some(state) => Ok(Some(format!("{path} has ADMIN_STATE={state}"))),
    }
}

/// Evidence that it managed the interface when it last wrote the file, whether or not it runs.
pub(crate) fn managed(subject: &Subject<'_>) -> Option<String> {
    let (path, state) = state(subject).ok()?;
    let state = state.filter(|state| !matches!(&state[..], "unmanaged" | "pending" | "initialized"))?;
    Some(format!("{path} has ADMIN_STATE={state}"))
}

fn state(subject: &Subject<'_>) -> std::io::Result<(String, Option<String>)> {
    let path = format!("/run/systemd/netif/links/{}", subject.index);
    let text = subject.root.text_if_any(&path)?;
    let state = text.as_deref().and_then(|text| crate::stacks::running::value(text, "ADMIN_STATE")).map(str::to_owned);
    Ok((path, state))
}
