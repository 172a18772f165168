//! Prints, in one run: how long v6check takes to judge a large capture, beside the bare reading of the file and beside tshark with the
//! equivalent filter, and how much memory it needs for that.
//!
//! `cargo bench --bench capture`. Figures for people to read; no test depends on them.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "the figures are the output, and for people")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::Ipv6Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use pnet::util::MacAddr;
use v6check::capture::{Way, link_type, write};
use v6check::wire::frame::{Envelope, icmpv6, multicast_mac, udp};
use v6check::wire::ndp::router_solicitation;
use v6check_lab::needs;

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");
/// Bytes of the capture.
const SIZE: u64 = 200_000_000;
/// One frame of so many is of interest.
const ONE_IN: u64 = 100;
/// What v6check reads of a capture, in tshark's words.
const FILTER: &str =
    "(icmpv6.type >= 131 && icmpv6.type <= 137) || icmpv6.type == 143 || udp.port == 546 || udp.port == 547 || udp.port == 67 || udp.port == 68";
const RUNS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::TempDir::with_prefix("v6check-capture-")?;
    for (name, file) in [("pcap", folder.path().join("large.pcap")), ("pcapng", folder.path().join("large.pcapng"))] {
        let frames = make(&file, name == "pcapng")?;
        let megabytes = fs::metadata(&file)?.len() as f64 / 1e6;
        println!("{name}: {megabytes:.0} MB, {frames} frames, one in {ONE_IN} of interest; from the page cache, fastest of {RUNS}");
        let path = file.to_str().ok_or("a path that is no text")?;
        let reading = fastest(&["cat", path])?;
        println!("  cat {:>24.0} ms {:>8.2} GB/s", reading * 1e3, megabytes / 1e3 / reading);
        let ours = fastest(&[V6CHECK, "replay", path])?;
        println!("  v6check replay {:>13.0} ms {:>8.2} GB/s", ours * 1e3, megabytes / 1e3 / ours);
        let theirs = fastest(&["tshark", "-n", "-r", path, "-Y", FILTER])?;
        println!("  tshark with the same filter {theirs:>0.1} s: {:.0} times as long", theirs / ours);
        let peak = needs::command("time").args(["-q", "-f", "%M", V6CHECK, "replay", path, "--text", "/dev/null"]).output()?;
        println!("  peak memory of v6check {} KiB\n", String::from_utf8_lossy(&peak.stderr).trim());
    }
    Ok(())
}

/// The fewest seconds of a few runs, after one that brings the file into the page cache.
fn fastest(command: &[&str]) -> Result<f64> {
    let mut best = f64::MAX;
    for run in 0..=RUNS {
        let began = Instant::now();
        needs::command(command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if run > 0 {
            best = best.min(began.elapsed().as_secs_f64());
        }
    }
    Ok(best)
}

/// Writes a capture of other people's traffic with a guest's solicitations in it; returns how many frames it has.
fn make(path: &Path, pcapng: bool) -> Result<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mac = MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1);
    let (source, routers) = ("fe80::f816:3eff:fe00:1".parse()?, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2));
    let multicast = Envelope { source_mac: mac, destination_mac: multicast_mac(routers), source, destination: routers, hop_limit: 255 };
    let solicitation = icmpv6(&multicast, &router_solicitation(Some(mac)));
    let other = Envelope {
        source_mac: MacAddr(2, 0, 0, 0, 0, 1),
        destination_mac: MacAddr(2, 0, 0, 0, 0, 2),
        source: "2001:db8::1".parse()?,
        destination: "2001:db8::2".parse()?,
        hop_limit: 64,
    };
    let other: Vec<Vec<u8>> = [90, 400, 1000, 1400, 1400].iter().map(|length| udp(&other, 443, 40_000, &vec![0x5a; *length])).collect();
    if pcapng {
        file.write_all(&write::section("bench", ""))?;
        file.write_all(&write::interface(link_type::ETHERNET, 65_535, "tap0", "", None))?;
    } else {
        file.write_all(&[0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_ne_bytes).concat())?;
    }
    let (mut written, mut frames) = (0, 0);
    while written < SIZE {
        let frame = if frames % ONE_IN == 0 { &solicitation } else { &other[usize::try_from(frames)? % other.len()] };
        let at_ns = 1_700_000_000_000_000_000 + frames * 250_000;
        let length = u32::try_from(frame.len())?;
        let block = if pcapng {
            write::packet(0, at_ns, Way::In, length, frame)
        } else {
            let (seconds, micros) = (u32::try_from(at_ns / 1_000_000_000)?, u32::try_from(at_ns / 1000 % 1_000_000)?);
            [&[seconds, micros, length, length].map(u32::to_ne_bytes).concat()[..], frame].concat()
        };
        file.write_all(&block)?;
        written += block.len() as u64;
        frames += 1;
    }
    file.flush()?;
    Ok(frames)
}
