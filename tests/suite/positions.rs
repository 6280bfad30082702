//! Positions of elements: the rows that pyarrow and DuckDB make of the same files, and what the scan reads for them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch};
use arrow::util::display::array_value_to_string;
use cstspec_contract::Catalog;
use cstspec_spec::compile;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::SessionContext;

use crate::world;

type Row = Vec<Option<String>>;

fn telemetry() -> Catalog {
    compile(&world::workspace().join("tests/catalogs/telemetry")).catalog.unwrap()
}

async fn ask(ctx: &SessionContext, sql: &str) -> Vec<RecordBatch> {
    let frame = ctx.sql(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    frame.collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows of a query, values as text, sorted.
async fn rows(ctx: &SessionContext, sql: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for batch in ask(ctx, sql).await {
        for row in 0..batch.num_rows() {
            let value = |column| batch.column(column).is_valid(row).then(|| text(&batch, column, row));
            rows.push((0..batch.num_columns()).map(value).collect());
        }
    }
    rows.sort();
    rows
}

fn text(batch: &RecordBatch, column: usize, row: usize) -> String {
    array_value_to_string(batch.column(column), row).unwrap()
}

/// Runs `told` over the telemetry catalog and programs that Python wrote, with the rows that Python reads from them, for some seeds.
async fn over_programs(told: impl AsyncFn(&SessionContext, &BTreeMap<String, Vec<Row>>)) {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let script = world::workspace().join("tests/python/positions.py");
    let catalog = telemetry();
    for seed in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(&python).arg(&script).arg(folder.path()).arg(seed.to_string()).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let mut expected: BTreeMap<String, Vec<Row>> = serde_json::from_slice(&output.stdout).unwrap();
        for rows in expected.values_mut() {
            rows.sort();
        }
        let ctx = world::open(&catalog, &world::at([("site_reports", folder.path())])).await;
        told(&ctx, &expected).await;
    }
}

/// The views' columns in the order of the rows that Python prints.
const VIEWS: [(&str, &str); 6] = [
    ("steps", "site_id, routine_index, step_index, routine, op, arg"),
    ("constants", "site_id, routine_index, constant_index, constant"),
    ("loads", "site_id, routine_index, step_index, constant_index"),
    ("loaded_constants", "site_id, routine_index, step_index, constant"),
    ("fault_codes", "site_id, channel, fault_index, code"),
    ("report_labels", "site_id, label_index, label, value"),
];

/// Elements have their places in the lists as they are stored, through lists in lists, structs and maps.
#[tokio::test]
async fn positions_as_pyarrow() {
    over_programs(async |ctx, expected| {
        for (view, columns) in VIEWS {
            let sql = format!("SELECT {columns} FROM {view}");
            assert!(!expected[view].is_empty(), "{view}");
            assert_eq!(rows(ctx, &sql).await, expected[view], "{view}");
            for setting in ["datafusion.execution.batch_size = 3", "cstspec.narrow_scans = false"] {
                ctx.sql(&format!("SET {setting}")).await.unwrap();
                assert_eq!(rows(ctx, &sql).await, expected[view], "{view} with {setting}");
            }
            ctx.sql("SET datafusion.execution.batch_size = 8192").await.unwrap();
            ctx.sql("SET cstspec.narrow_scans = true").await.unwrap();
        }
    })
    .await;
}

/// A condition or a limit leaves rows out and numbers none of them anew.
#[tokio::test]
async fn positions_kept_by_filters_and_limits() {
    over_programs(async |ctx, expected| {
        let (_, columns) = VIEWS[0];
        let (outer, inner, op) = (1, 2, 4);
        let some = |text: &str| Some(text.to_owned());
        let kept = |wanted: &dyn Fn(&Row) -> bool| -> Vec<Row> {
            expected["steps"].iter().filter(|row| wanted(row)).cloned().collect()
        };
        let conditions: [(&str, Vec<Row>); 5] = [
            ("op = 'CALL'", kept(&|row| row[op] == some("CALL"))),
            ("op IS NULL", kept(&|row| row[op].is_none())),
            ("step_index = 1", kept(&|row| row[inner] == some("1"))),
            ("routine_index = step_index", kept(&|row| row[outer] == row[inner])),
            ("step_index > 0 AND op <> 'CALL'", kept(&|row| row[inner] != some("0") && row[op] == some("LOAD_CONST"))),
        ];
        for (condition, expected) in conditions {
            let sql = format!("SELECT {columns} FROM steps WHERE {condition}");
            assert_eq!(rows(ctx, &sql).await, expected, "{condition}");
        }
        let limited = rows(ctx, &format!("SELECT {columns} FROM steps LIMIT 7 OFFSET 3")).await;
        assert_eq!(limited.len(), expected["steps"].len().saturating_sub(3).min(7));
        assert!(limited.iter().all(|row| expected["steps"].contains(row)), "{limited:?}");
        let counted = rows(ctx, "SELECT count(*), count(step_index), max(step_index) FROM steps").await;
        let most = expected["steps"].iter().filter_map(|row| row[inner].as_ref()?.parse::<i64>().ok()).max();
        let all = expected["steps"].len().to_string();
        assert_eq!(counted, [[Some(all.clone()), Some(all), most.map(|most| most.to_string())]]);
    })
    .await;
}

/// A session over the rows of the telemetry catalog that are in the repository.
async fn open(catalog: &Catalog) -> (SessionContext, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site_reports.parquet");
    let text = fs::read_to_string(world::workspace().join("tests/catalogs/telemetry/data/site_reports.json")).unwrap();
    let rows = crate::telemetry::from_json(&catalog.dataset("site_reports").unwrap().schema(), &text);
    let file = fs::File::create(&path).unwrap();
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    (world::open(catalog, &world::at([("site_reports", path.as_path())])).await, folder)
}

async fn plan(ctx: &SessionContext, sql: &str) -> Arc<dyn ExecutionPlan> {
    ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap()
}

/// The plan as text, without what differs from file to file.
async fn plan_text(ctx: &SessionContext, sql: &str) -> String {
    let text = displayable(plan(ctx, sql).await.as_ref()).indent(false).to_string();
    let scans = text.lines().map(|line| match line.split_once("file_groups=") {
        Some((before, after)) => format!("{before}{}", after.split_once("projection=").unwrap().1),
        None => line.to_owned(),
    });
    scans.collect::<Vec<_>>().join("\n")
}

/// The narrowed columns of the scan of `sql`.
async fn narrowed(ctx: &SessionContext, sql: &str) -> String {
    let plan = plan_text(ctx, sql).await;
    let (_, told) = plan.split_once("narrowed=[").unwrap_or_else(|| panic!("{plan}"));
    told.split_once(']').unwrap().0.to_owned()
}

/// Bytes that the scans of `sql` read, without footers.
async fn bytes(ctx: &SessionContext, sql: &str) -> usize {
    fn sum(plan: &Arc<dyn ExecutionPlan>) -> usize {
        let own = plan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
        own.map_or(0, |value| value.as_usize()) + plan.children().into_iter().map(sum).sum::<usize>()
    }
    let plan = plan(ctx, sql).await;
    collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
    sum(&plan)
}

/// A position reads no leaf of its own, at any depth.
#[tokio::test]
async fn position_reads_no_leaf() {
    let (ctx, _folder) = open(&telemetry()).await;
    for (sql, expected) in [
        ("SELECT step_index, op FROM steps", "control: {routines: {steps: {op}}}"),
        ("SELECT routine_index, step_index, op FROM steps", "control: {routines: {steps: {op}}}"),
        ("SELECT step_index FROM steps", "control: {routines: {steps: {}}}"),
        ("SELECT routine_index FROM steps", "control: {routines: {steps: {}}}"),
        ("SELECT routine_index, constant FROM constants", "control: {routines: {constants}}"),
        ("SELECT op FROM steps WHERE step_index = 1", "control: {routines: {steps: {op}}}"),
        ("SELECT max(step_index) FROM steps GROUP BY routine_index", "control: {routines: {steps: {}}}"),
    ] {
        assert_eq!(narrowed(&ctx, sql).await, expected, "{sql}");
    }
    for (with, without) in [
        ("SELECT step_index, op FROM steps", "SELECT op FROM steps"),
        ("SELECT routine_index, step_index, arg FROM steps", "SELECT arg FROM steps"),
        ("SELECT constant_index, constant FROM constants", "SELECT constant FROM constants"),
    ] {
        assert_eq!(bytes(&ctx, with).await, bytes(&ctx, without).await, "{with}");
        assert!(bytes(&ctx, with).await > 0, "{with}");
    }
    assert!(bytes(&ctx, "SELECT step_index FROM steps").await <= bytes(&ctx, "SELECT op FROM steps").await);
}

/// A query that uses no position has the plan of a view that declares none.
#[tokio::test]
async fn unused_position_not_planned() {
    let specs = tempfile::tempdir().unwrap();
    world::copy(&world::workspace().join("tests/catalogs/telemetry"), specs.path());
    for view in ["loads", "loaded_constants"] {
        fs::remove_file(specs.path().join(format!("views/{view}.yaml"))).unwrap();
    }
    for (view, position) in [
        ("steps", "  position: { control.routines: routine_index, control.routines.steps: step_index }\n"),
        ("constants", "  position: { control.routines: routine_index, control.routines.constants: constant_index }\n"),
        ("fault_codes", ", position: fault_index"),
    ] {
        let path = specs.path().join(format!("views/{view}.yaml"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(position), "{text}");
        let without = text.replace(position, "");
        let (without, _) = without.split_once("key:").unwrap();
        fs::write(&path, without).unwrap();
    }
    let compiled = compile(specs.path());
    assert_eq!(compiled.findings, []);
    let (with, _one) = open(&telemetry()).await;
    let (without, _other) = open(&compiled.catalog.unwrap()).await;
    for sql in [
        "SELECT op FROM steps",
        "SELECT op, arg FROM steps WHERE arg > 0 AND report_day = date '2026-05-01'",
        "SELECT count(*) FROM steps",
        "SELECT op, count(*) FROM steps GROUP BY op",
        "SELECT op FROM steps ORDER BY op, arg LIMIT 3",
        "SELECT site_id, routine FROM steps",
        "SELECT constant FROM constants",
        "SELECT channel, code FROM fault_codes",
        "SELECT s.op, c.constant FROM steps s JOIN constants c ON s.site_id = c.site_id",
        "SELECT op FROM steps UNION ALL SELECT constant FROM constants",
        "SELECT op FROM steps WHERE op IN (SELECT constant FROM constants)",
        "SELECT DISTINCT op FROM steps",
    ] {
        assert_eq!(plan_text(&with, sql).await, plan_text(&without, sql).await, "{sql}");
        assert!(!plan_text(&with, sql).await.contains("element_indices"), "{sql}");
    }
    // What is used stays, one level without the other.
    for (sql, count) in [
        ("SELECT step_index FROM steps", 1),
        ("SELECT routine_index FROM steps", 1),
        ("SELECT routine_index, step_index FROM steps", 2),
        ("SELECT op FROM steps WHERE step_index = 1", 1),
        ("SELECT op FROM steps ORDER BY routine_index", 1),
    ] {
        let plan = plan_text(&with, sql).await;
        assert_eq!(plan.matches("element_indices(get_field(").count(), count, "{sql}\n{plan}");
    }
}

/// Row groups are pruned by a condition on elements below their positions too.
#[tokio::test]
async fn positions_beside_pruned_row_groups() {
    over_programs(async |ctx, _| {
        let sql = "SELECT routine_index, step_index FROM steps WHERE op = 'ZZZ'";
        assert!(plan_text(ctx, sql).await.contains("leaf_predicate=[control.routines.steps.op = ZZZ"));
        assert_eq!(rows(ctx, sql).await, Vec::<Row>::new());
        assert_eq!(bytes(ctx, sql).await, 0);
        // A condition of the view is pushed as one of a query is.
        let plan = plan_text(ctx, "SELECT step_index FROM loads").await;
        assert!(plan.contains("leaf_predicate=[control.routines.steps.op != CALL"), "{plan}");
    })
    .await;
}
