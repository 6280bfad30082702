//! Traps of the engine that `verify --deep` is built around.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::world::run;

/// A session over a table of ten numbers.
fn numbers(partitions: usize, prefer_hash_join: bool) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .set_bool("datafusion.optimizer.prefer_hash_join", prefer_hash_join);
    let ctx = SessionContext::new_with_config(config);
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new((0..10).collect::<Int64Array>())]).unwrap();
    ctx.register_table("t", Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())).unwrap();
    ctx
}

/// A join of sorted sides which spills is planned for several partitions only.
#[test]
fn spilling_join_needs_partitions() {
    run(async {
        let join = "SELECT l.a, r.there FROM t AS l LEFT JOIN (SELECT a, TRUE AS there FROM t) AS r ON l.a = r.a";
        let plan = async |partitions, prefer_hash_join| {
            let frame = numbers(partitions, prefer_hash_join).sql(join).await.unwrap();
            let plan = frame.create_physical_plan().await.unwrap();
            displayable(plan.as_ref()).indent(false).to_string()
        };
        assert!(plan(2, true).await.contains("HashJoinExec"), "`prefer_hash_join` need not be turned off any more");
        assert!(plan(2, false).await.contains("SortMergeJoin"));
        let single = plan(1, false).await;
        assert!(single.contains("HashJoinExec"), "one partition would do now: {single}");
    });
}

/// A plan that runs again keeps the metrics of each run.
#[test]
fn rerun_plan_keeps_metrics() {
    run(async {
        let ctx = numbers(2, false);
        let plan = ctx.sql("SELECT a + 1 FROM t").await.unwrap().create_physical_plan().await.unwrap();
        let kept = |plan: &Arc<dyn ExecutionPlan>| plan.metrics().unwrap().iter().count();
        collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        let once = kept(&plan);
        collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        assert_eq!(kept(&plan), 2 * once, "plans need not be reset any more");
        assert_eq!(kept(&reset_plan_states(plan).unwrap()), 0);
    });
}
