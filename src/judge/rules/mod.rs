//! The rule kinds. One line below and one file make a new one; its name in check files is the file's name with hyphens.

use serde::{Deserialize, Deserializer};

use super::boot::{address_use, client_message, corroboration, verdicts, window};
use super::{Cause, Evidence, Finding, Judgement, Place, Subject, Table, Verdict, daemon, intended, network_answers, timing};
use crate::exchange::{address_origin, leases, retransmissions, solicitation_run, trace, transaction};
use crate::facts::Goal;

/// Whether the files meet a goal, by the rule that fails where they do not.
///
/// # Errors
/// What decides it was not read.
pub(super) fn meets(goal: Goal, subject: &Subject<'_>) -> Judgement {
    match goal {
        Goal::Ipv6 => intended::ipv6(subject),
        Goal::RouterAdvertisements => intended::router_advertisements(subject),
        Goal::Dhcpv6 => dhcpv6_intended::at_boot(subject),
        Goal::PrefixLength => dhclient_prefix_length::by_files(subject),
        Goal::FirewallAdvertisements | Goal::FirewallAnswers => firewall_passes::FirewallPasses::by_files(goal).judge(subject),
        Goal::OneStack => one_network_stack::OneNetworkStack.judge(subject),
        Goal::LiteralBackticks => no_pasted_backticks::NoPastedBackticks.judge(subject),
        Goal::MachineId | Goal::Duid | Goal::Lease | Goal::Secret => not_baked_in::NotBakedIn::of(goal).judge(subject),
    }
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each checked interface.
    Interface,
    /// The host, once.
    Host,
}

/// A rule kind: its parameters are its fields.
trait Kind {
    /// What it judges.
    const SCOPE: Scope = Scope::Interface;

    /// Judges one subject.
    fn judge(&self, subject: &Subject<'_>) -> Judgement;
}

macro_rules! kinds {
    (with parameters: $($file:ident :: $kind:ident),+; without: $($plain_file:ident :: $plain:ident),+ $(,)?) => {
        $(mod $file;)+
        $(mod $plain_file;)+

        /// A rule as a check file names it, `[rule.<kind>]`, with its parameters.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(#[doc = concat!("The rule of `rules/", stringify!($file), ".rs`.")] $kind($file::$kind),)+
            $(
                #[doc = concat!("The rule of `rules/", stringify!($plain_file), ".rs`.")]
                #[serde(deserialize_with = "without_parameters")]
                $plain($plain_file::$plain),
            )+
        }

        impl Rule {
            /// Whether it judges each interface or the host.
            pub fn scope(&self) -> Scope {
                match self {
                    $(Self::$kind(_) => <$file::$kind as Kind>::SCOPE,)+
                    $(Self::$plain(_) => <$plain_file::$plain as Kind>::SCOPE,)+
                }
            }

            pub(super) fn judge(&self, subject: &Subject<'_>) -> Judgement {
                match self {
                    $(Self::$kind(kind) => kind.judge(subject),)+
                    $(Self::$plain(kind) => kind.judge(subject),)+
                }
            }
        }
    };
}

/// An empty table. One type for all kinds that have no parameters: each of its own would be kilobytes of the program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

fn without_parameters<'de, D: Deserializer<'de>, K: Default>(table: D) -> Result<K, D::Error> {
    NoParameters::deserialize(table).map(|NoParameters {}| K::default())
}

kinds! {
    with parameters:
    ipv6_enabled::Ipv6Enabled,
    ipv6_not_off::Ipv6NotOff,
    firewall_passes::FirewallPasses,
    rs_outlasts_late_link::RsOutlastsLateLink,
    dhcpv6_prefix_length::Dhcpv6PrefixLength,
    dhclient_prefix_length::DhclientPrefixLength,
    not_baked_in::NotBakedIn,
    prefix_flag::PrefixFlag,
    message_form::MessageForm,
    duplicate_detection::DuplicateDetection,
    group_reports::GroupReports,
    never_sent::NeverSent,
    solicitation_timing::SolicitationTiming,
    dhcpv6_at_boot::Dhcpv6AtBoot,
    dhcpv6_exchange_completed::Dhcpv6ExchangeCompleted,
    ra_received_at_boot::RaReceivedAtBoot,
    rs_at_boot::RsAtBoot,
    dhcpv6_client_options::Dhcpv6ClientOptions,
    dhcpv6_client_envelope::Dhcpv6ClientEnvelope,
    dhcpv6_elapsed_time::Dhcpv6ElapsedTime,
    dhcpv6_transaction::Dhcpv6Transaction,
    dhcpv6_retransmission::Dhcpv6Retransmission,
    dhcpv6_solicit_delay::Dhcpv6SolicitDelay,
    dhcpv6_rate_limit::Dhcpv6RateLimit,
    dhcpv6_identity::Dhcpv6Identity,
    dhcpv6_identity_of_host::Dhcpv6IdentityOfHost,
    dhcpv6_renewal::Dhcpv6Renewal,
    dhcpv6_decline::Dhcpv6Decline,
    dhcpv6_confirm::Dhcpv6Confirm;
    without:
    link_local_address::LinkLocalAddress,
    ra_accept_intended::RaAcceptIntended,
    ra_accepted::RaAccepted,
    ra_default_route::RaDefaultRoute,
    ra_solicited::RaSolicited,
    dhcpv6_intended::Dhcpv6Intended,
    settings_persistent::SettingsPersistent,
    one_network_stack::OneNetworkStack,
    dhcpv6_client_running::Dhcpv6ClientRunning,
    dhcpv6_address_held::Dhcpv6AddressHeld,
    dhcpv6_address::Dhcpv6Address,
    dhcpv6_address_as_offered::Dhcpv6AddressAsOffered,
    no_implied_on_link_prefix::NoImpliedOnLinkPrefix,
    no_pasted_backticks::NoPastedBackticks,
    ipv4_address::Ipv4Address,
    router_advertisement::RouterAdvertisement,
    managed_flag::ManagedFlag,
    dhcpv6_offer::Dhcpv6Offer,
    single_router::SingleRouter,
    single_server::SingleServer,
    duid_of_this_guest::DuidOfThisGuest,
    dad_before_use::DadBeforeUse,
    dhcpv6_chosen_server::Dhcpv6ChosenServer,
}
