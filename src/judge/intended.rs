//! What comes of an interface at the next boot, by what is set up: whether IPv6 is on, and whether Router Advertisements are accepted.
//!
//! It reads intent; of state only whether forwarding is on now, since what turned it on (containers, libvirt, a VPN) does so after each boot
//! and leaves no line in sysctl.d.

use super::{Cause, Evidence, Finding, Judgement, Place, Subject, Verdict};
use crate::facts::{Intent, InterfaceIntent, RunsDhcpv6, Setting, StackId, TakesRas, Tense, Tenses, Unknown};
use crate::stacks::traits;

/// Why a hardened image refuses Router Advertisements: both baselines demand it of every sysctl.conf.
const BASELINES: &str =
    "hardening baselines demand it (CIS Benchmark \"Ensure IPv6 router advertisements are not accepted\", and the STIGs likewise)";

/// A setting as evidence.
pub(super) fn evidence<T>(setting: &Setting<T>) -> Evidence {
    Evidence::of_setting(setting)
}

/// Where a finding that holds says that it is set up, for the message of a state that is not as intended: `, though FILE:LINE sets it up
/// (TEXT)`. Nothing where it does not hold, is not known, or no file says it.
pub(super) fn though(intended: &Judgement) -> Option<(String, Evidence)> {
    let finding = intended.as_ref().ok().filter(|finding| finding.verdict == Verdict::Pass)?;
    let evidence = finding.evidence.iter().find(|evidence| evidence.tense == Tense::Intent && evidence.place.line().is_some())?;
    Some((format!(", though {} sets it up ({})", evidence.place, evidence.value), evidence.clone()))
}

/// `failed` with where it is set up otherwise.
pub(super) fn though_set_up(mut failed: Finding, intended: &Judgement) -> Finding {
    if failed.verdict == Verdict::Fail
        && let Some((words, evidence)) = though(intended)
    {
        failed.message.push_str(&words);
        failed.evidence.push(evidence);
    }
    failed
}

/// `failed` by what `setting` says, where that stands in a file that cloud-init writes by the cloud's metadata, by its name: then the cloud is to be
/// changed first. Whether somebody has edited the file since is not known. An image's files it writes anew.
pub(super) fn by_metadata<T>(mut failed: Finding, subject: &Subject<'_>, intent: &Intent, setting: &Setting<T>) -> Finding {
    let writes = subject.facts.run.image.is_none() && intent.overrides.iter().any(|who| who.value == StackId::CloudInit);
    if failed.verdict == Verdict::Fail && writes && setting.at.is_of_cloud_init() {
        failed.message.push_str(", in a file that cloud-init writes by the cloud's metadata");
        return failed.because(Cause::Metadata);
    }
    failed
}

/// What sysctl.d writes to `name` of the interface at boot.
///
/// # Errors
/// It was not read.
pub(super) fn sysctl<'a>(intent: &'a InterfaceIntent, name: &str) -> Result<Option<&'a Setting<i64>>, Unknown> {
    Ok(intent.sysctl.get()?.get(name))
}

/// What the kernel copies from `all` to every interface (net/ipv6/addrconf.c).
const COPIED_FROM_ALL: [&str; 3] = ["forwarding", "disable_ipv6", "addr_gen_mode"];

/// What commands at boot leave in `name`, where they have the last word.
///
/// # Errors
/// That is not known.
fn by_commands<'a>(intent: &'a InterfaceIntent, name: &str) -> Result<Option<Setting<i64>>, &'a Setting<Option<i64>>> {
    match intent.by_commands.get(name) {
        None => Ok(None),
        Some(setting) => setting.value.map(|value| Some(setting.holding(value))).ok_or(setting),
    }
}

/// What comes of a setting that is not known to be what it has to be.
fn not_known(what: &str, setting: &Setting<Option<i64>>) -> Finding {
    Finding::inconclusive(format!("{what} at the next boot is not known ({}: {})", setting.at, setting.text)).with_all([evidence(setting)])
}

