//! What a rule is asked about.

use serde::Deserialize;

use crate::exchange::address_origin::Origins;
use crate::exchange::network_answers::{RouterAnswers, ServerAnswers};
use crate::exchange::trace::Trace;
use crate::exchange::{Exchange, Exchanges};
use crate::facts::{Facts, Interface, Tenses, Unknown};

/// One interface with its host, or the host alone.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Everything observed.
    pub facts: &'a Facts,
    /// Name of the interface; empty for the host.
    pub name: &'a str,
    /// The interface; absent for the host.
    pub interface: Option<(&'a Interface, &'a Tenses)>,
    /// What the profile expects of the network.
    pub expectations: &'a Expectations,
    /// What went over the wire of all interfaces.
    exchanges: &'a Exchanges<'a>,
    /// Which of the boots that were captured is judged.
    boot: usize,
}

impl<'a> Subject<'a> {
    /// The interface `name`. `exchanges` are those of `facts`.
    pub fn of_interface(facts: &'a Facts, exchanges: &'a Exchanges<'a>, name: &'a str, expectations: &'a Expectations) -> Self {
        let interface = facts.interfaces.get(name).and_then(|interface| Some((interface, interface.tenses.as_ref()?)));
        Self { facts, name, interface, expectations, exchanges, boot: 0 }
    }

    /// The host. `exchanges` are those of `facts`.
    pub fn of_host(facts: &'a Facts, exchanges: &'a Exchanges<'a>, expectations: &'a Expectations) -> Self {
        Self { facts, name: "", interface: None, expectations, exchanges, boot: 0 }
    }

    /// The interface with its tenses.
    ///
    /// # Errors
    /// The subject is the host; a rule whose scope is an interface is never asked about it.
    pub fn on_interface(&self) -> Result<(&'a Interface, &'a Tenses), Unknown> {
        self.interface.ok_or_else(not_an_interface)
    }

    /// The boot as messages.
    ///
    /// # Errors
    /// Nothing was recorded; the reason says how it can be.
    pub fn trace(&self) -> Result<&'a Trace<'a>, Unknown> {
        let boots = self.exchange()?.boots.as_ref().map_err(Clone::clone)?;
        boots.get(self.boot).ok_or_else(|| Unknown::new("no boot was recorded"))
    }

    /// The subject once for each boot that was captured; nothing where none was.
    pub(super) fn boots(&self) -> Vec<Self> {
        let boots = self.exchange().ok().and_then(|exchange| exchange.boots.as_ref().ok()).map_or(0, Vec::len);
        (0..boots).map(|boot| Self { boot, ..*self }).collect()
    }

    /// What routers answered.
    ///
    /// # Errors
    /// Nobody could be asked.
    pub fn router(&self) -> Result<&'a RouterAnswers<'a>, Unknown> {
        self.exchange()?.router.as_ref().map_err(Clone::clone)
    }

    /// What DHCPv6 servers answered.
    ///
    /// # Errors
    /// Nobody could be asked.
    pub fn server(&self) -> Result<&'a ServerAnswers<'a>, Unknown> {
        self.exchange()?.server.as_ref().map_err(Clone::clone)
    }

    /// Where the addresses of the interface come from.
    ///
    /// # Errors
    /// The addresses could not be read.
    pub fn origins(&self) -> Result<&'a Origins<'a>, Unknown> {
        self.exchange()?.origins.as_ref().map_err(Clone::clone)
    }

    /// The boots of all interfaces that were recorded.
    ///
    /// # Errors
    /// None was, for the reason of the first.
    pub fn traces(&self) -> Result<Vec<(&'a str, &'a Trace<'a>)>, Unknown> {
        let mut traces = Vec::new();
        let mut missing = None;
        for (name, exchange) in self.exchanges.all() {
            match &exchange.boots {
                Ok(boots) => traces.extend(boots.iter().map(|trace| (name, trace))),
                Err(unknown) => missing = missing.or(Some(unknown)),
            }
        }
        match missing {
            Some(unknown) if traces.is_empty() => Err(unknown.clone()),
            _ => Ok(traces),
        }
    }

    fn exchange(&self) -> Result<&'a Exchange<'a>, Unknown> {
        self.interface.and_then(|_| self.exchanges.of(self.name)).ok_or_else(not_an_interface)
    }
}

fn not_an_interface() -> Unknown {
    Unknown::new("this rule judges an interface, and none was given")
}

/// What a deployment's network is expected to look like; part of a profile. What is absent is not expected either way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Expectations {
    /// The M flag of its Router Advertisements.
    pub managed: Option<bool>,
    /// Whether a prefix with A is advertised.
    pub autonomous_prefix: Option<bool>,
    /// Whether a prefix with L is advertised.
    pub on_link_prefix: Option<bool>,
    /// Whether a DHCPv6 server offers an address.
    pub dhcpv6_address: Option<bool>,
}
