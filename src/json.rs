//! JSON objects for structs, and nothing else: `serde_json` reads an array of the fields' values as well, for which each type has as much code again.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

/// Reads a text.
///
/// # Errors
/// It is no JSON, or none of this type.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(text: &str) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Keyed(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// The text that `bytes` are.
///
/// # Errors
/// They are no UTF-8; line and column of the first byte that is none, from 1 on.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, (usize, usize)> {
    std::str::from_utf8(bytes).map_err(|error| {
        let mut lines = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|byte| *byte == b'\n');
        let last = lines.next_back().unwrap_or_default();
        (lines.count() + 1, last.len() + 1)
    })
}

/// What wraps a reader, and all that it reads with.
struct Keyed<T>(T);

/// A visitor of a struct.
struct Fields<V>(V);

macro_rules! forward {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })+
    };
}

macro_rules! forward_keyed {
    ($($method:ident($($name:ident: $type:ty),*))+) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* Keyed(visitor))
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Keyed<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Fields(visitor))
    }

    forward_keyed! {
        deserialize_option()
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Keyed(map))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Keyed<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Keyed(value))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Keyed(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Keyed(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Keyed(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Keyed(choice))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Keyed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Keyed(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Keyed<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Keyed(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Keyed<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Keyed(seed))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Keyed<A> {
    type Error = A::Error;
    type Variant = Keyed<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(name, content)| (name, Keyed(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Keyed<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Keyed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Keyed(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Fields(visitor))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Point,
        Named(Named),
        Sized { width: u8 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        name: Option<String>,
    }

    type Shapes = BTreeMap<String, Vec<Option<Shape>>>;

    #[test]
    fn objects_are_read_at_every_depth() {
        let shapes: Shapes = read(r#"{"a": ["Point", {"Named": {"name": "x"}}, null], "b": [{"Sized": {"width": 3}}, {"Named": {}}]}"#).unwrap();
        let named = |name: Option<&str>| Some(Shape::Named(Named { name: name.map(Into::into) }));
        let all = [
            ("a".to_owned(), vec![Some(Shape::Point), named(Some("x")), None]),
            ("b".to_owned(), vec![Some(Shape::Sized { width: 3 }), named(None)]),
        ];
        assert_eq!(shapes, all.into());
    }

    #[test]
    fn an_array_is_no_struct_at_any_depth() {
        for text in [r#"{"a": [{"Named": ["x"]}]}"#, r#"{"a": [{"Sized": [3]}]}"#] {
            let error = read::<Shapes>(text).unwrap_err().to_string();
            assert!(error.starts_with("invalid type: sequence, expected struct "), "{text}: {error}");
            assert!(error.contains("at line 1 column"), "{error}");
        }
        assert!(read::<Named>(r#"["x"]"#).is_err());
    }

    #[test]
    fn nothing_may_follow() {
        assert!(read::<Named>("{} {}").unwrap_err().to_string().starts_with("trailing characters"));
    }
}
