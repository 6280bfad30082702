//! Readers through a boundary.

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::Projector;

/// A reader whose batches have the schema that a boundary asks for.
///
/// After the first error there is nothing more to read.
#[derive(Debug)]
pub struct ProjectedReader<R> {
    projector: Projector,
    /// `None` once it has failed.
    reader: Option<R>,
    /// The rows that have left.
    rows: u64,
}

impl<R> ProjectedReader<R> {
    pub(super) fn new(projector: Projector, reader: R) -> Self {
        Self { projector, reader: Some(reader), rows: 0 }
    }
}

impl<R: RecordBatchReader> Iterator for ProjectedReader<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.as_mut()?.next()?;
        let projected = batch.and_then(|batch| {
            let projected = self.projector.batch_after(&batch, self.rows)?;
            self.rows += batch.num_rows() as u64;
            Ok(projected)
        });
        if projected.is_err() {
            self.reader = None;
        }
        Some(projected)
    }
}

impl<R: RecordBatchReader> RecordBatchReader for ProjectedReader<R> {
    fn schema(&self) -> SchemaRef {
        self.projector.schema()
    }
}
