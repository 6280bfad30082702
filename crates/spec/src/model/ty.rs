//! Named types.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::field::{FieldSpec, ItemSpec, Parts, Shape, Spelling, TypeSpelling};
use super::value::{ScalarText, ValueSpec};

/// A named type: a struct with `fields`, or another type under a name of its own with `is`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "type")]
pub struct TypeSpec {
    /// The type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// What it means.
    #[serde(default)]
    pub doc: String,
    /// The type that this is a name for: a text, or the fields of a struct as a mapping.
    pub is: Option<TypeSpelling>,
    /// With `is: list` and the like: the elements.
    pub items: Option<ItemSpec>,
    /// With `is: fixed_size_list`: how many elements each has.
    pub size: Option<u32>,
    /// With `is: map`: its keys.
    pub key: Option<ItemSpec>,
    /// With `is: map`: its values.
    pub value: Option<ItemSpec>,
    /// Named structs whose fields come first.
    #[serde(default)]
    pub extends: Vec<String>,
    /// The fields of a struct, in order.
    #[serde(default)]
    pub fields: IndexMap<String, FieldSpec>,
    /// The Arrow extension type that fields of this type carry.
    pub extension: Option<ExtensionSpec>,
    /// Metadata that fields of this type carry.
    #[serde(default)]
    pub metadata: BTreeMap<String, ScalarText>,
    /// What fields of this type read as where a file lacks them, unless they say otherwise.
    pub default: Option<ValueSpec>,
    /// Whether fields of this type may be NULL where their parent is present, unless they say otherwise. True unless written.
    pub nullable: Option<bool>,
    /// The values that fields of this type may have, NULL aside. A field may allow fewer of them.
    pub allowed: Option<Vec<ValueSpec>>,
}

impl TypeSpec {
    /// The types of the parts of the list or map that this is a name for.
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(self.items.as_ref(), self.size, self.key.as_ref(), self.value.as_ref())
    }

    /// The type that this is a name for, if it is no struct with `fields`.
    pub fn shape(&self) -> Option<Shape<'_>> {
        let ty = Spelling::of(self.is.as_ref()?);
        Some(Shape { at: "is", ty, parts: self.parts() })
    }
}

/// An Arrow extension type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionSpec {
    /// The registered name: `ARROW:extension:name`.
    pub name: String,
    /// Its parameters: `ARROW:extension:metadata`.
    pub metadata: Option<String>,
}
