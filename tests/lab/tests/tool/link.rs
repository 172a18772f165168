//! A link that stays: what is on it, what a guest of it is, and how it ends.

use crate::tool::{Running, Tool, V6CHECK, copy, fits_80_columns, namespaces_of, poll, said, verdict};

use v6check_lab::needs;

fn keeper(tool: &Tool) -> u64 {
    tool.status()["keeper"]["process"].as_u64().unwrap()
}

#[test]
fn it_stays_until_it_is_taken_down_and_then_nothing_is_left() {
    let tool = Tool::new();
    let up = tool.done(&["link", "up", "--guests", "2"]);
    assert!(up.contains("shell guest2 v6check"), "{up}");

    let status = tool.status();
    assert_eq!(status["state"], "up");
    let keeper = keeper(&tool);
    // Two guests and the compute host.
    assert_eq!(namespaces_of(keeper).len(), 3);
    assert_eq!(status["hosts"][0]["taps"].as_array().unwrap().len(), 2);
    let server = status["hosts"][0]["server"].as_u64().unwrap();
    assert_eq!(std::fs::read_to_string(format!("/proc/{server}/comm")).unwrap(), "dnsmasq\n");
    let guest = &status["guests"][1];
    assert_eq!(guest["name"], "guest2");
    let nic = &guest["nics"][0];
    assert_eq!((nic["mac"].as_str(), nic["reserved"].as_str()), (Some("fa:16:3e:00:00:02"), Some("2001:db8:1::11")));
    assert!(nic["addresses"].as_array().unwrap().iter().any(|address| address == "2001:db8:1::11/128"), "{nic}");
    assert!(nic["routes"][0].as_str().unwrap().starts_with("via fe80::"), "{nic}");

    let words = tool.done(&["link", "status"]);
    fits_80_columns(&words);
    for word in ["guest1", "guest2", "2001:db8:1::11/128", "via fe80::", "dnsmasq serves", &keeper.to_string(), "link/log"] {
        assert!(words.contains(word), "no {word:?} in {words}");
    }

    let addresses = tool.done(&["shell", "guest1", "ip", "-6", "addr", "show", "dev", "eth0"]);
    assert!(addresses.contains("2001:db8:1::10/128"), "{addresses}");
    let own = tool.done(&["shell", "guest1", "cat", "/etc/network/interfaces"]);
    assert!(own.contains("iface eth0 inet6 dhcp"), "{own}");
    let passive = tool.run(&["shell", "guest1", "v6check", "--passive", "--json", "-"]);
    assert_eq!(passive.code, Some(3), "{passive:?}");
    assert_eq!(verdict(&passive.out, "dhcpv6-address"), "pass");
    assert_eq!(verdict(&passive.out, "network-dhcpv6-offer"), "inconclusive");

    // The guest's own, and its tree: nothing of the machine.
    let code = tool.run(&["shell", "guest1", "sh", "-c", "echo played >/etc/played; exit 7"]).code;
    assert_eq!(code, Some(7));
    assert!(!std::path::Path::new("/etc/played").exists());
    assert_eq!(tool.done(&["shell", "guest1", "cat", "/etc/played"]), "played\n");
    assert_eq!(tool.run(&["shell", "guest2", "cat", "/etc/played"]).code, Some(1));

    tool.done(&["link", "down"]);
    tool.has_left_nothing(&[keeper]);
    let after = tool.run(&["link", "status"]);
    assert_eq!((after.code, after.out.as_str()), (Some(1), "No link is up.\n"));
    tool.done(&["link", "down"]);
}

#[test]
fn a_shell_is_one_of_the_guest_and_says_so() {
    let tool = Tool::new();
    tool.done(&["link", "up"]);
    // As an interactive one reads from a terminal, this one reads from a pipe.
    let script = format!(
        "echo 'echo in $V6CHECK_LAB_GUEST; command -v v6check; exit 5' | {} --state {} shell guest1",
        crate::tool::LAB,
        tool.path("state").display()
    );
    let shell = said(tool.command("sh").args(["-c", &script]));
    assert_eq!(shell.code, Some(5), "{shell:?}");
    assert!(shell.out.contains("in guest1\n/usr/local/sbin/v6check\n"), "{shell:?}");
    assert!(shell.err.contains("v6check-lab:guest1#"), "the prompt: {shell:?}");
}

