//! The options that several commands share, and what becomes of them.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};

use super::reports::{REPORT_FILES, RunReports, is_default};
use super::{Cli, Reporting, Requirements};
use crate::plan::Wanted;
use crate::report::{Counting, FORMATS, Style, Target, Verbosity};

/// As many characters as the name of a report may have.
const LONGEST_NAME: usize = 200;
/// The longest deadline of a run, in seconds.
const LONGEST_S: f64 = 3600.0;
/// The shortest, in seconds: what the facts can tell.
const SHORTEST_S: f64 = 0.001;

#[derive(Args)]
#[command(next_help_heading = "Run options")]
pub(super) struct ObserveOptions {
    /// Look at the image mounted or unpacked in DIR instead of this machine: what its files decide
    #[arg(long, value_name = "DIR", conflicts_with_all = ["passive", "timeout", "thorough"])]
    pub(super) root: Option<PathBuf>,
    /// Interface to check (repeatable, or several with commas) [default: all NICs of this guest]
    #[arg(short, long = "interface", value_name = "IF", value_delimiter = ',')]
    pub(super) interfaces: Vec<String>,
    /// Assume that the image has at least N NICs [default: those that its files name, or one]
    #[arg(long, value_name = "N", requires = "root", conflicts_with = "interfaces", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) nics: Option<u16>,
    /// Send nothing
    #[arg(long)]
    pub(super) passive: bool,
    /// Time limit for network probes; decimals are allowed
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = timeout, allow_negative_numbers = true)]
    pub(super) timeout: Duration,
    /// Wait until the time limit, for second routers and servers
    #[arg(long, conflicts_with = "passive")]
    pub(super) thorough: bool,
    /// A capture of the guest's boot, pcap or pcapng, from wherever it was taken [default: what `v6check record` left in /run/v6check]
    #[arg(long, value_name = "CAPTURE", conflicts_with = "root")]
    pub(super) boot: Option<PathBuf>,
}

#[derive(Args)]
#[command(next_help_heading = "Run options")]
pub(super) struct RunOptions {
    #[command(flatten)]
    pub(super) observe: ObserveOptions,
    /// Look again until every 'must' is decided, for at most SECONDS; decimals are allowed
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true, conflicts_with_all = ["root", "plan"])]
    pub(super) wait: Option<Duration>,
    /// Keep what was observed, for `replay`; the file's mode is 0600
    #[arg(long, value_name = "FACTS")]
    pub(super) save: Option<PathBuf>,
    /// Print what would be observed and sent, and do nothing
    #[arg(long, conflicts_with_all = ["root", "save", REPORT_FILES, "name", "strict", "network_faults", "quiet", "verbose"])]
    pub(super) plan: bool,
}

#[derive(Args)]
#[command(next_help_heading = "Requirements")]
pub(super) struct ProfileOptions {
    /// The requirements of this deployment
    #[arg(long, value_name = "NAME", default_value = "calico")]
    pub(super) profile: String,
    /// A folder with further checks: <family>/<id>.toml, profiles/<name>.toml
    #[arg(long, value_name = "DIR")]
    pub(super) checks: Option<PathBuf>,
}

#[derive(Args)]
#[command(next_help_heading = "Requirements")]
pub(super) struct CatalogueOptions {
    #[command(flatten)]
    pub(super) profile: ProfileOptions,
    /// What fails or cannot be judged and is knowingly accepted: a TOML file of [[waiver]] with id, reason and, if wanted, interface and expires
    #[arg(long, value_name = "FILE")]
    pub(super) waivers: Option<PathBuf>,
}

#[derive(Args)]
#[command(next_help_heading = "Report options")]
pub(super) struct ReportOptions {
    #[command(flatten)]
    pub(super) reports: RunReports,
    /// What the report is called, such as the image's name [default: the host name, or else the directory's name]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(super) name: Option<String>,
    /// Treat failed 'should' requirements as 'must'
    #[arg(long)]
    pub(super) strict: bool,
    /// How a fault of the network counts
    #[arg(long, value_name = "HOW", default_value = "inconclusive")]
    pub(super) network_faults: NetworkFaults,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
    /// The text is the diagnosis and the sum only
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// The text has everything in full
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ScriptFormat {
    Text,
    Shell,
    CloudInit,
    Diff,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NetworkFaults {
    Inconclusive,
    Fail,
}

impl ObserveOptions {
    /// The image, if one is observed, and what is wanted.
    pub(super) fn wanted(self) -> (Option<PathBuf>, Wanted) {
        let Self { root, interfaces, nics, passive, timeout, thorough, boot } = self;
        (root, Wanted { interfaces, passive, thorough, timeout, boot, nics: nics.map(usize::from) })
    }
}

impl ProfileOptions {
    pub(super) fn requirements(self) -> Requirements {
        Requirements { profile: self.profile, checks: self.checks, waivers: None }
    }
}

impl CatalogueOptions {
    pub(super) fn requirements(self) -> Requirements {
        Requirements { waivers: self.waivers, ..self.profile.requirements() }
    }
}

impl ReportOptions {
    pub(super) fn reporting(self) -> Result<Reporting, clap::Error> {
        let RunReports(mut outputs) = self.reports;
        let twice = outputs.iter().enumerate().find(|(at, (_, target))| outputs[..*at].iter().any(|(_, earlier)| earlier.is_same(target)));
        if let Some((_, (_, target))) = twice {
            let message = format!("two reports would be written to {target}; give each its own file");
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        if !outputs.iter().any(|(format, target)| is_default(format) || *target == Target::Stdout) {
            outputs.extend(FORMATS.first().map(|default| (default, Target::Stdout)));
        }
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let counting = Counting { strict: self.strict, network_faults_fail: self.network_faults == NetworkFaults::Fail };
        Ok(Reporting { name: self.name, outputs, style: Style { colour: self.color.decide(), verbosity, counting } })
    }
}

impl When {
    /// Whether stdout gets colour (no-color.org for `NO_COLOR`).
    pub(super) fn decide(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                wanted && able() && std::io::stdout().is_terminal()
            }
        }
    }
}

/// Whether the terminal understands escape sequences, if it is one.
pub(crate) fn able() -> bool {
    std::env::var_os("TERM").is_some_and(|terminal| !terminal.is_empty() && terminal != "dumb")
}

/// The name of a report.
pub(super) fn name(text: &str) -> Result<String, String> {
    match text.chars().count() {
        _ if text.trim().is_empty() => Err("the name is empty".to_owned()),
        count if count > LONGEST_NAME => Err(format!("the name has more than {LONGEST_NAME} characters")),
        _ => Ok(text.to_owned()),
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds, such as 5 or 0.5".to_owned())?;
    if (SHORTEST_S..=LONGEST_S).contains(&seconds) {
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    } else {
        Err(format!("it must be between {SHORTEST_S} and {LONGEST_S} seconds"))
    }
}
