//! The guests of the cells. Each builder returns only once its guest is in the state that the cell is about, as iproute2 and the
//! clients' own files show it; v6check has no part in that.

use std::any::Any;
use std::fs;
use std::time::Duration;

use v6check::lab::{CalicoLink, Guest, Host, LabError, NeutronLink, Port, Range, STATE_LIMIT, Switch, address, poll};

pub(crate) type Built = Result<Scene, LabError>;

/// A guest with all that it needs around it.
pub(crate) struct Scene {
    pub(crate) guest: Guest,
    pub(crate) link: Option<CalicoLink>,
    _keep: Option<Box<dyn Any>>,
}

/// An age at which a guest that lacks something is not only starting: solicitation and DHCPv6 take five seconds.
const GROWN_UP: Duration = Duration::from_secs(9);

impl Scene {
    /// A guest that lacks something, old enough that this is not only starting.
    pub(crate) fn lacking(link: CalicoLink, guest: Guest) -> Built {
        guest.wait_for_age(GROWN_UP)?;
        Ok(Self::on(link, guest))
    }

    pub(crate) fn on(link: CalicoLink, guest: Guest) -> Self {
        Self { guest, link: Some(link), _keep: None }
    }

    /// The compute host's dnsmasq lease file.
    pub(crate) fn server_leases(&mut self) -> Result<String, LabError> {
        self.link.as_mut().map_or(Ok(String::new()), |link| link.server()?.0.leases())
    }
}

/// A guest plugged into a served Calico link, not booted.
pub(crate) fn plugged(range: Range) -> Result<(CalicoLink, Guest, Port), LabError> {
    let mut guest = Guest::make()?;
    let mut link = CalicoLink::make(range)?;
    let port = link.plug(&mut guest, "eth0")?;
    link.serve()?;
    Ok((link, guest, port))
}

/// Plugged, changed by `prepare`, and booted; its default route and address are there unless `prepare` prevents that.
fn booted(prepare: impl FnOnce(&mut Guest) -> Result<(), LabError>) -> Result<(CalicoLink, Guest), LabError> {
    let (link, mut guest, _) = plugged(Range::Stateful)?;
    prepare(&mut guest)?;
    guest.boot()?;
    Ok((link, guest))
}

pub(crate) fn good() -> Built {
    let (link, mut guest) = booted(|_| Ok(()))?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_address("eth0")?;
    Ok(Scene::on(link, guest))
}

fn sysctl(settings: &'static [(&'static str, i64)]) -> Result<(CalicoLink, Guest), LabError> {
    let (link, mut guest) = booted(|guest| guest.namespace().set(settings))?;
    guest.wait_for_address("eth0")?;
    Ok((link, guest))
}

fn without_route((link, guest): (CalicoLink, Guest)) -> Built {
    if guest.has_default_route("eth0")? {
        return Err(LabError::Refused("the guest has a default route, so it is not in the state of this cell".into()));
    }
    Scene::lacking(link, guest)
}

pub(crate) fn accept_ra_0() -> Built {
    without_route(sysctl(&[("ipv6/conf/eth0/accept_ra", 0)])?)
}

pub(crate) fn forwarding_accept_ra_1() -> Built {
    without_route(sysctl(&[("ipv6/conf/all/forwarding", 1), ("ipv6/conf/eth0/forwarding", 1), ("ipv6/conf/eth0/accept_ra", 1)])?)
}

pub(crate) fn forwarding_accept_ra_2() -> Built {
    let (link, guest) = sysctl(&[("ipv6/conf/all/forwarding", 1), ("ipv6/conf/eth0/forwarding", 1), ("ipv6/conf/eth0/accept_ra", 2)])?;
    // Set up as it is set, so that the next boot brings it back.
    let interfaces = guest.path("etc/network/interfaces");
    let text = fs::read_to_string(&interfaces).map_err(LabError::io(interfaces.display().to_string()))?;
    guest.write("etc/network/interfaces", &text.replace("iface eth0 inet6 dhcp\n", "iface eth0 inet6 dhcp\n    accept_ra 2\n"))?;
    guest.wait_for_default_route("eth0")?;
    Ok(Scene::on(link, guest))
}

pub(crate) fn forwarding_later() -> Built {
    let Scene { guest, link, .. } = good()?;
    guest.namespace().set(&[("ipv6/conf/all/forwarding", 1)])?;
    poll("the kernel drops the default route", STATE_LIMIT, || Ok(!guest.has_default_route("eth0")?))?;
    guest.wait_for_age(GROWN_UP)?;
    Ok(Scene { guest, link, _keep: None })
}

