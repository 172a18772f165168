//! A compute host and its guest as network namespaces, and this program run again inside the guest's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::net::Ipv6Addr;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use v6check::facts::{Mac, Network};
use v6check_lab::{Daemon, Namespace, STATE_LIMIT, needs, poll};

/// Set for the program inside: what to do there, as JSON.
pub(crate) const INSIDE: &str = "V6CHECK_TEST_INSIDE";

#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) interfaces: Vec<(String, u32, Mac, Option<Ipv6Addr>)>,
    pub(crate) timeout: Duration,
    pub(crate) thorough: bool,
    /// Stay when all is done, as if a report could not be written.
    pub(crate) stay: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) networks: BTreeMap<String, Network>,
    pub(crate) interrupted: Option<String>,
    pub(crate) elapsed: Duration,
}

/// A compute host and its guest, one veth per port between them.
pub(crate) struct Lab {
    pub(crate) host: Namespace,
    pub(crate) guest: Namespace,
    ports: u32,
    directory: tempfile::TempDir,
    dnsmasq: Option<Daemon>,
}

impl Lab {
    pub(crate) fn new(name: &str, ports: u32) -> Self {
        let namespace = |role: &str| Namespace::make(&format!("{name}-{role}")).unwrap();
        let lab = Self { host: namespace("host"), guest: namespace("guest"), ports, directory: tempfile::tempdir().unwrap(), dnsmasq: None };
        for end in [&lab.host, &lab.guest] {
            end.set(&["accept_dad", "accept_ra", "router_solicitations"].map(|name| (format!("ipv6/conf/default/{name}"), 0))).unwrap();
        }
        lab.host.set(&[("ipv6/conf/all/forwarding", 1)]).unwrap();
        // Neutron's DHCP port: holds the gateway address, no guest is attached to it.
        let (mut host, mut guest) = (String::new(), String::new());
        host.push_str("link add ns-1 address 02:00:00:00:00:00 type veth peer name nsidle\nlink set ns-1 arp off up\nlink set nsidle up\n");
        host.push_str("addr add 2001:db8:1::1/64 dev ns-1 nodad\n");
        for port in 0..ports {
            let tap_mac = mac(port).to_string().replacen("fa", "fe", 1);
            writeln!(host, "link add tap{port} address {tap_mac} type veth peer name eth{port} netns {}", lab.guest.name()).unwrap();
            writeln!(host, "link set tap{port} up").unwrap();
            writeln!(guest, "link set eth{port} address {} up", mac(port)).unwrap();
        }
        lab.host.ip_batch(&host).unwrap();
        lab.guest.ip_batch(&guest).unwrap();
        lab
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    /// Starts dnsmasq with what networking-calico gives it; it serves the MAC addresses of the ports from `first` on.
    pub(crate) fn serve(mut self, first: u32) -> Self {
        let mut hosts = String::new();
        for port in first..self.ports {
            writeln!(hosts, "{},[2001:db8:1::{:x}]", mac(port), 0x10 + port).unwrap();
        }
        fs::write(self.file("hosts"), hosts).unwrap();
        fs::write(self.file("leases"), "").unwrap();
        let mut bridge = "--bridge-interface=ns-1".to_owned();
        let mut command = self.host.command("dnsmasq");
        command.args(["--keep-in-foreground", "--no-hosts", "--no-resolv", "--except-interface=lo", "--conf-file=", "--bind-dynamic"]);
        command.args([
            "--interface=ns-1",
            "--enable-ra",
            "--user=root",
            "--port=0",
            "--dhcp-range=set:subnet-v6,2001:db8:1::,static,off-link,64,86400s",
        ]);
        command.args(["--ra-param=ns-*,mtu:off,0".to_owned(), format!("--pid-file={}", self.file("pid"))]);
        command.args([format!("--dhcp-hostsfile={}", self.file("hosts")), format!("--dhcp-leasefile={}", self.file("leases"))]);
        for port in 0..self.ports {
            command.arg(format!("--interface=tap{port}"));
            write!(bridge, ",tap{port}").unwrap();
        }
        command.arg(bridge);
        self.dnsmasq = Some(Daemon::start(&mut command, &fs::File::create(self.file("log")).unwrap()).unwrap());
        // It writes its process id once its sockets are open.
        poll("dnsmasq serves", STATE_LIMIT, || Ok(fs::read_to_string(self.file("pid")).is_ok_and(|pid| pid.ends_with('\n')))).unwrap();
        self
    }

    pub(crate) fn order(&self, timeout: Duration) -> Order {
        let interfaces = (0..self.ports)
            .map(|port| {
                let name = format!("eth{port}");
                let index = self.guest.succeed("cat", &[&format!("/sys/class/net/{name}/ifindex")]).unwrap();
                (name, index.trim().parse().unwrap(), mac(port), Some(link_local(port)))
            })
            .collect();
        Order { interfaces, timeout, thorough: false, stay: false }
    }

    pub(crate) fn start(&self, order: &Order, wrapper: &[&str]) -> Child {
        let program = std::env::current_exe().unwrap().display().to_string();
        let words = [wrapper, &[&program]].concat();
        let mut command = self.guest.command(words[0]);
        command.args(&words[1..]).env(INSIDE, serde_json::to_string(order).unwrap());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn ask(&self, order: &Order) -> Outcome {
        outcome(self.start(order, &[]))
    }
}

pub(crate) fn outcome(mut child: Child) -> Outcome {
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(child.wait().unwrap().success(), "{errors}");
    serde_json::from_str(&text).unwrap()
}

/// Sends a signal such as `INT`.
pub(crate) fn signal(name: &str, child: &Child) {
    assert!(needs::command("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

pub(crate) fn mac(port: u32) -> Mac {
    format!("fa:16:3e:00:00:{:02x}", port + 1).parse().unwrap()
}

pub(crate) fn link_local(port: u32) -> Ipv6Addr {
    format!("fe80::f816:3eff:fe00:{:x}", port + 1).parse().unwrap()
}

/// Another host on the link, which sends the same frames over and over; `pause` between them in seconds.
pub(crate) fn send_forever(lab: &Lab, frames: &[Vec<u8>], pause: &str) -> Child {
    let hex = |frame: &Vec<u8>| {
        frame.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let script = format!(
        "import socket, sys, time\n\
         s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
         s.bind(('tap0', 0))\n\
         while True:\n\
         \tfor frame in sys.argv[1:]: s.send(bytes.fromhex(frame))\n\
         \ttime.sleep({pause})\n"
    );
    lab.host.command("python3").args(["-c", &script]).args(frames.iter().map(hex)).spawn().unwrap()
}

pub(crate) fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
