//! Boots: guests that record since before they have a link, each good or with one thing wrong, and what must be said of the boot; by the
//! guest's own recording, and by tcpdump's capture of the compute host's end of the link.

use std::fs::{self, File};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use v6check_lab::needs;
use v6check_lab::{CalicoLink, Capture, Daemon, Guest, Host, LabError, Port, Range, STATE_LIMIT, Stack, poll};

use crate::cells::V6CHECK;
use crate::expectation::{FAIL, INCONCLUSIVE, PASS, SKIP};
use crate::tshark;

/// A verdict other than pass on a requirement about the boot: id, NIC (`*` for each), verdict, whose fault, a word of its message.
type Deviation = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// The requirements about the boot.
const ABOUT_THE_BOOT: [&str; 5] = ["rs-at-boot", "ra-received-at-boot", "dhcpv6-at-boot", "dhcpv6-exchange-completed", "dad-before-use"];

/// As long as a client may start and still start at boot, by `checks/boot/dhcpv6-at-boot.toml`, and a little more.
const PAST_THE_WINDOW: Duration = Duration::from_secs(63);
/// A guest that lacks something is old enough after this that its client has asked several times.
const SEVERAL_SOLICITS: Duration = Duration::from_secs(12);

/// One boot.
pub(crate) struct Boot {
    pub(crate) name: &'static str,
    nics: &'static [&'static str],
    act: fn(&mut Stage) -> Result<(), LabError>,
    deviations: &'static [Deviation],
}

const ETH0: &[&str] = &["eth0"];
const TWO: &[&str] = &["eth0", "eth1"];
const ETH1_SILENT: &[Deviation] =
    &[("dhcpv6-at-boot", "eth1", FAIL, "guest", "solicit"), ("dhcpv6-exchange-completed", "eth1", FAIL, "guest", "solicit")];

/// Those that take long are first, so that the others run beside them.
pub(crate) const BOOTS: &[Boot] = &[
    Boot { name: "boot-one-of-two-silent", nics: TWO, act: |stage| one_silent(stage, Stack::Ifupdown), deviations: ETH1_SILENT },
    Boot { name: "boot-one-of-two-silent-networkmanager", nics: TWO, act: |stage| one_silent(stage, Stack::NetworkManager), deviations: ETH1_SILENT },
    Boot { name: "boot-client-by-hand-later", nics: ETH0, act: by_hand_later, deviations: &[("dhcpv6-at-boot", "*", FAIL, "guest", "after")] },
    Boot {
        name: "boot-server-silent",
        nics: ETH0,
        act: server_silent,
        deviations: &[("ra-received-at-boot", "*", FAIL, "network", ""), ("dhcpv6-exchange-completed", "*", FAIL, "network", "advertise")],
    },
    Boot {
        name: "boot-never-requests",
        nics: ETH0,
        act: never_requests,
        deviations: &[("dhcpv6-exchange-completed", "*", FAIL, "guest", "request")],
    },
    refused("boot-server-refuses", |stage| refuses(stage, Stack::Ifupdown)),
    refused("boot-server-refuses-dhcpcd", |stage| refuses(stage, Stack::Dhcpcd)),
    refused("boot-server-refuses-networkd", |stage| refuses(stage, Stack::Networkd)),
    refused("boot-server-refuses-networkmanager", |stage| refuses(stage, Stack::NetworkManager)),
    dropped("boot-advertise-dropped", |stage| drops(stage, Stack::Ifupdown)),
    dropped("boot-advertise-dropped-dhcpcd", |stage| drops(stage, Stack::Dhcpcd)),
    // Its Solicits ask for a Reply at once (Rapid Commit).
    dropped("boot-advertise-dropped-networkd", |stage| drops(stage, Stack::Networkd)),
    dropped("boot-advertise-dropped-networkmanager", |stage| drops(stage, Stack::NetworkManager)),
    duplicated("boot-duplicate-address", |stage| duplicate(stage, Stack::Ifupdown)),
    duplicated("boot-duplicate-address-dhcpcd", |stage| duplicate(stage, Stack::Dhcpcd)),
    duplicated("boot-duplicate-address-networkd", |stage| duplicate(stage, Stack::Networkd)),
    duplicated("boot-duplicate-address-networkmanager", |stage| duplicate(stage, Stack::NetworkManager)),
    good("boot-server-late", |stage| server_late(stage, Stack::Ifupdown)),
    good("boot-server-late-dhcpcd", |stage| server_late(stage, Stack::Dhcpcd)),
    good("boot-server-late-networkd", |stage| server_late(stage, Stack::Networkd)),
    good("boot-server-late-networkmanager", |stage| server_late(stage, Stack::NetworkManager)),
    good("boot-first-rs-lost", |stage| first_rs_lost(stage, Stack::Ifupdown)),
    good("boot-first-rs-lost-dhcpcd", |stage| first_rs_lost(stage, Stack::Dhcpcd)),
    good("boot-first-rs-lost-networkd", |stage| first_rs_lost(stage, Stack::Networkd)),
    good("boot-first-rs-lost-networkmanager", |stage| first_rs_lost(stage, Stack::NetworkManager)),
    good("boot-good-dhclient", |stage| up(stage, Stack::Ifupdown)),
    good("boot-good-dhcpcd", |stage| up(stage, Stack::Dhcpcd)),
    good("boot-good-networkd", |stage| up(stage, Stack::Networkd)),
    good("boot-good-networkmanager", |stage| up(stage, Stack::NetworkManager)),
];

