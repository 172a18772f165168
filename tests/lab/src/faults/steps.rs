//! What is done to a guest before it boots, and what is waited for, or done, after.

use std::fs;
use std::time::Duration;

use super::At;
use crate::{Guest, LabError, STATE_LIMIT, Stack, address, poll};

/// An age at which a guest that lacks something is not only starting: solicitation and DHCPv6 take five seconds.
const GROWN_UP: Duration = Duration::from_secs(9);

const HARDENING: &str = "# CIS 3.3.9\nnet.ipv6.conf.all.accept_ra = 0\nnet.ipv6.conf.default.accept_ra = 0\nnet.ipv6.conf.eth0.accept_ra = 0\n";

const CLOSED: &str = "table inet filter {\n chain input {\n  type filter hook input priority filter; policy drop;\n  iif lo accept\n  \
                      ct state established,related accept\n }\n}\n";

/// A DUID that no guest of the lab has.
const EARLIER_DUID: &str = "00:01:00:01:2d:00:00:00:fa:16:3e:00:00:01";

type Done = Result<(), LabError>;

#[expect(clippy::unnecessary_wraps, reason = "it stands for a step that can fail")]
pub(super) fn nothing(_: &mut At<'_>) -> Done {
    Ok(())
}

fn has_address(at: &mut At<'_>) -> Done {
    if at.stack == Stack::Ifupdown { at.guest.wait_for_address("eth0") } else { at.guest.wait_for_global("eth0") }
}

pub(super) fn has_all(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    has_address(at)
}

/// Its address is nobody's lease.
pub(super) fn has_route_and_address(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    at.guest.wait_for_global("eth0")
}

/// It lacks something, and is old enough that this is not only starting.
fn lacking(at: &At<'_>) -> Done {
    at.guest.wait_for_age(GROWN_UP)
}

pub(super) fn has_route(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    lacking(at)
}

pub(super) fn without_route(at: &mut At<'_>) -> Done {
    has_address(at)?;
    if at.guest.has_default_route("eth0")? {
        return Err(LabError::Refused("the guest has a default route, so it does not have this fault".into()));
    }
    lacking(at)
}

/// The kernel does not; a daemon that takes Router Advertisements itself does.
pub(super) fn kernel_takes_no_ra(at: &mut At<'_>) -> Done {
    if matches!(at.stack, Stack::Ifupdown | Stack::Udhcpc6) { without_route(at) } else { has_all(at) }
}

pub(super) fn accept_ra_0(at: &mut At<'_>) -> Done {
    at.guest.namespace().set(&[("ipv6/conf/eth0/accept_ra", 0)])
}

/// Something else, such as a container engine, made it forward.
pub(super) fn forwarding(at: &mut At<'_>) -> Done {
    at.guest.namespace().set(&[("ipv6/conf/all/forwarding", 1)])
}

pub(super) fn forwarding_accept_ra_2(at: &mut At<'_>) -> Done {
    at.guest.namespace().set(&[("ipv6/conf/all/forwarding", 1), ("ipv6/conf/eth0/accept_ra", 2)])
}

/// Set up as it is set, so that the next boot brings it back.
pub(super) fn keeps_accept_ra_2(at: &mut At<'_>) -> Done {
    has_address(at)?;
    let interfaces = at.guest.path("etc/network/interfaces");
    let text = fs::read_to_string(&interfaces).map_err(LabError::io(interfaces.display().to_string()))?;
    at.guest.write("etc/network/interfaces", &text.replace("iface eth0 inet6 dhcp\n", "iface eth0 inet6 dhcp\n    accept_ra 2\n"))?;
    at.guest.wait_for_default_route("eth0")
}

pub(super) fn forwarding_later(at: &mut At<'_>) -> Done {
    has_all(at)?;
    forwarding(at)?;
    poll("the kernel drops the default route", STATE_LIMIT, || Ok(!at.guest.has_default_route("eth0")?))?;
    lacking(at)
}

/// In force as well. ifupdown writes another value at the next boot.
pub(super) fn hardened(at: &mut At<'_>) -> Done {
    at.guest.write("etc/sysctl.d/60-hardening.conf", HARDENING)?;
    at.guest.namespace().set(&[("ipv6/conf/all/accept_ra", 0), ("ipv6/conf/default/accept_ra", 0), ("ipv6/conf/eth0/accept_ra", 0)])
}

