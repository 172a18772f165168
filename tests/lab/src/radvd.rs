//! radvd, the router's part of plain Neutron.

use std::fs::{self, File};
use std::path::Path;

use super::command::{Daemon, poll};
use super::{LabError, Namespace, STATE_LIMIT, SUBNET};

/// A running radvd.
#[derive(Debug)]
pub struct Radvd {
    _daemon: Daemon,
}

impl Radvd {
    /// Starts it on `interface` with what Neutron writes for a stateful subnet (neutron/agent/linux/ra.py): M set, O clear, the prefix
    /// on-link and not autonomous, a route to the metadata address.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(namespace: &Namespace, directory: &Path, interface: &str) -> Result<Self, LabError> {
        fs::create_dir_all(directory).map_err(LabError::io("radvd's directory"))?;
        let configuration = directory.join("radvd.conf");
        let text = format!(
            "interface {interface} {{\n AdvSendAdvert on;\n MinRtrAdvInterval 30;\n MaxRtrAdvInterval 100;\n AdvLinkMTU 1450;\n AdvManagedFlag on;\n \
             prefix {SUBNET}/64 {{ AdvOnLink on; AdvAutonomous off; }};\n route fe80::a9fe:a9fe/128 {{ }};\n}};\n"
        );
        fs::write(&configuration, text).map_err(LabError::io("radvd.conf"))?;
        let log_path = directory.join("radvd.log");
        let log = File::create(&log_path).map_err(LabError::io("radvd's log"))?;
        let mut command = namespace.command("radvd");
        command.arg("-n").arg("-C").arg(&configuration).arg("-p").arg(directory.join("radvd.pid")).args(["-m", "stderr", "-d", "1"]);
        let mut daemon = Daemon::start(&mut command, &log)?;
        poll("radvd has started", STATE_LIMIT, || match daemon.ended()? {
            None => Ok(directory.join("radvd.pid").exists()),
            code => Err(LabError::Failed { command: "radvd".into(), code, text: fs::read_to_string(&log_path).unwrap_or_default() }),
        })?;
        Ok(Self { _daemon: daemon })
    }
}
