//! Scans that read only the fields a query uses: what is read, that nothing else changes, and that it can be switched off.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use cstspec_contract::prelude::path;
use cstspec_contract::types::{list, nullable, structure};
use cstspec_contract::{CastPolicy, DefaultValue, Origin, Value};
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::SessionContext;

use crate::world::{ROWS, at, batch, catalog, one_file, open, rows, run, schema, text, write};

/// The narrowed schemas of the scans of `sql`, in the order of the plan; `-` for one that was not.
async fn narrowed(ctx: &SessionContext, sql: &str) -> Vec<String> {
    let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let plan = displayable(plan.as_ref()).indent(false).to_string();
    let scans = plan.lines().filter(|line| line.contains("DataSourceExec"));
    let told = scans.map(|scan| match scan.split_once("narrowed=[") {
        Some((_, told)) => told.split_once(']').unwrap().0.to_owned(),
        None => "-".to_owned(),
    });
    told.collect()
}

/// Bytes that the scans of `sql` read, without footers.
async fn bytes(ctx: &SessionContext, sql: &str) -> usize {
    fn sum(plan: &Arc<dyn ExecutionPlan>) -> usize {
        let own = plan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
        own.map_or(0, |value| value.as_usize()) + plan.children().into_iter().map(sum).sum::<usize>()
    }
    let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
    sum(&plan)
}

/// The rows of `sql`, once they are the same, with the same schema, when everything is read.
async fn same(ctx: &SessionContext, sql: &str) -> RecordBatch {
    let less = rows(ctx, sql).await;
    ctx.sql("SET cstspec.narrow_scans = false").await.unwrap();
    let whole = rows(ctx, sql).await;
    assert!(narrowed(ctx, sql).await.iter().all(|told| told == "-"), "{sql}");
    ctx.sql("SET cstspec.narrow_scans = true").await.unwrap();
    assert_eq!(less.schema(), whole.schema(), "{sql}");
    assert_eq!(less, whole, "{sql}");
    less
}

