//! A small DHCPv6 client in the place of ISC dhclient, for machines that have none: what it does on the wire, to the kernel and on disk is what
//! dhclient 4.4 with Debian's script does, as far as v6check looks.
//!
//! It asks, takes the address, keeps it by Renew, and starts again when it is lost. It knows nothing else: no Confirm, Decline, Release or
//! other options. Timing is RFC 8415's without its random parts.

mod lease;
mod talk;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::enter::{self, OWN_PROGRAMS};
use crate::needs;
use crate::{COMMAND_LIMIT, Guest, LabError};
use lease::Lease;
use talk::Conversation;

/// The name that makes the program this client.
pub const NAME: &str = "dhclient";

/// Tells the half that stays from the half that waits for it, which ends once there is an address.
const STAYS: &str = "V6CHECK_LAB_STAND_IN";
const BOUND: &str = "bound";

/// What is found as /usr/local/sbin/dhclient; it says which one it stands in for, as the real one does.
const SCRIPT: &str = "#!/bin/sh\n# Stands in for the real one: isc-dhclient-4.4.3\nexec /usr/local/sbin/stand-in/dhclient \"$@\"\n";

/// What dhclient is told by `believe_prefix_length` and `set_no_lifetimes`.
const LENGTH: &str = "/etc/dhcp/lab-prefix-length";
const NO_LIFETIMES: &str = "/etc/dhcp/lab-no-lifetimes";

const DEFAULT_LEASES: &str = "/var/lib/dhcp/dhclient6.leases";

impl Guest {
    /// Has `program`, which is this client under the name [`NAME`], be its dhclient.
    ///
    /// # Errors
    /// Its files cannot be written.
    pub fn stand_in_for_dhclient(&mut self, program: &Path) -> Result<(), LabError> {
        self.put_program(&format!("stand-in/{NAME}"), program)?;
        let script = format!("{OWN_PROGRAMS}/{NAME}");
        self.write(&script, SCRIPT)?;
        fs::set_permissions(self.path(&script), fs::Permissions::from_mode(0o755)).map_err(LabError::io(script))
    }

    /// Gives it `program` as /usr/local/sbin/`name`.
    ///
    /// # Errors
    /// Its files cannot be written.
    pub fn put_program(&self, name: &str, program: &Path) -> Result<(), LabError> {
        put_program(&self.path(""), name, program)
    }

    /// The dhclient that it boots with.
    pub(crate) fn dhclient(&self) -> &'static str {
        if self.path(OWN_PROGRAMS).join(NAME).exists() { "/usr/local/sbin/dhclient" } else { NAME }
    }
}

/// Gives the guest whose tree is at `root` a program as /usr/local/sbin/`name`; one that was there is replaced.
///
/// # Errors
/// Its files cannot be written.
pub fn put_program(root: &Path, name: &str, program: &Path) -> Result<(), LabError> {
    let failed = || LabError::io(format!("{name} in the guest"));
    let program = program.canonicalize().map_err(LabError::io(program.display().to_string()))?;
    let place = root.join(OWN_PROGRAMS).join(name);
    place.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed())?;
    if place.symlink_metadata().is_ok() {
        fs::remove_file(&place).map_err(failed())?;
    }
    if !enter::is_seen(&program) {
        return fs::copy(&program, &place).map(drop).map_err(failed());
    }
    symlink(program, place).map_err(failed())
}

