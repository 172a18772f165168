//! What a wish comes to: which guests, made how, and whether this machine can make them.

use super::options::{StackName, Wish};
use super::{tell, this_program};
use crate::faults::{Fault, Setup, Wanted};
use crate::{LabError, needs};

/// Programs that every guest and link takes.
const ALWAYS: [&str; 5] = ["ip", "dnsmasq", "sh", "mount", "unshare"];

/// Guests and how they are made.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) wanted: Vec<Wanted>,
    pub(super) setup: Setup,
    pub(super) stack: StackName,
}

impl Sums {
    /// # Errors
    /// A fault is not known or not of this stack, nobody is wanted, or a program is missing.
    pub(super) fn of(wish: &Wish) -> Result<Self, LabError> {
        let faults = wish.faults.iter().map(|name| Fault::find(name)).collect::<Result<Vec<_>, _>>()?;
        let good = Fault::find("good")?;
        let mut wanted: Vec<Wanted> = (1..=wish.guests).map(|number| Wanted { name: format!("guest{number}"), fault: good }).collect();
        for (at, fault) in faults.iter().enumerate() {
            let earlier = faults[..at].iter().filter(|earlier| earlier.name == fault.name).count();
            let name = if earlier == 0 { fault.name.to_owned() } else { format!("{}-{}", fault.name, earlier + 1) };
            wanted.push(Wanted { name, fault });
        }
        if wanted.is_empty() {
            return Err(LabError::Asked("a link without guests is no use: give --guests N or --fault NAME".into()));
        }
        let stack = wish.stack.unwrap_or(if needs::has("dhclient") { StackName::Ifupdown } else { StackName::Builtin });
        let of_ifupdown = matches!(stack, StackName::Ifupdown | StackName::Builtin);
        if let Some(fault) = faults.iter().find(|fault| !fault.any_stack && !of_ifupdown) {
            return Err(LabError::Asked(format!(
                "the fault {} is made for guests of ifupdown; see `v6check-lab faults` for those that {} can have",
                fault.name,
                stack.word()
            )));
        }
        needs::check_for("the lab", &ALWAYS)?;
        needs::check_for(&format!("the stack {}", stack.word()), stack.needs())?;
        for fault in faults {
            needs::check_for(&format!("the fault {}", fault.name), fault.needs)?;
        }
        let client = if stack == StackName::Builtin { Some(this_program()?) } else { None };
        let setup = Setup { stack: stack.stack(), filter: needs::has("nft"), client };
        Ok(Self { wanted, setup, stack })
    }

    /// Says what is made otherwise than on a compute host or a usual guest, because this machine lacks something.
    pub(super) fn tell_what_is_left_out(&self, asked_for: Option<StackName>) {
        if !self.setup.filter {
            tell("the compute host has no filter: nft is not here (apt-get install nftables)");
        }
        if self.setup.client.is_some() && asked_for.is_none() {
            tell("the lab's own client stands in for dhclient, which is not here (apt-get install isc-dhcp-client)");
        }
    }
}
