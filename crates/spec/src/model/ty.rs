//! Named types.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::field::FieldSpec;
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
    /// The type that this is a name for.
    pub is: Option<String>,
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
