//! The two conversations against the real dnsmasq, run as Calico's DHCP agent runs it, in network namespaces. Needs root, iproute2,
//! dnsmasq-base, ndisc6 and util-linux.
//!
//! The program under test must be inside the guest's namespace, so this program runs itself again there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv6Addr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::{Deserialize, Serialize};
use v6check::facts::{ClientIdentity, Conversation, Direction, Ended, Mac, Network, Observed};
use v6check::observe::{Ending, Signals, Target, ask};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{self, Envelope, Frame, Payload};
use v6check::wire::ndp::RouterAdvertisement;

const INSIDE: &str = "V6CHECK_TEST_INSIDE";
const LONG: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    if let Ok(order) = std::env::var(INSIDE) {
        inside(&serde_json::from_str(&order).unwrap());
        return ExitCode::SUCCESS;
    }
    let trials: [(&str, fn()); 14] = [
        ("router_and_server_answer_at_once_and_nothing_is_leased", answered),
        ("refusal_ends_the_waiting_after_a_second", refused),
        ("silence_lasts_until_the_deadline", silent),
        ("thorough_waits_the_whole_window", thorough),
        ("sigterm_ends_the_waiting", terminated),
        ("later_signal_ends_the_process", second_signal),
        ("missing_capability_is_the_reason", without_capability),
        ("link_that_is_down_is_the_reason", down),
        ("without_link_local_only_routers_are_asked", without_link_local),
        ("what_the_guest_sends_is_seen", guest_traffic),
        ("flood_does_not_hide_the_answer_or_the_deadline", flood),
        ("advertisement_behind_a_hop_by_hop_header_is_heard", hop_by_hop),
        ("what_the_guest_would_not_take_off_the_link_is_not_heard", frames_of_others),
        ("many_interfaces_are_asked_at_once", many),
    ];
    let trials = trials.map(|(name, run)| {
        Trial::test(name, move || {
            if !is_root() {
                return Err(Failed::from("needs root: network namespaces and packet sockets"));
            }
            run();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap().lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

#[derive(Serialize, Deserialize)]
struct Order {
    interfaces: Vec<(String, u32, Mac, Option<Ipv6Addr>)>,
    timeout: Duration,
    thorough: bool,
    /// Stay when all is done, as if a report could not be written.
    stay: bool,
}

#[derive(Serialize, Deserialize)]
struct Outcome {
    networks: BTreeMap<String, Network>,
    interrupted: Option<String>,
    elapsed: Duration,
}

/// In the guest's namespace: asks, and prints what came of it.
fn inside(order: &Order) {
    let targets: Vec<Target> = order
        .interfaces
        .iter()
        .map(|(name, index, mac, link_local)| Target {
            name: name.clone(),
            index: *index,
            mac: *mac,
            link_local: *link_local,
            identity: ClientIdentity {
                duid: Duid::link_layer(*mac).to_string(),
                iaid: 7,
                of_guest: false,
                source: "made from the MAC address".into(),
            },
        })
        .collect();
    let ending = Ending { timeout: order.timeout, thorough: order.thorough };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let progress = |line: &str| writeln!(std::io::stderr(), "{line}").unwrap();
    let began = std::time::Instant::now();
    let (answers, signals) = runtime.block_on(async {
        let mut signals = Signals::catch().unwrap();
        (ask(&targets, ending, &mut signals, &progress).await, signals)
    });
    signals.give_back().unwrap();
    let elapsed = began.elapsed();
    let outcome = Outcome { networks: answers.networks, interrupted: answers.interrupted.map(String::from), elapsed };
    serde_json::to_writer(std::io::stdout(), &outcome).unwrap();
    if order.stay {
        println!();
        std::thread::sleep(LONG);
    }
}

/// A compute host and its guest, each in a namespace, one veth per port between them.
struct Lab {
    name: String,
    ports: u32,
    directory: tempfile::TempDir,
    dnsmasq: bool,
}

impl Lab {
    fn new(name: &str, ports: u32) -> Self {
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

    fn host(&self) -> String {
        format!("{}-host", self.name)
    }

    fn guest(&self) -> String {
        format!("{}-guest", self.name)
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    /// Starts dnsmasq with what networking-calico gives it; it serves the MAC addresses of the ports from `first` on.
    fn serve(mut self, first: u32) -> Self {
        let hosts: String = (first..self.ports).map(|port| format!("{},[2001:db8:1::{:x}]\n", mac(port), 0x10 + port)).collect();
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
            bridge += &format!(",tap{port}");
        }
        arguments.push(bridge);
        self.dnsmasq = true;
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        self
    }

    fn order(&self, timeout: Duration) -> Order {
        let interfaces = (0..self.ports)
            .map(|port| {
                let name = format!("eth{port}");
                let index = output(&["ip", "netns", "exec", &self.guest(), "cat", &format!("/sys/class/net/{name}/ifindex")]);
                (name, index.trim().parse().unwrap(), mac(port), Some(link_local(port)))
            })
            .collect();
        Order { interfaces, timeout, thorough: false, stay: false }
    }

    fn start(&self, order: &Order, wrapper: &[&str]) -> Child {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.guest()]).args(wrapper).arg(program);
        command.env(INSIDE, serde_json::to_string(order).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn ask(&self, order: &Order) -> Outcome {
        outcome(self.start(order, &[]))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.dnsmasq
            && let Ok(process) = fs::read_to_string(self.file("pid"))
        {
            let _ = Command::new("kill").arg(process.trim()).status();
        }
        for end in [self.host(), self.guest()] {
            let _ = Command::new("ip").args(["netns", "del", &end]).status();
        }
    }
}

fn outcome(mut child: Child) -> Outcome {
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(child.wait().unwrap().success(), "{errors}");
    serde_json::from_str(&text).unwrap()
}

fn run(command: &[&str]) {
    let status = Command::new(command[0]).args(&command[1..]).status().unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    assert!(status.success(), "{command:?}: {status}");
}

fn ip(arguments: &[&str]) {
    run(&[&["ip"], arguments].concat());
}

fn output(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn mac(port: u32) -> Mac {
    format!("fa:16:3e:00:00:{:02x}", port + 1).parse().unwrap()
}

fn link_local(port: u32) -> Ipv6Addr {
    format!("fe80::f816:3eff:fe00:{:x}", port + 1).parse().unwrap()
}

fn seen(conversation: &Observed<Conversation>) -> &Conversation {
    conversation.get().unwrap_or_else(|unknown| panic!("{}", unknown.0))
}

fn count(conversation: &Conversation, direction: Direction) -> usize {
    conversation.frames.iter().filter(|frame| frame.direction == direction).count()
}

/// The Router Advertisements heard.
fn advertisements(conversation: &Conversation) -> Vec<RouterAdvertisement> {
    let received = conversation.frames.iter().filter(|frame| frame.direction == Direction::Received);
    let message = |bytes| match Frame::parse(bytes).unwrap().0.payload {
        Payload::Icmpv6 { message, .. } => RouterAdvertisement::parse(message).map(|(advertisement, _)| advertisement),
        _ => None,
    };
    received.filter_map(|frame| message(&frame.bytes)).collect()
}

/// The DHCPv6 messages that went in one direction.
fn messages(conversation: &Conversation, direction: Direction) -> Vec<Message> {
    let frames = conversation.frames.iter().filter(|frame| frame.direction == direction);
    let message = |bytes| match Frame::parse(bytes).unwrap().0.payload {
        Payload::Udp { data, .. } => Message::parse(data).map(|(message, _)| message),
        _ => None,
    };
    frames.filter_map(|frame| message(&frame.bytes)).collect()
}

fn addresses(message: &Message) -> Vec<Ipv6Addr> {
    let of_association = |option: &DhcpOption| match option {
        DhcpOption::IaNa { options, .. } => options.clone(),
        _ => Vec::new(),
    };
    let address = |option: DhcpOption| match option {
        DhcpOption::IaAddress { address, .. } => Some(address),
        _ => None,
    };
    message.options.iter().flat_map(of_association).filter_map(address).collect()
}

/// RA and Advertise are in, and they are dnsmasq's.
fn assert_answered(network: &Network, port: u32) {
    let router = seen(&network.router);
    let advertisement = advertisements(router).pop().unwrap();
    assert!(advertisement.managed() && advertisement.lifetime_s > 0, "{advertisement:?}");
    let server = seen(&network.server);
    let advertise = messages(server, Direction::Received).pop().unwrap();
    assert_eq!(advertise.kind, kind::ADVERTISE);
    assert_eq!(addresses(&advertise), [format!("2001:db8:1::{:x}", 0x10 + port).parse::<Ipv6Addr>().unwrap()]);
}

fn answered() {
    let lab = Lab::new("answered", 1).serve(0);
    let before = fs::read(lab.file("leases")).unwrap();
    let outcome = lab.ask(&lab.order(LONG));
    let network = &outcome.networks["eth0"];
    assert_answered(network, 0);
    for conversation in [seen(&network.router), seen(&network.server)] {
        assert_eq!(conversation.ended, Ended::Answered);
        assert_eq!(count(conversation, Direction::Sent), 1, "one question is enough");
        assert_eq!(count(conversation, Direction::Guest), 0, "our own frames are not the guest's");
        assert!(conversation.elapsed_us < 500_000, "{} us", conversation.elapsed_us);
    }
    assert!(outcome.elapsed < Duration::from_millis(500), "{:?}", outcome.elapsed);
    let solicit = messages(seen(&network.server), Direction::Sent).pop().unwrap();
    assert!(!solicit.options.iter().any(|option| matches!(option, DhcpOption::Other(14, _))), "no Rapid Commit");
    // dnsmasq writes its own DUID when it starts and leases when it grants them.
    let leases = |text: Vec<u8>| String::from_utf8(text).unwrap().lines().filter(|line| !line.starts_with("duid")).count();
    assert_eq!(leases(fs::read(lab.file("leases")).unwrap()), leases(before));
}

fn refused() {
    let lab = Lab::new("refused", 1).serve(1);
    let outcome = lab.ask(&lab.order(LONG));
    let server = seen(&outcome.networks["eth0"].server);
    assert_eq!(server.ended, Ended::Answered);
    assert!((1_000_000..2_000_000).contains(&server.elapsed_us), "{} us", server.elapsed_us);
    let advertise = messages(server, Direction::Received).pop().unwrap();
    assert_eq!((advertise.kind, addresses(&advertise)), (kind::ADVERTISE, Vec::new()));
}

fn silent() {
    let lab = Lab::new("silent", 1);
    let outcome = lab.ask(&lab.order(Duration::from_millis(1500)));
    let network = &outcome.networks["eth0"];
    for (conversation, asked) in [(seen(&network.router), 1), (seen(&network.server), 2)] {
        assert_eq!((conversation.ended, conversation.elapsed_us), (Ended::Deadline, 1_500_000));
        assert_eq!(count(conversation, Direction::Sent), asked);
        assert_eq!(count(conversation, Direction::Received), 0);
    }
    assert!(outcome.elapsed >= Duration::from_millis(1500) && outcome.elapsed < Duration::from_secs(3), "{:?}", outcome.elapsed);
    assert_eq!(outcome.interrupted, None);
}

fn thorough() {
    let lab = Lab::new("thorough", 1).serve(0);
    let outcome = lab.ask(&Order { thorough: true, ..lab.order(Duration::from_millis(1500)) });
    let network = &outcome.networks["eth0"];
    assert_answered(network, 0);
    for conversation in [seen(&network.router), seen(&network.server)] {
        assert_eq!((conversation.ended, conversation.elapsed_us), (Ended::Deadline, 1_500_000));
        assert_eq!(count(conversation, Direction::Sent), 1, "what is answered is not asked again");
    }
}

fn terminated() {
    let lab = Lab::new("terminated", 1);
    let mut child = lab.start(&lab.order(LONG), &[]);
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    assert_eq!(line, "eth0: waiting for a Router Advertisement and a DHCPv6 server (1 s of 30 s)\n");
    run(&["kill", "-TERM", &child.id().to_string()]);
    child.stderr = Some(errors.into_inner());
    let outcome = outcome(child);
    assert_eq!(outcome.interrupted.as_deref(), Some("SIGTERM"));
    for conversation in [seen(&outcome.networks["eth0"].router), seen(&outcome.networks["eth0"].server)] {
        assert_eq!(conversation.ended, Ended::Interrupted);
        assert!(count(conversation, Direction::Sent) >= 1);
    }
    assert!(outcome.elapsed < LONG / 2, "{:?}", outcome.elapsed);
}

fn second_signal() {
    let lab = Lab::new("second", 1);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut child = lab.start(&Order { stay: true, ..lab.order(Duration::from_millis(100)) }, &[]);
        // It is done with the network, and catches nothing any more.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        run(&["kill", signal, &child.id().to_string()]);
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

fn without_capability() {
    let lab = Lab::new("nocap", 1);
    let outcome = outcome(lab.start(&lab.order(LONG), &["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]));
    let network = &outcome.networks["eth0"];
    for conversation in [&network.router, &network.server] {
        assert_eq!(*conversation, Observed::Unknown("CAP_NET_RAW is missing".into()));
    }
}

fn down() {
    let lab = Lab::new("down", 1);
    ip(&["-n", &lab.guest(), "link", "set", "eth0", "down"]);
    let outcome = lab.ask(&lab.order(LONG));
    let network = &outcome.networks["eth0"];
    for conversation in [&network.router, &network.server] {
        assert_eq!(*conversation, Observed::Unknown("eth0 is down, nothing can be sent".into()));
    }
}

fn without_link_local() {
    let lab = Lab::new("nolla", 1).serve(0);
    run(&["ip", "netns", "exec", &lab.guest(), "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1"]);
    let mut order = lab.order(LONG);
    order.interfaces[0].3 = None;
    let outcome = lab.ask(&order);
    let network = &outcome.networks["eth0"];
    assert_eq!(network.server, Observed::Unknown("no usable link-local address to solicit from".into()));
    let router = seen(&network.router);
    assert_eq!((router.ended, advertisements(router).is_empty()), (Ended::Answered, false));
    let solicitation = Frame::parse(&router.frames[0].bytes).unwrap().0;
    assert_eq!(solicitation.source, Ipv6Addr::UNSPECIFIED);
    assert!(matches!(solicitation.payload, Payload::Icmpv6 { message, .. } if message.len() == 8), "no source link-layer address");
}

fn guest_traffic() {
    let lab = Lab::new("guest", 1);
    let mut child = lab.start(&lab.order(Duration::from_secs(3)), &[]);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut String::new()).unwrap();
    // It ends without an answer.
    let _ = Command::new("ip").args(["netns", "exec", &lab.guest(), "rdisc6", "-1", "-r", "1", "-w", "100", "eth0"]).output().unwrap();
    child.stderr = Some(errors.into_inner());
    let outcome = outcome(child);
    let network = &outcome.networks["eth0"];
    assert_eq!(count(seen(&network.router), Direction::Guest), 1);
    assert_eq!(count(seen(&network.router), Direction::Sent), 1);
}

/// Another host on the link, which sends the same frames over and over; `pause` between them in seconds.
fn send_forever(lab: &Lab, frames: &[Vec<u8>], pause: &str) -> Child {
    let hex = |frame: &Vec<u8>| frame.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let script = format!(
        "import socket, sys, time\n\
         s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
         s.bind(('tap0', 0))\n\
         while True:\n\
         \tfor frame in sys.argv[1:]: s.send(bytes.fromhex(frame))\n\
         \ttime.sleep({pause})\n"
    );
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &lab.host(), "python3", "-c", &script]).args(frames.iter().map(hex)).spawn().unwrap()
}

fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A valid Router Advertisement of a router that is not there.
fn made_up_advertisement() -> Vec<u8> {
    let envelope = Envelope {
        source_mac: "02:00:00:00:00:99".parse().unwrap(),
        destination_mac: "33:33:00:00:00:01".parse().unwrap(),
        source: "fe80::99".parse().unwrap(),
        destination: "ff02::1".parse().unwrap(),
        hop_limit: 255,
    };
    let message = [134, 0, 0, 0, 64, 0x80, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    frame::icmpv6(&envelope, &message)
}

fn hop_by_hop() {
    let lab = Lab::new("hbh", 1);
    let mut bytes = made_up_advertisement();
    // A router alert and padding, 16 bytes, before the ICMPv6 message (RFC 8200 section 4.3).
    bytes.splice(54..54, [58, 1, 5, 2, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes[19] += 16;
    bytes[20] = 0;
    let sender = send_forever(&lab, std::slice::from_ref(&bytes), "0.05");
    let outcome = lab.ask(&lab.order(Duration::from_secs(1)));
    stop(sender);
    let router = seen(&outcome.networks["eth0"].router);
    assert_eq!(router.ended, Ended::Answered);
    assert!(router.frames.iter().any(|frame| frame.direction == Direction::Received && frame.bytes == bytes));
}

fn frames_of_others() {
    let lab = Lab::new("others", 1);
    let mut tagged = made_up_advertisement();
    tagged.splice(12..12, [0x81, 0, 0, 10]);
    let mut elsewhere = made_up_advertisement();
    elsewhere[..6].copy_from_slice(&[2, 0, 0, 0, 0, 0x77]);
    let mut neighbour = made_up_advertisement();
    neighbour[54] = 136;
    let sender = send_forever(&lab, &[tagged, elsewhere, neighbour], "0.05");
    let outcome = lab.ask(&lab.order(Duration::from_secs(1)));
    stop(sender);
    let router = seen(&outcome.networks["eth0"].router);
    assert_eq!((router.ended, count(router, Direction::Received), router.frames_dropped), (Ended::Deadline, 0, 0));
}

fn flood() {
    let lab = Lab::new("flood", 1);
    let envelope = Envelope {
        source_mac: "02:00:00:00:00:99".parse().unwrap(),
        destination_mac: "33:33:00:00:00:01".parse().unwrap(),
        source: "fe80::99".parse().unwrap(),
        destination: "ff02::1".parse().unwrap(),
        hop_limit: 1,
    };
    let sender = send_forever(&lab, &[frame::udp(&envelope, 547, 546, &[2, 0x12, 0x34, 0x56])], "0");
    let silent = lab.ask(&lab.order(Duration::from_millis(1200)));
    let lab = lab.serve(0);
    let served = lab.ask(&lab.order(LONG));
    stop(sender);
    assert!(silent.elapsed < Duration::from_secs(3), "{:?}", silent.elapsed);
    match &silent.networks["eth0"].server {
        Observed::Seen(server) => {
            assert!(server.frames.len() <= Conversation::MOST_FRAMES && server.frames_dropped > 0);
            assert_eq!(count(server, Direction::Sent), 2);
        }
        Observed::Unknown(reason) => assert!(reason.contains("faster than they could be read"), "{reason}"),
    }
    let server = seen(&served.networks["eth0"].server);
    assert_eq!(server.ended, Ended::Answered);
    assert!(messages(server, Direction::Received).iter().any(|message| message.kind == kind::ADVERTISE && !addresses(message).is_empty()));
}

fn many() {
    let ports = 64;
    let lab = Lab::new("many", ports).serve(0);
    let outcome = lab.ask(&lab.order(LONG));
    assert_eq!(outcome.networks.len(), 64);
    for port in 0..ports {
        assert_answered(&outcome.networks[&format!("eth{port}")], port);
    }
    assert!(outcome.elapsed < Duration::from_secs(3), "{:?}", outcome.elapsed);
}
