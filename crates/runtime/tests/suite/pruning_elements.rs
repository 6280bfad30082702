//! Filters on fields of elements leave out row groups, and no row with them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use cstspec_contract::prelude::path;
use cstspec_contract::types::{list, nullable, required, structure};
use cstspec_contract::{CastPolicy, DefaultValue, Origin, Value};
use datafusion::common::UnnestOptions;
use datafusion::functions::core::expr_ext::FieldAccessor as _;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionContext, col, lit};

use crate::counting::{ALL, Counting, LAYOUTS, Layout, counted, lines, over, plainly, read, views};
use crate::world::{batch, error, rows, run, schema, text};

async fn narrow(ctx: &SessionContext, on: bool) {
    ctx.sql(&format!("SET cstspec.narrow_scans = {on}")).await.unwrap();
}

/// The rows of `sql` and the row groups that it read, once the rows are the same when nothing is left out.
async fn same(ctx: &SessionContext, store: &Counting, sql: &str) -> (usize, String) {
    store.asked();
    let less = text(ctx, sql).await;
    let (_, groups) = store.asked();
    narrow(ctx, false).await;
    let whole = text(ctx, sql).await;
    narrow(ctx, true).await;
    assert_eq!(less, whole, "{sql}");
    (rows(ctx, sql).await.num_rows(), groups)
}

/// A filter on elements reads the row groups that may have them.
#[test]
fn row_groups_by_element_filter() {
    run(async {
        for &layout in LAYOUTS {
            let (ctx, store) = counted(layout, &plainly).await;
            ctx.sql("PREPARE by_text(VARCHAR) AS SELECT file_id FROM refs WHERE ref_text = $1").await.unwrap();
            for (sql, found, groups) in [
                ("SELECT file_id FROM refs WHERE ref_text = 'w12' ORDER BY 1", 4, "1.2"),
                ("SELECT file_id FROM refs WHERE bstart > 3205 ORDER BY 1", 2, "3.2"),
                ("SELECT file_id FROM refs WHERE ref_text IN ('w00', 'w31') ORDER BY 1", 8, "0.0 3.1"),
                ("SELECT ref_text FROM refs WHERE bstart BETWEEN 1000 AND 1011 ORDER BY 1", 4, "1.0"),
                ("SELECT count(*) FROM refs WHERE ref_text LIKE 'w2%' GROUP BY file_id ORDER BY 1", 6, "2.0 2.1 2.2"),
                ("SELECT file_id FROM refs WHERE ref_text LIKE 'w2%' AND bstart < 2005 ORDER BY 1", 2, "2.0"),
                ("SELECT file_id FROM refs WHERE ref_text = 'w12' OR bstart = 0 ORDER BY 1", 5, "0.0 1.2"),
                ("SELECT file_id FROM refs WHERE ref_text = 'w12' OR file_id = 'f000' ORDER BY 1", 6, "0.0 1.2"),
                ("SELECT file_id FROM refs WHERE ref_text = 'w12' AND path LIKE 'src/0%'", 0, ""),
                ("SELECT file_id FROM refs WHERE ref_text = 'nowhere'", 0, ""),
                ("SELECT file_id FROM refs WHERE NOT (ref_text < 'w32') ORDER BY 1", 4, "3.2"),
                ("SELECT file_id FROM refs WHERE ref_text IS NULL", 0, ALL),
                ("SELECT u FROM more_words WHERE w = 'w12' ORDER BY 1", 4, "1.2"),
                ("SELECT count(*) FROM more_words WHERE b >= 3210 GROUP BY u ORDER BY 1", 1, "3.2"),
                ("SELECT name FROM locals WHERE slot = 100", 1, "1.0"),
                ("SELECT name FROM locals WHERE scope = 's21' ORDER BY 1", 2, "2.1"),
                ("SELECT name FROM locals WHERE scope = 's21' AND slot > 210 ORDER BY 1", 1, "2.1"),
                ("SELECT attr_key FROM ref_attrs WHERE attr_value = 'o12'", 4, "1.2"),
                ("SELECT attr_key FROM ref_attrs WHERE attr_key = 'nothing'", 0, ""),
                ("EXECUTE by_text('w12')", 4, "1.2"),
                (
                    "SELECT file_id FROM files_v1 WHERE file_id IN (SELECT file_id FROM refs WHERE ref_text = 'w12') AND file_id > 'f12' ORDER BY 1",
                    2,
                    "1.2 2.0 2.1 2.2 3.0 3.1 3.2",
                ),
            ] {
                assert_eq!(same(&ctx, &store, sql).await, (found, groups.to_owned()), "{layout:?}: {sql}");
            }
            narrow(&ctx, false).await;
            assert_eq!(
                read(&ctx, &store, "SELECT file_id FROM refs WHERE ref_text = 'w12'").await,
                (4, ALL.to_owned())
            );
        }
    });
}