pub(super) fn ras_off(at: &mut At<'_>) -> Done {
    at.guest.nic("eth0")?.ras = false;
    Ok(())
}

/// With netplan, systemd-networkd then runs no DHCPv6 either.
pub(super) fn stack_takes_no_ra(at: &mut At<'_>) -> Done {
    if at.stack != Stack::Netplan {
        has_address(at)?;
    }
    lacking(at)
}

pub(super) fn dhcpv6_off(at: &mut At<'_>) -> Done {
    at.guest.nic("eth0")?.dhcpv6 = false;
    Ok(())
}

/// dhcpcd sets no route before it has an address.
pub(super) fn asks_nobody(at: &mut At<'_>) -> Done {
    if at.stack == Stack::Dhcpcd { lacking(at) } else { has_route(at) }
}

pub(super) fn length_64(at: &mut At<'_>) -> Done {
    at.guest.believe_prefix_length(64)
}

pub(super) fn has_64(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    at.guest.wait_for_lease("eth0")?;
    at.guest.wait_for("eth0", "a /64", |address| address["scope"] == "global" && address["prefixlen"] == 64 && address["tentative"] != true)
}

pub(super) fn eth1_without_client(at: &mut At<'_>) -> Done {
    at.guest.nic("eth1")?.dhcpv6 = false;
    Ok(())
}

pub(super) fn eth0_has_all(at: &mut At<'_>) -> Done {
    has_all(at)?;
    at.guest.wait_for_default_route("eth1")?;
    lacking(at)
}

pub(super) fn client_killed(at: &mut At<'_>) -> Done {
    has_route_and_address(at)?;
    at.guest.kill_clients()
}

pub(super) fn ipv6_off(at: &mut At<'_>) -> Done {
    at.guest.namespace().set(&[("ipv6/conf/eth0/disable_ipv6", 1)])
}

/// Changes what the server reserves for this guest, and has the agent restart it.
fn reserve(at: &mut At<'_>, change: impl Fn(&mut crate::Host)) -> Done {
    let mac = at.port()?.mac;
    let (server, router) = at.link()?.server()?;
    server.served_mut().hosts.iter_mut().filter(|host| host.mac == mac).for_each(change);
    server.restart(router)
}

pub(super) fn unknown_mac(at: &mut At<'_>) -> Done {
    reserve(at, |host| host.mac = "fa:16:3e:99:99:99".into())
}

pub(super) fn offer_changed(at: &mut At<'_>) -> Done {
    has_all(at)?;
    reserve(at, |host| host.address = address(0x1000 | host.address.segments()[7]))
}

/// The guest's address is leased to a DUID that nobody on it knows.
pub(super) fn rebuilt(at: &mut At<'_>) -> Done {
    let leased = at.port()?.address;
    let (server, router) = at.link()?.server()?;
    server.stop();
    server.add_lease(leased, 0x3e00_0001, EARLIER_DUID)?;
    server.restart(router)
}

pub(super) fn rebuilt_without_client(at: &mut At<'_>) -> Done {
    dhcpv6_off(at)?;
    rebuilt(at)
}

/// dhclient has said who it is in its lease file, and has been refused.
pub(super) fn refused(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    let own = at.guest.path("var/lib/dhcp/dhclient6.eth0.leases");
    let server = at.link()?.server()?.0;
    poll("dhclient's DUID and the server's refusal", STATE_LIMIT, || {
        let leases = fs::read_to_string(&own).unwrap_or_default();
        Ok(leases.contains("default-duid") && server.log().contains("no addresses available"))
    })
}

pub(super) fn duid_lost(at: &mut At<'_>) -> Done {
    has_all(at)?;
    let leases = at.guest.path("var/lib/dhcp/dhclient6.eth0.leases");
    fs::remove_file(&leases).map_err(LabError::io(leases.display().to_string()))
}

#[expect(clippy::unnecessary_wraps, reason = "it is a step")]
pub(super) fn silence(at: &mut At<'_>) -> Done {
    if let Some(link) = at.link.as_deref_mut() {
        link.silence();
    }
    Ok(())
}

