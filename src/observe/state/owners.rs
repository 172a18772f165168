//! Who is in charge of an interface: who handles its Router Advertisements, and which DHCPv6 clients serve it.
//!
//! Decided by what runs now and what it says of itself below /run. A daemon that is installed and does not run owns nothing.

pub(super) mod dhclient;
mod network_manager;

use super::Root;
use crate::facts::{Address, HostState, Observed, Owner, Owners, Process, UdpSocket};
use std::collections::BTreeMap;

/// The interface asked about, and what is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) index: u32,
    pub(super) addresses: &'a Observed<Vec<Address>>,
    pub(super) sysctl: &'a Observed<BTreeMap<String, i64>>,
    pub(super) host: &'a HostState,
    pub(super) root: &'a Root,
}

const NETWORKD: &str = "systemd-network";
pub(super) const NETWORK_MANAGER: &str = "NetworkManager";
const DHCPCD: &str = "dhcpcd";

/// Who is in charge of the interface.
pub(super) fn owners(subject: &Subject<'_>) -> Owners {
    Owners { ra: answer(ra(subject)), dhcpv6: answer(dhcpv6(subject)) }
}

/// Nobody can say.
pub(super) fn unknown(reason: &str) -> Owners {
    Owners { ra: Observed::unknown(reason), dhcpv6: Observed::unknown(reason) }
}

fn answer<T>(known: Result<T, String>) -> Observed<T> {
    known.map_or_else(Observed::Unknown, Observed::Seen)
}

fn ra(subject: &Subject<'_>) -> Result<Owner, String> {
    let processes = subject.host.processes.get().map_err(|unknown| unknown.reason)?;
    if let Some(process) = named(processes, NETWORKD)
        && let Some(evidence) = network_manager::by_networkd(subject)?
    {
        return Ok(owner("systemd-networkd", process, evidence));
    }
    if let Some(process) = named(processes, NETWORK_MANAGER)
        && let Some(evidence) = network_manager::ra_by_network_manager(subject)?
    {
        return Ok(owner(NETWORK_MANAGER, process, evidence));
    }
    if let Some((process, evidence)) = network_manager::by_dhcpcd(subject, processes, network_manager::Part::RouterAdvertisements)? {
        return Ok(owner(DHCPCD, process, evidence));
    }
    if let Some(process) = processes.iter().find(|process| process.name == "odhcp6c" && serves(process, subject.name)) {
        return Ok(owner("odhcp6c", process, started_for(process, subject.name)));
    }
    Ok(Owner { name: Owner::KERNEL.into(), pid: None, evidence: format!("no daemon that handles RAs itself runs for {}", subject.name) })
}

