//! Folders as partitions: what the report says of them, and NULL in filters.

use arrow::array::RecordBatch;
use cstspec_contract::report::Report;
use cstspec_verify::Checks;

use super::{Case, DATASET};

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

/// How many rows of the dataset were counted, and whether every relation ran.
fn counted(report: &Report) -> u64 {
    assert!(report.relations.iter().all(|relation| relation.executed && relation.describe_equal));
    report.relations[0].rows.unwrap()
}

/// Folders as declared have no finding.
#[tokio::test]
async fn folders_as_declared() {
    let report = hive().verify(Checks::Rows).await;
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

/// A folder of NULL rows is NULL where the column may be.
#[tokio::test]
async fn folder_of_null() {
    let case = hive();
    part(&case, "repo=__HIVE_DEFAULT_PARTITION__/part.parquet", &[0]);
    part(&case, "repo=null/part.parquet", &[1]);
    part(&case, "repo=/part.parquet", &[2]);
    // DuckDB escapes the text where it is a value.
    part(&case, "repo=%5F_HIVE_DEFAULT_PARTITION__/part.parquet", &[3]);
    let report = case.verify(Checks::Schema).await;
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