#[test]
fn a_second_one_is_refused_and_the_first_stays() {
    let tool = Tool::new();
    tool.done(&["link", "up"]);
    let keeper = keeper(&tool);
    let second = tool.run(&["link", "up"]);
    assert_eq!(second.code, Some(2));
    assert!(second.err.contains("up already") && second.err.contains(&keeper.to_string()) && second.err.contains("link down"), "{second:?}");
    assert_eq!(self::keeper(&tool), keeper);
    let unknown = tool.run(&["shell", "guest9", "true"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("guest1"), "{unknown:?}");
}

#[test]
fn a_broken_guest_is_judged_as_its_cell_says() {
    let tool = Tool::new();
    tool.done(&["link", "up", "--fault", "forwarding", "--fault", "length-64"]);
    for (guest, code, id, expected) in [
        ("guest1", 0, "dhcpv6-address-as-offered", "pass"),
        ("forwarding", 1, "ra-accepted", "fail"),
        ("length-64", 1, "dhcpv6-prefix-length", "fail"),
    ] {
        let run = tool.run(&["shell", guest, "v6check", "--json", "-"]);
        assert_eq!((run.code, verdict(&run.out, id).as_str()), (Some(code), expected), "{guest}: {run:?}");
    }
}

#[test]
fn guests_of_another_stack_can_have_its_faults() {
    let tool = Tool::new();
    tool.done(&["link", "up", "--guests", "0", "--stack", "networkd", "--fault", "ras-off"]);
    let run = tool.run(&["shell", "ras-off", "v6check", "--json", "-"]);
    assert_eq!((run.code, verdict(&run.out, "ra-accepted").as_str()), (Some(1), "fail"), "{run:?}");
    let other = Tool::new().run(&["link", "up", "--stack", "networkd", "--fault", "length-64"]);
    assert_eq!(other.code, Some(2));
    assert!(other.err.contains("ifupdown"), "{other:?}");
}

/// v6check sees of the stand-in what it sees of dhclient, and the server knows it again when it is started anew.
#[test]
fn the_stand_in_for_dhclient_is_one_to_v6check() {
    let tool = Tool::new();
    tool.done(&["link", "up", "--stack", "builtin"]);
    let judged = || {
        let run = tool.run(&["shell", "guest1", "v6check", "--json", "-"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        for id in ["dhcpv6-intended", "dhcpv6-client-running", "dhcpv6-address-as-offered", "dhclient-prefix-length-fix", "dhcpv6-exchange-completed"]
        {
            assert_eq!(verdict(&run.out, id), "pass", "{id}: {}", run.out);
        }
    };
    judged();
    let again = "pid=$(cat /run/dhclient6.eth0.pid) && kill $pid && while [ -e /proc/$pid ]; do sleep 0.1; done && ip -6 addr flush dev eth0 scope global && \
                 dhclient -6 -v -pf /run/dhclient6.eth0.pid -lf /var/lib/dhcp/dhclient6.eth0.leases eth0";
    tool.done(&["shell", "guest1", "sh", "-c", again]);
    poll("the address is usable again", || {
        let text = tool.done(&["shell", "guest1", "ip", "-6", "addr", "show", "dev", "eth0", "scope", "global"]);
        text.contains("2001:db8:1::10/128") && !text.contains("tentative")
    });
    judged();
}

#[test]
fn what_a_killed_keeper_leaves_is_told_and_cleared() {
    let tool = Tool::new();
    tool.done(&["link", "up"]);
    let keeper = keeper(&tool);
    assert!(needs::command("kill").args(["-s", "KILL", &keeper.to_string()]).status().unwrap().success());
    poll("the keeper is gone", || tool.run(&["link", "status"]).code == Some(1));
    let status = tool.status();
    assert_eq!(status["left"][0]["process"].as_u64(), Some(keeper));
    assert_eq!(status["left"][0]["namespaces"].as_array().unwrap().len(), 2);
    let words = tool.run(&["link", "status"]).out;
    assert!(words.contains("was killed") && words.contains("link down"), "{words}");
    let refused = tool.run(&["link", "up"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("link down"), "{refused:?}");
    poll("init has taken the keeper", || !std::path::Path::new(&format!("/proc/{keeper}")).exists());
    let down = tool.run(&["link", "down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
    tool.has_left_nothing(&[keeper]);
}

/// By Ctrl-C, and by a death that it cannot tell anybody of.
#[test]
fn one_that_is_broken_off_while_it_is_made_leaves_nothing() {
    for (signal, when) in [("INT", "booting"), ("TERM", "waiting for"), ("KILL", "booting")] {
        let tool = Tool::new();
        let mut up = Running::start(&mut tool.lab(&["link", "up", "--guests", "2", "--fault", "dhcpv6-off"]));
        up.wait_for(when);
        let keeper = std::fs::read_to_string(tool.path("state/link/pid")).unwrap().parse().unwrap();
        assert!(!namespaces_of(keeper).is_empty());
        up.signal(signal);
        let said = up.end();
        assert_eq!(said.code, if signal == "KILL" { None } else { Some(2) }, "{said:?}");
        assert!(signal == "KILL" || said.err.contains("interrupted"), "{said:?}");
        poll("the keeper has ended", || !tool.left().iter().any(|left| left.starts_with("process")));
        let mut tidy = tool.left();
        tidy.extend(namespaces_of(keeper));
        assert!(tidy.iter().all(|left| left.ends_with("/state/link")) && tidy.len() <= 1 || tidy.is_empty(), "{signal}: {tidy:#?}");
        assert!(tidy.is_empty(), "{signal}: {tidy:#?}");
    }
}

#[test]
fn a_v6check_of_ones_own_is_found_in_the_guest() {
    let tool = Tool::new();
    tool.done(&["link", "up"]);
    let own = tool.path("another");
    copy(&*V6CHECK, &own);
    let shown = tool.done(&["shell", "--v6check", own.to_str().unwrap(), "guest1", "readlink", "/usr/local/sbin/v6check"]);
    assert_eq!(shown.trim(), own.canonicalize().unwrap().to_str().unwrap());
}
