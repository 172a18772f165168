//! The report: what it says, in which forms, and that others can read them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod assemble;
mod diagnosis;
mod exit_code;
mod golden;
mod hostile;
mod junit;
mod output;
mod samples;
#[cfg(feature = "schema")]
mod schema;
