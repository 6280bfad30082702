//! Traps of the engine that `verify --deep` is built around.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::world::run;

/// A session with little memory over a table of `rows` numbers.
fn little_memory(rows: i64, prefer_hash_join: bool) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .set_bool("datafusion.optimizer.prefer_hash_join", prefer_hash_join)
        .set_u64("datafusion.execution.sort_spill_reservation_bytes", 1 << 18);
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(4 << 20, 1.0).build_arc().unwrap();
    let ctx = SessionContext::new_with_config_rt(config, runtime);
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    // Scrambled, so that sorting them is work.
    let batch = |start: i64| {
        let numbers = (start..rows.min(start + 8192)).map(|number| number * 7919 % rows);
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(numbers.collect::<Int64Array>())]).unwrap()
    };
    let batches = (0..rows).step_by(8192).map(batch).collect();
    ctx.register_table("t", Arc::new(MemTable::try_new(schema, vec![batches]).unwrap())).unwrap();
    ctx
}

#[test]
fn a_hash_join_holds_a_side_in_memory_and_a_join_of_sorted_sides_spills() {
    run(async {
        let dangling = "SELECT count(*) FROM t AS l LEFT JOIN (SELECT a, TRUE AS there FROM t) AS r ON l.a = r.a
                        WHERE r.there IS NULL OR l.a >= 0";
        let hashed = little_memory(400_000, true).sql(dangling).await.unwrap().collect().await;
        let error = hashed.expect_err("a hash join spills now: `prefer_hash_join` need not be turned off");
        assert!(error.to_string().contains("Resources exhausted"), "{error}");
        let sorted = little_memory(400_000, false).sql(dangling).await.unwrap().collect().await.unwrap();
        assert_eq!(sorted[0].column(0).as_ref(), &Int64Array::from(vec![400_000]));
    });
}

#[test]
fn a_plan_that_runs_again_keeps_the_metrics_of_each_run() {
    run(async {
        let ctx = little_memory(10, false);
        let plan = ctx.sql("SELECT a + 1 FROM t").await.unwrap().create_physical_plan().await.unwrap();
        let kept = |plan: &Arc<dyn ExecutionPlan>| plan.metrics().unwrap().iter().count();
        collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        let once = kept(&plan);
        collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        assert_eq!(kept(&plan), 2 * once, "plans need not be reset any more");
        assert_eq!(kept(&reset_plan_states(plan).unwrap()), 0);
    });
}
