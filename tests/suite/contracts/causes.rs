//! One cause, one finding: what follows from it is counted there and not told again, and nothing is marked as wrong without a finding.

use std::fs::{self, File};

use cstspec_contract::Finding;
use cstspec_contract::report::Report;
use cstspec_verify::Checks;
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::{Case, DATASET, only};

/// Every relation that is marked as wrong is in a finding.
pub fn marks_have_findings(report: &Report) {
    for relation in report.relations.iter().filter(|relation| !(relation.describe_equal && relation.executed)) {
        let names = |finding: &Finding| {
            finding.relation.as_ref() == Some(&relation.name) || finding.follows.contains(&relation.name)
        };
        assert!(report.findings.iter().any(names), "{relation:?}: {:#?}", report.findings);
    }
}

/// Views that cannot run for their dataset are named with it.
#[tokio::test]
async fn dataset_failure_names_views() {
    let case = Case::new();
    case.write("units.parquet", "");
    fs::write(case.data("units.parquet"), "no parquet at all").unwrap();
    let report = case.verify(Checks::Rows).await;
    let finding = only(&report);
    assert_eq!(finding.relation.as_deref(), Some(DATASET));
    assert!(finding.follows.iter().any(|name| name == "refs"), "{finding:#?}");
    marks_have_findings(&report);
    // Nothing of it is proven, and the report says so of each promise.
    assert_eq!(report.contracts, []);
    assert_eq!(report.unproven.len(), 11, "{:#?}", report.unproven);
    assert!(report.unproven.iter().all(|promise| promise.reason == "no file of `units_v1` can be read"));
}

/// Promises of a dataset without rows are not proven.
#[tokio::test]
async fn constraints_unproven_without_rows() {
    let case = Case::new();
    let ctx = crate::world::open(&case.catalog(), &cstspec_runtime::Locations::new()).await;
    let report = case.verify_in(&ctx, Checks::Rows).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.unproven.len(), 11, "{:#?}", report.unproven);
    assert!(report.unproven.iter().all(|promise| promise.reason == "there are no rows to check"));
    // With rows all of them are.
    assert_eq!(Case::sound().verify(Checks::Rows).await.unproven, []);
}

/// Writes over the pages of the column at `path` of a file; lists are left out of the path.
pub fn damage(case: &Case, name: &str, path: &str) {
    let file = case.data(name);
    let mut bytes = fs::read(&file).unwrap();
    let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
    let mut number = 0;
    for chunk in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let parts = chunk.column_path().parts().iter().map(String::as_str);
        let named: Vec<&str> = parts.filter(|part| !["list", "item", "element"].contains(part)).collect();
        if named.join(".") == path {
            let (start, length) = chunk.byte_range();
            let start = usize::try_from(start).unwrap();
            bytes[start..start + usize::try_from(length).unwrap()].fill(0xa5);
            number += 1;
        }
    }
    assert!(number > 0, "no column `{path}`");
    fs::write(file, bytes).unwrap();
}

/// The relations that are marked as not executed.
fn unread(report: &Report) -> Vec<&str> {
    report.relations.iter().filter(|relation| !relation.executed).map(|relation| relation.name.as_str()).collect()
}

fn rows(report: &Report, name: &str) -> Option<u64> {
    report.relations.iter().find(|relation| relation.name == name).unwrap().rows
}

/// Views that do not read the column at fault are read.
#[tokio::test]
async fn damaged_column_views() {
    let sound = Case::sound().verify(Checks::Schema).await;
    for (column, expected) in [
        ("size", &[][..]),
        ("path", &["refs"]),
        ("refs.kind", &["refs"]),
        ("refs.ref_id", &["ref_attrs", "ref_origin", "refs"]),
        ("scopes.name", &["locals"]),
        ("scopes.locals.name", &["locals"]),
        ("file_id", &["locals", "ref_attrs", "ref_origin", "refs"]),
    ] {
        let case = Case::sound();
        damage(&case, "units.parquet", column);
        for depth in [Checks::Schema, Checks::Rows] {
            let report = case.verify(depth).await;
            let finding = only(&report);
            assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R113", Some(DATASET)), "{column}");
            assert_eq!(finding.follows, expected, "{column}, {depth:?}");
            let mut unread = unread(&report);
            unread.retain(|name| *name != DATASET);
            unread.sort_unstable();
            assert_eq!(unread, expected, "{column}, {depth:?}");
            for relation in report.relations.iter().filter(|relation| relation.executed) {
                assert_eq!(relation.rows, rows(&sound, &relation.name), "{column}: {relation:?}");
            }
            marks_have_findings(&report);
        }
    }
}

/// Rows of a damaged file are counted where they can be read.
#[tokio::test]
async fn damaged_file_rows_counted() {
    let more = Case::ROWS.replace("\"file_id\":\"f", "\"file_id\":\"g");
    let both = Case::sound();
    both.write("more.parquet", &more);
    let both = both.verify(Checks::Schema).await;
    let one = Case::sound().verify(Checks::Schema).await;
    for (column, short) in [("size", &[DATASET][..]), ("scopes.locals.name", &[DATASET, "locals"])] {
        let case = Case::sound();
        case.write("more.parquet", &more);
        damage(&case, "more.parquet", column);
        for depth in [Checks::Schema, Checks::Rows] {
            let report = case.verify(depth).await;
            assert_eq!(only(&report).code, "R113", "{column}");
            assert_eq!(unread(&report), [""; 0], "{column}");
            for relation in &report.relations {
                let expected = if short.contains(&relation.name.as_str()) { &one } else { &both };
                assert_eq!(relation.rows, rows(expected, &relation.name), "{column}: {relation:?}");
            }
        }
    }
}
