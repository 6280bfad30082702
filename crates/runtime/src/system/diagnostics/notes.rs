//! The content of the artifacts. The manifest has the same as notes, under the artifacts' names without their version.

use std::collections::BTreeMap;

use cstspec_contract::report::PartitionSchemaValidation;
use cstspec_contract::{CastPolicy, ExtraPolicy, MissingPolicy, NullabilityPolicy};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::constraint::Constraint;

/// The content of every artifact of a session, by the artifact's name without its version.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// The qualified schema of each view's plan.
    pub datafusion_cst_dfschema: Views<DfSchemaNote>,
    /// The schema of each dataset, and what the engine makes of it.
    pub datafusion_cst_schema_diagnostics: Vec<SchemaNote>,
    /// The logical plan of each view.
    pub datafusion_cst_view_plans: Views<ViewPlanNote>,
    /// The provider of each dataset.
    pub datafusion_table_providers: Vec<TableProviderNote>,
    /// The functions that the catalog expects.
    pub datafusion_udf_registry: Functions,
    /// The views.
    pub datafusion_view_registry: Views<ViewNote>,
}

/// Something of each view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Views<T> {
    /// One entry per view.
    pub views: Vec<T>,
}

/// The functions that a catalog expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Functions {
    /// By name.
    pub functions: Vec<FunctionNote>,
}

/// The provider of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableProviderNote {
    /// The dataset.
    pub name: String,
    /// Where it is, as it was given; null without a location.
    pub location: Option<String>,
    /// `parquet`, `delta`, or `table` for a provider of the host's; null without a location, or where it cannot be read.
    pub format: Option<String>,
    /// The columns that folder names carry in a Hive layout, outermost first.
    pub partition_cols: Vec<String>,
    /// The order that rows are promised in, most significant key first.
    pub file_sort_order: Vec<SortKeyNote>,
    /// The settings that decide which types come out of a scan.
    pub schema_settings: BTreeMap<String, Option<String>>,
    /// How a file that differs from the contract is read.
    pub adapter: AdapterNote,
    /// The partition columns that are there, held against the declared ones; null without a location, or where it cannot be read.
    pub partition_schema_validation: Option<PartitionSchemaValidation>,
    /// The values of columns or nested fields that a file lacks.
    pub column_defaults: Vec<DefaultNote>,
    /// The fingerprint of the statement that recreates it.
    pub ddl_fingerprint: Option<String>,
}

/// One key of a sort order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SortKeyNote {
    /// The column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// The schema evolution policy of a dataset, in the words of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterNote {
    /// A column or field that a file lacks.
    pub missing: MissingPolicy,
    /// A column or field that only a file has.
    pub extra: ExtraPolicy,
    /// Casts allowed from a file's type to the contract's.
    pub casts: CastPolicy,
    /// A field that is nullable in a file and NOT NULL in the contract.
    pub nullability: NullabilityPolicy,
    /// Old paths in files, and the names that their fields have in the contract.
    pub renames: BTreeMap<String, String>,
    /// Policies of columns and nested fields, and of everything inside them, by path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, PathPolicyNote>,
}

/// The schema evolution policy of one column or nested field. One that is not there is that of the field around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicyNote {
    /// The field, or one inside it, that a file lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingPolicy>,
    /// A field inside it that only a file has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<ExtraPolicy>,
    /// Casts allowed from a file's type to the contract's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub casts: Option<CastPolicy>,
    /// A field that is nullable in a file and NOT NULL in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nullability: Option<NullabilityPolicy>,
}

/// A default of a column or nested field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultNote {
    /// The column or nested field.
    pub path: String,
    /// The value where a file lacks it, in the spelling of a spec.
    pub value: String,
}

/// A function that the catalog expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionNote {
    /// Its name.
    pub name: String,
    /// The kind that is expected: `scalar`, `aggregate`, `window` or `unnest`.
    pub kind: String,
    /// Who registers it: `engine`, `runtime` or `host`.
    pub provider: String,
    /// The signatures that are expected.
    pub signatures: Vec<String>,
    /// Whether the session has a function of the name and kind.
    pub registered: bool,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewNote {
    /// The view.
    pub name: String,
    /// Its query.
    pub sql: String,
    /// The relations that the query reads.
    pub depends_on: Vec<String>,
    /// The fingerprint of the statement that recreates it.
    pub ddl_fingerprint: Option<String>,
    /// The fingerprint of its declared schema.
    pub schema_fingerprint: String,
    /// Whether the session has it.
    pub registered: bool,
}

/// The schema of a dataset, and what the engine makes of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaNote {
    /// The dataset.
    pub name: String,
    /// The fingerprint of its schema.
    pub schema_fingerprint: String,
    /// The values of columns or nested fields that a file lacks.
    pub default_values: Vec<DefaultNote>,
    /// The row of the view that describes the dataset's columns, by column; null without such a view, or where it does not run.
    pub diagnostics: Option<Map<String, Value>>,
    /// The statement that recreates it.
    pub table_definition: Option<String>,
    /// Its keys and references.
    pub table_constraints: Vec<Constraint>,
}

/// How the engine plans a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewPlanNote {
    /// The view.
    pub name: String,
    /// Its logical plan, indented.
    pub plan: String,
}

/// The schema of a view's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DfSchemaNote {
    /// The view.
    pub name: String,
    /// One column per line: qualified name, type, nullability.
    pub dfschema: String,
}
