//! The two conversations against the real dnsmasq, run as Calico's DHCP agent runs it, in network namespaces. Needs root, iproute2,
//! dnsmasq-base, ndisc6 and util-linux.
//!
//! The program under test must be inside the guest's namespace, so this program runs itself again there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "how the program inside the namespace reports")]

mod lab;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv6Addr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use v6check::facts::{ClientIdentity, Conversation, Direction, Ended, Network, Observed};
use v6check::observe::{Ending, Signals, Target, ask};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{self, Envelope, Frame, Payload};
use v6check::wire::ndp::RouterAdvertisement;

use self::lab::{INSIDE, Lab, Order, Outcome, outcome, send_forever, signal, stop};

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
            identity: Ok(ClientIdentity {
                duid: Duid::link_layer(*mac).to_string(),
                iaid: 7,
                of_guest: false,
                source: "made from the MAC address".into(),
            }),
        })
        .collect();
    let ending = Ending { timeout: order.timeout, thorough: order.thorough };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let progress = |line: &str| eprintln!("{line}");
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

fn seen(conversation: &Observed<Conversation>) -> &Conversation {
    conversation.get().unwrap_or_else(|unknown| panic!("{}", unknown.reason))
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
        assert!(Duration::from_micros(conversation.elapsed_us) < LONG / 2, "{} us", conversation.elapsed_us);
    }
    assert!(outcome.elapsed < LONG / 2, "{:?}", outcome.elapsed);
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
    assert!((1_000_000..LONG.as_micros() / 2).contains(&server.elapsed_us.into()), "{} us", server.elapsed_us);
    let advertise = messages(server, Direction::Received).pop().unwrap();
    assert_eq!((advertise.kind, addresses(&advertise)), (kind::ADVERTISE, Vec::new()));
}

fn silent() {
    let lab = Lab::new("silent", 1);
    let outcome = lab.ask(&lab.order(Duration::from_millis(1500)));
    let network = &outcome.networks["eth0"];
    for conversation in [seen(&network.router), seen(&network.server)] {
        assert_eq!((conversation.ended, conversation.elapsed_us), (Ended::Deadline, 1_500_000));
        // At 0, 0.3 and 1 s.
        assert_eq!(count(conversation, Direction::Sent), 3);
        assert_eq!(count(conversation, Direction::Received), 0);
    }
    assert!((Duration::from_millis(1500)..LONG).contains(&outcome.elapsed), "{:?}", outcome.elapsed);
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
    assert_eq!(line, "eth0: waiting for a router and a DHCPv6 server (1 s of 30 s)\n");
    signal("TERM", &child);
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
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = lab.start(&Order { stay: true, ..lab.order(Duration::from_millis(100)) }, &[]);
        // It is done with the network, and catches nothing any more.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        no_packet_socket(child.id());
        signal(name, &child);
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

/// Waits until the network namespace of a process has no packet socket any more: it is closed though the process goes on.
fn no_packet_socket(process: u32) {
    let sockets = format!("/proc/{process}/net/packet");
    let began = Instant::now();
    while fs::read_to_string(&sockets).unwrap().lines().count() > 1 {
        assert!(began.elapsed() < LONG, "the packet socket stays open");
        std::thread::sleep(Duration::from_millis(20));
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
    lab.guest.ip("link set eth0 down").unwrap();
    let outcome = lab.ask(&lab.order(LONG));
    let network = &outcome.networks["eth0"];
    for conversation in [&network.router, &network.server] {
        assert_eq!(*conversation, Observed::Unknown("eth0 is down, nothing can be sent".into()));
    }
}

fn without_link_local() {
    let lab = Lab::new("nolla", 1).serve(0);
    lab.guest.set(&[("ipv6/conf/eth0/disable_ipv6", 1)]).unwrap();
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
    let _ = lab.guest.command("rdisc6").args(["-1", "-r", "1", "-w", "100", "eth0"]).output().unwrap();
    child.stderr = Some(errors.into_inner());
    let outcome = outcome(child);
    let network = &outcome.networks["eth0"];
    assert_eq!(count(seen(&network.router), Direction::Guest), 1);
    // At 0, 0.3, 1 and 2 s.
    assert_eq!(count(seen(&network.router), Direction::Sent), 4);
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
    let answered = lab.ask(&lab.order(LONG));
    stop(sender);
    assert!(silent.elapsed < LONG / 2, "{:?}", silent.elapsed);
    match &silent.networks["eth0"].server {
        Observed::Seen(server) => {
            assert!(server.frames.len() <= Conversation::MOST_FRAMES && server.frames_dropped > 0);
            // The third, after a second, may come too late under such a flood.
            assert!((2..=3).contains(&count(server, Direction::Sent)));
        }
        Observed::Unknown(reason) => assert!(reason.text.contains("faster than they could be read"), "{reason:?}"),
        absent @ Observed::Absent(_) => panic!("{absent:?}"),
    }
    let server = seen(&answered.networks["eth0"].server);
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
    assert!(outcome.elapsed < LONG / 2, "{:?}", outcome.elapsed);
}
