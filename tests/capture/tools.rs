//! Other people's tools: we read what tcpdump, dumpcap, editcap and mergecap write, and capinfos, tshark and tcpdump open what we write.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;
use v6check::capture::{Way, interesting, link_type};
use v6check_lab::needs;

use crate::{Owned, capture_file, items, own_file, packets};

/// What [`interesting`] lets pass, in Wireshark's words.
const INTERESTING: &str = "icmpv6.type in {131, 133..137, 143} || udp.port in {546, 547} && ipv6 || udp.port in {67, 68} && ip";

fn run(command: &mut Command) -> Output {
    command.env("TZ", "UTC").output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A tool that must succeed; what it says.
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = run(needs::command(name).args(arguments));
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A packet as tshark and we tell it: nanoseconds, length on the wire, captured length.
type Told = (u64, u32, usize);

fn tshark(path: &str, filter: &str) -> Vec<Told> {
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"];
    tool("tshark", &[&["-n", "-r", path, "-Y", filter][..], &fields].concat())
        .lines()
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            let (seconds, nanoseconds) = fields[0].split_once('.').unwrap();
            let at_ns = seconds.parse::<u64>().unwrap() * 1_000_000_000 + nanoseconds.parse::<u64>().unwrap();
            (at_ns, fields[1].parse().unwrap(), fields[2].parse().unwrap())
        })
        .collect()
}

/// The packets of a file as we tell them: all, and those that are interesting.
fn ours(path: &str) -> (Vec<Told>, Vec<Told>) {
    let (mut all, mut wanted) = (Vec::new(), Vec::new());
    let read = crate::read(&fs::read(path).unwrap());
    assert!(read.error.is_none(), "{path}: {:?}", read.error);
    for item in read.items {
        if let Owned::Packet { link_type, at_ns, wire_length, bytes, .. } = item {
            all.push((at_ns, wire_length, bytes.len()));
            if interesting(link_type, &bytes) {
                wanted.push((at_ns, wire_length, bytes.len()));
            }
        }
    }
    (all, wanted)
}

