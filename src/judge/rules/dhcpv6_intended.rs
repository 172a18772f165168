//! The interface is set up to run DHCPv6 at boot.

use super::{Finding, Judgement, Kind, Subject, intended};
use crate::facts::RunsDhcpv6;

/// By its configuration files, the stack in charge brings the interface up at boot and runs DHCPv6 on it.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6Intended;

impl Kind for Dhcpv6Intended {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        at_boot(subject)
    }
}

/// Whether DHCPv6 runs on the interface at the next boot.
///
/// # Errors
/// The stack in charge is not known.
pub(super) fn at_boot(subject: &Subject<'_>) -> Judgement {
    const EXPECTED: &str = "set up to run DHCPv6 at boot";
    let (_, tenses) = subject.on_interface()?;
    let intent = tenses.intent.stack.get()?;
    let (dhcpv6, at_boot) = (&intent.dhcpv6, &intent.at_boot);
    let stack = &intent.stack;
    let fail = |message: String| Finding::fail(EXPECTED, dhcpv6.text.clone(), message);
    let finding = match dhcpv6.value {
        RunsDhcpv6::No => {
            let failed = fail(format!("nothing sets it up to run DHCPv6 ({stack}: {})", dhcpv6.text));
            intended::by_metadata(failed, subject, intent, dhcpv6)
        }
        RunsDhcpv6::CannotTell => Finding::inconclusive(format!("whether {stack} runs DHCPv6 on it cannot be said: {}: {}", dhcpv6.at, dhcpv6.text)),
        RunsDhcpv6::NoClient => fail(format!("{stack} is set up to run DHCPv6, but no DHCPv6 client that it can start is installed")),
        RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged if !at_boot.value => {
            Finding::fail(EXPECTED, at_boot.text.clone(), format!("{stack} runs DHCPv6 on it, but does not bring it up at boot"))
        }
        RunsDhcpv6::Yes => Finding::pass(EXPECTED, format!("{stack}: {}", dhcpv6.text)),
        RunsDhcpv6::WhenManaged => {
            let router = subject.router().ok().and_then(|router| router.default_router().ok().flatten());
            let now = match router {
                Some(router) if router.message.managed() => "; it does",
                Some(_) => "; it does not",
                None => "",
            };
            Finding::pass(EXPECTED, format!("{stack} runs it when a Router Advertisement sets M{now}"))
        }
    };
    Ok(finding.with_all([intended::evidence(dhcpv6), intended::evidence(at_boot)]))
}
