//! The fuzz targets. The suites run the same over the seeds and over mutations of them (`tests/suite/fuzzed.rs`).
//!
//! A target returns nothing: whatever the input, it may end in findings, errors or rows, and a panic is a fault.

pub mod generate;
pub mod sound;
pub mod specs;

#[cfg(feature = "engine")]
pub mod adapter;
#[cfg(feature = "engine")]
#[path = "../../suite/arrays.rs"]
pub mod arrays;
#[cfg(feature = "engine")]
pub mod boundary;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod file;
#[cfg(feature = "engine")]
pub mod log;
#[cfg(feature = "engine")]
pub mod query;
#[cfg(feature = "engine")]
pub mod shape;
