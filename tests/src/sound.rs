//! The sound catalog: specs and rows in which `verify` finds nothing. Tests copy it and break one thing.

use std::path::{Path, PathBuf};

use cstspec_contract::Catalog;
use cstspec_spec::compile;

/// The dataset of the catalog.
pub const DATASET: &str = "units_v1";

/// The dataset's rows, in its declared order: a NULL list, an empty one, NULL structs, empty maps, a map with a NULL value, a
/// list in a list, a reference that holds and one that is NULL.
pub const ROWS: &str = include_str!("../sound/rows.jsonl");

/// The folder of the specs.
pub fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sound/specs")
}

/// The catalog that the specs define.
pub fn catalog() -> Catalog {
    compiled(&specs())
}

/// The catalog that the specs in a folder define, which must have no finding.
pub fn compiled(specs: &Path) -> Catalog {
    let compiled = compile(specs);
    assert_eq!(compiled.findings, [], "{}", specs.display());
    compiled.catalog.expect("specs without a finding are a catalog")
}
