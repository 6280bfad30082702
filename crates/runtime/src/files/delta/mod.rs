//! Delta tables: which files a version of one has, and what their log says of them.
//!
//! A log is opened once per registration, at the first look: every scan reads the version of then. The log supplies files, partition
//! values, removed rows (`vector`) and the names and zones that files do not have themselves (`respelled`). The contract's own
//! scan reads the files, as it reads any others.

#[cfg(feature = "delta")]
mod added;
#[cfg(feature = "delta")]
mod checkpoints;
#[cfg(feature = "delta")]
mod history;
#[cfg(feature = "delta")]
mod log;
#[cfg(feature = "delta")]
mod logged;
#[cfg(feature = "delta")]
mod partition_fields;
mod removed;
#[cfg(feature = "delta")]
mod respelled;
mod stats;
#[cfg(feature = "delta")]
mod threads;
#[cfg(not(feature = "delta"))]
mod unavailable;
#[cfg(feature = "delta")]
mod vector;

use std::collections::BTreeMap;

use arrow::datatypes::SchemaRef;

#[cfg(feature = "delta")]
pub use log::Log;
#[cfg(feature = "delta")]
pub use logged::Logged;
pub use removed::Removed;
pub use stats::FileStatistics;
#[cfg(not(feature = "delta"))]
pub use unavailable::{Log, Logged, Vector};
#[cfg(feature = "delta")]
pub use vector::Vector;

/// The metadata of a table in its log.
#[derive(Debug)]
pub struct Description {
    /// The version that is read.
    pub version: u64,
    /// The columns, in Arrow's types.
    pub schema: SchemaRef,
    /// The partition columns, in their order.
    pub partitions: Vec<String>,
    /// The table's properties.
    pub properties: BTreeMap<String, String>,
}
