//! Behaviour of Delta's own scan that must not occur below the contract's. A test that fails here says that an upgrade took a trap away.

use std::sync::Arc;

use arrow::datatypes::DataType;
use cstspec_runtime::{Location, Locations};
use datafusion::prelude::SessionContext;
use deltalake_core::open_table;
use tempfile::TempDir;
use url::Url;

use crate::world::{ROWS, batch, catalog, open, rows, run, schema, write};

/// A Delta table of the sound rows, partitioned by `repo`.
fn table(folder: &TempDir) {
    let all = batch(&schema(), ROWS);
    let stored: Vec<usize> = (1..all.num_columns()).collect();
    write(&folder.path().join("part.parquet"), &all.project(&stored).unwrap());
    let size = std::fs::metadata(folder.path().join("part.parquet")).unwrap().len();
    let log = folder.path().join("_delta_log");
    std::fs::create_dir(&log).unwrap();

    let commit = format!(
        r#"{{"protocol":{{"minReaderVersion":1,"minWriterVersion":2}}}}
{{"metaData":{{"id":"00000000-0000-0000-0000-000000000000","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{{\"type\":\"struct\",\"fields\":[{{\"name\":\"repo\",\"type\":\"string\",\"nullable\":true,\"metadata\":{{}}}},{{\"name\":\"path\",\"type\":\"string\",\"nullable\":false,\"metadata\":{{}}}},{{\"name\":\"file_id\",\"type\":\"string\",\"nullable\":false,\"metadata\":{{}}}}]}}","partitionColumns":["repo"],"configuration":{{}},"createdTime":0}}}}
{{"add":{{"path":"part.parquet","partitionValues":{{"repo":"alpha"}},"size":{size},"modificationTime":0,"dataChange":true}}}}"#
    );
    std::fs::write(log.join("00000000000000000000.json"), commit).unwrap();
}

/// Delta makes views of strings and dictionaries of partition columns.
#[test]
fn delta_string_views_and_dictionaries() {
    run(async {
        let folder = TempDir::new().unwrap();
        table(&folder);
        let url = Url::from_directory_path(folder.path()).unwrap();
        let provider = open_table(url).await.unwrap().table_provider().await.unwrap();
        let ctx = SessionContext::new();
        ctx.register_table("t", provider).unwrap();
        let theirs = ctx.table_provider("t").await.unwrap().schema();
        let of = |name: &str| theirs.field_with_name(name).unwrap().data_type().clone();
        assert_eq!(of("path"), DataType::Utf8View, "the trap is gone: {theirs:?}");
        assert!(matches!(of("repo"), DataType::Dictionary(..)), "the trap is gone: {theirs:?}");

        // The contract's types come out of ours, whether the contract reads the files or that provider does.
        let files = Location::Url(folder.path().display().to_string());
        let provider = Location::Table(ctx.table_provider("t").await.unwrap());
        for location in [files, provider] {
            let ctx = open(&catalog(), &Locations::from([("files_v1".to_owned(), location)])).await;
            let found = rows(&ctx, "SELECT repo, path, file_id FROM files_v1").await;
            assert_eq!(found.schema(), Arc::new(schema().project(&[0, 1, 2]).unwrap()));
            assert_eq!(found.num_rows(), 4);
        }
    });
}
