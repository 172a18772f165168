//! Multicast Listener Discovery: reports of version 2 (RFC 3810 section 5.2) and 1 (RFC 2710 section 3).

use std::net::Ipv6Addr;

use super::{Flaw, address_at, flaw, u16_at};

/// ICMPv6 type of a report of version 2.
pub const REPORT_V2: u8 = 143;
/// ICMPv6 type of a report of version 1.
pub const REPORT_V1: u8 = 131;

/// Types of records that mean that the group is listened to, whatever sources are excluded (RFC 3810 section 5.2.12): the mode is, or becomes,
/// EXCLUDE.
const IS_EXCLUDE: u8 = 2;
const TO_EXCLUDE: u8 = 4;

/// Fixed part of a report of version 2, and of one of its records, in bytes.
const FIXED: usize = 8;
const RECORD: usize = 20;

/// A report of groups that are listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its version, 1 or 2.
    pub version: u8,
    /// Its records in order; a report of version 1 has one.
    pub records: Vec<Record>,
}

/// What is said of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Type of the record; 4, change to EXCLUDE, for version 1.
    pub kind: u8,
    /// How many sources it names.
    pub sources: u16,
    /// The group.
    pub group: Ipv6Addr,
}

impl Record {
    /// Whether the sender listens to the group.
    pub fn joins(&self) -> bool {
        matches!(self.kind, IS_EXCLUDE | TO_EXCLUDE) || self.sources > 0 && matches!(self.kind, 1 | 3 | 5)
    }
}

impl Report {
    /// Reads an ICMPv6 message of type 143 or 131; `None` if it is of another type or shorter than its fixed part.
    pub fn parse(message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        match message.first() {
            Some(&REPORT_V1) => {
                let group = address_at(message, 8)?;
                Some((Self { version: 1, records: vec![Record { kind: TO_EXCLUDE, sources: 0, group }] }, Vec::new()))
            }
            Some(&REPORT_V2) => {
                let told = u16_at(message, 6)?;
                let (mut records, mut flaws, mut at) = (Vec::new(), Vec::new(), FIXED);
                for number in 0..told {
                    let (Some(&[kind, auxiliary]), Some(sources), Some(group)) =
                        (message.get(at..at + 2).and_then(|two| two.first_chunk()), u16_at(message, at + 2), address_at(message, at + 4))
                    else {
                        flaws.push(flaw(at, format!("{told} records are told, {number} are there")));
                        break;
                    };
                    records.push(Record { kind, sources, group });
                    at += RECORD + usize::from(sources) * 16 + usize::from(auxiliary) * 4;
                }
                Some((Self { version: 2, records }, flaws))
            }
            _ => None,
        }
    }
}
