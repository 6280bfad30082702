//! `DuckDB`, through Python: the catalog's own views, with macros for the engine's functions that it has by other names.

use std::path::PathBuf;
use std::process::Command;

use cstspec_contract::Catalog;
use serde_json::{Value, json};

use crate::side::{DATASET, Data};

/// The Python that has duckdb and pyarrow; `tests/benches/compare.sh` makes one.
pub const PYTHON: &str = "CSTSPEC_DUCKDB_PYTHON";

/// The functions that the catalog's views call, in `DuckDB`'s SQL. It lacks the digest of the ids: MD5 and its own hash make ids of the
/// same length.
const MACROS: [&str; 6] = [
    "get_field(parent, field) AS struct_extract(parent, field)",
    "named_struct(first, a, second, b) AS struct_pack(bstart := a, bend := b)",
    "stable_id(prefix, text) AS prefix || ':' || md5(text)",
    "prefixed_hash64(prefix, text) AS prefix || ':' || CAST(hash(text) >> 1 AS VARCHAR)",
    "arrow_typeof(value) AS typeof(value)",
    "arrow_metadata(value) AS NULL",
];

/// The command that answers queries, if the environment names a Python.
pub fn command() -> Option<Command> {
    let python = PathBuf::from(std::env::var_os(PYTHON)?);
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/duckdb_side.py"));
    Some(command)
}

/// The first message to it.
pub fn setup(catalog: &Catalog, data: &Data, threads: usize) -> Value {
    let files = data.nested.join("*.parquet").display().to_string().replace('\'', "''");
    let mut statements = vec![
        format!("SET threads = {threads}"),
        // As the engine keeps footers.
        "SET parquet_metadata_cache = true".to_owned(),
        format!("CREATE VIEW {DATASET} AS SELECT * FROM read_parquet('{files}')"),
    ];
    statements.extend(MACROS.iter().map(|text| format!("CREATE MACRO {text}")));
    statements.extend(catalog.views.iter().map(|view| format!("CREATE VIEW {} AS {}", view.name, view.sql)));
    json!({ "setup": statements })
}
