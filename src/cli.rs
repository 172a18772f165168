//! The command line: what a user may ask for, as types, and the help that teaches it.
//!
//! It turns options into what the rest of the program is asked; it knows neither checks nor facts.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::plan::Wanted;
use crate::report::{Counting, FORMATS, Format, RemedyFormat, Style, Target, Verbosity};

/// The longest deadline of a run, in seconds.
const LONGEST_S: f64 = 3600.0;
/// The shortest, in seconds: what the facts can tell.
const SHORTEST_S: f64 = 0.001;

const EXAMPLES: &str = "\
Examples:
  v6check                            check this guest, report as text
  v6check --junit out.xml            the same, and a report for the CI as well
  v6check -i eth0 --save facts.json  check one interface, keep what was observed
  v6check replay facts.json -v       judge that again, anywhere, in full
  v6check --root /mnt -i eth0        check an image on disk, by its files
  v6check remedy --format shell      the changes that mend it, as a script
  v6check explain ra-accepted        what a requirement is and why

What is sent:
  On each checked interface Router Solicitations and DHCPv6 Solicits (without
  Rapid Commit), as raw frames, until they are answered or the timeout is over.
  Nothing else: no address is asked for, taken or given back, and no setting is
  changed. --plan shows it beforehand; --passive sends nothing. It needs
  CAP_NET_RAW (root); without it, what the network offers is inconclusive.

With --root nothing is sent and no root is needed: the files of the image are
read, and what shows in a running guest only is skipped.

Exit codes:
  0  no must failed
  1  a must failed on the guest's side (--strict: or a should;
     --network-faults fail: or on the network's side)
  2  the run itself was impossible: arguments, check files, output
  3  nothing of that failed, but a must could not be judged, or failed on the
     network's side";

#[derive(Parser)]
#[command(
    name = "v6check",
    version,
    about = "Says, requirement by requirement, whether this guest gets its IPv6 address and keeps it, and when not, whose fault it is and what to \
             change",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 80
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Words>,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    report: ReportOptions,
}

#[derive(Subcommand)]
enum Words {
    /// Judge saved facts; touches nothing of this machine
    Replay {
        /// What an earlier run wrote with --save; `-` is stdin
        facts: PathBuf,
        #[command(flatten)]
        catalogue: CatalogueOptions,
        #[command(flatten)]
        report: ReportOptions,
    },
    /// Print the changes that mend what failed, as text or as a script; makes none
    Remedy {
        /// How they are printed: to read, to run in the guest, or as user data for cloud-init
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Written,
        #[command(flatten)]
        look: LookOptions,
        #[command(flatten)]
        catalogue: CatalogueOptions,
    },
    /// Show the requirements of a profile
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        catalogue: CatalogueOptions,
    },
    /// Show one requirement: what, why, source, how judged, remedies
    Explain {
        /// Its id, see `v6check list`
        id: String,
        /// A folder with further checks: <family>/<id>.toml, profiles/<name>.toml
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
}

#[derive(Args)]
#[command(next_help_heading = "Run options")]
struct LookOptions {
    /// Look at the image mounted or unpacked in DIR instead of this machine: what its files decide
    #[arg(long, value_name = "DIR", conflicts_with_all = ["passive", "timeout", "thorough"])]
    root: Option<PathBuf>,
    /// An interface to check; may be given again [default: what is a NIC to this guest]
    #[arg(short, long = "interface", value_name = "IF")]
    interfaces: Vec<String>,
    /// Send nothing
    #[arg(long)]
    passive: bool,
    /// Deadline of all conversations with the network; decimals are allowed
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = timeout, allow_negative_numbers = true)]
    timeout: Duration,
    /// Wait until the deadline, for second routers and servers
    #[arg(long, conflicts_with = "passive")]
    thorough: bool,
}

#[derive(Args)]
#[command(next_help_heading = "Run options")]
struct RunOptions {
    #[command(flatten)]
    look: LookOptions,
    /// Keep what was observed, for `replay`; the file's mode is 0600
    #[arg(long, value_name = "FACTS")]
    save: Option<PathBuf>,
    /// Print what would be observed and sent, and do nothing
    #[arg(long, conflicts_with_all = ["root", "save", "junit", "json", "text", "strict", "network_faults", "quiet", "verbose"])]
    plan: bool,
}

#[derive(Args)]
#[command(next_help_heading = "Requirements")]
struct CatalogueOptions {
    /// The requirements of this deployment
    #[arg(long, value_name = "NAME", default_value = "calico")]
    profile: String,
    /// A folder with further checks: <family>/<id>.toml, profiles/<name>.toml
    #[arg(long, value_name = "DIR")]
    checks: Option<PathBuf>,
    /// Failures that are knowingly accepted: a TOML file of [[waiver]] with id, reason and, if wanted, interface and expires
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
}

#[derive(Args)]
#[command(next_help_heading = "Report options")]
struct ReportOptions {
    /// Write a JUnit report; may be given again, `-` is stdout
    #[arg(long, value_name = "FILE")]
    junit: Vec<PathBuf>,
    /// Write a JSON report; likewise
    #[arg(long, value_name = "FILE")]
    json: Vec<PathBuf>,
    /// Write the text; likewise [default: stdout, unless another report goes there]
    #[arg(long, value_name = "FILE")]
    text: Vec<PathBuf>,
    /// A failed should counts like a must
    #[arg(long)]
    strict: bool,
    /// How a fault of the network counts
    #[arg(long, value_name = "HOW", default_value = "inconclusive")]
    network_faults: NetworkFaults,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// The text is the diagnosis and the sum only
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// The text has everything in full
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Written {
    Text,
    Shell,
    CloudInit,
}

#[derive(Clone, Copy, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NetworkFaults {
    Inconclusive,
    Fail,
}

