//! The manifest of a run: complete, and the same for the same inputs.

use std::collections::BTreeSet;

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use cstspec_runtime::manifest::{Manifest, RunFacts, Specs, Stopwatch};
use cstspec_runtime::{Locations, Options, definition, fingerprint, register, session};
use cstspec_spec::compile;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;
use serde_json::{Value, json};

use crate::contracts::{Case, DATASET};
use crate::world;

/// A verified session, and its manifest as JSON.
async fn run(catalog: &Catalog, locations: &Locations, options: &Options, checks: Checks) -> (SessionContext, Value) {
    let ctx = session(catalog, options).unwrap();
    register(&ctx, catalog, locations).await.unwrap();
    let report = verify(&ctx, catalog, checks, &NoProgress).await;
    let manifest = manifest(&ctx, catalog, &report, Specs::default()).await;
    (ctx, manifest)
}

async fn manifest(ctx: &SessionContext, catalog: &Catalog, report: &Report, specs: Specs) -> Value {
    let facts = RunFacts { tool: "tests 1", specs, findings: &report.findings, stopwatch: Stopwatch::start() };
    serde_json::to_value(Manifest::collect(ctx, catalog, report, facts).await.unwrap()).unwrap()
}

fn specs(case: &Case) -> Specs {
    Specs::digest(compile(&case.specs()).sources.texts())
}

/// The relation called `name`.
fn relation<'a>(manifest: &'a Value, name: &str) -> &'a Value {
    let relations = manifest["relations"].as_array().unwrap();
    relations.iter().find(|relation| relation["name"] == name).unwrap()
}

/// Every relation is reported with its promises and what became of them.
#[tokio::test]
async fn relations_and_constraints() {
    let case = Case::sound();
    let catalog = case.catalog();
    let (ctx, manifest) = run(&catalog, &case.locations(), &Options::default(), Checks::Rows).await;
    assert_eq!(manifest["findings"], json!([]));
    let engine = cstspec_runtime::ENGINE;
    assert_eq!(manifest["catalog"], json!({ "name": "units", "version": 1, "engine": engine, "session": "pinned" }));
    assert_eq!(manifest["engine"]["datafusion"], engine);

    let names: Vec<&str> =
        manifest["relations"].as_array().unwrap().iter().map(|relation| relation["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["units_v1", "locals", "refs", "ref_attrs", "ref_origin"]);
    for name in names {
        let definition = definition::of(&ctx, name).await.unwrap();
        let schema = catalog.relation(name).unwrap().schema();
        let relation = relation(&manifest, name);
        assert_eq!(relation["definition"], definition);
        assert_eq!(relation["definition_fingerprint"], fingerprint::text(&definition));
        assert_eq!(relation["schema_fingerprint"], fingerprint::schema(&schema));
        assert_eq!(relation["columns"].as_array().unwrap().len(), schema.fields().len());
        assert_eq!((&relation["describe_equal"], &relation["executed"]), (&json!(true), &json!(true)));
    }
    let units = relation(&manifest, DATASET);
    assert_eq!(units["rows"], 4);
    assert_eq!(units["metadata"], json!({ "schema_name": "units_v1" }));
    assert_eq!(units["constraints"][0]["kind"], "primary_key");
    assert_eq!(units["partitions"], json!(["repo"]));
    assert_eq!(units["ordering"], json!({ "keys": [{ "column": "path", "descending": false }], "scope": "file" }));
    assert_eq!(units["allowed"], json!([{ "path": "refs.kind", "values": ["\"name\"", "\"attribute\""] }]));
    assert_eq!(units["defaults"][2], json!({ "path": "size", "value": "0" }));
    let refs = relation(&manifest, "refs");
    assert_eq!(refs["depends_on"], json!([DATASET]));
    assert_eq!(refs["constraints"][1]["references"]["relation"], "refs");

    assert_eq!(manifest["sources"][0]["files"], 1);
    let validation = &manifest["sources"][0]["partition_schema_validation"];
    assert_eq!(validation["expected_partition_cols"], json!(["repo"]));
    assert_eq!(manifest["notes"]["datafusion_table_providers"][0]["partition_schema_validation"], *validation);
    let kinds: BTreeSet<&str> =
        manifest["contracts"].as_array().unwrap().iter().map(|contract| contract["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["allowed", "identity", "key", "not_null", "order", "reference"].into());
    let functions: BTreeSet<&str> =
        manifest["functions"].as_array().unwrap().iter().map(|function| function["name"].as_str().unwrap()).collect();
    assert_eq!(functions, ["get_field", "map_entries", "map_extract", "stable_id", "unnest"].into());
}

/// What the machine chose is apart from what somebody chose.
#[tokio::test]
async fn machine_settings_apart() {
    let case = Case::sound();
    let catalog = case.catalog();
    let partitions = "datafusion.execution.target_partitions";
    let (_, manifest) = run(&catalog, &case.locations(), &Options::default(), Checks::Rows).await;
    assert!(manifest["settings"][partitions].is_null(), "{:#}", manifest["settings"]);
    assert!(manifest["run"]["settings"][partitions].is_string());
    assert_eq!(manifest["settings"]["datafusion.execution.time_zone"], "UTC");

    let options = Options { target_partitions: Some(3), ..Options::default() };
    let (_, manifest) = run(&catalog, &case.locations(), &options, Checks::Schema).await;
    assert_eq!(manifest["settings"][partitions], "3");
    assert!(manifest["run"]["settings"][partitions].is_null());
}

/// The number of cores changes nothing else.
#[tokio::test]
async fn cores_change_nothing() {
    let (_folder, path) = world::sample();
    let catalog = cstspec_libcst::catalog();
    let mut facts = Vec::new();
    for cores in [1, 5] {
        let options = Options { target_partitions: Some(cores), ..Options::default() };
        let locations = world::at([(world::DATASET, path.as_path())]);
        let (_, mut manifest) = run(&catalog, &locations, &options, Checks::Schema).await;
        manifest["run"] = Value::Null;
        manifest["settings"]["datafusion.execution.target_partitions"] = Value::Null;
        assert_eq!(manifest["notes"]["datafusion_cst_schema_diagnostics"][0]["diagnostics"]["refs_matches"], true);
        facts.push(serde_json::to_string_pretty(&manifest).unwrap());
    }
    let differs = facts[0].lines().zip(facts[1].lines()).find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(facts[0].len(), facts[1].len());
}

/// An edit of a spec changes the hash and a finding is reported.
#[tokio::test]
async fn spec_edit_and_finding() {
    let case = Case::sound();
    let before = specs(&case);
    case.edit("views/refs.yaml", "doc: One row per use of a name.", "doc: One row for each use of a name.");
    let after = specs(&case);
    assert_ne!(before.hash, after.hash);
    let changed: Vec<&str> = before
        .files
        .iter()
        .zip(&after.files)
        .filter(|(one, other)| one != other)
        .map(|(file, _)| file.path.as_str())
        .collect();
    assert_eq!(changed, ["views/refs.yaml"]);

    let catalog = case.catalog();
    let ctx = case.open().await;
    ctx.deregister_table("ref_origin").unwrap();
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    let manifest = manifest(&ctx, &catalog, &report, after).await;
    assert_eq!(manifest["findings"][0]["relation"], "ref_origin");
    assert_eq!(relation(&manifest, "ref_origin")["definition"], Value::Null);
    assert_eq!(manifest["notes"]["datafusion_view_registry"]["views"][3]["registered"], false);
}