/// Where another row may count nothing is left out.
#[test]
fn row_groups_kept_if_other_rows_count() {
    run(async {
        let (ctx, store) = counted(Layout::Plain, &plainly).await;
        for (sql, found) in [
            ("SELECT * FROM (SELECT ref_text FROM refs ORDER BY bstart LIMIT 5) WHERE ref_text = 'w02'", 0),
            (
                "SELECT * FROM (SELECT ref_text, row_number() OVER (ORDER BY bstart) AS n FROM refs) WHERE ref_text = 'w12' ORDER BY n",
                4,
            ),
            (
                "SELECT m, n FROM (SELECT count(*) AS n, min(ref_text) AS m FROM refs GROUP BY bstart % 2) WHERE m = 'w00' ORDER BY n",
                2,
            ),
            (
                "SELECT l.name FROM locals l LEFT JOIN refs r ON r.file_id = l.file_id AND r.bstart < 5 WHERE r.ref_text IS NULL OR r.ref_text = 'w12' ORDER BY 1",
                23,
            ),
            ("SELECT file_id FROM refs WHERE random() < 2 AND upper(ref_text) = 'W12' ORDER BY 1", 4),
            ("SELECT file_id FROM refs WHERE CAST(substr(ref_text, 2) AS BIGINT) = 12 ORDER BY 1", 4),
            // As text, 1000 is less than 2.
            ("SELECT file_id FROM refs WHERE CAST(bstart AS VARCHAR) < '2' AND bstart >= 0 ORDER BY 1", 20),
            ("SELECT file_id FROM files_v1 WHERE refs[1]['ref_text'] = 'w12' ORDER BY 1", 2),
            ("SELECT file_id FROM refs WHERE ref_text = (SELECT max(ref_text) FROM refs) ORDER BY 1", 4),
        ] {
            assert_eq!(same(&ctx, &store, sql).await, (found, ALL.to_owned()), "{sql}");
        }
    });
}

/// Row groups of two rows: lists that are NULL and empty, elements that are NULL, fields that are, and all of these with values.
const KINDS: &str = r#"
{"repo":"a","path":"00","file_id":"k00","refs":null,"scopes":[{"name":"s","locals":[{"slot":1,"name":"i"}]}],"attrs":{}}
{"repo":"a","path":"01","file_id":"k01","refs":null,"scopes":null,"attrs":{}}
{"repo":"a","path":"02","file_id":"k02","refs":[],"scopes":[],"attrs":{}}
{"repo":"a","path":"03","file_id":"k03","refs":[],"scopes":[null,{"name":null,"locals":null}],"attrs":{}}
{"repo":"a","path":"04","file_id":"k04","refs":[null],"scopes":[{"name":"t","locals":[]}],"attrs":{}}
{"repo":"a","path":"05","file_id":"k05","refs":[null,null],"scopes":[{"name":"t","locals":[null]},{"name":"u","locals":[{"slot":9,"name":null}]}],"attrs":{}}
{"repo":"a","path":"06","file_id":"k06","refs":[{"file_id":"k","ref_text":null,"bstart":null,"span":null,"attrs":null}],"scopes":null,"attrs":{}}
{"repo":"a","path":"07","file_id":"k07","refs":[{"file_id":"k","ref_text":null,"bstart":null,"span":{"start":null,"end_exclusive":null},"attrs":{}}],"scopes":null,"attrs":{}}
{"repo":"a","path":"08","file_id":"k08","refs":[{"file_id":"k","ref_text":"a","bstart":1,"span":{"start":{"line0":1,"col":null},"end_exclusive":true},"attrs":{"k":"v"}},null],"scopes":[{"name":"v","locals":[{"slot":2,"name":"j"},null]}],"attrs":{}}
{"repo":"a","path":"09","file_id":"k09","refs":[{"file_id":"k","ref_text":"c","bstart":null,"span":null,"attrs":{"k":null}}],"scopes":[null],"attrs":{}}
{"repo":"a","path":"10","file_id":"k10","refs":[{"file_id":"k","ref_text":"b","bstart":5,"span":{"start":{"line0":2,"col":7},"end_exclusive":false},"attrs":{"l":"w"}}],"scopes":[{"name":"w","locals":[{"slot":3,"name":"k"}]},{"name":"x","locals":[]}],"attrs":{}}
{"repo":"a","path":"11","file_id":"k11","refs":[{"file_id":"k","ref_text":"b","bstart":5,"span":{"start":{"line0":3,"col":8},"end_exclusive":false},"attrs":{"l":"w"}}],"scopes":null,"attrs":{}}
"#;

