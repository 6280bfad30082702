//! Settings that a session does not have as they are pinned, and the types that pinned settings are there for.

use std::fs;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use cstspec_runtime::{ENGINE, Location, Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

const PRESET: &str = "sessions/pinned.yaml";

/// A sound case whose preset has one setting more, past what the reader of specs knows of this engine.
fn pinning(name: &str, value: &str) -> (Case, Catalog) {
    let case = Case::sound();
    let mut catalog = case.catalog();
    let mut setting = catalog.sessions[0].settings["datafusion.execution.time_zone"].clone();
    value.clone_into(&mut setting.value);
    catalog.sessions[0].settings.insert(name.to_owned(), setting);
    (case, catalog)
}

async fn verified(case: &Case, catalog: &Catalog) -> Report {
    let ctx = world::open(catalog, &case.locations()).await;
    verify(&ctx, catalog, Checks::Schema, &NoProgress).await
}

/// A setting that was changed afterwards is one finding.
#[tokio::test]
async fn setting_changed_later() {
    let case = Case::sound();
    let ctx = case.open().await;
    ctx.sql("SET datafusion.execution.time_zone = '+02:00'").await.unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R010", "setting-not-pinned"));
    assert_eq!(
        finding.message,
        "the setting `datafusion.execution.time_zone` was changed after preset `pinned` pinned it"
    );
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("UTC"), Some("+02:00")));
    assert_eq!(spec_line(finding), line(PRESET, "time_zone"));
}

/// A session of the hosts own that was never pinned is one finding per setting.
#[tokio::test]
async fn session_never_pinned() {
    let case = Case::sound();
    let catalog = case.catalog();
    let ctx = SessionContext::new_with_config(
        datafusion::prelude::SessionConfig::new()
            .with_information_schema(true)
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
            .set_str("datafusion.execution.time_zone", "UTC"),
    );
    cstspec_runtime::functions::register(&ctx);
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R010");
    assert!(
        finding
            .message
            .contains("`datafusion.sql_parser.map_string_types_to_utf8view` differs from its value in preset")
    );
    assert!(finding.remedy.as_ref().unwrap().contains("cstspec_runtime::session"));
}

/// A value that the engine refuses is one finding.
#[tokio::test]
async fn setting_refused() {
    let (case, catalog) = pinning("datafusion.execution.batch_size", "many");
    let report = verified(&case, &catalog).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R015", "setting-refused"));
    assert_eq!(finding.expected.as_deref(), Some("many"));
    let observed = finding.observed.as_ref().unwrap();
    assert!(observed.starts_with(&format!("refused by DataFusion {ENGINE}: ")), "{observed}");
    assert_eq!(finding.spec.as_ref().unwrap().file, PRESET);
}

/// A setting that no session can have is one finding.
#[tokio::test]
async fn setting_impossible() {
    let (case, catalog) = pinning("datafusion.catalog.information_schema", "true");
    let report = verified(&case, &catalog).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.expected.as_deref()), ("R015", Some("true")));
}

/// A setting of another engine is one finding.
#[tokio::test]
async fn setting_unknown() {
    for name in ["datafusion.execution.no_such", "datafusion.runtime.no_such", "elsewhere.no_such"] {
        let (case, catalog) = pinning(name, "1");
        let report = verified(&case, &catalog).await;
        let finding = only(&report);
        assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R016", "setting-unknown"));
        assert_eq!(finding.message, format!("preset `pinned` pins `{name}`, which this engine does not have"));
        assert_eq!(finding.observed.as_deref(), Some(format!("no such setting in DataFusion {ENGINE}").as_str()));
    }
}

/// A value that the engine spells otherwise is pinned.
#[tokio::test]
async fn setting_normalized() {
    for (name, value) in [
        ("datafusion.runtime.list_files_cache_ttl", "120s"),
        ("datafusion.runtime.memory_limit", "1536M"),
        ("datafusion.execution.collect_statistics", "TRUE"),
    ] {
        let (case, catalog) = pinning(name, value);
        let report = verified(&case, &catalog).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
    }
}

/// Every preset that is shipped takes.
#[tokio::test]
async fn shipped_presets() {
    let mut catalog = cstspec_libcst::catalog();
    // What else is promised does not depend on the preset: that is shown by another test, and takes longer.
    catalog.views.clear();
    catalog.statements.clear();
    catalog.functions.clear();
    for preset in &catalog.sessions {
        let ctx = session(&catalog, &Options { session: Some(preset.name.clone()), ..Options::default() }).unwrap();
        register(&ctx, &catalog, &Locations::new()).await.unwrap();
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        // One of them mounts tables from a place that is not there.
        let others = report.findings.iter().filter(|finding| finding.code != "R101").count();
        assert_eq!(others, 0, "{}: {:#?}", preset.name, report.findings);
        let mounts = preset.settings.contains_key("datafusion.catalog.location");
        assert_eq!(report.findings.is_empty(), !mounts, "{}: {:#?}", preset.name, report.findings);
    }
}

