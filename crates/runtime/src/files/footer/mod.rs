//! Parquet footers: fetched, checked against the file, and read as Arrow schemas.

pub mod checks;
pub mod encoding;
pub mod fetch;
pub mod thrift;
