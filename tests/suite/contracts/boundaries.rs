//! Rows leave with the schema that a boundary asks for, or none leaves.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::util::pretty::pretty_format_batches;
use cstspec_contract::Finding;
use cstspec_runtime::boundary::{BoundaryError, Projector};
use cstspec_runtime::fingerprint;
use datafusion::physical_plan::common::collect;

use super::Case;

/// The result of sending a query's rows through a boundary.
struct Outcome {
    /// The rows that left, in one batch.
    rows: Result<RecordBatch, Vec<Finding>>,
    warnings: Vec<Finding>,
    /// `path kind` of what was converted.
    converted: Vec<String>,
}

async fn leave(case: &Case, sql: &str, boundary: &str) -> Outcome {
    let ctx = case.open().await;
    let catalog = case.catalog();
    let boundary = catalog.boundaries.iter().find(|known| known.name == boundary).unwrap();
    let stream = ctx.sql(sql).await.unwrap().execute_stream().await.unwrap();
    let projector = match Projector::plan(boundary, &stream.schema()) {
        Ok(projector) => projector,
        Err(refused) => return Outcome { rows: Err(found(case, &refused)), warnings: vec![], converted: vec![] },
    };
    let mut warnings = projector.warnings();
    case.locate(&mut warnings);
    let converted = projector.conversions().iter().map(|done| format!("{} {}", done.path, done.kind)).collect();
    let leaving = projector.stream(stream);
    assert_eq!(leaving.schema(), boundary.schema());
    let rows = collect(leaving).await.map_err(|error| found(case, BoundaryError::inside(&error).unwrap()));
    let rows = rows.map(|rows| concat_batches(&boundary.schema(), &rows).unwrap());
    Outcome { rows, warnings, converted }
}

fn found(case: &Case, error: &BoundaryError) -> Vec<Finding> {
    let mut findings = error.findings().to_vec();
    case.locate(&mut findings);
    findings
}

/// The rows that left, without a word about them.
async fn leaves(case: &Case, sql: &str, boundary: &str) -> RecordBatch {
    let outcome = leave(case, sql, boundary).await;
    assert_eq!(outcome.warnings, []);
    outcome.rows.unwrap()
}

fn rows(schema: &SchemaRef, text: &str) -> RecordBatch {
    ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(text.to_owned())).unwrap().next().unwrap().unwrap()
}

/// The columns that `refs_out` requests, under its own names and in another order.
const SOUND: &str = "SELECT bstart, 'seen' AS origin, kind, file_id FROM refs ORDER BY file_id, ref_id";

/// Sound rows leave by name with the requested schema.
#[tokio::test]
async fn rows_have_boundary_schema() {
    let case = Case::sound();
    let found = leaves(&case, SOUND, "refs_out").await;
    let expected = r#"
{"file_id":"f1","kind":"name","bstart":1,"origin":"seen"}
{"file_id":"f1","kind":"attribute","bstart":null,"origin":"seen"}
{"file_id":"f4","kind":null,"bstart":7,"origin":"seen"}
"#;
    assert_eq!(found, rows(&found.schema(), expected));
    assert_eq!(found.schema().field(0).data_type(), &DataType::LargeUtf8);
    assert_eq!(found.schema().metadata().get("consumer").map(String::as_str), Some("tests"));
    // The relation has its own metadata and more columns; neither shows.
    assert_eq!(leaves(&case, "SELECT * FROM refs", "refs_out").await.schema(), found.schema());
}

