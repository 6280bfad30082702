//! Views against a plain evaluation of their contract, over random rows.
//!
//! Rows are built as arrays, so that a NULL struct really hides values, a NULL list elements and a NULL map entries: a form that looks
//! past a parent's NULL is found out. Each view that a catalog makes from a nested path is evaluated a second time in a few lines of
//! Rust that know no engine (`evaluate.rs`), and both must give the same rows in the same order. `CSTSPEC_SEED=n` runs one seed.

mod evaluate;
mod expression;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use cstspec_contract::{Catalog, Dataset, View, ViewBody};
use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::catalog::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;

use crate::arrays::{self, Dice};
use crate::world;
use evaluate::Rows;
use value::Value;

/// Rows of each dataset per seed.
const ROWS: usize = 150;

fn seeds() -> Vec<u64> {
    match std::env::var("CSTSPEC_SEED") {
        Ok(seed) => vec![seed.parse().expect("CSTSPEC_SEED is a number")],
        Err(_) => (1..=4).collect(),
    }
}

/// Random rows of every dataset, by name.
fn data(catalog: &Catalog, seed: u64) -> BTreeMap<String, RecordBatch> {
    let mut dice = Dice::new(seed, &looked_up(catalog));
    catalog.datasets.iter().map(|dataset| (dataset.name.clone(), batch(dataset, &mut dice))).collect()
}

