//! Lines of a shell and the simple commands that they run.

use super::*;
use crate::image::Image;

const DHCLIENT: &str = "/sbin/dhclient -6 eth0";

fn image() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("sbin/dhclient", "\x7fELF");
    write("usr/local/sbin/up.sh", "#!/bin/sh\nset -e\n[ \"$1\" = up ] || exit 0\ndhclient -6 \"$2\"\n");
    write("usr/local/sbin/tool", "#!/usr/bin/python3\n");
    write("etc/default/ipv6", "NIC=eth7\n");
    root
}

/// Each command as it is shown, one that perhaps runs with a `?` before it, one that is retried with a `*`.
fn commands(text: &str) -> Vec<String> {
    let root = image();
    let image = Image::new(root.path());
    let environment = |name: &str| match name {
        "IFACE" => Some("eth0".to_owned()),
        name if name.starts_with("IF_") => Some(String::new()),
        _ => None,
    };
    let context = Context { root: &image, environment: &environment, arguments: &[] };
    let at = FileLine { path: "/f".to_owned(), line: 7 };
    let shown = |command: &Command| {
        let sign = if command.unread {
            "!"
        } else if command.retried {
            "*"
        } else {
            ""
        };
        format!("{sign}{}{}", if command.certain { "" } else { "?" }, command.shown())
    };
    run(&context, &at, text).iter().map(shown).collect()
}

#[test]
fn lines_of_a_shell() {
    for (text, expected) in [
        // Words, quotes, comments.
        (DHCLIENT, &[DHCLIENT][..]),
        ("/bin/true # formerly: /sbin/dhclient -6 eth0", &[]),
        ("echo \"run dhclient -6 eth0 by hand\"", &["echo run dhclient -6 eth0 by hand"]),
        ("echo a#b '#c' \\#d", &["echo a#b #c #d"]),
        ("dhclient -6 $IFACE", &["dhclient -6 eth0"]),
        ("dhclient -6 \"${IFACE}\" $OTHER", &["dhclient -6 eth0 $OTHER"]),
        ("dhclient -6 ${NIC:-eth3} ${IF_NIC:-eth4}", &["dhclient -6 eth3 eth4"]),
        ("NIC=$(cat /x); dhclient -6 ${NIC:-eth3}", &["dhclient -6 $NIC"]),
        ("N=eth1 M=2; dhclient -6 $N", &["dhclient -6 eth1"]),
        ("A=1 dhclient -6 $A", &["dhclient -6 $A"]),
        ("C='dhclient -6'; $C eth0", &["dhclient -6 eth0"]),
        ("dhclient -6 $(cat /nic) `cat /nic`", &["dhclient -6 $(cat /nic) `cat /nic`"]),
        ("dhclient \\\n -6 eth0", &["dhclient -6 eth0"]),
        // Operators.
        ("sleep 2;dhclient -6 eth0", &["sleep 2", "dhclient -6 eth0"]),
        ("sleep 2&&dhclient -6 eth0&", &["sleep 2", "dhclient -6 eth0"]),
        ("which udhcpc6 || logger \"no client\"", &["which udhcpc6", "logger no client"]),
        ("which dhclient || logger no", &["which dhclient"]),
        ("[ -x /sbin/dhclient ] && dhclient -6 eth0", &["dhclient -6 eth0"]),
        ("test -x /sbin/dhcp6c && dhcp6c eth0", &[]),
        ("[ ! -x /sbin/dhcp6c -a -e /sbin/dhclient ] && dhclient -6 eth0", &["dhclient -6 eth0"]),
        ("[[ $IFACE == eth* ]] && dhclient -6 eth0", &["dhclient -6 eth0"]),
        ("[ \"$IFACE\" != eth0 ] || dhclient -6 eth0", &["dhclient -6 eth0"]),
        ("[ -f /run/x ] && dhclient -6 eth0; echo end", &["?dhclient -6 eth0", "echo end"]),
        ("pgrep dhclient || dhclient -6 eth0", &["pgrep dhclient", "?dhclient -6 eth0"]),
        ("false || { a; b; } && (c; exit; d); e", &["a", "b", "?c", "e"]),
        ("! false && a", &["a"]),
        ("echo 0 > /proc/sys/net/x", &["echo 0 > /proc/sys/net/x"]),
        ("ip6tables-restore < /etc/rules 2>&1", &["ip6tables-restore < /etc/rules"]),
        ("if true; then a; else b; fi 2>/dev/null", &["a"]),
        // Shells, wrappers and scripts.
        ("sh -c \"dhclient -6 eth0\"", &["dhclient -6 eth0"]),
        ("/bin/bash -ec 'sleep 1; dhclient -6 $1' x eth5", &["sleep 1", "dhclient -6 eth5"]),
        ("sudo -n nohup nice -n 5 timeout 10 /sbin/dhclient -6 eth0", &[DHCLIENT]),
        ("env A=b dhclient -6 eth0", &["dhclient -6 eth0"]),
        ("start-stop-daemon --start --quiet --exec /sbin/dhclient -- -6 eth0", &[DHCLIENT]),
        ("busybox udhcpc6 -i eth0", &["udhcpc6 -i eth0"]),
        ("eval dhclient -6 eth0", &["dhclient -6 eth0"]),
        (". /etc/default/ipv6; dhclient -6 $NIC", &["dhclient -6 eth7"]),
        ("/usr/local/sbin/up.sh up eth9", &["set -e", "dhclient -6 eth9"]),
        ("up.sh down eth9; a", &["set -e", "a"]),
        ("/usr/local/sbin/tool up", &["/usr/local/sbin/tool up"]),
        // Compound commands.
        ("if [ -x /sbin/dhclient ]; then a; elif b; then c; else d; fi", &["a"]),
        ("if ping -c1 x; then a; else b; fi; c", &["ping -c1 x", "?a", "?b", "c"]),
        ("case $IFACE in lo) exit 0;; eth*|en*) a;; *) b;; esac; c", &["a", "c"]),
        ("case $X in lo) exit 0;; esac\na", &["?a"]),
        ("for i in eth0 eth1; do dhclient -6 $i; done", &["dhclient -6 eth0", "dhclient -6 eth1"]),
        ("for i in $(ls /sys); do a $i; done", &["*?a $i"]),
        ("until dhclient -6 eth0; do sleep 1; done", &["*dhclient -6 eth0", "*?sleep 1"]),
        ("f() { dhclient -6 $1; return; a; }\nf eth0; b", &["dhclient -6 eth0", "b"]),
        ("f() { ping x || return; a; }\nf; b", &["ping x", "?a", "b"]),
        ("die() { exit 1; }\ndie; b", &[]),
        ("x || exit 1; a", &["x", "?a"]),
        ("f() { f; }; f; a", &["!?(cannot be read)", "a"]),
        // Here-documents and errors.
        ("cat <<EOF | sh\ndhclient -6 eth0\nEOF\na", &["cat", "sh", "a"]),
        ("a\nb; echo \"open", &["a", "!?(cannot be read)"]),
        ("a; if b", &["a", "!?(cannot be read)"]),
        ("", &[]),
    ] {
        assert_eq!(commands(text), expected, "{text}");
    }
}

