//! Files that differ from the contract: what its evolution allows is told once per file and path, and what it does not is refused.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Depth, Report};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Case, DATASET, line, only, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";
const ROW: &str = r#"{"path":"x.py","file_id":"x","size":3,"refs":[],"scopes":[]}"#;

fn schema(case: &Case) -> SchemaRef {
    case.catalog().dataset(DATASET).unwrap().schema()
}

/// The schema with the column `name` changed, or taken out.
fn with(schema: &Schema, name: &str, change: impl Fn(&Field) -> Option<Field>) -> SchemaRef {
    let fields: Fields = schema
        .fields()
        .iter()
        .filter_map(|field| if field.name() == name { change(field).map(Arc::new) } else { Some(Arc::clone(field)) })
        .collect();
    Arc::new(Schema::new(fields))
}

/// The sound table, and beside it `other.parquet` of another schema.
fn beside(case: &Case, schema: &SchemaRef) {
    case.write_as("other.parquet", ROW, schema);
}

/// The one finding of a report, about the file beside the sound one.
fn told<'r>(report: &'r Report, name: &str, severity: Severity, path: &str) -> &'r Finding {
    let finding = only(report);
    assert_eq!((finding.name.as_ref(), finding.severity), (name, severity));
    assert_eq!(finding.path.as_deref(), Some(path));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/other.parquet");
    assert!(report.relations.iter().all(|relation| relation.executed));
    finding
}

#[tokio::test]
async fn a_column_of_a_narrower_type_is_cast_and_told() {
    let case = Case::sound();
    beside(&case, &with(&schema(&case), "size", |field| Some(field.clone().with_data_type(DataType::Int32))));
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "file-drifted", Severity::Info, "size");
    assert_eq!(spec_line(finding), line(SPEC, "size: { type: int64"));
    assert_eq!(finding.expected.as_deref(), Some("int64"));
    assert!(finding.observed.as_deref().unwrap().starts_with("int32: "), "{finding:?}");
    assert_eq!(report.relations[0].rows, Some(5));
    assert_eq!(report.conversions.len(), 1);
}

#[tokio::test]
async fn a_column_that_a_file_has_twice_is_refused() {
    let case = Case::sound();
    let mut fields = schema(&case).fields().to_vec();
    fields.push(Arc::new(Field::new("size", DataType::Int64, true)));
    beside(&case, &Arc::new(Schema::new(fields)));
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "file-field-ambiguous", Severity::Error, "size");
    assert_eq!(spec_line(finding), line(SPEC, "size: { type: int64"));
    assert_eq!(finding.observed.as_deref(), Some("2 fields called `size`"));
    assert_eq!(report.relations[0].rows, Some(4));
}

#[tokio::test]
async fn a_column_that_only_the_file_has_is_told_as_the_policy_says() {
    let case = Case::sound();
    let mut fields = schema(&case).fields().to_vec();
    fields.push(Arc::new(Field::new("sizes", DataType::Int64, true)));
    beside(&case, &Arc::new(Schema::new(fields)));
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "file-has-more", Severity::Warning, "sizes");
    assert_eq!(spec_line(finding), line(SPEC, "extra: warn"));

    case.edit(SPEC, "extra: warn", "extra: ignore");
    let report = case.verify(Depth::Plain).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(report.conversions.len(), 1);

    case.edit(SPEC, "extra: ignore", "extra: error");
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "drift-refused", Severity::Error, "sizes");
    assert_eq!(spec_line(finding), line(SPEC, "extra: warn"));
    assert_eq!(report.relations[0].rows, Some(4));
}

#[tokio::test]
async fn a_cast_that_could_lose_values_is_refused_whatever_the_rows() {
    let case = Case::sound();
    beside(&case, &with(&schema(&case), "size", |field| Some(field.clone().with_data_type(DataType::Float64))));
    let report = case.verify(Depth::Deep).await;
    let finding = told(&report, "drift-refused", Severity::Error, "size");
    assert_eq!(spec_line(finding), line(SPEC, "size: { type: int64"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("int64"), Some("float64")));
    assert_eq!((report.sources[0].files, report.sources[0].refused), (1, 1));
}

#[tokio::test]
async fn a_column_that_may_not_be_missing_is_told() {
    let case = Case::sound();
    beside(&case, &with(&schema(&case), "file_id", |_| None));
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "drift-refused", Severity::Error, "file_id");
    assert_eq!(spec_line(finding), line(SPEC, "file_id: { type: utf8"));
    assert_eq!(finding.expected.as_deref(), Some("utf8 not null"));
}

#[tokio::test]
async fn a_nullable_column_is_refused_where_the_contract_does_not_relax() {
    let case = Case::sound();
    case.edit(SPEC, "nullability: relax", "nullability: error");
    beside(&case, &with(&schema(&case), "path", |field| Some(field.clone().with_nullable(true))));
    let report = case.verify(Depth::Plain).await;
    let finding = told(&report, "drift-refused", Severity::Error, "path");
    assert!(finding.remedy.as_deref().unwrap().contains("nullability"));
}

#[tokio::test]
async fn wishes_that_files_do_not_meet_are_one_finding_per_column() {
    let case = Case::new();
    case.edit(SPEC, "evolution:", "scan: { statistics: [path], bloom_filters: [refs.ref_id] }\nevolution:");
    let folder = case.data("");
    std::fs::create_dir_all(&folder).unwrap();
    let rows = schema(&case);
    for name in ["a.parquet", "b.parquet"] {
        let properties = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, Arc::clone(&rows), Some(properties)).unwrap();
        let mut reader = arrow::json::ReaderBuilder::new(Arc::clone(&rows)).build(ROW.as_bytes()).unwrap();
        writer.write(&reader.next().unwrap().unwrap()).unwrap();
        writer.close().unwrap();
    }
    let report = case.verify(Depth::Plain).await;
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.severity, Severity::Info);
            assert_eq!(finding.data.as_ref().unwrap().file, "/data/a.parquet");
            assert_eq!(finding.observed.as_deref(), Some("none in 2 of the files"));
            (finding.name.as_ref(), finding.path.as_deref().unwrap())
        })
        .collect();
    assert_eq!(found, [("bloom-filter-missing", "refs.ref_id"), ("statistics-missing", "path")]);
}
