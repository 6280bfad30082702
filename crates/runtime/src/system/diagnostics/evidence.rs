//! Where the notes come from: the catalog, the session and the report of `verify`.

use arrow::json::LineDelimitedWriter;
use cstspec_contract::report::{PlanReport, Report};
use cstspec_contract::sql::ident;
use cstspec_contract::{
    Catalog, Dataset, DefaultValue, Evolution, Function, FunctionKind, PathPolicy, Provider, Relation, SortKey,
    ViewBody,
};
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use serde_json::{Map, Value};

use super::notes::{
    AdapterNote, DefaultNote, DfSchemaNote, FunctionNote, Functions, Notes, PathPolicyNote, SchemaNote, SortKeyNote,
    TableProviderNote, ViewNote, ViewPlanNote, Views,
};
use super::{Artifact, DiagnosticsError, Registration, RejectedRelation};
use crate::clock::now_unix_ms;
use crate::files::hive::Layout;
use crate::files::table_files::TableFiles;
use crate::names::table_reference;
use crate::observe::definition;
use crate::observe::partitions::{self, ListedTypes};
use crate::{ContractTable, constraint, fingerprint};

/// The settings that decide which types come out of a scan.
const SCHEMA_SETTINGS: [&str; 4] = [
    "datafusion.execution.collect_statistics",
    "datafusion.execution.parquet.schema_force_view_types",
    "datafusion.execution.parquet.skip_metadata",
    "datafusion.sql_parser.map_string_types_to_utf8view",
];

impl Notes {
    /// Everything that is told of a session, as of now, and of its last report.
    pub(crate) async fn take(ctx: &SessionContext, catalog: &Catalog, report: &Report) -> Self {
        Self {
            datafusion_cst_dfschema: dfschemas(report),
            datafusion_cst_schema_diagnostics: schemas(ctx, catalog).await,
            datafusion_cst_view_plans: plans(report),
            datafusion_table_providers: providers(ctx, catalog).await,
            datafusion_udf_registry: functions(ctx, catalog),
            datafusion_view_registry: views(ctx, catalog).await,
        }
    }
}

/// How everything of a catalog came into the session: what the engine refused was left out.
pub(crate) async fn registrations(
    ctx: &SessionContext,
    catalog: &Catalog,
    refused: &[RejectedRelation],
) -> Vec<(String, Registration)> {
    let relations = catalog.relations().map(|relation| (relation.name(), relation.kind()));
    let statements = catalog.statements.iter().map(|statement| (statement.name.as_str(), "statement"));
    let event_time_unix_ms = now_unix_ms();
    let mut registrations = Vec::new();
    for (name, kind) in relations.chain(statements) {
        let refused = refused.iter().find(|refused| refused.name == name);
        let registration = Registration {
            kind,
            location: if kind == "dataset" { location(ctx, name).await } else { None },
            refused: refused.map(|refused| refused.error.strip_backtrace()),
            event_time_unix_ms,
        };
        registrations.push((name.to_owned(), registration));
    }
    registrations
}

/// The artifacts of a registered catalog.
pub(crate) async fn registered(ctx: &SessionContext, catalog: &Catalog) -> Vec<Result<Artifact, DiagnosticsError>> {
    let providers = providers(ctx, catalog).await;
    let mut artifacts: Vec<_> =
        providers.iter().map(|note| Artifact::now("datafusion_table_providers", note)).collect();
    artifacts.push(Artifact::now("datafusion_udf_registry", &functions(ctx, catalog)));
    artifacts.push(Artifact::now("datafusion_view_registry", &views(ctx, catalog).await));
    artifacts
}