pub(crate) fn length_64() -> Built {
    let (link, mut guest) = booted(|guest| guest.believe_prefix_length(64))?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_lease("eth0")?;
    guest.wait_for("eth0", "a /64", |address| address["scope"] == "global" && address["prefixlen"] == 64 && address["tentative"] != true)?;
    Ok(Scene::on(link, guest))
}

pub(crate) fn no_client() -> Built {
    let (link, guest) = booted(|guest| {
        guest.nic("eth0")?.dhcpv6 = false;
        Ok(())
    })?;
    guest.wait_for_default_route("eth0")?;
    Scene::lacking(link, guest)
}

pub(crate) fn two_nics() -> Built {
    let mut guest = Guest::make()?;
    let mut link = CalicoLink::make(Range::Stateful)?;
    link.plug(&mut guest, "eth0")?;
    link.plug(&mut guest, "eth1")?;
    link.serve()?;
    guest.nic("eth1")?.dhcpv6 = false;
    guest.boot()?;
    guest.wait_for_address("eth0")?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_default_route("eth1")?;
    Scene::lacking(link, guest)
}

pub(crate) fn ipv6_off() -> Built {
    let (link, guest) = booted(|guest| guest.namespace().set(&[("ipv6/conf/eth0/disable_ipv6", 1)]))?;
    Ok(Scene::on(link, guest))
}

/// dhclient has said who it is in its lease file, and has been refused.
fn refused(mut link: CalicoLink, mut guest: Guest) -> Built {
    guest.boot()?;
    guest.wait_for_default_route("eth0")?;
    poll("dhclient's DUID and the server's refusal", STATE_LIMIT, || {
        let leases = fs::read_to_string(guest.path("var/lib/dhcp/dhclient6.eth0.leases")).unwrap_or_default();
        Ok(leases.contains("default-duid") && link.server()?.0.log().contains("no addresses available"))
    })?;
    Ok(Scene::on(link, guest))
}

pub(crate) fn unknown_mac() -> Built {
    let (mut link, guest, port) = plugged(Range::Stateful)?;
    link.serve_hosts(vec![Host { mac: "fa:16:3e:99:99:99".into(), address: port.address }])?;
    refused(link, guest)
}

pub(crate) fn rebuilt() -> Built {
    let (mut link, guest, port) = plugged(Range::Stateful)?;
    let (server, router) = link.server()?;
    server.stop();
    server.add_lease(port.address, 0x3e00_0001, "00:01:00:01:2d:00:00:00:fa:16:3e:00:00:01")?;
    server.restart(router)?;
    refused(link, guest)
}

/// The address of this MAC is leased to a DUID that nobody on the guest knows, and no client runs.
pub(crate) fn rebuilt_without_client() -> Built {
    let (mut link, mut guest, port) = plugged(Range::Stateful)?;
    guest.nic("eth0")?.dhcpv6 = false;
    let (server, router) = link.server()?;
    server.stop();
    server.add_lease(port.address, 0x3e00_0001, "00:01:00:01:2d:00:00:00:fa:16:3e:00:00:01")?;
    server.restart(router)?;
    guest.boot()?;
    guest.wait_for_default_route("eth0")?;
    Scene::lacking(link, guest)
}

pub(crate) fn duid_unknown() -> Built {
    let scene = good()?;
    let leases = scene.guest.path("var/lib/dhcp/dhclient6.eth0.leases");
    fs::remove_file(&leases).map_err(LabError::io(leases.display().to_string()))?;
    Ok(scene)
}

pub(crate) fn slaac() -> Built {
    let (link, mut guest, _) = plugged(Range::Slaac)?;
    guest.boot()?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for("eth0", "a SLAAC address", |address| address["scope"] == "global" && address["tentative"] != true)?;
    Ok(Scene::on(link, guest))
}

pub(crate) fn nobody() -> Built {
    let mut guest = Guest::make()?;
    let mut link = CalicoLink::make(Range::Stateful)?;
    link.plug(&mut guest, "eth0")?;
    guest.boot()?;
    poll("dhclient solicits", STATE_LIMIT, || Ok(guest.dhclient_log("eth0").contains("Solicit on eth0")))?;
    Ok(Scene::on(link, guest))
}