const CONDITIONS: &[(&str, &[&str])] = &[
    (
        "SELECT file_id, ref_text, bstart FROM refs",
        &[
            "ref_text = 'a'",
            "ref_text <> 'b'",
            "ref_text > 'b'",
            "ref_text IS NULL",
            "ref_text IS NOT NULL",
            "ref_text IN ('a', 'z')",
            "ref_text NOT IN ('b')",
            "ref_text LIKE 'c%'",
            "ref_text NOT LIKE 'b%'",
            "bstart = 5",
            "bstart <> 5",
            "bstart < 0",
            "bstart IS NULL",
            "NOT (bstart = 5)",
            "bstart = 1 OR ref_text = 'c'",
            "bstart IS NULL OR bstart = 5",
            "bstart = 5 AND ref_text = 'a'",
            "bstart BETWEEN 2 AND 9",
            "coalesce(bstart, 7) = 7",
            "bstart IS DISTINCT FROM 5",
            "(bstart = 5) IS NOT TRUE",
            "bstart + 1 = 6",
            "ref_text = file_id OR bstart > 4",
            "get_field(get_field(span, 'start'), 'line0') = 2",
            "get_field(span, 'end_exclusive')",
            "span IS NULL",
            "NOT get_field(span, 'end_exclusive')",
            "get_field(span, 'end_exclusive') IS NULL",
            "CAST(bstart AS INT) = 5",
            "CAST(bstart AS DOUBLE) < 1.5",
            "ref_text = 'b' AND file_id = 'k11'",
        ],
    ),
    (
        "SELECT file_id, scope, slot FROM locals",
        &["slot > 2", "slot IS NULL", "scope = 't'", "scope IS NULL", "scope = 'u' OR slot = 3", "scope <> 'w'"],
    ),
    (
        "SELECT file_id, attr_key, attr_value FROM ref_attrs",
        &["attr_key = 'k'", "attr_value IS NULL", "attr_value = 'w'", "attr_key <> 'l'"],
    ),
    // The shorter list is filled up with NULLs.
    (
        "SELECT file_id, r['ref_text'] AS ref_text, s['name'] AS name FROM (SELECT file_id, unnest(refs) AS r, unnest(scopes) AS s FROM files_v1)",
        &[
            "r['ref_text'] IS NULL",
            "s['name'] IS NULL",
            "s['name'] = 'x'",
            "r['bstart'] = 5 AND s['name'] = 'x'",
            "r['bstart'] IS NULL AND s['name'] = 'x'",
            "s['name'] = 'x' OR r['ref_text'] = 'a'",
        ],
    ),
];

