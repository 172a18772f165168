//! What can be wrong with the line of Calico's recipe that makes ISC dhclient's addresses /128.

use super::{Break, GOOD};
use crate::vm::Layer;

pub(super) const LENGTH_MISSING: Break = Break {
    name: "length-missing",
    title: "dhclient's script lacks the line that makes its addresses /128",
    layer: |_, _| Layer::default().run("sed -i '/^new_ip6_prefixlen=128$/d' /sbin/dhclient-script"),
    ..GOOD
};

pub(super) const LENGTH_IN_BACKTICKS: Break = Break {
    name: "length-in-backticks",
    title: "the line that makes dhclient's addresses /128 was pasted with the backticks of the page",
    layer: |_, _| Layer::default().run("sed -i 's/^new_ip6_prefixlen=128$/`&`/' /sbin/dhclient-script"),
    ..GOOD
};
