//! Fields of structs, columns of datasets and boundaries, and the types of all of them: a text such as `list<cst_ref>`, the fields of a
//! struct as a mapping, or a list or map with the types of its parts beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, EnumAccess, VariantAccess, Visitor};

use super::value::{ScalarText, ValueSpec, WordOr};
use crate::yaml::TYPE_OR_MAPPING;

/// A field: its type, or a mapping that says more.
pub type FieldSpec = TypeOr<FieldBody>;

/// The fields of a struct in order, by name.
pub type FieldsSpec = IndexMap<String, FieldSpec>;

/// The text of a type, or the fields of a struct.
pub type TypeSpelling = WordOr<FieldsSpec>;

/// The type of list elements, map keys or map values.
pub type ItemSpec = TypeOr<ItemBody>;

/// The type of a parameter.
pub type ParameterSpec = TypeOr<ParameterBody>;

/// A type where a mapping may follow: a text, the fields of a struct, or a mapping with the key `type`, which says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeOr<B> {
    /// The text of a type.
    Word(String),
    /// The long form.
    Long(Box<B>),
    /// The fields of a struct.
    Fields(FieldsSpec),
}

/// A mapping with the key `type`.
pub trait LongForm {
    /// The keys that it may have.
    const KEYS: &'static [&'static str];

    /// The type that it has.
    fn shape(&self) -> Shape<'_>;
}

/// A type as written, whichever mapping it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'s> {
    /// The key that the type stands at; empty for a short form, which is the type itself.
    pub at: &'static str,
    /// The type.
    pub ty: Spelling<'s>,
    /// The types of its parts.
    pub parts: Parts<'s>,
}

/// A type as written, without what stands beside it.
#[derive(Clone, Copy, Debug)]
pub enum Spelling<'s> {
    /// A text.
    Text(&'s str),
    /// The fields of a struct.
    Fields(&'s FieldsSpec),
}

/// The types of the parts of a list or map, where they stand beside its type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'s> {
    /// The elements of a list.
    pub items: Option<&'s ItemSpec>,
    /// The number of elements of a list of fixed size.
    pub size: Option<u32>,
    /// The keys of a map.
    pub key: Option<&'s ItemSpec>,
    /// The values of a map.
    pub value: Option<&'s ItemSpec>,
}

/// A field of a struct, or a column of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldBody {
    /// The type: `utf8`, `list<cst_ref>`, `timestamp(us, UTC)`, or the fields of a struct as a mapping.
    #[serde(rename = "type")]
    pub ty: TypeSpelling,
    /// With `type: list` and the like: the elements.
    pub items: Option<ItemSpec>,
    /// With `type: fixed_size_list`: how many elements each has.
    pub size: Option<u32>,
    /// With `type: map`: its keys.
    pub key: Option<ItemSpec>,
    /// With `type: map`: its values.
    pub value: Option<ItemSpec>,
    /// May be NULL where its parent is present. True unless written here or in the named type.
    pub nullable: Option<bool>,
    /// What the field means.
    #[serde(default)]
    pub doc: String,
    /// Metadata of the Arrow field, beside that of its named type.
    #[serde(default)]
    pub metadata: BTreeMap<String, ScalarText>,
    /// What the field reads as where a file lacks it.
    pub default: Option<ValueSpec>,
    /// The values it may have, NULL aside.
    pub allowed: Option<Vec<ValueSpec>>,
}

/// Elements of a list, keys of a map or its values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemBody {
    /// The type: a text, or the fields of a struct as a mapping.
    #[serde(rename = "type")]
    pub ty: TypeSpelling,
    /// With `type: list` and the like: the elements of these lists.
    pub items: Option<ItemSpec>,
    /// With `type: fixed_size_list`: how many elements each has.
    pub size: Option<u32>,
    /// With `type: map`: its keys.
    pub key: Option<ItemSpec>,
    /// With `type: map`: its values.
    pub value: Option<ItemSpec>,
    /// May be NULL. True unless written here or in the named type; the keys of a map never are.
    pub nullable: Option<bool>,
    /// The values that each of them may have, NULL aside.
    pub allowed: Option<Vec<ValueSpec>>,
    /// Metadata of the Arrow field of the elements, beside that of its named type.
    #[serde(default)]
    pub metadata: BTreeMap<String, ScalarText>,
}

/// A parameter of a prepared statement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterBody {
    /// The type: a text, or the fields of a struct as a mapping.
    #[serde(rename = "type")]
    pub ty: TypeSpelling,
    /// With `type: list` and the like: the elements.
    pub items: Option<ItemSpec>,
    /// With `type: fixed_size_list`: how many elements each has.
    pub size: Option<u32>,
    /// With `type: map`: its keys.
    pub key: Option<ItemSpec>,
    /// With `type: map`: its values.
    pub value: Option<ItemSpec>,
}

