//! Errors of encoders.

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Errors of encoders.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// An Arrow encoder.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The Parquet encoder.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// A value that has no form in the format.
    #[error("a value of `{column}` cannot be written: {reason}")]
    Value {
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// The writer below.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