/// Reads a file as tshark does.
fn same_as_tshark(path: &str) -> Vec<Told> {
    let (all, wanted) = ours(path);
    assert_eq!(all, tshark(path, "frame"), "{path}");
    assert_eq!(wanted, tshark(path, INTERESTING), "{path}");
    wanted
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn captured() -> Vec<capture_file::Captured> {
    // A packet that is not ours among them, tagged and untagged.
    let other: &[u8] =
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let frames = packets::all().into_iter().flat_map(|(_, frame)| {
        let tagged = [&frame[..12], &[0x81, 0, 0, 7], &frame[12..]].concat();
        let twice = [&frame[..12], &[0x88, 0xa8, 0, 9, 0x81, 0, 0, 7], &frame[12..]].concat();
        [frame, tagged, twice, other.to_vec()]
    });
    (0..).map(|count| 1_700_000_000_123_456_000 + count * 1_001_000).zip(frames).map(|(at_ns, frame)| (at_ns, Way::In, frame)).collect()
}

#[test]
fn files_of_editcap_and_mergecap() {
    let folder = tempfile::tempdir().unwrap();
    let source = path(&folder, "source.pcap");
    fs::write(&source, capture_file::pcap(link_type::ETHERNET, &captured())).unwrap();
    let all = same_as_tshark(&source);
    assert_eq!(all.len(), 3 * packets::all().len());
    let mut made = Vec::new();
    for (name, options) in [
        ("micro.pcap", &["-F", "pcap"][..]),
        ("nano.pcap", &["-F", "nsecpcap"]),
        ("next.pcapng", &["-F", "pcapng"]),
        ("cut.pcapng", &["-F", "pcapng", "-s", "70"]),
        ("cut.pcap", &["-F", "pcap", "-s", "80"]),
        // Without their Ethernet header: raw IP, where it was not tagged.
        ("raw.pcap", &["-F", "pcap", "-C", "14", "-L", "-T", "rawip"]),
    ] {
        let target = path(&folder, name);
        tool("editcap", &[options, &[&source, &target]].concat());
        if name != "raw.pcap" {
            let told = same_as_tshark(&target);
            assert!(name.starts_with("cut") || told == all, "{name}");
        }
        made.push(target);
    }
    let raw = ours(&made[5]);
    assert_eq!((raw.0.len(), raw.1.len()), (captured().len(), packets::all().len()));
    // An interface for every file, with their own link types and snapshot lengths.
    let merged = path(&folder, "merged.pcapng");
    tool("mergecap", &[&["-I", "none", "-w", &merged][..], &made.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    let (told, _) = ours(&merged);
    assert_eq!(told, tshark(&merged, "frame"));
    let interfaces = items(&fs::read(&merged).unwrap()).into_iter().filter(|item| matches!(item, Owned::Interface(..))).count();
    assert_eq!(interfaces, made.len());
}

/// Captures of a link that comes up, in a network namespace that ends with the script: the kernel speaks without being asked.
const LIVE: &str = "
    set -eu
    ip link add v6c0 type veth peer name v6c1
    ip link set v6c0 up
    captures=
    capture() { \"$@\" 2>>log & captures=\"$captures $!\"; }
    capture tcpdump -Z root -U --immediate-mode -i any -y LINUX_SLL2 -w sll2.pcap
    capture tcpdump -Z root -U --immediate-mode -i any -y LINUX_SLL -w sll.pcap
    capture tcpdump -Z root -U --immediate-mode -i v6c0 --time-stamp-precision=nano -w nano.pcap
    capture dumpcap -q -i v6c0 -w dumpcap.pcapng
    tries=0
    until [ -s sll2.pcap ] && [ -s sll.pcap ] && [ -s nano.pcap ] && [ -s dumpcap.pcapng ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { cat log >&2; exit 1; }
        sleep 0.1
    done
    ip link set v6c1 up
    tries=0
    for capture in sll2.pcap sll.pcap nano.pcap dumpcap.pcapng; do
        until tcpdump -n -r $capture 2>>log | grep -q 'router solicitation'; do
            tries=$((tries + 1))
            [ $tries -lt 600 ] || { cat log >&2; exit 1; }
            sleep 0.1
        done
    done
    kill -INT $captures
    wait
";

#[test]
fn live_captures_of_tcpdump_and_dumpcap() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(needs::command("unshare").args(["--net", "sh", "-c", LIVE]).current_dir(folder.path()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (name, link, both_ways) in [
        ("sll2.pcap", link_type::LINUX_SLL2, true),
        ("sll.pcap", link_type::LINUX_SLL, true),
        ("nano.pcap", link_type::ETHERNET, false),
        ("dumpcap.pcapng", link_type::ETHERNET, false),
    ] {
        let path = path(&folder, name);
        assert!(!same_as_tshark(&path).is_empty(), "{name}");
        let mut solicitations = 0;
        let (mut sent, mut received) = (0, 0);
        for item in items(&fs::read(&path).unwrap()) {
            let Owned::Packet { link_type, way, bytes, .. } = item else { continue };
            assert_eq!(link_type, link, "{name}");
            match way {
                Some(Way::Out) => sent += 1,
                Some(Way::In) => received += 1,
                None => {}
            }
            let frame = v6check::capture::ethernet(link, &bytes).unwrap();
            if let Some((frame, _)) = v6check::wire::frame::Frame::parse(&frame)
                && let v6check::wire::frame::Payload::Icmpv6 { message, .. } = frame.payload
                && message.first() == Some(&133)
            {
                solicitations += 1;
                assert_ne!(frame.source_mac, pnet::util::MacAddr::zero(), "{name}");
                assert_eq!(frame.destination_mac.to_string(), "33:33:00:00:00:02", "{name}");
            }
        }
        assert!(solicitations > 0, "{name} has no solicitation");
        assert_eq!((sent > 0, received > 0), (both_ways, both_ways), "{name}");
    }
}

#[test]
fn wireshark_shows_our_journal_entries_among_the_packets() {
    let folder = tempfile::tempdir().unwrap();
    let own = path(&folder, "own.pcapng");
    fs::write(&own, own_file()).unwrap();
    let list = tool("tshark", &["-n", "-r", &own]);
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), 4, "{list}");
    assert!(lines[0].contains("systemd Journal") && lines[0].contains("recording began"), "{list}");
    assert!(lines[1].contains("Router Solicitation"), "{list}");
    assert!(lines[3].contains("systemd Journal") && lines[3].contains("eth0: address"), "{list}");
    let details = tool("tshark", &["-n", "-r", &own, "-V"]);
    for told in ["V6CHECK_INTERFACE", r#"{"address":"a\nb"}"#, "Interface name: eth0", "Interface description: index 3", "Direction: Outbound (0x2)"]
    {
        assert!(details.contains(told), "no {told} in {details}");
    }
    assert!(tool("capinfos", &[&own]).contains("boot_id=6f1c8a52"));
    assert!(tool("tcpdump", &["-n", "-r", &own]).contains("router solicitation"));
}

/// A tool may say that the file is cut, and must open it and show what is whole.
fn opens(name: &str, arguments: &[&str], shown: usize) {
    let output = run(needs::command(name).args(arguments));
    let error = String::from_utf8_lossy(&output.stderr);
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    assert!(lines == shown, "{name} {arguments:?} shows {lines}, not {shown}: {error}");
    assert!(output.status.success() || error.contains("cut short") || error.contains("truncated"), "{name} {arguments:?}: {error}");
}

#[test]
fn a_recording_of_ours_cut_off_anywhere_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = own_file();
    // Behind the section's header and the next block's type and length; before, Wireshark's tools say that it is cut, and there is nothing to show.
    let header = u32::from_ne_bytes(file[4..8].try_into().unwrap()) as usize + 8;
    let mut cuts = Vec::new();
    for length in header..file.len() {
        let name = path(&folder, &format!("{length}.pcapng"));
        fs::write(&name, &file[..length]).unwrap();
        cuts.push((length, name));
    }
    let names: Vec<_> = cuts.iter().map(|(_, name)| name.as_str()).collect();
    let infos = run(needs::command("capinfos").args(["-T", "-r", "-c"]).args(&names));
    let infos = String::from_utf8(infos.stdout).unwrap();
    for ((length, name), info) in cuts.iter().zip(infos.lines()) {
        let told = ours(name).0.len();
        assert_eq!(info, format!("{name}\t{told}"), "capinfos counts our packets");
        // tshark shows the journal too; it starts slowly, so it sees every tenth cut.
        if length % 10 == 0 {
            let shown = crate::read(&file[..*length]).items.iter().filter(|item| matches!(item, Owned::Packet { .. } | Owned::Journal(_))).count();
            opens("tshark", &["-n", "-r", name], shown);
        }
        // libpcap wants to know the link type first.
        if crate::read(&file[..*length]).items.iter().any(|item| matches!(item, Owned::Interface(..))) {
            opens("tcpdump", &["-n", "-r", name], told);
        }
    }
    assert_eq!(infos.lines().count(), cuts.len(), "capinfos opens all");
}
