//! How long it takes to prove what the LibCST catalog promises of rows, against one plain scan of the same columns.
//!
//! The sample is written many times over, each time as other files of other repositories. Both are measured in turn, and the medians are
//! told with the fastest and the slowest round. `FILES` and `ROUNDS` in the environment say how many there are.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use cstspec_contract::Catalog;
use cstspec_runtime::{Depth, Location, Locations, Options, Progress, register, session, verify};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use tokio::sync::Notify;

const DATASET: &str = "libcst_files_v1";

fn main() {
    let (files, rounds) = (number("FILES", 16), number("ROUNDS", 7));
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(16 << 20).build();
    threads.expect("threads can be started").block_on(async {
        let catalog = cstspec_libcst::catalog();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let rows = tile(&catalog, folder.path(), files).await;
        let ctx = open(&catalog, folder.path()).await;
        let (mut scans, mut proofs) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let scan = scan(&ctx).await;
            let proof =
                prove(&ctx, &catalog, Depth::Deep).await.saturating_sub(prove(&ctx, &catalog, Depth::Plain).await);
            // The first round reads files that nobody has read before.
            if round > 0 {
                scans.push(scan);
                proofs.push(proof);
            }
        }
        let (scan, proof) = (told("plain scan", &mut scans), told("proof", &mut proofs));
        println!("{files} files, {rows} rows: the proof takes {:.2} times the scan", proof / scan);
    });
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The median in seconds, which is printed with the extremes.
fn told(what: &str, times: &mut [Duration]) -> f64 {
    times.sort();
    let median = times[times.len() / 2].as_secs_f64();
    let (least, most) = (times[0].as_secs_f64(), times[times.len() - 1].as_secs_f64());
    println!("{what}: {median:.3} s ({least:.3} to {most:.3})");
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

/// The time until `verify` comes to the first relation: by then, the rows are proven if it is deep.
async fn prove(ctx: &SessionContext, catalog: &Catalog, depth: Depth) -> Duration {
    let clock = Clock { start: Instant::now(), taken: Mutex::new(None), done: Notify::new() };
    tokio::select! {
        report = verify(ctx, catalog, depth, &clock) => assert!(report.findings.is_empty(), "{:#?}", report.findings),
        () = clock.done.notified() => {}
    }
    let taken = *clock.taken.lock().expect("nobody panics with it");
    taken.expect("the catalog has a relation")
}

struct Clock {
    start: Instant,
    taken: Mutex<Option<Duration>>,
    done: Notify,
}

impl Progress for Clock {
    fn relation(&self, _name: &str, index: usize, _total: usize) {
        if index == 0 {
            *self.taken.lock().expect("nobody panics with it") = Some(self.start.elapsed());
            self.done.notify_one();
        }
    }
}

/// Writes the sample `files` times, and answers how many rows there are.
async fn tile(catalog: &Catalog, folder: &Path, files: usize) -> usize {
    let source = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(source.path().join("sample.parquet"), cstspec_libcst::SAMPLE).expect("the sample can be written");
    let ctx = open(catalog, source.path()).await;
    let batches = ctx.table(DATASET).await.expect("the dataset is registered").collect().await.expect("it can be read");
    for copy in 0..files {
        let path = folder.join(format!("part-{copy:04}.parquet"));
        let file = File::create(path).expect("the folder can be written");
        let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).expect("the schema can be stored");
        for batch in &batches {
            writer.write(&renamed(batch, copy)).expect("rows can be written");
        }
        writer.close().expect("the file can be closed");
    }
    files * batches.iter().map(RecordBatch::num_rows).sum::<usize>()
}

/// The rows as those of other files: the names of files are others, in the elements too.
fn renamed(batch: &RecordBatch, copy: usize) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        if field.name() == "file_id" || field.name() == "path" { suffixed(column, copy) } else { below(column, copy) }
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).expect("the types are the same")
}

fn suffixed(column: &ArrayRef, copy: usize) -> ArrayRef {
    let texts: &StringArray = column.as_string();
    Arc::new(texts.iter().map(|text| text.map(|text| format!("{text}-{copy}"))).collect::<StringArray>())
}

fn below(column: &ArrayRef, copy: usize) -> ArrayRef {
    let Some(list) = column.as_list_opt::<i32>() else { return Arc::clone(column) };
    let Some(elements) = list.values().as_struct_opt() else { return Arc::clone(column) };
    let columns = elements.fields().iter().zip(elements.columns()).map(|(field, column)| {
        if field.name() == "file_id" || field.name() == "path" { suffixed(column, copy) } else { Arc::clone(column) }
    });
    let (fields, nulls) = (elements.fields().clone(), elements.nulls().cloned());
    let elements = StructArray::new(fields, columns.collect(), nulls);
    let arrow::datatypes::DataType::List(item) = list.data_type() else { unreachable!("it is a list") };
    Arc::new(ListArray::new(Arc::clone(item), list.offsets().clone(), Arc::new(elements), list.nulls().cloned()))
}
