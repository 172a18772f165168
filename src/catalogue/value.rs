//! Values of a TOML text as serde reads them, each mistake with its place.
//!
//! The reader of the crate `toml` holds ready for each type that it may be a date or want its place told. Check files have neither, and most of
//! them are rules, each a type of its own: without, they are half the code.

use std::ops::Range;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

/// What is wrong with a text, and where in it.
#[derive(Debug)]
pub(super) struct Wrong(Box<(String, Option<Range<usize>>)>);

impl Wrong {
    /// What.
    pub(super) fn message(&self) -> &str {
        &self.0.0
    }

    /// Where, in bytes.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.0.1.clone()
    }

    /// Within `span`, where nothing nearer is known.
    fn within(mut self, span: Range<usize>) -> Self {
        self.0.1.get_or_insert(span);
        self
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.message())
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(Box::new((message.to_string(), None)))
    }
}

impl From<toml::de::Error> for Wrong {
    fn from(error: toml::de::Error) -> Self {
        Self(Box::new((error.message().to_owned(), error.span())))
    }
}

/// Reads a text.
///
/// # Errors
/// It is no TOML, or none of this type.
pub(super) fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Wrong> {
    let table = DeTable::parse(text)?;
    let span = table.span();
    T::deserialize(Value { value: DeValue::Table(table.into_inner()), span: span.clone() }).map_err(|wrong| wrong.within(span))
}

struct Value<'a> {
    value: DeValue<'a>,
    span: Range<usize>,
}

impl<'a> Value<'a> {
    fn at(value: Spanned<DeValue<'a>>) -> Self {
        Self { span: value.span(), value: value.into_inner() }
    }

    /// It is nothing that is expected.
    #[cold]
    fn not(&self, expected: &dyn Expected) -> Wrong {
        Wrong::invalid_type(unexpected(&self.value), expected)
    }

    fn choice(self) -> Result<Choice<'a>, Wrong> {
        match self.value {
            DeValue::String(name) => Ok(Choice { name: Spanned::new(self.span, name), content: None }),
            DeValue::Table(entries) if entries.len() > 1 => Err(Wrong::custom("wanted exactly 1 element, more than 1 element")),
            DeValue::Table(entries) => match entries.into_iter().next() {
                Some((name, content)) => Ok(Choice { name, content: Some(content) }),
                None => Err(Wrong::custom("wanted exactly 1 element, found 0 elements")),
            },
            _ => Err(Wrong::custom("wanted string or table")),
        }
    }

    /// Reads the value as `seed` wants it.
    fn give<S: DeserializeSeed<'a>>(value: Spanned<DeValue<'a>>, seed: S) -> Result<S::Value, Wrong> {
        let span = value.span();
        seed.deserialize(Self::at(value)).map_err(|wrong| wrong.within(span))
    }

    /// Reads a key as `seed` wants it.
    fn give_key<S: DeserializeSeed<'a>>(key: &Spanned<DeString<'a>>, seed: S) -> Result<S::Value, Wrong> {
        let text: StrDeserializer<'_, Wrong> = key.get_ref().as_ref().into_deserializer();
        seed.deserialize(text).map_err(|wrong| wrong.within(key.span()))
    }
}

