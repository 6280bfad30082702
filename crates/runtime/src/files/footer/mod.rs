//! Parquet footers: fetched, checked against the file, and read as Arrow schemas.

#[cfg(feature = "delta")]
pub mod check_file;
pub mod checks;
pub mod encoding;
pub mod fetch;
pub mod thrift;