/// Every batch of every relation.
async fn batches(ctx: &SessionContext, catalog: &Catalog) -> Vec<(SchemaRef, Vec<RecordBatch>)> {
    let mut all = Vec::new();
    for relation in catalog.relations() {
        let frame = ctx.sql(&format!("SELECT * FROM {}", relation.name())).await.unwrap();
        all.push((relation.schema(), frame.collect().await.unwrap()));
    }
    all
}

/// What comes out of a scan has the pinned types at every depth whatever the view types.
#[tokio::test]
async fn scan_types_pinned() {
    let mut catalog = cstspec_libcst::catalog();
    catalog.functions.clear();
    let (_folder, path) = world::sample();
    for preset in ["schema_hardening", "arrow_performance"] {
        let ctx = session(&catalog, &Options { session: Some(preset.to_owned()), ..Options::default() }).unwrap();
        register(&ctx, &catalog, &world::at([(world::DATASET, path.as_path())])).await.unwrap();
        let forced = ctx.state().config_options().execution.parquet.schema_force_view_types;
        assert_eq!(forced, preset == "arrow_performance");
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert!(report.findings.is_empty(), "{preset}: {:#?}", report.findings);
        for (declared, produced) in batches(&ctx, &catalog).await {
            for batch in produced {
                for (declared, produced) in declared.fields().iter().zip(batch.schema().fields()) {
                    assert_eq!(declared.data_type(), produced.data_type(), "{preset}: {}", declared.name());
                }
            }
        }
    }
}

/// A case whose preset pins the place of its data.
fn rooted(case: &Case) -> Catalog {
    let mut catalog = case.catalog();
    let settings = &mut catalog.sessions[0].settings;
    let template = settings["datafusion.execution.time_zone"].clone();
    let root = format!("file://{}/", case.data("").display());
    for (name, value) in [("datafusion.catalog.location", root.as_str()), ("datafusion.catalog.format", "PARQUET")] {
        let mut setting = template.clone();
        value.clone_into(&mut setting.value);
        settings.insert(name.to_owned(), setting);
    }
    catalog
}

/// Tables under the pinned root mount themselves and are held against the contract.
#[tokio::test]
async fn root_mounts_tables() {
    for name in [format!("{DATASET}/part.parquet"), format!("{DATASET}.parquet")] {
        let case = Case::new();
        case.write(&name, Case::ROWS);
        case.write("another_table/part.parquet", Case::ROWS);
        let catalog = rooted(&case);
        let ctx = world::open(&catalog, &Locations::new()).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        assert_eq!(report.relations[0].rows, Some(4), "{name}");

        // A location that is given wins.
        let empty = Case::new();
        empty.write("one.parquet", Case::ROWS.lines().next().unwrap());
        let given = Locations::from([(DATASET.to_owned(), Location::Url(empty.data("").display().to_string()))]);
        let ctx = world::open(&catalog, &given).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(report.relations[0].rows, Some(1), "{name}");
    }
}

/// A broken table under the pinned root is one finding.
#[tokio::test]
async fn root_with_broken_table() {
    let case = Case::new();
    case.write(&format!("{DATASET}/part.parquet"), Case::ROWS);
    let catalog = rooted(&case);
    let ctx = world::open(&catalog, &Locations::new()).await;
    fs::write(case.data(&format!("{DATASET}/more.parquet")), "PAR1 no more").unwrap();
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    assert_eq!(only(&report).relation.as_deref(), Some(DATASET));
}

/// A root without tables mounts none which is a finding.
#[tokio::test]
async fn root_without_tables() {
    let case = Case::new();
    let catalog = rooted(&case);
    let ctx = world::open(&catalog, &Locations::new()).await;
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.observed.as_deref()), ("R101", Some("no such folder")));
    assert_eq!(report.relations[0].rows, Some(0));
}

/// A root that the engine would not survive is one finding.
#[tokio::test]
async fn root_invalid() {
    for root in ["tables/", "", "file:///a//b/"] {
        let case = Case::sound();
        let mut catalog = rooted(&case);
        root.clone_into(&mut catalog.sessions[0].settings.get_mut("datafusion.catalog.location").unwrap().value);
        let report = verified(&case, &catalog).await;
        let finding = only(&report);
        assert_eq!((finding.code.as_ref(), finding.expected.as_deref()), ("R015", Some(root)), "{root}");
    }
}
