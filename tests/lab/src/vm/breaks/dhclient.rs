//! ISC dhclient as it was.

use super::{Break, GOOD};
use crate::vm::Layer;

/// Up to 4.3 it passes 64 to its script as the length of an address (ISC KB AA-01141), and upstream's script takes it, and no lifetimes.
/// Debian 12's is made to do the same. For images whose client it is.
pub(super) const LENGTH_64: Break = Break {
    name: "length-64",
    title: "dhclient makes its addresses /64, as up to 4.3",
    layer: |_, _| {
        const OLD: &str = "#!/bin/sh\n\
                           case \" $* \" in *' -6 '*) exec /usr/lib/dhclient/dhclient --address-prefix-len 64 \"$@\" ;; esac\n\
                           exec /usr/lib/dhclient/dhclient \"$@\"\n";
        Layer::default()
            .program("usr/local/lib/old-dhclient", OLD)
            .run("mkdir /usr/lib/dhclient && mv /sbin/dhclient /usr/lib/dhclient/ && mv /usr/local/lib/old-dhclient /sbin/dhclient")
            .run(r"sed -i 's/replace ${new_ip6_address} /replace ${new_ip6_address}\/${new_ip6_prefixlen} /' /sbin/dhclient-script")
            .run(r"sed -i 's/ scope global valid_lft ${new_max_life} \\/ scope global/; /^ *preferred_lft ${new_preferred_life}$/d' /sbin/dhclient-script")
            .run("grep -q new_ip6_prefixlen /sbin/dhclient-script && ! grep -q 'preferred_lft ${new_preferred_life}' /sbin/dhclient-script")
    },
    ..GOOD
};