/// Another node answers for the address: the host's end of the link.
fn with_duplicate(prepare: impl FnOnce(&Guest) -> Result<(), LabError>) -> Result<(CalicoLink, Guest), LabError> {
    let (link, mut guest, port) = plugged(Range::Stateful)?;
    prepare(&guest)?;
    link.router().ip(&format!("addr add {}/128 dev {} nodad noprefixroute", port.address, port.tap))?;
    guest.boot()?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_lease("eth0")?;
    Ok((link, guest))
}

/// The kernel removes an address with lifetimes whose detection fails: the client has its lease, and nobody has the address.
pub(crate) fn duplicate_removed() -> Built {
    let (link, guest) = with_duplicate(|_| Ok(()))?;
    // Its route stays behind, and shows that the address was there.
    poll("the kernel removes the duplicate", STATE_LIMIT, || {
        let route = guest.namespace().ip(&format!("-6 route show {}/128 dev eth0", address(0x10)))?;
        Ok(!route.is_empty() && guest.addresses("eth0")?.iter().all(|address| address["scope"] == "link"))
    })?;
    Scene::lacking(link, guest)
}

/// One without lifetimes stays, marked.
pub(crate) fn duplicate_marked() -> Built {
    let (link, guest) = with_duplicate(Guest::set_no_lifetimes)?;
    guest.wait_for("eth0", "a duplicate", |address| address["scope"] == "global" && address["dadfailed"] == true)?;
    Ok(Scene::on(link, guest))
}

fn filtered(rule: &str) -> Result<(CalicoLink, Guest), LabError> {
    booted(|guest| {
        guest.namespace().nft(&format!(
            "table inet filter {{\n counter dropped {{ }}\n chain input {{\n type filter hook input priority filter; policy accept;\n {rule} counter name dropped drop\n }}\n}}\n"
        ))
    })
}

/// The rule has dropped something, and is a rule for what the cell is about.
fn has_dropped(guest: &Guest) -> Result<(), LabError> {
    poll("the guest's firewall has dropped something", STATE_LIMIT, || {
        Ok(!guest.succeed("nft", &["list", "counter", "inet", "filter", "dropped"])?.contains("packets 0 "))
    })
}

pub(crate) fn drops_dhcpv6() -> Built {
    let (link, guest) = filtered("udp dport 546")?;
    guest.wait_for_default_route("eth0")?;
    has_dropped(&guest)?;
    Scene::lacking(link, guest)
}

pub(crate) fn drops_ras() -> Built {
    let (link, mut guest) = filtered("icmpv6 type nd-router-advert")?;
    guest.wait_for_address("eth0")?;
    has_dropped(&guest)?;
    without_route((link, guest))
}

pub(crate) fn offer_changed() -> Built {
    let mut scene = good()?;
    let link = scene.link.as_mut().ok_or_else(|| LabError::Refused("no link".into()))?;
    let (server, router) = link.server()?;
    for host in &mut server.served_mut().hosts {
        host.address = address(0x11);
    }
    server.restart(router)?;
    Ok(scene)
}

pub(crate) fn rogue() -> Built {
    let mut guest = Guest::make()?;
    let mut link = CalicoLink::make(Range::Stateful)?;
    let (mut switch, port) = Switch::make(&mut link, &mut guest, "eth0")?;
    link.serve()?;
    switch.add_rogue(&port.mac, port.address)?;
    guest.boot()?;
    poll("a default route by each router", STATE_LIMIT, || {
        Ok(guest.namespace().ip("-6 route show default dev eth0 proto ra")?.matches("fe80::").count() == 2)
    })?;
    guest.wait_for_address("eth0")?;
    Ok(Scene { guest, link: Some(link), _keep: Some(Box::new(switch)) })
}

pub(crate) fn neutron() -> Built {
    let mut guest = Guest::make()?;
    let network = NeutronLink::make(&mut guest, "eth0")?;
    guest.boot()?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_address("eth0")?;
    Ok(Scene { guest, link: None, _keep: Some(Box::new(network)) })
}

pub(crate) fn no_ipv4() -> Built {
    let (link, mut guest) = booted(|guest| {
        guest.nic("eth0")?.ipv4 = false;
        Ok(())
    })?;
    guest.wait_for_default_route("eth0")?;
    guest.wait_for_address("eth0")?;
    Ok(Scene::on(link, guest))
}
