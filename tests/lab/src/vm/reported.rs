//! What a guest sends over its second serial port: its facts, its JSON report and its JUnit report, one after the other.

use serde_json::Value;

/// What one boot of a guest reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// The saved facts, as the guest wrote them.
    pub facts: String,
    /// The JSON report, as the guest wrote it.
    pub json: String,
    /// The JUnit report.
    pub junit: String,
}

/// Ends a JUnit report, which comes last.
const END: &str = "</testsuites>";

impl Reported {
    /// Each whole boot's reports in what came over the port so far. A terminal line turns each line feed into two characters (ONLCR, termios(3)).
    ///
    /// # Errors
    /// What came is not what a guest sends; why, in words.
    pub fn all(port: &[u8]) -> Result<Vec<Self>, String> {
        let text = String::from_utf8_lossy(port).replace("\r\n", "\n");
        let mut rest = text.as_str();
        let mut all = Vec::new();
        while let Some(end) = rest.find(END) {
            let (boot, after) = rest.split_at(end + END.len());
            all.push(Self::one(boot.trim_start())?);
            rest = after;
        }
        Ok(all)
    }

    fn one(text: &str) -> Result<Self, String> {
        let (facts, rest) = value(text).map_err(|error| format!("the facts: {error}"))?;
        let (json, junit) = value(rest).map_err(|error| format!("the JSON report: {error}"))?;
        if !junit.starts_with("<?xml") {
            return Err("no JUnit report follows the JSON report".into());
        }
        Ok(Self { facts: facts.into(), json: json.into(), junit: junit.into() })
    }

    /// The JSON report as a value.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn report(&self) -> Result<Value, String> {
        serde_json::from_str(&self.json).map_err(|error| error.to_string())
    }
}

/// The JSON value at the beginning of `text`, with the line feed behind it, and what follows.
fn value(text: &str) -> Result<(&str, &str), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next().transpose()?;
    let end = values.byte_offset();
    let end = end + usize::from(text[end..].starts_with('\n'));
    Ok(text.split_at(end))
}
