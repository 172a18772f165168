//! Lines of ISC dhclient in the journal: each message that it sends or gets.

use crate::wire::dhcpv6::kind;

/// ISC dhclient, client/dhc6.c: `XMT: Solicit on eth0, interval 1040ms.`, `RCV: Reply message on eth0 from fe80::1.`
pub(super) fn says(line: &str) -> Option<(&str, u8, bool)> {
    let kind_named = |name: &str| {
        Some(match name {
            "Solicit" => kind::SOLICIT,
            "Advertise" => kind::ADVERTISE,
            "Request" => kind::REQUEST,
            "Confirm" => kind::CONFIRM,
            "Renew" => kind::RENEW,
            "Rebind" => kind::REBIND,
            "Reply" => kind::REPLY,
            "Release" => kind::RELEASE,
            "Decline" => kind::DECLINE,
            "Info-Request" => kind::INFORMATION_REQUEST,
            _ => return None,
        })
    };
    if let Some(rest) = line.strip_prefix("XMT: ") {
        let (name, rest) = rest.split_once(" on ")?;
        let (interface, _) = rest.split_once(", interval ")?;
        return Some((interface, kind_named(name)?, true));
    }
    let (name, rest) = line.strip_prefix("RCV: ")?.split_once(" message on ")?;
    let (interface, _) = rest.split_once(" from ")?;
    Some((interface, kind_named(name)?, false))
}
