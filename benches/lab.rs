//! Prints, in one run on this machine's lab: how long v6check takes on a good guest beside other programs that ask the same, how much later
//! than the slowest needed answer its report is out, what 64 NICs cost beside one, what a replay costs, how large the program is, and whether it
//! starts where there is nothing else.
//!
//! `cargo bench --bench lab`, as root. Figures for people to read; no test depends on them.
#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use v6check_lab::needs;
use v6check_lab::{CalicoLink, Guest, LabError, Range, Responder, respond, run};

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");
const LIMIT: Duration = Duration::from_mins(2);
const MANY: usize = 64;
const RUNS: usize = 20;
/// Has this program be the server instead.
const RESPOND: &str = "respond";

/// Times `"$@"` from inside, so that entering the guest is not counted: microseconds of the wall clock, fork and exec included.
const STOPWATCH: &str = r#"before=$EPOCHREALTIME; "$@" >/dev/null 2>&1; after=$EPOCHREALTIME
echo $(( ${after/[.,]/} - ${before/[.,]/} ))"#;

/// The same until the report is out: until the pipe `$1` has its first byte, since a report that fits into a pipe is written in one piece. What
/// the program does after that, such as closing packet sockets, nobody waits for.
const REPORT_WATCH: &str = r#"pipe=$1; shift; rm -f "$pipe"; mkfifo "$pipe"; exec 3<>"$pipe"
before=$EPOCHREALTIME; "$@" --text "$pipe" >/dev/null 2>&1 &
read -r -N 1 -u 3; after=$EPOCHREALTIME; wait
echo $(( ${after/[.,]/} - ${before/[.,]/} ))"#;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, ready] = &arguments[..]
        && word == RESPOND
    {
        return Ok(respond(Path::new(ready))?);
    }
    // Cargo runs benchmarks among the tests as well (`cargo test --benches`), where nobody reads figures.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let (_link, mut good) = guest(1, true)?;
    good.wait_for_address("eth0")?;
    good.wait_for_default_route("eth0")?;

    println!("One NIC, good guest, wall clock in ms: median (fastest..slowest) of n runs");
    let facts = good.path("facts.json").display().to_string();
    time(&good, "v6check", 20, &[V6CHECK])?;
    time(&good, "v6check --passive", 20, &[V6CHECK, "--passive"])?;
    time(&good, "rdisc6 -1 eth0", 20, &["rdisc6", "-1", "eth0"])?;
    time(&good, "nmap --script broadcast-dhcp6-discover", 3, &["nmap", "--script", "broadcast-dhcp6-discover", "-e", "eth0"])?;
    report_after_answer(&mut good, "v6check")?;

    println!("\nNICs without a client, dnsmasq as the one server: it takes one request after the other");
    let (mut one_link, mut one) = guest(1, false)?;
    let (mut many_link, mut many) = guest(MANY, false)?;
    compare(&mut one, &mut many)?;
    println!("\nThe same, and a server that answers at once");
    let _responders = [replace_server(&mut one_link, &one)?, replace_server(&mut many_link, &many)?];
    compare(&mut one, &mut many)?;

    println!("\nReplay");
    time(&good, "v6check replay", 20, &[V6CHECK, "replay", &facts])?;
    let peak = run(needs::command("time").args(["-q", "-f", "%M", V6CHECK, "replay", &facts, "--text", "/dev/null"]), "", LIMIT)?;
    println!("  peak memory {} KiB", peak.stderr.trim());

    println!("\nProgram");
    println!("  {} bytes", fs::metadata(V6CHECK)?.len());
    println!("  in an empty chroot: {}", in_empty_chroot()?);
    Ok(())
}

/// A booted guest with NICs on one compute host.
fn guest(nics: usize, dhcpv6: bool) -> std::result::Result<(CalicoLink, Guest), LabError> {
    let mut guest = Guest::make()?;
    let mut link = CalicoLink::make(Range::Stateful)?;
    for number in 0..nics {
        let name = format!("eth{number}");
        link.plug(&mut guest, &name)?;
        guest.nic(&name)?.dhcpv6 = dhcpv6;
    }
    link.serve()?;
    guest.boot()?;
    for number in 0..nics {
        guest.wait_for_default_route(&format!("eth{number}"))?;
    }
    Ok((link, guest))
}