/// A query reads the fields that it uses and its rows are the same.
#[test]
fn projection_pushed_into_nested_fields() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let cases: &[(&str, &[&str])] = &[
            ("SELECT ref_text FROM refs ORDER BY ref_text", &["refs: {ref_text}"]),
            ("SELECT ref_text, count(*) FROM refs GROUP BY ref_text ORDER BY 1", &["refs: {ref_text}"]),
            ("SELECT file_id FROM refs WHERE bstart > 0 ORDER BY file_id", &["refs: {bstart}"]),
            // The id is made from one field.
            ("SELECT ref_id FROM refs ORDER BY ref_id", &["refs: {bstart}"]),
            // Which elements there are, any field tells.
            ("SELECT count(*) FROM refs", &["refs: {}"]),
            ("SELECT count(*) FROM files_v1 WHERE refs IS NULL", &["refs: {}"]),
            ("SELECT cardinality(refs), array_length(refs), empty(refs) FROM files_v1 ORDER BY file_id", &["refs: {}"]),
            ("SELECT refs[1]['bstart'] FROM files_v1 ORDER BY file_id", &["refs: {bstart}"]),
            // A struct in an element, whole, in part, and only as NULL or not.
            ("SELECT span FROM refs ORDER BY file_id, ref_text", &["refs: {ref_text, span}"]),
            (
                "SELECT get_field(get_field(span, 'start'), 'col') AS col FROM refs ORDER BY 1",
                &["refs: {span: {start: {col}}}"],
            ),
            (
                "SELECT span['start'] IS NULL, span['end_exclusive'] FROM refs ORDER BY 1, 2",
                &["refs: {span: {start: {}, end_exclusive}}"],
            ),
            ("SELECT count(span) FROM refs", &["refs: {span: {}}"]),
            // Maps are whole.
            ("SELECT attr_value FROM ref_attrs ORDER BY 1", &["refs: {attrs}"]),
            // A list in a list, with a field of the outer element beside it.
            ("SELECT slot FROM locals ORDER BY slot", &["scopes: {locals: {slot}}"]),
            ("SELECT scope, count(*) FROM locals GROUP BY scope ORDER BY 1", &["scopes: {name, locals: {}}"]),
            // A struct that is made and taken apart again.
            (
                "SELECT get_field(pair, 'a') FROM (SELECT named_struct('a', bstart, 'b', ref_text) AS pair FROM refs) \
                 ORDER BY 1",
                &["refs: {bstart}"],
            ),
            // Several scans, each with what is asked of it.
            (
                "SELECT r.ref_text, l.name FROM refs r JOIN locals l ON r.file_id = l.file_id ORDER BY 1, 2",
                &["refs: {ref_text}", "scopes: {locals: {name}}"],
            ),
            (
                "SELECT ref_text AS t FROM refs UNION ALL SELECT name FROM locals ORDER BY t",
                &["refs: {ref_text}", "scopes: {locals: {name}}"],
            ),
            (
                "SELECT file_id FROM refs WHERE ref_text IN (SELECT name || 'x' FROM locals) OR ref_text = 'x' ORDER BY 1",
                &["refs: {ref_text}", "scopes: {locals: {name}}"],
            ),
            (
                "SELECT file_id, (SELECT max(slot) FROM locals) AS most FROM refs WHERE bstart = 1",
                &["scopes: {locals: {slot}}", "refs: {bstart}"],
            ),
            // Two uses of a column are read together; a bare one keeps it whole.
            (
                "SELECT cardinality(refs), item['ref_text'] FROM (SELECT refs, unnest(refs) AS item FROM files_v1) ORDER BY 2",
                &["refs: {ref_text}"],
            ),
            ("SELECT refs, refs[1]['bstart'] FROM files_v1 ORDER BY file_id", &["-"]),
            ("SELECT DISTINCT item FROM (SELECT unnest(refs) AS item FROM files_v1) ORDER BY item['ref_text']", &["-"]),
            ("SELECT * FROM files_v1 ORDER BY file_id", &["-"]),
            ("SELECT path FROM files_v1 ORDER BY path", &["-"]),
        ];
        for (sql, expected) in cases {
            let mut told = narrowed(&ctx, sql).await;
            let mut expected: Vec<&str> = expected.to_vec();
            told.sort();
            expected.sort_unstable();
            assert_eq!(told, expected, "{sql}");
            assert!(same(&ctx, sql).await.num_rows() > 0, "{sql}");
        }
    });
}

/// Explain tells what is read and in which rule.
#[test]
fn explain_shows_projection() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let plan = text(&ctx, "EXPLAIN SELECT slot FROM locals").await;
        assert!(plan.contains("narrowed=[scopes: {locals: {slot}}]"), "{plan}");
        let plan = text(&ctx, "EXPLAIN FORMAT TREE SELECT slot FROM locals").await;
        assert!(plan.contains("narrowed"), "{plan}");
        assert!(text(&ctx, "EXPLAIN VERBOSE SELECT slot FROM locals").await.contains("narrow_scans"));
    });
}

/// Only the leaves that are used are fetched.
#[test]
fn unused_leaves_not_fetched() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let queries = [
            "SELECT count(*) FROM refs",
            "SELECT bstart FROM refs",
            "SELECT bstart, ref_text FROM refs",
            "SELECT bstart, ref_text, span FROM refs",
        ];
        let mut read = Vec::new();
        for sql in queries {
            read.push(bytes(&ctx, sql).await);
        }
        assert!(read.is_sorted() && read[0] > 0 && read[0] < read[2], "{read:?}");
        ctx.sql("SET cstspec.narrow_scans = false").await.unwrap();
        let whole = bytes(&ctx, queries[1]).await;
        assert!(read[3] < whole, "{read:?} {whole}");
        assert_eq!(bytes(&ctx, queries[0]).await, whole);
    });
}

