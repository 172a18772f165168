//! What is known of one stack or DHCPv6 client: a row of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::fixes::{self, Question, Step};
use super::leases::LeaseReader;
use super::running::Running;
use crate::facts::{Intent, Observed, Setting, StackId};
use crate::host::image_identity::Keeps;
use crate::host::literal_backticks::Place;
use crate::image::{Image, Nic};

/// A stack or client. What it has none of is `None` or empty.
pub(crate) struct Stack {
    pub(crate) id: StackId,
    /// What its files set up for each of some interfaces.
    pub(crate) read: Option<Read>,
    /// The documents that it renders for another stack.
    pub(crate) renders: Option<Renders>,
    /// Whether it writes the files of other stacks anew for each instance, and where that is said.
    pub(crate) overrides: Option<Overrides>,
    /// The files of other stacks that it writes anew for each instance.
    pub(crate) writes: Option<Writes>,
    /// What shows that it runs, and for which interface.
    pub(crate) running: Running,
    /// The lease or identity that it keeps for an interface.
    pub(crate) lease: Option<LeaseReader>,
    /// What it keeps in files that clones of an image would share.
    pub(crate) keeps: Keeps,
    /// Its files that lines of Calico's recipe go into.
    pub(crate) recipe: &'static [Place],
    /// Its lines in the journal.
    pub(crate) journal: Option<Journal>,
    /// Its scripts of sysvinit.
    pub(crate) init_scripts: &'static [&'static str],
    pub(crate) traits: Traits,
    /// The next step towards a goal that it misses; `None` where it knows none.
    pub(crate) fix: fn(&Question<'_>) -> Option<Step>,
    /// Commands by which it takes changed files over while the guest runs, for the interface of this name.
    pub(crate) now: fn(&str) -> Vec<String>,
}

impl Stack {
    /// One of which nothing is known yet.
    pub(crate) const fn new(id: StackId) -> Self {
        Self {
            id,
            read: None,
            renders: None,
            overrides: None,
            writes: None,
            running: Running::NONE,
            lease: None,
            keeps: Keeps::NONE,
            recipe: &[],
            journal: None,
            init_scripts: &[],
            traits: Traits::NONE,
            fix: fixes::none,
            now: fixes::nothing,
        }
    }
}

/// A client's lines in the journal.
pub(crate) struct Journal {
    /// `SYSLOG_IDENTIFIER`.
    pub(crate) identifier: &'static str,
    /// The interface, the message and whether it was sent, where a line says that.
    pub(crate) says: fn(&str) -> Option<(&str, u8, bool)>,
}

type Renders = fn(&Image, &[Nic], &Given) -> Rendered;
type Overrides = fn(&Image) -> io::Result<Option<Setting<StackId>>>;
type Writes = fn(&Image) -> io::Result<Option<Written>>;
/// How the files of a stack are read.
pub(crate) type Read = fn(&Image, &[Nic], &Given) -> io::Result<Reading>;

/// What a stack that is read is given by the others.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Who writes its files anew for each instance; or why that cannot be said.
    pub(crate) overrides: Option<Setting<StackId>>,
    pub(crate) not_known: Option<String>,
    /// The files that are written so.
    pub(crate) written: Written,
    pub(crate) rendered: Rendered,
}

impl Given {
    /// Who writes its files anew for each instance.
    ///
    /// # Errors
    /// That cannot be said.
    pub(crate) fn overrides(&self) -> io::Result<Option<Setting<StackId>>> {
        match &self.not_known {
            None => Ok(self.overrides.clone()),
            Some(reason) => Err(io::Error::other(reason.clone())),
        }
    }
}

/// The files that one stack writes anew for each new instance, for another.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Written {
    /// What stands before and behind the name of an interface in the path of its file.
    pub(crate) of_interface: Option<(&'static str, &'static str)>,
    /// The rules of udev that name interfaces.
    pub(crate) names: Option<&'static str>,
}

