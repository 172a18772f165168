//! What cannot be done is said first, with what to do about it, and exit code 2.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::tool::{LAB, Said, Tool, V6CHECK, copy, fits_80_columns, only, said};

fn refused(tool: &Tool, said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(2), "{said:?}");
    for word in words {
        assert!(said.err.contains(word), "no {word:?} in {}", said.err);
    }
    fits_80_columns(&said.err);
    assert!(!said.err.contains("making the link"), "something was made first: {}", said.err);
    tool.has_left_nothing(&[]);
}

#[test]
fn it_needs_root() {
    let tool = Tool::new();
    let program = tool.path("v6check-lab");
    copy(LAB, &program);
    fs::set_permissions(tool.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    for words in [&["demo"][..], &["link", "up"], &["link", "down"], &["link", "status"], &["shell", "guest1"]] {
        let mut command = tool.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).arg("--state").arg(tool.path("state")).args(words);
        refused(&tool, &said(&mut command), &["needs root"]);
    }
    // What is only told needs none.
    let mut command = tool.command("setpriv");
    assert_eq!(said(command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).arg("faults")).code, Some(0));
}

#[test]
fn a_missing_program_is_named_with_its_package() {
    let tool = Tool::new();
    let bin = tool.path("bin");
    only(&bin, &["sh", "mount", "unshare", "ip", "setsid"]);
    let run = |words: &[&str]| said(tool.lab(words).env("PATH", &bin));
    // Here it is beside the PATH.
    refused(&tool, &run(&["demo"]), &["needs dnsmasq", "add /usr/sbin to the PATH"]);
    let hidden = |words: &[&str]| {
        let mut command = tool.command("unshare");
        let script = "mount -t tmpfs none /usr/sbin && { [ /sbin -ef /usr/sbin ] || mount -t tmpfs none /sbin; } && PATH=$1 && shift && exec \"$@\"";
        command.args(["-m", "sh", "-c", script, "sh"]).arg(tool.path("copied")).arg(LAB).arg("--state").arg(tool.path("state")).args(words);
        said(&mut command)
    };
    fs::create_dir(tool.path("copied")).unwrap();
    for program in ["sh", "mount", "unshare", "ip"] {
        copy(bin.join(program), &tool.path("copied").join(program));
    }
    refused(&tool, &hidden(&["demo"]), &["needs dnsmasq: apt-get install dnsmasq-base"]);
    fs::write(tool.path("copied/dnsmasq"), "").unwrap();
    refused(&tool, &hidden(&["demo", "dhcpv6-dropped"]), &["the fault dhcpv6-dropped needs nft: apt-get install nftables"]);
    refused(&tool, &hidden(&["link", "up", "--fault", "plain-neutron"]), &["the fault plain-neutron needs radvd: apt-get install radvd"]);
    refused(&tool, &hidden(&["link", "up", "--stack", "dhcpcd"]), &["the stack dhcpcd needs dhcpcd: apt-get install dhcpcd-base"]);
}

#[test]
fn an_unknown_fault_gets_the_nearest() {
    let tool = Tool::new();
    refused(&tool, &tool.run(&["demo", "lenght-64"]), &["lenght-64", "did you mean length-64?", "v6check-lab faults"]);
    refused(&tool, &tool.run(&["link", "up", "--fault", "forwardin"]), &["did you mean forwarding"]);
    refused(&tool, &tool.run(&["demo", "zzzzzzzzz"]), &["no fault is called", "v6check-lab faults"]);
}

#[test]
fn what_is_not_there_is_said() {
    let tool = Tool::new();
    refused(&tool, &tool.run(&["shell", "guest1", "true"]), &["no link is up", "link up"]);
    refused(&tool, &tool.run(&["link", "up", "--guests", "0"]), &["no use"]);
    refused(&tool, &tool.run(&["demo", "--v6check", "/nosuch/v6check"]), &["/nosuch/v6check", "--v6check"]);
    refused(&tool, &tool.run(&["demo", "--no-such-option"]), &["--no-such-option"]);
    for words in [&["demo"][..], &["link", "up"]] {
        refused(&tool, &said(tool.lab(words).env("TMPDIR", "/run")), &["/run", "TMPDIR"]);
    }
}

#[test]
fn the_faults_are_listed() {
    let tool = Tool::new();
    let list = tool.done(&["faults"]);
    fits_80_columns(&list);
    let json: serde_json::Value = serde_json::from_str(&tool.done(&["faults", "--json"])).unwrap();
    let names: Vec<&str> = json.as_array().unwrap().iter().map(|fault| fault["name"].as_str().unwrap()).collect();
    assert!(names.len() > 20);
    for name in names {
        assert!(list.contains(&format!("  {name} ")), "{name} is not listed: {list}");
    }
}

/// A copy of both programs beside each other finds its v6check; one alone says what it lacks.
#[test]
fn the_program_under_test_is_the_one_beside() {
    let tool = Tool::new();
    let alone = tool.path("v6check-lab");
    copy(LAB, &alone);
    let run = |words: &[&str]| said(tool.command(alone.to_str().unwrap()).arg("--state").arg(tool.path("state")).args(words));
    refused(&tool, &run(&["demo"]), &["no such program", "--v6check"]);
    copy(&*V6CHECK, &tool.path("v6check"));
    let found = run(&["demo", "ipv6-off"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.out.contains("v6check told it: ipv6-enabled fails"), "{}", found.out);
}
