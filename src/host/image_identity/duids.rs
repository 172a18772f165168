//! DUIDs in files: as clients write them, and as they are shown.

use crate::facts::{BakedDuid, FileLine, StackId};
use crate::wire::duid::Duid;

use super::whole;

/// As long as a DUID may be (RFC 8415 section 11.1).
const LONGEST: usize = 130;
/// The least that is a DUID: a type and something.
const SHORTEST: usize = 3;

/// A DUID that a client keeps at this place; `None` if it is none.
pub(crate) fn baked(client: StackId, at: FileLine, duid: &Duid) -> Option<BakedDuid> {
    (SHORTEST..=LONGEST).contains(&duid.0.len()).then(|| BakedDuid {
        client,
        at,
        duid: duid.to_string().replace(':', ""),
        decoded: duid.describe(),
        mac: duid.mac(),
    })
}

/// The first DUID of a text file: on a line of its own, or, in XML, between two tags.
pub(crate) fn written(client: StackId, path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    let text = String::from_utf8_lossy(bytes);
    (1..).zip(text.lines()).find_map(|(line, text)| {
        let mut parts = text.split('<').map(|part| part.rsplit('>').next().unwrap_or(part).trim());
        parts.find_map(|part| baked(client, whole(path, line), &digits(part)?))
    })
}

/// Hexadecimal digits with colons; bytes of one digit as well (`0:1:0:1:...`).
pub(crate) fn digits(text: &str) -> Option<Duid> {
    if !text.contains(':') || text.len() > LONGEST * 3 {
        return None;
    }
    let byte = |digits: &str| if digits.len() <= 2 { u8::from_str_radix(digits, 16).ok() } else { None };
    text.split(':').map(byte).collect::<Option<_>>().map(Duid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_digit_a_byte() {
        assert_eq!(digits("0:3:0:1:fa:16:3e:0:0:1"), Some(Duid(vec![0, 3, 0, 1, 0xfa, 0x16, 0x3e, 0, 0, 1])));
        assert_eq!(digits("lease"), None);
        assert_eq!(digits("00:03:"), None);
    }
}
