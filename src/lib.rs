//! v6check.
pub mod catalogue;
pub mod facts;
pub mod judge;
#[cfg(feature = "lab")]
pub mod lab;
pub mod observe;
pub mod plan;
pub mod report;
pub mod wire;
