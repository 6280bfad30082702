//! Folders that are not the declared partitions.

use arrow::array::RecordBatch;
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Depth, Report};

use super::{Case, DATASET, line, only, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";

/// Rows of `Case::ROWS` by their place, without the columns that folders carry.
fn rows(places: &[usize]) -> String {
    let all: Vec<&str> = Case::ROWS.trim().lines().collect();
    places.iter().map(|place| all[*place]).collect::<Vec<_>>().join("\n")
}

/// Writes the rows at `places` into `name` without the column `repo`.
fn part(case: &Case, name: &str, places: &[usize]) {
    let catalog = case.catalog();
    let schema = catalog.dataset(DATASET).unwrap().schema();
    let stored: Vec<usize> = (0..schema.fields().len()).filter(|index| schema.field(*index).name() != "repo").collect();
    case.write_as(name, &rows(places), &schema.project(&stored).unwrap().into());
}

/// The sound rows, one folder per repository.
fn hive() -> Case {
    let case = Case::new();
    part(&case, "repo=alpha/part.parquet", &[0, 1]);
    part(&case, "repo=beta b/part.parquet", &[2, 3]);
    case
}

/// The one finding of a report, which is an error about the partitions, at the spec's line `promise`.
fn broken<'r>(report: &'r Report, name: &str, promise: &str, seen: &str) -> &'r Finding {
    let finding = only(report);
    assert_eq!((finding.name.as_ref(), finding.severity), (name, Severity::Error));
    assert_eq!(spec_line(finding), line(SPEC, promise));
    assert_eq!(finding.data.as_ref().unwrap().file, seen);
    finding
}

/// How many rows of the dataset were counted, and whether every relation ran.
fn counted(report: &Report) -> u64 {
    assert!(report.relations.iter().all(|relation| relation.executed && relation.describe_equal));
    report.relations[0].rows.unwrap()
}

#[tokio::test]
async fn folders_as_declared_have_no_finding() {
    let report = hive().verify(Depth::Deep).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(counted(&report), 4);
    let [source] = report.sources.as_slice() else { panic!("{:?}", report.sources) };
    assert_eq!((source.layout.as_str(), source.files, source.refused), ("hive", 2, 0));
    let validation = source.partition_schema_validation.as_ref().unwrap();
    assert_eq!(validation.expected_partition_cols, ["repo"]);
    assert_eq!(validation.actual_partition_cols, ["repo"]);
    assert!(validation.partition_order_matches && validation.partition_type_mismatches.is_empty());
    assert_eq!(validation.actual_partition_types["repo"], "Utf8");
}

#[tokio::test]
async fn a_misnamed_folder_is_named_and_the_others_are_read() {
    let case = hive();
    part(&case, "repoo=gamma/a.parquet", &[0]);
    part(&case, "repoo=gamma/b.parquet", &[1]);
    let report = case.verify(Depth::Plain).await;
    let finding = broken(&report, "partition-folder-astray", "partitions: [repo]", "/data/repoo=gamma");
    assert_eq!(finding.expected.as_deref(), Some("`repo=...`"));
    assert_eq!(finding.observed.as_deref(), Some("`repoo=gamma`, with 2 files"));
    assert_eq!(counted(&report), 4);
    assert_eq!(report.sources[0].refused, 2);
}

#[tokio::test]
async fn a_folder_too_many_is_named() {
    let case = hive();
    part(&case, "repo=gamma/year=2024/a.parquet", &[0]);
    let report = case.verify(Depth::Plain).await;
    broken(&report, "partition-folder-astray", "partitions: [repo]", "/data/repo=gamma/year=2024");
    assert_eq!(counted(&report), 4);
}

#[tokio::test]
async fn a_file_outside_any_partition_is_named() {
    let case = hive();
    part(&case, "stray.parquet", &[0]);
    let report = case.verify(Depth::Plain).await;
    let finding = broken(&report, "file-outside-partitions", "partitions: [repo]", "/data/stray.parquet");
    assert_eq!(finding.remedy.as_deref(), Some("move the file into a folder `repo=...`"));
    assert_eq!(counted(&report), 4);
}

#[tokio::test]
async fn a_value_that_is_not_of_the_columns_type_is_named() {
    let case = Case::new();
    case.edit(SPEC, "repo: { type: utf8,", "repo: { type: int32,");
    part(&case, "repo=7/part.parquet", &[0, 1]);
    part(&case, "repo=seven/part.parquet", &[2, 3]);
    let report = case.verify(Depth::Plain).await;
    let finding = broken(&report, "partition-value-unreadable", "repo: { type: utf8,", "/data/repo=seven");
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("int32"), Some("`seven`")));
    assert_eq!(counted(&report), 2);
}

