//! Waivers, by the binary on an image made for the test: what is waived does not count and stays told; what is unused or expired is told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use v6check_lab::needs;

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

/// An image whose one failure is that nothing runs DHCPv6.
fn image() -> TempDir {
    let image = tempfile::tempdir().unwrap();
    for folder in ["etc/network", "etc/default"] {
        std::fs::create_dir_all(image.path().join(folder)).unwrap();
    }
    // An image that shows no boot loader could switch IPv6 off there.
    std::fs::write(image.path().join("etc/default/grub"), "GRUB_CMDLINE_LINUX=\"\"\n").unwrap();
    std::fs::write(image.path().join("etc/network/interfaces"), "auto eth0\niface eth0 inet dhcp\n").unwrap();
    image
}

fn run(image: &Path, waivers: &str, format: &str) -> Output {
    let file = image.join("waivers.toml");
    std::fs::write(&file, waivers).unwrap();
    needs::command(V6CHECK).args(["--root"]).arg(image).arg("--waivers").arg(file).args([format, "-"]).output().unwrap()
}

fn report(waivers: &str) -> (Option<i32>, Value) {
    let output = run(image().path(), waivers, "--json");
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn result<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["results"].as_array().unwrap().iter().find(|result| result["id"] == id).unwrap()
}

#[test]
fn a_waived_failure_does_not_count_and_stays_told() {
    let (without, _) = report("");
    assert_eq!(without, Some(1));
    let (code, report) = report("[[waiver]]\nid = \"dhcpv6-*\"\ninterface = \"eth?\"\nreason = \"static here\"\nexpires = 9999-12-31\n");
    assert_eq!(code, Some(0));
    assert_eq!(result(&report, "dhcpv6-intended")["verdict"], "fail");
    assert_eq!(result(&report, "dhcpv6-intended")["waived"], "static here");
    assert_eq!(report["waivers"][0]["state"], "used");
    assert_eq!(report["waivers"][0]["expires"], "9999-12-31");
}

#[test]
fn another_interface_or_requirement_is_not_waived() {
    for waiver in ["id = \"dhcpv6-*\"\ninterface = \"ens*\"", "id = \"ra-*\"", "id = \"dhcpv6-*\"\ninterface = \"host\""] {
        let (code, report) = report(&format!("[[waiver]]\n{waiver}\nreason = \"why\"\n"));
        assert_eq!((code, &report["waivers"][0]["state"]), (Some(1), &Value::from("unused")), "{waiver}");
        assert_eq!(result(&report, "dhcpv6-intended")["waived"], Value::Null);
    }
}

#[test]
fn past_its_end_it_waives_nothing_and_is_told_in_every_report() {
    let waiver = "[[waiver]]\nid = \"dhcpv6-intended\"\nreason = \"for the move\"\nexpires = 2020-02-29\n";
    let (code, report) = report(waiver);
    assert_eq!((code, &report["waivers"][0]["state"]), (Some(1), &Value::from("expired")));
    let image = image();
    for (format, told) in [("--text", "expired on 2020-02-29"), ("--junit", "expired: for the move")] {
        let output = run(image.path(), waiver, format);
        let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_broken_file_is_named_with_line_and_column() {
    let image = image();
    for (waivers, told) in [
        ("[[waiver]]\nid = \"a\"\nreasons = \"b\"\n", "waivers.toml:3:1"),
        ("[[waiver]]\nid = \"a\"\n", "reason"),
        (
            "[[waiver]]\nid = \"dhcpv6-intendet\"\nreason = \"b\"\n",
            "waivers.toml:2:6: there is no requirement \"dhcpv6-intendet\"; did you mean dhcpv6-intended",
        ),
        ("[[waiver]]\nid = \"dhcpv7-*\"\nreason = \"b\"\n", "waivers.toml:2:6: there is no requirement \"dhcpv7-*\""),
        ("[[waiver]]\nid = \"ra-*\"\nreason = \" \"\n", "has no reason"),
        ("[[waiver]]\nid = \"a\"\nreason = \"b\"\nexpires = \"soon\"\n", "waivers.toml:4:"),
        ("waiver = 3", "waivers.toml:1:"),
    ] {
        let output = run(image.path(), waivers, "--json");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{waivers}");
        assert!(error.contains(told) && error.trim_end().lines().count() == 1, "{waivers}: {error}");
        assert!(output.stdout.is_empty());
    }
}
