//! `v6check-lab` as a person runs it: what it makes, what it says, and that nothing of it is left. Needs root and the packages of
//! tests/install-packages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;
mod link;
#[path = "../product/mod.rs"]
mod product;
mod refusals;
mod tool;
