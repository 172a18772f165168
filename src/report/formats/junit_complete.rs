//! Completes what the JUnit library writes: properties, counts of skipped tests, and the time of the run. Then reads all of it back, since
//! a report that the CI cannot read looks like a broken CI and not like a broken guest.

use quick_xml::events::{BytesCData, BytesEnd, BytesStart, Event};
use quick_xml::{Reader, Writer, XmlVersion};

/// Why a report could not be completed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompletionError {
    /// What the library wrote does not parse.
    #[error(transparent)]
    Xml(#[from] quick_xml::Error),
    /// Writing into memory, which cannot fail.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// What was written does not read back.
    #[error("it does not read back: {0}")]
    ReadBack(String),
}

/// What the library cannot say, suite by suite.
pub(super) struct Completion {
    /// Properties by name.
    pub(super) properties: Vec<Vec<(String, String)>>,
    /// How many of its tests are skipped.
    pub(super) skipped: Vec<usize>,
    /// Time of the whole run, in milliseconds.
    pub(super) elapsed_ms: u64,
    /// Only the suites are wanted, to be put beside others.
    pub(super) is_part: bool,
}

/// Adds `completion` to `raw` and reads the result back.
///
/// # Errors
/// `raw` or the result is not well-formed.
pub(super) fn complete(raw: &[u8], completion: &Completion) -> Result<String, CompletionError> {
    let mut reader = Reader::from_reader(raw);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    let mut suites = completion.properties.iter().zip(&completion.skipped);
    loop {
        match reader.read_event()? {
            Event::Eof => break,
            Event::Decl(_) if completion.is_part => {}
            Event::Start(start) if start.name().as_ref() == b"testsuites" && completion.is_part => {}
            Event::End(end) if end.name().as_ref() == b"testsuites" && completion.is_part => {}
            Event::Start(start) if start.name().as_ref() == b"testsuites" => {
                let time = format!("{}.{:03}", completion.elapsed_ms / 1000, completion.elapsed_ms % 1000);
                let mut start = start.into_owned();
                start.push_attribute(("time", time.as_str()));
                writer.write_event(Event::Start(start))?;
            }
            Event::Start(start) if start.name().as_ref() == b"testsuite" => open_suite(&mut writer, start, suites.next())?,
            Event::Empty(start) if start.name().as_ref() == b"testsuite" => {
                open_suite(&mut writer, start, suites.next())?;
                writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
            }
            // GitLab reads the text of an element and no attribute.
            Event::Empty(skipped) if skipped.name().as_ref() == b"skipped" => {
                let reason = reason(&skipped)?;
                writer.write_event(Event::Start(skipped))?;
                for part in BytesCData::escaped(&reason) {
                    writer.write_event(Event::CData(part))?;
                }
                writer.write_event(Event::End(BytesEnd::new("skipped")))?;
            }
            event => writer.write_event(event)?,
        }
    }
    let mut text = String::from_utf8(writer.into_inner()).map_err(|error| CompletionError::ReadBack(error.to_string()))?;
    text.push('\n');
    read_back(if completion.is_part { format!("<testsuites>{text}</testsuites>") } else { text.clone() }.as_str())?;
    Ok(text)
}

/// The reason that the attributes of a skipped test give.
fn reason(skipped: &BytesStart<'_>) -> Result<String, CompletionError> {
    let unreadable = |error: &dyn std::fmt::Display| CompletionError::ReadBack(error.to_string());
    let Some(message) = skipped.try_get_attribute("message").map_err(|error| unreadable(&error))? else { return Ok(String::new()) };
    Ok(message.normalized_value(XmlVersion::Implicit1_0).map_err(|error| unreadable(&error))?.into_owned())
}

type Suite<'a> = (&'a Vec<(String, String)>, &'a usize);

fn open_suite(writer: &mut Writer<Vec<u8>>, start: BytesStart<'_>, suite: Option<Suite<'_>>) -> Result<(), CompletionError> {
    let (properties, skipped) = suite.ok_or_else(|| CompletionError::ReadBack("there are more suites than were written".into()))?;
    let mut start = start.into_owned();
    start.push_attribute(("skipped", skipped.to_string().as_str()));
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in properties {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", name.as_str()));
        property.push_attribute(("value", value.as_str()));
        writer.write_event(Event::Empty(property))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))?;
    Ok(())
}

/// Reads `text` to its end: elements close, attributes and text decode, and every character is one that XML 1.0 allows (section 2.2).
fn read_back(text: &str) -> Result<(), CompletionError> {
    let not_xml = |what: String| CompletionError::ReadBack(what);
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some((at, character)) = text.char_indices().find(|(_, character)| !allowed(*character)) {
        return Err(not_xml(format!("U+{:04X} at byte {at} is no character of XML", u32::from(character))));
    }
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                read_attributes(&start)?;
                depth += 1;
            }
            Event::Empty(start) => read_attributes(&start)?,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if !text.iter().all(u8::is_ascii_whitespace) => return Err(not_xml("text outside a CDATA section".into())),
            Event::GeneralRef(_) => return Err(not_xml("a reference outside an attribute".into())),
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(not_xml("an element is not closed".into())),
            _ => {}
        }
    }
}

fn read_attributes(start: &BytesStart<'_>) -> Result<(), CompletionError> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| CompletionError::ReadBack(error.to_string()))?;
        attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| CompletionError::ReadBack(error.to_string()))?;
    }
    Ok(())
}
