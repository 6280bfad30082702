//! Several faults at once: each has its finding, and what follows from one of them is counted there.

use std::fs;

use cstspec_contract::Severity;
use cstspec_contract::report::Report;
use cstspec_runtime::{Options, register, session};
use cstspec_tests::schemas;
use cstspec_verify::Checks;

use super::{Case, DATASET};

/// The codes, relations and followers of all findings but hints.
fn told(report: &Report) -> Vec<Told<'_>> {
    let findings = report.findings.iter().filter(|finding| finding.severity != Severity::Info);
    let mut told: Vec<_> = findings
        .map(|finding| {
            let follows = finding.follows.iter().map(String::as_str).collect();
            (finding.code.as_ref(), finding.relation.as_deref().unwrap_or_default(), follows)
        })
        .collect();
    told.sort();
    told
}

fn view(case: &Case, name: &str, sql: &str, output: &str) {
    let text = format!("view: {name}\nsql: {sql}\noutput: {output}\n");
    fs::write(case.specs().join(format!("views/{name}.yaml")), text).unwrap();
}

/// A catalog with a missing function, a view that is not planned, one that fails on a row and one with another type, each read by one more
/// view; and rows with a key twice.
fn faulty() -> Case {
    let case = Case::sound();
    case.edit(
        "functions/all.yaml",
        "  unnest:\n",
        "  nowhere:\n    signatures: [\"nowhere(utf8) -> utf8\"]\n    provider: host\n    doc: A digest.\n  unnest:\n",
    );
    let key = "{ file_id: { type: utf8, nullable: false } }";
    view(&case, "calls", "SELECT nowhere(file_id) AS d FROM units_v1", "{ d: utf8 }");
    view(&case, "calls_again", "SELECT d FROM calls", "{ d: utf8 }");
    view(&case, "grouped", "SELECT path, file_id FROM units_v1 GROUP BY path", "{ path: utf8, file_id: utf8 }");
    view(&case, "grouped_again", "SELECT file_id FROM grouped", "{ file_id: utf8 }");
    view(
        &case,
        "ratios",
        "SELECT 10 / (size - size) AS ratio, file_id FROM units_v1",
        &format!("{{ ratio: int64, {}", &key[2..]),
    );
    view(&case, "ratios_again", "SELECT ratio FROM ratios", "{ ratio: int64 }");
    // It fails too, for a reason of its own.
    let number = "{ number: { type: int64, nullable: false } }";
    view(&case, "ratios_beside", "SELECT CAST(file_id AS BIGINT) AS number FROM ratios", number);
    view(&case, "typed", "SELECT size AS typed FROM units_v1", "{ typed: int32 }");
    view(&case, "typed_again", "SELECT typed FROM typed", "{ typed: int32 }");
    case.write("again.parquet", Case::ROWS.lines().next().unwrap());
    case
}

async fn verified(case: &Case, checks: Checks) -> Report {
    let catalog = case.catalog();
    let ctx = session(&catalog, &Options::default()).unwrap();
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    case.verify_in(&ctx, checks).await
}

type Told<'a> = (&'a str, &'a str, Vec<&'a str>);

/// The findings of the views of `faulty`, whatever its files are like.
fn of_views<'a>() -> Vec<Told<'a>> {
    vec![
        ("R001", "typed", vec!["typed_again"]),
        ("R006", "grouped", vec!["grouped_again"]),
        ("R007", "ratios", vec!["ratios_again"]),
        ("R007", "ratios_beside", vec![]),
        ("R009", "", vec!["calls", "calls_again"]),
    ]
}

/// The findings of `verify` are those of the views and `more`, and each relation that is marked as wrong is in one of them.
async fn finds(case: &Case, checks: Checks, more: &[Told<'_>]) {
    let report = verified(case, checks).await;
    let mut expected = of_views();
    expected.extend(more.iter().cloned());
    expected.sort();
    assert_eq!(told(&report), expected, "{checks:?}: {:#?}", report.findings);
    assert!(report.explained >= 5, "{checks:?}: {}", report.explained);
    super::causes::marks_have_findings(&report);
}

/// A missing function, views that are not planned, fail or have another type, and a key twice: one finding each.
#[tokio::test]
async fn faults_of_views_and_rows() {
    let case = faulty();
    finds(&case, Checks::Schema, &[]).await;
    finds(&case, Checks::Rows, &[("R202", DATASET, vec![])]).await;
}

/// The same with a file that is no Parquet, one with a damaged column and one with a NULL.
#[tokio::test]
async fn faults_of_files_beside_views() {
    let case = faulty();
    let nulls =
        Case::ROWS.replacen("\"path\":\"d.py\"", "\"path\":null", 1).replace("\"file_id\":\"f", "\"file_id\":\"n");
    case.write_as("nulls.parquet", &nulls, &schemas::nullable(&case.schema()));
    fs::write(case.data("text.parquet"), "not Parquet").unwrap();
    let more = Case::ROWS.replace("\"file_id\":\"f", "\"file_id\":\"g");
    case.write("damaged.parquet", &more);
    super::causes::damage(&case, "damaged.parquet", "scopes.name");
    let files = [("R108", DATASET, vec![]), ("R113", DATASET, vec![])];
    finds(&case, Checks::Schema, &[&files[..], &[("R005", DATASET, vec![])]].concat()).await;
    finds(&case, Checks::Rows, &[&files[..], &[("R201", DATASET, vec![]), ("R202", DATASET, vec![])]].concat()).await;
}

/// A file that loses its page of `refs` and views that fail on their own: the view over `refs` follows from the file, the others do not.
#[tokio::test]
async fn fault_of_only_file_beside_views() {
    let case = faulty();
    fs::remove_file(case.data("again.parquet")).unwrap();
    super::causes::damage(&case, "units.parquet", "refs.kind");
    for checks in [Checks::Schema, Checks::Rows] {
        finds(&case, checks, &[("R113", DATASET, vec!["refs"])]).await;
    }
}
