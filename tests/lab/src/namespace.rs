//! Network namespaces that the lab makes, works in and removes; it touches no other.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::command::{signal, succeed, succeed_unasked};
use super::{COMMAND_LIMIT, LabError};
use crate::needs;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A namespace of the lab. All that runs in it ends with this value, and so does the namespace.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one with a name of this process' own and brings its loopback up.
    ///
    /// # Errors
    /// Not root, or there is one of that name, which is then somebody else's.
    pub fn make(role: &str) -> Result<Self, LabError> {
        let name = format!("v6lab-{}-{}-{role}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        if Path::new("/run/netns").join(&name).exists() {
            return Err(LabError::Refused(format!("the namespace {name} exists, and the lab did not make it")));
        }
        succeed(needs::command("ip").args(["netns", "add", &name]), "", COMMAND_LIMIT)?;
        // From here on it goes with this value, whatever fails.
        let namespace = Self { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name, for `ip netns`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ip -n NAME WORDS`; words are separated by spaces. Returns what it printed.
    ///
    /// # Errors
    /// The command failed.
    pub fn ip(&self, words: &str) -> Result<String, LabError> {
        succeed(needs::command("ip").args(["-n", &self.name]).args(words.split_whitespace()), "", COMMAND_LIMIT)
    }

    /// Several `ip` commands at once, one a line.
    ///
    /// # Errors
    /// One of them failed; those before it have been done.
    pub fn ip_batch(&self, lines: &str) -> Result<(), LabError> {
        succeed(needs::command("ip").args(["-n", &self.name, "-batch", "-"]), lines, COMMAND_LIMIT).map(drop)
    }

    /// A command that will run in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = needs::command("ip");
        command.args(["netns", "exec", &self.name, needs::listed(program)]);
        command
    }

    /// Runs a command in it and returns what it printed.
    ///
    /// # Errors
    /// The command failed.
    pub fn succeed(&self, program: &str, arguments: &[&str]) -> Result<String, LabError> {
        succeed(self.command(program).args(arguments), "", COMMAND_LIMIT)
    }

    /// Writes settings below /proc/sys/net: `ipv6/conf/eth0/accept_ra`, `0`. By path, since interface names may have dots.
    ///
    /// # Errors
    /// The kernel has no such setting, or refuses the value.
    pub fn set(&self, settings: &[(impl AsRef<str>, i64)]) -> Result<(), LabError> {
        let lines: Vec<String> = settings.iter().map(|(path, value)| format!("echo {value} >/proc/sys/net/{}", path.as_ref())).collect();
        succeed(self.command("sh").args(["-e", "-s"]), &lines.join("\n"), COMMAND_LIMIT).map(drop)
    }

    /// Loads an nftables rule set.
    ///
    /// # Errors
    /// nft refuses it.
    pub fn nft(&self, rules: &str) -> Result<(), LabError> {
        succeed(self.command("nft").args(["-f", "-"]), rules, COMMAND_LIMIT).map(drop)
    }

    /// Ids of the processes in it. All are the lab's: nobody else knows of this namespace.
    ///
    /// # Errors
    /// The namespace is gone.
    pub fn processes(&self) -> Result<Vec<u32>, LabError> {
        let text = succeed_unasked(needs::command("ip").args(["netns", "pids", &self.name]), COMMAND_LIMIT)?;
        Ok(text.split_whitespace().filter_map(|id| id.parse().ok()).collect())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        signal("KILL", &self.processes().unwrap_or_default());
        let _ = succeed_unasked(needs::command("ip").args(["netns", "del", &self.name]), COMMAND_LIMIT);
    }
}
