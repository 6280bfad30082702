//! One file of a dataset, whatever is in it: rows, or findings that name it.

use std::fs;

use super::engine::hold;

/// Runs the target.
pub fn run(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fuzzed.parquet");
    fs::write(&path, data).expect("a file");
    hold(&path);
}
