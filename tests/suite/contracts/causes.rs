//! One cause, one finding: what follows from it is counted there and not told again, and nothing is marked as wrong without a finding.

use std::fs::{self, File};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use cstspec_contract::Finding;
use cstspec_runtime::{Depth, Report};
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::{Case, DATASET, only};

fn view(case: &Case, name: &str, text: &str) {
    fs::write(case.specs().join(format!("views/{name}.yaml")), format!("view: {name}\n{text}")).unwrap();
}

/// Every relation that is marked as wrong is in a finding.
fn marks_have_findings(report: &Report) {
    for relation in report.relations.iter().filter(|relation| !(relation.describe_equal && relation.executed)) {
        let names = |finding: &Finding| {
            finding.relation.as_ref() == Some(&relation.name) || finding.follows.contains(&relation.name)
        };
        assert!(report.findings.iter().any(names), "{relation:?}: {:#?}", report.findings);
    }
}

#[tokio::test]
async fn a_second_row_is_told_for_the_dataset_and_counted_for_the_views_over_it() {
    let case = Case::sound();
    view(
        &case,
        "plain",
        "sql: SELECT file_id, size FROM units_v1\noutput: { file_id: { type: utf8, nullable: false }, size: int64 }\nkey: [file_id]\n",
    );
    view(
        &case,
        "beside_it",
        "sql: SELECT file_id FROM plain\noutput: { file_id: { type: utf8, nullable: false } }\nkey: [file_id]\n",
    );
    let twice: String = Case::ROWS.lines().filter(|row| row.contains("\"file_id\":\"f4\"")).collect();
    case.write("more.parquet", &twice);
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R202", Some(DATASET)));
    assert_eq!(finding.follows, ["beside_it", "plain"]);
    let broken: Vec<_> = report.contracts.iter().filter(|contract| contract.broken > 0).collect();
    assert_eq!(broken.len(), 3, "the report counts them all: {broken:#?}");
}

#[tokio::test]
async fn a_view_s_own_second_rows_are_told_beside_those_of_the_dataset() {
    let case = Case::sound();
    view(
        &case,
        "repos",
        "sql: SELECT repo, file_id FROM units_v1\noutput: { repo: utf8, file_id: { type: utf8, nullable: false } }\nkey: [repo]\n",
    );
    let twice: String = Case::ROWS.lines().filter(|row| row.contains("\"file_id\":\"f4\"")).collect();
    case.write("more.parquet", &twice);
    let report = case.verify(Depth::Deep).await;
    let found: Vec<_> = report.findings.iter().map(|finding| finding.relation.as_deref().unwrap()).collect();
    assert_eq!(found.len(), 2, "{:#?}", report.findings);
    let own = report.findings.iter().find(|finding| finding.relation.as_deref() == Some("repos")).unwrap();
    // Four rows of two repositories; the fifth is the dataset's matter.
    assert!(own.observed.as_deref().unwrap().starts_with("2 of 4 rows"), "{own:#?}");
}

#[tokio::test]
async fn a_wrong_nullability_is_told_where_it_is_and_counted_where_it_is_read() {
    let case = Case::sound();
    let output = "output: { file_id: { type: utf8, nullable: false }, size: { type: int64, nullable: false } }\n";
    view(&case, "sizes", &format!("sql: SELECT file_id, size FROM units_v1\n{output}"));
    view(&case, "sizes_again", &format!("sql: SELECT file_id, size FROM sizes\n{output}"));
    view(&case, "sizes_once_more", &format!("sql: SELECT file_id, size FROM sizes_again\n{output}"));
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R001", Some("sizes")), "{finding:#?}");
    assert_eq!(finding.follows, ["sizes_again", "sizes_once_more"]);
    marks_have_findings(&report);

    // What is wrong of itself is told, though what it reads is wrong too.
    view(
        &case,
        "sizes_again",
        "sql: SELECT file_id, size, path FROM sizes JOIN (SELECT file_id AS other, path FROM units_v1) ON file_id = other\noutput: { file_id: { type: utf8, nullable: false }, size: { type: int64, nullable: false }, path: int64 }\n",
    );
    fs::remove_file(case.specs().join("views/sizes_once_more.yaml")).unwrap();
    let report = case.verify(Depth::Plain).await;
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.relation.as_deref().unwrap(), finding.path.as_deref())).collect();
    assert_eq!(found, [("sizes", Some("size")), ("sizes_again", Some("path"))], "{:#?}", report.findings);
}

#[tokio::test]
async fn all_columns_of_a_star_that_nobody_declared_are_one_finding() {
    let case = Case::sound();
    view(&case, "everything", "sql: SELECT * FROM units_v1\noutput: { file_id: { type: utf8, nullable: false } }\n");
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R001");
    assert!(finding.message.contains("5 columns that the contract lacks"), "{}", finding.message);
    marks_have_findings(&report);
}

