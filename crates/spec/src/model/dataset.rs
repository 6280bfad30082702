//! Datasets.

use std::collections::BTreeMap;

use cstspec_contract::{CastPolicy, ExtraPolicy, MissingPolicy, NullabilityPolicy, OrderScope};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::field::FieldSpec;
use super::value::{ScalarText, WordOr, WordOrList, from_one};

/// A table that has files behind it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "dataset")]
pub struct DatasetSpec {
    /// The name it is registered under.
    pub dataset: String,
    /// What one row is.
    #[serde(default)]
    pub doc: String,
    /// The version of its schema, from 1.
    #[serde(deserialize_with = "from_one")]
    #[schemars(range(min = 1))]
    pub version: u32,
    /// Another dataset whose columns come first.
    pub like: Option<String>,
    /// The columns in order, partition columns in their place.
    #[serde(default)]
    pub columns: IndexMap<String, FieldSpec>,
    /// Metadata of the schema.
    #[serde(default)]
    pub metadata: BTreeMap<String, ScalarText>,
    /// The columns that folder names carry in a Hive layout, outermost first.
    #[serde(default)]
    pub partitions: Vec<String>,
    /// The order of the rows: columns, or a mapping that says more.
    pub ordering: Option<OrderingSpec>,
    /// Keys, NOT NULL and references. Those of the dataset under `like` unless written.
    pub constraints: Option<ConstraintsSpec>,
    /// What may differ in a file.
    #[serde(default)]
    pub evolution: EvolutionSpec,
    /// How files are listed and what they should carry.
    #[serde(default)]
    pub scan: ScanSpec,
}

/// The constraints of a dataset that writes none.
static UNCONSTRAINED: ConstraintsSpec =
    ConstraintsSpec { primary_key: Vec::new(), unique: Vec::new(), not_null: Vec::new(), references: Vec::new() };

impl DatasetSpec {
    /// Its own constraints.
    pub fn constraints(&self) -> &ConstraintsSpec {
        self.constraints.as_ref().unwrap_or(&UNCONSTRAINED)
    }
}

/// The promised order of rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderingSpec {
    /// The sort keys, most significant first: a column, or `{ column: NAME, descending: true }`.
    pub by: Vec<WordOr<SortKeySpec>>,
    /// Over what the order holds. `file` unless written.
    #[serde(default)]
    pub scope: OrderScope,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SortKeySpec {
    /// A top-level column.
    pub column: String,
    /// Largest first.
    #[serde(default)]
    pub descending: bool,
}

/// Promises about rows. They are proven on data and never handed to the optimizer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstraintsSpec {
    /// The columns that name a row.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// Other keys, each a list of columns.
    #[serde(default)]
    pub unique: Vec<Vec<String>>,
    /// Columns or nested fields without NULLs where their parent is present.
    #[serde(default)]
    pub not_null: Vec<String>,
    /// References to keys of other relations.
    #[serde(default)]
    pub references: Vec<ReferenceSpec>,
}

/// A reference: every non-NULL value of the columns is a key of another relation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceSpec {
    /// The referring columns.
    pub columns: Vec<String>,
    /// The relation referred to.
    pub relation: String,
    /// Its columns, in the same order. The same names unless written.
    pub to: Option<Vec<String>>,
}

/// What may differ between a file and the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvolutionSpec {
    /// A column or field that a file lacks. `default` unless written.
    #[serde(default)]
    pub missing: MissingPolicy,
    /// A column or field that only the file has. `warn` unless written.
    #[serde(default)]
    pub extra: ExtraPolicy,
    /// A type in the file that is not the contract's. `widening` unless written.
    #[serde(default)]
    pub casts: CastPolicy,
    /// A field nullable in the file and NOT NULL in the contract. `relax` unless written.
    #[serde(default)]
    pub nullability: NullabilityPolicy,
    /// Old paths in files, and the names their fields have now.
    #[serde(default)]
    pub renames: BTreeMap<String, String>,
    /// Policies of columns and nested fields, and of everything inside them, by path.
    #[serde(default)]
    pub paths: BTreeMap<String, PathPolicySpec>,
}

/// The policies of a column or nested field, and of everything inside it. One that is not written is that of the field around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicySpec {
    /// The field, or one inside it, that a file lacks.
    pub missing: Option<MissingPolicy>,
    /// A field inside it that only the file has.
    pub extra: Option<ExtraPolicy>,
    /// A type in the file that is not the contract's.
    pub casts: Option<CastPolicy>,
    /// A field nullable in the file and NOT NULL in the contract.
    pub nullability: Option<NullabilityPolicy>,
}

/// How files are listed, and what they should carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanSpec {
    /// Columns whose statistics files should carry.
    #[serde(default)]
    pub statistics: Vec<String>,
    /// Columns whose bloom filters files should carry.
    #[serde(default)]
    pub bloom_filters: Vec<String>,
    /// How data files are called: a pattern such as `*.parq`, or a list of them. `*.parquet` unless written.
    #[serde(default)]
    pub files: WordOrList,
    /// How long a file listing may be reused: `500ms`, `30s`, `2m`, `1h`.
    pub listing_cache_ttl: Option<String>,
    /// Files may appear while a session is open. True unless written.
    pub listing_mutable: Option<bool>,
}
