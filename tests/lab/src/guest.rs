//! A VM's network stack: a namespace with /etc, /run and /var/lib of its own, set up for ifupdown and ISC dhclient.
//!
//! It boots as Debian's ifupdown boots it, step by step: link up, link-local address usable, then dhclient with ifupdown's own options.
//! What else can boot it is in [`super::clients`].

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::command::{Daemon, poll, run, succeed};
use super::enter::{self, OWN};
use super::{COMMAND_LIMIT, LabError, Namespace, STATE_LIMIT, needs, scratch};

/// dhclient's hands off resolv.conf and host name: the kernel shares the latter between guests. `$length` is what the lab's old dhclient
/// believes; Debian's script installs the address as it stands in the variable. Scripts before ISC DHCP 4.4 set no lifetimes.
const ENTER_HOOK: &str = r#"make_resolv_conf() { :; }
set_hostname() { :; }
length=$(cat /etc/dhcp/lab-prefix-length 2>/dev/null)
if [ -n "$length" ]; then
  [ -n "$new_ip6_address" ] && new_ip6_address="$new_ip6_address/$length"
  [ -n "$old_ip6_address" ] && old_ip6_address="$old_ip6_address/$length"
fi
if [ -e /etc/dhcp/lab-no-lifetimes ]; then new_max_life=forever new_preferred_life=forever; fi
:
"#;

/// A NIC of a guest and what its configuration says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// It has an `inet6 dhcp` stanza.
    pub dhcpv6: bool,
    /// It gets an IPv4 address when it comes up.
    pub ipv4: bool,
    /// Router Advertisements are taken, or not, in the stack's own way.
    pub ras: bool,
}

/// A VM.
#[derive(Debug)]
pub struct Guest {
    clients: BTreeMap<String, Daemon>,
    namespace: Namespace,
    root: TempDir,
    nics: Vec<Nic>,
    booted: Option<Instant>,
    runs: u32,
}

/// What a run of v6check in a guest gave.
#[derive(Debug, Clone)]
pub struct GuestRun {
    /// Its exit code; absent if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its JSON report; absent if it wrote none, or no JSON.
    pub report: Option<Value>,
}

impl Guest {
    /// Makes a guest without NICs.
    ///
    /// # Errors
    /// Not root, or its files cannot be written.
    pub fn make() -> Result<Self, LabError> {
        let namespace = Namespace::make("guest")?;
        let root = scratch::directory("guest")?;
        let guest = Self { clients: BTreeMap::new(), namespace, root, nics: Vec::new(), booted: None, runs: 0 };
        guest.install().map_err(LabError::io("the guest's files"))?;
        Ok(guest)
    }

    fn install(&self) -> std::io::Result<()> {
        for own in OWN {
            fs::create_dir_all(self.path(own))?;
        }
        for directory in
            ["var/lib/dhcp", "etc/network/interfaces.d", "etc/sysctl.d", "etc/dhcp/dhclient-enter-hooks.d", "etc/dhcp/dhclient-exit-hooks.d"]
        {
            fs::create_dir_all(self.path(directory))?;
        }
        for file in
            ["passwd", "group", "nsswitch.conf", "debian_version", "dhcp/dhclient.conf", "dhcp/dhclient-exit-hooks.d/rfc3442-classless-routes"]
        {
            let from = Path::new("/etc").join(file);
            if from.exists() {
                fs::copy(from, self.path("etc").join(file))?;
            }
        }
        symlink("../usr/lib/os-release", self.path("etc/os-release"))?;
        // Debian finds awk and the like by way of /etc/alternatives.
        fs::create_dir(self.path("etc/alternatives"))?;
        for link in fs::read_dir("/etc/alternatives")?.flatten() {
            if let Ok(target) = fs::read_link(link.path()) {
                symlink(target, self.path("etc/alternatives").join(link.file_name()))?;
            }
        }
        for (file, text) in [
            ("hostname", "guest\n"),
            ("fstab", ""),
            ("resolv.conf", ""),
            ("dhcp/dhclient-enter-hooks.d/lab", ENTER_HOOK),
            ("network/interfaces", "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n"),
        ] {
            fs::write(self.path("etc").join(file), text)?;
        }
        Ok(())
    }