/// What many NICs take beside one.
fn compare(one: &mut Guest, many: &mut Guest) -> Result<()> {
    // The first question of a NIC is the one for which dnsmasq must first find out its MAC address.
    one.v6check(&[V6CHECK], &[])?;
    let single = report_after_answer(one, "v6check, 1 NIC")?;
    many.v6check(&[V6CHECK], &[])?;
    let all = report_after_answer(many, &format!("v6check, {MANY} NICs"))?;
    println!("  {:<40} {:>8.1}", format!("{MANY} NICs minus 1 NIC"), all - single);
    time(one, "v6check --passive, 1 NIC", 10, &[V6CHECK, "--passive"])?;
    time(many, &format!("v6check --passive, {MANY} NICs"), 10, &[V6CHECK, "--passive"])?;
    Ok(())
}

/// Puts this program in dnsmasq's place.
fn replace_server(link: &mut CalicoLink, guest: &Guest) -> Result<Responder> {
    link.silence();
    let ready = guest.path("responder");
    let program = std::env::current_exe()?;
    Ok(Responder::start(link.router(), &program, &[RESPOND, &ready.display().to_string()], &ready)?)
}

/// Prints and returns the median of the whole run of a command.
fn time(guest: &Guest, name: &str, runs: usize, command: &[&str]) -> Result<f64> {
    repeat(name, runs, || stopwatch(guest, STOPWATCH, command))
}

/// Prints how long it takes until the report is out, when the slowest needed answer was there, and how long after it the report is out. Returns
/// the first, as a median.
fn report_after_answer(guest: &mut Guest, name: &str) -> Result<f64> {
    let pipe = guest.path("report-pipe").display().to_string();
    let out = repeat(&format!("{name}: report is out"), RUNS, || stopwatch(guest, REPORT_WATCH, &[&pipe, V6CHECK]))?;
    let answer = repeat("slowest needed answer", RUNS, || slowest_answer(guest))?;
    println!("  {:<40} {:>8.1}", "report minus answer", out - answer);
    Ok(out)
}

/// What a script of bash prints in the guest: microseconds, returned as milliseconds.
fn stopwatch(guest: &Guest, script: &str, arguments: &[&str]) -> Result<f64> {
    let mut stopwatch = guest.command("bash");
    stopwatch.args(["-c", script, "stopwatch"]).args(arguments);
    let output = run(&mut stopwatch, "", LIMIT)?;
    let microseconds: f64 = output.stdout.trim().parse().map_err(|error| format!("{arguments:?}: {error}: {}", output.stderr))?;
    Ok(microseconds / 1000.0)
}

/// Measures several times. Prints the figures and returns their median.
fn repeat(name: &str, runs: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut times = (0..runs).map(|_| measure()).collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    let (fastest, median, slowest) = (times[0], times[runs / 2], times[runs - 1]);
    println!("  {name:<40} {median:>8.1} ({fastest:.1}..{slowest:.1}) of {runs}");
    Ok(median)
}

/// The time until the slowest conversation of a run had its answer, in milliseconds.
fn slowest_answer(guest: &mut Guest) -> Result<f64> {
    let path = guest.path("facts.json");
    guest.v6check(&[V6CHECK], &["--save", &path.display().to_string()])?;
    let facts: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let answered = |conversation: &Value| {
        let frames = conversation["seen"]["frames"].as_array()?;
        frames.iter().filter(|frame| frame["direction"] == "received").filter_map(|frame| frame["at_us"].as_f64()).reduce(f64::min)
    };
    let networks = facts["interfaces"].as_object().into_iter().flatten().map(|(_, interface)| &interface["tenses"]["network"]);
    let times = networks.flat_map(|network| [answered(&network["router"]), answered(&network["server"])]);
    Ok(times.flatten().reduce(f64::max).ok_or("nobody answered")? / 1000.0)
}

fn in_empty_chroot() -> Result<String> {
    let root = tempfile::TempDir::with_prefix("v6check-chroot-")?;
    fs::copy(V6CHECK, root.path().join("v6check"))?;
    let output = run(needs::command("chroot").arg(root.path()).args(["/v6check", "--version"]), "", LIMIT)?;
    let inside = fs::read_dir(root.path())?.count();
    let verdict = if output.code == Some(0) { "starts" } else { "does not start" };
    Ok(format!("{verdict}, {inside} file in it, says {:?}", output.stdout.trim()))
}
