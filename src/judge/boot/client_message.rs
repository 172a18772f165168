//! DHCPv6 messages as check files name them.

use serde::Deserialize;

use crate::wire::dhcpv6::kind;

/// A message that clients send, as check files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::judge) enum ClientMessage {
    /// Solicit.
    Solicit,
    /// Request.
    Request,
    /// Confirm.
    Confirm,
    /// Renew.
    Renew,
    /// Rebind.
    Rebind,
    /// Release.
    Release,
    /// Decline.
    Decline,
    /// Information-request.
    InformationRequest,
}

impl ClientMessage {
    /// Its type (RFC 8415 section 7.3).
    pub(in crate::judge) fn number(self) -> u8 {
        match self {
            Self::Solicit => kind::SOLICIT,
            Self::Request => kind::REQUEST,
            Self::Confirm => kind::CONFIRM,
            Self::Renew => kind::RENEW,
            Self::Rebind => kind::REBIND,
            Self::Release => kind::RELEASE,
            Self::Decline => kind::DECLINE,
            Self::InformationRequest => kind::INFORMATION_REQUEST,
        }
    }
}
