//! The cost of reading a drifted file through its contract, compared with the engine's own adapter on the drifts that it supports.
//!
//! Runs are interleaved, so that both meet the same machine; medians with the fastest and slowest run, and their ratio.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use tempfile::TempDir;

#[allow(dead_code)]
#[path = "../tests/suite/world.rs"]
mod world;

const RUNS: usize = 15;
const COPIES: usize = 2000;

fn changed(schema: &Schema, name: &str, change: impl Fn(Field) -> Option<Field>) -> SchemaRef {
    let fields = schema.fields().iter().filter_map(|field| {
        if field.name() == name { change(field.as_ref().clone()).map(Arc::new) } else { Some(Arc::clone(field)) }
    });
    Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()))
}

/// `refs` with the fields of its elements replaced.
fn elements(schema: &Schema, change: impl Fn(Vec<FieldRef>) -> Vec<FieldRef>) -> SchemaRef {
    changed(schema, "refs", |field| {
        let DataType::List(item) = field.data_type() else { return None };
        let DataType::Struct(fields) = item.data_type() else { return None };
        let fields = DataType::Struct(change(fields.iter().cloned().collect()).into());
        let item = Arc::new(item.as_ref().clone().with_data_type(fields));
        Some(field.with_data_type(DataType::List(item)))
    })
}

fn drifts(sound: &SchemaRef) -> Vec<(&'static str, SchemaRef)> {
    let narrower = |fields: Vec<FieldRef>| {
        let narrow = |field: FieldRef| match field.name().as_str() {
            "bstart" => Arc::new(field.as_ref().clone().with_data_type(DataType::Int32)),
            _ => field,
        };
        fields.into_iter().map(narrow).collect()
    };
    let extended = |mut fields: Vec<FieldRef>| {
        fields.push(Arc::new(Field::new("junk", DataType::Utf8, true)));
        fields
    };
    vec![
        ("none", Arc::clone(sound)),
        ("column missing", changed(sound, "attrs", |_| None)),
        (
            "field missing",
            elements(sound, |mut fields| {
                fields.retain(|field| field.name() != "ref_text");
                fields
            }),
        ),
        ("field widened", elements(sound, narrower)),
        ("fields reordered", elements(sound, |fields| fields.into_iter().rev().collect())),
        ("field extra", elements(sound, extended)),
    ]
}

async fn read(ctx: &SessionContext, table: &str) -> (Duration, usize) {
    let start = Instant::now();
    let frame = ctx.sql(&format!("SELECT * FROM {table}")).await.expect("the query is planned");
    let mut stream = frame.execute_stream().await.expect("the query starts");
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch.expect("the file is read").num_rows();
    }
    (start.elapsed(), rows)
}

fn shown(times: &mut [Duration]) -> (Duration, String) {
    times.sort();
    let median = times[times.len() / 2];
    (median, format!("{median:>9.2?} ({:.2?}..{:.2?})", times[0], times[times.len() - 1]))
}

fn main() {
    let schema = world::schema();
    world::run(async {
        for (name, stored) in drifts(&schema) {
            let folder = TempDir::new().expect("there is a place for temporary files");
            let path = folder.path().join("files.parquet");
            let one = world::batch(&stored, world::ROWS);
            let all = arrow::compute::concat_batches(&stored, std::iter::repeat_n(&one, COPIES)).expect("one schema");
            world::write(&path, &all);
            let ctx = world::open(&world::catalog(), &world::at(&path)).await;
            let url = ListingTableUrl::parse(path.display().to_string()).expect("the path is a URL");
            let config = ListingTableConfig::new(url)
                .with_listing_options(ListingOptions::new(Arc::new(ParquetFormat::default())))
                .with_schema(Arc::clone(&schema));
            let plain = ListingTable::try_new(config).expect("the schema is declared");
            ctx.register_table("plain", Arc::new(plain)).expect("the name is free");
            let (mut ours, mut engine) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                let (time, rows) = read(&ctx, "files_v1").await;
                ours.push(time);
                let (time, plain) = read(&ctx, "plain").await;
                engine.push(time);
                assert_eq!(rows, plain);
            }
            let ((median, ours), (plain, engine)) = (shown(&mut ours), shown(&mut engine));
            let ratio = median.as_secs_f64() / plain.as_secs_f64();
            println!("{name:<18} contract {ours}  engine {engine}  ratio {ratio:.2}");
        }
    });
}