/// The artifacts of a verified catalog.
pub(crate) async fn verified(
    ctx: &SessionContext,
    catalog: &Catalog,
    report: &Report,
) -> Vec<Result<Artifact, DiagnosticsError>> {
    let schemas = schemas(ctx, catalog).await;
    let mut artifacts: Vec<_> =
        schemas.iter().map(|note| Artifact::now("datafusion_cst_schema_diagnostics", note)).collect();
    artifacts.push(Artifact::now("datafusion_cst_view_plans", &plans(report)));
    artifacts.push(Artifact::now("datafusion_cst_dfschema", &dfschemas(report)));
    artifacts
}

fn plans(report: &Report) -> Views<ViewPlanNote> {
    let note = |plan: &PlanReport| ViewPlanNote { name: plan.view.clone(), plan: plan.logical.clone() };
    Views { views: report.plans.iter().map(note).collect() }
}

fn dfschemas(report: &Report) -> Views<DfSchemaNote> {
    let note = |plan: &PlanReport| DfSchemaNote { name: plan.view.clone(), dfschema: plan.dfschema.clone() };
    Views { views: report.plans.iter().map(note).collect() }
}

/// Where a dataset is, as it was given.
async fn location(ctx: &SessionContext, dataset: &str) -> Option<String> {
    let provider = ctx.table_provider(table_reference(dataset)).await.ok()?;
    provider.downcast_ref::<ContractTable>()?.location().map(str::to_owned)
}

/// The current files of a dataset; `None` without a location, or where it cannot be read.
async fn list_files(ctx: &SessionContext, dataset: &str) -> Option<TableFiles> {
    let provider = ctx.table_provider(table_reference(dataset)).await.ok()?;
    let table = provider.downcast_ref::<ContractTable>()?;
    table.location()?;
    table.list_files(&ctx.runtime_env()).await.ok()
}

fn format(layout: Layout) -> &'static str {
    match layout {
        Layout::Plain | Layout::Hive => "parquet",
        Layout::Delta => "delta",
        Layout::Table => "table",
    }
}

async fn providers(ctx: &SessionContext, catalog: &Catalog) -> Vec<TableProviderNote> {
    let settings = ctx.state().config_options().entries();
    let mut notes = Vec::with_capacity(catalog.datasets.len());
    let listed = ListedTypes::default();
    for dataset in &catalog.datasets {
        let location = location(ctx, &dataset.name).await;
        let table_files = list_files(ctx, &dataset.name).await;
        let validation = match &table_files {
            Some(table_files) => Some(partitions::validate(ctx, dataset, table_files, &listed).await),
            None => None,
        };
        notes.push(TableProviderNote {
            name: dataset.name.clone(),
            format: table_files.map(|table_files| format(table_files.layout).to_owned()),
            location,
            partition_cols: dataset.partitions.clone(),
            file_sort_order: sort_keys(dataset),
            schema_settings: settings
                .iter()
                .filter(|entry| SCHEMA_SETTINGS.contains(&entry.key.as_str()))
                .map(|entry| (entry.key.clone(), entry.value.clone()))
                .collect(),
            adapter: adapter(&dataset.evolution),
            partition_schema_validation: validation,
            column_defaults: defaults(dataset),
            ddl_fingerprint: definition::of(ctx, &dataset.name).await.as_deref().map(fingerprint::text),
        });
    }
    notes
}

fn functions(ctx: &SessionContext, catalog: &Catalog) -> Functions {
    let state = ctx.state();
    let note = |function: &Function| FunctionNote {
        name: function.name.clone(),
        kind: kind(function.kind).to_owned(),
        provider: match function.provider {
            Provider::Engine => "engine",
            Provider::Runtime => "runtime",
            Provider::Host => "host",
        }
        .to_owned(),
        signatures: function.signatures.iter().map(|signature| format!("{}{signature}", function.name)).collect(),
        registered: has(&state, function),
    };
    Functions { functions: catalog.functions.iter().map(note).collect() }
}

fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Scalar => "scalar",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Window => "window",
        FunctionKind::Unnest => "unnest",
    }
}

