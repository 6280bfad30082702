//! The part of the manifest about one relation: its contract, its registration, and its results.

use std::collections::BTreeMap;

use cstspec_contract::describe::{self, DescribeRow};
use cstspec_contract::report::RelationReport;
use cstspec_contract::{AllowedValues, Catalog, OrderScope, Relation};
use datafusion::prelude::SessionContext;
use schemars::JsonSchema;
use serde::Serialize;

use crate::constraint::{self, Constraint};
use crate::fingerprint;
use crate::observe::definition;
use crate::system::diagnostics::{DefaultNote, SortKeyNote, defaults, sort_keys};

/// One relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationManifest {
    /// Its name.
    pub name: String,
    /// `dataset` or `view`.
    pub kind: String,
    /// The relations that it reads.
    pub depends_on: Vec<String>,
    /// The statement that recreates it, as `SHOW CREATE TABLE` answers it; null where it is not registered.
    pub definition: Option<String>,
    /// The fingerprint of the definition.
    pub definition_fingerprint: Option<String>,
    /// The fingerprint of its schema.
    pub schema_fingerprint: String,
    /// The fingerprint of its keys and references.
    pub constraints_fingerprint: String,
    /// Its columns as `DESCRIBE` must answer them.
    pub columns: Vec<ColumnManifest>,
    /// Metadata of the schema itself.
    pub metadata: BTreeMap<String, String>,
    /// Its keys and references.
    pub constraints: Vec<Constraint>,
    /// Columns or nested fields without NULLs, beyond those that the schema declares NOT NULL.
    pub not_null: Vec<String>,
    /// The values that fields may have.
    pub allowed: Vec<AllowedManifest>,
    /// The values of columns or nested fields that a file lacks.
    pub defaults: Vec<DefaultNote>,
    /// The columns that folder names carry in a Hive layout, outermost first.
    pub partitions: Vec<String>,
    /// The order that rows are promised in.
    pub ordering: OrderingManifest,
    /// Its rows; null if they could not be counted to the end.
    pub rows: Option<u64>,
    /// Whether `DESCRIBE` answers exactly what the contract says.
    pub describe_equal: bool,
    /// Whether all its rows could be read.
    pub executed: bool,
}

/// One column, as `DESCRIBE` must answer it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnManifest {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// `YES` or `NO`.
    pub is_nullable: String,
}

/// The values that a field may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedManifest {
    /// The column or nested field.
    pub path: String,
    /// So many lists below the path: the values are those of the elements.
    #[serde(skip_serializing_if = "is_field")]
    pub elements: usize,
    /// The values, as a spec spells them.
    pub values: Vec<String>,
}

/// Whether values are those of a field, and not of the elements of a list.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_field(elements: &usize) -> bool {
    *elements == 0
}

/// A promised sort order; without keys nothing is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderingManifest {
    /// Most significant first.
    pub keys: Vec<SortKeyNote>,
    /// `file` or `table`: over what the order holds; null without keys.
    pub scope: Option<String>,
}

impl RelationManifest {
    /// The facts of `relation`, and its results in `report`.
    pub(super) async fn take(
        ctx: &SessionContext,
        catalog: &Catalog,
        relation: Relation<'_>,
        report: Option<&RelationReport>,
    ) -> Self {
        let schema = relation.schema();
        let constraints = constraint::constraints(catalog, relation);
        let definition = definition::of(ctx, relation.name()).await;
        let promised = Promised::of(relation);
        Self {
            name: relation.name().to_owned(),
            kind: relation.kind().to_owned(),
            depends_on: relation.depends_on().to_vec(),
            definition_fingerprint: definition.as_deref().map(fingerprint::text),
            definition,
            schema_fingerprint: fingerprint::schema(&schema),
            constraints_fingerprint: constraint::fingerprint(&constraints),
            columns: describe::rows(&schema).into_iter().map(ColumnManifest::from).collect(),
            metadata: schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            constraints,
            not_null: promised.not_null,
            allowed: promised.allowed,
            defaults: promised.defaults,
            partitions: promised.partitions,
            ordering: promised.ordering,
            rows: report.and_then(|report| report.rows),
            describe_equal: report.is_some_and(|report| report.describe_equal),
            executed: report.is_some_and(|report| report.executed),
        }
    }
}

/// Properties that only one of the two kinds of relation has, or that each has in its own form.
#[derive(Default)]
struct Promised {
    not_null: Vec<String>,
    allowed: Vec<AllowedManifest>,
    defaults: Vec<DefaultNote>,
    partitions: Vec<String>,
    ordering: OrderingManifest,
}

impl Promised {
    fn of(relation: Relation<'_>) -> Self {
        let allowed = |allowed: &AllowedValues| AllowedManifest {
            path: allowed.path.to_string(),
            elements: allowed.elements,
            values: allowed.values.iter().map(ToString::to_string).collect(),
        };
        let dataset = match relation {
            Relation::View(view) => {
                let allowed = view.allowed.iter().map(allowed).collect();
                return Self { not_null: view.not_null.clone(), allowed, ..Self::default() };
            }
            Relation::Dataset(dataset) => dataset,
        };
        let scope = match dataset.ordering.scope {
            OrderScope::File => "file",
            OrderScope::Table => "table",
        };
        let keys = sort_keys(dataset);
        Self {
            not_null: dataset.constraints.not_null.iter().map(ToString::to_string).collect(),
            allowed: dataset.allowed.iter().map(allowed).collect(),
            defaults: defaults(dataset),
            partitions: dataset.partitions.clone(),
            ordering: OrderingManifest { scope: (!keys.is_empty()).then(|| scope.to_owned()), keys },
        }
    }
}

impl From<DescribeRow> for ColumnManifest {
    fn from(row: DescribeRow) -> Self {
        Self { name: row.column_name, data_type: row.data_type, is_nullable: row.is_nullable }
    }
}
