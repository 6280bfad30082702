//! Delta tables whose log breaks a promise, or cannot be read.

use std::fs;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use cstspec_contract::Severity;
use cstspec_runtime::{DeltaVersion, Depth, Location, Locations, Report, SourceReport};
use serde_json::{Value, json};

use super::{Case, DATASET, line, only, respell, spec_line};
use crate::delta::log::{self, Table, features, metadata, protocol, remove};
use crate::world;

const SPEC: &str = "datasets/units_v1.yaml";

/// The sound rows in one file of a Delta table whose log says what the contract says.
fn sound() -> (Case, Table) {
    let case = Case::sound();
    let table = Table::of(&case.data(""), &case.schema(), &[], &[("units.parquet", json!({}))]);
    (case, table)
}

/// The same with another schema in its log.
fn with_schema(schema: &Schema) -> Case {
    let case = Case::sound();
    Table::of(&case.data(""), schema, &[], &[("units.parquet", json!({}))]);
    case
}

/// The same with properties, and with what `change` makes of the columns in the log.
fn described(properties: &Value, change: impl Fn(&mut Value)) -> Case {
    let case = Case::sound();
    let mut columns = log::struct_type(case.schema().fields());
    change(&mut columns);
    let mut table = Table::new(&case.data(""));
    let add = table.add("units.parquet", &json!({}));
    table.commit(&[protocol(1, 3), log::described(&columns, &[], properties), add]);
    case
}

/// The declared columns, with the one of the name `column` made another.
fn changed(case: &Case, column: &str, change: impl Fn(Field) -> Field) -> Schema {
    let schema = case.schema();
    let fields = schema.fields().iter().map(|field| {
        let field = field.as_ref().clone();
        if field.name() == column { change(field) } else { field }
    });
    Schema::new(fields.collect::<Vec<_>>())
}

async fn at(case: &Case, at: DeltaVersion) -> Report {
    let url = case.data("").display().to_string();
    let locations = Locations::from([(DATASET.to_owned(), Location::Delta { url, at })]);
    let ctx = world::open(&case.catalog(), &locations).await;
    case.verify_in(&ctx, Depth::Plain).await
}

fn source(report: &Report) -> &SourceReport {
    &report.sources[0]
}

#[tokio::test]
async fn a_sound_delta_table_has_no_finding_with_deleted_rows_and_without() {
    let (case, mut table) = sound();
    let whole = case.verify(Depth::Deep).await;
    assert!(whole.findings.is_empty(), "{:#?}", whole.findings);
    let read = source(&whole);
    assert_eq!((read.layout.as_str(), read.reader.as_str(), read.version), ("delta", "contract", Some(0)));
    assert_eq!((read.files, read.refused), (1, 0));

    case.write("more.parquet", Case::ROWS);
    let deleted = table.add_without("more.parquet", 4, &[0, 1, 2, 3]);
    table.commit(&[features(&["deletionVectors"]), deleted]);
    for depth in [Depth::Plain, Depth::Deep] {
        let report = case.verify(depth).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let read = source(&report);
        assert_eq!((read.layout.as_str(), read.reader.as_str(), read.version), ("delta", "contract", Some(1)));
        let rows =
            |report: &Report| -> Vec<Option<u64>> { report.relations.iter().map(|relation| relation.rows).collect() };
        assert_eq!(rows(&report), rows(&whole));
    }
}

#[tokio::test]
async fn a_version_of_a_folder_without_a_log_is_one_finding() {
    let case = Case::sound();
    let report = at(&case, DeltaVersion::Version(1)).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R401");
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data");
    assert_eq!(finding.expected.as_deref(), Some("a Delta table, for `?version=1` of it"));
}

#[tokio::test]
async fn a_version_that_the_log_has_not_is_one_finding_with_those_it_has() {
    let (case, mut table) = sound();
    table.commit(&[remove("units.parquet")]);
    let report = at(&case, DeltaVersion::Version(7)).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R402");
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data");
    assert_eq!(finding.expected.as_deref(), Some("`?version=7`"));
    let known = "versions 0 to 1, committed 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z";
    assert_eq!(finding.observed.as_deref(), Some(known));
}