/// Rows are the same whatever is NULL or empty.
#[test]
fn rows_equal_with_nulls_and_empties() {
    run(async {
        let store = Arc::new(Counting::default());
        store.file("files/part-0.parquet", &batch(&schema(), KINDS), plainly()).await;
        let ctx = over(&store, &views()).await;
        let mut skipped = 0;
        for (select, conditions) in CONDITIONS {
            for condition in *conditions {
                let sql = format!("{select} WHERE {condition} ORDER BY 1, 2, 3");
                let (_, groups) = same(&ctx, &store, &sql).await;
                skipped += usize::from(groups.split_whitespace().count() < 6);
            }
        }
        assert!(skipped > 20, "{skipped}");
        // Groups without a value have no element to find; a filter that NULL meets keeps them all.
        let groups =
            async |condition: &str| read(&ctx, &store, &format!("SELECT file_id FROM refs WHERE {condition}")).await.1;
        assert_eq!(groups("ref_text = 'b'").await, "0.4 0.5");
        assert_eq!(groups("bstart = 5").await, "0.5");
        assert_eq!(groups("ref_text IS NOT NULL").await, "0.4 0.5");
        assert_eq!(groups("get_field(get_field(span, 'start'), 'line0') > 1").await, "0.5");
    });
}

/// Lists that are kept as a NULL row are never lost.
#[test]
fn null_rows_of_lists_kept() {
    run(async {
        let store = Arc::new(Counting::default());
        store.file("files/part-0.parquet", &batch(&schema(), KINDS), plainly()).await;
        let ctx = over(&store, &views()).await;
        for (condition, found) in [
            (col("refs").field("bstart").is_null(), 9),
            (col("refs").field("bstart").eq(lit(5_i64)), 2),
            (col("refs").field("ref_text").not_eq(lit("b")), 2),
        ] {
            let mut counts = Vec::new();
            for on in [true, false] {
                narrow(&ctx, on).await;
                let frame = ctx.table("files_v1").await.unwrap().select_columns(&["file_id", "refs"]).unwrap();
                let options = UnnestOptions::new().with_preserve_nulls(true);
                let frame = frame.unnest_columns_with_options(&["refs"], options).unwrap();
                let frame = frame.filter(condition.clone()).unwrap().select_columns(&["file_id"]).unwrap();
                counts.push(frame.collect().await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>());
            }
            assert_eq!(counts, [found, found], "{condition}");
        }
    });
}

/// The sum of a metric over the scans of a plan that was run: what was kept and what was left out.
fn pruned(plan: &Arc<dyn ExecutionPlan>) -> (usize, usize) {
    let mut sum = (0, 0);
    for metric in plan.metrics().iter().flat_map(|metrics| metrics.iter().collect::<Vec<_>>()) {
        if let MetricValue::PruningMetrics { name, pruning_metrics } = metric.value()
            && name == "row_groups_pruned_leaf_statistics"
        {
            sum = (sum.0 + pruning_metrics.matched(), sum.1 + pruning_metrics.pruned());
        }
    }
    plan.children().into_iter().map(pruned).fold(sum, |sum, more| (sum.0 + more.0, sum.1 + more.1))
}

/// Parts of a file count each row group once and explain says by what.
#[test]
fn split_file_groups_counted_once() {
    run(async {
        let store = Arc::new(Counting::default());
        let all = (0..10).map(lines).collect::<Vec<_>>().join("\n");
        store.file("files/part-0.parquet", &batch(&schema(), &all), plainly()).await;
        let ctx = over(&store, &views()).await;
        ctx.sql("SET datafusion.execution.target_partitions = 4").await.unwrap();
        ctx.sql("SET datafusion.optimizer.repartition_file_min_size = 1").await.unwrap();
        let sql = "SELECT file_id FROM refs WHERE ref_text IN ('w12', 'w51', 'w92')";
        let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let found = collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 12);
        assert_eq!(pruned(&plan), (3, 27));
        let explained = text(&ctx, &format!("EXPLAIN {sql}")).await;
        assert!(explained.contains("part-0.parquet:"), "the file is in parts: {explained}");
        let shown = "leaf_predicate=[refs.ref_text = w12 OR refs.ref_text = w51 OR refs.ref_text = w92]";
        assert!(explained.contains(shown), "{explained}");
        narrow(&ctx, false).await;
        assert!(!text(&ctx, &format!("EXPLAIN {sql}")).await.contains("leaf_predicate"));
    });
}

