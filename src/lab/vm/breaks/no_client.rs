//! NICs that nobody asks for an IPv6 address on.

use super::{Break, GOOD};

pub(super) const NO_CLIENT: Break = Break {
    name: "no-client",
    title: "nothing runs DHCPv6, as before any recipe",
    nic: |nics| nics.iter_mut().for_each(|nic| nic.dhcpv6 = false),
    ..GOOD
};

pub(super) const ON_SECOND_NIC: Break = Break {
    name: "second-nic-no-client",
    title: "two NICs, and DHCPv6 runs on the first only",
    nics: 2,
    nic: |nics| nics.iter_mut().skip(1).for_each(|nic| nic.dhcpv6 = false),
    ..GOOD
};
