//! The demonstration: two guests, two diagnoses, and nothing left.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::tool::{LAB, Running, Said, Tool, copy, fits_80_columns, namespaces_of, only, poll, said};

/// Runs a demonstration that must succeed, and gives what it showed.
fn shown(tool: &Tool, words: &[&str]) -> Said {
    let running = Running::start(&mut tool.lab(words));
    let id = running.id();
    let said = running.end();
    assert_eq!(said.code, Some(0), "{words:?}: {said:#?}");
    fits_80_columns(&said.out);
    fits_80_columns(&said.err);
    tool.has_left_nothing(&[id]);
    said
}

fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

#[test]
fn it_shows_both_guests_and_that_v6check_told_them_apart() {
    let tool = Tool::new();
    let said = shown(&tool, &["demo"]);
    has(&said.out, &["length-64", "in the good guest: exit code 0", "nothing is wrong", "in the broken guest: exit code 1", "/64", "Fault: guest"]);
    has(&said.out, &["v6check told it: dhcpv6-prefix-length fails", "link up --fault length-64", "shell length-64"]);
    has(&said.err, &["booting the guests", "running v6check"]);
}

#[test]
fn it_shows_other_faults_of_guest_and_network() {
    let tool = Tool::new();
    let said = shown(&tool, &["demo", "forwarding"]);
    has(&said.out, &["in the good guest: exit code 0", "forwarding is on", "Fault: guest", "v6check told it: ra-accepted fails"]);
    let said = shown(&tool, &["demo", "nobody-answers"]);
    has(&said.out, &["in the good guest: exit code 0", "Fault: network", "v6check told it: network-router-advertisement fails", "link of its own"]);
    let said = shown(&tool, &["demo", "forwarding-accept-ra-2"]);
    has(&said.out, &["in the good guest: exit code 0", "in the broken guest: exit code 0", "blames nobody"]);
}

/// What is needed and nothing else: neither on the PATH, nor where v6check looks for a dhclient.
#[test]
fn it_needs_ip_and_dnsmasq_only() {
    let tool = Tool::new();
    let (bin, sbin) = (tool.path("bin"), tool.path("sbin"));
    only(&bin, &["sh", "cat", "mount", "unshare", "ip", "dnsmasq"]);
    // Of the administrator's programs, those two; a link would be to where this folder is laid over.
    fs::create_dir(&sbin).unwrap();
    for program in ["ip", "dnsmasq"] {
        copy(bin.join(program), &sbin.join(program));
        fs::remove_file(bin.join(program)).unwrap();
    }
    let script = "mount --bind \"$1\" /usr/sbin && { [ /sbin -ef /usr/sbin ] || mount --bind \"$1\" /sbin; } && shift && PATH=$1:/usr/sbin && shift && \
                  [ ! -e /usr/sbin/dhclient ] && [ ! -e /usr/sbin/nft ] && exec \"$@\"";
    let mut command = tool.command("unshare");
    command.args(["-m", "sh", "-c", script, "sh"]).arg(&sbin).arg(&bin).arg(LAB).arg("--state").arg(tool.path("state")).arg("demo");
    let bare = said(&mut command);
    assert_eq!(bare.code, Some(0), "{bare:#?}");
    has(&bare.err, &["has no filter: nft is not here", "nftables", "stands in for dhclient", "isc-dhcp-client"]);
    has(&bare.out, &["in the good guest: exit code 0", "Fault: guest", "v6check told it: dhcpv6-prefix-length fails"]);
    tool.has_left_nothing(&[]);
}

#[test]
fn a_signal_in_the_middle_leaves_nothing() {
    for (signal, when) in [("INT", "booting"), ("TERM", "running v6check"), ("INT", "starting dnsmasq")] {
        let tool = Tool::new();
        let mut demo = Running::start(&mut tool.lab(&["demo"]));
        demo.wait_for(when);
        let id = demo.id();
        assert!(!namespaces_of(id).is_empty());
        demo.signal(signal);
        let said = demo.end();
        assert_eq!(said.code, Some(2), "{signal} at {when}: {said:?}");
        assert!(said.err.contains("interrupted") && said.out.is_empty(), "{said:?}");
        poll("what it started has ended", || !tool.left().iter().any(|left| left.starts_with("process")));
        tool.has_left_nothing(&[id]);
    }
}

/// A program in the place of v6check that holds every guest for good.
#[test]
fn it_fails_if_v6check_does_not_tell() {
    let tool = Tool::new();
    let blind = tool.path("blind");
    let script = "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\necho all is well\n\
                  echo '{\"results\": [], \"summary\": {\"diagnosis\": [{\"interface\": \"eth0\"}]}}' >\"$1\"\n";
    fs::write(&blind, script).unwrap();
    fs::set_permissions(&blind, fs::Permissions::from_mode(0o755)).unwrap();
    let said = tool.run(&["demo", "--v6check", blind.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.out.matches("all is well").count(), 2, "{}", said.out);
    has(&said.out, &["v6check did not tell it: dhcpv6-prefix-length does not fail"]);
    tool.has_left_nothing(&[]);
}
