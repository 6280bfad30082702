//! How long `verify` and `verify --deep` take, and what the proof of rows alone takes against one plain scan of the same columns.
//!
//! ```text
//! cargo bench -p cstspec-tests --bench deep
//! ```
//!
//! All are measured in turn, and the medians are told with the fastest and the slowest round. `NODES`, `FILES`, `GROUP` and `RUNS` in the
//! environment say how large the table is, and how often it is read.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cstspec_contract::Catalog;
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_verify::{Checks, Progress, verify};
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use crate::tiling::{Tiling, number};

#[path = "tiling/mod.rs"]
mod tiling;

const DATASET: &str = "libcst_files_v1";

fn main() {
    let (tiling, runs) = (Tiling::asked(134_400), number("RUNS", 7));
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(16 << 20).build();
    threads.expect("threads can be started").block_on(async {
        let catalog = cstspec_libcst::catalog();
        let folder = tiling.kept(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let ctx = open(&catalog, &folder).await;
        let [mut scans, mut plain, mut deep, mut proofs] = [const { Vec::new() }; 4];
        for run in 0..=runs {
            let scan = scan(&ctx).await;
            let (before, whole) = verified(&ctx, &catalog, Checks::Schema).await;
            let (proven, whole_deep) = verified(&ctx, &catalog, Checks::Rows).await;
            // The first round reads files that nobody has read before.
            if run > 0 {
                scans.push(scan);
                plain.push(whole);
                deep.push(whole_deep);
                proofs.push(proven.saturating_sub(before));
            }
        }
        let Tiling { copies, files, .. } = tiling;
        let elements = copies * tiling::elements();
        println!("{elements} elements in {} rows, {files} files", copies * tiling::ROWS);
        let (scan, proof) = (told("plain scan", &mut scans, elements), told("proof", &mut proofs, elements));
        told("verify", &mut plain, elements);
        told("verify --deep", &mut deep, elements);
        println!("the proof takes {:.2} times the scan", proof / scan);
    });
}

/// The median in seconds, which is printed with the extremes and for a million elements.
#[allow(clippy::cast_precision_loss, reason = "a time is printed with three digits")]
fn told(what: &str, times: &mut [Duration], elements: usize) -> f64 {
    times.sort();
    let median = times[times.len() / 2].as_secs_f64();
    let (least, most) = (times[0].as_secs_f64(), times[times.len() - 1].as_secs_f64());
    let each = median / elements as f64 * 1e6;
    println!("{what}: {median:.3} s ({least:.3} to {most:.3}), {each:.3} s for a million elements");
    median
}

async fn open(catalog: &Catalog, folder: &Path) -> SessionContext {
    let ctx = session(catalog, &Options::default()).expect("the catalog has a session");
    let location = Location::Url(folder.display().to_string());
    let locations = Locations::from([(DATASET.to_owned(), location)]);
    let registered = register(&ctx, catalog, &locations).await.expect("the files can be read");
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    ctx
}

/// Reads every column that the proof looks at, and keeps nothing.
async fn scan(ctx: &SessionContext) -> Duration {
    let start = Instant::now();
    let frame = ctx.table(DATASET).await.expect("the dataset is registered");
    let frame = frame.drop_columns(&["attrs", "repo", "file_sha256"]).expect("these are columns");
    let mut batches = frame.execute_stream().await.expect("the scan can be planned");
    while let Some(batch) = batches.next().await {
        batch.expect("the files can be read");
    }
    start.elapsed()
}

/// The time until `verify` comes to the first relation, and all of its time. Until then, the rows are proven if it is deep.
async fn verified(ctx: &SessionContext, catalog: &Catalog, checks: Checks) -> (Duration, Duration) {
    let clock = Clock { start: Instant::now(), taken: Mutex::new(None) };
    let report = verify(ctx, catalog, checks, &clock).await;
    let whole = clock.start.elapsed();
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    let taken = *clock.taken.lock().expect("nobody panics with it");
    (taken.expect("the catalog has a relation"), whole)
}

struct Clock {
    start: Instant,
    taken: Mutex<Option<Duration>>,
}

impl Progress for Clock {
    fn relation(&self, _name: &str, index: usize, _total: usize) {
        if index == 0 {
            *self.taken.lock().expect("nobody panics with it") = Some(self.start.elapsed());
        }
    }
}