fn dhcpv6(subject: &Subject<'_>) -> Result<Vec<Owner>, String> {
    let processes = subject.host.processes.get().map_err(|unknown| unknown.reason)?;
    let sockets = subject.host.dhcpv6_client_sockets.get().map_err(|unknown| unknown.reason)?;
    let mut owners: Vec<Owner> = Vec::new();
    let mut add = |owner: Owner| {
        // One program is one owner, however many processes and sockets it has; two dhclients are two.
        let known = |other: &Owner| other.name == owner.name && (other.pid == owner.pid || owner.name != dhclient::NAME);
        if !owners.iter().any(known) {
            owners.push(owner);
        }
    };
    for process in processes {
        if let Some(arguments) = dhclient::Arguments::of(process) {
            if arguments.asks_for_addresses && arguments.serves(subject.name) && !waits_for_another(process, processes, sockets) {
                let name = if arguments.of_network_manager { NETWORK_MANAGER } else { dhclient::NAME };
                add(owner(name, process, started_for(process, subject.name)));
            }
        } else if matches!(&process.name[..], "dhcp6c" | "odhcp6c") && serves(process, subject.name)
            || process.name == "udhcpc6" && udhcpc6_interface(process) == subject.name
        {
            add(owner(&process.name, process, started_for(process, subject.name)));
        }
    }
    if let Some((process, evidence)) = network_manager::by_dhcpcd(subject, processes, network_manager::Part::Dhcpv6)? {
        add(owner(DHCPCD, process, evidence));
    }
    let dibbler_is_bound = sockets.iter().any(|socket| socket.interface_index != 0 && holder(socket) == Some("dibbler-client"));
    let mut doubt = None;
    for socket in sockets {
        let here = on(subject, socket);
        let everywhere = socket.interface_index == 0 && socket.address.is_unspecified();
        let Some(process) = &socket.process else {
            if here || everywhere {
                doubt = Some(format!("who holds UDP 546 on {} could not be found out: run as root", subject.name));
            }
            continue;
        };
        let evidence = || format!("it holds UDP [{}]:546{}", socket.address, if here { format!(" on {}", subject.name) } else { String::new() });
        match &process.name[..] {
            // What they serve was told by their arguments, their title or their configuration.
            DHCPCD | "dhclient" | "dhcp6c" | "odhcp6c" => {}
            "dibbler-client" if here || everywhere && !dibbler_is_bound => add(owner("dibbler-client", process, evidence())),
            "dibbler-client" => {}
            NETWORKD if here => add(owner("systemd-networkd", process, evidence())),
            other if here => add(owner(other, process, evidence())),
            other if everywhere => {
                doubt = Some(format!(
                    "{other} (process {}) holds UDP 546 of every interface; whether it serves {} is not known",
                    process.pid, subject.name
                ));
            }
            _ => {}
        }
    }
    if owners.is_empty() && named(processes, "connmand").is_some() {
        doubt = doubt.or(Some("ConnMan runs; it holds no socket while it has a lease, so whether it serves the interface is not known".into()));
    }
    doubt.map_or(Ok(owners), Err)
}

/// Whether a dhclient is the half that only waits: until it is bound, it runs as two processes, of which the parent waits for the child's
/// word and the child holds the socket (ISC DHCP 4.4, client/dhclient.c, `main`).
fn waits_for_another(process: &Process, processes: &[Process], sockets: &[UdpSocket]) -> bool {
    let holds = |process: &Process| sockets.iter().any(|socket| socket.process.as_ref().is_some_and(|holder| holder.pid == process.pid));
    let mut others = processes.iter().filter(|other| other.pid != process.pid && other.name == process.name && other.arguments == process.arguments);
    !holds(process) && others.any(|other| holds(other) || other.pid > process.pid)
}

/// Whether a socket belongs to the interface, by its own word or by the address it is bound to.
fn on(subject: &Subject<'_>, socket: &UdpSocket) -> bool {
    let bound_here = || subject.addresses.get().is_ok_and(|addresses| addresses.iter().any(|address| address.address == socket.address));
    socket.interface_index == subject.index || socket.interface_index == 0 && !socket.address.is_unspecified() && bound_here()
}

fn holder(socket: &UdpSocket) -> Option<&str> {
    socket.process.as_ref().map(|process| &process.name[..])
}

fn named<'a>(processes: &'a [Process], name: &str) -> Option<&'a Process> {
    processes.iter().find(|process| process.name == name)
}

fn owner(name: &str, process: &Process, evidence: String) -> Owner {
    Owner { name: name.to_owned(), pid: Some(process.pid), evidence }
}

/// Whether a client that takes its interfaces as arguments was given this one.
fn serves(process: &Process, name: &str) -> bool {
    process.arguments.iter().skip(1).any(|argument| argument == name)
}

/// The interface of BusyBox's udhcpc6: `-i eth0`, `-ieth0`, `--interface eth0`; eth0 if none is given.
fn udhcpc6_interface(process: &Process) -> &str {
    let mut arguments = process.arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "-i" || argument == "--interface" {
            return arguments.next().map_or("", |name| name);
        }
        if let Some(name) = argument.strip_prefix("--interface=").or_else(|| argument.strip_prefix("-i").filter(|_| !argument.starts_with("--"))) {
            return name;
        }
    }
    "eth0"
}

