//! Fixes of what glean writes: the file is put into the image, for both families. Where it stands glean's unit does not start, or passes over the
//! interface.

use super::{INTERFACES, Kind, start};
use crate::facts::{Edit, Goal};
use crate::image::{Entry, Overlay};
use crate::stacks::fixes::{Question, Step};
use crate::stacks::ifupdown::interfaces_file::Configuration;

const MODE: u32 = 0o644;
const MODE_OF_KEYFILE: u32 = 0o600;

pub(super) fn fix(question: &Question<'_>) -> Option<Step> {
    if !matches!(question.goal, Goal::Dhcpv6 | Goal::RouterAdvertisements) {
        return None;
    }
    let (image, name) = (question.image, &question.nic.name);
    let (start, kind) = start(image, question.nic).ok()??;
    let managed = if start.has("--use-nm") { "yes" } else { "no" };
    let text = match kind {
        Kind::Interfaces => format!("auto {name}\niface {name} inet dhcp\niface {name} inet6 dhcp\n    accept_ra {}\n", question.accept_ra),
        Kind::Ifcfg => format!(
            "DEVICE={name}\nBOOTPROTO=dhcp\nONBOOT=yes\nNM_CONTROLLED={managed}\nTYPE=Ethernet\nIPV6INIT=yes\nIPV6_FORCE_ACCEPT_RA=yes\nDHCPV6C=yes\n"
        ),
        Kind::Keyfile => {
            format!("[connection]\nid={name}\ntype=ethernet\ninterface-name={name}\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n")
        }
        Kind::Suse => "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n".to_owned(),
        Kind::Networkd => format!("[Match]\nName={name}\n\n[Network]\nDHCP=yes\n"),
    };
    let mode = if kind == Kind::Keyfile { MODE_OF_KEYFILE } else { MODE };
    let mut edits = vec![Edit::Write { path: kind.path(name), text, mode }];
    if kind == Kind::Interfaces && !draws_in(question) {
        edits.push(Edit::Append { path: INTERFACES.to_owned(), lines: vec![String::new(), format!("source {INTERFACES}.d/*.cfg")] });
    }
    Some(Step::edits(edits))
}

/// Whether /etc/network/interfaces draws in the files of its folder, as glean writes it anew.
fn draws_in(question: &Question<'_>) -> bool {
    let mut edits = Overlay::default();
    let text = format!("iface {} inet manual\n", question.nic.name);
    let path = Kind::Interfaces.path(&question.nic.name);
    edits.put(&path, Entry::File { bytes: text.as_bytes().into(), mode: MODE });
    let read = Configuration::read(&question.image.with(&edits), INTERFACES).ok().flatten();
    read.is_some_and(|read| read.stanzas.iter().any(|stanza| stanza.line.at.path == path))
}
