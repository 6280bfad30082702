//! Delta tables: the rows of the version asked for, whatever its log says of the files.

mod clones;
mod mapping;
mod meaning;
pub mod small;
mod vectors;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use cstspec_contract::describe;
use cstspec_runtime::{DeltaVersion, Location, Locations, observe};
use cstspec_tests::delta_log::{self, Table, features, metadata, protocol, remove};
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::prelude::SessionContext;
use serde_json::{Value, json};

use crate::contracts::{Case, DATASET};
use crate::world;

/// The rows of the sound case, one file each.
fn four(case: &Case) -> [String; 4] {
    let lines: Vec<&str> = Case::ROWS.trim().lines().collect();
    std::array::from_fn(|index| {
        let name = format!("part {index}.parquet");
        case.write(&name, lines[index]);
        format!("part%20{index}.parquet")
    })
}

fn located(case: &Case, at: DeltaVersion) -> Locations {
    let url = case.data("").display().to_string();
    Locations::from([(DATASET.to_owned(), Location::Delta { url, at, clone_of: Vec::new() })])
}

/// The values of `path`, in order.
async fn paths(ctx: &SessionContext) -> String {
    let batches = ctx.sql("SELECT path FROM units_v1 ORDER BY path").await.unwrap().collect().await.unwrap();
    let rows = concat_batches(&batches[0].schema(), &batches).unwrap();
    let column = rows.column(0).as_string::<i32>();
    column.iter().flatten().collect::<Vec<_>>().join(" ")
}

async fn paths_at(case: &Case, at: DeltaVersion) -> String {
    paths(&world::open(&case.catalog(), &located(case, at)).await).await
}

async fn error_at(case: &Case, at: DeltaVersion) -> String {
    let ctx = world::open(&case.catalog(), &located(case, at)).await;
    let error = ctx.sql("SELECT path FROM units_v1").await.unwrap().collect().await.unwrap_err();
    error.strip_backtrace().replace(&case.data("").display().to_string(), "TABLE")
}

/// Version 0 has two files, 1 one more, 2 one less; a fourth is in the folder and nobody's.
fn grown(case: &Case) -> Table {
    let [a, b, c, _] = four(case);
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let none = json!({});
    let mut table = Table::of(&case.data(""), &schema, &[], &[(&a, none.clone()), (&b, none.clone())]);
    table.commit(&[table.add(&c, &none)]);
    table.commit(&[remove(&a)]);
    table
}

/// A folder with a log is the newest version and no other files.
#[tokio::test]
async fn newest_version_read() {
    let case = Case::new();
    grown(&case);
    assert_eq!(paths(&case.open().await).await, "b.py c.py");
    assert_eq!(paths_at(&case, DeltaVersion::Latest).await, "b.py c.py");
}

/// A version and a timestamp read the files of then.
#[tokio::test]
async fn version_and_timestamp() {
    let case = Case::new();
    grown(&case);
    assert_eq!(paths_at(&case, DeltaVersion::Version(0)).await, "a.py b.py");
    assert_eq!(paths_at(&case, DeltaVersion::Version(1)).await, "a.py b.py c.py");
    let hour = |hours: i64| DeltaVersion::Timestamp(1_767_225_600_000 + 3_600_000 * hours);
    assert_eq!(paths_at(&case, hour(0)).await, "a.py b.py");
    assert_eq!(paths_at(&case, DeltaVersion::Timestamp(1_767_225_600_000 + 3_599_999)).await, "a.py b.py");
    assert_eq!(paths_at(&case, hour(1)).await, "a.py b.py c.py");
    assert_eq!(paths_at(&case, hour(9)).await, "b.py c.py");
}

