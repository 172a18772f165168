//! Units of systemd. They work since version 219 (CentOS 7), whose units know neither paths without a directory nor `Type=exec`.

use std::collections::BTreeSet;

use super::pieces::{self, Piece, is_plain};
use super::{DEADLINE_S, PROGRAM, SETTLING_S, Wish};

pub(super) const RECORD_FILE: &str = "/etc/systemd/system/v6check-record.service";
const REPORT: &str = "/etc/systemd/system/v6check-report.service";
const DEADLINE: &str = "/etc/systemd/system/v6check-report.timer";
const ONLINE: &str = "/etc/systemd/system/v6check-online.service";

const RECORD_UNIT: &str = "\
@MARK@
[Unit]
Description=Recording of what decides about IPv6, from before the network comes up
ConditionFileIsExecutable=@PROGRAM@
# Once a boot: whatever starts a unit later starts again what sysinit.target wants and what is not active (it is by RemainAfterExit=).
ConditionPathExists=!/run/v6check/boot.pcapng
# It needs nothing but its program and /run: the earlier, the more it sees. Not local-fs.target, which may wait for a slow disk.
DefaultDependencies=no
RequiresMountsFor=@PROGRAM@
# network-pre.target is for this (systemd.special(7)); not every stack waits for it, so they are named, and the rest waits for sysinit.target.
Wants=network-pre.target
Before=network-pre.target sysinit.target
Before=systemd-networkd.service NetworkManager.service networking.service ifupdown-pre.service network.service
Before=cloud-init-main.service cloud-init-local.service cloud-init.service cloud-init-network.service netplan-configure.service
Before=dhcpcd.service connman.service wide-dhcpv6-client.service dibbler-client.service systemd-network-generator.service
Before=wickedd.service wickedd-auto4.service wickedd-dhcp4.service wickedd-dhcp6.service wickedd-nanny.service wicked.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
# It says when its sockets are open; the network waits for that, and never longer than for this.
Type=notify
TimeoutStartSec=10
ExecStart=@PROGRAM@ record
RemainAfterExit=yes
Restart=no
TimeoutStopSec=5
# No NoNewPrivileges: with it, SELinux would leave the program in a domain that may open no packet socket. No private file systems: they cost a
# boot more than the recorder itself.
CapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN CAP_DAC_OVERRIDE
RestrictAddressFamilies=AF_PACKET AF_NETLINK AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native

[Install]
WantedBy=sysinit.target
";

const REPORT_UNIT: &str = "\
@MARK@
[Unit]
Description=Check of IPv6 after the boot
ConditionFileIsExecutable=@PROGRAM@
# A timer and v6check-online.service start it, and the first one counts.

[Service]
Type=oneshot
# So the second one finds it started.
RemainAfterExit=yes
# The recording ends first: so it is whole, and has nothing of what the check sends. The unit stays active, so it is not started again.
ExecStartPre=-/bin/sh -c \"systemctl kill v6check-record.service && sleep 1\"
ExecStart=@PROGRAM@ @ARGUMENTS@
# What it found is no failure of the service; that it could not run or write is.
SuccessExitStatus=1 3
# A serial line with nobody at its other end may stop a writer for ever.
TimeoutStartSec=120
";

const DEADLINE_UNIT: &str = "\
@MARK@
[Unit]
Description=Latest time of the check of IPv6 after the boot
# network-online.target may never come on a broken guest, and nobody may have asked for it.

[Timer]
OnActiveSec=@DEADLINE@
AccuracySec=1
Unit=v6check-report.service

[Install]
WantedBy=timers.target
";

const ONLINE_UNIT: &str = "\
@MARK@
[Unit]
Description=Check of IPv6 soon after the network is up
# network-online.target is not pulled in: that would change the boot that is checked. A target is after what it wants, but for this.
DefaultDependencies=no
After=sysinit.target network-online.target
Conflicts=shutdown.target
Before=shutdown.target

[Service]
# No timer: systemd orders a timer before what it starts, so while this one waits for the network, the other one could start nothing. The network is
# called up when any address is there; DHCPv6 may go on.
ExecStart=/bin/sh -c \"sleep @SETTLING@ && systemctl start --no-block v6check-report.service\"

[Install]
WantedBy=network-online.target
";

pub(super) fn pieces(wish: &Wish, list: &BTreeSet<String>) -> Vec<Piece> {
    let words: Vec<String> = wish.arguments.iter().map(|argument| word(argument)).collect();
    let with =
        [("@PROGRAM@", PROGRAM), ("@SETTLING@", &SETTLING_S.to_string()), ("@DEADLINE@", &DEADLINE_S.to_string()), ("@ARGUMENTS@", &words.join(" "))];
    let none = BTreeSet::new();
    let unit = |path: &str, template: &str, list: &BTreeSet<String>| Piece::file(path, 0o644, pieces::fill(template, list, &with));
    let wanted = |by: &str, path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        Piece::link(&format!("/etc/systemd/system/{by}.wants/{name}"), path)
    };
    vec![
        unit(RECORD_FILE, RECORD_UNIT, list),
        unit(REPORT, REPORT_UNIT, &none),
        unit(DEADLINE, DEADLINE_UNIT, &none),
        unit(ONLINE, ONLINE_UNIT, &none),
        wanted("sysinit.target", RECORD_FILE),
        wanted("timers.target", DEADLINE),
        wanted("network-online.target", ONLINE),
    ]
}

/// `argument` as one word of `ExecStart=` (systemd.service(5), "Command lines"; systemd.unit(5), "Specifiers").
fn word(argument: &str) -> String {
    if argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    let mut word = String::from("\"");
    for character in argument.chars() {
        match character {
            '"' | '\\' => word.extend(['\\', character]),
            '%' | '$' => word.extend([character, character]),
            _ => word.push(character),
        }
    }
    word + "\""
}
