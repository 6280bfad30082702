//! Fields that a file lacks read as their default: in rows, filters, counts and aggregates, whatever the engine assumes about the file.

use arrow::datatypes::SchemaRef;
use arrow::util::pretty::pretty_format_batches;
use cstspec_contract::report::ConversionKind;
use cstspec_runtime::conversions;
use datafusion::prelude::SessionContext;

use super::{Case, DATASET};
use cstspec_tests::schemas;

/// Rows of a file that has all columns: a size that is NULL in the file and one that is the default.
const WHOLE: &str = r#"
{"repo":"r","path":"a.py","file_id":"f1","size":null,"refs":[{"file_id":"f1","ref_id":"r1","kind":null,"span":{"start":1,"length":2},"attrs":null}],"scopes":null}
{"repo":"r","path":"b.py","file_id":"f2","size":0,"refs":null,"scopes":null}
"#;

/// Rows of a file that lacks what has a default: an element that is NULL, spans that are, a list that is, and an empty one.
const SHORT: &str = r#"
{"repo":"r","path":"c.py","file_id":"f3","refs":[{"file_id":"f3","ref_id":"r1","span":{"length":2}},null,{"file_id":"f3","ref_id":"r2","span":null}],"scopes":null}
{"repo":"r","path":"d.py","file_id":"f4","refs":null,"scopes":null}
{"repo":"r","path":"e.py","file_id":"f5","refs":[],"scopes":null}
"#;

/// A file that has everything and one that lacks `size` (default 0), `refs.kind` (`name`), `refs.attrs` (`{}`) and `refs.span.start`
/// (5).
fn case() -> Case {
    let case = Case::new();
    case.edit("types/span.yaml", "start: { type: int32,", "start: { type: int32, default: 5,");
    case.write("a_whole.parquet", WHOLE);
    case.write_as("b_short.parquet", SHORT, &short(&case));
    case
}

fn short(case: &Case) -> SchemaRef {
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    ["size", "refs.kind", "refs.attrs", "refs.span.start"]
        .iter()
        .fold(schema, |schema, path| schemas::without(&schema, path))
}

/// Sessions with every setting that the engine takes files by.
async fn sessions(case: &Case) -> Vec<SessionContext> {
    let mut sessions = Vec::new();
    for (statistics, pushdown) in [(true, false), (false, false), (true, true), (false, true)] {
        let ctx = case.open().await;
        for set in [
            format!("SET datafusion.execution.collect_statistics = {statistics}"),
            format!("SET datafusion.execution.parquet.pushdown_filters = {pushdown}"),
        ] {
            ctx.sql(&set).await.unwrap().collect().await.unwrap();
        }
        sessions.push(ctx);
    }
    sessions
}

/// The rows of a query, cells separated by a space.
async fn cells(ctx: &SessionContext, sql: &str) -> Vec<String> {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = pretty_format_batches(&batches).unwrap().to_string();
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(1);
    rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()).collect()
}

/// A missing column reads as its default everywhere.
#[tokio::test]
async fn missing_column_default() {
    for ctx in sessions(&case()).await {
        for (sql, expected) in [
            ("SELECT file_id, size FROM units_v1 ORDER BY file_id", &["f1", "f2 0", "f3 0", "f4 0", "f5 0"][..]),
            ("SELECT count(size), count(*), sum(size), min(size), max(size) FROM units_v1", &["4 5 0 0 0"]),
            ("SELECT file_id FROM units_v1 WHERE size = 0 ORDER BY file_id", &["f2", "f3", "f4", "f5"]),
            ("SELECT file_id FROM units_v1 WHERE size = 0 AND path > 'c' ORDER BY file_id", &["f3", "f4", "f5"]),
            ("SELECT file_id FROM units_v1 WHERE size + 1 IN (1, 2) ORDER BY file_id", &["f2", "f3", "f4", "f5"]),
            ("SELECT file_id FROM units_v1 WHERE size IS NULL", &["f1"]),
            ("SELECT file_id FROM units_v1 WHERE size IS NOT NULL AND path < 'd' ORDER BY file_id", &["f2", "f3"]),
            ("SELECT file_id FROM units_v1 WHERE size <> 0", &[]),
            ("SELECT count(*) FROM units_v1 WHERE size = 0", &["4"]),
            ("SELECT size, count(*) AS n FROM units_v1 GROUP BY size ORDER BY n", &["1", "0 4"]),
            ("SELECT file_id FROM units_v1 ORDER BY size, file_id DESC LIMIT 2", &["f5", "f4"]),
        ] {
            assert_eq!(cells(&ctx, sql).await, expected, "{sql}");
        }
    }
}

