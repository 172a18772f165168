//! What the packets of an exchange mean, decided once: when a Router Advertisement is valid, how DHCPv6 messages pair, which answer a client
//! would take, what was retransmitted, when a lease holds, and where an address comes from.
//!
//! Pure: it knows facts and the form of packets. Observers, rules, the story and `watch` ask it; none of them decides such a thing itself.

pub mod address_origin;
pub mod advertisement;
pub mod answer;
pub mod boots;
pub mod duplicates;
pub mod leases;
pub mod network_answers;
pub mod retransmissions;
pub mod solicitation_run;
pub mod trace;
pub mod transaction;

use std::collections::BTreeMap;

use crate::facts::{Facts, Interface, Tenses, Unknown};
use address_origin::{Known, Origins};
use network_answers::{RouterAnswers, ServerAnswers};
use trace::Trace;

/// The exchanges of all interfaces, read once.
#[derive(Debug)]
pub struct Exchanges<'a>(BTreeMap<&'a str, Exchange<'a>>);

impl<'a> Exchanges<'a> {
    /// Reads those of `facts`.
    pub fn read(facts: &'a Facts) -> Self {
        let read = |(name, interface): (&'a String, &'a Interface)| {
            let tenses = interface.tenses.as_ref()?;
            Some((name.as_str(), Exchange::read(tenses)))
        };
        Self(facts.interfaces.iter().filter_map(read).collect())
    }

    /// Those of one interface; `None` if it was not looked at.
    pub fn of(&self, name: &str) -> Option<&Exchange<'a>> {
        self.0.get(name)
    }

    /// Those of each interface, by its name.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, &Exchange<'a>)> {
        self.0.iter().map(|(name, exchange)| (*name, exchange))
    }
}

/// What went over the wire of one interface.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// Each boot that was captured, in the order of time; at least one.
    pub boots: Result<Vec<Trace<'a>>, Unknown>,
    /// What routers answered.
    pub router: Result<RouterAnswers<'a>, Unknown>,
    /// What DHCPv6 servers answered.
    pub server: Result<ServerAnswers<'a>, Unknown>,
    /// Where each of its addresses comes from.
    pub origins: Result<Origins<'a>, Unknown>,
}

impl<'a> Exchange<'a> {
    fn read(tenses: &'a Tenses) -> Self {
        let router = tenses.network.router.get().map(RouterAnswers::read);
        let server = tenses.network.server.get().map(ServerAnswers::read);
        let origins = tenses.state.addresses.get().map(|addresses| {
            let known = Known::new(&tenses.state, router.as_ref().ok(), server.as_ref().ok());
            Origins::new(addresses, &known)
        });
        Self { boots: tenses.boot.recording.get().map(boots::traces), router, server, origins }
    }
}
