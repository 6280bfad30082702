//! Records of a session: artifacts to a sink, and the tables of the `diagnostics` schema.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cstspec_runtime::diagnostics::{Artifact, DiagnosticsError, DiagnosticsSink, JsonLinesSink, MemorySink, attach};
use cstspec_runtime::{Options, definition, fingerprint, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;
use serde_json::Value;

use crate::contracts::{Case, DATASET};

/// The rows of a query, each cell as text.
async fn rows(ctx: &SessionContext, sql: &str) -> Vec<Vec<String>> {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in &batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|cell| cell.value(row).to_string()).collect()));
    }
    rows
}

/// A verified session over the sound rows that tells `sink`.
async fn told(case: &Case, sink: Arc<dyn DiagnosticsSink>) -> SessionContext {
    let catalog = case.catalog();
    let ctx = session(&catalog, &Options { sink: Some(sink), ..Options::default() }).unwrap();
    let registered = register(&ctx, &catalog, &case.locations()).await.unwrap();
    assert!(registered.undelivered.is_empty(), "{:?}", registered.undelivered);
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    ctx
}

/// A sink is reported everything under the names that consumers know.
#[tokio::test]
async fn sink_artifacts() {
    let case = Case::sound();
    let sink = Arc::new(MemorySink::default());
    let ctx = told(&case, Arc::<MemorySink>::clone(&sink)).await;
    let artifacts = sink.artifacts();
    let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    let expected = [
        "datafusion_table_providers_v1",
        "datafusion_udf_registry_v1",
        "datafusion_view_registry_v1",
        "datafusion_cst_schema_diagnostics_v1",
        "datafusion_cst_view_plans_v1",
        "datafusion_cst_dfschema_v1",
    ];
    assert_eq!(names, expected);
    for artifact in &artifacts {
        assert!(artifact.payload["event_time_unix_ms"].as_u64().unwrap() > 1_600_000_000_000, "{artifact:?}");
    }
    let payloads: BTreeMap<&str, &serde_json::Map<String, Value>> =
        artifacts.iter().map(|artifact| (artifact.name.as_str(), &artifact.payload)).collect();

    let provider = payloads["datafusion_table_providers_v1"];
    let definition = definition::of(&ctx, DATASET).await.unwrap();
    assert_eq!(provider["name"], DATASET);
    assert_eq!(provider["location"], case.data("").display().to_string());
    assert_eq!(provider["format"], "parquet");
    assert_eq!(provider["partition_cols"], serde_json::json!(["repo"]));
    assert_eq!(provider["file_sort_order"], serde_json::json!([{ "column": "path", "descending": false }]));
    assert_eq!(provider["ddl_fingerprint"], fingerprint::text(&definition));
    assert_eq!(provider["adapter"]["renames"], serde_json::json!({ "refs.begin": "bstart" }));
    assert_eq!(provider["schema_settings"]["datafusion.execution.parquet.schema_force_view_types"], "false");
    let defaults = serde_json::json!([
        { "path": "refs.attrs", "value": "{}" },
        { "path": "refs.kind", "value": "\"name\"" },
        { "path": "size", "value": "0" },
    ]);
    assert_eq!(provider["column_defaults"], defaults);
    assert_eq!(provider["partition_schema_validation"]["missing_partition_cols"], serde_json::json!([]));

    let schema = payloads["datafusion_cst_schema_diagnostics_v1"];
    let declared = case.catalog().dataset(DATASET).unwrap().schema();
    assert_eq!(schema["schema_fingerprint"], fingerprint::schema(&declared));
    assert_eq!(schema["default_values"], defaults);
    assert_eq!(schema["table_definition"], definition);
    assert_eq!(schema["table_constraints"][0]["columns"], serde_json::json!(["file_id"]));
    assert_eq!(schema["diagnostics"], Value::Null, "the catalog has no view that describes the dataset");

    let names_of = |artifact: &str, list: &str| -> Vec<String> {
        let list = payloads[artifact][list].as_array().unwrap();
        list.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    let views = ["locals", "refs", "ref_attrs", "ref_origin"];
    assert_eq!(names_of("datafusion_view_registry_v1", "views"), views);
    let functions = names_of("datafusion_udf_registry_v1", "functions");
    assert_eq!(functions, ["get_field", "map_entries", "map_extract", "stable_id", "unnest"]);
    for function in payloads["datafusion_udf_registry_v1"]["functions"].as_array().unwrap() {
        assert_eq!(function["registered"], true, "{function}");
    }
}

/// A file takes one artifact per line.
#[tokio::test]
async fn file_sink_lines() {
    let case = Case::sound();
    let path = case.data("../told.jsonl");
    told(&case, Arc::new(JsonLinesSink::open(&path).unwrap())).await;
    let text = fs::read_to_string(path).unwrap();
    let names: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone()).collect();
    assert_eq!(names.len(), 6, "{text}");
    assert_eq!(names[0], "datafusion_table_providers_v1");
}

/// A sink that takes nothing.
#[derive(Debug)]
struct Full;

impl DiagnosticsSink for Full {
    fn record(&self, artifact: &Artifact) -> Result<(), DiagnosticsError> {
        Err(DiagnosticsError::Lost { artifact: artifact.name.clone(), reason: "full".to_owned() })
    }
}