#[tokio::test]
async fn relations_that_call_a_function_that_is_otherwise_are_named_with_it() {
    let case = Case::sound();
    let declared = "functions:\n  abs: { signatures: [\"abs(int64) -> utf8\"] }\n";
    fs::write(case.specs().join("functions/more.yaml"), declared).unwrap();
    view(
        &case,
        "magnitudes",
        "sql: SELECT file_id, abs(size) AS magnitude FROM units_v1\noutput: { file_id: { type: utf8, nullable: false }, magnitude: utf8 }\n",
    );
    view(&case, "more_of_them", "sql: SELECT magnitude FROM magnitudes\noutput: { magnitude: utf8 }\n");
    let report = case.verify(Depth::Plain).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R013", "{finding:#?}");
    assert_eq!(finding.follows, ["magnitudes", "more_of_them"]);
    marks_have_findings(&report);
}

#[tokio::test]
async fn views_that_cannot_run_for_their_dataset_are_named_with_it() {
    let case = Case::new();
    case.write("units.parquet", "");
    fs::write(case.data("units.parquet"), "no parquet at all").unwrap();
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!(finding.relation.as_deref(), Some(DATASET));
    assert!(finding.follows.iter().any(|name| name == "refs"), "{finding:#?}");
    marks_have_findings(&report);
    // Nothing of it is proven, and the report says so of each promise.
    assert_eq!(report.contracts, []);
    assert_eq!(report.unproven.len(), 11, "{:#?}", report.unproven);
    assert!(report.unproven.iter().all(|promise| promise.reason == "nothing of `units_v1` can be read"));
}

#[tokio::test]
async fn promises_of_a_dataset_without_rows_are_not_proven() {
    let case = Case::new();
    let ctx = crate::world::open(&case.catalog(), &cstspec_runtime::Locations::new()).await;
    let report = case.verify_in(&ctx, Depth::Deep).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.unproven.len(), 11, "{:#?}", report.unproven);
    assert!(report.unproven.iter().all(|promise| promise.reason == "there is nothing to hold it against"));
    // With rows all of them are.
    assert_eq!(Case::sound().verify(Depth::Deep).await.unproven, []);
}

/// Writes over the pages of the column at `path` of a file; lists are left out of the path.
fn damage(case: &Case, name: &str, path: &str) {
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

#[tokio::test]
async fn views_that_do_not_read_the_column_at_fault_are_read() {
    let sound = Case::sound().verify(Depth::Plain).await;
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
        for depth in [Depth::Plain, Depth::Deep] {
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

#[tokio::test]
async fn rows_of_a_damaged_file_are_counted_where_they_can_be_read() {
    let more = Case::ROWS.replace("\"file_id\":\"f", "\"file_id\":\"g");
    let both = Case::sound();
    both.write("more.parquet", &more);
    let both = both.verify(Depth::Plain).await;
    let one = Case::sound().verify(Depth::Plain).await;
    for (column, short) in [("size", &[DATASET][..]), ("scopes.locals.name", &[DATASET, "locals"])] {
        let case = Case::sound();
        case.write("more.parquet", &more);
        damage(&case, "more.parquet", column);
        for depth in [Depth::Plain, Depth::Deep] {
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

#[tokio::test]
async fn views_that_do_not_read_a_column_with_a_null_too_many_are_read() {
    let case = Case::new();
    let schema = case.schema();
    let fields = schema.fields().iter().map(|field| {
        let is_nullable = field.is_nullable() || field.name() == "path";
        Field::clone(field).with_nullable(is_nullable)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    case.write_as("units.parquet", &Case::ROWS.replace("\"path\":\"d.py\"", "\"path\":null"), &schema);
    for (depth, code) in [(Depth::Plain, "R005"), (Depth::Deep, "R201")] {
        let report = case.verify(depth).await;
        let finding = report.findings.iter().find(|finding| finding.code == code);
        let finding = finding.unwrap_or_else(|| panic!("{:#?}", report.findings));
        assert_eq!(finding.follows, ["refs"], "{:#?}", report.findings);
        let mut unread = unread(&report);
        unread.sort_unstable();
        assert_eq!(unread, ["refs", DATASET], "{depth:?}");
    }
}

#[tokio::test]
async fn a_view_that_fails_of_itself_is_told_beside_the_damage_of_its_dataset() {
    let case = Case::sound();
    view(
        &case,
        "ratios",
        "sql: SELECT file_id, 10 / size AS ratio FROM units_v1\noutput: { file_id: { type: utf8, nullable: false }, ratio: int64 }\n",
    );
    damage(&case, "units.parquet", "scopes.name");
    let report = case.verify(Depth::Plain).await;
    let told: Vec<_> =
        report.findings.iter().map(|finding| (finding.code.as_ref(), finding.relation.as_deref().unwrap())).collect();
    assert_eq!(told, [("R113", DATASET), ("R007", "ratios")], "{:#?}", report.findings);
    marks_have_findings(&report);
}
