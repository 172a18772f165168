//! What ifupdown2 is set up to do: its stanzas are one, and the method of the first holds (seen in its own code, 3.0.0).

use v6check::facts::{Intent, InterfaceIntent, RunsDhcpv6, StackId, TakesRas};

use super::image::{DHCLIENT, image, interface, known, nic};

const INTERFACES: &str = "/etc/network/interfaces";
const PROGRAM: (&str, &str) = ("/sbin/ifup", "-> /usr/share/ifupdown2/bin/ifupdown2");

fn eth0(files: &[(&str, &str)]) -> InterfaceIntent {
    interface(image(&[&[PROGRAM], files].concat()).path(), nic("eth0", None))
}

fn seen(text: &str) -> Intent {
    known(eth0(&[DHCLIENT, (INTERFACES, text)]).stack).unwrap()
}

#[test]
fn the_method_of_the_first_stanza_holds_for_all_families() {
    for (stanzas, dhcpv6, accept_ra) in [
        ("iface eth0 inet6 dhcp", RunsDhcpv6::Yes, None),
        ("iface eth0 inet6 dhcp\n accept_ra 2", RunsDhcpv6::Yes, Some(2)),
        ("iface eth0 inet6 dhcp\n accept-ra 1", RunsDhcpv6::Yes, Some(1)),
        ("iface eth0 inet dhcp", RunsDhcpv6::No, None),
        ("iface eth0 inet dhcp\niface eth0 inet6 dhcp", RunsDhcpv6::Yes, None),
        ("iface eth0 inet dhcp\niface eth0 inet6 manual\n accept_ra 1", RunsDhcpv6::Yes, Some(1)),
        ("iface eth0 inet static\n address 192.0.2.9/24\niface eth0 inet6 dhcp\n accept_ra 1", RunsDhcpv6::No, None),
        ("iface eth0\n address 2001:db8::1/64\niface eth0 inet6 dhcp", RunsDhcpv6::No, None),
        ("iface eth0 inet dhcp\niface eth0:1 inet6 manual", RunsDhcpv6::Yes, None),
        ("iface eth0 inet6 dhcp\n link-down yes", RunsDhcpv6::No, None),
        ("iface eth0 inet static\n up sleep 3; dhclient -6 eth0", RunsDhcpv6::Yes, None),
    ] {
        let intent = seen(&format!("auto eth0\n{stanzas}\n"));
        assert_eq!((intent.dhcpv6.value, intent.accept_ra.map(|setting| setting.value)), (dhcpv6, accept_ra), "{stanzas}");
        assert_eq!((intent.stack, intent.at_boot.value, intent.takes_ras.value), (StackId::Ifupdown2, true, TakesRas::Kernel), "{stanzas}");
        assert_eq!(intent.client.is_some(), dhcpv6 == RunsDhcpv6::Yes, "{stanzas}");
    }
    let trap = seen("auto eth0\niface eth0 inet static\n address 192.0.2.9/24\niface eth0 inet6 dhcp\n");
    assert_eq!(trap.dhcpv6.at.line, 4);
    assert_eq!(trap.dhcpv6.text, "iface eth0 inet6 dhcp (has no effect: the method of the first stanza holds, `iface eth0 inet static`)");
}

#[test]
fn its_client_is_isc_dhclient_alone_and_it_waits_for_a_link_local_address() {
    let text = "auto eth0\niface eth0 inet6 dhcp\n";
    let without = known(eth0(&[(INTERFACES, text), ("/usr/sbin/dhcpcd", "")]).stack).unwrap();
    assert_eq!((without.dhcpv6.value, without.client, without.by), (RunsDhcpv6::NoClient, None, None));
    let with = seen(text);
    assert_eq!((with.client, with.link_local_wait_s.map(|wait| wait.value)), (Some(StackId::Dhclient), Some(10)));
    let policy = ("/etc/network/ifupdown2/policy.d/dhcp.json", r#"{"dhcp": {"defaults": {"dhcp6-ll-wait": "30"}}}"#);
    assert_eq!(known(eth0(&[DHCLIENT, (INTERFACES, text), policy]).stack).unwrap().link_local_wait_s, None);
}

#[test]
fn what_brings_an_interface_up_at_boot() {
    let stanza = "iface eth0 inet6 dhcp\n";
    for (line, at_boot) in [("auto eth0\n", true), ("auto all\n", true), ("allow-hotplug eth0\n", true), ("allow-mgmt eth0\n", false), ("", false)] {
        assert_eq!(seen(&format!("{line}{stanza}")).at_boot.value, at_boot, "{line}");
    }
    for (defaults, at_boot) in [("EXCLUDE_INTERFACES=\"eth1 eth0\"\n", false), ("EXCLUDE_INTERFACES=\n", true), ("CONFIGURE_INTERFACES=no\n", false)]
    {
        let files = [DHCLIENT, (INTERFACES, &format!("auto eth0\n{stanza}")[..]), ("/etc/default/networking", defaults)];
        assert_eq!(known(eth0(&files).stack).unwrap().at_boot.value, at_boot, "{defaults}");
    }
}

#[test]
fn ranges_and_templates_are_not_guessed_at() {
    let reason = |text: &str| known(eth0(&[DHCLIENT, (INTERFACES, text)]).stack).unwrap_err();
    for text in ["auto eth[0-3]\niface eth[0-3] inet6 dhcp\n", "%for i in [0]:\niface eth${i} inet6 dhcp\n%endfor\n"] {
        assert!(reason(text).contains("is for eth0 is not known"), "{text}");
    }
    let other = known(eth0(&[(INTERFACES, "auto eth1\niface eth1 inet6 dhcp\n")]).stack).unwrap();
    assert_eq!((other.stack, other.at_boot.value, other.dhcpv6.value), (StackId::Ifupdown2, false, RunsDhcpv6::No));
}