/// What a user asked for.
#[derive(Debug)]
pub enum Command {
    /// Check this machine.
    Check(Check),
    /// Judge saved facts.
    Replay {
        /// The facts.
        facts: PathBuf,
        /// By which requirements.
        requirements: Requirements,
        /// What becomes of the report.
        reporting: Reporting,
    },
    /// Print what mends this machine or image.
    Remedy {
        /// The image that is looked at instead of this machine.
        root: Option<PathBuf>,
        /// What is looked at.
        wanted: Wanted,
        /// By which requirements.
        requirements: Requirements,
        /// How it is printed.
        format: RemedyFormat,
    },
    /// Show the requirements.
    List {
        /// As JSON.
        json: bool,
        /// Which.
        requirements: Requirements,
    },
    /// Show one requirement.
    Explain {
        /// Its id.
        id: String,
        /// A site's own checks.
        checks: Option<PathBuf>,
    },
}

/// A check of this machine.
#[derive(Debug)]
pub struct Check {
    /// The image that is looked at instead of this machine.
    pub root: Option<PathBuf>,
    /// What is looked at.
    pub wanted: Wanted,
    /// By which requirements.
    pub requirements: Requirements,
    /// Where the facts are kept.
    pub save: Option<PathBuf>,
    /// Print the plan and do nothing.
    pub plan: bool,
    /// What becomes of the report.
    pub reporting: Reporting,
}

/// Which requirements.
#[derive(Debug)]
pub struct Requirements {
    /// Name of the profile.
    pub profile: String,
    /// A site's own checks.
    pub checks: Option<PathBuf>,
    /// A file of waivers.
    pub waivers: Option<PathBuf>,
}

/// What becomes of the report.
#[derive(Debug)]
pub struct Reporting {
    /// Formats and where they are written. Never empty, and no place is there twice.
    pub outputs: Vec<(&'static Format, Target)>,
    /// The looks of the reports, and what counts.
    pub style: Style,
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// They make no command, or ask for help or the version. The error prints itself, and knows its exit code: 2, and 0 for help and version.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let cli = Cli::from_arg_matches(&Cli::command().try_get_matches_from(arguments)?)?;
    Ok(match cli.command {
        Some(Words::Replay { facts, catalogue, report }) => {
            Command::Replay { facts, requirements: catalogue.requirements(), reporting: report.reporting()? }
        }
        Some(Words::Remedy { look, catalogue, format }) => {
            let (root, wanted) = look.looked_at();
            let format = match format {
                Written::Text => RemedyFormat::Text,
                Written::Shell => RemedyFormat::Shell,
                Written::CloudInit => RemedyFormat::CloudInit,
            };
            Command::Remedy { root, wanted, requirements: catalogue.requirements(), format }
        }
        Some(Words::List { json, catalogue }) => Command::List { json, requirements: catalogue.requirements() },
        Some(Words::Explain { id, checks }) => Command::Explain { id, checks },
        None => {
            let RunOptions { look, save, plan } = cli.run;
            let (root, wanted) = look.looked_at();
            let reporting = cli.report.reporting()?;
            let save_target = save.as_ref().map(|path| Target::from(path.as_os_str()));
            if let Some(target) = save_target.filter(|save| reporting.outputs.iter().any(|(_, target)| target.is_same(save))) {
                let message = format!("the facts and a report would both be written to {target}; give each its own file");
                return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
            }
            Command::Check(Check { root, wanted, requirements: cli.catalogue.requirements(), save, plan, reporting })
        }
    })
}

impl LookOptions {
    /// The image, if one is looked at, and what is wanted.
    fn looked_at(self) -> (Option<PathBuf>, Wanted) {
        let Self { root, interfaces, passive, timeout, thorough } = self;
        (root, Wanted { interfaces, passive, thorough, timeout })
    }
}

impl CatalogueOptions {
    fn requirements(self) -> Requirements {
        Requirements { profile: self.profile, checks: self.checks, waivers: self.waivers }
    }
}

impl ReportOptions {
    fn reporting(self) -> Result<Reporting, clap::Error> {
        let no_text = self.text.is_empty();
        let mut outputs: Vec<(&'static Format, Target)> = Vec::new();
        for (name, files) in [("text", self.text), ("json", self.json), ("junit", self.junit)] {
            let format = Format::named(name).ok_or_else(|| Cli::command().error(ErrorKind::InvalidValue, format!("there is no format {name}")))?;
            outputs.extend(files.into_iter().map(|file| (format, Target::from(file.into_os_string()))));
        }
        let twice = outputs.iter().enumerate().find(|(at, (_, target))| outputs[..*at].iter().any(|(_, earlier)| earlier.is_same(target)));
        if let Some((_, (_, target))) = twice {
            let message = format!("two reports would be written to {target}; give each its own file");
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        if no_text && !outputs.iter().any(|(_, target)| *target == Target::Stdout) {
            outputs.extend(FORMATS.first().map(|text| (text, Target::Stdout)));
        }
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let counting = Counting { strict: self.strict, network_faults_fail: self.network_faults == NetworkFaults::Fail };
        Ok(Reporting { outputs, style: Style { colour: self.color.decide(), verbosity, counting } })
    }
}

impl When {
    /// Whether stdout gets colour (no-color.org for `NO_COLOR`).
    fn decide(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                let able = std::env::var_os("TERM").is_some_and(|terminal| !terminal.is_empty() && terminal != "dumb");
                wanted && able && std::io::stdout().is_terminal()
            }
        }
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds, such as 5 or 0.5".to_owned())?;
    if (SHORTEST_S..=LONGEST_S).contains(&seconds) {
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    } else {
        Err(format!("a timeout is between {SHORTEST_S} and {LONGEST_S} seconds"))
    }
}