/// What a sink does not take is reported and stops nothing.
#[tokio::test]
async fn sink_failure() {
    let case = Case::sound();
    let catalog = case.catalog();
    let ctx = SessionContext::new();
    cstspec_runtime::functions::register(&ctx);
    attach(&ctx, Arc::new(Full));
    let registered = register(&ctx, &catalog, &case.locations()).await.unwrap();
    let lost: Vec<String> = registered.undelivered.iter().map(ToString::to_string).collect();
    assert_eq!(lost.len(), 3, "{lost:?}");
    assert_eq!(lost[0], "`datafusion_table_providers_v1` is lost: full");
    assert_eq!(rows(&ctx, "SELECT count(*) FROM refs").await, [["3"]]);

    let ctx = session(&catalog, &Options { sink: Some(Arc::new(Full)), ..Options::default() }).unwrap();
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = crate::contracts::only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R601", "diagnostics-lost"));
    let observed = finding.observed.as_deref().unwrap();
    assert_eq!(observed, "`datafusion_cst_schema_diagnostics_v1` is lost: full (and 2 more)");
    assert_eq!(rows(&ctx, "SELECT code, severity FROM diagnostics.findings").await, [["R601", "warning"]]);
}

/// Findings are those of the last verify.
#[tokio::test]
async fn findings_of_last_verify() {
    let case = Case::sound();
    let ctx = case.open().await;
    let query = "SELECT code, severity, relation, message, spec_file, spec_key FROM diagnostics.findings";
    assert!(rows(&ctx, query).await.is_empty());
    ctx.deregister_table("ref_origin").unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = crate::contracts::only(&report);
    let place = finding.spec.as_ref().unwrap();
    let expected =
        [&finding.code, "error", "ref_origin", finding.message.as_str(), place.file.as_str(), place.key.as_str()];
    assert_eq!(rows(&ctx, query).await, [expected]);
    // Mended, nothing is left of it.
    register(&ctx, &case.catalog(), &case.locations()).await.unwrap();
    case.verify_in(&ctx, Checks::Schema).await;
    assert!(rows(&ctx, query).await.is_empty());
}

/// Conversions are there once files were looked at.
#[tokio::test]
async fn conversions_after_reading() {
    let case = Case::new();
    let whole = case.catalog().dataset(DATASET).unwrap().schema();
    let less: Vec<_> = whole.fields().iter().filter(|field| field.name() != "size").cloned().collect();
    case.write_as("units.parquet", Case::ROWS, &Arc::new(Schema::new(less)));
    let ctx = case.open().await;
    let query = "SELECT dataset, path, kind, found, read_as FROM diagnostics.conversions WHERE reason <> ''";
    assert!(rows(&ctx, query).await.is_empty());
    case.verify_in(&ctx, Checks::Schema).await;
    assert_eq!(rows(&ctx, query).await, [[DATASET, "size", "missing", "NULL", "0"]]);
}

/// Settings are those of now beside what is pinned.
#[tokio::test]
async fn settings_beside_pins() {
    let case = Case::sound();
    let options = Options { batch_size: Some(100), ..Options::default() };
    let ctx = session(&case.catalog(), &options).unwrap();
    let query = "SELECT value, pinned, preset, overridden FROM diagnostics.settings WHERE name = ";
    let zone = format!("{query} 'datafusion.execution.time_zone'");
    assert_eq!(rows(&ctx, &zone).await, [["UTC", "UTC", "pinned", "false"]]);
    ctx.sql("SET datafusion.execution.time_zone = '+01:00'").await.unwrap();
    assert_eq!(rows(&ctx, &zone).await, [["+01:00", "UTC", "pinned", "false"]]);
    let batches = format!("{query} 'datafusion.execution.batch_size'");
    assert_eq!(rows(&ctx, &batches).await, [["100", "NULL", "pinned", "true"]]);
    // The same settings that the engine reports, and no other.
    let more = "SELECT name FROM diagnostics.settings EXCEPT SELECT name FROM information_schema.df_settings";
    assert!(rows(&ctx, more).await.is_empty());
    let less = "SELECT name FROM information_schema.df_settings EXCEPT SELECT name FROM diagnostics.settings";
    assert!(rows(&ctx, less).await.is_empty());
}

/// Registrations tell what was left out.
#[tokio::test]
async fn registrations_refused() {
    let case = Case::sound();
    let catalog = case.catalog();
    let ctx = session(&catalog, &Options::default()).unwrap();
    ctx.deregister_udf("stable_id");
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    let query = "SELECT name, kind, location IS NULL, refused IS NULL, registered_at > TIMESTAMP '2020-01-01T00:00:00Z' \
                 FROM diagnostics.registrations ORDER BY kind, name";
    let expected = [
        [DATASET, "dataset", "false", "true", "true"],
        ["refs_by_file", "statement", "true", "true", "true"],
        ["locals", "view", "true", "false", "true"],
        ["ref_attrs", "view", "true", "true", "true"],
        ["ref_origin", "view", "true", "true", "true"],
        ["refs", "view", "true", "true", "true"],
    ];
    assert_eq!(rows(&ctx, query).await, expected);
}

/// Every table documents its columns.
#[tokio::test]
async fn tables_documented() {
    let case = Case::sound();
    let ctx = case.open().await;
    let schema = ctx.catalog("datafusion").unwrap().schema("diagnostics").unwrap();
    let mut names = schema.table_names();
    names.sort_unstable();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let table = schema.table(&name).await.unwrap().unwrap();
        for field in table.schema().fields() {
            assert!(field.metadata().get("doc").is_some_and(|doc| !doc.is_empty()), "{name}.{}", field.name());
        }
        let listed = format!("SELECT count(*) > 0 FROM information_schema.columns WHERE table_name = '{name}'");
        assert_eq!(rows(&ctx, &listed).await, [["true"]], "{name}");
        // Whatever columns are asked for, and in whatever order.
        let (first, last) = (table.schema().field(0).name().clone(), table.schema().fields().len() - 1);
        let last = table.schema().field(last).name().clone();
        rows(&ctx, &format!("SELECT \"{last}\", \"{first}\" FROM diagnostics.{name}")).await;
    }
}