#[tokio::test]
async fn a_log_that_is_damaged_is_one_finding() {
    let (case, table) = sound();
    fs::write(table.commit_path(0), "{\"protocol\": no JSON").unwrap();
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R403");
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data");
    assert!(report.relations.iter().all(|relation| !relation.executed));
}

#[tokio::test]
async fn a_reader_feature_that_is_not_there_is_one_finding_that_names_it() {
    let case = Case::sound();
    let mut table = Table::new(&case.data(""));
    let add = table.add("units.parquet", &json!({}));
    let asked = features(&["variantShredding-preview", "variantType-preview", "variantType"]);
    table.commit(&[asked, metadata(&case.schema(), &[], &json!({})), add]);
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R404");
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert!(finding.observed.as_ref().unwrap().contains("variant"), "{finding:#?}");
}

#[tokio::test]
async fn a_file_that_the_log_names_and_is_not_there_is_one_finding_and_the_others_are_read() {
    let (case, mut table) = sound();
    table.commit(&[table.add("gone%20away.parquet", &json!({}))]);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R405");
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/gone away.parquet");
    assert_eq!(report.relations[0].rows, Some(4));
    assert_eq!((source(&report).files, source(&report).refused), (1, 1));

    // The same where rows of other files are deleted.
    case.write("more.parquet", Case::ROWS);
    let deleted = table.add_without("more.parquet", 4, &[0, 1, 2, 3]);
    table.commit(&[features(&["deletionVectors"]), deleted]);
    let report = case.verify(Depth::Plain).await;
    assert_eq!(only(&report).code, "R405");
    assert_eq!(only(&report).data.as_ref().unwrap().file, "/data/gone away.parquet");
    assert_eq!(report.relations[0].rows, Some(4));
}

#[tokio::test]
async fn a_null_partition_value_of_a_column_that_is_not_null_is_one_finding() {
    let case = Case::new();
    case.edit(SPEC, "repo: { type: utf8,", "repo: { type: utf8, nullable: false,");
    let stored = Arc::new(Schema::new(case.schema().fields()[1..].to_vec()));
    let rows = Case::ROWS.trim().lines();
    let [first, second] = rows.take(2).collect::<Vec<_>>()[..] else { panic!("two rows") };
    case.write_as("one.parquet", first, &stored);
    case.write_as("two.parquet", second, &stored);
    let files = [("one.parquet", json!({ "repo": "alpha" })), ("two.parquet", json!({ "repo": null }))];
    let nullable = changed(&case, "repo", |field| field.with_nullable(true));
    Table::of(&case.data(""), &nullable, &["repo"], &files);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R406");
    assert_eq!(spec_line(finding), line(SPEC, "repo:"));
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/two.parquet");
    assert_eq!(finding.observed.as_deref(), Some("NULL"));
    assert_eq!(report.relations[0].rows, Some(1));
}

#[tokio::test]
async fn a_column_that_the_log_has_in_a_refused_type_is_one_finding() {
    let case = Case::new();
    let schema = changed(&case, "size", |field| field.with_data_type(DataType::Utf8));
    let case = with_schema(&schema);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R407", Severity::Error));
    assert_eq!(spec_line(finding), line(SPEC, "size:"));
    assert_eq!(finding.path.as_deref(), Some("size"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data");
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("int64"), Some("utf8")));
}

#[tokio::test]
async fn a_column_that_the_log_has_in_a_narrower_type_is_one_finding_for_information() {
    let case = Case::new();
    let schema = changed(&case, "size", |field| field.with_data_type(DataType::Int32));
    let case = with_schema(&schema);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R408", Severity::Info));
    assert_eq!(spec_line(finding), line(SPEC, "size:"));
    assert_eq!(finding.path.as_deref(), Some("size"));
}

