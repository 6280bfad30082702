//! Files with a field under another name than the contract's: told as a likely rename, once, with the line that makes it one.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Location, Locations};
use cstspec_tests::schemas;
use cstspec_verify::Depth;
use datafusion::datasource::MemTable;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

const SPEC: &str = "datasets/units_v1.yaml";

/// The sound rows in a file where the field at `path` is called `name`.
fn renamed(case: &Case, file: &str, path: &str, name: &str) {
    let schema = schemas::renamed(&case.schema(), path, name);
    let batch = case.batch(Case::ROWS);
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| schemas::under(column, field.data_type())).collect();
    case.write_batch(file, &RecordBatch::try_new(schema, columns).unwrap());
}

/// Writes what the remedy of `finding` says into the spec.
fn paste(case: &Case, finding: &Finding) {
    let remedy = finding.remedy.as_deref().unwrap();
    let entry = remedy.split('`').nth(1).unwrap();
    assert!(remedy.starts_with(&format!("add `{entry}` to `evolution.renames`")), "{remedy}");
    case.edit(SPEC, "renames: { refs.begin: bstart }", &format!("renames: {{ refs.begin: bstart, {entry} }}"));
}

fn likely(report: &Report) -> &Finding {
    let finding = only(report);
    assert_eq!((finding.code.as_ref(), finding.name.as_ref()), ("R150", "likely-renamed"), "{finding:#?}");
    assert_eq!(finding.severity, Severity::Warning);
    finding
}

#[tokio::test]
async fn a_lost_field_beside_one_alike_is_one_warning_and_its_line_makes_the_file_clean() {
    for (path, name, spec) in [
        ("size", "Size", (SPEC, "size: {")),
        ("scopes", "scope_s", (SPEC, "scopes: {")),
        ("refs.bstart", "b_start", ("types/ref.yaml", "bstart: {")),
        ("refs.target_id", "targetId", ("types/ref.yaml", "target_id: {")),
        ("refs.span.length", "lenght", ("types/span.yaml", "length: {")),
        ("refs.marks.value.note", "Note", ("types/mark.yaml", "note: {")),
        ("scopes.locals.name", "names", ("types/local.yaml", "name: {")),
        ("refs.span", "location", ("types/ref.yaml", "span: {")),
    ] {
        let case = Case::sound();
        renamed(&case, "drifted.parquet", path, name);
        let report = case.verify(Depth::Plain).await;
        let finding = likely(&report);
        assert_eq!(finding.path.as_deref(), Some(path));
        assert_eq!(spec_line(finding), line(spec.0, spec.1));
        assert!(finding.message.contains("in 1 of 2 files"), "{}", finding.message);
        assert_eq!(finding.data.as_ref().unwrap().file, "/data/drifted.parquet");
        // The report still has what became of both fields.
        assert_eq!(report.conversions.iter().filter(|told| told.conversion.path.to_string() == path).count(), 1);

        paste(&case, finding);
        let report = case.verify(Depth::Plain).await;
        let codes: Vec<_> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
        let [only] = codes[..] else { panic!("{path}: {codes:?}") };
        assert!(only.ends_with("under an older name"), "{only}");
    }
}

