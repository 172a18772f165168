//! The files of `checks/`, built in.

include!(concat!(env!("OUT_DIR"), "/checks.rs"));