#[tokio::test]
async fn what_a_file_lacks_too_is_told_of_the_file_alone() {
    let case = Case::new();
    let less =
        Schema::new(case.schema().fields().iter().filter(|field| field.name() != "size").cloned().collect::<Vec<_>>());
    case.write_as("units.parquet", Case::ROWS, &Arc::new(less.clone()));
    Table::of(&case.data(""), &less, &[], &[("units.parquet", json!({}))]);
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!(finding.path.as_deref(), Some("size"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/units.parquet");
}

#[tokio::test]
async fn other_partition_columns_are_one_finding_and_every_row_is_read() {
    let case = Case::new();
    let all = case.schema();
    let stored =
        Schema::new(all.fields().iter().filter(|field| field.name() != "file_id").cloned().collect::<Vec<_>>());
    let rows: Vec<&str> = Case::ROWS.trim().lines().collect();
    case.write_as("a.parquet", rows[0], &Arc::new(stored.clone()));
    case.write_as("b.parquet", rows[1], &Arc::new(stored));
    let files = [("a.parquet", json!({ "file_id": "f1" })), ("b.parquet", json!({ "file_id": "f2" }))];
    Table::of(&case.data(""), &all, &["file_id"], &files);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R409", Severity::Warning));
    assert_eq!(spec_line(finding), line(SPEC, "partitions:"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("repo"), Some("file_id")));
    assert_eq!(report.relations[0].rows, Some(2));
    let validation = source(&report).partition_schema_validation.as_ref().unwrap();
    assert_eq!(validation.actual_partition_cols, ["file_id"]);
    assert_eq!(validation.missing_partition_cols, ["repo"]);
}

#[tokio::test]
async fn a_constraint_that_the_contract_does_not_promise_is_one_finding() {
    let case = described(&json!({ "delta.constraints.positive": "size >= 0" }), |_| {});
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R410", Severity::Info));
    assert_eq!(spec_line(finding), line(SPEC, "dataset:"));
    assert_eq!(finding.observed.as_deref(), Some("size >= 0"));

    let case = Case::new();
    let case = with_schema(&changed(&case, "size", |field| field.with_nullable(false)));
    let report = case.verify(Depth::Plain).await;
    assert_eq!(only(&report).code, "R410");
    assert_eq!(spec_line(only(&report)), line(SPEC, "size:"));

    let invariant = json!({ "expression": { "expression": "size < 100" } }).to_string();
    let case = described(&json!({}), |columns| {
        columns["fields"][3]["metadata"] = json!({ "delta.invariants": invariant.as_str() });
    });
    assert_eq!(only(&case.verify(Depth::Plain).await).observed.as_deref(), Some("size < 100"));

    // What the contract promises too is nothing to tell.
    let promised = json!({ "delta.constraints.there": "(path IS NOT NULL)" });
    let report = described(&promised, |_| {}).verify(Depth::Plain).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_constraint_that_allows_what_the_contract_does_not_is_one_finding() {
    let case = Case::sound();
    case.edit(SPEC, "repo: { type: utf8,", "repo: { type: utf8, allowed: [alpha, beta b],");
    let mut table = Table::new(&case.data(""));
    let add = table.add("units.parquet", &json!({}));
    let properties = json!({ "delta.constraints.known": "repo IN ('alpha', 'gamma')" });
    table.commit(&[protocol(1, 3), metadata(&case.schema(), &[], &properties), add]);
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R411", Severity::Warning));
    assert_eq!(spec_line(finding), line(SPEC, "repo:"));
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!(
        (finding.expected.as_deref(), finding.observed.as_deref()),
        (Some("alpha, beta b"), Some("alpha, gamma"))
    );
}

#[tokio::test]
async fn a_likely_rename_in_the_log_and_its_files_is_one_finding() {
    let case = Case::new();
    let schema = respell::renamed(&case.schema(), "refs.bstart", "bStart");
    case.write_as("units.parquet", &Case::ROWS.replace("\"bstart\":", "\"bStart\":"), &schema);
    Table::of(&case.data(""), &schema, &[], &[("units.parquet", json!({}))]);
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R150", Some("refs.bstart")));
    case.edit(SPEC, "refs.begin: bstart", "refs.begin: bstart, refs.bStart: bstart");
    let report = case.verify(Depth::Plain).await;
    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Info), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_column_that_the_log_alone_has_under_another_name_is_one_finding() {
    let case = with_schema(&respell::renamed(&Case::new().schema(), "size", "Size"));
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R150", Some("size")));
    assert!(finding.message.contains("`Size` in the log of"), "{}", finding.message);
}