fn has(state: &SessionState, function: &Function) -> bool {
    let name = function.name.as_str();
    match function.kind {
        FunctionKind::Scalar => {
            state.scalar_functions().contains_key(name) || state.higher_order_functions().contains_key(name)
        }
        FunctionKind::Aggregate => state.aggregate_functions().contains_key(name),
        FunctionKind::Window => {
            state.window_functions().contains_key(name) || state.aggregate_functions().contains_key(name)
        }
        // It is a node of plans, and always there.
        FunctionKind::Unnest => true,
    }
}

async fn views(ctx: &SessionContext, catalog: &Catalog) -> Views<ViewNote> {
    let mut views = Vec::with_capacity(catalog.views.len());
    for view in &catalog.views {
        views.push(ViewNote {
            name: view.name.clone(),
            sql: view.sql.clone(),
            depends_on: view.depends_on.clone(),
            ddl_fingerprint: definition::of(ctx, &view.name).await.as_deref().map(fingerprint::text),
            schema_fingerprint: fingerprint::schema(&view.schema()),
            registered: ctx.table_exist(table_reference(&view.name)).unwrap_or(false),
        });
    }
    Views { views }
}

async fn schemas(ctx: &SessionContext, catalog: &Catalog) -> Vec<SchemaNote> {
    let mut notes = Vec::with_capacity(catalog.datasets.len());
    for dataset in &catalog.datasets {
        notes.push(SchemaNote {
            name: dataset.name.clone(),
            schema_fingerprint: fingerprint::schema(&dataset.schema()),
            default_values: defaults(dataset),
            diagnostics: diagnosis(ctx, catalog, &dataset.name).await,
            table_definition: definition::of(ctx, &dataset.name).await,
            table_constraints: constraint::constraints(catalog, Relation::Dataset(dataset)),
        });
    }
    notes
}

/// The row of the view that describes the columns of `relation`.
async fn diagnosis(ctx: &SessionContext, catalog: &Catalog, relation: &str) -> Option<Map<String, Value>> {
    let view =
        catalog.views.iter().find(|view| matches!(&view.body, ViewBody::Diagnose { of, .. } if of == relation))?;
    let rows = ctx.sql(&format!("SELECT * FROM {}", ident(&view.name))).await.ok()?.collect().await.ok()?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write_batches(&rows.iter().collect::<Vec<_>>()).ok()?;
    writer.finish().ok()?;
    let mut row: Value = serde_json::from_slice(&writer.into_inner()).ok()?;
    // Metadata comes out of the engine in the order of a hash map.
    row.sort_all_objects();
    match row {
        Value::Object(row) => Some(row),
        _ => None,
    }
}

fn adapter(evolution: &Evolution) -> AdapterNote {
    AdapterNote {
        missing: evolution.missing,
        extra: evolution.extra,
        casts: evolution.casts,
        nullability: evolution.nullability,
        renames: evolution.renames.iter().map(|(path, name)| (path.to_string(), name.clone())).collect(),
        paths: evolution.paths.iter().map(|(path, policy)| (path.to_string(), path_policy(policy))).collect(),
    }
}

fn path_policy(policy: &PathPolicy) -> PathPolicyNote {
    let PathPolicy { missing, extra, casts, nullability, origin: _ } = *policy;
    PathPolicyNote { missing, extra, casts, nullability }
}

/// The promised order, most significant key first.
pub(crate) fn sort_keys(dataset: &Dataset) -> Vec<SortKeyNote> {
    let note = |key: &SortKey| SortKeyNote { column: key.column.clone(), descending: key.descending };
    dataset.ordering.keys.iter().map(note).collect()
}

/// The values of columns or nested fields that a file lacks.
pub(crate) fn defaults(dataset: &Dataset) -> Vec<DefaultNote> {
    let note =
        |default: &DefaultValue| DefaultNote { path: default.path.to_string(), value: default.value.to_string() };
    dataset.defaults.iter().map(note).collect()
}