/// Lines of sysctl.d that look as if they decided `name` and do not: under `all` or `default`.
fn without_effect<'a>(intent: &'a InterfaceIntent, name: &'a str) -> impl Iterator<Item = Evidence> + 'a {
    let templates = ["all", "default"].into_iter().filter(move |template| *template != "all" || !COPIED_FROM_ALL.contains(&name));
    let settings = templates.filter_map(move |template| intent.sysctl.get().ok()?.get(&format!("{template}/{name}")));
    // A pattern such as `*` writes to the interface as well.
    let itself = intent.sysctl.get().ok().and_then(|settings| settings.get(name));
    settings.filter(move |setting| itself.is_none_or(|itself| itself.at != setting.at)).map(|setting| {
        let evidence = evidence(setting);
        Evidence { value: format!("{} (no effect on an interface that exists)", evidence.value), ..evidence }
    })
}

/// Whether IPv6 is on at the next boot.
///
/// # Errors
/// What decides it was not read.
pub(super) fn ipv6(subject: &Subject<'_>) -> Judgement {
    const EXPECTED: &str = "IPv6 is on";
    let (_, tenses) = subject.on_interface()?;
    let host = &subject.facts.intent;
    let command_line = host.command_line.get();
    let word = |name: &str| command_line.as_ref().ok().and_then(|words| words.iter().find(|word| word.value == name));
    let off = |setting: &Setting<String>, message: String| Finding::fail(EXPECTED, setting.text.clone(), message).with_all([evidence(setting)]);
    if let Some(word) = word("ipv6.disable=1") {
        return Ok(off(word, format!("the boot loader switches IPv6 off ({}: {})", word.at, word.value)));
    }
    let modules = host.modules.get();
    if let Some(line) = modules.as_ref().ok().and_then(|lines| lines.first()) {
        return Ok(off(line, format!("the kernel's module ipv6 is kept out or switched off ({}: {})", line.at, line.text)));
    }
    let by_commands = match by_commands(&tenses.intent, "disable_ipv6") {
        Err(unknown) => return Ok(not_known("whether IPv6 is on", unknown)),
        Ok(by_commands) => by_commands,
    };
    if let Some(setting) = by_commands.as_ref().filter(|written| written.value != 0) {
        let message = format!("a command at boot switches IPv6 off ({}: {})", setting.at, setting.text);
        return Ok(Finding::fail(EXPECTED, setting.text.clone(), message).with_all([evidence(setting)]));
    }
    if let Some(setting) = by_commands {
        let seen = format!("a command at boot switches it on ({}: {})", setting.at, setting.text);
        return Ok(Finding::pass(EXPECTED, seen).with_all([evidence(&setting)]));
    }
    if let Ok(intent) = tenses.intent.stack.get()
        && let Some(setting) = intent.disable_ipv6.as_ref().filter(|written| written.value != 0)
    {
        let message = format!("{} switches IPv6 off on it ({}: {})", daemon(intent), setting.at, setting.text);
        return Ok(Finding::fail(EXPECTED, setting.text.clone(), message).with_all([evidence(setting)]));
    }
    let written = sysctl(&tenses.intent, "disable_ipv6");
    let by_sysctl = written.as_ref().ok().copied().flatten();
    let switched_off = match by_sysctl {
        Some(setting) if setting.value != 0 => Some((evidence(setting), format!("{}: {}", setting.at, setting.text))),
        Some(_) => None,
        None => word("ipv6.disable_ipv6=1").map(|word| (evidence(word), format!("{}: {}", word.at, word.value))),
    };
    if let Some((evidence, by)) = switched_off {
        let finding = match tenses.intent.stack.get() {
            Ok(intent) if intent.disable_ipv6.as_ref().is_some_and(|written| written.value == 0) => {
                Finding::pass(EXPECTED, format!("{by}, which {} takes back when it brings the interface up", daemon(intent)))
            }
            Ok(intent) if intent.takes_ras.value == TakesRas::Itself => {
                let message = format!("IPv6 is switched off at boot ({by}), and whether {} switches it on again is not known", daemon(intent));
                Finding::inconclusive(message)
            }
            Ok(_) => Finding::fail(EXPECTED, by.clone(), format!("IPv6 is switched off at boot ({by})")),
            Err(unknown) => Finding::inconclusive(format!(
                "IPv6 is switched off at boot ({by}), and who brings the interface up is not known: {}",
                unknown.reason
            )),
        };
        return Ok(finding.with_all([evidence]));
    }
    // Where the boot loader's files are out of sight, a running kernel shows what it was booted with.
    let booted = subject.facts.state.ipv6.get().is_ok_and(|ipv6| ipv6.present && ipv6.command_line.is_none());
    let loader = match command_line {
        Ok(_) => "boot loader",
        Err(_) if booted => "/proc/cmdline",
        Err(unknown) => return Err(unknown),
    };
    let (_, written) = (modules?, written?);
    let finding = Finding::pass(EXPECTED, "nothing switches it off at boot");
    let nothing = "neither ipv6.disable nor a module line nor disable_ipv6".to_owned();
    let shown = Evidence::new(Tense::Intent, Place::Words(format!("{loader}, modprobe.d and sysctl.d")), nothing);
    Ok(finding.with_all(written.map(evidence)).with_all([shown]).with_all(without_effect(&tenses.intent, "disable_ipv6")))
}