/// A missing nested field reads as its default but below a NULL.
#[tokio::test]
async fn missing_nested_field_default() {
    for ctx in sessions(&case()).await {
        for (sql, expected) in [
            // Lengths and NULLs of lists are those of the file.
            (
                "SELECT file_id, array_length(refs), refs IS NULL FROM units_v1 ORDER BY file_id",
                &["f1 1 false", "f2  true", "f3 3 false", "f4  true", "f5 0 false"][..],
            ),
            (
                "SELECT ref_id, kind, span, attrs FROM refs ORDER BY file_id, ref_id",
                &["r1  {start: 1, length: 2}", "r1 name {start: 5, length: 2} {}", "r2 name  {}", ""],
            ),
            // The NULL element has no kind, no attributes and no span, and NULL spans have no start.
            ("SELECT count(*), count(kind), count(attrs), count(span) FROM refs", &["4 2 2 2"]),
            ("SELECT count(get_field(span, 'start')), sum(get_field(span, 'start')) FROM refs", &["2 6"]),
            ("SELECT ref_id FROM refs WHERE kind = 'name' ORDER BY ref_id", &["r1", "r2"]),
            ("SELECT file_id FROM refs WHERE kind IS NULL ORDER BY file_id", &["f1", "f3"]),
            ("SELECT count(*) FROM refs WHERE get_field(span, 'start') = 5", &["1"]),
        ] {
            assert_eq!(cells(&ctx, sql).await, expected, "{sql}");
        }
        let recorded: Vec<_> = conversions(&ctx)
            .into_iter()
            .filter(|found| found.file.ends_with("/b_short.parquet"))
            .map(|found| (found.conversion.path.to_string(), found.conversion.kind, found.conversion.to.unwrap()))
            .collect();
        let expected = [("refs.attrs", "{}"), ("refs.kind", "\"name\""), ("refs.span.start", "5"), ("size", "0")]
            .map(|(path, to)| (path.to_owned(), ConversionKind::Missing, to.to_owned()));
        assert_eq!(recorded, expected);
    }
}

/// A required column with a default may be missing.
#[tokio::test]
async fn missing_required_column_default() {
    let case = Case::new();
    case.edit(
        "datasets/units_v1.yaml",
        "size: { type: int64, default: 0",
        "size: { type: int64, nullable: false, default: 9",
    );
    case.write_as("short.parquet", SHORT, &short(&case));
    for ctx in sessions(&case).await {
        assert_eq!(cells(&ctx, "SELECT size, count(*) FROM units_v1 WHERE size = 9 GROUP BY size").await, ["9 3"]);
        assert_eq!(cells(&ctx, "SELECT count(size) FROM units_v1").await, ["3"]);
    }
}

/// A policy of NULL fills no default.
#[tokio::test]
async fn fill_null_policy() {
    let case = Case::new();
    case.edit("datasets/units_v1.yaml", "missing: default", "missing: fill_null");
    case.write("a_whole.parquet", WHOLE);
    case.write_as("b_short.parquet", SHORT, &short(&case));
    for ctx in sessions(&case).await {
        for (sql, expected) in [
            ("SELECT file_id FROM units_v1 WHERE size = 0", &["f2"][..]),
            ("SELECT count(size), count(*) FROM units_v1", &["1 5"]),
            ("SELECT count(kind), count(attrs), count(*) FROM refs", &["0 0 4"]),
        ] {
            assert_eq!(cells(&ctx, sql).await, expected, "{sql}");
        }
    }
}

/// An insert is planned with the defaults and never done.
#[tokio::test]
async fn insert_planned_not_executed() {
    let case = case();
    let ctx = case.open().await;
    let insert = "INSERT INTO units_v1 (path, file_id) VALUES ('z.py', 'f9')";
    let plan = ctx.state().create_logical_plan(insert).await.unwrap();
    let plan = plan.display_indent().to_string();
    assert!(plan.contains("Int64(0) AS size"), "{plan}");
    assert!(plan.contains("CAST(NULL AS Utf8) AS repo") || plan.contains("Utf8(NULL) AS repo"), "{plan}");
    let error = ctx.sql(insert).await.unwrap().collect().await.unwrap_err().to_string();
    assert!(error.contains("`units_v1` cannot be written to"), "{error}");
    assert_eq!(cells(&ctx, "SELECT count(*) FROM units_v1").await, ["5"]);
}
