//! Batches as they leave for a consumer with a requested schema.
//!
//! A [`Projector`] is planned once from a boundary and the schema of the rows, and applied to batches, readers and streams: by name at
//! every depth, never by position. Differences that the boundary does not allow are refused before a row leaves, all of them at once; a
//! value that the requested schema cannot hold is an error that names its row.

mod error;
mod export;
mod project;
mod reader;
mod refusal;
pub mod rules;
mod stream;

pub use error::BoundaryError;
pub use export::{ExportError, StreamReader, export};
pub use project::Projector;
pub use reader::ProjectedReader;
