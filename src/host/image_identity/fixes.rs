//! Fixes of an image's identity: what clones would share goes, and each makes its own.

use super::MACHINE_ID;
use crate::facts::{BakedIdentity, Edit, FileLine, Goal};
use crate::image::Image;
use crate::image::edits::{Step, delete, is_of_vendor};

/// Folders of files that hold nothing but what a client keeps.
const KEPT: [&str; 3] = ["/var/lib/", "/var/db/", "/etc/dhcpcd.duid"];
/// What of those is configuration as well.
const SETTINGS: &str = "/var/lib/connman/";

/// Takes away what misses the goal.
pub(crate) fn without(image: &Image, identity: &BakedIdentity, goal: Goal) -> Option<Step> {
    let places: Vec<&FileLine> = match goal {
        Goal::MachineId => return Some(machine_id(&identity.machine_id.as_ref()?.at.path)),
        Goal::Duid => identity.duids.iter().map(|duid| &duid.at).collect(),
        Goal::Lease => identity.leases.iter().map(|lease| &lease.at).collect(),
        Goal::Secret => identity.secrets.iter().map(|secret| &secret.at).collect(),
        _ => return None,
    };
    let mut edits: Vec<Edit> = Vec::new();
    for at in places {
        let kept = KEPT.iter().any(|folder| at.path.starts_with(folder)) && !at.path.starts_with(SETTINGS);
        let edit = if kept { Edit::Remove { path: at.path.clone() } } else { delete(image, at).filter(|_| !is_of_vendor(&at.path))? };
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    (!edits.is_empty()).then(|| Step::edits(edits))
}

/// An empty file is filled at the first boot; one of D-Bus's own is taken over by systemd, so that goes.
fn machine_id(path: &str) -> Step {
    let edit = if path == MACHINE_ID {
        Edit::Write { path: path.to_owned(), text: String::new(), mode: 0o444 }
    } else {
        Edit::Remove { path: path.to_owned() }
    };
    edit.into()
}
