//! The identity of wide-dhcpv6's dhcp6c: its DUID file, and the IAID of its configuration (dhcp6c.conf(5)). It keeps no lease in any file.

use std::io;

use crate::facts::{Lease, Process, hexadecimal};
use crate::stacks::leases::Subject;
use crate::stacks::leases::syntax::{self, Event, Statement};

const DUID: &str = "/var/lib/dhcpv6/dhcp6c_duid";
const CONFIGURATION: &str = "/etc/wide-dhcpv6/dhcp6c.conf";

pub(crate) fn lease(subject: &Subject<'_>) -> io::Result<Option<Lease>> {
    let Some(duid) = subject.root.bytes_if_any(DUID)?.as_deref().and_then(duid) else { return Ok(None) };
    let processes = subject.host.processes.get().map(Vec::as_slice).unwrap_or_default();
    let configuration = processes.iter().find(|process| process.name == super::NAME).and_then(configuration).unwrap_or(CONFIGURATION);
    let iaid = subject.root.read(configuration, crate::image::MOST_BYTES).ok().and_then(|text| iaid(&text, subject.name));
    Ok(Some(Lease {
        path: DUID.into(),
        line: 0,
        client: super::NAME.into(),
        duid: Some(hexadecimal(&duid)),
        iaid,
        addresses: Vec::new(),
        released: false,
        fresh: false,
    }))
}

/// The file after `-c`.
fn configuration(process: &Process) -> Option<&str> {
    let mut arguments = process.arguments.iter().skip_while(|argument| *argument != "-c").skip(1);
    arguments.next().map(String::as_str)
}

/// The DUID behind its length, two bytes in the machine's own order (dhcp6c's common.c, `get_duid`).
fn duid(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    (usize::from(u16::from_ne_bytes(*length)) == rest.len() && rest.len() > 2).then(|| rest.to_vec())
}

/// The one IAID that the interface's block sends: `send ia-na 0;`.
fn iaid(text: &[u8], name: &str) -> Option<u32> {
    let mut ours = false;
    let mut found = Vec::new();
    for Statement { event, depth, .. } in syntax::statements(text) {
        match event {
            Event::Open(words) if depth == 0 => {
                ours = words.first().is_some_and(|word| word.is("interface")) && words.get(1).and_then(syntax::Word::text).as_deref() == Some(name);
            }
            Event::Set(words) if depth == 1 && ours && words.first().is_some_and(|word| word.is("send")) => {
                let words: Vec<String> = words.iter().filter_map(syntax::Word::text).collect();
                let pairs = words.windows(2).filter(|pair| pair[0] == "ia-na");
                found.extend(pairs.map(|pair| pair[1].trim_end_matches(',').parse::<u32>().ok()));
            }
            _ => {}
        }
    }
    match found[..] {
        [iaid] => iaid,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_iaid_that_an_interface_sends() {
        for (text, expected) in [
            ("interface eth0 { send ia-na 0; };\nid-assoc na 0 { };", Some(0)),
            ("interface eth1 { send ia-na 3; }; interface eth0 { send rapid-commit, ia-na 7, ia-pd 8; };", Some(7)),
            ("interface eth0 { information-only; };", None),
            ("interface eth0 { send ia-na 1, ia-na 2; };", None),
            ("interface eth0 { send ia-na", None),
        ] {
            assert_eq!(iaid(text.as_bytes(), "eth0"), expected, "{text}");
        }
    }

    #[test]
    fn a_duid_file_that_lies_about_its_length() {
        assert_eq!(duid(&[3, 0, 0, 3, 1]).as_deref(), Some(&[0, 3, 1][..]));
        for broken in [&[][..], &[3], &[3, 0], &[9, 0, 0, 3, 1], &[2, 0, 0, 3]] {
            assert_eq!(duid(broken), None);
        }
    }
}
