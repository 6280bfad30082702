//! Results of a session and of `verify` as plain data: reports and the manifest serialize them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Finding, Path};

/// What `verify` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The engine's version.
    pub engine: String,
    /// Every broken promise, sorted, each root cause once.
    pub findings: Vec<Finding>,
    /// How many more findings are left out, since one of these explains them.
    pub explained: u64,
    /// Every relation of the catalog, in the order of their registration.
    pub relations: Vec<RelationReport>,
    /// What is behind each dataset, by name.
    pub sources: Vec<SourceReport>,
    /// How files differ from the contract and were read all the same, by dataset, file and path.
    pub conversions: Vec<FileConversion>,
    /// Each promise about rows that was held against them, by relation. Empty unless deep.
    pub contracts: Vec<ContractReport>,
    /// Each promise about rows that was held against none, by relation. Empty unless deep.
    pub unproven: Vec<UnprovenReport>,
    /// Each expected signature and what the engine made of it, by name.
    pub functions: Vec<FunctionReport>,
    /// How the engine runs each view, by name.
    pub plans: Vec<PlanReport>,
}

/// What became of one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationReport {
    /// Its name.
    pub name: String,
    /// `dataset` or `view`.
    pub kind: String,
    /// Its rows; `None` if they could not be counted to the end. Rows of files that are refused are not among them.
    pub rows: Option<u64>,
    /// Whether `DESCRIBE` answers exactly what the contract says.
    pub describe_equal: bool,
    /// Whether it ran to its end, over the files that can be read.
    pub executed: bool,
    /// Whether nothing was held against it, since it calls a function of a host, or reads what does, in a program without the host's.
    pub unchecked: bool,
}

/// What is behind a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceReport {
    /// The dataset.
    pub dataset: String,
    /// Where it is, as it was given; `None` without a location.
    pub location: Option<String>,
    /// `empty`, `files`, `hive`, `delta`, or `table` for a provider of the host's.
    pub layout: String,
    /// Who reads the rows: `contract`, or `provider` for one of the host's.
    pub reader: String,
    /// Version of the table in its log; `None` for what has none.
    pub version: Option<u64>,
    /// The files that are read.
    pub files: u64,
    /// The files that are not read, and folders that cannot be listed; each is covered by a finding.
    pub refused: u64,
    /// The partition columns held against the declared ones; `None` where the location cannot be read.
    pub partition_schema_validation: Option<PartitionSchemaValidation>,
}

/// The partition columns that a dataset has, held against the declared ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartitionSchemaValidation {
    /// The declared partition columns, outermost first.
    pub expected_partition_cols: Vec<String>,
    /// Those that folder names or the log carry, outermost first; in files without such folders, those that the relation has.
    pub actual_partition_cols: Vec<String>,
    /// Declared, and not there.
    pub missing_partition_cols: Vec<String>,
    /// There, and not declared.
    pub extra_partition_cols: Vec<String>,
    /// Whether those that are declared and there come in the declared order.
    pub partition_order_matches: bool,
    /// The declared Arrow type of each.
    pub expected_partition_types: BTreeMap<String, String>,
    /// The Arrow type that each has; nothing for a column that only folder names have.
    pub actual_partition_types: BTreeMap<String, String>,
    /// Where the two differ.
    pub partition_type_mismatches: Vec<PartitionTypeMismatch>,
}

/// A partition column of another type than the declared one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartitionTypeMismatch {
    /// The column.
    pub column: String,
    /// Its declared Arrow type.
    pub expected: String,
    /// The one that it has.
    pub actual: String,
}

/// A conversion that was made when a file was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct FileConversion {
    /// The dataset.
    pub dataset: String,
    /// The file.
    pub file: String,
    /// What was converted.
    #[serde(flatten)]
    pub conversion: Conversion,
}

/// The kind of a constraint on rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowConstraintKind {
    /// The value is one of a list.
    Allowed,
    /// An element repeats a column of its row.
    Identity,
    /// No two rows have the same values.
    Key,
    /// No NULL where the parent is present.
    NotNull,
    /// The rows are sorted.
    Order,
    /// The values are a key of another relation.
    Reference,
}