    /// Its namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// A file of its tree, as this machine sees it: `etc/sysctl.d/99-site.conf`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(file)
    }

    /// Its NICs.
    pub fn nics(&self) -> &[Nic] {
        &self.nics
    }

    /// Writes a file of its tree, and makes the directories that it needs.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, file: &str, text: &str) -> Result<(), LabError> {
        let path = self.path(file);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(path, text)).map_err(LabError::io(file))
    }

    /// Makes its dhclient install addresses with this length, as ISC dhclient before 4.4.0 does with 64.
    ///
    /// # Errors
    /// The hook's file cannot be written.
    pub fn believe_prefix_length(&self, length: u8) -> Result<(), LabError> {
        self.write("etc/dhcp/lab-prefix-length", &format!("{length}\n"))
    }

    /// Makes its dhclient install addresses without lifetimes, as the script of ISC dhclient before 4.4.0 does. It matters to the kernel: a
    /// duplicate address without lifetimes stays and is marked, one with lifetimes is removed (`addrconf_dad_stop`).
    ///
    /// # Errors
    /// The hook's file cannot be written.
    pub fn set_no_lifetimes(&self) -> Result<(), LabError> {
        self.write("etc/dhcp/lab-no-lifetimes", "")
    }

    pub(super) fn add_nic(&mut self, name: &str) {
        self.nics.push(Nic { name: name.into(), dhcpv6: true, ipv4: true, ras: true });
    }

    /// A NIC's settings, for what comes up later.
    ///
    /// # Errors
    /// It has none of that name.
    pub fn nic(&mut self, name: &str) -> Result<&mut Nic, LabError> {
        self.nics.iter_mut().find(|nic| nic.name == name).ok_or_else(|| LabError::Refused(format!("the guest has no NIC {name}")))
    }

    /// Enables the service that runs `ifup -a`, as Debian's package does, whichever init there is.
    ///
    /// # Errors
    /// The guest's /etc cannot be written.
    pub fn enable_networking(&self) -> Result<(), LabError> {
        for (folder, link) in [("etc/systemd/system/multi-user.target.wants", "networking.service"), ("etc/rcS.d", "S12networking")] {
            let folder = self.path(folder);
            fs::create_dir_all(&folder).map_err(LabError::io("the guest's /etc"))?;
            if folder.join(link).symlink_metadata().is_err() {
                symlink("/lib/systemd/system/networking.service", folder.join(link)).map_err(LabError::io("the guest's /etc"))?;
            }
        }
        Ok(())
    }

    /// Writes /etc/network/interfaces and brings every NIC up, as far as that goes without the network's help: the links, IPv4, and
    /// dhclient where there is an `inet6 dhcp` stanza and a link-local address to ask from.
    ///
    /// # Errors
    /// A command failed, or a link-local address does not become usable.
    pub fn boot(&mut self) -> Result<(), LabError> {
        let mut text = String::from("source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n");
        for nic in &self.nics {
            let Nic { name, dhcpv6, ras, .. } = nic;
            let _ = write!(text, "\nauto {name}\niface {name} inet dhcp\n");
            if *dhcpv6 {
                let _ = writeln!(text, "iface {name} inet6 dhcp");
                if !ras {
                    text.push_str("    accept_ra 0\n");
                }
            }
        }
        self.write("etc/network/interfaces", &text)?;
        self.enable_networking()?;
        self.bring_up()?;
        for nic in self.nics.clone() {
            if nic.dhcpv6 && self.ipv6_is_on(&nic.name)? {
                self.wait_for_link_local(&nic.name)?;
                self.start_dhclient(&nic.name)?;
            }
        }
        Ok(())
    }

    /// Brings the links up, with the IPv4 addresses, and leaves Router Advertisements to the kernel.
    pub(super) fn bring_up(&mut self) -> Result<(), LabError> {
        for nic in self.nics.iter().filter(|nic| !nic.ras) {
            self.namespace.set(&[(&format!("ipv6/conf/{}/accept_ra", nic.name), 0)])?;
        }
        let mut batch = String::new();
        for (number, nic) in self.nics.iter().enumerate() {
            let _ = writeln!(batch, "link set {} up", nic.name);
            if nic.ipv4 {
                let _ = writeln!(batch, "addr add 10.65.{number}.10/24 dev {}", nic.name);
            }
        }
        self.namespace.ip_batch(&batch)?;
        self.has_booted();
        Ok(())
    }

    pub(super) fn has_booted(&mut self) {
        self.booted = Some(Instant::now());
    }

    pub(super) fn wait_for_link_local(&self, nic: &str) -> Result<(), LabError> {
        self.wait_for(nic, "a usable link-local address", |address| address["scope"] == "link" && usable(address))
    }

    /// Starts a daemon under a name of the lab's.
    pub(super) fn start(&mut self, name: &str, command: &mut Command) -> Result<(), LabError> {
        let log = File::create(self.log_path(name)).map_err(LabError::io(format!("{name}'s log")))?;
        self.clients.insert(name.into(), Daemon::start(command, &log)?);
        Ok(())
    }

    /// Ends a daemon by SIGTERM.
    pub(super) fn stop(&mut self, name: &str) -> Result<(), LabError> {
        let Some(mut client) = self.clients.remove(name) else { return Err(LabError::Refused(format!("no {name} was started"))) };
        client.terminate();
        client.wait(COMMAND_LIMIT).map(drop)
    }

    /// Takes note of the daemons that have ended.
    pub(super) fn reap(&mut self) -> Result<(), LabError> {
        self.clients.values_mut().try_for_each(|client| client.ended().map(drop))
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.log"))
    }

    /// Waits until `age` has passed since it booted: what has not come about by then is not just late.
    ///
    /// # Errors
    /// It was not booted.
    pub fn wait_for_age(&self, age: Duration) -> Result<(), LabError> {
        poll("the guest has been up for a while", age + STATE_LIMIT, || Ok(self.booted.is_some_and(|booted| booted.elapsed() >= age)))
    }

    /// Starts dhclient on `nic` with the options of ifupdown's `inet6 dhcp` (inet6.defn).
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_dhclient(&mut self, nic: &str) -> Result<(), LabError> {
        let mut command = self.command(self.dhclient());
        command.args(["-6", "-v", "-pf"]).arg(format!("/run/dhclient6.{nic}.pid"));
        command.arg("-lf").arg(format!("/var/lib/dhcp/dhclient6.{nic}.leases")).arg("-I");
        command.arg("-df").arg(format!("/var/lib/dhcp/dhclient.{nic}.leases")).arg(nic);
        self.start(&dhclient_on(nic), &mut command)
    }

    /// Waits until dhclient on `nic` has gone to the background, which it does once it is bound and its script has run.
    ///
    /// # Errors
    /// It is not in time, or dhclient has given up.
    pub fn wait_for_lease(&mut self, nic: &str) -> Result<(), LabError> {
        let log = self.log_path(&dhclient_on(nic));
        let client = self.clients.get_mut(&dhclient_on(nic)).ok_or_else(|| LabError::Refused(format!("no dhclient was started on {nic}")))?;
        poll(&format!("dhclient is bound on {nic}"), STATE_LIMIT, || match client.ended()? {
            Some(0) => Ok(true),
            None => Ok(false),
            code => Err(LabError::Failed { command: "dhclient".into(), code, text: fs::read_to_string(&log).unwrap_or_default() }),
        })
    }

    /// What dhclient on `nic` has printed.
    pub fn dhclient_log(&self, nic: &str) -> String {
        self.log(&dhclient_on(nic))
    }

    /// What a daemon has printed.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.log_path(name)).unwrap_or_default()
    }

    /// Waits for a lease and for its address to be usable.
    ///
    /// # Errors
    /// It does not come about in time.
    pub fn wait_for_address(&mut self, nic: &str) -> Result<(), LabError> {
        self.wait_for_lease(nic)?;
        self.wait_for_global(nic)
    }

    /// Waits for a global address that is usable, whoever brings it.
    ///
    /// # Errors
    /// It does not come about in time.
    pub fn wait_for_global(&self, nic: &str) -> Result<(), LabError> {
        self.wait_for(nic, "a usable global address", |address| address["scope"] == "global" && usable(address))
    }

    /// Waits for a default route learned from a Router Advertisement.
    ///
    /// # Errors
    /// There is none in time.
    pub fn wait_for_default_route(&self, nic: &str) -> Result<(), LabError> {
        poll(&format!("a default route by RA on {nic}"), STATE_LIMIT, || self.has_default_route(nic))
    }

    /// Whether there is a default route learned from a Router Advertisement.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn has_default_route(&self, nic: &str) -> Result<bool, LabError> {
        Ok(!self.namespace.ip(&format!("-6 route show default dev {nic} proto ra"))?.trim().is_empty())
    }

    /// Waits until one of the IPv6 addresses of `nic`, as `ip -json` shows them, is `wanted`.
    ///
    /// # Errors
    /// None is in time.
    pub fn wait_for(&self, nic: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<(), LabError> {
        poll(&format!("{what} on {nic}"), STATE_LIMIT, || Ok(self.addresses(nic)?.iter().any(&wanted)))
    }

    /// The IPv6 addresses of `nic` as `ip -json` shows them.
    ///
    /// # Errors
    /// There is no such interface.
    pub fn addresses(&self, nic: &str) -> Result<Vec<Value>, LabError> {
        let text = self.namespace.ip(&format!("-json -6 addr show dev {nic}"))?;
        let links: Vec<Value> = serde_json::from_str(&text).map_err(|error| LabError::Refused(format!("ip -json: {error}")))?;
        // An interface without addresses is an empty object.
        Ok(links.iter().filter_map(|link| link["addr_info"].as_array()).flatten().cloned().collect())
    }

    fn ipv6_is_on(&self, nic: &str) -> Result<bool, LabError> {
        Ok(self.namespace.succeed("cat", &[&format!("/proc/sys/net/ipv6/conf/{nic}/disable_ipv6")])?.trim() == "0")
    }

    /// A command that will run in it, with its own files in place.
    pub fn command(&self, program: &str) -> Command {
        enter::command(self.namespace.name(), self.root.path(), needs::listed(program))
    }

    /// Runs a command in it and returns what it printed.
    ///
    /// # Errors
    /// The command failed.
    pub fn succeed(&self, program: &str, arguments: &[&str]) -> Result<String, LabError> {
        succeed(self.command(program).args(arguments), "", COMMAND_LIMIT)
    }

    /// Runs v6check in it by `command` (the program, or a wrapper such as setpriv(1) with the program as last word), with a JSON report
    /// besides what `arguments` ask for.
    ///
    /// # Errors
    /// It cannot be started, or does not end in time.
    pub fn v6check(&mut self, command: &[&str], arguments: &[&str]) -> Result<GuestRun, LabError> {
        self.runs += 1;
        let file = self.path(&format!("report-{}.json", self.runs));
        let (program, rest) = command.split_first().ok_or_else(|| LabError::Refused("no program to run".into()))?;
        // A person may have it anywhere.
        let mut command = enter::command(self.namespace.name(), self.root.path(), program);
        command.args(rest).args(arguments).arg("--json").arg(&file);
        let output = run(&mut command, "", COMMAND_LIMIT)?;
        let report = fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
        Ok(GuestRun { code: output.code, stdout: output.stdout, stderr: output.stderr, report })
    }
}

fn dhclient_on(nic: &str) -> String {
    format!("dhclient.{nic}")
}

/// Neither tentative nor refused by duplicate address detection.
fn usable(address: &Value) -> bool {
    address["tentative"] != true && address["dadfailed"] != true
}
