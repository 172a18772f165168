//! One report, read as far as the matrix shows it. Fields that it does not know are passed over, so that reports of later versions read.

use serde::Deserialize;

use crate::facts::{MOST_BYTES, utf8};
use crate::report::{CheckResult, Diagnosis, SCHEMA};

/// What the matrix shows of a report.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub(super) host: Host,
    #[serde(default)]
    pub(super) image: Option<String>,
    #[serde(default)]
    pub(super) capture: Option<String>,
    pub(super) profile: String,
    pub(super) started: String,
    pub(super) results: Vec<CheckResult>,
    pub(super) summary: Summary,
}

/// The machine that was observed.
#[derive(Debug, Deserialize)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) distribution: String,
}

/// What a report sums up.
#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    pub(super) exit_code: u8,
    pub(super) diagnosis: Vec<Diagnosis>,
}

#[derive(Deserialize)]
struct Version {
    schema: String,
}

/// Reads a report from its bytes.
///
/// # Errors
/// They are no report, in a lower-case fragment with line and column where there is one.
pub(super) fn read(bytes: &[u8]) -> Result<Read, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("larger than {MOST_BYTES} bytes, so not a report"));
    }
    let text = utf8(bytes).map_err(|error| format!("not a report: {error}"))?;
    let syntax = |error: serde_json::Error| format!("not a report: {error}");
    let version: Version = serde_json::from_str(text).map_err(syntax)?;
    if version.schema.starts_with("v6check.facts/") {
        return Err("saved facts (--save); matrix takes the reports that --json wrote, and v6check replay makes one of facts".into());
    }
    if version.schema != SCHEMA {
        return Err(format!("the schema is {:?}; this v6check reads {SCHEMA:?}", version.schema));
    }
    let report: Read = serde_json::from_str(text).map_err(syntax)?;
    match report.summary.exit_code {
        0 | 1 | 3 => Ok(report),
        code => Err(format!("not a report: its exit code is {code}, and a report's is 0, 1 or 3")),
    }
}