#[tokio::test]
async fn a_folder_of_null_rows_is_null_where_the_column_may_be() {
    let case = hive();
    part(&case, "repo=__HIVE_DEFAULT_PARTITION__/part.parquet", &[0]);
    part(&case, "repo=null/part.parquet", &[1]);
    part(&case, "repo=/part.parquet", &[2]);
    // DuckDB escapes the text where it is a value.
    part(&case, "repo=%5F_HIVE_DEFAULT_PARTITION__/part.parquet", &[3]);
    let report = case.verify(Depth::Plain).await;
    assert_eq!((report.findings.as_slice(), counted(&report)), (&[][..], 8));
    let ctx = case.open().await;
    let count = async |filter: &str| {
        let sql = format!("SELECT path FROM units_v1 WHERE {filter}");
        let batches = ctx.sql(&sql).await.unwrap().collect().await.unwrap();
        let plan = ctx.sql(&sql).await.unwrap().create_physical_plan().await.unwrap();
        let plan = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
        (batches.iter().map(RecordBatch::num_rows).sum::<usize>(), plan.matches(".parquet").count())
    };
    for (filter, rows, files) in [
        ("repo IS NULL", 1, 1),
        ("repo IS NOT NULL", 7, 5),
        ("repo = 'alpha'", 2, 1),
        ("repo <> 'alpha'", 5, 4),
        ("repo IS DISTINCT FROM 'alpha'", 6, 5),
        ("repo IS NOT DISTINCT FROM NULL", 1, 1),
        ("repo = 'null'", 1, 1),
        ("repo = ''", 1, 1),
        ("repo = '__HIVE_DEFAULT_PARTITION__'", 1, 1),
        ("coalesce(repo, 'none') = 'none'", 1, 1),
        ("repo IN ('alpha', 'null')", 3, 2),
        ("repo NOT IN ('alpha', 'null')", 4, 3),
        ("true", 8, 6),
    ] {
        assert_eq!(count(filter).await, (rows, files), "{filter}");
    }
}

#[tokio::test]
async fn a_folder_of_null_rows_is_named_where_the_column_is_not_null() {
    let case = hive();
    case.edit(SPEC, "repo: { type: utf8,", "repo: { type: utf8, nullable: false,");
    part(&case, "repo=__HIVE_DEFAULT_PARTITION__/part.parquet", &[0]);
    let report = case.verify(Depth::Plain).await;
    let folder = "/data/repo=__HIVE_DEFAULT_PARTITION__";
    let finding = broken(&report, "partition-value-null", "partitions: [repo]", folder);
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!(counted(&report), 4);
}

#[tokio::test]
async fn folders_of_another_key_are_one_finding_however_many() {
    let case = Case::new();
    part(&case, "repository=alpha/part.parquet", &[0, 1]);
    part(&case, "repository=beta/part.parquet", &[2, 3]);
    let report = case.verify(Depth::Plain).await;
    let first = "/data/repository=alpha/part.parquet";
    let finding = broken(&report, "partition-missing", "partitions: [repo]", first);
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!(finding.observed.as_deref(), Some("`repository=...`"));
    let validation = report.sources[0].partition_schema_validation.as_ref().unwrap();
    assert_eq!(validation.missing_partition_cols, ["repo"]);
    assert_eq!(validation.extra_partition_cols, ["repository"]);
    // Nothing at all could be read.
    assert!(report.relations.iter().all(|relation| !relation.executed && relation.rows.is_none()));
}

#[tokio::test]
async fn a_key_that_is_no_declared_partition_is_found() {
    let case = Case::new();
    case.edit(SPEC, "partitions: [repo]\n", "");
    part(&case, "repo=alpha/part.parquet", &[0, 1]);
    part(&case, "repo=beta b/part.parquet", &[2, 3]);
    let report = case.verify(Depth::Plain).await;
    let first = "/data/repo=alpha/part.parquet";
    let finding = broken(&report, "partition-undeclared", "dataset: units_v1", first);
    assert_eq!(finding.path.as_deref(), Some("repo"));
    assert_eq!(report.sources[0].partition_schema_validation.as_ref().unwrap().extra_partition_cols, ["repo"]);
}

#[tokio::test]
async fn folders_in_another_order_are_found() {
    let case = Case::new();
    case.edit(SPEC, "partitions: [repo]", "partitions: [repo, size]");
    let catalog = case.catalog();
    let schema = catalog.dataset(DATASET).unwrap().schema();
    let stored = schema.project(&[1, 2, 4, 5]).unwrap();
    case.write_as("size=10/repo=alpha/part.parquet", &rows(&[0]), &stored.into());
    let report = case.verify(Depth::Plain).await;
    let first = "/data/size=10/repo=alpha/part.parquet";
    let finding = broken(&report, "partitions-reordered", "partitions: [repo]", first);
    assert_eq!(finding.expected.as_deref(), Some("`repo=...`/`size=...`"));
    assert_eq!(finding.observed.as_deref(), Some("`size=...`/`repo=...`"));
    assert!(!report.sources[0].partition_schema_validation.as_ref().unwrap().partition_order_matches);
}