#[test]
fn places_and_what_is_piped() {
    let root = image();
    let image = Image::new(root.path());
    let context = Context { root: &image, environment: &|_| None, arguments: &[] };
    let at = FileLine { path: "/f".to_owned(), line: 7 };
    let found = run(&context, &at, "a\n\nup.sh up eth0\necho -n 1 | tee /proc/x\ntee /y <<< 2\n");
    let places: Vec<(String, String)> = found.iter().map(|command| (command.at.to_string(), command.shown())).collect();
    let expected = [
        ("/f:7", "a"),
        ("/usr/local/sbin/up.sh:2", "set -e"),
        ("/usr/local/sbin/up.sh:4", "dhclient -6 eth0"),
        ("/f:10", "echo -n 1"),
        ("/f:10", "tee /proc/x"),
        ("/f:11", "tee /y"),
    ];
    assert_eq!(places, expected.map(|(at, shown)| (at.to_owned(), shown.to_owned())));
    let texts: Vec<Option<String>> = found[4..].iter().map(|command| command.text.as_ref().map(|word| word.text.clone())).collect();
    assert_eq!(texts, [Some("1".to_owned()), Some("2".to_owned())]);
}

#[test]
fn hostile_texts_end() {
    let deep = "(".repeat(100_000);
    let nested = format!("{}a{}", "$(".repeat(10_000), ")".repeat(10_000));
    let quotes = "\"$(\"".repeat(10_000);
    let doubling = format!("x=aaaaaaaa; {}", "x=$x$x; a $x;".repeat(2_000));
    let loops = format!("{}a{}", "for i in 1 2 3 4 5 6 7 8 9; do ".repeat(20), "; done".repeat(20));
    for text in [&deep, &nested, &quotes, &doubling, &loops, "case x in", "f() f", "${", "a <<", "<<A\n", "&&", "; ;", "\\"] {
        assert!(commands(text).len() < 5_000, "{}", &text[..text.len().min(40)]);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_ends(text in "((if|then|fi|do|done|for|in|case|esac|a|eth0|up.sh) ?|[ \n;&|<>(){}$`\"'\\\\#!*=~\\[\\]-]|EOF|\\PC){0,40}") {
        commands(&text);
    }
}
