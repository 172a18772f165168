//! What the recorder costs: a boot, and a flood of traffic that is none of its business, beside tcpdump without a filter. Needs root, iproute2 and
//! tcpdump; all of it happens in network namespaces of its own.
//!
//! `cargo bench --bench record`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use v6check::capture::{Item, Reader};
use v6check_lab::Namespace;
use v6check_lab::needs;

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");
/// Arguments by which this program sends.
const FLOOD: &str = "flood";
const BOOT: &str = "boot";
const RATE: u64 = 200_000;
const LASTING: Duration = Duration::from_secs(5);
/// One frame in so many is interesting: twenty a second, more than any boot has.
const INTERESTING: u64 = 10_000;
const RUNS: usize = 3;
/// Bytes of a frame of the flood in tcpdump's file.
const TCPDUMP_RECORD: u64 = 16 + 14 + 20 + 8 + 64;
const SETTLE: Duration = Duration::from_millis(500);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(FLOOD) => return flood(),
        Some(BOOT) => return boot(),
        _ => {}
    }
    let (host, guest) = (Namespace::make("host")?, Namespace::make("guest")?);
    host.ip(&format!("link add tap0 type veth peer name eth0 netns {}", guest.name()))?;
    host.ip("link set tap0 up")?;
    guest.ip("link set eth0 up")?;
    // The guest has no such address: it throws away what is sent there, after every packet socket has seen it.
    host.ip("addr add 192.0.2.1/24 dev tap0")?;
    host.ip("neigh add 192.0.2.2 lladdr ff:ff:ff:ff:ff:ff dev tap0")?;
    sleep(Duration::from_secs(3));
    let folder = tempfile::tempdir()?;

    let recording = folder.path().join("boot.pcapng");
    let process = Process::start(recorder(&guest, &recording))?;
    send(&host, BOOT)?;
    let lines: String = (0..10)
        .map(|number| {
            let verbs = ["add", "del"];
            let address = verbs.map(|verb| format!("addr {verb} 2001:db8::{number}:1/128 dev eth0\n"));
            let route = verbs.map(|verb| format!("route {verb} 2001:db8:{number}::/64 dev eth0\n"));
            [&*address[0], &*route[0], &*route[1], &*address[1]].concat()
        })
        .collect();
    guest.ip_batch(&lines)?;
    sleep(SETTLE);
    let (boot_ms, memory_kib) = (process.cpu_ms()?, process.memory_kib()?);
    process.end()?;
    println!("a boot of 60 frames and 40 changes: {boot_ms:.1} ms of CPU (20 at the most), {memory_kib} KiB (6144 at the most)");
    fs::remove_file(&recording)?;

    let (mut kept, mut best) = (true, [f64::MAX; 2]);
    for _ in 0..RUNS {
        let process = Process::start(recorder(&guest, &recording))?;
        let before = process.cpu_ms()?;
        let (sent, interesting, rate) = send(&host, FLOOD)?;
        let ours_ms = process.cpu_ms()? - before;
        process.end()?;
        let (recorded, gaps) = counted(&recording)?;
        fs::remove_file(&recording)?;
        println!(
            "flood of {sent} frames at {rate} a second: {recorded} of {interesting} interesting ones recorded, {gaps} gaps, {ours_ms:.2} ms of CPU"
        );
        kept &= recorded == interesting && gaps == 0 && rate >= RATE * 9 / 10;

        let mut command = guest.command("tcpdump");
        command.args(["-Z", "root", "-n", "-i", "eth0", "-w"]).arg(folder.path().join("all.pcap"));
        let tcpdump = Process::start(command)?;
        sleep(SETTLE);
        let before = tcpdump.cpu_ms()?;
        let (_, _, rate) = send(&host, FLOOD)?;
        let theirs_ms = tcpdump.cpu_ms()? - before;
        // A packet that it drops costs it nothing.
        let written = fs::metadata(folder.path().join("all.pcap"))?.len() / TCPDUMP_RECORD;
        tcpdump.end()?;
        println!("  tcpdump without a filter at {rate} a second: {written} written, {theirs_ms:.1} ms");
        best = [best[0].min(ours_ms), best[1].min(theirs_ms)];
    }
    let [ours_ms, theirs_ms] = best;
    println!("CPU under the flood, the least of {RUNS}: v6check record {ours_ms:.2} ms, tcpdump {theirs_ms:.1} ms");
    println!("  ratio {:.2} % (3 at the most)", 100.0 * ours_ms / theirs_ms);
    if boot_ms > 20.0 || memory_kib > 6144 || !kept || ours_ms > 0.03 * theirs_ms {
        return Err("a bound is not kept".into());
    }
    Ok(())
}

