//! Reading a boot: recordings of our own and captures of others become what facts hold, and nothing is guessed where something is missing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod foreign;
mod frames;
mod hostile;
mod kinds;
mod own;
mod run;
