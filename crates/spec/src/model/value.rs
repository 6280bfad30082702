//! Nodes that may be written in more than one way. Their `Deserialize` and `JsonSchema` are by hand: untagged enums would
//! answer every mistake with "did not match any variant".

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use cstspec_contract::Value;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::yaml::{VALUE, WORD_OR_LIST, WORD_OR_MAPPING};

/// A word, or a mapping that says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordOr<T> {
    /// The short form.
    Word(String),
    /// The long form.
    Mapping(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = WordOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a mapping")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Self::Value, A::Error> {
                let (variant, content) = data.variant::<String>()?;
                match variant.as_str() {
                    "word" => content.newtype_variant().map(WordOr::Word),
                    _ => content.newtype_variant().map(WordOr::Mapping),
                }
            }
        }
        deserializer.deserialize_enum(WORD_OR_MAPPING, &["word", "mapping"], Either(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for WordOr<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("WordOr{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<T>()] })
    }
}

/// A word, or a list: of such words, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordOrList<W = String, I = String> {
    /// One.
    Word(W),
    /// Any number.
    List(Vec<I>),
}

impl WordOrList {
    /// The words.
    pub fn choices(&self) -> &[String] {
        match self {
            Self::Word(word) => std::slice::from_ref(word),
            Self::List(words) => words,
        }
    }
}

impl Default for WordOrList {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl<'de, W: Deserialize<'de>, I: Deserialize<'de>> Deserialize<'de> for WordOrList<W, I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<W, I>(PhantomData<(W, I)>);
        impl<'de, W: Deserialize<'de>, I: Deserialize<'de>> Visitor<'de> for Either<W, I> {
            type Value = WordOrList<W, I>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a list")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Self::Value, A::Error> {
                let (variant, content) = data.variant::<String>()?;
                match variant.as_str() {
                    "word" => content.newtype_variant().map(WordOrList::Word),
                    _ => content.newtype_variant().map(WordOrList::List),
                }
            }
        }
        deserializer.deserialize_enum(WORD_OR_LIST, &["word", "list"], Either(PhantomData))
    }
}

impl<W: JsonSchema, I: JsonSchema> JsonSchema for WordOrList<W, I> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrListOf{}", W::schema_name(), I::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, item) = (generator.subschema_for::<W>(), generator.subschema_for::<I>());
        json_schema!({ "anyOf": [word, { "type": "array", "items": item }] })
    }
}

/// A constant: a default or an allowed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSpec(pub Value);

impl<'de> Deserialize<'de> for ValueSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Constant;
        impl<'de> Visitor<'de> for Constant {
            type Value = ValueSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a constant")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<ValueSpec, A::Error> {
                let (variant, content) = data.variant::<String>()?;
                Ok(ValueSpec(match variant.as_str() {
                    "null" => Value::Null,
                    "bool" => Value::Bool(content.newtype_variant()?),
                    "int" => Value::Int(content.newtype_variant()?),
                    "decimal" => Value::Decimal(content.newtype_variant()?),
                    "list" => Value::List(content.newtype_variant::<Items>()?.0),
                    "entries" => Value::Entries(content.newtype_variant::<Pairs>()?.0),
                    _ => Value::Text(content.newtype_variant()?),
                }))
            }
        }
        let kinds = &["null", "bool", "int", "decimal", "text", "list", "entries"];
        deserializer.deserialize_enum(VALUE, kinds, Constant)
    }
}

/// The items of a list constant.
struct Items(Vec<Value>);

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sequence;
        impl<'de> Visitor<'de> for Sequence {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence of constants")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items, A::Error> {
                let mut values = Vec::new();
                while let Some(ValueSpec(value)) = items.next_element()? {
                    values.push(value);
                }
                Ok(Items(values))
            }
        }
        deserializer.deserialize_seq(Sequence)
    }
}

/// The entries of a struct or map constant.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Mapping;
        impl<'de> Visitor<'de> for Mapping {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of constants")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs, A::Error> {
                let mut values = Vec::new();
                while let Some((key, ValueSpec(value))) = entries.next_entry()? {
                    values.push((key, value));
                }
                Ok(Pairs(values))
            }
        }
        deserializer.deserialize_map(Mapping)
    }
}

impl JsonSchema for ValueSpec {
    fn schema_name() -> Cow<'static, str> {
        "Constant".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// A word, number or boolean, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalarText(pub String);

impl<'de> Deserialize<'de> for ScalarText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ValueSpec(value) = ValueSpec::deserialize(deserializer)?;
        match value {
            Value::Bool(value) => Ok(Self(value.to_string())),
            Value::Int(value) => Ok(Self(value.to_string())),
            Value::Decimal(text) | Value::Text(text) => Ok(Self(text)),
            Value::Null | Value::List(_) | Value::Entries(_) => {
                Err(serde::de::Error::custom("a word, a number or a boolean"))
            }
        }
    }
}

impl JsonSchema for ScalarText {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// Reads a version: a whole number from 1.
pub fn from_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::try_from(i128::deserialize(deserializer)?) {
        Ok(version) if version > 0 => Ok(version),
        _ => Err(serde::de::Error::custom("a whole number from 1")),
    }
}
