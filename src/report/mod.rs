//! The report: every requirement of every subject with its verdict, in one form that all formats read.
//!
//! It knows facts, findings and check files, and no packets.

mod assemble;
mod boot;
mod chart;
mod details;
mod diagnosis;
mod exit_code;
mod formats;
mod group_interfaces;
pub mod output;
mod remedy;
mod waive;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Blame, Level, Source};
use crate::facts::{Goal, Host, ReasonKind, Tense, Tool};
use crate::judge::{self, Verdict};
use crate::story::Told;

pub use crate::sanitize::bounded_line;
pub use assemble::{assemble, summarize};
pub use chart::recorded as chart;
pub use diagnosis::Causes;
pub use exit_code::{Counting, exit_code, exit_meaning};
pub use formats::{FORMATS, Format, RenderError, Style, Verbosity, diagnosis};
pub use output::{OutputError, Target, check_writable, write, write_all};
pub use remedy::{RemedyFormat, goals, remedies};

pub(crate) use crate::sanitize::{cut, line};
pub(crate) use details::{blame, details, level};
pub(crate) use formats::{junit_suites, junit_unread};
pub(crate) use group_interfaces::{alike, diagnoses, names};

/// Name and version of the report's JSON.
pub const SCHEMA: &str = "v6check.report/1";

/// What a run (or a replay) says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What the report is called: what was asked for, or the host name, or that of the image's directory.
    #[serde(default)]
    pub name: String,
    /// The program that observed.
    pub tool: Tool,
    /// The machine that was observed.
    pub host: Host,
    /// The image that was looked at instead of a running guest: its directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The capture that was looked at instead of a running guest: its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// Name of the profile.
    pub profile: String,
    /// When it was observed, RFC 3339 in UTC.
    pub started: String,
    /// How long the observation took, in milliseconds.
    pub elapsed_ms: u64,
    /// The interfaces of the host by name, those left out among them.
    pub interfaces: Vec<InterfaceEntry>,
    /// A verdict for each requirement and subject: the host's first, then those of each interface, in the profile's order.
    pub results: Vec<CheckResult>,
    /// What was recorded while the guest booted, in words, an interface each; none where nothing was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boot: Vec<BootEntry>,
    /// The waivers given, and what became of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverEntry>,
    /// The sum.
    pub summary: Summary,
}

/// The boot of one interface, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootEntry {
    /// The interface.
    pub interface: String,
    /// The recording.
    pub file: String,
    /// When it began, RFC 3339 in UTC; the times of events count from there.
    pub began: String,
    /// What happened, in the order of time. Of very many events those at the beginning and at the end.
    pub events: Vec<Told>,
    /// As many events are left out in the middle.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A waiver and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaiverEntry {
    /// Id of the requirement, or a shell pattern.
    pub id: String,
    /// The interface, or a shell pattern.
    pub interface: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// What became of it.
    pub state: WaiverState,
}

/// What became of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WaiverState {
    /// It waived a result.
    Used,
    /// There was nothing that it could waive.
    Unused,
    /// It is past its end and waived nothing.
    Expired,
}

/// An interface as the report names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InterfaceEntry {
    /// Its name.
    pub name: String,
    /// Its MAC address; `null` where it has none.
    pub mac: Option<String>,
    /// Who is in charge; `null` for an interface left out.
    pub owner: Option<OwnerEntry>,
    /// Why it is not checked; `null` for one that is.
    pub left_out: Option<String>,
    /// No file of the image names this NIC: it is assumed, and this is what it is and what names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
    /// The image gives no NIC this name, though it was asked for: what names its NICs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_given: Option<String>,
}

/// Who is in charge of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwnerEntry {
    /// Who handles Router Advertisements; `null` where that is unknown.
    pub ra: Option<String>,
    /// The DHCPv6 clients that serve it; `null` where that is unknown.
    pub dhcpv6: Option<Vec<String>>,
}

/// The verdict on one requirement of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckResult {
    /// Id of the requirement.
    pub id: String,
    /// The interface; `null` for the host.
    pub interface: Option<String>,
    /// How much it weighs in this profile.
    pub level: Level,
    /// Whose fault a failure is.
    pub blame: Blame,
    /// The verdict.
    pub verdict: Verdict,
    /// What is required.
    pub title: String,
    /// What was expected here; empty where it was not looked at.
    pub expected: String,
    /// What was seen; empty where it was not looked at.
    pub seen: String,
    /// One line.
    pub message: String,
    /// Why it was skipped or inconclusive; `null` otherwise.
    pub reason: Option<String>,
    /// What kind of obstacle kept it from being looked at; left out where nothing depends on it.
    #[serde(default, skip_serializing_if = "ReasonKind::is_other")]
    pub reason_kind: ReasonKind,
    /// What was looked at.
    pub evidence: Vec<Evidence>,
    /// What to change; `null` unless it failed.
    pub remedy: Option<String>,
    /// The commands that make the change, where commands can.
    #[serde(skip)]
    pub script: Option<String>,
    /// What of the files is to be changed for it, if it fails.
    #[serde(skip)]
    pub goals: Vec<Goal>,
    /// The reason for which it is waived, so that it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
    /// The document that the requirement comes from.
    pub source: Source,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The tense it belongs to.
    pub tense: Tense,
    /// Where it was seen: a file and line, a sysctl, a netlink message, a packet with its sender.
    pub source: String,
    /// What was there.
    pub value: String,
}

impl From<judge::Evidence> for Evidence {
    fn from(evidence: judge::Evidence) -> Self {
        Self { tense: evidence.tense, source: evidence.place.to_string(), value: evidence.value }
    }
}

/// The sum of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Requirements that hold.
    pub pass: usize,
    /// Requirements that do not.
    pub fail: usize,
    /// Requirements that do not apply.
    pub skip: usize,
    /// Requirements that could not be looked at.
    pub inconclusive: usize,
    /// 0 no must failed, 1 one did on the guest's side, 3 one could not be judged, or failed on the network's side; or no interface was checked.
    pub exit_code: u8,
    /// What is wrong, whose fault it is and what to change: one text an interface.
    pub diagnosis: Vec<Diagnosis>,
}

/// The diagnosis of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// The interface; `null` for the host.
    pub interface: Option<String>,
    /// Whose fault it is; `null` where nothing is wrong.
    pub fault: Option<Blame>,
    /// One to three sentences.
    pub text: String,
}