fn batch(dataset: &Dataset, dice: &mut Dice) -> RecordBatch {
    let schema = dataset.schema();
    let columns = schema.fields().iter().map(|field| dice.array(field, ROWS)).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

/// The map keys that views ask for: random maps must have them often.
fn looked_up(catalog: &Catalog) -> Vec<String> {
    let keys: BTreeSet<&str> = catalog
        .views
        .iter()
        .filter_map(|view| match &view.body {
            ViewBody::Entry { key, .. } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    keys.into_iter().map(str::to_owned).collect()
}

/// A session over the rows as they are, hidden values and all.
async fn in_memory(catalog: &Catalog, data: &BTreeMap<String, RecordBatch>) -> SessionContext {
    let table = |batch: &RecordBatch| MemTable::try_new(batch.schema(), vec![vec![batch.clone()]]).unwrap();
    let locations = data.iter().map(|(name, batch)| (name.clone(), Location::Table(Arc::new(table(batch)))));
    one_partition(catalog, &locations.collect()).await
}

/// A session that keeps rows in their order.
async fn one_partition(catalog: &Catalog, locations: &Locations) -> SessionContext {
    let ctx = session(catalog, &Options { target_partitions: Some(1), ..Options::default() }).unwrap();
    let registered = register(&ctx, catalog, locations).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    ctx
}

/// The engine's rows of a relation.
async fn observed(ctx: &SessionContext, relation: &str) -> Rows {
    let frame = ctx.table(relation).await.unwrap();
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.unwrap();
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    Rows::of(&concat_batches(&schema, &batches).unwrap())
}

/// Whether rows of both sides are equal where the plain evaluation knows the answer; which columns it does not know.
fn compare(view: &View, expected: &Rows, observed: &Rows, context: &str) -> BTreeSet<String> {
    assert_eq!(expected.columns, observed.columns, "{}, {context}", view.name);
    assert_eq!(expected.rows.len(), observed.rows.len(), "rows of {}, {context}", view.name);
    let mut unknown = BTreeSet::new();
    for (row, (expected, observed)) in expected.rows.iter().zip(&observed.rows).enumerate() {
        for ((column, expected), observed) in view.columns.iter().zip(expected).zip(observed) {
            if *expected == Value::Unknown {
                unknown.insert(format!("{}.{}", view.name, column.name()));
            } else {
                assert_eq!(expected, observed, "row {row} of {}.{}, {context}", view.name, column.name());
            }
        }
    }
    unknown
}

/// Evaluates every view twice. Returns the views that were compared and the columns that only the engine evaluates.
async fn hold(catalog: &Catalog) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut compared, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for seed in seeds() {
        let data = data(catalog, seed);
        let ctx = in_memory(catalog, &data).await;
        let mut relations: BTreeMap<String, Rows> =
            data.iter().map(|(name, batch)| (name.clone(), Rows::of(batch))).collect();
        for view in &catalog.views {
            let Some(expected) = evaluate::view(view, &relations) else { continue };
            let observed = observed(&ctx, &view.name).await;
            unknown.extend(compare(view, &expected, &observed, &format!("CSTSPEC_SEED={seed}")));
            assert!(!expected.rows.is_empty(), "{} has no row to compare, CSTSPEC_SEED={seed}", view.name);
            compared.insert(view.name.clone());
            // What only the engine evaluates is taken from it by the views above.
            relations.insert(view.name.clone(), observed);
        }
    }
    (compared, unknown)
}

fn all_but(catalog: &Catalog, left_out: &[&str]) -> BTreeSet<String> {
    catalog.views.iter().map(|view| view.name.clone()).filter(|name| !left_out.contains(&name.as_str())).collect()
}

/// Views of LibCST are what their contract says over random rows.
#[tokio::test]
async fn libcst_views_random_rows() {
    let catalog = cstspec_libcst::catalog();
    let (compared, unknown) = hold(&catalog).await;
    // The diagnosis tells of types and not of rows.
    assert_eq!(compared, all_but(&catalog, &["cst_schema_diagnostics"]));
    assert_eq!(unknown, BTreeSet::new());
}

/// Views of telemetry are what their contract says over random rows.
#[tokio::test]
async fn telemetry_views_random_rows() {
    let catalog = telemetry();
    let (compared, unknown) = hold(&catalog).await;
    assert_eq!(compared, all_but(&catalog, &["report_types", "daily_energy", "site_days", "loaded_constants"]));
    // Decimals, and times as text, are computed by the engine alone.
    let only_the_engine = ["parts.total", "readings.reading_id", "readings.taken_on", "readings.worth"];
    assert_eq!(unknown, only_the_engine.map(str::to_owned).into());
}

/// Rows that went through a file give the same views.
#[tokio::test]
async fn views_same_after_file() {
    let catalog = cstspec_libcst::catalog();
    for seed in seeds().into_iter().take(2) {
        through_a_file(&catalog, &data(&catalog, seed), seed).await;
    }
}

/// Rows give the same views whatever a file marks as required.
#[tokio::test]
async fn views_same_with_required_fields() {
    for (number, catalog) in [cstspec_libcst::catalog(), telemetry()].into_iter().enumerate() {
        for seed in seeds().into_iter().take(2) {
            // The contract lets them be NULL, and the file does not; or both do not.
            let mut random = fastrand::Rng::with_seed(seed + 100 * number as u64);
            let mut strict = catalog.clone();
            for column in strict.datasets.iter_mut().flat_map(|dataset| &mut dataset.columns) {
                column.field = arrays::marked(&column.field, &mut random);
            }
            let data = data(&strict, seed);
            through_a_file(&catalog, &data, seed).await;
            through_a_file(&strict, &data, seed).await;
        }
    }
}

fn telemetry() -> Catalog {
    cstspec_spec::compile(&world::workspace().join("tests/catalogs/telemetry")).catalog.unwrap()
}

/// Writes each dataset's rows to a file, where a NULL hides nothing; every relation is what it is over the rows in memory.
async fn through_a_file(catalog: &Catalog, data: &BTreeMap<String, RecordBatch>, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut locations = Locations::new();
    for (name, batch) in data {
        let path = folder.path().join(format!("{name}.parquet"));
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        locations.insert(name.clone(), Location::Url(path.display().to_string()));
    }
    let ctx = one_partition(catalog, &locations).await;
    let memory = in_memory(catalog, data).await;
    let typed = ["cst_schema_diagnostics", "report_types"];
    for relation in catalog.relations().filter(|relation| !typed.contains(&relation.name())) {
        let (expected, observed) = (observed(&memory, relation.name()).await, observed(&ctx, relation.name()).await);
        assert!(expected == observed, "{} differs behind a file, CSTSPEC_SEED={seed}", relation.name());
    }
}
