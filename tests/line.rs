//! The whole line by the binary, in a network namespace made for it, where nothing is sent: plan, passive run, saved facts, replay, outputs.
//! Needs root and iproute2.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use v6check_lab::needs;

/// Runs v6check in a new network namespace that has the loopback and both ends of a veth pair.
fn inside(arguments: &[&str]) -> Output {
    let script = "ip link add nic0 address 02:00:00:00:00:01 type veth peer name nic1 && ip link set nic0 up && exec \"$0\" \"$@\"";
    needs::command("unshare").args(["--net", "sh", "-c", script, env!("CARGO_BIN_EXE_v6check")]).args(arguments).output().unwrap()
}

fn v6check(arguments: &[&str]) -> Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn good_guest() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/calico-good.json")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_plan_names_what_is_left_out_and_sends_nothing() {
    let output = inside(&["--plan"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let plan = stdout(&output);
    assert!(plan.contains("lo        loopback\n"), "{plan}");
    assert!(plan.contains("nic0      a veth whose other end is in this namespace\n"), "{plan}");
    assert!(plan.ends_with("\nNothing is sent.\n"), "{plan}");
}

#[test]
fn the_plan_of_a_named_interface_says_what_would_be_sent() {
    let output = inside(&["--plan", "-i", "nic0", "--timeout", "2.5"]);
    let plan = stdout(&output);
    assert!(plan.contains("nic0      MAC address 02:00:00:00:00:01, up\n"), "{plan}");
    assert!(plan.contains("nic1      not asked for\n") && plan.contains("ff02::1:2") && plan.contains("at most 2.5 s"), "{plan}");
    assert!(plan.contains("/run/v6check/boot.pcapng") && plan.contains("journalctl -b"), "{plan}");
}

#[test]
fn an_interface_that_cannot_be_checked_is_an_error() {
    for (interface, reason) in [("nic9", "there is no interface \"nic9\"; there are: "), ("lo", "\"lo\" is the loopback")] {
        let output = inside(&["--passive", "-i", interface]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}

#[test]
fn a_passive_run_leaves_the_network_undecided() {
    let output = inside(&["--passive", "-i", "nic0", "--json", "-"]);
    let report = json(&stdout(&output));
    let network: Vec<&Value> =
        report["results"].as_array().unwrap().iter().filter(|result| result["id"].as_str().unwrap().starts_with("network-")).collect();
    assert!(network.len() >= 4, "{report:#}");
    for result in network {
        let reason = result["reason"].as_str().unwrap_or_default();
        assert!(result["verdict"] == "skip" || (result["verdict"] == "inconclusive" && reason.contains("--passive")), "{result:#}");
    }
    assert_eq!(report["summary"]["exit_code"].as_i64(), output.status.code().map(i64::from));
}

#[test]
fn a_saved_run_is_private_and_replays_to_the_same_reports() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = inside(&["--passive", "-i", "nic0", "--save", text(&path("facts")), "--json", text(&path("a.json")), "--junit", text(&path("a.xml"))]);
    assert_eq!(fs::metadata(path("facts")).unwrap().permissions().mode() & 0o777, 0o600);
    let replay = v6check(&["replay", text(&path("facts")), "--json", text(&path("b.json")), "--junit", text(&path("b.xml"))]);
    assert_eq!((stdout(&replay), replay.status.code()), (stdout(&run), run.status.code()));
    for format in ["json", "xml"] {
        let read = |name: &str| fs::read_to_string(path(&format!("{name}.{format}"))).unwrap();
        assert!(read("a").len() > 1000, "{}", read("a"));
        assert_eq!(read("a"), read("b"));
    }
}

#[test]
fn the_known_good_guest_is_good() {
    let output = v6check(&["replay", good_guest()]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{}", stdout(&output));
    assert!(stdout(&output).lines().all(|line| line.chars().count() <= 80), "{}", stdout(&output));
}

#[test]
fn facts_are_read_from_standard_input() {
    let file = fs::File::open(good_guest()).unwrap();
    let output = needs::command(env!("CARGO_BIN_EXE_v6check")).args(["replay", "-"]).stdin(file).output().unwrap();
    assert_eq!(stdout(&output), stdout(&v6check(&["replay", good_guest()])));
}

#[test]
fn an_output_that_cannot_be_written_does_not_lose_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("out.json");
    for lost in [folder.path().join("none/out.xml"), folder.path().to_owned()] {
        let outputs = ["--junit", text(&lost), "--json", text(&written)];
        let run = || inside(&[&["--passive"], &outputs[..]].concat());
        let replay = || v6check(&[&["replay", good_guest()], &outputs[..]].concat());
        for made in [&run as &dyn Fn() -> Output, &replay] {
            let output = made();
            assert_eq!(output.status.code(), Some(2));
            let complaint = stderr(&output);
            assert!(complaint.lines().count() == 1 && complaint.contains(text(&lost)), "{complaint}");
            assert_eq!(json(&fs::read_to_string(&written).unwrap())["schema"], "v6check.report/1");
            fs::remove_file(&written).unwrap();
        }
    }
}

#[test]
fn a_run_whose_only_report_cannot_be_written_is_not_made() {
    let output = inside(&["--passive", "-i", "nic0", "--text", "/nonexistent/report", "--save", "/nonexistent/facts"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn facts_that_cannot_be_saved_do_not_lose_the_report() {
    let output = inside(&["--passive", "-i", "nic0", "--save", "/nonexistent/facts"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("nic0"), "{}", stdout(&output));
    assert!(stderr(&output).lines().count() == 1 && stderr(&output).contains("/nonexistent/facts"), "{}", stderr(&output));
}

#[test]
fn facts_that_are_none_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(good_guest()).unwrap();
    for (name, facts, reason) in [
        ("empty", String::new(), "the file is empty"),
        ("other", good.replace("v6check.facts/1", "v6check.facts/9"), "\"v6check.facts/9\""),
        ("extra", good.replacen("\"uptime_cs\"", "\"uptime\"", 1), "line "),
        ("short", good[..good.len() / 2].to_owned(), "line "),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, facts).unwrap();
        let output = v6check(&["replay", text(&path)]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{name}");
        assert!(stderr(&output).contains(text(&path)) && stderr(&output).contains(reason), "{name}: {}", stderr(&output));
    }
    assert_eq!(v6check(&["replay", "/nonexistent"]).status.code(), Some(2));
}

#[test]
fn an_image_whose_files_cannot_be_read_says_so() {
    let image = tempfile::tempdir().unwrap();
    for (path, text) in [("etc/netplan/50.yaml", "network:\n  ethernets:\n   eth0: {dhcp6: [yes\n"), ("usr/sbin/netplan", "")] {
        let path = image.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = needs::command(env!("CARGO_BIN_EXE_v6check")).arg("--root").arg(image.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("/etc/netplan/50.yaml:") && text.contains("Name the guest's NIC with --interface"), "{text}");
}

/// Nobody answers in this namespace, so that the musts stay open until somebody interrupts the waiting.
#[test]
fn wait_looks_again_and_an_interrupt_loses_nothing() {
    let script = "ip link add nic0 address 02:00:00:00:00:01 type veth peer name nic1 && ip link set nic0 up && exec \"$0\" \"$@\"";
    let mut command = needs::command("unshare");
    command.args(["--net", "sh", "-c", script, env!("CARGO_BIN_EXE_v6check"), "-i", "nic0", "--passive", "--wait", "600", "--json", "-"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let looks: Vec<String> = lines.by_ref().map(Result::unwrap).filter(|line| line.contains("looking again")).take(2).collect();
    assert!(looks.len() == 2 && looks[0].ends_with(" of 600 s)"), "{looks:?}");
    assert!(needs::command("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let report = json(&stdout(&output));
    assert_eq!(output.status.code(), report["summary"]["exit_code"].as_i64().and_then(|code| code.try_into().ok()));
    assert!(report["results"].as_array().unwrap().iter().any(|result| result["verdict"] == "inconclusive"), "{report}");
}

#[test]
fn wait_ends_when_its_time_is_over() {
    let output = inside(&["-i", "nic0", "--passive", "--wait", "1.5", "--json", "-"]);
    let report = json(&stdout(&output));
    assert!(report["results"].as_array().unwrap().iter().any(|result| result["verdict"] == "inconclusive"), "{report}");
}