const fn good(name: &'static str, act: fn(&mut Stage) -> Result<(), LabError>) -> Boot {
    Boot { name, nics: ETH0, act, deviations: &[] }
}

const fn refused(name: &'static str, act: fn(&mut Stage) -> Result<(), LabError>) -> Boot {
    Boot { name, nics: ETH0, act, deviations: &[("dhcpv6-exchange-completed", "*", FAIL, "network", "noaddrsavail")] }
}

const fn duplicated(name: &'static str, act: fn(&mut Stage) -> Result<(), LabError>) -> Boot {
    Boot { name, nics: ETH0, act, deviations: &[("dhcpv6-exchange-completed", "*", FAIL, "network", "duplicate")] }
}

/// The message that it tells by has to name the firewall.
const fn dropped(name: &'static str, act: fn(&mut Stage) -> Result<(), LabError>) -> Boot {
    Boot { name, nics: ETH0, act, deviations: &[("dhcpv6-exchange-completed", "*", FAIL, "guest", "firewall")] }
}

/// A guest that records, and a compute host whose taps are captured.
pub(crate) struct Stage {
    guest: Guest,
    link: CalicoLink,
    ports: Vec<(&'static str, Port)>,
    /// What the lab started in the guest besides its clients.
    programs: Vec<Daemon>,
}

impl Stage {
    /// The recorder runs before there is a link; tcpdump before the link is up.
    fn set(nics: &[&'static str]) -> Result<(Self, Vec<Capture>), LabError> {
        let mut guest = Guest::make()?;
        guest.record(V6CHECK)?;
        let mut link = CalicoLink::make(Range::Stateful)?;
        let (mut ports, mut captures) = (Vec::new(), Vec::new());
        for nic in nics {
            let port = link.plug(&mut guest, nic)?;
            captures.push(link.capture(&port, &[])?);
            ports.push((*nic, port));
        }
        Ok((Self { guest, link, ports, programs: Vec::new() }, captures))
    }
}

impl Stage {
    /// Has something unrelated go over the link, as on any link: that is what shows how far a capture of another program reaches.
    fn chat(&self, port: &Port) -> Result<(), LabError> {
        let before = self.link.captured(port)?;
        poll("the capture has something unrelated", STATE_LIMIT, || {
            // Whether it is answered does not matter.
            let _ = self.link.router().succeed("ping", &["-c", "1", "-W", "1", "-I", &port.tap, "ff02::1"]);
            Ok(self.link.captured(port)? > before)
        })
    }
}

fn up(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    stage.link.serve()?;
    stage.guest.boot_by(stack)?;
    stage.guest.wait_for_default_route("eth0")?;
    stage.guest.wait_for_global("eth0")
}

/// The compute host does not hear the first Router Solicitation: its end of the link is not set up yet.
fn lose_first_rs(stage: &Stage) -> Result<(), LabError> {
    stage.link.router().nft(
        "table ip6 late {\n chain input {\n  type filter hook input priority -300; policy accept;\n  \
         icmpv6 type nd-router-solicit quota until 100 bytes drop\n }\n}\n",
    )
}

fn first_rs_lost(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    lose_first_rs(stage)?;
    up(stage, stack)
}

fn server_late(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    let began = Instant::now();
    stage.guest.boot_by(stack)?;
    sleep(Duration::from_secs(8).saturating_sub(began.elapsed()));
    stage.link.serve()?;
    stage.guest.wait_for_default_route("eth0")?;
    stage.guest.wait_for_global("eth0")
}

/// dhcpcd sets no route before it has an address.
fn without_address(stage: &Stage, stack: Stack) -> Result<(), LabError> {
    if stack != Stack::Dhcpcd {
        stage.guest.wait_for_default_route("eth0")?;
    }
    stage.guest.wait_for_age(SEVERAL_SOLICITS)
}

fn drops(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    stage
        .guest
        .namespace()
        .nft("table inet filter {\n chain input {\n  type filter hook input priority filter; policy accept;\n  udp dport 546 drop\n }\n}\n")?;
    stage.link.serve()?;
    stage.guest.boot_by(stack)?;
    without_address(stage, stack)
}

fn one_silent(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    stage.guest.nic("eth1")?.dhcpv6 = false;
    up(stage, stack)?;
    stage.guest.wait_for_age(PAST_THE_WINDOW)
}

fn by_hand_later(stage: &mut Stage) -> Result<(), LabError> {
    stage.guest.nic("eth0")?.dhcpv6 = false;
    stage.link.serve()?;
    stage.guest.boot_by(Stack::Ifupdown)?;
    stage.guest.wait_for_age(PAST_THE_WINDOW)?;
    stage.guest.start_dhclient("eth0")?;
    stage.guest.wait_for_address("eth0")
}

/// The server does not know the guest's MAC address.
fn refuses(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    let address = stage.ports[0].1.address;
    stage.link.serve_hosts(vec![Host { mac: "fa:16:3e:99:99:99".into(), address }])?;
    stage.guest.boot_by(stack)?;
    without_address(stage, stack)
}

fn server_silent(stage: &mut Stage) -> Result<(), LabError> {
    stage.guest.boot_by(Stack::Ifupdown)?;
    stage.guest.wait_for_age(PAST_THE_WINDOW)
}

/// A client that solicits once, takes the Advertise, and leaves it at that.
fn never_requests(stage: &mut Stage) -> Result<(), LabError> {
    const CLIENT: &str = "
import socket, struct, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
s.bind(('::', 546))
option = lambda code, data: struct.pack('!HH', code, len(data)) + data
duid = bytes.fromhex('00030001fa163e000001')
solicit = b'\\x01\\x12\\x34\\x56' + option(1, duid) + option(8, b'\\0\\0') + option(6, b'\\0\\x52') + option(3, struct.pack('!III', 1, 0, 0))
s.sendto(solicit, ('ff02::1:2', 547, 0, socket.if_nametoindex('eth0')))
s.recv(2000)
print('advertised', flush=True)
time.sleep(1000)
";
    stage.guest.nic("eth0")?.dhcpv6 = false;
    stage.link.serve()?;
    stage.guest.boot_by(Stack::Ifupdown)?;
    stage.guest.wait_for_default_route("eth0")?;
    // The first Router Advertisement may come before the address can be sent from.
    stage.guest.wait_for("eth0", "a usable link-local address", |address| address["scope"] == "link" && address["tentative"] != true)?;
    let log = File::create(stage.guest.path("client.log")).map_err(LabError::io("the client's log"))?;
    stage.programs.push(Daemon::start(stage.guest.command("python3").args(["-c", CLIENT]), &log)?);
    let says = || fs::read_to_string(stage.guest.path("client.log")).unwrap_or_default();
    poll("the client has an Advertise", STATE_LIMIT, || Ok(says().contains("advertised")))
        .map_err(|error| LabError::Refused(format!("{error}: {}", says())))?;
    stage.guest.wait_for_age(SEVERAL_SOLICITS + Duration::from_secs(8))
}

/// The compute host's end of the link answers for the guest's address.
fn duplicate(stage: &mut Stage, stack: Stack) -> Result<(), LabError> {
    let port = &stage.ports[0].1;
    stage.link.router().ip(&format!("addr add {}/128 dev {} nodad noprefixroute", port.address, port.tap))?;
    stage.link.serve()?;
    stage.guest.boot_by(stack)?;
    let server = stage.link.server()?.0;
    poll("the server gives the address", STATE_LIMIT, || Ok(server.log().contains("DHCPREPLY")))?;
    without_address(stage, stack)
}

/// Boots the guest and compares what is said of its boot. The error tells every difference.
pub(crate) fn run(boot: &Boot) -> Result<(), String> {
    let lab = |error: LabError| format!("the lab: {error}");
    let (mut stage, mut captures) = Stage::set(boot.nics).map_err(lab)?;
    (boot.act)(&mut stage).map_err(lab)?;
    let mut wrong = Vec::new();
    for ((nic, port), capture) in stage.ports.iter().zip(&mut captures) {
        stage.chat(port).map_err(lab)?;
        // Before v6check asks anything itself, so that the two captures end alike.
        let file = capture.end().map_err(lab)?;
        let (code, report) = replay(file)?;
        wrong.extend(compare(&report, &port.mac, nic, boot.deviations).into_iter().map(|what| format!("replay of {nic}'s tap: {what}")));
        if code != report["summary"]["exit_code"] {
            wrong.push(format!("replay of {nic}'s tap: exit code {code} beside {}", report["summary"]["exit_code"]));
        }
        wrong.extend(tshark::differences(file)?);
    }
    let run = stage.guest.v6check(&[V6CHECK], &[]).map_err(lab)?;
    let said = format!("exit code {:?}\n{}{}", run.code, run.stdout, run.stderr);
    let report = run.report.as_ref().ok_or_else(|| format!("no report: {said}"))?;
    for (nic, _) in &stage.ports {
        wrong.extend(compare(report, nic, nic, boot.deviations).into_iter().map(|what| format!("the guest's recording: {what}")));
    }
    wrong.extend(tshark::differences(&stage.guest.end_recording().map_err(lab)?)?);
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n\n{said}", wrong.join("\n"))) }
}

/// Exit code and JSON report of `v6check replay`.
fn replay(capture: &Path) -> Result<(i32, Value), String> {
    let output = needs::command(V6CHECK).arg("replay").arg(capture).args(["--json", "-"]).output().map_err(|error| error.to_string())?;
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {}", said()))?;
    Ok((output.status.code().ok_or_else(said)?, report))
}

/// How what `report` says of the boot of `interface`, the guest's `nic`, differs from what it must say.
fn compare(report: &Value, interface: &str, nic: &str, deviations: &[Deviation]) -> Vec<String> {
    let mut wrong = Vec::new();
    for id in ABOUT_THE_BOOT {
        let mut results = report["results"].as_array().into_iter().flatten();
        let Some(result) = results.find(|result| result["id"] == id && result["interface"] == *interface) else {
            wrong.push(format!("{id} {interface}: not judged"));
            continue;
        };
        let deviation = deviations.iter().find(|(of, on, ..)| *of == id && (*on == "*" || *on == nic));
        let (verdict, blame, word) = deviation.map_or((PASS, "", ""), |(_, _, verdict, blame, word)| (*verdict, *blame, *word));
        let message = result["message"].as_str().unwrap_or_default();
        if result["verdict"] != verdict {
            wrong.push(format!("{id} {interface}: {} instead of {verdict}: {message}", result["verdict"].as_str().unwrap_or("?")));
        } else if !message.to_lowercase().contains(word) {
            wrong.push(format!("{id} {interface}: its message has no {word:?}: {message}"));
        }
        if verdict == FAIL && result["blame"] != blame {
            wrong.push(format!("{id} {interface}: blames {} instead of {blame}: {message}", result["blame"]));
        }
        if ![SKIP, INCONCLUSIVE].contains(&verdict) && result["evidence"].as_array().is_none_or(Vec::is_empty) {
            wrong.push(format!("{id} {interface}: no evidence"));
        }
    }
    wrong
}
