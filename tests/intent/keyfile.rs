//! Which keyfiles NetworkManager takes, and as what, held against its own parser (nmcli --offline, which talks to nobody).

use std::io::Write;
use std::process::Stdio;

use v6check::facts::{Intent, RunsDhcpv6, TakesRas};
use v6check_lab::needs;

use super::image::{image, interface, known, nic};

const PROFILE: &str = "/etc/NetworkManager/system-connections/x.nmconnection";
const HEAD: &str = "[connection]\nid=x\nuuid=7a7e0151-9c18-4e6f-89ee-65bb2d64d365\n";

/// Keyfiles, with the `ipv6.method` that comes of each; `None` where it is refused.
const KEYFILES: [(&str, Option<&str>); 34] = [
    ("type=ethernet\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=802-3-ethernet\n[ipv6]\nmethod=ignore\n", Some("ignore")),
    ("type=ethernet\n[ipv6]\nmethod=disabled\n", Some("disabled")),
    ("type=ethernet\n[ipv6]\nmethod=link-local\n", Some("link-local")),
    ("type=ethernet\n", Some("auto")),
    ("[ethernet]\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("[ipv6]\nmethod=dhcp\n", None),
    ("type=ethernet\n[ipv6]\n", None),
    ("type=ethernet\n[ipv6]\nmay-fail=true\n", None),
    ("type=ethernet\n[ipv6]\n`method=dhcp`\n", None),
    ("type=ethernet\n[ipv6]\nmethod=dhcp`\n", None),
    ("type=ethernet\n[ipv6]\nmethod=\n", None),
    ("type=ethernet\n[ipv6]\nmethod=Auto\n", None),
    ("type=ethernet\n[ipv6]\nmethod=dhcp # why\n", None),
    ("type=ethernet\n[ipv6]\nmethod=dhcp \n", None),
    ("type=ethernet\n[ipv6]\nmethod = dhcp\n", Some("dhcp")),
    ("type=ethernet\n  [ipv6]\n  method=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ipv6] \nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ipv6] x\nmethod=dhcp\n", None),
    ("type=ethernet\r\n[ipv6]\r\nmethod=dhcp\r\n", Some("dhcp")),
    ("type=ethernet\n#comment\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n;comment\n[ipv6]\nmethod=dhcp\n", None),
    ("type=ethernet\n[ipv6]\nmethod=auto\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ipv6]\nmethod=auto\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ipv6]\nmethod=manual\n", None),
    ("type=ethernet\n[ipv6]\nmethod=manual\naddress1=2001:db8::1/64\n", Some("manual")),
    ("type=ethernet\n[ipv6]\nmethod=manual\naddresses=2001:db8::1/64\n", Some("manual")),
    ("type=ethernet\n[ipv4]\n[ipv6]\nmethod=dhcp\n", None),
    ("type=ethernet\n[ipv4]\nmethod=bogus\n[ipv6]\nmethod=dhcp\n", None),
    ("type=ethernet\n[ipv4]\nmethod=manual\n[ipv6]\nmethod=dhcp\n", None),
    ("type=ethernet\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ethernet]\nmac-address=FA:16:3E:11:22:33\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ethernet]\nmac-address=250;22;62;17;34;51;\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
    ("type=ethernet\n[ethernet]\nmac-address=bogus\n[ipv6]\nmethod=dhcp\n", Some("dhcp")),
];

/// What is not `true`, `1`, `false` or `0` is as if it were not there.
const AUTOCONNECT: [(&str, bool); 8] =
    [("true", true), ("false", false), ("0", false), ("false ", false), ("no", true), ("off", true), ("False", true), ("bogus", true)];

fn ours(keyfile: &str) -> Intent {
    let starts = "/etc/systemd/system/multi-user.target.wants/NetworkManager.service";
    let root = image(&[("/usr/sbin/NetworkManager", ""), (starts, ""), (PROFILE, keyfile)]);
    known(interface(root.path(), nic("eth0", Some("fa:16:3e:11:22:33"))).stack).unwrap()
}

/// What NetworkManager makes of a keyfile; `None` if it refuses it.
fn theirs(keyfile: &str) -> Option<String> {
    let mut nmcli = needs::command("nmcli");
    nmcli.args(["--offline", "connection", "modify", "connection.zone", "x"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = nmcli.spawn().expect("the tests need network-manager");
    child.stdin.take().unwrap().write_all(keyfile.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn method(keyfile: &str) -> Option<&str> {
    let ipv6 = keyfile.split("[ipv6]").nth(1)?;
    ipv6.lines().find_map(|line| line.strip_prefix("method="))
}

fn does(method: &str) -> (RunsDhcpv6, TakesRas) {
    match method {
        "auto" => (RunsDhcpv6::WhenManaged, TakesRas::Itself),
        "dhcp" => (RunsDhcpv6::Yes, TakesRas::No),
        "ignore" => (RunsDhcpv6::No, TakesRas::Kernel),
        _ => (RunsDhcpv6::No, TakesRas::No),
    }
}

#[test]
fn keyfiles_as_v6check_takes_them() {
    for (rest, expected) in KEYFILES {
        let intent = ours(&format!("{HEAD}{rest}"));
        let taken = intent.dhcpv6.at.path == PROFILE;
        assert_eq!(taken, expected.is_some(), "{rest}");
        assert_eq!((intent.dhcpv6.value, intent.takes_ras.value), does(expected.unwrap_or("auto")), "{rest}");
    }
    for (value, expected) in AUTOCONNECT {
        assert_eq!(ours(&format!("{HEAD}type=ethernet\nautoconnect={value}\n")).at_boot.value, expected, "{value}");
    }
}

#[test]
fn keyfiles_as_network_manager_takes_them() {
    for (rest, expected) in KEYFILES {
        let keyfile = theirs(&format!("{HEAD}{rest}"));
        assert_eq!(keyfile.as_deref().and_then(method), expected, "{rest}");
    }
    for (value, expected) in AUTOCONNECT {
        let keyfile = theirs(&format!("{HEAD}type=ethernet\nautoconnect={value}\n")).unwrap();
        assert_eq!(!keyfile.contains("autoconnect=false"), expected, "{value}");
    }
}
