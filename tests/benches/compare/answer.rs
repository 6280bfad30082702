//! The measurement of a query on one side: the benchmark runs itself once more for each side of the engine.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use cstspec_contract::Catalog;
use datafusion::error::Result;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::side::{Data, Side};

/// Answers queries, one JSON object a line, until there are no more: what `tests/python/duckdb_side.py` does for its side.
pub async fn serve(side: Side, catalog: &Catalog, data: &Data, threads: usize) {
    let ctx = side.open(catalog, data, threads).await;
    say(&json!({ "ready": format!("DataFusion {}", cstspec_runtime::ENGINE) }));
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("requests are text")).expect("requests are JSON");
        let sql = request["sql"].as_str().expect("a request has a query");
        say(&answer(&ctx, sql).await.unwrap_or_else(|error| json!({ "error": error.strip_backtrace() })));
    }
}

fn say(answer: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}").and_then(|()| out.flush()).expect("somebody asked");
}

/// Plans and executes the query and lets go of each batch as it comes.
async fn answer(ctx: &SessionContext, sql: &str) -> Result<Value> {
    // Lets the peak start anew, where the system has one.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let held = memory("VmRSS:");
    let start = Instant::now();
    let plan = ctx.sql(sql).await?.create_physical_plan().await?;
    let planning = start.elapsed();
    let mut stream = execute_stream(Arc::clone(&plan), ctx.task_ctx())?;
    let (mut rows, mut batches) = (0, 0);
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows();
        batches += 1;
    }
    let seconds = start.elapsed();
    Ok(json!({
        "rows": rows,
        "batches": batches,
        "seconds": seconds.as_secs_f64(),
        "planning": planning.as_secs_f64(),
        "bytes": scanned(&plan),
        "held": held,
        "peak": memory("VmHWM:"),
    }))
}

/// The bytes that the scans of an executed plan asked their files for.
fn scanned(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned")).map_or(0, |sum| sum.as_usize());
    own + plan.children().into_iter().map(scanned).sum::<usize>()
}

/// Bytes of memory of this process, where the system tells.
fn memory(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