/// In drifted files old names wider types and defaults decide.
#[test]
fn drifted_files_pruned() {
    run(async {
        let store = Arc::new(Counting::default());
        let older = |fields: Vec<arrow::datatypes::FieldRef>| {
            Arc::new(Schema::new(vec![
                nullable("repo", DataType::Utf8),
                required("path", DataType::Utf8),
                required("file_id", DataType::Utf8),
                nullable("refs", list(DataType::Struct(fields.into()))),
            ]))
        };
        let id = || required("file_id", DataType::Utf8);
        let files = [
            (schema(), lines(0)),
            // Another name, a narrower type, another order.
            (
                older(vec![nullable("bstart", DataType::Int32), nullable("text", DataType::LargeUtf8), id()]),
                lines(1).replace("ref_text", "text"),
            ),
            // Without text, which has a default, and with places as text.
            (
                older(vec![id(), nullable("bstart", DataType::Utf8)]),
                lines(2).replace(r#""bstart":"#, r#""bstart":""#).replace(r#","span":null"#, r#"","span":null"#),
            ),
            // Without a place, which has none.
            (older(vec![id(), nullable("ref_text", DataType::Utf8)]), lines(3)),
        ];
        for (index, (schema, lines)) in files.iter().enumerate() {
            store.file(&format!("files/part-{index}.parquet"), &batch(schema, lines), plainly()).await;
        }
        let mut catalog = views();
        let dataset = &mut catalog.datasets[0];
        dataset.evolution.casts = CastPolicy::Any;
        dataset.evolution.renames = [(path("refs.text"), "ref_text".to_owned())].into();
        let (path, value, origin) = (path("refs.ref_text"), Value::Text("w00".to_owned()), Origin::default());
        dataset.defaults = vec![DefaultValue { path, value, origin }];
        let ctx = over(&store, &catalog).await;
        for (condition, found, groups) in [
            ("ref_text = 'w12'", 4, "1.2"),
            ("ref_text = 'w00'", 16, "0.0 2.0 2.1 2.2"),
            ("ref_text LIKE 'w3%'", 12, "3.0 3.1 3.2"),
            ("ref_text <> 'w00' AND bstart < 1005", 10, "0.1 0.2 1.0"),
            ("bstart = 1111", 1, "1.1 2.0 2.1 2.2"),
            ("bstart = 2000 AND ref_text = 'w00'", 1, "2.0 2.1 2.2"),
            ("bstart > 0 AND ref_text > 'w3'", 0, ""),
            ("bstart IS NULL", 12, ALL),
            ("span IS NULL AND ref_text = 'w31'", 4, "3.1"),
            ("get_field(span, 'end_exclusive') = true AND ref_text = 'w31'", 0, "3.1"),
            ("get_field(get_field(span, 'start'), 'col') > 0 AND ref_text = 'w31'", 0, ""),
        ] {
            let sql = format!("SELECT file_id, ref_text FROM refs WHERE {condition} ORDER BY 1, 2");
            assert_eq!(same(&ctx, &store, &sql).await, (found, groups.to_owned()), "{condition}");
        }
    });
}

/// An error still names the row of its file.
#[test]
fn error_names_row_of_file() {
    run(async {
        let store = Arc::new(Counting::default());
        let element = structure([nullable("file_id", DataType::Utf8), nullable("ref_text", DataType::Utf8)]);
        let fields = vec![
            required("path", DataType::Utf8),
            required("file_id", DataType::Utf8),
            nullable("refs", list(element)),
        ];
        let bad = lines(0).replace(r#"[{"file_id":"f020""#, r#"[{"file_id":null"#);
        store.file("files/part-0.parquet", &batch(&Arc::new(Schema::new(fields)), &bad), plainly()).await;
        let ctx = over(&store, &views()).await;
        let sql =
            "SELECT item FROM (SELECT unnest(refs) AS item FROM files_v1) WHERE get_field(item, 'ref_text') = 'w02'";
        let said = error(&ctx, sql).await;
        assert!(said.contains("row 4"), "{said}");
        let sql = sql.replace("w02", "w01");
        assert_eq!(read(&ctx, &store, &sql).await, (4, "0.1".to_owned()));
    });
}