fn recorder(guest: &Namespace, recording: &Path) -> Command {
    let mut command = guest.command(V6CHECK);
    command.args(["record", "--output"]).arg(recording);
    command
}

/// Sends from the host's namespace; how many frames, how many of them interesting, and how many a second.
fn send(host: &Namespace, what: &str) -> Result<(u64, u64, u64)> {
    let program = std::env::current_exe()?;
    let text = host.succeed(&program.display().to_string(), &[what])?;
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut number = || numbers.next().ok_or("a number is missing")?.map_err(Box::<dyn Error>::from);
    sleep(SETTLE);
    Ok((number()?, number()?, number()?))
}

/// A socket that sends to all nodes' DHCPv6 servers, whatever they are.
fn interesting_socket() -> Result<UdpSocket> {
    let index: u32 = fs::read_to_string("/sys/class/net/tap0/ifindex")?.trim().parse()?;
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
    socket.connect(SocketAddrV6::new(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), 547, 0, index))?;
    Ok(socket)
}

fn boot() -> Result<()> {
    let socket = interesting_socket()?;
    for _ in 0..60 {
        socket.send(&[1; 80])?;
        sleep(Duration::from_millis(10));
    }
    println!("60 60 0");
    Ok(())
}

fn flood() -> Result<()> {
    const BURST: u64 = 100;
    let interesting = interesting_socket()?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 2), 9))?;
    let began = Instant::now();
    let (mut sent, mut of_interest) = (0, 0);
    while began.elapsed() < LASTING {
        let due = began.elapsed().as_micros() * u128::from(RATE) / 1_000_000;
        if u128::from(sent) + u128::from(BURST) > due {
            continue;
        }
        for _ in 0..BURST {
            socket.send(&[0; 64])?;
            sent += 1;
            if sent % INTERESTING == 0 {
                interesting.send(&[1; 80])?;
                of_interest += 1;
            }
        }
    }
    println!("{sent} {of_interest} {}", sent * 1000 / u64::try_from(began.elapsed().as_millis())?);
    Ok(())
}

/// Frames to the DHCPv6 servers' port, and gaps.
fn counted(recording: &Path) -> Result<(u64, u64)> {
    let mut reader = Reader::new(File::open(recording)?)?;
    let (mut frames, mut gaps) = (0, 0);
    while let Some(item) = reader.next()? {
        match item {
            Item::Packet(packet) if packet.bytes.get(56..58) == Some(&547_u16.to_be_bytes()) => frames += 1,
            Item::Journal(fields) if fields.iter().any(|(name, _)| name == "V6CHECK_GAP") => gaps += 1,
            _ => {}
        }
    }
    Ok((frames, gaps))
}

/// A program in a namespace; `ip netns exec` becomes it, so that the process id is its own.
struct Process(Child);

impl Process {
    fn start(mut command: Command) -> Result<Self> {
        let process = Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        sleep(SETTLE);
        Ok(process)
    }

    /// How long it ran (Linux Documentation/scheduler/sched-stats.rst).
    fn cpu_ms(&self) -> Result<f64> {
        let mut text = String::new();
        File::open(format!("/proc/{}/schedstat", self.0.id()))?.read_to_string(&mut text)?;
        let nanoseconds: f64 = text.split_whitespace().next().ok_or("no run time")?.parse()?;
        Ok(nanoseconds / 1e6)
    }

    /// The most memory that it had.
    fn memory_kib(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no memory")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
    }

    fn end(mut self) -> Result<()> {
        needs::command("kill").args(["-s", "TERM", &self.0.id().to_string()]).status()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
