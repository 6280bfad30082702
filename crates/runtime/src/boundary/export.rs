//! Streams for readers on the other side of the Arrow C stream interface.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ffi_stream::FFI_ArrowArrayStream;
use cstspec_contract::text::printable_lines;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt as _;
use tokio::runtime::{Handle, Runtime};

use super::BoundaryError;
use crate::RuntimeError;

/// Why a [`StreamReader`] gives no batch.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It was asked on a thread of an async runtime, which it would block. The rows are still there to be read elsewhere.
    #[error(
        "this reader waits for rows, which no thread of an async runtime may do; read it on a thread of its own, or \
         read the stream itself"
    )]
    InsideRuntime,
    /// The stream ended with an error.
    #[error("{}", engine_text(source))]
    Stream {
        /// The engine's error.
        source: DataFusionError,
    },
    /// Something panicked while a batch was made.
    #[error("the engine panicked: {message}")]
    Panic {
        /// The text of the error.
        message: String,
    },
}

/// The rows of a stream for somebody who waits: a consumer behind the C stream interface, or any code that is not async.
///
/// It keeps the runtime that the stream runs on alive. Dropping it early ends the stream and lets go of both, on whatever thread.
/// After the first error of the stream there is nothing more to read.
pub struct StreamReader {
    schema: SchemaRef,
    /// `None` once the stream has ended.
    stream: Option<SendableRecordBatchStream>,
    /// `None` only while it is dropped.
    runtime: Option<Arc<Runtime>>,
}

impl StreamReader {
    /// A reader of `stream`, which runs on `runtime`.
    pub fn new(stream: SendableRecordBatchStream, runtime: Arc<Runtime>) -> Self {
        Self { schema: stream.schema(), stream: Some(stream), runtime: Some(runtime) }
    }
}

impl Iterator for StreamReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let stream = self.stream.as_mut()?;
        if Handle::try_current().is_ok() {
            return Some(Err(ExportError::InsideRuntime.into()));
        }
        let runtime = self.runtime.as_ref()?;
        // A panic must not run into the C of whoever reads.
        let read = catch_unwind(AssertUnwindSafe(|| runtime.block_on(stream.next())));
        match read {
            Ok(Some(Ok(batch))) => Some(Ok(batch)),
            Ok(None) => {
                self.stream = None;
                None
            }
            Ok(Some(Err(source))) => {
                self.stream = None;
                Some(Err(ExportError::Stream { source }.into()))
            }
            Err(panic) => {
                self.stream = None;
                let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
                let message = message.as_deref().unwrap_or("without a word");
                Some(Err(ExportError::Panic { message: printable_lines(message).into_owned() }.into()))
            }
        }
    }
}

impl RecordBatchReader for StreamReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.stream = None;
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner)
            && Handle::try_current().is_ok()
        {
            // A runtime that is dropped waits for its threads, which a thread of another runtime may not.
            runtime.shutdown_background();
        }
    }
}

/// `stream`, which runs on `runtime`, for a consumer of the Arrow C stream interface.
///
/// The consumer gets the schema of the stream as it is: project it through a boundary first. The `requested_schema` of the Python
/// capsule protocol is no more than a wish, which a producer may ignore, so a consumer compares the schema that it gets.
///
/// An error of the stream reaches the consumer with its text, and ends the stream.
pub fn export(stream: SendableRecordBatchStream, runtime: Arc<Runtime>) -> FFI_ArrowArrayStream {
    FFI_ArrowArrayStream::new(Box::new(StreamReader::new(stream, runtime)))
}

impl From<ExportError> for ArrowError {
    fn from(error: ExportError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

/// The error itself where it is one of ours, without the names of the layers that passed it on. Its text has no NUL character, which would end
/// a text of C: arrow aborts the process over one.
fn engine_text(error: &DataFusionError) -> String {
    let boundary = BoundaryError::inside(error).map(ToString::to_string);
    let own = boundary.or_else(|| RuntimeError::inside(error).map(ToString::to_string));
    printable_lines(&own.unwrap_or_else(|| error.strip_backtrace())).into_owned()
}
