//! Files with a field under another name than the contract's: told as a likely rename, once, with the line that makes it one.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Location, Locations};
use cstspec_tests::schemas;
use cstspec_verify::Checks;
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

/// A lost field beside one alike is one warning and its line makes the file clean.
#[tokio::test]
async fn likely_rename_remedy() {
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
        let report = case.verify(Checks::Schema).await;
        let finding = likely(&report);
        assert_eq!(finding.path.as_deref(), Some(path));
        assert_eq!(spec_line(finding), line(spec.0, spec.1));
        assert!(finding.message.contains("in 1 of 2 files"), "{}", finding.message);
        assert_eq!(finding.data.as_ref().unwrap().file, "/data/drifted.parquet");
        // The report still has what became of both fields.
        assert_eq!(report.conversions.iter().filter(|told| told.conversion.path.to_string() == path).count(), 1);

        paste(&case, finding);
        let report = case.verify(Checks::Schema).await;
        let codes: Vec<_> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
        let [only] = codes[..] else { panic!("{path}: {codes:?}") };
        assert!(only.ends_with("under an older name"), "{only}");
    }
}

/// A field below a renamed parent is spelled as the file has it.
#[tokio::test]
async fn likely_rename_below_renamed_parent() {
    let case = Case::sound();
    case.edit(SPEC, "refs.begin: bstart", "refs.begin: bstart, uses: refs");
    let schema = schemas::renamed(&case.schema(), "refs.bstart", "bStart");
    let schema = schemas::renamed(&schema, "refs", "uses");
    let rows = Case::ROWS.replace("\"refs\":", "\"uses\":").replace("\"bstart\":", "\"bStart\":");
    case.write_as("drifted.parquet", &rows, &schema);
    let report = case.verify(Checks::Schema).await;
    let finding = report.findings.iter().find(|finding| finding.code == "R150").expect("it is told");
    assert_eq!(finding.path.as_deref(), Some("refs.bstart"));
    assert!(finding.remedy.as_deref().unwrap().contains("`uses.bStart: bstart`"), "{finding:#?}");
    assert!(!report.findings.iter().any(|finding| finding.code == "R131"), "{:#?}", report.findings);
}

/// A field that may not be missing is refused with the line that reads it.
#[tokio::test]
async fn required_field_rename_remedy() {
    for (path, name) in [("file_id", "fileId"), ("path", "Path"), ("refs.file_id", "fileid")] {
        let case = Case::sound();
        renamed(&case, "drifted.parquet", path, name);
        let report = case.verify(Checks::Schema).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R132", "{finding:#?}");
        assert!(finding.observed.as_deref().unwrap().contains(name), "{finding:#?}");
        paste(&case, finding);
        let report = case.verify(Checks::Schema).await;
        assert_eq!(report.sources[0].refused, 0, "{:#?}", report.findings);
    }
}

/// Both sides of a rename that are refused are one finding.
#[tokio::test]
async fn rename_refused_on_both_sides() {
    let case = Case::sound();
    case.edit(SPEC, "missing: default", "missing: error");
    case.edit(SPEC, "extra: warn", "extra: error");
    renamed(&case, "drifted.parquet", "size", "Size");
    let report = case.verify(Checks::Schema).await;
    assert_eq!(only(&report).code, "R132");
    assert_eq!(only(&report).path.as_deref(), Some("size"));
    paste(&case, only(&report));
    assert_eq!(case.verify(Checks::Schema).await.sources[0].refused, 0);
}

/// A type that may not be cast names the policy that lets it.
#[tokio::test]
async fn cast_policy_named() {
    let case = Case::sound();
    case.write_as("drifted.parquet", "", &schemas::retyped(&case.schema(), "size", &DataType::Utf8));
    let report = case.verify(Checks::Schema).await;
    let finding = only(&report);
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("int64"), Some("utf8")));
    assert!(finding.remedy.as_deref().unwrap().contains("`evolution.casts: any`"), "{finding:#?}");
    case.edit(SPEC, "casts: widening", "casts: any");
    assert_eq!(case.verify(Checks::Schema).await.sources[0].refused, 0);

    // No cast makes a list of structs of a text; the two are said in short.
    let case = Case::sound();
    case.write_as("drifted.parquet", "", &schemas::retyped(&case.schema(), "refs", &DataType::Utf8));
    let report = case.verify(Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.expected.as_deref(), Some("list<ref> (8 fields)"));
    assert_eq!(finding.observed.as_deref(), Some("utf8"));
    assert!(finding.remedy.as_deref().unwrap().contains("`refs` as list<ref> (8 fields)"), "{finding:#?}");
    assert!(!finding.remedy.as_deref().unwrap().contains("casts"), "{finding:#?}");
}

/// A value that does not fit is reported with its place and the row's key.
#[tokio::test]
async fn misfit_value_has_place_and_key() {
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

/// The names of a table that a host provides are compared too.
#[tokio::test]
async fn host_table_names_compared() {
    let case = Case::new();
    let schema = schemas::renamed(&case.schema(), "size", "Size");
    let rows = Case::ROWS.replace("\"size\":", "\"Size\":");
    let table = MemTable::try_new(Arc::clone(&schema), vec![vec![cstspec_tests::rows::batch(&rows, &schema)]]).unwrap();
    let locations = Locations::from([(DATASET.to_owned(), Location::Table(Arc::new(table)))]);
    let ctx = world::open(&case.catalog(), &locations).await;
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = likely(&report);
    assert!(finding.message.contains("in the table"), "{}", finding.message);
}