#[tokio::test]
async fn a_field_below_a_renamed_parent_is_spelled_as_the_file_has_it() {
    let case = Case::sound();
    case.edit(SPEC, "refs.begin: bstart", "refs.begin: bstart, uses: refs");
    let schema = schemas::renamed(&case.schema(), "refs.bstart", "bStart");
    let schema = schemas::renamed(&schema, "refs", "uses");
    let rows = Case::ROWS.replace("\"refs\":", "\"uses\":").replace("\"bstart\":", "\"bStart\":");
    case.write_as("drifted.parquet", &rows, &schema);
    let report = case.verify(Depth::Plain).await;
    let finding = report.findings.iter().find(|finding| finding.code == "R150").expect("it is told");
    assert_eq!(finding.path.as_deref(), Some("refs.bstart"));
    assert!(finding.remedy.as_deref().unwrap().contains("`uses.bStart: bstart`"), "{finding:#?}");
    assert!(!report.findings.iter().any(|finding| finding.code == "R131"), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_field_that_may_not_be_missing_is_refused_with_the_line_that_reads_it() {
    for (path, name) in [("file_id", "fileId"), ("path", "Path"), ("refs.file_id", "fileid")] {
        let case = Case::sound();
        renamed(&case, "drifted.parquet", path, name);
        let report = case.verify(Depth::Plain).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R132", "{finding:#?}");
        assert!(finding.observed.as_deref().unwrap().contains(name), "{finding:#?}");
        paste(&case, finding);
        let report = case.verify(Depth::Plain).await;
        assert_eq!(report.sources[0].refused, 0, "{:#?}", report.findings);
    }
}

#[tokio::test]
async fn both_sides_of_a_rename_that_are_refused_are_one_finding() {
    let case = Case::sound();
    case.edit(SPEC, "missing: default", "missing: error");
    case.edit(SPEC, "extra: warn", "extra: error");
    renamed(&case, "drifted.parquet", "size", "Size");
    let report = case.verify(Depth::Plain).await;
    assert_eq!(only(&report).code, "R132");
    assert_eq!(only(&report).path.as_deref(), Some("size"));
    paste(&case, only(&report));
    assert_eq!(case.verify(Depth::Plain).await.sources[0].refused, 0);
}

#[tokio::test]
async fn a_type_that_may_not_be_cast_names_the_policy_that_lets_it() {
    let case = Case::sound();
    case.write_as("drifted.parquet", "", &schemas::retyped(&case.schema(), "size", &DataType::Utf8));
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("int64"), Some("utf8")));
    assert!(finding.remedy.as_deref().unwrap().contains("`evolution.casts: any`"), "{finding:#?}");
    case.edit(SPEC, "casts: widening", "casts: any");
    assert_eq!(case.verify(Depth::Plain).await.sources[0].refused, 0);

    // No cast makes a list of structs of a text; the two are said in short.
    let case = Case::sound();
    case.write_as("drifted.parquet", "", &schemas::retyped(&case.schema(), "refs", &DataType::Utf8));
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!(finding.expected.as_deref(), Some("list<ref> (8 fields)"));
    assert_eq!(finding.observed.as_deref(), Some("utf8"));
    assert!(finding.remedy.as_deref().unwrap().contains("`refs` as list<ref> (8 fields)"), "{finding:#?}");
    assert!(!finding.remedy.as_deref().unwrap().contains("casts"), "{finding:#?}");
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_told_with_its_place_and_the_row_s_key() {
    let case = Case::sound();
    case.edit(SPEC, "casts: widening", "casts: any");
    let schema = schemas::retyped(&case.schema(), "scopes.locals.slot", &DataType::Utf8);
    let rows = Case::ROWS.replace("\"slot\":1", "\"slot\":\"1\"").replace("\"slot\":2", "\"slot\":\"two\"");
    case.write_as("drifted.parquet", &rows.replace("\"slot\":3", "\"slot\":\"3\""), &schema);
    let ctx = case.open().await;
    let error = ctx.sql("SELECT slot FROM locals").await.unwrap().collect().await.unwrap_err().to_string();
    for part in ["drifted.parquet", "row 0", "`scopes[0].locals[1].slot`", "file_id = f1"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn the_names_of_a_table_that_a_host_provides_are_compared_too() {
    let case = Case::new();
    let schema = schemas::renamed(&case.schema(), "size", "Size");
    let rows = Case::ROWS.replace("\"size\":", "\"Size\":");
    let table = MemTable::try_new(Arc::clone(&schema), vec![vec![cstspec_tests::rows::batch(&rows, &schema)]]).unwrap();
    let locations = Locations::from([(DATASET.to_owned(), Location::Table(Arc::new(table)))]);
    let ctx = world::open(&case.catalog(), &locations).await;
    let report = case.verify_in(&ctx, Depth::Plain).await;
    let finding = likely(&report);
    assert!(finding.message.contains("in the table"), "{}", finding.message);
}