impl Written {
    /// Whether the file at `path` is written for the interface called `name`.
    pub(crate) fn is_for(&self, path: &str, name: &str) -> bool {
        self.of_interface.is_some_and(|(start, end)| path.strip_prefix(start).and_then(|path| path.strip_suffix(end)) == Some(name))
    }

    /// Whether the rules of udev at `path` are written.
    pub(crate) fn names_interfaces(&self, path: &str) -> bool {
        self.names == Some(path)
    }
}

/// Interfaces as virtual machines have them: whether files have something for any of them, whatever its MAC address.
pub(crate) fn any_nics() -> impl Iterator<Item = Nic> {
    ["eth0", "ens3", "enp1s0"].into_iter().map(Nic::named)
}

/// Documents that one stack renders at boot for systemd-networkd.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    /// It starts the service, enabled or not.
    pub(crate) starts_it: bool,
    /// By the interface, the names of the files `.network` that are for it, or perhaps for it.
    pub(crate) files: BTreeMap<String, Vec<String>>,
}

/// How a stack or client behaves, as far as rules depend on it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own, and any of them go together")]
pub(crate) struct Traits {
    /// It writes the files of another stack and is gone; what the interface has is of that one.
    pub(crate) only_writes: bool,
    /// It sets IPv4 up first, and goes on to IPv6 when that has come or was given up.
    pub(crate) ipv4_first: bool,
    /// It solicits until a router answers.
    pub(crate) solicits_until_answered: bool,
    /// It keeps no DUID on disk.
    pub(crate) keeps_no_duid: bool,
    /// It may hold a lease without a process or a socket.
    pub(crate) lease_without_process: bool,
    /// It gives its DHCPv6 addresses no lifetime.
    pub(crate) addresses_without_lifetime: bool,
    /// Its DHCPv6 addresses have the prefix length of the router's prefix instead of 128.
    pub(crate) prefix_length_of_router: bool,
    /// It adds the default route only once it holds a global address.
    pub(crate) route_after_address: bool,
}

impl Traits {
    /// Of a stack that nothing is known of.
    pub(crate) const NONE: Self = Self {
        only_writes: false,
        ipv4_first: false,
        solicits_until_answered: false,
        keeps_no_duid: false,
        lease_without_process: false,
        addresses_without_lifetime: false,
        prefix_length_of_router: false,
        route_after_address: false,
    };
}

/// Whether a part of a stack's configuration is for an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fits {
    Yes,
    No,
    /// It cannot be known, for this reason.
    Unknown(String),
}

/// What one stack's configuration says. Empty if the stack is not installed, or does not run at boot.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What it says of the interfaces that were asked about. An interface that it says nothing of is absent.
    pub(crate) interfaces: BTreeMap<String, Claim>,
    /// The interfaces that its files name by their names, asked about or not: those that an image is judged on.
    pub(crate) named: BTreeSet<String>,
    /// The names that it gives NICs itself, whatever they were called before.
    pub(crate) gives: BTreeSet<String>,
    /// The interfaces that it makes ports of a bridge or bond, each with the name of that: the addresses are there, so that an image is not
    /// judged on the port.
    pub(crate) ports: BTreeMap<String, String>,
    /// MAC addresses without which its files configure no interface, though they are those of the machine that the image was made on.
    pub(crate) macs: Vec<Setting<String>>,
}

/// What a stack says of one interface. A stack that defers to another, as NetworkManager does to ifupdown on Debian, says nothing of it.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It configures the interface like this; or it is not known how, for this reason.
    Configures(Observed<Intent>),
    /// It is a DHCPv6 client of its own that runs beside whatever configures the interface.
    RunsBeside(Observed<Intent>),
    /// Its configuration is still to be written, at boot, and will be like this. It counts only where no stack configures the interface yet.
    Pending(Observed<Intent>),
    /// Its files are written at boot by the program that says so, before it reads them: this is what comes of them, whatever it would do without.
    Replaces(StackId, Observed<Intent>),
    /// It is the stack of this machine and does not name the interface, so it leaves it alone.
    LeavesAlone(Intent),
}