/// The program that carries an intent out.
pub(super) fn daemon(intent: &Intent) -> StackId {
    // One that only writes the files is gone then; it handles nothing.
    intent.by.filter(|by| !traits(*by).only_writes).unwrap_or(intent.stack)
}

/// Whether Router Advertisements are accepted at the next boot: by the stack in charge, or by the kernel as `accept_ra` and forwarding will be
/// then (`ipv6_accept_ra()`, include/net/ipv6.h). What the stack writes comes after sysctl.d.
///
/// # Errors
/// What decides it was not read.
pub(super) fn router_advertisements(subject: &Subject<'_>) -> Judgement {
    const EXPECTED: &str = "set up to accept Router Advertisements at boot";
    let (_, tenses) = subject.on_interface()?;
    let intent = tenses.intent.stack.get()?;
    let (stack, takes) = (daemon(intent), &intent.takes_ras);
    let told = evidence(takes);
    match takes.value {
        TakesRas::Itself => {
            // A stanza that ifup cannot carry out may end it before it starts the daemon.
            let doubt = if intent.dhcpv6.value == RunsDhcpv6::NoClient && intent.by.is_some() {
                format!(" once it is started, which `{}`, for which no client is installed, may prevent", intent.dhcpv6.text)
            } else {
                String::new()
            };
            if let Some(line) = &intent.no_default_route {
                let message = format!("{stack} takes Router Advertisements, and leaves out the default route in them ({}: {})", line.at, line.text);
                let failed = Finding::fail(EXPECTED, line.text.clone(), message).with_all([evidence(line), told]);
                return Ok(by_metadata(failed, subject, intent, line));
            }
            return Ok(Finding::pass(EXPECTED, format!("{stack} takes them itself{doubt}")).with_all([told]));
        }
        TakesRas::No => {
            let message = format!("{stack} is set up so that nobody takes Router Advertisements ({}: {})", told.place, told.value);
            let failed = Finding::fail(EXPECTED, told.value.clone(), message).with_all([told]);
            return Ok(by_metadata(failed, subject, intent, takes));
        }
        TakesRas::Kernel => {}
    }
    if let Some(line) = sysctl(&tenses.intent, "accept_ra_defrtr")?.filter(|learns| learns.value == 0) {
        let message = format!("accept_ra_defrtr will be 0 at the next boot ({}: {}), so that the kernel learns no default route", line.at, line.text);
        return Ok(Finding::fail(EXPECTED, "accept_ra_defrtr=0", message).with_all([evidence(line), told]));
    }
    let commanded = match by_commands(&tenses.intent, "accept_ra") {
        Err(unknown) => return Ok(not_known("accept_ra", unknown).with_all([told])),
        Ok(commanded) => commanded,
    };
    let by_stack = commanded.as_ref().or(intent.accept_ra.as_ref());
    let by_sysctl = if by_stack.is_none() { sysctl(&tenses.intent, "accept_ra")? } else { None };
    let hardened = by_sysctl.is_some();
    let (value, decides) = by_stack.or(by_sysctl).map_or_else(kernel_default, |setting| (setting.value, evidence(setting)));
    let set = if decides.place.line().is_some() { format!("{}: {}", decides.place, decides.value) } else { decides.value.clone() };
    let finding = if value == 0 {
        let why = if hardened { format!("; {BASELINES}") } else { String::new() };
        let failed = |but: &str| {
            let when = if tenses.state.sysctl("accept_ra") == Ok(0) { "is 0 now, and will be 0 again" } else { "will be 0" };
            let message = format!("accept_ra {when} at the next boot ({set}){but}{why}");
            Finding::fail(EXPECTED, format!("accept_ra={value}"), message)
        };
        match forwarding(tenses) {
            Ok(Forwards::Yes(forwarding)) => failed(", and must be 2, since forwarding is on").because(Cause::Forwarding).with_all([forwarding]),
            Ok(Forwards::No | Forwards::NotKnown(_)) | Err(_) => failed(""),
        }
    } else if value == 2 {
        Finding::pass(EXPECTED, "accept_ra=2, with forwarding and without")
    } else {
        match forwarding(tenses)? {
            Forwards::Yes(forwarding) => {
                let message = format!(
                    "forwarding is on ({}: {}), so accept_ra must be 2, and it will be {value} at the next boot ({set})",
                    forwarding.place, forwarding.value
                );
                Finding::fail(EXPECTED, format!("accept_ra={value}, forwarding=1"), message).because(Cause::Forwarding).with_all([forwarding])
            }
            Forwards::NotKnown(setting) => {
                not_known(&format!("accept_ra will be {value} ({set}), and must be 2 where forwarding is on; whether it is"), setting)
            }
            Forwards::No => Finding::pass(EXPECTED, format!("accept_ra={value} ({set}), no forwarding")),
        }
    };
    Ok(finding.with_all([decides, told]).with_all(without_effect(&tenses.intent, "accept_ra")))
}

