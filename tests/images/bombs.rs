//! Small files that grow when they are read: what refers to itself, nests without end or expands.

use libtest_mimic::Trial;

use crate::INTERFACE;
use crate::run;
use crate::tree::Tree;

/// A file, the image that it is put into, and what makes it be read.
struct Bomb {
    name: &'static str,
    image: &'static str,
    path: &'static str,
    text: fn() -> String,
    /// Services that start at boot with it.
    services: &'static [&'static str],
}

const DEEP: usize = 100_000;

const BOMBS: [Bomb; 17] = [
    Bomb { name: "yaml-laughs", image: "ubuntu-22.04", path: "/etc/netplan/50-cloud-init.yaml", text: yaml_laughs, services: &[] },
    Bomb { name: "yaml-nests", image: "ubuntu-22.04", path: "/etc/netplan/50-cloud-init.yaml", text: || "[".repeat(DEEP), services: &[] },
    Bomb {
        name: "yaml-refers-to-itself",
        image: "ubuntu-22.04",
        path: "/etc/netplan/50-cloud-init.yaml",
        text: || "network: &a {ethernets: *a}\n".into(),
        services: &[],
    },
    Bomb { name: "cloud-config-laughs", image: "amazon-linux-2023", path: "/etc/cloud/cloud.cfg", text: yaml_laughs, services: &[] },
    Bomb { name: "cloud-config-nests", image: "amazon-linux-2023", path: "/etc/cloud/cloud.cfg", text: || "{a: ".repeat(DEEP), services: &[] },
    Bomb { name: "xml-nests", image: "centos-7-nm", path: "/usr/lib/firewalld/zones/public.xml", text: || "<zone>".repeat(DEEP), services: &[] },
    Bomb { name: "xml-laughs", image: "centos-7-nm", path: "/etc/firewalld/zones/public.xml", text: xml_laughs, services: &[] },
    Bomb { name: "wicked-xml-nests", image: "opensuse-leap", path: "/var/lib/wicked/duid.xml", text: || "<a>".repeat(DEEP), services: &[] },
    Bomb {
        name: "nft-includes-itself",
        image: "debian-12-cloud",
        path: "/etc/nftables.conf",
        text: || "include \"/etc/*.conf\"\n".repeat(100),
        services: &["nftables"],
    },
    Bomb {
        name: "nft-nests",
        image: "debian-12-cloud",
        path: "/etc/nftables.conf",
        text: || format!("table inet filter {}", "{".repeat(DEEP)),
        services: &["nftables"],
    },
    Bomb { name: "nft-jumps-in-circles", image: "debian-12-cloud", path: "/etc/nftables.conf", text: nft_circles, services: &["nftables"] },
    Bomb {
        name: "ip6tables-jumps-in-circles",
        image: "rocky-9",
        path: "/etc/sysconfig/ip6tables",
        text: ip6tables_circles,
        services: &["ip6tables"],
    },
    Bomb {
        name: "interfaces-sources-itself",
        image: "debian-12-ifupdown",
        path: "/etc/network/interfaces",
        text: || "source /etc/network/*\nsource-directory /etc/network\n".repeat(1000),
        services: &[],
    },
    Bomb { name: "interfaces-inherits-in-circles", image: "debian-12-ifupdown", path: "/etc/network/interfaces", text: inherits, services: &[] },
    Bomb {
        name: "variables-of-grub",
        image: "centos-8",
        path: "/boot/grub2/grubenv",
        text: || format!("kernelopts={}\n", "$kernelopts ".repeat(10_000)),
        services: &[],
    },
    Bomb {
        name: "patterns-of-sysctl",
        image: "debian-10",
        path: "/etc/sysctl.d/60-x.conf",
        text: || format!("net.ipv6.conf.{}b.accept_ra = 0\n", "*a".repeat(200)).repeat(2000),
        services: &[],
    },
    Bomb { name: "lease-cut", image: "debian-12-ifupdown", path: "/var/lib/dhcp/dhclient6.eth0.leases", text: lease_cut, services: &[] },
];

/// A trial for each.
pub(crate) fn trials() -> Vec<Trial> {
    let of_links = [("links-to-the-same-folder", folders_of_links as fn(&Tree) -> std::io::Result<()>), ("links-of-many-names", links_of_many_names)];
    let of_links = of_links.into_iter().map(|(name, make)| Trial::test(format!("hostile::bomb::{name}"), move || Ok(found_too_large(make)?)));
    let of_text = BOMBS.iter().map(|bomb| Trial::test(format!("hostile::bomb::{}", bomb.name), move || Ok(set_off(bomb)?)));
    of_text.chain(of_links).collect()
}