fn started_for(process: &Process, name: &str) -> String {
    if serves(process, name) {
        format!("it was started for {name}: `{}`", process.arguments.join(" "))
    } else {
        "it was started for every interface".into()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::facts::Ipv6Stack;

    fn process(pid: u32, arguments: &str) -> Process {
        let arguments: Vec<String> =
            if arguments.starts_with("dhcpcd: ") { vec![arguments.into()] } else { arguments.split(' ').map(str::to_owned).collect() };
        let program = arguments[0].split([' ', ':']).next().unwrap().rsplit('/').next().unwrap();
        Process { pid, name: program.chars().take(15).collect(), arguments, started_cs: 0 }
    }

    fn socket(address: &str, interface_index: u32, process: Option<Process>) -> UdpSocket {
        UdpSocket { address: address.parse().unwrap(), interface_index, process }
    }

    /// Who has eth0 (index 2), as `RA: DHCPv6, DHCPv6`; `?` for unknown.
    fn who(processes: &[Process], sockets: &[UdpSocket], accept_ra: i64, files: &[(&str, &str)]) -> String {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = HostState {
            ipv6: Observed::Seen(Ipv6Stack { present: true, command_line: None }),
            processes: Observed::Seen(processes.to_vec()),
            dhcpv6_client_sockets: Observed::Seen(sockets.to_vec()),
        };
        let subject = Subject {
            name: "eth0",
            index: 2,
            addresses: &Observed::Seen(Vec::new()),
            sysctl: &Observed::Seen(BTreeMap::from([("accept_ra".into(), accept_ra)])),
            host: &host,
            root: &Root::new(directory.path()),
        };
        let Owners { ra, dhcpv6 } = owners(&subject);
        let ra = ra.get().map_or("?".into(), |owner| owner.name.clone());
        let dhcpv6 = dhcpv6.get().map_or("?".into(), |owners| owners.iter().map(|owner| &owner.name[..]).collect::<Vec<_>>().join(", "));
        format!("{ra}: {dhcpv6}")
    }

    fn by(processes: &[Process]) -> String {
        who(processes, &[], 1, &[])
    }

    #[test]
    fn clients_by_their_arguments() {
        assert_eq!(by(&[]), "kernel: ");
        let debian =
            "/sbin/dhclient -6 -v -pf /run/dhclient6.eth0.pid -lf /var/lib/dhcp/dhclient6.eth0.leases -I -df /var/lib/dhcp/dhclient.eth0.leases";
        assert_eq!(by(&[process(1, &format!("{debian} eth0"))]), "kernel: dhclient");
        assert_eq!(by(&[process(1, &format!("{debian} eth1"))]), "kernel: ");
        assert_eq!(by(&[process(1, "dhclient -6")]), "kernel: dhclient", "none named: all");
        assert_eq!(by(&[process(1, "dhclient -4 eth0"), process(2, "dhclient eth0")]), "kernel: ");
        assert_eq!(by(&[process(1, "dhclient -6 -S eth0"), process(2, "dhclient -6 -P eth0")]), "kernel: ", "they ask for no address");
        assert_eq!(by(&[process(1, "dhclient -6 eth0"), process(2, "dhclient -6 -lf /tmp/leases eth0")]), "kernel: dhclient, dhclient");
        assert_eq!(by(&[process(1, "dhclient -6 eth0"), process(2, "dhclient -6 eth0")]), "kernel: dhclient", "not bound yet");
        assert_eq!(by(&[process(1, "dhcp6c -Pdefault eth0"), process(2, "odhcp6c eth1")]), "kernel: dhcp6c");
        assert_eq!(by(&[process(1, "odhcp6c -P 0 eth0")]), "odhcp6c: odhcp6c");
        assert_eq!(by(&[process(1, "udhcpc6 -f -i eth0")]), "kernel: udhcpc6");
        assert_eq!(by(&[process(1, "udhcpc6 -ieth1")]), "kernel: ");
        assert_eq!(by(&[process(1, "connmand")]), "kernel: ?");
    }

    #[test]
    fn dhcpcd_by_its_title() {
        assert_eq!(by(&[process(1, "dhcpcd: eth0 [ip4] [ip6]")]), "dhcpcd: dhcpcd");
        assert_eq!(by(&[process(1, "dhcpcd: eth0 [ip4]"), process(2, "dhcpcd: eth1 [ip4] [ip6]")]), "kernel: ");
        let manager = [process(1, "dhcpcd: [manager] [ip4] [ip6]"), process(2, "dhcpcd: [network proxy] [ip4] [ip6]")];
        let any = [socket("::", 0, Some(manager[1].clone()))];
        let configured = |text| who(&manager, &any, 0, &[("/etc/dhcpcd.conf", text)]);
        assert_eq!(configured(""), "dhcpcd: dhcpcd");
        assert_eq!(configured("denyinterfaces lo eth*\n"), "kernel: ");
        assert_eq!(configured("interface eth0\nnoipv6rs\n"), "kernel: dhcpcd");
        assert_eq!(configured("interface eth1\nnoipv6\n"), "dhcpcd: dhcpcd");
        assert_eq!(configured("nodhcp6\n"), "dhcpcd: ");
    }

    #[test]
    fn daemons_by_what_they_say() {
        let networkd = process(1, "/lib/systemd/systemd-networkd");
        let links = "/run/systemd/netif/links/2";
        let held = [socket("fe80::1", 2, Some(networkd.clone()))];
        let networkd = std::slice::from_ref(&networkd);
        assert_eq!(who(networkd, &held, 0, &[(links, "# x\nADMIN_STATE=configured\n")]), "systemd-networkd: systemd-networkd");
        assert_eq!(who(networkd, &[], 1, &[(links, "ADMIN_STATE=unmanaged\n")]), "kernel: ");
        assert_eq!(who(&[], &[], 1, &[(links, "ADMIN_STATE=configured\n")]), "kernel: ", "it does not run");

        let manager = process(7, "/usr/sbin/NetworkManager --no-daemon");
        let helper = process(8, "dhclient -6 -sf /usr/libexec/nm-dhcp-helper eth0");
        let both = [manager.clone(), helper.clone()];
        let held = [socket("fe80::1", 2, Some(helper))];
        let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n");
        let profile = |method| format!("[connection]\nuuid=u1\n[ipv4]\nmethod=auto\n[ipv6]\n{method}\n");
        let path = "/etc/NetworkManager/system-connections/x.nmconnection";
        assert_eq!(who(&both, &held, 0, &[device, (path, &profile("method=auto"))]), "NetworkManager: NetworkManager");
        assert_eq!(who(&both[..1], &[], 0, &[device, (path, &profile(""))]), "NetworkManager: ");
        assert_eq!(who(&both[..1], &[], 0, &[device, (path, &profile("method=ignore"))]), "kernel: ");
        assert_eq!(who(&both[..1], &[], 0, &[device]), "?: ", "the profile is not in a file");
        assert_eq!(who(&both[..1], &[], 1, &[device]), "kernel: ");
        assert_eq!(who(&both[..1], &[], 1, &[]), "kernel: ");
    }

    #[test]
    fn sockets_of_others() {
        let other = process(9, "myclient");
        assert_eq!(who(&[], &[socket("fe80::1", 2, Some(other.clone()))], 1, &[]), "kernel: myclient");
        assert_eq!(who(&[], &[socket("fe80::1", 3, Some(other.clone()))], 1, &[]), "kernel: ");
        assert_eq!(who(&[], &[socket("::", 0, Some(other))], 1, &[]), "kernel: ?");
        assert_eq!(who(&[], &[socket("fe80::1", 2, None)], 1, &[]), "kernel: ?");
        let dibbler = process(9, "dibbler-client");
        let bound = [socket("fe80::1", 3, Some(dibbler.clone())), socket("::", 0, Some(dibbler))];
        assert_eq!(who(&[], &bound, 1, &[]), "kernel: ", "bound to another one");
        assert_eq!(who(&[], &bound[1..], 1, &[]), "kernel: dibbler-client");
    }
}