impl<'s> Spelling<'s> {
    /// The type that was written.
    pub fn of(spelling: &'s TypeSpelling) -> Self {
        match spelling {
            WordOr::Word(text) => Self::Text(text),
            WordOr::Mapping(fields) => Self::Fields(fields),
        }
    }
}

impl<'s> Parts<'s> {
    /// Those of a mapping.
    pub fn of(
        items: Option<&'s ItemSpec>,
        size: Option<u32>,
        key: Option<&'s ItemSpec>,
        value: Option<&'s ItemSpec>,
    ) -> Self {
        Self { items, size, key, value }
    }

    /// The keys of those that were written.
    pub fn keys(&self) -> Vec<&'static str> {
        let written = [
            ("items", self.items.is_some()),
            ("size", self.size.is_some()),
            ("key", self.key.is_some()),
            ("value", self.value.is_some()),
        ];
        written.into_iter().filter(|(_, written)| *written).map(|(key, _)| key).collect()
    }
}

impl<'s> Shape<'s> {
    /// A type that stands alone.
    fn alone(ty: Spelling<'s>) -> Self {
        Self { at: "", ty, parts: Parts::default() }
    }

    /// Every text of a type in it, at any depth.
    pub fn texts(self, found: &mut Vec<&'s str>) {
        match self.ty {
            Spelling::Text(text) => found.push(text),
            Spelling::Fields(fields) => fields.values().for_each(|field| field.shape().texts(found)),
        }
        let Parts { items, key, value, .. } = self.parts;
        [items, key, value].into_iter().flatten().for_each(|item| item.shape().texts(found));
    }
}

impl LongForm for FieldBody {
    const KEYS: &'static [&'static str] =
        &["type", "items", "size", "key", "value", "nullable", "doc", "metadata", "default", "allowed"];

    fn shape(&self) -> Shape<'_> {
        let parts = Parts::of(self.items.as_ref(), self.size, self.key.as_ref(), self.value.as_ref());
        Shape { at: "type", ty: Spelling::of(&self.ty), parts }
    }
}

impl LongForm for ItemBody {
    const KEYS: &'static [&'static str] = &["type", "items", "size", "key", "value", "nullable", "allowed", "metadata"];

    fn shape(&self) -> Shape<'_> {
        let parts = Parts::of(self.items.as_ref(), self.size, self.key.as_ref(), self.value.as_ref());
        Shape { at: "type", ty: Spelling::of(&self.ty), parts }
    }
}

impl LongForm for ParameterBody {
    const KEYS: &'static [&'static str] = &["type", "items", "size", "key", "value"];

    fn shape(&self) -> Shape<'_> {
        let parts = Parts::of(self.items.as_ref(), self.size, self.key.as_ref(), self.value.as_ref());
        Shape { at: "type", ty: Spelling::of(&self.ty), parts }
    }
}

impl<B: LongForm> TypeOr<B> {
    /// The type, whichever form was written.
    pub fn shape(&self) -> Shape<'_> {
        match self {
            Self::Word(text) => Shape::alone(Spelling::Text(text)),
            Self::Fields(fields) => Shape::alone(Spelling::Fields(fields)),
            Self::Long(body) => body.shape(),
        }
    }
}

impl<B> TypeOr<B> {
    /// The long form, if that was written.
    pub fn long(&self) -> Option<&B> {
        match self {
            Self::Long(body) => Some(body),
            Self::Word(_) | Self::Fields(_) => None,
        }
    }
}

impl<'de, B: Deserialize<'de> + LongForm> Deserialize<'de> for TypeOr<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<B>(PhantomData<B>);
        impl<'de, B: Deserialize<'de> + LongForm> Visitor<'de> for Either<B> {
            type Value = TypeOr<B>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type or a mapping")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Self::Value, A::Error> {
                let (variant, content) = data.variant::<String>()?;
                match variant.as_str() {
                    "word" => content.newtype_variant().map(TypeOr::Word),
                    "fields" => content.newtype_variant().map(TypeOr::Fields),
                    _ => content.newtype_variant().map(TypeOr::Long),
                }
            }
        }
        deserializer.deserialize_enum(TYPE_OR_MAPPING, B::KEYS, Either(PhantomData))
    }
}

impl<B: JsonSchema> JsonSchema for TypeOr<B> {
    fn schema_name() -> Cow<'static, str> {
        format!("TypeOr{}", B::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (long, field) = (generator.subschema_for::<B>(), generator.subschema_for::<TypeOr<FieldBody>>());
        json_schema!({ "anyOf": [
            { "type": "string" },
            long,
            {
                "description": "The fields of a struct in order: name to type.",
                "type": "object",
                "additionalProperties": field,
                "minProperties": 1,
                "not": { "required": ["type"] },
            },
        ] })
    }
}