/// 1,100 links to the folder that they are in, and lines that look for files through seven of them.
fn folders_of_links(tree: &Tree) -> std::io::Result<()> {
    for number in 0..1100 {
        tree.link(&format!("/a/d{number}"), ".")?;
    }
    let lines = lines_of(2000, |number| format!("source /a/*/*/*/*/*/x{number}*\nsource /a/d{number}/*/x\n"));
    tree.append("/etc/network/interfaces", &format!("{lines}source /a/*/*/*/*/*/*\n"))
}

/// Forty links, each over 700 names to the next, and lines that lead over all of them.
fn links_of_many_names(tree: &Tree) -> std::io::Result<()> {
    for number in 0..40 {
        tree.link(&format!("/etc/k{number}"), &format!("{}k{}", "x/../".repeat(700), number + 1))?;
    }
    tree.write("/etc/x/file", "")?;
    tree.write("/etc/k40", "")?;
    let lines = lines_of(3000, |number| format!("source /etc/k1 /etc/k2/y{number}\n"));
    tree.append("/etc/network/interfaces", &lines)
}

/// An image that takes too long to look at is told so, and soon.
fn found_too_large(make: fn(&Tree) -> std::io::Result<()>) -> Result<(), String> {
    let tree = Tree::copy("debian-12-ifupdown").map_err(|error| error.to_string())?;
    make(&tree).map_err(|error| error.to_string())?;
    let report = run::judge(tree.path(), INTERFACE)?.report;
    let result = report.results.iter().find(|result| result.id == "dhcpv6-intended").ok_or("no dhcpv6-intended")?;
    let reason = result.reason.as_deref().unwrap_or_default();
    let told = result.verdict == v6check::judge::Verdict::Inconclusive && reason.contains("in this image");
    if told { Ok(()) } else { Err(format!("{:?}: {reason}", result.verdict)) }
}

fn set_off(bomb: &Bomb) -> Result<(), String> {
    let tree = Tree::copy(bomb.image).map_err(|error| error.to_string())?;
    tree.write(bomb.path, &(bomb.text)()).map_err(|error| error.to_string())?;
    for service in bomb.services {
        let unit = format!("/usr/lib/systemd/system/{service}.service");
        tree.write(&unit, "[Service]\nExecStart=/bin/true\n").map_err(|error| error.to_string())?;
        tree.link(&format!("/etc/systemd/system/multi-user.target.wants/{service}.service"), &unit).map_err(|error| error.to_string())?;
    }
    run::judge(tree.path(), INTERFACE).map(|_| ())
}

fn yaml_laughs() -> String {
    let line = |level: usize| format!("l{level}: &l{level} [{}]\n", vec![format!("*l{}", level - 1); 9].join(", "));
    let lines = (1..60).map(line).collect::<Vec<_>>().concat();
    format!("l0: &l0 [ha, ha]\n{lines}network: {{version: 2, ethernets: {{eth0: *l59}}}}\n")
}

fn xml_laughs() -> String {
    let line = |level: usize| format!("<!ENTITY l{level} \"{}\">\n", format!("&l{};", level - 1).repeat(9));
    let lines = (1..60).map(line).collect::<Vec<_>>().concat();
    let zone = "<zone><short>&l59;</short><service name=\"&l59;\"/></zone>";
    format!("<?xml version=\"1.0\"?>\n<!DOCTYPE zone [\n<!ENTITY l0 \"ha\">\n{lines}]>\n{zone}\n")
}

/// Each chain jumps twice to the next one, and the last to the first: two to the power of their number ways through.
fn nft_circles() -> String {
    let chains = (0..200).map(|chain| format!("chain c{chain} {{ jump c{0}; jump c{0}; }}\n", (chain + 1) % 200)).collect::<Vec<_>>().concat();
    format!("table inet filter {{\nchain input {{ type filter hook input priority 0; policy drop; jump c0; }}\n{chains}}}\n")
}

fn ip6tables_circles() -> String {
    let names = (0..200).map(|chain| format!(":c{chain} - [0:0]\n")).collect::<Vec<_>>().concat();
    let jumps = (0..200).map(|chain| format!("-A c{chain} -j c{0}\n-A c{chain} -j c{0}\n", (chain + 1) % 200)).collect::<Vec<_>>().concat();
    format!("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{names}-A INPUT -j c0\n{jumps}COMMIT\n")
}

/// Stanzas of which each inherits from all of its own name.
fn inherits() -> String {
    let stanzas = (0..2000).map(|stanza| format!("iface s{} inherits s{}\n", stanza % 10, (stanza + 1) % 10)).collect::<Vec<_>>().concat();
    format!("auto eth0\niface eth0 inherits s0\n{stanzas}")
}

fn lease_cut() -> String {
    "default-duid \"\\000\\001\\000\\0012\\227\\331".to_owned() + "\";\nlease6 {\n  interface \"eth0\";\n  ia-na 3e:11:22:33 {\n    starts 17954"
}

/// `count` pieces of a text, each made of its number.
fn lines_of(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}