/// A value as it stands where it has the wrong type.
fn unexpected<'v>(value: &'v DeValue<'_>) -> Unexpected<'v> {
    match value {
        DeValue::String(text) => Unexpected::Str(text),
        DeValue::Integer(number) => integer(number).map_or(Unexpected::Other("large integer"), Unexpected::Signed),
        DeValue::Float(number) => Unexpected::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Unexpected::Bool(*value),
        DeValue::Datetime(_) => Unexpected::Other("date"),
        DeValue::Array(_) => Unexpected::Seq,
        DeValue::Table(_) => Unexpected::Map,
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            DeValue::String(_) => self.deserialize_str(visitor),
            DeValue::Integer(_) => self.deserialize_i64(visitor),
            DeValue::Float(number) => visitor.visit_f64(number.as_str().parse().map_err(Wrong::custom)?),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            // Worked examples may hold anything.
            DeValue::Datetime(date) => visitor.visit_string(date.to_string()),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let DeValue::String(text) = &self.value else { return Err(self.not(&visitor)) };
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let DeValue::Boolean(value) = self.value else { return Err(self.not(&visitor)) };
        visitor.visit_bool(value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let DeValue::Integer(number) = &self.value else { return Err(self.not(&visitor)) };
        visitor.visit_i64(integer(number).ok_or_else(|| Wrong::custom("integer number overflowed"))?)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let DeValue::Array(items) = self.value else { return Err(self.not(&visitor)) };
        visitor.visit_seq(Items(items.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let DeValue::Table(entries) = self.value else { return Err(self.not(&visitor)) };
        visitor.visit_map(Entries { left: entries.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_enum(self.choice()?)
    }

    forward_to_deserialize_any! { i8 i16 i32 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

/// The items of an array that are still to be read.
struct Items<'a>(std::vec::IntoIter<Spanned<DeValue<'a>>>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        self.0.next().map(|value| Value::give(value, seed)).transpose()
    }
}

/// The entries of a table that are still to be read, and the value of the key read last.
struct Entries<'a> {
    left: <DeTable<'a> as IntoIterator>::IntoIter,
    value: Option<Spanned<DeValue<'a>>>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Wrong;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        Value::give_key(&key, seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let value = self.value.take().ok_or_else(|| Wrong::custom("a value is read after its key"))?;
        Value::give(value, seed)
    }
}

/// One of several: `"this"`, or `{ this = ... }`.
struct Choice<'a> {
    name: Spanned<DeString<'a>>,
    content: Option<Spanned<DeValue<'a>>>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Wrong;
    type Variant = Content<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'de>), Wrong> {
        Ok((Value::give_key(&self.name, seed)?, Content(self.content)))
    }
}

/// What is said of the one that was chosen.
struct Content<'a>(Option<Spanned<DeValue<'a>>>);

impl<'de> Content<'de> {
    fn table(self) -> Result<Spanned<DeValue<'de>>, Wrong> {
        self.0.ok_or_else(|| Wrong::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.0 {
            Some(content) if content.get_ref().as_table().is_none_or(|table| !table.is_empty()) => {
                Err(Wrong::custom("expected empty table").within(content.span()))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Wrong> {
        Value::give(self.table()?, seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        Value::at(self.table()?).deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        Value::at(self.table()?).deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Settings {
        most: u8,
        needs: Option<Vec<Tense>>,
        rule: Rule,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Tense {
        Now,
        AtBoot,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Rule {
        Sent(Sent),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sent {
        by: String,
        late: bool,
    }

    #[test]
    fn what_is_right_is_read() {
        let read = read::<Settings>("most = 0x10\nneeds = ['now', \"at-boot\"]\nrule.sent = { by = \"guest\", late = true }").unwrap();
        let rule = Rule::Sent(Sent { by: "guest".into(), late: true });
        assert_eq!(read, Settings { most: 16, needs: Some(vec![Tense::Now, Tense::AtBoot]), rule });
    }

    #[test]
    fn a_mistake_is_told_with_the_text_that_is_wrong() {
        for (text, place, message) in [
            ("most = 300\nrule.sent = {}", "300", "invalid value: integer `300`, expected u8"),
            ("most = 'x'", "'x'", "invalid type: string \"x\", expected u8"),
            ("most = 1979-05-27", "1979-05-27", "invalid type: date, expected u8"),
            ("mist = 1", "mist", "unknown field `mist`, expected one of `most`, `needs`, `rule`"),
            ("needs = ['now', 'then']", "'then'", "unknown variant `then`, expected `now` or `at-boot`"),
            ("needs = 'now'", "'now'", "invalid type: string \"now\", expected a sequence"),
            ("rule = 'sent'", "'sent'", "invalid type: unit variant, expected newtype variant"),
            ("rule = { got = {} }", "got", "unknown variant `got`, expected `sent`"),
            ("rule = { sent = {}, got = {} }", "{ sent = {}, got = {} }", "wanted exactly 1 element, more than 1 element"),
            ("rule = { sent = { by = 'x' } }", "{ by = 'x' }", "missing field `late`"),
            ("rule = { sent = { by = 'x', late = 0 } }", "0", "invalid type: integer `0`, expected a boolean"),
            ("rule = { sent = ['x', true] }", "['x', true]", "invalid type: sequence, expected struct Sent"),
            // Of the whole text: its beginning.
            ("most = 1", "", "missing field `rule`"),
        ] {
            let wrong = read::<Settings>(text).unwrap_err();
            assert_eq!((wrong.span().and_then(|span| text.get(span)), wrong.message()), (Some(place), message), "{text}");
        }
    }
}
