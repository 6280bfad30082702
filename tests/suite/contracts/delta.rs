//! Delta tables whose log breaks a promise, or cannot be read.

use std::sync::Arc;

use arrow::datatypes::Schema;
use cstspec_contract::Severity;
use cstspec_contract::report::{Report, SourceReport};
use cstspec_tests::delta_log::{self, Table, features, protocol};
use cstspec_verify::Checks;
use serde_json::{Value, json};

use super::{Case, line, only, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";

/// The sound rows in one file of a Delta table whose log says what the contract says.
fn sound() -> (Case, Table) {
    let case = Case::sound();
    let table = Table::of(&case.data(""), &case.schema(), &[], &[("units.parquet", json!({}))]);
    (case, table)
}

/// The same with properties, and with what `change` makes of the columns in the log.
fn described(properties: &Value, change: impl Fn(&mut Value)) -> Case {
    let case = Case::sound();
    let mut columns = delta_log::struct_type(case.schema().fields());
    change(&mut columns);
    let mut table = Table::new(&case.data(""));
    let add = table.add("units.parquet", &json!({}));
    table.commit(&[protocol(1, 3), delta_log::described(&columns, &[], properties), add]);
    case
}

fn source(report: &Report) -> &SourceReport {
    &report.sources[0]
}

/// A sound Delta table has no finding with deleted rows and without.
#[tokio::test]
async fn sound_table_with_deleted_rows() {
    let (case, mut table) = sound();
    let whole = case.verify(Checks::Rows).await;
    assert!(whole.findings.is_empty(), "{:#?}", whole.findings);
    let read = source(&whole);
    assert_eq!((read.layout.as_str(), read.reader.as_str(), read.version), ("delta", "contract", Some(0)));
    assert_eq!((read.files, read.refused), (1, 0));

    case.write("more.parquet", Case::ROWS);
    let deleted = table.add_without("more.parquet", 4, &[0, 1, 2, 3]);
    table.commit(&[features(&["deletionVectors"]), deleted]);
    for depth in [Checks::Schema, Checks::Rows] {
        let report = case.verify(depth).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let read = source(&report);
        assert_eq!((read.layout.as_str(), read.reader.as_str(), read.version), ("delta", "contract", Some(1)));
        let rows =
            |report: &Report| -> Vec<Option<u64>> { report.relations.iter().map(|relation| relation.rows).collect() };
        assert_eq!(rows(&report), rows(&whole));
    }
}

/// A file that the log names and is not there is one finding and the others are read.
#[tokio::test]
async fn missing_file_and_deleted_rows() {
    let (case, mut table) = sound();
    table.commit(&[table.add("gone%20away.parquet", &json!({}))]);
    let report = case.verify(Checks::Rows).await;
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
    let report = case.verify(Checks::Schema).await;
    assert_eq!(only(&report).code, "R405");
    assert_eq!(only(&report).data.as_ref().unwrap().file, "/data/gone away.parquet");
    assert_eq!(report.relations[0].rows, Some(4));
}

/// Other partition columns are one finding and every row is read.
#[tokio::test]
async fn partition_columns_differ() {
    let case = Case::new();
    let all = case.schema();
    let stored =
        Schema::new(all.fields().iter().filter(|field| field.name() != "file_id").cloned().collect::<Vec<_>>());
    let rows: Vec<&str> = Case::ROWS.trim().lines().collect();
    case.write_as("a.parquet", rows[0], &Arc::new(stored.clone()));
    case.write_as("b.parquet", rows[1], &Arc::new(stored));
    let files = [("a.parquet", json!({ "file_id": "f1" })), ("b.parquet", json!({ "file_id": "f2" }))];
    Table::of(&case.data(""), &all, &["file_id"], &files);
    let report = case.verify(Checks::Rows).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.severity), ("R409", Severity::Warning));
    assert_eq!(spec_line(finding), line(SPEC, "partitions:"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("repo"), Some("file_id")));
    assert_eq!(report.relations[0].rows, Some(2));
    let validation = source(&report).partition_schema_validation.as_ref().unwrap();
    assert_eq!(validation.actual_partition_cols, ["file_id"]);
    assert_eq!(validation.missing_partition_cols, ["repo"]);
}

/// An invariant that the contract lacks is one finding.
#[tokio::test]
async fn invariant_not_in_contract() {
    let invariant = json!({ "expression": { "expression": "size < 100" } }).to_string();
    let case = described(&json!({}), |columns| {
        columns["fields"][3]["metadata"] = json!({ "delta.invariants": invariant.as_str() });
    });
    assert_eq!(only(&case.verify(Checks::Schema).await).observed.as_deref(), Some("size < 100"));
}