/// Columns of one type that change places keep their names.
#[tokio::test]
async fn columns_swapped() {
    let case = Case::sound();
    let swapped = "SELECT kind AS file_id, file_id AS kind, 0 AS bstart, '' AS origin FROM refs WHERE ref_id = 'r2'";
    let found = leaves(&case, swapped, "refs_out").await;
    assert_eq!(found, rows(&found.schema(), r#"{"file_id":"attribute","kind":"f1","bstart":0,"origin":""}"#));
}

/// Nested fields are matched widened and filled and nothing below a NULL.
#[tokio::test]
async fn nested_fields_widened_and_filled() {
    let case = Case::sound();
    let sql = "SELECT * FROM units_v1 ORDER BY file_id";
    let outcome = leave(&case, sql, "units_out").await;
    let found = outcome.rows.unwrap();
    let expected = r#"
{"refs":[{"span":{"length":2,"start":1,"measure":"bytes"},"ref_id":"r1","score":1,"marks":{"lint":{"note":"n","maker":"unknown"}}},{"span":null,"ref_id":"r2","score":1,"marks":{}}],"file_id":"f1"}
{"refs":[],"file_id":"f2"}
{"refs":null,"file_id":"f3"}
{"refs":[{"span":{"length":1,"start":null,"measure":"bytes"},"ref_id":"r1","score":1,"marks":null}],"file_id":"f4"}
"#;
    assert_eq!(found, rows(&found.schema(), expected));
    let all = outcome.converted.join(", ");
    for one in [
        "refs.ref_id cast",
        "refs.ref_id nullable",
        "refs.score missing",
        "refs.span reordered",
        "refs.span.length cast",
        "refs.span.measure missing",
        "refs.marks.value.maker missing",
        "refs.marks.value.level extra",
        "scopes extra",
    ] {
        assert!(outcome.converted.iter().any(|done| done == one), "`{one}` is not among {all}");
    }
}

/// Metadata and extension types are the requested ones at every depth.
#[tokio::test]
async fn metadata_and_extension_types() {
    let case = Case::sound();
    let found = leaves(&case, "SELECT * FROM units_v1", "units_out").await;
    assert_eq!(found.schema(), case.catalog().boundaries[1].schema());
    let span = cstspec_contract::prelude::path("refs.span");
    let schema = found.schema();
    let span = span.find(schema.fields()).unwrap();
    assert_eq!(span.extension_type_name(), Some("units.span_out"));
    assert_eq!(span.extension_type_metadata(), Some("wide"));
    assert_eq!(schema.metadata().len(), 2, "{:?}", schema.metadata());
}

/// No rows leave with the requested schema too.
#[tokio::test]
async fn empty_rows_have_schema() {
    let case = Case::sound();
    assert_eq!(leaves(&case, "SELECT * FROM units_v1 WHERE size = 99", "units_out").await.num_rows(), 0);
}

/// What is projected is kept once and can be queried.
#[tokio::test]
async fn projections_recorded_once() {
    let case = Case::sound();
    let ctx = case.open().await;
    let catalog = case.catalog();
    let boundary = catalog.boundaries.iter().find(|known| known.name == "refs_out").unwrap();
    let exact = boundary.schema();
    let source = ctx.table("refs").await.unwrap().schema().inner().clone();
    for schema in [&source, &source, &exact] {
        Projector::plan(boundary, schema).unwrap().record(&ctx);
    }
    let told = ctx.sql("SELECT source, path, kind, left_as FROM diagnostics.projections").await.unwrap();
    let told = pretty_format_batches(&told.collect().await.unwrap()).unwrap().to_string();
    let (source, exact) = (fingerprint::schema(&source), fingerprint::schema(&exact));
    let lines = |fingerprint: &str| told.lines().filter(|line| line.contains(fingerprint)).collect::<Vec<_>>();
    let from_source = lines(&source).join("\n");
    for (path, kind) in
        [("file_id", "cast"), ("kind", "cast"), ("origin", "missing"), ("path", "extra"), ("span", "extra")]
    {
        let told = lines(&source)
            .into_iter()
            .filter(|line| line.contains(&format!(" {path} ")) && line.contains(kind))
            .count();
        assert_eq!(told, 1, "{path} {kind} in {from_source}");
    }
    assert_eq!(lines(&exact).len(), 1, "{told}");
}
