//! The engine's traps around files and folders. A test that fails here says that an upgrade of the engine took a trap away.

use std::panic::AssertUnwindSafe;

use arrow::array::AsArray as _;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::FutureExt as _;
use tempfile::TempDir;

use crate::world::{ROWS, at, batch, catalog, error, open, rows, run, schema, write};

/// The placeholder of changed bytes.
const MARK: &str = "<<other bytes>>";

/// The bytes of a Parquet file of the catalog's rows, with a mark under the key `raw`.
fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema(), None).unwrap();
    writer.write(&batch(&schema(), ROWS)).unwrap();
    writer.append_key_value_metadata(KeyValue::new("raw".to_owned(), MARK.to_owned()));
    writer.close().unwrap();
    bytes
}

/// The engine takes the folder of NULL rows for a value.
#[test]
fn null_partition_folder_is_value() {
    run(async {
        let folder = TempDir::new().unwrap();
        let stored = batch(&schema(), ROWS).project(&[1, 2]).unwrap();
        write(&folder.path().join("repo=__HIVE_DEFAULT_PARTITION__/part.parquet"), &stored);
        let ctx = SessionContext::new();
        let ddl = format!(
            "CREATE EXTERNAL TABLE t (path VARCHAR, file_id VARCHAR, repo VARCHAR) STORED AS PARQUET PARTITIONED BY (repo)
             LOCATION '{}/'",
            folder.path().display()
        );
        ctx.sql(&ddl).await.unwrap();
        let found = rows(&ctx, "SELECT DISTINCT CAST(arrow_cast(repo, 'Utf8') AS VARCHAR) AS repo FROM t").await;
        let found = arrow::compute::cast(found.column(0), &arrow::datatypes::DataType::Utf8).unwrap();
        let value = found.as_string::<i32>().value(0);
        assert_eq!(value, "__HIVE_DEFAULT_PARTITION__", "the trap is gone: the engine reads the folder as {value}");

        let ctx = open(&catalog(), &at(folder.path())).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1 WHERE repo IS NULL").await.num_rows(), 4);
    });
}

/// Metadata that is not UTF-8 keeps the engine from a file and it does not say which.
#[test]
fn metadata_not_utf8_unnamed_file() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("raw.parquet");
        let mut spoiled = bytes();
        let mark = spoiled.windows(MARK.len()).rposition(|window| window == MARK.as_bytes()).unwrap();
        spoiled[mark..mark + MARK.len()].fill(0xff);
        std::fs::write(&path, spoiled).unwrap();
        let ctx = SessionContext::new();
        let read = ctx.read_parquet(path.to_str().unwrap(), ParquetReadOptions::default()).await;
        let refused = read.expect_err("the trap is gone").to_string();
        assert!(!refused.contains("raw`") && refused.to_lowercase().contains("utf"), "the trap is gone: {refused}");

        let ctx = open(&catalog(), &at(&path)).await;
        let refused = error(&ctx, "SELECT path FROM files_v1").await;
        assert!(refused.contains("raw.parquet") && refused.contains("not UTF-8 under `raw`"), "{refused}");
    });
}

/// A footer that says it is longer than its file is not met with an error.
#[test]
fn footer_length_panics() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("long.parquet");
        let mut bytes = bytes();
        let tail = bytes.len() - 8;
        bytes[tail..tail + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let ctx = SessionContext::new();
        let read = ctx.read_parquet(path.to_str().unwrap(), ParquetReadOptions::default());
        let asked = AssertUnwindSafe(async { read.await.map(drop) }).catch_unwind().await;
        // Only where arithmetic is checked, as in tests; elsewhere the length wraps around and the read fails.
        assert!(asked.is_err(), "the trap is gone: the engine answers {asked:?}");

        let ctx = open(&catalog(), &at(&path)).await;
        let refused = error(&ctx, "SELECT path FROM files_v1").await;
        assert!(refused.contains("long.parquet") && refused.contains("broken footer"), "{refused}");
    });
}
