//! Why batches do not leave through a boundary.

use arrow::error::ArrowError;
use cstspec_contract::Finding;
use datafusion::common::DataFusionError;

/// Why batches do not leave through a boundary.
///
/// Streams and readers hand these on as external errors: [`BoundaryError::inside`] finds one again.
#[derive(Debug, thiserror::Error)]
pub enum BoundaryError {
    /// The schema of the batches cannot be made the requested one. No row has left.
    #[error("the rows cannot leave through `{boundary}`: {}", listed(findings))]
    Refused {
        /// The boundary.
        boundary: String,
        /// Every reason, sorted.
        findings: Vec<Finding>,
    },
    /// A value that the requested schema cannot hold. The rows of the batches before have left.
    #[error("{}", finding.message)]
    Row {
        /// The boundary.
        boundary: String,
        /// The row that holds the value, from 0, over all rows that leave.
        row: u64,
        /// The defect of the row.
        finding: Box<Finding>,
    },
    /// A batch that is not of the schema that was planned for: a mistake of whoever made it.
    #[error("a batch for `{boundary}` is not of the schema that was planned: {expected} was, {observed} came")]
    Batch {
        /// The boundary.
        boundary: String,
        /// The columns planned for.
        expected: String,
        /// The columns of the batch.
        observed: String,
    },
    /// An array that is not built as its type says.
    #[error("the rows for `{boundary}` cannot be rebuilt: {source}")]
    Array {
        /// The boundary.
        boundary: String,
        /// The error of arrow.
        source: std::sync::Arc<ArrowError>,
    },
}

impl BoundaryError {
    /// The error of this kind inside an error of the engine.
    pub fn inside(error: &DataFusionError) -> Option<&Self> {
        crate::error::find_source(error)
    }

    /// The error as findings; none if no promise of the specs is broken.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused { findings, .. } => findings,
            Self::Row { finding, .. } => std::slice::from_ref(finding),
            Self::Batch { .. } | Self::Array { .. } => &[],
        }
    }
}

impl From<BoundaryError> for DataFusionError {
    fn from(error: BoundaryError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<BoundaryError> for ArrowError {
    fn from(error: BoundaryError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

fn listed(findings: &[Finding]) -> String {
    let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    messages.join("; ")
}
