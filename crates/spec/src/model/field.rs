//! Fields of structs, and columns of datasets and boundaries.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{ScalarText, ValueSpec, WordOr};

/// A field: its type as a word, or a mapping that says more.
pub type FieldSpec = WordOr<FieldBody>;

/// A field of a struct, or a column of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldBody {
    /// The type: `utf8`, `list<cst_ref>`, `timestamp(us, UTC)`.
    #[serde(rename = "type")]
    pub ty: String,
    /// May be NULL where its parent is present. True unless written.
    #[serde(default = "yes")]
    pub nullable: bool,
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

fn yes() -> bool {
    true
}

impl FieldBody {
    /// The long form of a field that was written as a word.
    pub fn of_type(ty: &str) -> Self {
        Self {
            ty: ty.to_owned(),
            nullable: true,
            doc: String::new(),
            metadata: BTreeMap::new(),
            default: None,
            allowed: None,
        }
    }
}

impl FieldSpec {
    /// The long form, whichever was written.
    pub fn body(&self) -> FieldBody {
        match self {
            Self::Word(ty) => FieldBody::of_type(ty),
            Self::Mapping(body) => body.clone(),
        }
    }
}
