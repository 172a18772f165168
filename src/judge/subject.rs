//! What a rule is asked about.

use serde::Deserialize;

use crate::facts::{Facts, Interface, Tenses};

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
}

impl<'a> Subject<'a> {
    /// The interface with its tenses.
    ///
    /// # Errors
    /// The subject is the host; a rule whose scope is an interface is never asked about it.
    pub fn on_interface(&self) -> Result<(&'a Interface, &'a Tenses), crate::facts::Unknown> {
        self.interface.ok_or_else(|| crate::facts::Unknown::new("this rule judges an interface, and none was given"))
    }
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
