//! What shows a boot's DHCPv6 where nobody recorded it: the client's lines in the journal, its leases, and what the kernel dates.
//!
//! Each is weaker than a recording and is named as such. They prove what happened; what they do not show may have happened as well.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Evidence, Place, Subject, held};
use crate::facts::{AddressFlag, Process, Scope, Tense, Tenses};
use crate::wire::dhcpv6::{kind, kind_name};

/// Clients that do nothing but DHCPv6 for the interface that their arguments name.
const DEDICATED: [&str; 4] = ["dhclient", "udhcpc6", "dhcp6c", "dibbler-client"];

/// What is to be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::judge) enum What {
    /// A client asked.
    Asked,
    /// It got an address.
    Completed,
}

/// The strongest witness that `what` happened within `window_s` seconds of the interface's coming up: in words, and as evidence. The kernel makes
/// the link-local address as the interface comes up.
///
/// Beside a recording that tells of the question and leaves it open (`recorded`), only those are heard that it cannot contradict: that the address is
/// there now and since when, not that a client was given one; that a client asked, not that it ran.
pub(in crate::judge) fn of(subject: &Subject<'_>, window_s: u64, what: What, recorded: bool) -> Option<(String, Evidence)> {
    let (_, tenses) = subject.on_interface().ok()?;
    let addresses = tenses.state.addresses.get().ok()?;
    let up_cs = addresses.iter().filter(|address| address.scope == Scope::Link).map(|address| address.created_cs).min()?;
    let clock = Clock { up_cs, window_cs: window_s.saturating_mul(100) };
    let told = || journal(tenses, &clock, what).or_else(|| lease(subject, tenses, &clock));
    let (source, words) = if recorded && what == What::Completed { None } else { told() }
        .or_else(|| address(tenses, &clock))
        .or_else(|| if what == What::Asked && !recorded { process(subject, &clock) } else { None })?;
    let evidence = Evidence::new(Tense::Boot, Place::Words(source), format!("{words} (weaker than a recording)"));
    Some((words, evidence))
}

/// When the interface came up, and how long after that counts; hundredths of a second since boot.
struct Clock {
    up_cs: u64,
    window_cs: u64,
}

impl Clock {
    /// How long after the link-local address that was, in words; `None` if it was not within the window.
    fn near(&self, at_cs: u64) -> Option<String> {
        let apart = at_cs.abs_diff(self.up_cs);
        let way = if at_cs < self.up_cs { "before" } else { "after" };
        (apart <= self.window_cs).then(|| format!("{}.{} s {way} the link-local address was made", apart / 100, apart / 10 % 10))
    }
}

type Seen = Option<(String, String)>;

fn journal(tenses: &Tenses, clock: &Clock, what: What) -> Seen {
    const ASKS: [u8; 4] = [kind::SOLICIT, kind::REQUEST, kind::CONFIRM, kind::REBIND];
    let held = || held::dhcpv6_addresses(tenses).is_ok_and(|held| held.iter().any(|held| !held.address.has(AddressFlag::Dadfailed)));
    tenses.boot.journal.get().ok()?.iter().find_map(|line| {
        let fits = match what {
            What::Asked => line.sent && ASKS.contains(&line.message),
            // A Reply may refuse; an address that is held says that it did not.
            What::Completed => !line.sent && line.message == kind::REPLY && held(),
        };
        let when = fits.then(|| clock.near(line.at_us / 10_000)).flatten()?;
        let did = if line.sent { "sent" } else { "got" };
        Some((format!("journal: {}", line.text), format!("{} {did} a {} {when}", line.client, kind_name(line.message))))
    })
}

fn lease(subject: &Subject<'_>, tenses: &Tenses, clock: &Clock) -> Seen {
    let run = &subject.facts.run;
    let now = OffsetDateTime::parse(&run.started, &Rfc3339).ok()?.unix_timestamp();
    let booted = u64::try_from(now).ok()?.checked_sub(run.uptime_cs / 100)?;
    tenses.state.leases.get().ok()?.iter().find_map(|lease| {
        let leased = lease.addresses.iter().find(|leased| leased.starts > 0)?;
        let when = clock.near(leased.starts.checked_sub(booted)?.saturating_mul(100))?;
        Some((format!("lease {}:{}", lease.path, lease.line), format!("{} leased {} {when}", lease.client, leased.address)))
    })
}

fn address(tenses: &Tenses, clock: &Clock) -> Seen {
    held::dhcpv6_addresses(tenses).ok()?.iter().filter(|held| !held.address.has(AddressFlag::Dadfailed)).find_map(|held| {
        let when = clock.near(held.address.created_cs)?;
        let words = format!("the kernel has had the DHCPv6 address {} since {when}", held.address.address);
        Some(("kernel: date of the address".into(), words))
    })
}

fn process(subject: &Subject<'_>, clock: &Clock) -> Seen {
    let serves = |process: &&Process| {
        let arguments = &process.arguments;
        let dedicated = DEDICATED.contains(&process.name.as_str()) && arguments.iter().any(|argument| argument == subject.name);
        let has = |options: &[&str]| arguments.iter().any(|argument| options.contains(&argument.as_str()));
        // dhclient(8): with these it asks for no address, unless -N or -T has it do both.
        let asks = has(&["-6"]) && (has(&["-N", "-T"]) || !has(&["-S", "-P", "-r", "-x"]));
        dedicated && (process.name != "dhclient" || asks)
    };
    subject.facts.state.processes.get().ok()?.iter().filter(serves).find_map(|process| {
        let when = clock.near(process.started_cs)?;
        Some((format!("kernel: start of process {}", process.pid), format!("{} was started {when}", process.name)))
    })
}
