//! sysctl.d: what is written to an interface's settings at boot.

use std::collections::BTreeMap;
use std::io;

use super::{Nic, Root};
use crate::facts::Setting;

pub(super) fn at_boot(_root: &Root, _nic: &Nic) -> io::Result<BTreeMap<String, Setting<i64>>> {
    Err(io::Error::other("not read yet"))
}
