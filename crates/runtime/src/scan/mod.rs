//! Scans: how the engine reads the files of a dataset as the contract declares them.

pub mod adapter;
pub mod context;
pub mod error_context;
mod maps;
pub mod opener;
pub mod provider_exec;
pub mod pruning;
pub mod reader;
pub mod request;
pub mod row_reader;
pub mod scan_log;
pub mod source;