pub(super) fn solicits(at: &mut At<'_>) -> Done {
    poll("dhclient solicits", STATE_LIMIT, || Ok(at.guest.dhclient_log("eth0").contains("Solicit on eth0")))
}

/// Another node answers for the address: the host's end of the link.
pub(super) fn duplicate(at: &mut At<'_>) -> Done {
    let port = at.port()?;
    at.link()?.router().ip(&format!("addr add {}/128 dev {} nodad noprefixroute", port.address, port.tap)).map(drop)
}

pub(super) fn lasting_duplicate(at: &mut At<'_>) -> Done {
    at.guest.set_no_lifetimes()?;
    duplicate(at)
}

/// The kernel removes an address with lifetimes whose detection fails: the client has its lease, and nobody has the address.
pub(super) fn duplicate_removed(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    at.guest.wait_for_lease("eth0")?;
    let reserved = at.port()?.address;
    // Its route stays behind, and shows that the address was there.
    poll("the kernel removes the duplicate", STATE_LIMIT, || {
        let route = at.guest.namespace().ip(&format!("-6 route show {reserved}/128 dev eth0"))?;
        Ok(!route.is_empty() && at.guest.addresses("eth0")?.iter().all(|address| address["scope"] == "link"))
    })?;
    lacking(at)
}

/// One without lifetimes stays, marked.
pub(super) fn duplicate_marked(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    at.guest.wait_for_lease("eth0")?;
    at.guest.wait_for("eth0", "a duplicate", |address| address["scope"] == "global" && address["dadfailed"] == true)
}

fn filter(guest: &Guest, rule: &str) -> Done {
    guest.namespace().nft(&format!(
        "table inet filter {{\n counter dropped {{ }}\n chain input {{\n type filter hook input priority filter; policy accept;\n {rule} counter name dropped drop\n }}\n}}\n"
    ))
}

/// The rule has dropped something, and is a rule for what the fault is about.
fn has_dropped(guest: &Guest) -> Done {
    poll("the guest's firewall has dropped something", STATE_LIMIT, || {
        Ok(!guest.succeed("nft", &["list", "counter", "inet", "filter", "dropped"])?.contains("packets 0 "))
    })
}

pub(super) fn drop_dhcpv6(at: &mut At<'_>) -> Done {
    filter(at.guest, "udp dport 546")
}

pub(super) fn dropped_dhcpv6(at: &mut At<'_>) -> Done {
    at.guest.wait_for_default_route("eth0")?;
    has_dropped(at.guest)?;
    lacking(at)
}

pub(super) fn drop_ras(at: &mut At<'_>) -> Done {
    filter(at.guest, "icmpv6 type nd-router-advert")
}

pub(super) fn dropped_ras(at: &mut At<'_>) -> Done {
    has_address(at)?;
    has_dropped(at.guest)?;
    without_route(at)
}

pub(super) fn close_firewall(at: &mut At<'_>) -> Done {
    at.guest.write("etc/nftables.conf", CLOSED)?;
    at.guest.enable("nftables.service")?;
    at.guest.namespace().nft(CLOSED)
}

/// udhcpc6 hears past the firewall.
pub(super) fn firewall_closed(at: &mut At<'_>) -> Done {
    if at.stack == Stack::Udhcpc6 {
        has_address(at)?;
    }
    lacking(at)
}

pub(super) fn add_rogue(at: &mut At<'_>) -> Done {
    let port = at.port()?;
    let switch = at.switch.as_deref_mut().ok_or_else(|| LabError::Refused("no switch".into()))?;
    switch.add_rogue(&port.mac, port.address)
}

pub(super) fn has_two_routers(at: &mut At<'_>) -> Done {
    poll("a default route by each router", STATE_LIMIT, || {
        Ok(at.guest.namespace().ip("-6 route show default dev eth0 proto ra")?.matches("fe80::").count() == 2)
    })?;
    has_address(at)
}

pub(super) fn no_ipv4(at: &mut At<'_>) -> Done {
    at.guest.nic("eth0")?.ipv4 = false;
    Ok(())
}