/// A version that is not there is an error that names those that are.
#[tokio::test]
async fn version_missing() {
    let case = Case::new();
    grown(&case);
    let known = "versions 0 to 2, committed 2026-01-01T00:00:00Z to 2026-01-01T02:00:00Z";
    for (at, asked) in [
        (DeltaVersion::Version(3), "?version=3"),
        (DeltaVersion::Timestamp(1_767_225_599_999), "?timestamp=2025-12-31T23:59:59.999Z"),
    ] {
        let error = error_at(&case, at).await;
        assert_eq!(
            error,
            format!(
                "External error: `TABLE`, the Delta table of `units_v1`, has no such version: expected `{asked}`, found {known}; \
                 request one of the available versions"
            )
        );
    }
}

/// A registration keeps its version while the table grows.
#[tokio::test]
async fn version_kept_while_growing() {
    let case = Case::new();
    let mut table = grown(&case);
    let ctx = case.open().await;
    assert_eq!(paths(&ctx).await, "b.py c.py");
    table.commit(&[table.add("part%203.parquet", &json!({}))]);
    assert_eq!(paths(&ctx).await, "b.py c.py");
    assert_eq!(paths(&case.open().await).await, "b.py c.py d.py");
}

/// Files are found by encoded paths and by URLs.
#[tokio::test]
async fn paths_encoded_and_urls() {
    let case = Case::new();
    let lines: Vec<&str> = Case::ROWS.trim().lines().collect();
    case.write("odd %20 folder/a.parquet", lines[0]);
    case.write("b c.parquet", lines[1]);
    let schema = case.schema();
    let mut table = Table::of(&case.data(""), &schema, &[], &[("odd%20%2520%20folder/a.parquet", json!({}))]);
    let mut by_url = table.add("b%20c.parquet", &json!({}));
    by_url["add"]["path"] = json!(format!("file://{}/b%20c.parquet", case.data("").display()));
    table.commit(&[by_url]);
    assert_eq!(paths(&case.open().await).await, "a.py b.py");
}

/// A commit that says when it was made is believed over its file.
#[tokio::test]
async fn commit_timestamp_preferred() {
    let case = Case::new();
    let [a, b, ..] = four(&case);
    let mut table = Table::new(&case.data(""));
    let said = |time: i64| json!({ "commitInfo": { "inCommitTimestamp": time, "operation": "WRITE" } });
    let properties = json!({ "delta.enableInCommitTimestamps": "true" });
    let asked = json!({ "protocol": {
        "minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["inCommitTimestamp"]
    }});
    let add = table.add(&a, &json!({}));
    table.commit(&[said(1000), asked, metadata(&case.schema(), &[], &properties), add]);
    table.commit(&[said(2000), table.add(&b, &json!({}))]);
    assert_eq!(paths_at(&case, DeltaVersion::Timestamp(1999)).await, "a.py");
    assert_eq!(paths_at(&case, DeltaVersion::Timestamp(2000)).await, "a.py b.py");
}

/// Rows that a deletion vector names are not read.
#[tokio::test]
async fn deleted_rows_not_read() {
    let case = Case::new();
    case.write("all.parquet", Case::ROWS);
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let mut table = Table::new(&case.data(""));
    let add = table.add_without("all.parquet", 4, &[0, 2]);
    table.commit(&[features(&["deletionVectors"]), metadata(&schema, &[], &json!({})), add]);
    let ctx = case.open().await;
    assert_eq!(paths(&ctx).await, "b.py d.py");
    for (query, expected) in [
        ("SELECT count(*) FROM units_v1", 2),
        ("SELECT count(size) FROM units_v1", 1),
        ("SELECT count(*) FROM units_v1 WHERE size = 7", 1),
        ("SELECT count(*) FROM units_v1 WHERE size = 10", 0),
        ("SELECT count(*) FROM refs", 1),
    ] {
        assert_eq!(count(&ctx, query).await, expected, "{query}");
    }
}

