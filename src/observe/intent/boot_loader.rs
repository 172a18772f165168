//! What the boot loader tells the kernel about IPv6.

use std::io;

use super::Root;
use crate::facts::Setting;

pub(super) fn command_line(_root: &Root) -> io::Result<Vec<Setting<String>>> {
    Err(io::Error::other("not read yet"))
}
