//! The commands around a guest's boot: `record`, `watch`, `install` and `uninstall`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Requirements;
use super::options::{CatalogueOptions, When, name};
use super::reports::BootReports;
use crate::report::Target;

pub(super) const REPLAY_EXAMPLES: &str = "\
Examples:
  v6check replay facts.json -v           an earlier run again, in full
  v6check replay tap.pcap                the guests of a capture, by packets
  v6check replay tap.pcap --junit out.xml --profile rfc-host
                                         the same by the RFCs, for the CI
  tcpdump -r big.pcap -w - ip6 | v6check replay -

A capture is taken on the guest's link while it boots, such as by
  tcpdump -i tap0 -w tap.pcap
on the hypervisor. What packets do not show is skipped. A compressed capture is
to be unpacked first. Exit codes are those of a check: v6check --help.";

const RECORD_EXAMPLES: &str = "\
Examples:
  v6check record                                until Ctrl-C or 600 s
  v6check record --output eth.pcapng --time 60  into a file of your own
  v6check watch /run/v6check/boot.pcapng        what it has
  v6check                                       the check that reads it

It sends nothing and needs root (CAP_NET_RAW). Wireshark opens the file. For
each boot from its beginning: v6check install.";

const WATCH_EXAMPLES: &str = "\
Examples:
  v6check watch -i eth0                   what happens now, until Ctrl-C
  v6check watch --json | jq .text         for programs
  v6check watch /run/v6check/boot.pcapng  the boot that was recorded
  v6check watch tap.pcap --chart          who said what to whom, as arrows

  -> is said by the guest, <- is said to it, * is done by its kernel. It sends
nothing. On this machine it needs root (CAP_NET_RAW); for a file it does not.";

const INSTALL_EXAMPLES: &str = "\
Examples:
  v6check install --dry-run               what would be put where
  v6check install --report /dev/ttyS0     this machine, from its next boot on
  v6check install --root /mnt --report /dev/ttyS0 --junit /var/log/v6check.xml
                                          an image, before it is booted

At the next boot, v6check record listens from before the network comes up. The
report comes 15 s after the network is called up, at the latest 2 min after the
services began to start. To read it where no --report says otherwise:
  journalctl -b -u v6check-report         with systemd; else in syslog
  v6check                                 at any time: it reads the recording
It needs root, or an image that may be written. v6check uninstall takes all of
it away.";

#[derive(Args)]
#[command(after_help = RECORD_EXAMPLES)]
pub(super) struct RecordOptions {
    /// Where the recording goes, as pcapng
    #[arg(long, value_name = "FILE", default_value = "/run/v6check/boot.pcapng")]
    output: PathBuf,
    /// Maximum size in MiB; the beginning and the end are kept
    #[arg(long, value_name = "MIB", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=1024))]
    size: u16,
    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = clap::value_parser!(u32).range(1..=86400))]
    time: u32,
}

/// A recording to make.
#[derive(Debug)]
pub struct Record {
    /// Where it goes.
    pub output: PathBuf,
    /// As many bytes as it may have.
    pub most_bytes: u64,
    /// As long as it goes on.
    pub time: Duration,
}

impl From<RecordOptions> for Record {
    fn from(options: RecordOptions) -> Self {
        let RecordOptions { output, size, time } = options;
        Self { output, most_bytes: u64::from(size) << 20, time: Duration::from_secs(time.into()) }
    }
}

#[derive(Args)]
#[command(after_help = WATCH_EXAMPLES)]
pub(super) struct WatchOptions {
    /// A capture, pcap or pcapng, instead of this machine; `-` is stdin
    capture: Option<PathBuf>,
    /// Interface (repeatable) [default: all but the loopback]
    #[arg(short, long = "interface", value_name = "IF")]
    interfaces: Vec<String>,
    /// A line of JSON for each event
    #[arg(long)]
    json: bool,
    /// The capture as a sequence chart: guest, router and server as columns
    #[arg(long, requires = "capture", conflicts_with = "json")]
    chart: bool,
    #[command(flatten)]
    catalogue: CatalogueOptions,
}

/// Events to show.
#[derive(Debug)]
pub struct Watch {
    /// The capture that they come from; absent for this machine.
    pub capture: Option<PathBuf>,
    /// Interfaces by name; empty for all.
    pub interfaces: Vec<String>,
    /// As JSON.
    pub json: bool,
    /// As a chart.
    pub chart: bool,
    /// With colour.
    pub colour: bool,
    /// By which the running diagnosis is made.
    pub requirements: Requirements,
}

impl From<WatchOptions> for Watch {
    fn from(options: WatchOptions) -> Self {
        let WatchOptions { capture, interfaces, json, chart, catalogue } = options;
        Self { capture, interfaces, json, chart, colour: !json && When::Auto.decide(), requirements: catalogue.requirements() }
    }
}

#[derive(Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(super) struct InstallOptions {
    /// The image mounted or unpacked in DIR instead of this machine
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(flatten)]
    reports: BootReports,
    /// Where the facts of each boot go, its recording among them, for `replay`
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// The requirements of this deployment
    #[arg(long, value_name = "NAME", default_value = "calico")]
    profile: String,
    /// What the reports are called, such as the image's name [default: the host name]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// What to put into a guest or an image.
#[derive(Debug)]
pub struct Install {
    /// The image; absent for this machine.
    pub root: Option<PathBuf>,
    /// Reports and facts of each boot by their option of a run (a format's name, or `save`), and where they go.
    pub reports: Vec<(&'static str, Target)>,
    /// Name of the profile.
    pub profile: String,
    /// What the reports are called, if that was asked for.
    pub name: Option<String>,
    /// Only say what would be done.
    pub dry_run: bool,
}

impl From<InstallOptions> for Install {
    fn from(options: InstallOptions) -> Self {
        let InstallOptions { root, reports: BootReports(reports), save, profile, name, dry_run } = options;
        let reports = reports.into_iter().map(|(format, target)| (format.name, target));
        let save = save.map(|file| ("save", Target::from(file.into_os_string())));
        Self { root, reports: reports.chain(save).collect(), profile, name, dry_run }
    }
}

#[derive(Args)]
pub(super) struct UninstallOptions {
    /// The image mounted or unpacked in DIR instead of this machine
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}
