//! The recorder and the live events in network namespaces, from before the links exist. Needs root, iproute2, python3, and tshark with capinfos.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "how the program inside the namespace reports")]

mod frames;
mod scene;

use std::fs;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use v6check::facts::{Direction, Event, Happening};
use v6check::observe::Signals;
use v6check::observe::boot::{Live, follow};
use v6check::wire::frame::{Frame, OWN_FLOW_LABEL};
use v6check_lab::needs;

use self::scene::{Scene, Seen, What, read, read_bytes};

const FOLLOW: &str = "V6CHECK_TEST_FOLLOW";
const ADDRESS: &str = "2001:db8::10";

fn main() -> ExitCode {
    if std::env::var_os(FOLLOW).is_some() {
        follow_eth0();
        return ExitCode::SUCCESS;
    }
    let trials: [(&str, fn()); 9] = [
        ("a_boot_is_told_in_order_by_names_and_directions", boot),
        ("what_is_there_already_is_found", found),
        ("the_kernel_lets_through_what_a_reader_wants", filter),
        ("wireshark_opens_it_whole_and_cut_off", opens),
        ("a_small_file_keeps_first_and_last", small),
        ("time_ends_it_and_a_second_one_continues", time_and_continued),
        ("a_full_disk_or_a_bad_path_is_a_clear_error", errors),
        ("news_that_were_missed_are_a_gap_and_read_anew", missed_news),
        ("events_are_followed_live", live),
    ];
    let is_root = fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    let trials = trials.map(|(name, run)| {
        Trial::test(name, move || {
            if !is_root {
                return Err(Failed::from("needs root: network namespaces and packet sockets"));
            }
            run();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// In the guest's namespace: prints a line for each event of eth0.
fn follow_eth0() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut signals = Signals::catch().unwrap();
        let mut told = |live: Live<'_>| {
            match live {
                Live::Happened(name, event) => {
                    let how = if event.found { "found " } else { "" };
                    println!("{how}{name} {}", serde_json::to_string(&event).unwrap());
                }
                other => println!("{other:?}"),
            }
            ControlFlow::Continue(())
        };
        let ended = follow(&["eth0".into()], &mut signals, &mut told).await.unwrap();
        println!("ended {ended:?}");
    });
}

/// The position of the first thing like this, at or after `from`.
fn position(seen: &[Seen], from: usize, what: &str, is: impl Fn(&Seen) -> bool) -> usize {
    from + seen[from..].iter().position(is).unwrap_or_else(|| panic!("no {what} from {from} on in {seen:#?}"))
}

fn is_link(seen: &Seen, up: bool) -> bool {
    matches!(&seen.what, What::Happened(Happening::Link(link)) if link.up == up && link.carrier == up)
}

fn is_frame(seen: &Seen, out: bool, bytes: &[u8]) -> bool {
    matches!(&seen.what, What::Frame { out: went_out, bytes: is, .. } if *went_out == out && is == bytes)
}

fn boot() {
    let scene = Scene::make("boot");
    let recorder = scene.record(&[]);
    scene.plug("new0");
    scene.guest.ip("link set new0 name eth0").unwrap();
    scene.guest.ip("link set eth0 up").unwrap();
    Scene::send(&scene.host, "tap0", &[frames::router_advertisement()]);
    Scene::send(&scene.guest, "eth0", &[frames::solicit()]);
    Scene::send(&scene.host, "tap0", &[frames::advertise()]);
    scene.guest.ip(&format!("addr add {ADDRESS}/128 dev eth0")).unwrap();
    scene.guest.ip("route add default via fe80::1 dev eth0").unwrap();
    scene.guest.ip("route add 2001:db8:1::/64 dev eth0").unwrap();
    scene.guest.ip("route del default via fe80::1 dev eth0").unwrap();
    scene.guest.set(&[("ipv6/conf/all/forwarding", 1)]).unwrap();
    scene.guest.set(&[("ipv6/conf/all/forwarding", 0)]).unwrap();
    scene.check(&["-i", "eth0", "--timeout", "1"]);
    scene.guest.ip(&format!("addr del {ADDRESS}/128 dev eth0")).unwrap();
    scene.guest.ip("link set eth0 down").unwrap();
    scene.guest.ip("link del eth0").unwrap();
    let ended = recorder.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    let seen = read(&scene.recording());
    let mut at = position(&seen, 0, "beginning", |seen| matches!(&seen.what, What::Recording(text) if text == "began"));
    at = position(&seen, at, "new link", |seen| seen.interface == "new0" && is_link(seen, false));
    at = position(&seen, at, "name", |seen| seen.interface == "eth0" && matches!(&seen.what, What::Renamed(from) if from == "new0"));
    at = position(&seen, at, "link up", |seen| seen.interface == "eth0" && is_link(seen, true));
    at = position(&seen, at, "RA", |seen| seen.interface == "eth0" && is_frame(seen, false, &frames::router_advertisement()));
    at = position(&seen, at, "Solicit", |seen| is_frame(seen, true, &frames::solicit()));
    at = position(&seen, at, "Advertise", |seen| is_frame(seen, false, &frames::advertise()));
    let set = |seen: &Seen, json: &str| matches!(&seen.what, What::Happened(happening) if serde_json::to_string(happening).unwrap().contains(json));
    at = position(&seen, at, "address", |seen| set(seen, r#"{"address":{"change":"set","address":"2001:db8::10","prefix_length":128"#));
    at = position(&seen, at, "route", |seen| {
        set(seen, r#"{"route":{"change":"set","route":{"destination":"::","prefix_length":0,"gateway":"fe80::1""#)
    });
    at = position(&seen, at, "prefix", |seen| set(seen, r#"{"change":"set","route":{"destination":"2001:db8:1::","prefix_length":64"#));
    at = position(&seen, at, "route's end", |seen| set(seen, r#"{"route":{"change":"gone","route":{"destination":"::","prefix_length":0"#));
    at = position(&seen, at, "forwarding", |seen| set(seen, r#"{"forwarding":true}"#));
    at = position(&seen, at, "forwarding off", |seen| set(seen, r#"{"forwarding":false}"#));
    at = position(&seen, at, "v6check's own frame", |seen| {
        matches!(&seen.what, What::Frame { out: true, bytes, .. }
        if Frame::parse(bytes).is_some_and(|(frame, _)| frame.flow_label == OWN_FLOW_LABEL))
    });
    at = position(&seen, at, "address's end", |seen| set(seen, r#"{"address":{"change":"gone","address":"2001:db8::10""#));
    at = position(&seen, at, "link down", |seen| seen.interface == "eth0" && is_link(seen, false));
    position(&seen, at, "end", |seen| matches!(&seen.what, What::Recording(text) if text == "ended"));

    assert!(seen.iter().all(|seen| !matches!(seen.what, What::Found(_) | What::Gap(_))), "nothing was there before, and nothing was missed");
    assert!(seen.iter().all(|seen| seen.interface != "lo"));
    let everywhere = |seen: &Seen| matches!(&seen.what, What::Happened(Happening::Route(change)) if change.route.destination.is_unicast_link_local());
    assert!(!seen.iter().any(everywhere), "routes that are everywhere are not told");
    assert!(seen.windows(2).all(|pair| pair[0].at_ns < pair[1].at_ns + 50_000_000), "times go on");
}

fn found() {
    let scene = Scene::make("found");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    scene.guest.ip(&format!("addr add {ADDRESS}/128 dev eth0 nodad")).unwrap();
    scene.guest.ip("route add default via fe80::1 dev eth0").unwrap();
    scene.guest.set(&[("ipv6/conf/eth0/forwarding", 1)]).unwrap();
    scene.record(&[]).end();
    let seen = read(&scene.recording());
    let found: Vec<&Happening> = seen
        .iter()
        .filter_map(|seen| match &seen.what {
            What::Found(happening) => Some(happening),
            _ => None,
        })
        .collect();
    assert!(found.iter().any(|it| matches!(it, Happening::Link(link) if link.up && link.carrier)), "{found:?}");
    assert!(found.iter().any(|it| matches!(it, Happening::Address(change) if change.address.to_string() == ADDRESS)), "{found:?}");
    assert!(found.iter().any(|it| matches!(it, Happening::Route(change) if change.route.is_default())), "{found:?}");
    assert!(found.iter().any(|it| matches!(it, Happening::Forwarding(true))), "{found:?}");
    assert!(seen.iter().all(|seen| !is_link(seen, true)), "it did not come up then");
}

fn filter() {
    let scene = Scene::make("filter");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    let all = frames::all();
    assert!(all.iter().all(|(_, bytes, wanted)| {
        v6check::capture::interesting(v6check::capture::link_type::ETHERNET, bytes) == *wanted || frames::KERNEL_LOOKS_LESS_FAR.contains(&bytes.len())
    }));
    let recorder = scene.record(&[]);
    for side in [(&scene.host, "tap0"), (&scene.guest, "eth0")] {
        Scene::send(side.0, side.1, &all.iter().map(|(_, bytes, _)| bytes.clone()).collect::<Vec<_>>());
    }
    recorder.end();
    let seen = read(&scene.recording());
    for (what, bytes, wanted) in &all {
        for out in [false, true] {
            let times = seen.iter().filter(|seen| is_frame(seen, out, bytes)).count();
            assert_eq!(times, usize::from(*wanted), "{what}, out: {out}");
        }
    }
    let long = frames::longest();
    let cut = |seen: &&Seen| matches!(&seen.what, What::Frame { wire_length, bytes, .. } if *wire_length as usize > bytes.len());
    assert!(all.iter().all(|(_, bytes, _)| bytes.len() < 2048) && long.len() > 2048 && !seen.iter().any(|it| cut(&it)));
}

fn opens() {
    let scene = Scene::make("opens");
    let recorder = scene.record(&[]);
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up mtu 9000").unwrap();
    scene.host.ip("link set tap0 mtu 9000").unwrap();
    Scene::send(&scene.host, "tap0", &[frames::router_advertisement(), frames::advertise(), frames::longest()]);
    recorder.end();
    let tool = |program: &str, arguments: &[&str], path: &str| {
        let output = needs::command(program).args(arguments).arg(path).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let path = scene.recording();
    let name = path.display().to_string();
    let (good, text) = tool("capinfos", &[], &name);
    assert!(
        good && text.contains("Name = eth0") && text.contains("Capture application: v6check") && text.contains("Time precision = nanoseconds"),
        "{text}"
    );
    let fields = ["-T", "fields", "-e", "_ws.col.Info", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-r"];
    let (good, text) = tool("tshark", &fields, &name);
    assert!(good && text.contains("eth0: the link is up"), "{text}");
    assert!(text.lines().any(|line| line.contains("Router Advertisement") && line.contains("eth0") && line.ends_with("0x00000001")), "{text}");
    assert!(text.lines().any(|line| line.contains("Advertise XID")), "{text}");

    let whole = read(&path);
    let long = whole.iter().find_map(|seen| match &seen.what {
        What::Frame { wire_length, bytes, .. } if bytes.len() == 2048 => Some(*wire_length),
        _ => None,
    });
    assert_eq!(long, u32::try_from(frames::longest().len()).ok(), "what is cut has its length");
    let bytes = fs::read(&path).unwrap();
    let cut = scene.file("cut.pcapng");
    for length in [bytes.len() - 1, bytes.len() - 200, bytes.len() / 2] {
        fs::write(&cut, &bytes[..length]).unwrap();
        let before = read_bytes(&bytes[..length]);
        assert!(before.len() < whole.len() && before[..] == whole[..before.len()], "whole up to the cut");
        let (_, text) = tool("tshark", &["-r"], &cut.display().to_string());
        let packets = before.iter().filter(|seen| seen.what != What::Section).count();
        assert_eq!(text.lines().count(), packets, "tshark reads it up to the cut: {text}");
    }
}

fn small() {
    const FRAMES: u32 = 20_000;
    let scene = Scene::make("small");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    let recorder = scene.record(&["--size", "1"]);
    scene.send_numbered(FRAMES);
    recorder.end();
    let path = scene.recording();
    assert!(fs::metadata(&path).unwrap().len() <= 1 << 20);
    let seen = read(&path);
    let numbers: Vec<u32> = seen
        .iter()
        .filter_map(|seen| match &seen.what {
            What::Frame { out: false, bytes, .. } => frames::number(bytes),
            _ => None,
        })
        .collect();
    assert_eq!((numbers[0], numbers[numbers.len() - 1]), (0, FRAMES - 1), "first and last are there");
    let missing: u32 = FRAMES - u32::try_from(numbers.len()).unwrap();
    let gaps: Vec<u64> = seen
        .iter()
        .filter_map(|seen| match &seen.what {
            What::Gap(frames) => Some(frames.unwrap()),
            _ => None,
        })
        .collect();
    assert!(missing > 1000);
    // The kernel's own frames may be among those that were left out.
    let told: u64 = gaps.iter().sum();
    assert!((u64::from(missing)..u64::from(missing) + 20).contains(&told), "{missing} are missing, {gaps:?} are told");
}

fn time_and_continued() {
    let scene = Scene::make("time");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    for round in 1..=2 {
        let began = std::time::Instant::now();
        let recorder = scene.record(&["--time", "1"]);
        Scene::send(&scene.host, "tap0", &[frames::router_advertisement()]);
        let ended = recorder.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&began.elapsed()), "{:?}", began.elapsed());
        let seen = read(&scene.recording());
        let count = |is: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| is(seen)).count();
        assert_eq!(count(&|seen| is_frame(seen, false, &frames::router_advertisement())), round, "nothing is lost when it is started again");
        assert_eq!(count(&|seen| matches!(&seen.what, What::Recording(text) if text == "ended")), round);
        assert_eq!(count(&|seen| matches!(seen.what, What::Section)), round);
    }
}

fn errors() {
    let scene = Scene::make("errors");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    for (path, why) in [("/proc/boot.pcapng", "cannot record to /proc/boot.pcapng"), ("/no/such/folder/it", "cannot record to /no/such/folder/it")] {
        let ended = scene.record_to(path, &[]).wait();
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.starts_with(&format!("v6check: {why}: ")) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    let disk = scene.small_disk();
    let recorder = scene.record_to(&disk.path("boot.pcapng").display().to_string(), &[]);
    scene.send_numbered(5000);
    let ended = recorder.wait();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("No space left on device") && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    let seen = read(&disk.path("boot.pcapng"));
    assert!(seen.iter().any(|seen| matches!(&seen.what, What::Frame { bytes, .. } if frames::number(bytes) == Some(0))), "what is there can be read");
    let without = needs::command("setpriv")
        .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", env!("CARGO_BIN_EXE_v6check"), "record", "--output"])
        .arg(scene.file("not.pcapng"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&without.stderr);
    assert!(without.status.code() == Some(2) && text.contains("CAP_NET_RAW is missing"), "{text}");
    assert!(!scene.file("not.pcapng").exists());
}

fn missed_news() {
    let scene = Scene::make("missed");
    scene.plug("eth0");
    scene.guest.ip("link set eth0 up").unwrap();
    let recorder = scene.record(&[]);
    recorder.signal("STOP");
    // More than the socket has room for while nobody reads it.
    let lines: String = (0..3000).flat_map(|number| ["add", "del"].map(|verb| format!("route {verb} 2001:db8:{number:x}::/64 dev eth0\n"))).collect();
    scene.guest.ip_batch(&lines).unwrap();
    scene.guest.ip("route add default via fe80::1 dev eth0").unwrap();
    recorder.signal("CONT");
    recorder.end();
    let seen = read(&scene.recording());
    let gap = position(&seen, 0, "gap", |seen| matches!(seen.what, What::Gap(None)));
    position(&seen, gap, "default route", |seen| matches!(&seen.what, What::Found(Happening::Route(change)) if change.route.is_default()));
}

fn live() {
    let scene = Scene::make("live");
    scene.plug("eth0");
    let follower = scene.run_again(FOLLOW);
    scene.guest.ip("link set eth0 up").unwrap();
    Scene::send(&scene.host, "tap0", &[frames::router_advertisement()]);
    Scene::send(&scene.guest, "eth0", &[frames::solicit()]);
    scene.check(&["-i", "eth0", "--timeout", "1"]);
    let ended = follower.end();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("found eth0 ") && lines[0].contains(r#"{"link":{"up":false"#), "{lines:#?}");
    assert_eq!(lines.last(), Some(&r#"ended Some("SIGTERM")"#));
    let events: Vec<Event> = lines.iter().filter_map(|line| serde_json::from_str(line.strip_prefix("eth0 ")?).ok()).collect();
    let direction = |bytes: &[u8]| {
        events.iter().find_map(|event| match &event.what {
            Happening::Frame(frame) if frame.bytes == bytes => Some(frame.direction),
            _ => None,
        })
    };
    assert_eq!(direction(&frames::router_advertisement()), Some(Direction::Received));
    assert_eq!(direction(&frames::solicit()), Some(Direction::Guest));
    assert!(events.iter().any(|event| matches!(&event.what, Happening::Frame(frame) if frame.direction == Direction::Sent)), "v6check's own");
    assert!(events.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us + 50_000));
}
