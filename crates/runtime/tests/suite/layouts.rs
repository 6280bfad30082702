//! The same rows from every kind of source, and every wrong location.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use cstspec_contract::{Catalog, describe};
use cstspec_runtime::{FileErrorKind, Location, Locations, Options, RuntimeError, observe, register, session};
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{ObjectStoreExt as _, PutPayload};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use url::Url;

use crate::world::{ROWS, at, batch, catalog, dataset, error, one_file, open, rows, run, schema, text, write};

const QUERY: &str = "SELECT * FROM files_v1 ORDER BY path";

/// The rows in a folder per repo, without the column that the folders carry.
fn hive(folder: &TempDir) -> Locations {
    let all = batch(&schema(), ROWS);
    let stored: Vec<usize> = (1..all.num_columns()).collect();
    let all = all.project(&stored).unwrap();
    write(&folder.path().join("repo=alpha/part-0.parquet"), &all.slice(0, 2));
    write(&folder.path().join("repo=beta%20b/part-0.parquet"), &all.slice(2, 2));
    at(folder.path())
}

/// A file a folder and a Hive layout are described alike and hold the same rows.
#[test]
fn layouts_equal() {
    run(async {
        let (file, folder, layout) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
        let all = batch(&schema(), ROWS);
        for (index, start) in [0, 1, 3].into_iter().enumerate() {
            let length = [1, 2, 1][index];
            write(&folder.path().join(format!("deep/part-{index}.parquet")), &all.slice(start, length));
        }
        std::fs::write(folder.path().join("_SUCCESS"), "").unwrap();
        std::fs::write(folder.path().join("_part.parquet"), "no data").unwrap();
        let catalog = catalog();
        for locations in [one_file(file.path()), at(folder.path()), hive(&layout)] {
            let ctx = open(&catalog, &locations).await;
            let observed = observe(&ctx, "files_v1").await.unwrap();
            assert_eq!(observed.rows, describe::rows(&schema()), "{locations:?}");
            assert_eq!(observed.schema, schema());
            assert_eq!(rows(&ctx, QUERY).await, all, "{locations:?}");
            assert_eq!(
                rows(&ctx, "SELECT file_id FROM files_v1 WHERE repo = 'beta b' AND path > 'c'").await.num_rows(),
                2
            );
            assert_eq!(rows(&ctx, "SELECT refs, repo FROM files_v1 WHERE repo = 'none'").await.num_rows(), 0);
            assert!(text(&ctx, "SELECT count(*) AS n FROM files_v1").await.contains("| 4 |"));
        }
    });
}

/// A Hive scan reads only the partitions asked for and adds no node.
#[test]
fn hive_partitions_pruned() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &hive(&folder)).await;
        let plan = text(&ctx, "EXPLAIN SELECT repo, path FROM files_v1 WHERE repo = 'alpha'").await;
        assert!(plan.contains("repo=alpha/part-0.parquet"), "{plan}");
        assert!(!plan.contains("beta"), "{plan}");
        let plan = ctx.sql("SELECT * FROM files_v1").await.unwrap().create_physical_plan().await.unwrap();
        assert_eq!(plan.name(), "DataSourceExec");
        assert_eq!(plan.schema(), schema());
    });
}

/// A store of the host is read like a folder.
#[test]
fn host_store_read() {
    run(async {
        let all = batch(&schema(), ROWS);
        let store = InMemory::new();
        for (name, start) in [("data/one.parquet", 0), ("data/two.parquet", 2)] {
            let mut bytes = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut bytes, all.schema(), None).unwrap();
            writer.write(&all.slice(start, 2)).unwrap();
            writer.close().unwrap();
            store.put(&StorePath::from(name), PutPayload::from(bytes)).await.unwrap();
        }
        let catalog = catalog();
        for url in ["memory://host/data/", "memory://host/data"] {
            let ctx = session(&catalog, &Options::default()).unwrap();
            let locations = Locations::from([("files_v1".to_owned(), Location::Url(url.to_owned()))]);
            let refused = register(&ctx, &catalog, &locations).await.unwrap_err();
            assert!(matches!(refused.kind(), Some(FileErrorKind::NoStore)), "{refused}");
        }
        let store: Arc<InMemory> = Arc::new(store);
        for url in ["memory://host/data/", "memory://host/data"] {
            let ctx = session(&catalog, &Options::default()).unwrap();
            let root = Url::parse("memory://host").unwrap();
            ctx.register_object_store(&root, Arc::<InMemory>::clone(&store));
            let locations = Locations::from([("files_v1".to_owned(), Location::Url(url.to_owned()))]);
            register(&ctx, &catalog, &locations).await.unwrap();
            assert_eq!(rows(&ctx, QUERY).await, all);
        }
        for (url, first, count) in [
            ("memory://host/data/one*", 0, 2),
            ("memory://host/*/two.parquet", 2, 2),
            ("memory://host/**/*.parquet", 0, 4),
            ("memory://host/d%61ta/t[w]o.parquet", 2, 2),
            ("memory://host/d*", 0, 4),
        ] {
            let ctx = session(&catalog, &Options::default()).unwrap();
            ctx.register_object_store(&Url::parse("memory://host").unwrap(), Arc::<InMemory>::clone(&store));
            let locations = Locations::from([("files_v1".to_owned(), Location::Url(url.to_owned()))]);
            register(&ctx, &catalog, &locations).await.unwrap();
            assert_eq!(rows(&ctx, QUERY).await, all.slice(first, count), "{url}");
        }
    });
}

