//! Fixes of what dhcp-all-interfaces writes: the configuration is put into the image, for both families, and the script leaves it as it is.

use super::{INTERFACES, Kind, file};
use crate::facts::{Edit, Goal};
use crate::stacks::fixes::{Question, Step};

const MODE: u32 = 0o644;

pub(super) fn fix(question: &Question<'_>) -> Option<Step> {
    if !matches!(question.goal, Goal::Dhcpv6 | Goal::RouterAdvertisements) {
        return None;
    }
    let name = &question.nic.name;
    let kind = Kind::of(question.image)?;
    if kind == Kind::Interfaces {
        let accept_ra = format!("    accept_ra {}", question.accept_ra);
        let lines = ["", &format!("auto {name}"), &format!("iface {name} inet dhcp"), &format!("iface {name} inet6 dhcp"), &accept_ra];
        return Some(Edit::Append { path: INTERFACES.to_owned(), lines: lines.map(str::to_owned).into() }.into());
    }
    let (path, text) = file(question.image, kind, question.nic, true).ok()?;
    Some(Edit::Write { path, text, mode: MODE }.into())
}
