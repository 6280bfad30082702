//! The text of a query over the sample: rows, or an error in plain words.

use std::sync::LazyLock;

use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use super::engine::{self, open, read, sample};

/// A session over the sample, and the folder that it reads.
static SESSION: LazyLock<(SessionContext, TempDir)> = LazyLock::new(|| {
    let folder = sample("sample.parquet");
    let path = folder.path().join("sample.parquet");
    let opened = engine::run(|| async move { open(&cstspec_libcst::catalog(), "libcst_files_v1", &path).await });
    (opened.expect("the sample is read"), folder)
});

/// Runs the target.
pub fn run(data: &[u8]) {
    let sql = String::from_utf8_lossy(data).into_owned();
    let answer = engine::run(|| async move { read(&SESSION.0, &sql).await.map_err(|error| error.to_string()) });
    if let Err(error) = answer {
        assert!(!error.is_empty(), "an error without words");
    }
}