/// The element of `refs` as an older file has it: `ref_text` under another name, `bstart` narrower, `span` missing, one field more.
fn older() -> Arc<Schema> {
    let element = structure([
        nullable("junk", DataType::Utf8),
        nullable("bstart", DataType::Int32),
        nullable("text", DataType::Utf8),
        nullable("file_id", DataType::Utf8),
    ]);
    let fields = schema().fields().iter().filter(|field| field.name() != "scopes").cloned().collect::<Vec<_>>();
    let fields = fields.into_iter().map(|field| match field.name().as_str() {
        "refs" => nullable("refs", list(element.clone())),
        _ => field,
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Drifted files are converted as if all of them was read.
#[test]
fn drifted_files_projected() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let older_rows = ROWS.replace("ref_text", "text").replace(":\"f", ":\"o");
        write(&folder.path().join("a.parquet"), &batch(&schema(), ROWS));
        write(&folder.path().join("b.parquet"), &batch(&older(), &older_rows));
        let mut catalog = catalog();
        let dataset = &mut catalog.datasets[0];
        dataset.evolution.casts = CastPolicy::Widening;
        dataset.evolution.renames = [(path("refs.text"), "ref_text".to_owned())].into();
        let default = |path: &str, value| DefaultValue {
            path: cstspec_contract::prelude::path(path),
            value,
            origin: Origin::default(),
        };
        dataset.defaults =
            vec![default("refs.span.end_exclusive", Value::Bool(true)), default("scopes.name", Value::Null)];
        let ctx = open(&catalog, &at(folder.path())).await;
        for (sql, expected) in [
            ("SELECT ref_text FROM refs ORDER BY file_id, ref_text", "refs: {ref_text}"),
            ("SELECT sum(bstart) FROM refs", "refs: {bstart}"),
            // A file that has none of the fields asked for still tells its elements.
            (
                "SELECT span['end_exclusive'] AS e, span IS NULL AS n FROM refs ORDER BY file_id, e, n",
                "refs: {span: {end_exclusive}}",
            ),
            ("SELECT count(*), count(span), count(slot) FROM refs, locals", "refs: {span: {}}"),
            ("SELECT count(*) FROM refs", "refs: {}"),
            ("SELECT slot FROM locals ORDER BY slot", "scopes: {locals: {slot}}"),
        ] {
            assert!(narrowed(&ctx, sql).await.contains(&expected.to_owned()), "{sql}");
            assert!(same(&ctx, sql).await.num_rows() > 0, "{sql}");
        }
        // The names of a contract stay taken, whatever is asked for: `text` is not read as another's old name.
        assert_eq!(rows(&ctx, "SELECT ref_text FROM refs WHERE ref_text = 'x'").await.num_rows(), 2);
    });
}

/// A statement a frame and a second registration are narrowed too.
#[test]
fn statement_and_frame_projected() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let (catalog, locations) = (catalog(), one_file(folder.path()));
        let ctx = open(&catalog, &locations).await;
        cstspec_runtime::register(&ctx, &catalog, &locations).await.unwrap();
        let rules = ctx.state().optimizers().iter().filter(|rule| rule.name() == "narrow_scans").count();
        assert_eq!(rules, 1);
        ctx.sql("PREPARE texts(VARCHAR) AS SELECT ref_text FROM refs WHERE file_id = $1").await.unwrap();
        let plan = ctx.sql("EXPLAIN SELECT bstart FROM refs").await.unwrap().collect().await.unwrap();
        assert!(format!("{plan:?}").contains("narrowed=[refs: {bstart}]"));
        let statement = ctx.sql("EXECUTE texts('f1')").await.unwrap().create_physical_plan().await.unwrap();
        assert!(displayable(statement.as_ref()).indent(false).to_string().contains("narrowed=[refs: {ref_text}]"));
        for preserve in [true, false] {
            use datafusion::common::UnnestOptions;
            use datafusion::functions::core::expr_ext::FieldAccessor as _;
            use datafusion::prelude::col;
            let frame = ctx.table("files_v1").await.unwrap().select_columns(&["file_id", "refs"]).unwrap();
            let options = UnnestOptions::new().with_preserve_nulls(preserve);
            let frame = frame.unnest_columns_with_options(&["refs"], options).unwrap();
            let frame = frame.select(vec![col("refs").field("bstart").alias("bstart")]).unwrap();
            let plan = frame.clone().create_physical_plan().await.unwrap();
            assert!(displayable(plan.as_ref()).indent(false).to_string().contains("narrowed=[refs: {bstart}]"));
            let found: usize = frame.collect().await.unwrap().iter().map(RecordBatch::num_rows).sum();
            assert_eq!(found, if preserve { 4 } else { 3 });
        }
    });
}
