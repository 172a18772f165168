//! The command line: what a user may ask for, as types, and the help that teaches it.
//!
//! It turns options into what the rest of the program is asked; it knows neither checks nor facts.

mod boot;
mod hint;
mod matrix;
mod options;
mod reports;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::plan::Wanted;
use crate::report::{Format, RemedyFormat, Style, Target};
use options::{CatalogueOptions, ObserveOptions, ProfileOptions, ReportOptions, RunOptions, ScriptFormat};

pub use boot::{Install, Record, Watch};
pub use matrix::Matrix;
pub(crate) use options::able;

const EXAMPLES: &str = "\
Examples:
  v6check                            check this guest, report as text
  v6check --junit out.xml            the same, and a report for the CI as well
  v6check -i eth0 --save facts.json  check one interface, keep what was observed
  v6check replay facts.json -v       judge that again, anywhere, in full
  v6check --root /mnt --name rocky-9 check an image on disk, by its files
  v6check remedy --format shell      the fixes, as a script
  v6check matrix reports/            many reports as one table, worst first
  v6check explain ra-accepted        what a requirement is and why

The boot:
  v6check install                    record and check each boot from now on
  v6check record                     record by hand, until Ctrl-C or 600 s
  v6check watch                      what happens now, a line an event
  v6check replay tap.pcap            judge a capture alone, by its packets
  v6check --boot tap.pcap            check this guest, its boot from a capture
  v6check COMMAND --help             more of each

What is sent:
  On each checked interface Router Solicitations and DHCPv6 Solicits (without
  Rapid Commit), as raw frames, until they are answered or the timeout is over:
  at once and after 0.3, 1, 2 and 4 s, each later interval twice the one before.
  That is sooner than a client asks again, since a lost answer must not count
  as none.
  Nothing else: no address is asked for, taken or given back, and no setting is
  changed. --plan shows it beforehand; --passive sends nothing. It needs
  CAP_NET_RAW (root); without it, what the network offers is inconclusive.
  `record` and `watch` send nothing.

With --root nothing is sent and no root is needed: the files of the image are
read, and what shows in a running guest only is skipped.

Exit codes:
  0  no must failed
  1  a must failed on the guest's side (--strict: or a should;
     --network-faults fail: or on the network's side)
  2  the run itself was impossible: arguments, check files, output
  3  nothing of that failed, but a must could not be judged, or failed on the
     network's side; or no interface was checked";

const REMEDY_EXAMPLES: &str = "\
Examples:
  v6check remedy                     what to change in this guest, to read
  v6check remedy --root /mnt -i eth0 --format shell
                                     the same for an image, as a script

It changes nothing. The exit code is 0; 3 where an image could not be judged, and
standard error says why; 2 where the run was impossible.";

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
    command: Option<Subcommand>,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    report: ReportOptions,
}

#[derive(clap::Subcommand)]
enum Subcommand {
    /// Judge saved facts, or a capture by itself; touches nothing of this machine
    #[command(after_help = boot::REPLAY_EXAMPLES)]
    Replay {
        /// What an earlier run wrote with --save, or a capture, pcap or pcapng; `-` is stdin
        #[arg(value_name = "FACTS|CAPTURE")]
        facts: PathBuf,
        #[command(flatten)]
        catalogue: CatalogueOptions,
        #[command(flatten)]
        report: ReportOptions,
    },
    /// Print fixes for what failed, as text or as a script; changes nothing
    #[command(after_help = REMEDY_EXAMPLES)]
    Remedy {
        /// How they are printed: to read, to run in the guest, as user data for cloud-init, as a diff for patch -p1, or as JSON
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: ScriptFormat,
        #[command(flatten)]
        observe: ObserveOptions,
        #[command(flatten)]
        catalogue: CatalogueOptions,
    },
    /// Show many reports as one table: images by requirements, the worst first
    Matrix(matrix::MatrixOptions),
    /// Record what decides about IPv6, from before the network comes up
    Record(boot::RecordOptions),
    /// Show what decides about IPv6 as it happens, or as a capture has it
    Watch(boot::WatchOptions),
    /// Make a guest or an image record each boot and check itself afterwards
    Install(boot::InstallOptions),
    /// Remove what `install` installed
    Uninstall(boot::UninstallOptions),
    /// Show the requirements of a profile
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        profile: ProfileOptions,
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

/// What a user asked for.
#[derive(Debug)]
pub enum Command {
    /// Check this machine.
    Check(Check),
    /// Judge saved facts, or a capture by itself.
    Replay {
        /// The facts or the capture.
        facts: PathBuf,
        /// By which requirements.
        requirements: Requirements,
        /// What becomes of the report.
        reporting: Reporting,
    },
    /// Print fixes for this machine or image.
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
    /// Show many reports as one table.
    Matrix(Matrix),
    /// Record a boot.
    Record(Record),
    /// Show events.
    Watch(Watch),
    /// Put recorder and report into a guest or an image.
    Install(Install),
    /// Take them away again.
    Uninstall {
        /// The image; absent for this machine.
        root: Option<PathBuf>,
        /// Only say what would be done.
        dry_run: bool,
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
    /// For how long it is looked again until every must is decided.
    pub wait: Option<Duration>,
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
    /// What the report is called, if that was asked for.
    pub name: Option<String>,
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
    let cli = Cli::from_arg_matches(&Cli::command().try_get_matches_from(arguments).map_err(hint::with_command)?)?;
    Ok(match cli.command {
        Some(Subcommand::Replay { facts, catalogue, report }) => {
            Command::Replay { facts, requirements: catalogue.requirements(), reporting: report.reporting()? }
        }
        Some(Subcommand::Remedy { observe, catalogue, format }) => {
            let (root, wanted) = observe.wanted();
            let format = match format {
                ScriptFormat::Text => RemedyFormat::Text,
                ScriptFormat::Shell => RemedyFormat::Shell,
                ScriptFormat::CloudInit => RemedyFormat::CloudInit,
                ScriptFormat::Diff => RemedyFormat::Diff,
                ScriptFormat::Json => RemedyFormat::Json,
            };
            Command::Remedy { root, wanted, requirements: catalogue.requirements(), format }
        }
        Some(Subcommand::Matrix(options)) => Command::Matrix(options.matrix()?),
        Some(Subcommand::Record(options)) => Command::Record(options.into()),
        Some(Subcommand::Watch(options)) => Command::Watch(options.into()),
        Some(Subcommand::Install(options)) => Command::Install(options.into()),
        Some(Subcommand::Uninstall(boot::UninstallOptions { root, dry_run })) => Command::Uninstall { root, dry_run },
        Some(Subcommand::List { json, profile }) => Command::List { json, requirements: profile.requirements() },
        Some(Subcommand::Explain { id, checks }) => Command::Explain { id, checks },
        None => {
            let RunOptions { observe, wait, save, plan } = cli.run;
            let (root, wanted) = observe.wanted();
            let reporting = cli.report.reporting()?;
            let save_target = save.as_ref().map(|path| Target::from(path.as_os_str()));
            if let Some(target) = save_target.filter(|save| reporting.outputs.iter().any(|(_, target)| target.is_same(save))) {
                let message = format!("the facts and a report would both be written to {target}; give each its own file");
                return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
            }
            Command::Check(Check { root, wanted, requirements: cli.catalogue.requirements(), save, wait, plan, reporting })
        }
    })
}
