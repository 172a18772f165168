//! What a cloud tells a guest on a disk of its own: a small ISO 9660 file system with files that cloud-init finds by the disk's label.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Layer;
use crate::command::succeed;
use crate::needs;
use crate::{COMMAND_LIMIT, LabError};

/// What a cloud's metadata call the IPv6 subnet of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subnet {
    /// `dhcpv6-stateful` is both its address mode and its RA mode in Neutron.
    Dhcpv6Stateful,
    /// It has no address mode in Neutron, and DHCP is off, so that each port's address is told in the metadata.
    Static,
}

/// The files of such a disk, and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// `config-2` for OpenStack's, `cidata` for NoCloud's.
    pub label: &'static str,
    /// What is on it; its script is not run.
    pub files: Layer,
}

impl Seed {
    /// With this user data, which are OpenStack's `user_data` or NoCloud's `user-data`.
    #[must_use]
    pub fn user_data(mut self, text: &str) -> Self {
        let path = if self.label == "config-2" { "openstack/latest/user_data" } else { "user-data" };
        self.files = self.files.file(path, text);
        self
    }

    /// Writes it to `file`, as Nova writes a config drive (`ConfigDriveBuilder._make_iso9660`), and gives that back.
    ///
    /// # Errors
    /// genisoimage is missing or fails.
    pub fn disk(&self, file: &Path) -> Result<PathBuf, LabError> {
        let tree = TempDir::with_prefix("v6lab-seed-").map_err(LabError::io("a directory"))?;
        self.files.lay_out(tree.path())?;
        let mut command = needs::command("genisoimage");
        command.args(["-quiet", "-J", "-r", "-V", self.label, "-o"]).arg(file).arg(tree.path());
        succeed(&mut command, "", COMMAND_LIMIT)?;
        Ok(file.to_owned())
    }
}