/// Runs as dhclient with its arguments, the program's own name first; returns once there is an address, as dhclient does, and stays behind as a
/// process of its own.
///
/// # Errors
/// The arguments name no interface, or it cannot be used.
pub fn run(arguments: &[String]) -> Result<(), LabError> {
    let (program, options) = arguments.split_first().ok_or_else(|| LabError::Refused("no arguments".into()))?;
    let wanted = Options::parse(options)?;
    if std::env::var_os(STAYS).is_some() {
        return stay(&wanted).inspect_err(|error| tell(&error.to_string()));
    }
    let mut command = needs::given(Path::new(program));
    let mut child = command
        .args(options)
        .env(STAYS, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(LabError::io("the client"))?;
    // What it says is passed on until it has an address: from then on it keeps nothing of this process' open, as a daemon.
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
        if line == BOUND {
            return Ok(());
        }
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    Err(LabError::Refused("the client ended without an address".into()))
}

/// What of dhclient's options matters here.
struct Options {
    nic: String,
    lease_file: PathBuf,
    pid_file: Option<PathBuf>,
}

impl Options {
    fn parse(options: &[String]) -> Result<Self, LabError> {
        let mut parsed = Self { nic: String::new(), lease_file: DEFAULT_LEASES.into(), pid_file: None };
        let mut words = options.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-lf" => parsed.lease_file = words.next().map_or(parsed.lease_file, PathBuf::from),
                "-pf" => parsed.pid_file = words.next().map(PathBuf::from),
                "-df" | "-cf" | "-sf" => drop(words.next()),
                "-6" | "-v" | "-I" | "-nw" | "-1" => {}
                option if option.starts_with('-') => return Err(LabError::Refused(format!("this stand-in for dhclient does not know {option}"))),
                nic => nic.clone_into(&mut parsed.nic),
            }
        }
        let serves_ipv6 = options.iter().any(|option| option == "-6");
        if parsed.nic.is_empty() || !serves_ipv6 {
            return Err(LabError::Refused("usage: dhclient -6 [-v] [-pf FILE] [-lf FILE] INTERFACE; this stand-in speaks DHCPv6 only".into()));
        }
        Ok(parsed)
    }
}

/// Asks for an address, and keeps it as long as the process lives.
fn stay(wanted: &Options) -> Result<(), LabError> {
    if let Some(file) = &wanted.pid_file {
        fs::write(file, format!("{}\n", std::process::id())).map_err(LabError::io(file.display().to_string()))?;
    }
    let duid = lease::duid(&wanted.lease_file, &wanted.nic)?;
    let mut conversation = Conversation::open(&wanted.nic, duid.clone())?;
    let mut kept = String::from_utf8_lossy(&fs::read(&wanted.lease_file).unwrap_or_default()).into_owned();
    if !kept.contains("default-duid") {
        kept = format!("default-duid \"{}\";\n{kept}", lease::escaped(&duid));
        save(wanted, &kept)?;
    }
    let mut told = false;
    loop {
        let mut lease = conversation.obtain()?;
        loop {
            kept.push_str(&lease.block(&wanted.nic, conversation.iaid, &duid));
            save(wanted, &kept)?;
            install(&wanted.nic, &lease)?;
            if !told {
                tell(BOUND);
                told = true;
            }
            let since = Instant::now();
            sleep(lease.renew_after());
            match conversation.renew(&lease, since + Duration::from_secs(lease.valid_s.into()))? {
                Some(renewed) => lease = renewed,
                None => break,
            }
        }
    }
}

/// A line for the half that waits, which may be gone.
fn tell(line: &str) {
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

fn save(wanted: &Options, text: &str) -> Result<(), LabError> {
    fs::write(&wanted.lease_file, text).map_err(LabError::io(wanted.lease_file.display().to_string()))
}

/// As Debian's dhclient-script does.
fn install(nic: &str, lease: &Lease) -> Result<(), LabError> {
    let length = fs::read_to_string(LENGTH).unwrap_or_default();
    let length = if length.trim().is_empty() { "128" } else { length.trim() };
    let lifetimes =
        if Path::new(NO_LIFETIMES).exists() { String::new() } else { format!(" valid_lft {} preferred_lft {}", lease.valid_s, lease.preferred_s) };
    let words = format!("-6 addr replace {}/{length} dev {nic} scope global{lifetimes}", lease.address);
    crate::command::succeed(needs::command("ip").args(words.split_whitespace()), "", COMMAND_LIMIT).map(drop)
}
