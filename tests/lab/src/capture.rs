//! Witnesses of a guest's boot: v6check's own recorder inside the guest, and tcpdump on the host's end of the link.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::command::{Daemon, poll};
use super::{COMMAND_LIMIT, CalicoLink, Guest, LabError, Port};

/// Where the recorder of a guest writes, in the guest's tree.
const RECORDING: &str = "run/v6check/boot.pcapng";

impl Guest {
    /// Starts `program record` in it, before it has any link, and returns once that listens. Its recording is what a later run of v6check in
    /// the guest finds by itself.
    ///
    /// # Errors
    /// It does not start.
    pub fn record(&mut self, program: &str) -> Result<(), LabError> {
        let mut command = self.command(program);
        command.arg("record");
        self.start("recorder", &mut command)?;
        let file = self.path(RECORDING);
        poll("the recorder's file", COMMAND_LIMIT, || Ok(file.metadata().is_ok_and(|file| file.len() > 0)))
    }

    /// Ends its recorder, and gives the recording as this machine sees it.
    ///
    /// # Errors
    /// It does not end.
    pub fn end_recording(&mut self) -> Result<PathBuf, LabError> {
        self.stop("recorder")?;
        Ok(self.path(RECORDING))
    }
}

/// tcpdump on a tap of the compute host.
#[derive(Debug)]
pub struct Capture {
    daemon: Daemon,
    file: PathBuf,
}

impl CalicoLink {
    /// Captures what goes over `port`, with tcpdump's `options`, and returns once that listens.
    ///
    /// # Errors
    /// tcpdump does not start.
    pub fn capture(&self, port: &Port, options: &[&str]) -> Result<Capture, LabError> {
        let file = self.captured_file(port);
        let log = self.path(&format!("{}.tcpdump", port.tap));
        let mut command = self.router().command("tcpdump");
        command.args(["-Z", "root", "-U", "-i", &port.tap, "-w"]).arg(&file).args(options);
        let output = File::create(&log).map_err(LabError::io("tcpdump's log"))?;
        let daemon = Daemon::start(&mut command, &output)?;
        let listens = || Ok(std::fs::read_to_string(&log).is_ok_and(|text| text.contains("listening on")));
        poll("tcpdump listens", COMMAND_LIMIT, listens)?;
        Ok(Capture { daemon, file })
    }

    /// How long the capture of `port` is by now, in bytes: tcpdump gets packets from the kernel with some delay.
    ///
    /// # Errors
    /// There is none.
    pub fn captured(&self, port: &Port) -> Result<u64, LabError> {
        self.captured_file(port).metadata().map(|file| file.len()).map_err(LabError::io("tcpdump's file"))
    }

    fn captured_file(&self, port: &Port) -> PathBuf {
        self.path(&format!("{}.pcap", port.tap))
    }
}

impl Capture {
    /// Ends it; everything captured so far is in the file.
    ///
    /// # Errors
    /// It does not end.
    pub fn end(&mut self) -> Result<&Path, LabError> {
        self.daemon.terminate();
        self.daemon.wait(COMMAND_LIMIT)?;
        Ok(&self.file)
    }
}
