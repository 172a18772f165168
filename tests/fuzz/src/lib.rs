//! The readers alone: `wire` and `capture` import nothing of the program, so the fuzzers need not build the rest of it.

#[path = "../../../src/capture/mod.rs"]
pub mod capture;
#[path = "../../../src/wire/mod.rs"]
pub mod wire;
