//! What firewalls that start at boot do with Router Advertisements and DHCPv6 answers.

use std::path::Path;

use proptest::prelude::*;
use v6check::facts::{Firewall, Passes};

use super::image::{image, interface, nic};

const NFT: &str = "/etc/nftables.conf";
const SAVED: &str = "/etc/sysconfig/ip6tables";

fn firewalls(root: &Path) -> Vec<Firewall> {
    interface(root, nic("eth0", None)).firewalls.get().unwrap().clone()
}

/// The one firewall of an image where `service` starts at boot.
fn one(service: &str, files: &[(&str, &str)]) -> Firewall {
    let wants = format!("/etc/systemd/system/multi-user.target.wants/{service}.service");
    let files: Vec<_> = files.iter().copied().chain([(&wants[..], "")]).collect();
    let mut found = firewalls(image(&files).path());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// What passes, as two letters: Router Advertisements, and DHCPv6 answers. `y`, `n`, or `?` where that cannot be told.
fn letters(firewall: &Firewall) -> String {
    let letter = |passes| match passes {
        Passes::Yes => 'y',
        Passes::No => 'n',
        Passes::CannotTell => '?',
    };
    [letter(firewall.ras.value), letter(firewall.dhcpv6.value)].into_iter().collect()
}

fn nft(rules: &str) -> String {
    let text =
        format!("flush ruleset\ntable inet filter {{\n chain input {{\n  type filter hook input priority 0; policy drop;\n  {rules}\n }}\n}}\n");
    letters(&one("nftables", &[(NFT, &text)]))
}

#[test]
fn nothing_starts() {
    assert_eq!(firewalls(image(&[(NFT, "table inet f { chain i { type filter hook input priority 0; policy drop; } }")]).path()), []);
}

#[test]
fn nft_rules() {
    for (rules, expected) in [
        ("", "nn"),
        ("accept", "yy"),
        ("meta l4proto ipv6-icmp accept", "yn"),
        ("meta l4proto { icmp, ipv6-icmp } accept", "yn"),
        ("ip6 nexthdr icmpv6 accept", "yn"),
        ("icmpv6 type nd-router-advert accept", "yn"),
        ("icmpv6 type 134 accept", "yn"),
        ("icmpv6 type { echo-request, nd-neighbor-solicit } accept", "nn"),
        ("icmpv6 type { echo-request,\n    nd-router-advert,\n    nd-neighbor-solicit } counter accept", "yn"),
        ("icmpv6 type != nd-router-advert accept", "nn"),
        ("icmpv6 type != { echo-request } accept", "yn"),
        ("icmpv6 type 133-136 accept", "yn"),
        ("icmpv6 type nd-router-advert ip6 hoplimit 255 accept", "yn"),
        ("icmpv6 type nd-router-advert ip6 hoplimit < 255 drop; accept", "yy"),
        ("udp dport 546 accept", "ny"),
        ("udp dport dhcpv6-client accept", "ny"),
        ("udp sport 547 udp dport 546 accept", "ny"),
        ("ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept", "ny"),
        ("ip6 saddr 2001:db8::/32 udp dport 546 accept", "nn"),
        ("ip6 saddr fe80::1 udp dport 546 accept", "n?"),
        ("ip6 daddr fe80::/64 udp dport 546 accept", "ny"),
        ("udp dport { 53, 546-547 } accept", "ny"),
        ("udp dport { ssh, 53 } accept", "nn"),
        ("tcp dport { 22, 546 } accept", "nn"),
        ("ip saddr 192.0.2.1 accept", "nn"),
        ("meta nfproto ipv4 accept", "nn"),
        ("meta nfproto ipv6 accept", "yy"),
        // Neither is an answer in the eyes of connection tracking.
        ("ct state established,related accept", "nn"),
        ("ct state { established, related } accept", "nn"),
        ("ct state new accept", "ny"),
        ("ct state untracked accept", "yn"),
        ("ct state invalid drop\n  accept", "yy"),
        ("ct state != invalid accept", "yy"),
        ("ct state vmap { established : accept, related : accept, invalid : drop }", "nn"),
        ("ct state vmap { invalid : drop, new: accept, untracked : jump other }", "?y"),
        // Interfaces.
        ("iif lo accept", "nn"),
        ("iifname \"lo\" accept", "nn"),
        ("iif != lo accept", "yy"),
        ("iifname \"eth0\" accept", "yy"),
        ("iifname \"eth*\" accept", "yy"),
        ("meta iifname { \"eth1\", \"eth2\" } accept", "nn"),
        // Order.
        ("icmpv6 type nd-router-advert drop; meta l4proto icmpv6 accept", "nn"),
        ("meta l4proto icmpv6 accept; drop", "yn"),
        ("udp dport 546 reject with icmpv6 type admin-prohibited; accept", "yn"),
        ("log prefix \"accept drop\" level info counter packets 1 bytes 2 comment \"drop\" accept", "yy"),
        ("counter; log; accept", "yy"),
        ("meta mark set 0x1; ct mark set 0x2; accept", "yy"),
        // What cannot be told.
        ("limit rate 10/second accept", "??"),
        ("icmpv6 type nd-router-advert limit rate 10/second accept", "?n"),
        ("tcp dport 22 limit rate 10/second accept", "nn"),
        ("limit rate 10/second drop; drop", "nn"),
        ("limit rate 10/second accept; accept", "yy"),
        ("fib saddr . iif oif missing drop; accept", "??"),
        ("udp dport @ports accept", "n?"),
        ("icmpv6 type $types accept", "?n"),
        ("meta mark 0x1 tcp dport 22 accept", "??"),
        ("jump nowhere", "??"),
        ("icmpv6 type nd-router-advert queue", "?n"),
        ("icmpv6 type . icmpv6 code vmap { 134 . 0 : accept }", "?n"),
        ("icmpv6 type vmap { nd-router-advert : accept, echo-request : drop }", "yn"),
        ("meta l4proto vmap { icmpv6 : accept, udp : goto nowhere }", "y?"),
        ("udp dport vmap @verdicts", "n?"),
    ] {
        assert_eq!(nft(rules), expected, "{rules}");
    }
}

#[test]
fn nft_files() {
    let input = "type filter hook input priority filter; policy drop;";
    for (text, expected) in [
        (format!("table ip6 filter {{ chain input {{ {input} }} }}"), "nn"),
        (format!("table ip filter {{ chain input {{ {input} }} }}"), "yy"),
        (format!("table filter {{ chain input {{ {input} }} }}"), "yy"),
        (format!("table inet filter {{ flags dormant; chain input {{ {input} }} }}"), "yy"),
        (format!("table inet filter {{ chain input {{ {input} }} }}\nflush ruleset"), "yy"),
        (format!("table inet filter {{ chain input {{ {input} }} }}\ndelete table inet filter"), "yy"),
        ("table inet filter { chain forward { type filter hook forward priority 0; policy drop; } }".to_owned(), "yy"),
        ("table inet filter { chain input { type filter hook input priority 0; } }".to_owned(), "yy"),
        // All base chains must accept.
        (
            format!(
                "table inet a {{ chain i {{ type filter hook input priority 0; policy accept; }} }}\ntable inet b {{ chain i {{ {input} accept; }} }}"
            ),
            "yy",
        ),
        (format!("table inet a {{ chain i {{ type filter hook input priority 0; accept; }} }}\ntable inet b {{ chain i {{ {input} }} }}"), "nn"),
        // Chains, sets, variables.
        (
            format!(
                "table inet f {{ chain icmp {{ icmpv6 type nd-router-advert accept }}\n chain i {{ {input} jump icmp; udp dport 546 accept }} }}"
            ),
            "yy",
        ),
        (
            format!(
                "table inet f {{ chain i {{ {input} meta l4proto icmpv6 goto icmp; accept }}\n chain icmp {{ icmpv6 type echo-request accept }} }}"
            ),
            "ny",
        ),
        (format!("table inet f {{ chain x {{ return; accept }}\n chain i {{ {input} jump x }} }}"), "nn"),
        (format!("table inet f {{ chain x {{ jump x }}\n chain i {{ {input} jump x }} }}"), "??"),
        (
            format!("table inet f {{ chain i {{ {input} udp dport @open accept }}\n set open {{ type inet_service; elements = {{ 22, 546 }} }} }}"),
            "ny",
        ),
        (
            format!(
                "table inet f {{ set open {{ type inet_service; flags dynamic; elements = {{ 546 }} }}\n chain i {{ {input} udp dport @open accept }} }}"
            ),
            "n?",
        ),
        (format!("define types = {{ 133, 134 }}\ntable inet f {{ chain i {{ {input} icmpv6 type $types accept }} }}"), "yn"),
        (format!("define nic = eth0\ntable inet f {{ chain i {{ {input} iifname $nic accept }} }}"), "yy"),
        // Commands.
        (
            format!(
                "add table inet f\nadd chain inet f i {{ {input} }}\nadd rule inet f i icmpv6 type 134 accept\ninsert rule inet f i udp dport 546 accept"
            ),
            "yy",
        ),
        (format!("table inet f {{ chain i {{ {input} }} }}\nreset rules"), "??"),
        (
            format!(
                "table inet f {{ chain i {{ {input} udp dport @open accept }}\n set open {{ type inet_service; elements = {{ 22 }} }} }}\nadd element inet f open {{ 546 }}"
            ),
            "??",
        ),
        ("create something new".to_owned(), "??"),
        ("#!/usr/sbin/nft -f\n\nflush ruleset\n".to_owned(), "yy"),
    ] {
        assert_eq!(letters(&one("nftables", &[(NFT, &text)])), expected, "{text}");
    }
    let main = "include \"/etc/nftables.d/*.nft\"\ninclude \"/etc/nftables/missing.nft\"\n";
    let firewall = one("nftables", &[("/etc/sysconfig/nftables.conf", main)]);
    assert_eq!((letters(&firewall).as_str(), &firewall.ras.text[..]), ("??", "/etc/nftables/missing.nft is not there"));
    let part = format!("table inet f {{ chain i {{ {input}\n meta l4proto ipv6-icmp accept\n }} }}\n");
    let firewall = one("nftables", &[(NFT, "include \"/etc/nftables.d/*.nft\"\n"), ("/etc/nftables.d/a.nft", &part)]);
    assert_eq!(letters(&firewall), "yn");
    assert_eq!(
        (&firewall.ras.at.path[..], firewall.ras.at.line, &firewall.ras.text[..]),
        ("/etc/nftables.d/a.nft", 2, "meta l4proto ipv6-icmp accept")
    );
    assert_eq!((&firewall.dhcpv6.at.path[..], firewall.dhcpv6.at.line), ("/etc/nftables.d/a.nft", 1));
    assert_eq!(letters(&one("nftables", &[(NFT, "include \"/etc/nftables.conf\"\n")])), "??");
}

fn saved(rules: &str) -> String {
    let text = format!("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:icmp - [0:0]\n{rules}\nCOMMIT\n");
    letters(&one("ip6tables", &[(SAVED, &text)]))
}

#[test]
fn ip6tables_rules() {
    for (rules, expected) in [
        ("", "nn"),
        ("-A INPUT -j ACCEPT", "yy"),
        ("-A FORWARD -j ACCEPT", "nn"),
        ("-A INPUT -p ipv6-icmp -j ACCEPT", "yn"),
        ("-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 134 -j ACCEPT", "yn"),
        ("-A INPUT -p icmpv6 --icmpv6-type router-advertisement -m hl --hl-eq 255 -j ACCEPT", "yn"),
        ("-A INPUT -p icmpv6 --icmpv6-type 1/3 -j ACCEPT", "nn"),
        ("-A INPUT -p udp -m udp --dport 546 -j ACCEPT", "ny"),
        ("-A INPUT -d fe80::/64 -p udp -m udp --dport 546 -m state --state NEW -j ACCEPT", "ny"),
        ("-A INPUT -p udp -m multiport --dports 53,500:600 -j ACCEPT", "ny"),
        ("-A INPUT -p tcp -m tcp --dport 546 -j ACCEPT", "nn"),
        ("-A INPUT ! -p tcp -j ACCEPT", "yy"),
        ("-A INPUT -p ! udp -j ACCEPT", "yn"),
        ("-A INPUT ! -i lo -j ACCEPT", "yy"),
        ("-A INPUT -i lo -j ACCEPT", "nn"),
        ("-A INPUT -i eth+ -j ACCEPT", "yy"),
        ("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "nn"),
        ("-A INPUT -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT", "yy"),
        ("-A INPUT -m conntrack --ctstate INVALID -j DROP\n-A INPUT -j ACCEPT", "yy"),
        ("-A INPUT -m rt --rt-type 0 -j DROP\n-A INPUT -j ACCEPT", "yy"),
        ("-A INPUT -p ipv6-icmp -j icmp\n-A icmp -m icmp6 -p ipv6-icmp --icmpv6-type 134 -j ACCEPT", "yn"),
        ("-A INPUT -p ipv6-icmp -g icmp\n-A INPUT -j ACCEPT", "ny"),
        ("-A INPUT -m comment --comment \"-j DROP\" -j ACCEPT", "yy"),
        ("-A INPUT -j LOG --log-prefix \"x \"\n-A INPUT -j REJECT --reject-with icmp6-adm-prohibited\n-A INPUT -j ACCEPT", "nn"),
        ("[1:60] -A INPUT -j ACCEPT", "yy"),
        ("-I INPUT -j ACCEPT", "yy"),
        ("-A INPUT -m limit --limit 5/min -j ACCEPT", "??"),
        ("-A INPUT -m set --match-set good src -j ACCEPT", "??"),
        ("-A INPUT -j nowhere", "??"),
        ("-P INPUT ACCEPT", "yy"),
        ("-A INPUT -j ACCEPT\nCOMMIT\n*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -j DROP", "yn"),
    ] {
        assert_eq!(saved(rules), expected, "{rules}");
    }
    let persistent = one("netfilter-persistent", &[("/etc/iptables/rules.v6", "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")]);
    assert_eq!((letters(&persistent).as_str(), persistent.ras.at.line, &persistent.ras.text[..]), ("yy", 2, ":INPUT ACCEPT [0:0]"));
}

const BEFORE6: &str = "*filter\n:ufw6-before-input - [0:0]\n-A ufw6-before-input -i lo -j ACCEPT\n-A ufw6-before-input -m rt --rt-type 0 -j DROP\n\
-A ufw6-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
-A ufw6-before-input -m conntrack --ctstate INVALID -j ufw6-logging-deny\n-A ufw6-before-input -m conntrack --ctstate INVALID -j DROP\n\
-A ufw6-before-input -p icmpv6 --icmpv6-type router-advertisement -m hl --hl-eq 255 -j ACCEPT\n\
-A ufw6-before-input -p udp -s fe80::/10 --sport 547 -d fe80::/10 --dport 546 -j ACCEPT\nCOMMIT\n";
const AFTER6: &str = "*filter\n:ufw6-after-input - [0:0]\n-A ufw6-after-input -p udp --dport 546 -j ufw6-skip-to-policy-input\nCOMMIT\n";

#[test]
fn ufw() {
    let defaults = "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\n";
    let of = |defaults: &str, before: &str, user: &str| {
        one(
            "ufw",
            &[
                ("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
                ("/etc/default/ufw", defaults),
                ("/etc/ufw/before6.rules", before),
                ("/etc/ufw/after6.rules", AFTER6),
                ("/etc/ufw/user6.rules", user),
            ],
        )
    };
    let user = "*filter\n:ufw6-user-input - [0:0]\n-A ufw6-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    let without = |what: &str| BEFORE6.lines().filter(|line| !line.contains(what)).collect::<Vec<_>>().join("\n");
    assert_eq!(letters(&of(defaults, BEFORE6, user)), "yy");
    assert_eq!(letters(&of(defaults, &without("router-advertisement"), user)), "ny");
    assert_eq!(letters(&of(defaults, &without("546"), user)), "yn");
    assert_eq!(letters(&of("IPV6=yes\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\n", &without("router-advertisement"), user)), "yy");
    let open = "*filter\n-A ufw6-user-input -p udp --dport 546 -j ACCEPT\nCOMMIT\n";
    assert_eq!(letters(&of(defaults, &without("546"), open)), "yy");
    let off = of("IPV6=no\n", BEFORE6, user);
    assert_eq!((letters(&off).as_str(), &off.ras.at.path[..], &off.ras.text[..]), ("nn", "/etc/default/ufw", "IPV6=no"));
    let wants = "/etc/systemd/system/multi-user.target.wants/ufw.service";
    assert_eq!(firewalls(image(&[("/etc/ufw/ufw.conf", "ENABLED=yes\nENABLED=no\n"), (wants, "")]).path()), []);
    assert_eq!(letters(&one("ufw", &[("/etc/ufw/ufw.conf", "ENABLED=yes\n")])), "??");
    // Ubuntu 14.04: Upstart has no links that start its jobs.
    let upstart =
        [("/etc/ufw/ufw.conf", "ENABLED=yes\n"), ("/etc/init/ufw.conf", ""), ("/etc/default/ufw", "IPV6=no\n"), ("/etc/init/rc-sysinit.conf", "")];
    assert_eq!(firewalls(image(&upstart).path()).iter().map(letters).collect::<Vec<_>>(), ["nn"]);
}

#[test]
fn firewalld() {
    const PUBLIC: &str = "/usr/lib/firewalld/zones/public.xml";
    const DROP: &str = "/usr/lib/firewalld/zones/drop.xml";
    const KEYFILE: &str = "/etc/NetworkManager/system-connections/eth0.nmconnection";
    let public = (PUBLIC, "<zone>\n  <short>Public</short>\n  <service name=\"ssh\"/>\n  <service name=\"dhcpv6-client\"/>\n</zone>\n");
    let drop = (DROP, "<zone target=\"DROP\">\n</zone>\n");
    let policy = (
        "/usr/lib/firewalld/policies/allow-host-ipv6.xml",
        "<policy target=\"CONTINUE\">\n<rule family=\"ipv6\">\n<icmp-type name=\"router-advertisement\"/>\n<accept/></rule></policy>\n",
    );
    let default_drop = ("/etc/firewalld/firewalld.conf", "DefaultZone=drop\n");
    let zone = |text: &'static str| ("/etc/firewalld/zones/public.xml", text);
    for (files, expected) in [
        (&[public][..], "yy"),
        (&[public, policy, drop, default_drop], "yn"),
        (&[public, drop, default_drop], "nn"),
        (&[public, zone("<zone><service name=\"ssh\"/></zone>")], "yn"),
        (&[zone("<zone><port port=\"546\" protocol=\"udp\"/></zone>")], "yy"),
        (&[zone("<zone><port port=\"500-600\" protocol=\"udp\"/></zone>")], "yy"),
        (&[zone("<zone><port port=\"546\" protocol=\"tcp\"/></zone>")], "yn"),
        (&[zone("<zone target=\"ACCEPT\"/>")], "yy"),
        (&[zone("<zone><icmp-block name=\"router-advertisement\"/></zone>")], "nn"),
        (&[zone("<zone><icmp-block name=\"router-advertisement\"/></zone>"), policy], "yn"),
        (&[zone("<zone><icmp-block-inversion/></zone>")], "nn"),
        (
            &[
                zone("<zone><service name=\"mine\"/></zone>"),
                ("/etc/firewalld/services/mine.xml", "<service><port protocol=\"udp\" port=\"546\"/></service>"),
            ],
            "yy",
        ),
        // Which zone.
        (&[public, drop, (KEYFILE, "[connection]\ninterface-name=eth0\nzone=drop\n")], "nn"),
        (&[public, drop, (KEYFILE, "[connection]\ninterface-name=eth1\nzone=drop\n")], "yy"),
        (&[public, drop, ("/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nZONE=drop\n")], "nn"),
        (&[public, ("/etc/firewalld/zones/drop.xml", "<zone target=\"DROP\"><interface name=\"eth0\"/></zone>")], "nn"),
        (&[public, ("/etc/firewalld/zones/drop.xml", "<zone target=\"DROP\"><source address=\"fe80::/10\"/></zone>")], "nn"),
        (&[public, ("/etc/firewalld/zones/drop.xml", "<zone target=\"DROP\"><source address=\"192.0.2.0/24\"/></zone>")], "yy"),
        (&[public, ("/etc/firewalld/zones/drop.xml", "<zone target=\"DROP\"><source ipset=\"x\"/></zone>")], "??"),
        (&[default_drop], "??"),
        // What goes around the zones, and rich rules.
        (&[public, ("/etc/firewalld/direct.xml", "<direct>\n<rule ipv=\"ipv6\" table=\"filter\" chain=\"INPUT\">-j DROP</rule></direct>")], "??"),
        (&[public, ("/etc/firewalld/direct.xml", "<direct><rule ipv=\"ipv4\">-j DROP</rule></direct>")], "yy"),
        (&[zone("<zone><service name=\"dhcpv6-client\"/><rule><service name=\"http\"/><drop/></rule></zone>")], "yy"),
        (&[zone("<zone><service name=\"dhcpv6-client\"/><rule family=\"ipv4\"><drop/></rule></zone>")], "yy"),
        (&[zone("<zone><service name=\"dhcpv6-client\"/><rule><source address=\"fe80::/10\"/><drop/></rule></zone>")], "??"),
        (&[zone("<zone")], "??"),
    ] {
        assert_eq!(letters(&one("firewalld", files)), expected, "{files:?}");
    }
    let found = one("firewalld", &[public]);
    assert_eq!((&found.dhcpv6.at.path[..], found.dhcpv6.at.line, &found.dhcpv6.text[..]), (PUBLIC, 4, "<service name=\"dhcpv6-client\"/>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_nft_text_ends(text in "((table|chain|inet|input|type filter hook input priority 0|policy drop|define|include|set|elements =|vmap|icmpv6 type|udp dport|ct state|jump|accept|drop|log|add rule|\\$a|@a|[{}:;,=!<\"\\\\-]|546|\\PC)[ \n]){0,40}") {
        let found = one("nftables", &[(NFT, &text)]);
        prop_assert_eq!(found.manager, "nftables");
    }

    #[test]
    fn any_rule_of_a_chain_ends(text in "((icmpv6 type|icmpv6|udp dport|udp|ct state|iifname|ip6 saddr|meta|vmap|limit|jump|accept|drop|log|counter|\\$a|@a|[{}:;,=!<\"-]|546|134|\\PC)[ \n]){0,20}") {
        prop_assert_eq!(nft(&text).len(), 2);
    }

    #[test]
    fn any_ip6tables_text_ends(text in "((-A|-I|-P|INPUT|:INPUT|\\*filter|-j|-g|-p|udp|!|--dport|--state|-m|-s|ACCEPT|DROP|icmp|[\":,/]|546|\\PC)[ \n]){0,40}") {
        let _ = saved(&text);
        let _ = one("ip6tables", &[(SAVED, &text)]);
    }

    #[test]
    fn any_firewalld_text_ends(text in "((<zone|<rule|<source|<service|<port|name=|address=|port=|['\"/<>]|546|fe80::|\\PC) ?){0,20}") {
        let _ = one("firewalld", &[("/etc/firewalld/zones/public.xml", &text), ("/etc/firewalld/firewalld.conf", &text), ("/etc/firewalld/direct.xml", &text)]);
    }
}
