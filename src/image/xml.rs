//! Elements of a small XML file with their lines. Text between them is left out.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::facts::FileLine;

/// As many elements as are read, and as deep as they may be.
const MOST_ELEMENTS: usize = 10_000;
const DEEPEST: usize = 32;

/// An element.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) line: u32,
    /// Which one of the file it is, and which one it is in.
    pub(crate) place: usize,
    pub(crate) parent: Option<usize>,
    /// Names of the elements around it.
    around: Vec<String>,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| &value[..])
    }

    pub(crate) fn inside(&self, name: &str) -> bool {
        self.around.iter().any(|around| around == name)
    }

    pub(crate) fn at(&self, path: &str) -> FileLine {
        FileLine { path: path.to_owned(), line: self.line }
    }
}

/// The elements in their order.
///
/// # Errors
/// It is no XML, or too much of it.
pub(crate) fn elements(text: &str) -> Result<Vec<Element>, String> {
    let mut reader = Reader::from_str(text);
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<(String, usize)> = Vec::new();
    let (mut line, mut counted) = (1, 0);
    loop {
        let begins = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        line += text.get(counted..begins).unwrap_or_default().matches('\n').count();
        counted = begins;
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let (start, is_open) = match &event {
            Event::Start(start) => (start, true),
            Event::Empty(start) => (start, false),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => return Ok(elements),
            _ => continue,
        };
        if elements.len() >= MOST_ELEMENTS || open.len() >= DEEPEST {
            return Err("too many elements".to_owned());
        }
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        let place = elements.len();
        elements.push(Element {
            name: name.clone(),
            attributes: attributes(start),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            place,
            parent: open.last().map(|(_, place)| *place),
            around: open.iter().map(|(name, _)| name.clone()).collect(),
        });
        if is_open {
            open.push((name, place));
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    start.attributes().flatten().take(64).map(|attribute| (text(attribute.key.as_ref()), text(&attribute.value))).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn lines_and_what_is_around() {
        let text = "<?xml version=\"1.0\"?>\n<zone target=\"DROP\">\n  <rule>\n    <port port='546' protocol=\"udp\"/></rule>\n  <service name=\"ssh\"/>\n</zone>\n";
        let found: Vec<_> = elements(text).unwrap().into_iter().map(|found| (found.name.clone(), found.line, found.inside("rule"))).collect();
        let expected = [("zone", 2, false), ("rule", 3, false), ("port", 4, true), ("service", 5, false)];
        assert_eq!(found, expected.map(|(name, line, inside)| (name.to_owned(), line, inside)));
        assert!(elements("<zone").is_err());
        assert!(elements("<a>").is_ok());
        assert!(elements(&"<a>".repeat(100)).is_err());
    }
}
