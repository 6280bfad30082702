//! System tables of a session: its catalogs, `information_schema` and `diagnostics`.

pub mod catalogs;
pub mod diagnostics;
pub mod information_schema;
