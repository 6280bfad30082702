//! Streams through a boundary.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::Stream;

use super::Projector;

/// A stream whose batches have the schema that a boundary asks for.
pub(super) struct ProjectedStream {
    projector: Projector,
    /// `None` once it has failed.
    stream: Option<SendableRecordBatchStream>,
    /// The rows that have left.
    rows: u64,
}

impl ProjectedStream {
    pub fn new(projector: Projector, stream: SendableRecordBatchStream) -> Self {
        Self { projector, stream: Some(stream), rows: 0 }
    }
}

impl Stream for ProjectedStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(stream) = &mut this.stream else { return Poll::Ready(None) };
        let Some(batch) = ready!(stream.as_mut().poll_next(context)) else { return Poll::Ready(None) };
        let projected = batch.and_then(|batch| {
            let projected = this.projector.batch_after(&batch, this.rows)?;
            this.rows += batch.num_rows() as u64;
            Ok(projected)
        });
        if projected.is_err() {
            this.stream = None;
        }
        Poll::Ready(Some(projected))
    }
}

impl RecordBatchStream for ProjectedStream {
    fn schema(&self) -> SchemaRef {
        self.projector.schema()
    }
}
