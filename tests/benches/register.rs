//! How long it takes to open a session, to register the LibCST catalog in it, and to answer the first queries.
//!
//! Each round is a new session over the sample as one file; medians with the fastest and the slowest round, in milliseconds. `ROUNDS` in
//! the environment says how many there are.

use std::time::{Duration, Instant};

use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;

/// The queries, twice each.
const QUERIES: [(&str, &str); 3] = [
    ("one column of a row view", "SELECT ref_id FROM cst_refs"),
    ("a view over four views", "SELECT * FROM cst_ref_span_unnest LIMIT 1"),
    ("a join of two row views", "SELECT count(*) FROM cst_refs JOIN cst_defs USING (file_id)"),
];

fn main() {
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(15);
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("sample.parquet"), cstspec_libcst::SAMPLE).expect("the sample can be written");
    let catalog = cstspec_libcst::catalog();
    let location = Location::Url(folder.path().display().to_string());
    let locations = Locations::from([("libcst_files_v1".to_owned(), location)]);
    let mut steps: Vec<(String, Vec<Duration>)> = Vec::new();
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(16 << 20).build();
    threads.expect("threads can be started").block_on(async {
        for _ in 0..rounds {
            let mut clock = Clock { steps: &mut steps, next: 0, start: Instant::now() };
            let ctx = session(&catalog, &Options::default()).expect("the catalog has a session");
            clock.told("session");
            let registered = register(&ctx, &catalog, &locations).await.expect("the file can be read");
            clock.told(&format!("register {} relations", catalog.relations().count()));
            assert!(registered.refused.is_empty(), "{:?}", registered.refused);
            for (what, sql) in QUERIES {
                for turn in ["first", "again"] {
                    clock.start = Instant::now();
                    ask(&ctx, sql, &mut clock, &format!("{what}, {turn}")).await;
                }
            }
        }
    });
    println!("| step | ms | fastest | slowest |\n|---|---:|---:|---:|");
    for (step, mut times) in steps {
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (median, last) = (times[times.len() / 2], times[times.len() - 1]);
        println!("| {step} | {:.2} | {:.2} | {:.2} |", ms(median), ms(times[0]), ms(last));
    }
}

async fn ask(ctx: &SessionContext, sql: &str, clock: &mut Clock<'_>, what: &str) {
    let frame = ctx.sql(sql).await.expect("the query is sound");
    clock.told(&format!("{what}: logical plan"));
    let task = std::sync::Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.expect("the query can be planned");
    clock.told(&format!("{what}: optimized and physical plan"));
    collect(plan, task).await.expect("the file can be read");
    clock.told(&format!("{what}: rows"));
}

/// Tells one step from the next.
struct Clock<'a> {
    steps: &'a mut Vec<(String, Vec<Duration>)>,
    next: usize,
    start: Instant,
}

impl Clock<'_> {
    /// The step `name` has ended, and the next begins.
    fn told(&mut self, name: &str) {
        let taken = self.start.elapsed();
        if self.next == self.steps.len() {
            self.steps.push((name.to_owned(), Vec::new()));
        }
        self.steps[self.next].1.push(taken);
        self.next += 1;
        self.start = Instant::now();
    }
}