/// The sound rows in a file whose columns have other names, as a table with mapped columns stores them.
fn mapped(case: &Case) -> Table {
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let stored: Vec<Field> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let id = HashMap::from([("PARQUET:field_id".to_owned(), (index + 1).to_string())]);
            field.as_ref().clone().with_name(format!("col-{index}")).with_metadata(id)
        })
        .collect();
    let rows = case.batch(Case::ROWS);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(stored)), rows.columns().to_vec()).unwrap();
    case.write_batch("all.parquet", &batch);
    let mut columns = delta_log::struct_type(schema.fields());
    let mut next = schema.fields().len();
    map_columns(&mut columns, true, &mut next);
    let mut table = Table::new(&case.data(""));
    let properties = json!({ "delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "99" });
    let add = table.add("all.parquet", &json!({}));
    table.commit(&[protocol(2, 5), delta_log::described(&columns, &[], &properties), add]);
    table
}

/// Gives every field of a schema its number and its name in files: of the top ones `col-0`, `col-1`, ..., below the same name.
fn map_columns(data_type: &mut Value, top: bool, next: &mut usize) {
    match data_type["type"].as_str().map(str::to_owned).as_deref() {
        Some("struct") => {
            for (index, field) in data_type["fields"].as_array_mut().unwrap().iter_mut().enumerate() {
                let name = if top { json!(format!("col-{index}")) } else { field["name"].clone() };
                *next += 1;
                let id = if top { index + 1 } else { *next };
                field["metadata"] = json!({ "delta.columnMapping.id": id, "delta.columnMapping.physicalName": name });
                map_columns(&mut field["type"], false, next);
            }
        }
        Some("array") => map_columns(&mut data_type["elementType"], false, next),
        Some("map") => map_columns(&mut data_type["valueType"], false, next),
        _ => {}
    }
}

/// Mapped columns are read by the names that the log gives them.
#[tokio::test]
async fn mapped_columns_by_log_name() {
    let case = Case::new();
    mapped(&case);
    let ctx = case.open().await;
    assert_eq!(observe(&ctx, DATASET).await.unwrap().rows, describe::rows(&case.schema()));
    let batches = ctx.sql("SELECT * FROM units_v1").await.unwrap().collect().await.unwrap();
    assert_eq!(concat_batches(&case.schema(), &batches).unwrap(), case.batch(Case::ROWS));
    assert_eq!(count(&ctx, "SELECT count(*) FROM units_v1 WHERE file_id = 'f4' AND size > 1").await, 1);
}

/// Mapped columns are read by the contracts own scan.
#[tokio::test]
async fn mapped_columns_own_scan() {
    let case = Case::new();
    mapped(&case);
    let ctx = case.open().await;
    let plan = ctx.sql("SELECT repo, refs FROM units_v1").await.unwrap().create_physical_plan().await.unwrap();
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
    assert!(shown.starts_with("DataSourceExec: ") && shown.contains("projection=[repo, refs]"), "{shown}");
    let expected = Arc::new(case.schema().project(&[0, 4]).unwrap());
    assert_eq!(plan.schema(), expected);
    for batch in ctx.sql("SELECT repo, refs FROM units_v1").await.unwrap().collect().await.unwrap() {
        assert_eq!(batch.schema(), expected);
    }
}

/// A provider of the hosts is read by name with casts defaults and renames.
#[tokio::test]
async fn provider_of_host() {
    let case = Case::new();
    let batch = case.batch(Case::ROWS);
    let narrow = cast(batch.column(3), &DataType::Int32).unwrap();
    let schema = Schema::new(vec![
        Field::new("size", DataType::Int32, true),
        Field::new("path", DataType::Utf8, true),
        Field::new("file_id", DataType::Utf8, false),
        Field::new("more", DataType::Utf8, true),
    ]);
    let columns = vec![narrow, Arc::clone(batch.column(1)), Arc::clone(batch.column(2)), Arc::clone(batch.column(1))];
    let stored = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let table = MemTable::try_new(stored.schema(), vec![vec![stored]]).unwrap();
    let locations = Locations::from([(DATASET.to_owned(), Location::Table(Arc::new(table)))]);
    let ctx = world::open(&case.catalog(), &locations).await;
    assert_eq!(observe(&ctx, DATASET).await.unwrap().rows, describe::rows(&case.schema()));
    for (query, expected) in [
        ("SELECT count(*) FROM units_v1", 4),
        ("SELECT count(size) FROM units_v1", 3),
        ("SELECT count(*) FROM units_v1 WHERE size = 7 AND path = 'd.py'", 1),
        ("SELECT count(*) FROM units_v1 WHERE repo IS NULL", 4),
        ("SELECT sum(size) FROM units_v1", 17),
    ] {
        assert_eq!(count(&ctx, query).await, expected, "{query}");
    }
}

async fn count(ctx: &SessionContext, query: &str) -> i64 {
    let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// The sample is the same as a file a folder a Hive layout and a Delta table.
#[tokio::test]
async fn sample_in_all_layouts() {
    let catalog = cstspec_libcst::catalog();
    let (folder, file) = world::sample();
    let schema = catalog.dataset(world::DATASET).unwrap().schema();
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&file).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    // A few files say as much as all of them, and every relation is read five times.
    let all = all.slice(0, 6);
    let half = all.num_rows() / 2;
    let parts = [all.slice(0, half), all.slice(half, all.num_rows() - half)];
    // Folders carry the repository, which the sample leaves NULL; so every layout gets one that has a value.
    let repo: ArrayRef = Arc::new(StringArray::from(vec!["a b"; all.num_rows()]));
    let named = |part: &RecordBatch| {
        let mut columns = part.columns().to_vec();
        columns[all.schema().index_of("repo").unwrap()] = repo.slice(0, part.num_rows());
        RecordBatch::try_new(part.schema(), columns).unwrap()
    };
    let less = |part: &RecordBatch| {
        let index = all.schema().index_of("repo").unwrap();
        let kept: Vec<usize> = (0..part.num_columns()).filter(|column| *column != index).collect();
        part.project(&kept).unwrap()
    };
    let [one, plain, hive, delta, flat] =
        ["one", "plain", "hive", "delta", "flat"].map(|name| folder.path().join(name));
    write(&one.join("all.parquet"), &named(&all));
    for (index, part) in parts.iter().enumerate() {
        let name = format!("part-{index}.parquet");
        write(&plain.join(&name), &named(part));
        write(&flat.join(&name), &named(part));
        for layout in [&hive, &delta] {
            write(&layout.join("repo=a b").join(&name), &less(part));
        }
    }
    let values = json!({ "repo": "a b" });
    let partitioned = [("repo=a%20b/part-0.parquet", values.clone()), ("repo=a%20b/part-1.parquet", values)];
    Table::of(&delta, &schema, &["repo"], &partitioned);
    Table::of(&flat, &schema, &[], &[("part-0.parquet", json!({})), ("part-1.parquet", json!({}))]);

    let mut expected: Option<Vec<_>> = None;
    for place in [one.join("all.parquet"), plain, hive, delta, flat] {
        let ctx = world::open(&catalog, &world::at([(world::DATASET, place.as_path())])).await;
        // In one partition rows come in the order of the files.
        ctx.sql("SET datafusion.execution.target_partitions = 1").await.unwrap();
        let mut found = Vec::new();
        for relation in catalog.relations() {
            let described = observe(&ctx, relation.name()).await.unwrap();
            let frame = ctx.sql(&format!("SELECT * FROM {}", relation.name())).await.unwrap();
            let schema = Arc::clone(frame.schema().inner());
            let batches = frame.collect().await.unwrap();
            found.push((described.rows, concat_batches(&schema, &batches).unwrap()));
        }
        assert_eq!(found.len(), 32);
        match &expected {
            None => expected = Some(found),
            Some(expected) => assert!(*expected == found, "{}", place.display()),
        }
    }
}
