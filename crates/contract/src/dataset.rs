//! Datasets: tables that have files behind them.

use std::collections::BTreeMap;

use arrow_schema::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Column, Evolution, NestedOrigins, Origin, Path, Value, schema};

/// A table that has files behind it, and everything promised of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The name it is registered under.
    pub name: String,
    /// Meaning of one row.
    pub doc: String,
    /// The version of the dataset's own schema.
    pub version: u32,
    /// Where it was written.
    pub origin: Origin,
    /// The columns in their declared order, partition columns in their declared place.
    pub columns: Vec<Column>,
    /// Metadata of the schema itself.
    pub metadata: BTreeMap<String, String>,
    /// Origins of nested fields.
    pub nested: NestedOrigins,
    /// The columns that folder names carry in a Hive layout, outermost first.
    pub partitions: Vec<String>,
    /// The order rows are promised in. It is proven on data and not told to the engine unproven.
    pub ordering: Ordering,
    /// Keys, NOT NULL and references. Proven on data, never handed to the optimizer.
    pub constraints: Constraints,
    /// Values of columns and nested fields that a file lacks, sorted by path.
    pub defaults: Vec<DefaultValue>,
    /// The values a field may have, sorted by path.
    pub allowed: Vec<AllowedValues>,
    /// Allowed differences between a file and the contract.
    pub evolution: Evolution,
    /// How files are listed and what they should carry.
    pub scan: Scan,
}

impl Dataset {
    /// The dataset `name` with `columns`, of version 1, that promises nothing else and was written nowhere.
    pub fn new(name: impl Into<String>, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        Self {
            name: name.into(),
            doc: String::new(),
            version: 1,
            origin: Origin::default(),
            columns: columns.into_iter().map(Into::into).collect(),
            metadata: BTreeMap::new(),
            nested: NestedOrigins::default(),
            partitions: Vec::new(),
            ordering: Ordering::default(),
            constraints: Constraints::default(),
            defaults: Vec::new(),
            allowed: Vec::new(),
            evolution: Evolution::default(),
            scan: Scan::default(),
        }
    }

    /// The schema as the engine must report it.
    pub fn schema(&self) -> SchemaRef {
        schema::arrow_schema(&self.columns, &self.metadata)
    }

    /// Where the field at `path` was written.
    pub fn locate(&self, path: &Path) -> Option<Origin> {
        schema::locate(&self.columns, &self.nested, path)
    }

    /// The origin of `key` in the dataset's own spec: `partitions`, `scan.statistics`.
    pub fn key(&self, key: &str) -> Origin {
        Origin::new(self.origin.file.as_str(), key)
    }
}

/// A promised sort order. Without keys nothing is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordering {
    /// The sort keys, most significant first.
    pub keys: Vec<SortKey>,
    /// Whether the order holds in each file or over the whole table.
    pub scope: OrderScope,
    /// Where it was written.
    pub origin: Origin,
}

/// The extent of a promised order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderScope {
    /// In each file; files may overlap.
    #[default]
    File,
    /// Over all files in the order of their paths.
    Table,
}

/// One key of a sort order. NULLs come last when ascending and first when descending, the engine's own default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// A top-level column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// Promises about the rows of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// The columns that name a row; empty when none is declared.
    pub primary_key: Vec<String>,
    /// Other keys.
    pub unique: Vec<Vec<String>>,
    /// Columns or nested fields without NULLs where their parent is present.
    pub not_null: Vec<Path>,
    /// References to keys of other relations.
    pub references: Vec<Reference>,
    /// Where they were written.
    pub origin: Origin,
}

impl Constraints {
    /// The columns that name a row: the primary key, or else the first of the other keys.
    pub fn row_key(&self) -> Option<&[String]> {
        let primary = Some(&self.primary_key).filter(|key| !key.is_empty());
        primary.or_else(|| self.unique.first()).map(Vec::as_slice)
    }
}

/// Every non-NULL value of `columns` is a key of another relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The referring columns.
    pub columns: Vec<String>,
    /// The relation referred to.
    pub relation: String,
    /// Its columns, in the order of `columns`: as a set, a key of it. A row in which any of `columns` is NULL refers to nothing.
    pub to: Vec<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// A default of a column or nested field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultValue {
    /// The column or nested field.
    pub path: Path,
    /// Its value where a file lacks it.
    pub value: Value,
    /// Where it was written.
    pub origin: Origin,
}

/// The values that a column or nested field may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedValues {
    /// The column or nested field.
    pub path: Path,
    /// So many lists below the path: the values are those of the elements. 0 for the field itself.
    pub elements: usize,
    /// The values, in the order written. NULL is a matter of nullability and never listed.
    pub values: Vec<Value>,
    /// Where they were written.
    pub origin: Origin,
}

/// How files are listed, and what they should carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Columns whose statistics files should carry. A wish.
    pub statistics: Vec<Path>,
    /// Columns whose bloom filters files should carry. A wish.
    pub bloom_filters: Vec<Path>,
    /// Patterns of the data files' names, or of their paths below the location where a pattern has a `/`; none for `*.parquet`.
    pub files: Vec<String>,
    /// How long a file listing may be reused, in milliseconds; `None` lists on every scan.
    pub listing_cache_ttl_ms: Option<u64>,
    /// Files may appear while a session is open.
    pub listing_mutable: bool,
}