/// What `accept_ra` is where nothing sets it (net/ipv6/addrconf.c).
fn kernel_default() -> (i64, Evidence) {
    (1, Evidence::new(Tense::Intent, Place::Words("accept_ra".into()), "nothing sets it, so the kernel's 1 holds"))
}

/// Whether the interface will forward.
pub(super) enum Forwards<'a> {
    Yes(Evidence),
    No,
    NotKnown(&'a Setting<Option<i64>>),
}

/// Whether the interface will forward: by a command or program at boot, by a line of sysctl.d, or as it does now.
///
/// # Errors
/// sysctl.d was not read, and it does not forward now.
pub(super) fn forwarding(tenses: &Tenses) -> Result<Forwards<'_>, Unknown> {
    if tenses.state.sysctl("forwarding").is_ok_and(|forwarding| forwarding != 0) {
        return Ok(Forwards::Yes(Evidence::new(Tense::State, Place::Words("forwarding now".into()), "1")));
    }
    let commanded = by_commands(&tenses.intent, "forwarding");
    let setting = match &commanded {
        Ok(Some(setting)) => Some(setting),
        Ok(None) | Err(_) => sysctl(&tenses.intent, "forwarding")?,
    };
    let on = setting.filter(|setting| setting.value != 0).map(|setting| Forwards::Yes(evidence(setting)));
    Ok(on.unwrap_or_else(|| commanded.as_ref().err().map_or(Forwards::No, |unknown| Forwards::NotKnown(unknown))))
}
