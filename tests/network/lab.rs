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
use v6check_lab::needs;

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

/// A compute host and its guest, each in a namespace, one veth per port between them.
pub(crate) struct Lab {
    name: String,
    ports: u32,
    directory: tempfile::TempDir,
    dnsmasq: bool,
}

impl Lab {
    pub(crate) fn new(name: &str, ports: u32) -> Self {
        let name = format!("netlab-{name}-{}", std::process::id());
        let lab = Self { name, ports, directory: tempfile::tempdir().unwrap(), dnsmasq: false };
        for end in [lab.host(), lab.guest()] {
            ip(&["netns", "add", &end]);
            ip(&["-n", &end, "link", "set", "lo", "up"]);
            for setting in ["accept_dad=0", "accept_ra=0", "router_solicitations=0"] {
                run(&["ip", "netns", "exec", &end, "sysctl", "-qw", &format!("net.ipv6.conf.default.{setting}")]);
            }
        }
        run(&["ip", "netns", "exec", &lab.host(), "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"]);
        // Neutron's DHCP port: holds the gateway address, no guest is attached to it.
        let host = lab.host();
        ip(&["-n", &host, "link", "add", "ns-1", "address", "02:00:00:00:00:00", "type", "veth", "peer", "name", "nsidle"]);
        ip(&["-n", &host, "link", "set", "ns-1", "arp", "off", "up"]);
        ip(&["-n", &host, "link", "set", "nsidle", "up"]);
        ip(&["-n", &host, "addr", "add", "2001:db8:1::1/64", "dev", "ns-1", "nodad"]);
        for port in 0..ports {
            let (tap, eth) = (format!("tap{port}"), format!("eth{port}"));
            let tap_mac = mac(port).to_string().replacen("fa", "fe", 1);
            ip(&["-n", &host, "link", "add", &tap, "address", &tap_mac, "type", "veth", "peer", "name", &eth, "netns", &lab.guest()]);
            ip(&["-n", &lab.guest(), "link", "set", &eth, "address", &mac(port).to_string(), "up"]);
            ip(&["-n", &host, "link", "set", &tap, "up"]);
        }
        lab
    }

    pub(crate) fn host(&self) -> String {
        format!("{}-host", self.name)
    }

    pub(crate) fn guest(&self) -> String {
        format!("{}-guest", self.name)
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
        let mut arguments: Vec<String> =
            ["ip", "netns", "exec", &self.host(), "dnsmasq", "--no-hosts", "--no-resolv", "--except-interface=lo"].map(String::from).into();
        arguments.extend(["--conf-file=", "--bind-dynamic", "--interface=ns-1", "--enable-ra", "--user=root", "--port=0"].map(String::from));
        arguments.push(format!("--pid-file={}", self.file("pid")));
        arguments.push(format!("--dhcp-hostsfile={}", self.file("hosts")));
        arguments.push(format!("--dhcp-leasefile={}", self.file("leases")));
        arguments.push("--dhcp-range=set:subnet-v6,2001:db8:1::,static,off-link,64,86400s".into());
        arguments.push("--ra-param=ns-*,mtu:off,0".into());
        for port in 0..self.ports {
            arguments.push(format!("--interface=tap{port}"));
            write!(bridge, ",tap{port}").unwrap();
        }
        arguments.push(bridge);
        self.dnsmasq = true;
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        self
    }

    pub(crate) fn order(&self, timeout: Duration) -> Order {
        let interfaces = (0..self.ports)
            .map(|port| {
                let name = format!("eth{port}");
                let index = output(&["ip", "netns", "exec", &self.guest(), "cat", &format!("/sys/class/net/{name}/ifindex")]);
                (name, index.trim().parse().unwrap(), mac(port), Some(link_local(port)))
            })
            .collect();
        Order { interfaces, timeout, thorough: false, stay: false }
    }

    pub(crate) fn start(&self, order: &Order, wrapper: &[&str]) -> Child {
        let program = std::env::current_exe().unwrap();
        let mut command = needs::command("ip");
        command.args(["netns", "exec", &self.guest()]).args(wrapper).arg(program);
        command.env(INSIDE, serde_json::to_string(order).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn ask(&self, order: &Order) -> Outcome {
        outcome(self.start(order, &[]))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.dnsmasq
            && let Ok(process) = fs::read_to_string(self.file("pid"))
        {
            let _ = needs::command("kill").arg(process.trim()).status();
        }
        for end in [self.host(), self.guest()] {
            let _ = needs::command("ip").args(["netns", "del", &end]).status();
        }
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

pub(crate) fn run(command: &[&str]) {
    let status = needs::command(command[0]).args(&command[1..]).status().unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    assert!(status.success(), "{command:?}: {status}");
}

pub(crate) fn ip(arguments: &[&str]) {
    run(&[&["ip"], arguments].concat());
}

pub(crate) fn output(command: &[&str]) -> String {
    let output = needs::command(command[0]).args(&command[1..]).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
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
    let mut command = needs::command("ip");
    command.args(["netns", "exec", &lab.host(), "python3", "-c", &script]).args(frames.iter().map(hex)).spawn().unwrap()
}

pub(crate) fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