impl RowConstraintKind {
    /// Every kind, in the order in which reports list them.
    pub const ALL: [Self; 6] = [Self::NotNull, Self::Key, Self::Reference, Self::Order, Self::Identity, Self::Allowed];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Identity => "identity",
            Self::Key => "key",
            Self::NotNull => "not_null",
            Self::Order => "order",
            Self::Reference => "reference",
        }
    }

    /// The unit of its counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::NotNull | Self::Identity | Self::Allowed => "values",
            Self::Key | Self::Reference | Self::Order => "rows",
        }
    }
}

/// One promise about rows, held against all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ContractReport {
    /// The relation.
    pub relation: String,
    /// The kind of constraint.
    pub kind: RowConstraintKind,
    /// The columns or nested fields it is about.
    pub columns: Vec<String>,
    /// The relation referred to, for a reference.
    pub target: Option<String>,
    /// How many values or rows were looked at.
    pub checked: u64,
    /// How many of them break the promise.
    pub broken: u64,
}

/// One promise about rows that was held against none of them: whether it is kept is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct UnprovenReport {
    /// The relation.
    pub relation: String,
    /// The kind of constraint.
    pub kind: RowConstraintKind,
    /// The columns or nested fields it is about.
    pub columns: Vec<String>,
    /// The relation referred to, for a reference.
    pub target: Option<String>,
    /// Why it was not: `there is nothing to hold it against`, where there are no rows.
    pub reason: String,
}

/// An expected signature, and what the engine made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct FunctionReport {
    /// The function.
    pub name: String,
    /// The signature as the catalog has it.
    pub signature: String,
    /// The kind that the engine has under the name: `scalar`, `aggregate`, `window`, `unnest`; `None` if it has none.
    pub kind: Option<String>,
    /// Signatures in `information_schema.parameters`; the engine lists none for many functions.
    pub listed: Vec<String>,
    /// Calls that were planned with arguments of the signature's types.
    pub accepted: u64,
    /// Calls that were planned with other arguments and refused, as they should be.
    pub refused: u64,
}

/// How the engine runs a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct PlanReport {
    /// The view.
    pub view: String,
    /// The logical plan, indented, with schemas.
    pub logical: String,
    /// The optimized logical plan, with schemas.
    pub optimized: String,
    /// The physical plan with schemas, made for one partition and without the places of files, so that it is the same on every
    /// machine; empty where it could not be made.
    pub physical: String,
    /// The qualified schema of the logical plan as a tree, one field per line: name, type, nullability, metadata.
    pub dfschema: String,
}

/// One difference between a file and the contract that its evolution allows, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Conversion {
    /// The column or nested field, as the contract spells its path; as the file does where only the file has it. Empty for the
    /// order of the columns themselves.
    pub path: Path,
    /// What differs.
    pub kind: ConversionKind,
    /// What the file has: a type, a name, or the order of names; `None` for what it lacks.
    pub from: Option<String>,
    /// What it is read as: a type, a name, an order, or the value that is filled in; `None` for what is not read.
    pub to: Option<String>,
    /// Why it is read so.
    pub reason: String,
}

/// What differs between a file and the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// The file lacks it: its default or NULL is filled in.
    Missing,
    /// Only the file has it: it is not read.
    Extra,
    /// The file has it under an older name.
    Renamed,
    /// The file has it in another type.
    Cast,
    /// The fields of a struct, or the columns, are in another order.
    Reordered,
    /// It may be NULL in the file and not in the contract.
    Nullable,
}

impl fmt::Display for ConversionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Renamed => "renamed",
            Self::Cast => "cast",
            Self::Reordered => "reordered",
            Self::Nullable => "nullable",
        })
    }
}

/// What a boundary made of rows of one schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Projection {
    /// The boundary.
    pub boundary: String,
    /// The fingerprint of the schema that the rows had.
    pub source: String,
    /// How that schema differs from the requested one, and what was made of it, by path. Empty where it does not.
    pub conversions: Vec<Conversion>,
}
