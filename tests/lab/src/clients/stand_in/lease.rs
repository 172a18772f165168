//! A lease, and how dhclient keeps it (dhclient.leases(5)).

use std::fmt::Write;
use std::fs;
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::LabError;

/// 2000-01-01 00:00 UTC in Unix time, where the time of a DUID-LLT begins (RFC 8415 section 11.2).
const DUID_EPOCH_S: u64 = 946_684_800;

/// What a server gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) address: Ipv6Addr,
    pub(super) t1_s: u32,
    pub(super) t2_s: u32,
    pub(super) preferred_s: u32,
    pub(super) valid_s: u32,
    pub(super) server: Vec<u8>,
}

impl Lease {
    /// Half of the preferred lifetime where the server leaves it to the client (RFC 8415 section 14.2).
    pub(super) fn renew_after(&self) -> Duration {
        let after_s = if self.t1_s == 0 { self.preferred_s / 2 } else { self.t1_s };
        Duration::from_secs(after_s.max(1).into())
    }

    /// A block of the lease file.
    pub(super) fn block(&self, nic: &str, iaid: u32, duid: &[u8]) -> String {
        let Self { address, t1_s, t2_s, preferred_s, valid_s, server } = self;
        let starts = now_s();
        format!(
            "lease6 {{\n  interface \"{nic}\";\n  ia-na {iaid} {{\n    starts {starts};\n    renew {t1_s};\n    rebind {t2_s};\n    \
             iaaddr {address} {{\n      starts {starts};\n      preferred-life {preferred_s};\n      max-life {valid_s};\n    }}\n  }}\n  \
             option dhcp6.client-id {client};\n  option dhcp6.server-id {server};\n}}\n",
            iaid = with_colons(&iaid.to_be_bytes(), true),
            client = with_colons(duid, false),
            server = with_colons(server, false),
        )
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn with_colons(bytes: &[u8], padded: bool) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| if padded { format!("{byte:02x}") } else { format!("{byte:x}") }).collect();
    bytes.join(":")
}

/// As a string of the file, each byte by its three octal digits, which dhclient reads as well as its own form.
pub(super) fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:03o}");
        text
    })
}

/// The DUID that the lease file has, else a new DUID-LLT of the interface.
pub(super) fn duid(file: &Path, nic: &str) -> Result<Vec<u8>, LabError> {
    let text = fs::read_to_string(file).unwrap_or_default();
    if let Some(kept) = kept(&text) {
        return Ok(kept);
    }
    let seconds = u32::try_from(now_s().saturating_sub(DUID_EPOCH_S) & u64::from(u32::MAX)).unwrap_or_default();
    let mut duid = vec![0, 1, 0, 1];
    duid.extend(seconds.to_be_bytes());
    duid.extend(mac(nic)?);
    Ok(duid)
}

/// One that this client wrote.
fn kept(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("default-duid \"\\")?.split('"').next()?;
    digits.split('\\').map(|byte| u8::from_str_radix(byte, 8).ok()).collect()
}

/// The MAC address of an interface of this namespace.
pub(super) fn mac(nic: &str) -> Result<[u8; 6], LabError> {
    let text = fs::read_to_string(format!("/sys/class/net/{nic}/address")).map_err(LabError::io(nic))?;
    let bytes: Option<Vec<u8>> = text.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| LabError::Refused(format!("{nic} has no MAC address, but {text:?}")))
}

#[cfg(test)]
mod tests {
    use super::{Lease, escaped, kept};

    #[test]
    fn a_duid_is_found_again() {
        let duid = vec![0, 1, 0, 1, 0x32, 0x97, 0xd9, 0xac, 0xfa, 0x16, 0x3e, 0, 0x22, 0xff];
        let text = format!("default-duid \"{}\";\nlease6 {{\n", escaped(&duid));
        assert_eq!(kept(&text), Some(duid));
        assert_eq!(kept("default-duid \"abc\";\n"), None);
        assert_eq!(kept(""), None);
    }

    /// As the real one's is in tests/images/cells.txt.
    #[test]
    fn a_block_is_as_dhclient_writes_it() {
        let lease = Lease {
            address: "2001:db8:1::1bc3".parse().expect("an address"),
            t1_s: 300,
            t2_s: 525,
            preferred_s: 600,
            valid_s: 700,
            server: vec![0, 1, 0xaa],
        };
        let block = lease.block("eth0", 0x3e11_2203, &[0, 3, 0x16]);
        let lines: Vec<&str> = block.lines().map(str::trim).filter(|line| !line.starts_with("starts")).collect();
        assert_eq!(
            lines.join(" "),
            "lease6 { interface \"eth0\"; ia-na 3e:11:22:03 { renew 300; rebind 525; iaaddr 2001:db8:1::1bc3 { preferred-life 600; max-life 700; } } \
             option dhcp6.client-id 0:3:16; option dhcp6.server-id 0:1:aa; }"
        );
        assert_eq!(block.matches("starts ").count(), 2);
    }
}
