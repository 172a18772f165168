//! Fixes of firewalls: a rule of their own, before what drops Router Advertisements or DHCPv6 answers.

use crate::facts::{Edit, FileLine, Firewall, Goal, Passes, Setting};
use crate::image::Image;
use crate::image::edits::{Step, assign, delete, indentation, insert_after, insert_before};

/// What is to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Router Advertisements, and what goes with them: neighbor discovery.
    Advertisements,
    /// DHCPv6 answers of a server on the link.
    Answers,
}

/// Has the first firewall that drops it let it in.
pub(crate) fn let_in(image: &Image, firewalls: &[Firewall], goal: Goal) -> Option<Step> {
    let what = if goal == Goal::FirewallAdvertisements { What::Advertisements } else { What::Answers };
    let setting = |firewall: &Firewall| if what == What::Advertisements { firewall.ras.clone() } else { firewall.dhcpv6.clone() };
    let (firewall, dropped) = firewalls.iter().map(|firewall| (firewall, setting(firewall))).find(|(_, set)| set.value == Passes::No)?;
    match &firewall.manager[..] {
        "nftables" => nft(image, &dropped, what),
        "ip6tables" => ip6tables(image, &dropped.at.path, "INPUT", what),
        "ufw" if dropped.at.path == "/etc/default/ufw" => Some(assign(image, &dropped.at, "yes")?.into()),
        "ufw" => ip6tables(image, "/etc/ufw/before6.rules", "ufw6-before-input", what),
        "firewalld" => firewalld(image, &dropped.at, what),
        _ => None,
    }
}

/// What makes the firewall read its files again while the guest runs.
pub(crate) fn now(firewalls: &[Firewall]) -> Vec<String> {
    let command = |firewall: &Firewall| match &firewall.manager[..] {
        "nftables" => Some("systemctl reload nftables"),
        "ip6tables" => Some("systemctl restart ip6tables || systemctl restart netfilter-persistent"),
        "ufw" => Some("ufw reload"),
        "firewalld" => Some("firewall-cmd --reload"),
        _ => None,
    };
    let stops = |firewall: &&Firewall| firewall.ras.value == Passes::No || firewall.dhcpv6.value == Passes::No;
    firewalls.iter().filter(stops).filter_map(command).map(str::to_owned).collect()
}

/// Rules at the beginning of each chain that sees what comes in.
fn nft(image: &Image, dropped: &Setting<Passes>, what: What) -> Option<Step> {
    let rule = match what {
        What::Advertisements => "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept",
        What::Answers => "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
    };
    let path = &dropped.at.path;
    let text = image.text(path).ok()?;
    let is_base = |line: &str| {
        line.starts_with("type ")
            && line.ends_with(';')
            && line.split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| pair == ["hook", "input"])
    };
    let bases = (1..).zip(text.lines()).filter(|(_, line)| is_base(line.trim()));
    let edits: Option<Vec<Edit>> = bases
        .map(|(number, line)| {
            // `policy drop;` may stand on a line of its own behind it, and may come after rules.
            insert_after(image, &FileLine { path: path.clone(), line: number }, [format!("{}{rule}", indentation(line))])
        })
        .collect();
    let mut edits = edits.filter(|edits| !edits.is_empty())?;
    // From the end, so that the numbers of the lines before stay.
    edits.reverse();
    Some(Step::edits(edits))
}

/// Rules before the first one of the chain.
fn ip6tables(image: &Image, path: &str, chain: &str, what: What) -> Option<Step> {
    let rules: &[&str] = match what {
        What::Advertisements => &[
            "-p ipv6-icmp -m icmp6 --icmpv6-type 134 -j ACCEPT",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
        ],
        What::Answers => &["-s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j ACCEPT"],
    };
    let text = image.text(path).ok()?;
    let mut inside = false;
    let mut place = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('*') {
            inside = line.trim() == "*filter";
        }
        let of_chain = line.split_whitespace().nth(1) == Some(chain) && line.starts_with('-');
        if inside && (of_chain || line.trim() == "COMMIT") {
            place = Some(number);
            break;
        }
    }
    let at = FileLine { path: path.to_owned(), line: place? };
    Some(insert_before(image, &at, rules.iter().map(|rule| format!("-A {chain} {rule}")))?.into())
}

/// The zone's file with the service or protocol; of a zone that is a package's in a copy of our own.
fn firewalld(image: &Image, at: &FileLine, what: What) -> Option<Step> {
    let element = match what {
        What::Advertisements => "<protocol value=\"ipv6-icmp\"/>",
        What::Answers => "<service name=\"dhcpv6-client\"/>",
    };
    let name = at.path.rsplit('/').next().filter(|_| at.path.contains("/zones/"))?;
    let own = format!("/etc/firewalld/zones/{name}");
    let text = image.text(&at.path).ok()?;
    let last = (1..).zip(text.lines()).filter(|(_, line)| line.trim() == "</zone>").last().map(|(number, _)| number)?;
    if at.path == own {
        let at = |line| FileLine { path: own.clone(), line };
        let blocks =
            (1..).zip(text.lines()).filter(|(_, line)| what == What::Advertisements && line.contains("icmp-block name=\"router-advertisement\""));
        let mut edits = vec![insert_before(image, &at(last), [format!("  {element}")])?];
        let unblocked: Option<Vec<Edit>> = blocks.map(|(number, _)| delete(image, &at(number))).collect();
        edits.extend(unblocked?.into_iter().rev());
        return Some(Step::edits(edits));
    }
    let mut changed = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        if number == last {
            changed += &["  ", element, "\n"].concat();
        }
        if !(what == What::Advertisements && line.contains("icmp-block name=\"router-advertisement\"")) {
            changed.push_str(line);
            changed.push('\n');
        }
    }
    Some(Edit::Write { path: own, text: changed, mode: 0o644 }.into())
}