/// A dataset without a location is empty and described all the same.
#[test]
fn dataset_without_location() {
    run(async {
        let ctx = open(&catalog(), &Locations::new()).await;
        assert_eq!(observe(&ctx, "files_v1").await.unwrap().rows, describe::rows(&schema()));
        for relation in ["files_v1", "refs", "ref_attrs", "locals"] {
            assert_eq!(rows(&ctx, &format!("SELECT * FROM {relation}")).await.num_rows(), 0);
        }
    });
}

/// Files that appear later are read by the next query.
#[test]
fn later_files_read() {
    run(async {
        let folder = TempDir::new().unwrap();
        let all = batch(&schema(), ROWS);
        write(&folder.path().join("one.parquet"), &all.slice(0, 1));
        let ctx = open(&catalog(), &at(folder.path())).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 1);
        write(&folder.path().join("two.parquet"), &all.slice(1, 3));
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
    });
}

/// No declared key reaches the engine.
#[test]
fn keys_hidden_from_engine() {
    run(async {
        let ctx = open(&catalog(), &Locations::new()).await;
        let table = ctx.table_provider("files_v1").await.unwrap();
        assert!(table.constraints().is_none());
        assert!(!dataset().constraints.primary_key.is_empty());
    });
}

/// The error of a query over the dataset once it is registered at `locations`, which must not fail.
async fn failure(catalog: &Catalog, locations: &Locations) -> String {
    error(&open(catalog, locations).await, "SELECT path FROM files_v1").await
}

/// Each wrong location is named with its remedy.
#[test]
fn location_wrong() {
    run(async {
        let folder = TempDir::new().unwrap();
        let catalog = catalog();
        let ctx = session(&catalog, &Options::default()).unwrap();
        let unknown = Locations::from([("unit_v1".to_owned(), Location::Url("x".to_owned()))]);
        let refused = register(&ctx, &catalog, &unknown).await.unwrap_err();
        assert_eq!(refused.to_string(), "unknown dataset `unit_v1`; the catalog has `files_v1`");

        // Data is not looked at before somebody asks for it.
        let missing = failure(&catalog, &at(&folder.path().join("none.parquet"))).await;
        assert!(missing.contains("does not exist") && missing.contains("correct the location"), "{missing}");
        let empty = failure(&catalog, &at(folder.path())).await;
        assert!(empty.contains("has no data file: expected files that end in `.parquet`"), "{empty}");
        let path = folder.path().join("text.parquet");
        std::fs::write(&path, "no Parquet at all").unwrap();
        let other = failure(&catalog, &at(&path)).await;
        assert!(other.contains("text.parquet"), "{other}");
        let preset = session(&catalog, &Options { session: Some("none".to_owned()), ..Options::default() });
        assert!(matches!(preset.err(), Some(RuntimeError::UnknownSession { .. })));
    });
}

/// A folder that is no declared partition is an error and not skipped.
#[test]
fn partition_folder_astray() {
    run(async {
        let catalog = catalog();
        let all = batch(&schema(), ROWS).slice(0, 1);
        for stray in ["repoo=gamma/part.parquet", "stray.parquet", "repo=a/extra=1/part.parquet"] {
            let folder = TempDir::new().unwrap();
            let locations = hive(&folder);
            write(&folder.path().join(stray), &all);
            let refused = failure(&catalog, &locations).await;
            assert!(refused.contains(stray) && refused.contains("repo"), "{refused}");
        }
        // One that comes later is an error of the query.
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog, &hive(&folder)).await;
        write(&folder.path().join("late.parquet"), &all);
        assert!(error(&ctx, QUERY).await.contains("late.parquet"));
    });
}

/// A partition folder of a dataset without partitions is an error.
#[test]
fn partition_folder_undeclared() {
    run(async {
        let folder = TempDir::new().unwrap();
        let locations = hive(&folder);
        let mut catalog = catalog();
        catalog.datasets[0].partitions.clear();
        let refused = failure(&catalog, &locations).await;
        assert!(refused.contains("declares no partitions"), "{refused}");
    });
}

/// Partition values are of the declared type.
#[test]
fn partition_value_types() {
    run(async {
        let mut catalog = catalog();
        catalog.views.clear();
        catalog.statements.clear();
        let field = cstspec_contract::types::nullable("repo", DataType::Int32);
        catalog.datasets[0].columns[0].field = field;
        let stored: RecordBatch = batch(&schema(), ROWS).project(&[1, 2]).unwrap();
        let folder = TempDir::new().unwrap();
        write(&folder.path().join("repo=7/a.parquet"), &stored);
        let ctx = open(&catalog, &at(folder.path())).await;
        assert!(
            text(&ctx, "SELECT DISTINCT repo + 1 AS n, arrow_typeof(repo) AS t FROM files_v1")
                .await
                .contains("| 8 | Int32 |")
        );
        write(&folder.path().join("repo=seven/a.parquet"), &stored);
        assert!(error(&ctx, "SELECT repo FROM files_v1").await.contains("`seven`"));
    });
}

/// Names with characters of patterns and URLs are read as they are.
#[test]
fn names_with_special_characters() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a [1]*?% #.parquet");
        write(&path, &batch(&schema(), ROWS));
        let ctx = open(&catalog(), &at(&path)).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
        let ctx = open(&catalog(), &at(folder.path())).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
        let url = Url::from_directory_path(folder.path()).unwrap();
        let locations = Locations::from([("files_v1".to_owned(), Location::Url(url.to_string()))]);
        let ctx = open(&catalog(), &locations).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
    });
}

/// Schemas of batches are the contracts down to metadata.
#[test]
fn batch_schemas_equal_contract() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let found = rows(&ctx, QUERY).await;
        assert_eq!(found.schema().fields(), Schema::clone(&schema()).fields());
    });
}
