//! Streams read over the Arrow C stream interface by a consumer that has no engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Int64Array, RecordBatch, RecordBatchReader as _};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::ArrowArrayStreamReader;
use cstspec_contract::types::{annotated, list, nullable, required, structure};
use cstspec_runtime::boundary::{Projector, StreamReader, export};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::boundary::boundary;
use crate::world::{catalog, one_file, open, rows};

fn runtime() -> Arc<Runtime> {
    Arc::new(Runtime::new().unwrap())
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![nullable("a", DataType::Int64)]))
}

fn numbers(values: &[i64]) -> RecordBatch {
    RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from(values.to_vec()))]).unwrap()
}

fn streamed(items: impl Iterator<Item = Result<RecordBatch>> + Send + 'static) -> SendableRecordBatchStream {
    Box::pin(RecordBatchStreamAdapter::new(schema(), stream::iter(items)))
}

/// What arrives is what left with types and metadata.
#[test]
fn types_and_metadata_arrive() {
    let folder = TempDir::new().unwrap();
    let span = structure([nullable("end_exclusive", DataType::Boolean)]);
    let reference = structure([
        required("file_id", DataType::LargeUtf8),
        annotated(&nullable("span", span), [("ARROW:extension:name", "asked.for")]),
    ]);
    let mut asked = boundary(vec![required("path", DataType::Utf8View), nullable("refs", list(reference))]);
    asked.extra = cstspec_contract::ExtraPolicy::Ignore;
    let runtime = runtime();
    let (expected, leaving) = runtime.block_on(async {
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let sql = "SELECT * FROM files_v1 ORDER BY path";
        let whole = rows(&ctx, sql).await;
        let projector = Projector::plan(&asked, whole.schema_ref()).unwrap();
        let stream = ctx.sql(sql).await.unwrap().execute_stream().await.unwrap();
        (projector.batch(&whole).unwrap(), projector.stream(stream))
    });
    let reader = ArrowArrayStreamReader::try_new(export(leaving, runtime)).unwrap();
    assert_eq!(reader.schema(), asked.schema());
    let came: Vec<RecordBatch> = reader.map(|batch| batch.unwrap()).collect();
    assert_eq!(arrow::compute::concat_batches(&asked.schema(), &came).unwrap(), expected);
    assert!(expected.num_rows() > 1);
}

/// No rows arrive with their schema.
#[test]
fn empty_stream_has_schema() {
    let reader = ArrowArrayStreamReader::try_new(export(streamed(std::iter::empty()), runtime())).unwrap();
    assert_eq!(reader.schema(), schema());
    assert_eq!(reader.count(), 0);
}

/// An error arrives with its text and ends the stream.
#[test]
fn error_text_arrives() {
    // arrow aborts the process over a text with a NUL character.
    let failing = || Err(DataFusionError::Execution("the disk\0is gone".to_owned()));
    let leaving = streamed([Ok(numbers(&[1])), failing(), Ok(numbers(&[2]))].into_iter());
    let mut reader = ArrowArrayStreamReader::try_new(export(leaving, runtime())).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), numbers(&[1]));
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("the disk\\u{0}is gone"), "{error}");
    assert!(reader.next().is_none());
}

/// A value that the boundary refuses arrives with its row.
#[test]
fn refused_value_row_arrives() {
    let asked = boundary(vec![nullable("a", DataType::Int8)]);
    let asked = cstspec_contract::Boundary { casts: cstspec_contract::CastPolicy::Any, ..asked };
    let projector = Projector::plan(&asked, &schema()).unwrap();
    let leaving = projector.stream(streamed([Ok(numbers(&[1, 2])), Ok(numbers(&[3, 1000]))].into_iter()));
    let mut reader = ArrowArrayStreamReader::try_new(export(leaving, runtime())).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("`a`, which `out` requests, cannot hold a value of row 3"), "{error}");
}

#[test]
fn panic_arrives_as_error() {
    let leaving = streamed((0..2).map(|number| if number == 0 { Ok(numbers(&[1])) } else { panic!("a bug") }));
    let mut reader = ArrowArrayStreamReader::try_new(export(leaving, runtime())).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("the engine panicked: a bug"), "{error}");
    assert!(reader.next().is_none());
}

/// A thread of an async runtime is reported to read elsewhere.
#[test]
fn async_thread_refused() {
    let runtime = runtime();
    let mut reader = StreamReader::new(streamed([Ok(numbers(&[1]))].into_iter()), Arc::clone(&runtime));
    // Neither a panic nor a wait for itself, be it the reader's own runtime or another.
    for other in [Arc::clone(&runtime), self::runtime()] {
        let (asked, back) = other.block_on(async move {
            let asked = reader.next().unwrap().unwrap_err();
            (asked, reader)
        });
        assert!(asked.to_string().contains("on a thread of its own"), "{asked}");
        reader = back;
    }
    // Nothing was lost over it, and what holds the last of a runtime may be dropped there.
    assert_eq!(reader.next().unwrap().unwrap(), numbers(&[1]));
    drop(runtime);
    self::runtime().block_on(async move { drop(reader) });
}

/// Counts how often something like it was dropped.
struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A stream that is dropped early lets go of everything.
#[test]
fn early_drop_releases() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let runtime = runtime();
    // One that the stream holds, and one of a task that never ends.
    let (held, task) = (Held(Arc::clone(&dropped)), Held(Arc::clone(&dropped)));
    runtime.spawn(async move {
        let _task = task;
        std::future::pending::<()>().await;
    });
    let endless = std::iter::repeat_with(move || {
        let _ = &held;
        Ok(numbers(&[1]))
    });
    let mut reader = ArrowArrayStreamReader::try_new(export(streamed(endless), runtime)).unwrap();
    let kept = reader.next().unwrap().unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(reader);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    // A batch that arrived is the consumer's own.
    assert_eq!(kept, numbers(&[1]));
}

/// The cause of an error is kept for who reads in rust.
#[test]
fn error_cause_kept() {
    let failing = streamed(std::iter::once(Err(DataFusionError::Execution("no".to_owned()))));
    let error = StreamReader::new(failing, runtime()).next().unwrap().unwrap_err();
    let ArrowError::ExternalError(error) = error else { panic!("{error}") };
    let cause = error.source().and_then(|cause| cause.downcast_ref::<DataFusionError>());
    assert!(matches!(cause, Some(DataFusionError::Execution(_))), "{error}");
}
