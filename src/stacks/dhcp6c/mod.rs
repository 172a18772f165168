//! wide-dhcpv6's dhcp6c (dhcp6c.conf(5)), a service of its own.

mod lease;

use std::io;

use crate::facts::{BakedDuid, FileLine, Observed, Owner, Process, Reason, RunsDhcpv6, Setting, StackId, UdpSocket};
use crate::host::image_identity::{Keeps, duids, whole};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::{Running, Serves, Socket, Subject, of_arguments};
use crate::stacks::stack::{Stack, Traits};
use crate::stacks::statements::{blocks, intent, words};
use crate::wire::duid::Duid;

const ID: StackId = StackId::Dhcp6c;
const NAME: &str = ID.name();
const WIDE: &str = "/etc/wide-dhcpv6/dhcp6c.conf";
const WIDE_DEFAULTS: &str = "/etc/default/wide-dhcpv6-client";

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running {
        processes: &[NAME],
        clients: Some(clients),
        socket: Some(Socket { process: NAME, owner: NAME, serves: Serves::AsTold }),
        asks: Some(|_| true),
        ..Running::NONE
    },
    lease: Some(LeaseReader::Each(lease::lease)),
    // As Debian and its authors have it.
    keeps: Keeps { duids: &[(&["/var/lib/dhcpv6/dhcp6c_duid", "/var/db/dhcp6c_duid"], kept_duid)], ..Keeps::NONE },
    init_scripts: &["wide-dhcpv6-client"],
    traits: Traits { addresses_without_lifetime: true, ..Traits::NONE },
    ..Stack::new(ID)
};

#[expect(clippy::unnecessary_wraps, reason = "other clients have files that cannot be read")]
fn clients(subject: &Subject<'_>, processes: &[Process], _: &[UdpSocket]) -> Result<Vec<Owner>, Reason> {
    Ok(of_arguments(NAME, subject, processes))
}

fn kept_duid(path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    duids::baked(ID, whole(path, 0), &duid(bytes)?)
}

/// A length as this machine has numbers, then the DUID (get_duid() of dhcp6c's common.c). Whose byte order it is cannot be told in an image
/// of another machine, but only one of both fits.
fn duid(bytes: &[u8]) -> Option<Duid> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let fits = [u16::from_le_bytes(*length), u16::from_be_bytes(*length)].into_iter().find(|length| usize::from(*length) == rest.len());
    fits.map(|_| Duid(rest.to_vec()))
}

/// What dhcp6c of wide-dhcpv6-client is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    let defaults = Variables::read(root, WIDE_DEFAULTS)?.unwrap_or_default();
    if let Some(reason) = defaults.not_known(&["INTERFACES"]) {
        return Err(io::Error::other(reason));
    }
    let listed = defaults.get("INTERFACES");
    let Some(text) = root.text_if_any(WIDE)?.filter(|_| services::starts_if_told(root, &["wide-dhcpv6-client"])) else {
        return Ok(Reading::default());
    };
    let blocks = blocks(&words(&text));
    let names: Vec<&str> = listed.map_or("", |listed| &listed.value[..]).split_whitespace().collect();
    let asks = |name: &str| {
        // The init script gives `-Pdefault`: the profile of that name is for interfaces without a statement of their own.
        let own = blocks.iter().find(|block| block.is("interface", name));
        let block = own.or_else(|| blocks.iter().find(|block| block.is("profile", "default")))?;
        let stateless = block.words.iter().any(|word| word.text == "information-only");
        block.words.windows(2).find(|pair| pair[0].text == "ia-na" && pair[1].text != ";").filter(|_| !stateless).map(|pair| pair[0].clone())
    };
    let claims = nics.iter().filter(|nic| names.contains(&&nic.name[..])).filter_map(|nic| {
        let word = asks(&nic.name)?;
        let text = format!("send {} (dhcp6c)", word.text);
        let at = FileLine { path: WIDE.to_owned(), line: word.line };
        Some((nic.name.clone(), Claim::RunsBeside(Observed::Seen(intent(ID, Setting { value: RunsDhcpv6::Yes, at, text })))))
    });
    Ok(Reading { interfaces: claims.collect(), named: names.iter().map(|name| (*name).to_owned()).collect(), ..Reading::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duid_in_the_byte_order_of_either_machine() {
        assert_eq!(duid(&[3, 0, 0, 4, 9]), Some(Duid(vec![0, 4, 9])));
        assert_eq!(duid(&[0, 3, 0, 4, 9]), Some(Duid(vec![0, 4, 9])));
        assert_eq!(duid(&[4, 0, 0, 4, 9]), None);
        assert_eq!(duid(&[]), None);
    }
}
