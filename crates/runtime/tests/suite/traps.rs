//! The engine's traps that this crate is built around. A test that fails here says that an upgrade of the engine took a trap away:
//! look whether what was built around it is still needed.

mod boundary;
mod deep;
#[cfg(feature = "delta")]
mod delta;
mod drift;
mod engine;
mod files;
mod provenance;

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, Schema};
use cstspec_conform::masked;
use cstspec_contract::types::{list, nullable, required, structure};
use datafusion::common::{Constraint, Constraints};
use datafusion::datasource::MemTable;
use datafusion::physical_expr_adapter::BatchAdapterFactory;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::world::{ROWS, at, batch, catalog, error, one_file, open, rows, run, schema, text, write};

/// Cross join unnest is described and not executed.
#[test]
fn lateral_unnest_not_executed() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let crossed = "SELECT t.path, a.b FROM files_v1 AS t CROSS JOIN unnest(t.refs) AS a(b)";
        assert_eq!(rows(&ctx, &format!("DESCRIBE {crossed}")).await.num_rows(), 2);
        let refused = error(&ctx, crossed).await;
        assert!(refused.contains("OuterReferenceColumn"), "the trap is gone, or another: {refused}");
        assert_eq!(rows(&ctx, "SELECT path, unnest(refs) AS b FROM files_v1").await.num_rows(), 3);
    });
}

/// A nested field nullable in the file is refused by the default adapter.
#[test]
fn default_adapter_nested_nullability() {
    run(async {
        let of = |field| Arc::new(Schema::new(vec![nullable("items", list(structure([field])))]));
        let declared = of(required("x", DataType::Int64));
        let stored = of(nullable("x", DataType::Int64));
        let adapted = BatchAdapterFactory::new(Arc::clone(&declared)).make_adapter(&stored);
        assert!(adapted.is_err(), "the trap is gone: the engine relaxes nested nullability itself");

        // Ours reads the same file: `refs.file_id` and `scopes.locals.slot` are NOT NULL in the contract.
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("relaxed.parquet");
        write(&path, &batch(&crate::spelling::relaxed(), ROWS));
        let ctx = open(&catalog(), &at(&path)).await;
        assert_eq!(rows(&ctx, "SELECT * FROM files_v1").await, batch(&schema(), ROWS));
    });
}

/// A stray partition folder is skipped by the engine without a word.
#[test]
fn stray_partition_folder_skipped() {
    run(async {
        let folder = TempDir::new().unwrap();
        let all = batch(&Arc::new(schema().project(&[1, 2]).unwrap()), ROWS);
        write(&folder.path().join("repo=a/part.parquet"), &all);
        let ctx = SessionContext::new();
        let ddl = format!(
            "CREATE EXTERNAL TABLE t (path VARCHAR, file_id VARCHAR, repo VARCHAR) STORED AS PARQUET PARTITIONED BY (repo)
             LOCATION '{}/'",
            folder.path().display()
        );
        ctx.sql(&ddl).await.unwrap();
        // One that is there from the start is refused by the DDL; one that comes later is not missed by anybody.
        write(&folder.path().join("repoo=b/part.parquet"), &all);
        let counted = rows(&ctx, "SELECT path FROM t").await.num_rows();
        assert_eq!(counted, 4, "the trap is gone: the engine counts {counted} rows");
    });
}

/// Fields out of unnest are nullable whatever is declared.
#[test]
fn unnest_fields_nullable() {
    run(async {
        let ctx = open(&catalog(), &cstspec_runtime::Locations::new()).await;
        let described = rows(
            &ctx,
            "DESCRIBE SELECT file_id AS of_file, get_field(item, 'file_id') AS of_item
             FROM (SELECT file_id, unnest(refs) AS item FROM files_v1)",
        )
        .await;
        let nullable = described.column(2).as_string::<i32>();
        assert_eq!(nullable.value(0), "NO");
        assert_eq!(nullable.value(1), "YES", "the trap is gone: a NOT NULL field of an element is reported NOT NULL");
    });
}

/// A declared key makes distinct over an unnested view wrong.
#[test]
fn key_makes_distinct_wrong() {
    run(async {
        let query = "SELECT DISTINCT file_id FROM (SELECT file_id, unnest(refs) AS item FROM files_v1)";
        // Two files have references: f1 has two of them, f4 one.
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        assert_eq!(rows(&ctx, query).await.num_rows(), 2);

        let plain = Arc::new(Schema::new(vec![
            Field::new("file_id", DataType::Utf8, false),
            Field::clone(&nullable("refs", list(crate::world::reference()))),
        ]));
        let keyed = |key: Vec<Constraint>| {
            let table = MemTable::try_new(Arc::clone(&plain), vec![vec![batch(&plain, ROWS)]]).unwrap();
            let ctx = SessionContext::new();
            ctx.register_table("files_v1", Arc::new(table.with_constraints(Constraints::new_unverified(key)))).unwrap();
            ctx
        };
        assert_eq!(rows(&keyed(Vec::new()), query).await.num_rows(), 2);
        let wrong = rows(&keyed(vec![Constraint::PrimaryKey(vec![0])]), query).await.num_rows();
        assert_eq!(wrong, 3, "the trap is gone: keys may be handed to the engine, which now gives {wrong} rows");
    });
}

/// The engine puts a partition column last as a dictionary.
#[test]
fn partition_column_last_and_dictionary() {
    run(async {
        let folder = TempDir::new().unwrap();
        let all = batch(&schema(), ROWS);
        let stored = all.project(&[1, 2]).unwrap();
        write(&folder.path().join("repo=a/part.parquet"), &stored);
        let ctx = SessionContext::new();
        let ddl = format!(
            "CREATE EXTERNAL TABLE t STORED AS PARQUET PARTITIONED BY (repo) LOCATION '{}/'",
            folder.path().display()
        );
        ctx.sql(&ddl).await.unwrap();
        let found = ctx.table_provider("t").await.unwrap().schema();
        let last = found.fields().last().unwrap();
        assert_eq!(last.name(), "repo", "the trap is gone: {found:?}");
        assert!(matches!(last.data_type(), DataType::Dictionary(..)), "the trap is gone: {found:?}");

        let ctx = open(&catalog(), &at(folder.path())).await;
        let ours = rows(&ctx, "SELECT * FROM files_v1").await;
        assert_eq!(ours.schema().field(0), schema().field(0));
        assert!(ours.column(0).is_valid(0));
        // The columns that this file lacks are NULL.
        assert!(text(&ctx, "SELECT count(refs) AS n FROM files_v1").await.contains("| 0 |"));
    });
}

/// `get_field` hands out what a NULL struct hides: the child as it is. So every array that a relation reads has NULL children wherever
/// the parent is NULL, which is what Parquet's reader builds.
#[test]
fn get_field_ignores_null_struct() {
    run(async {
        let fields = Fields::from(vec![Field::new("x", DataType::Int64, true)]);
        let hidden: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let nulls = NullBuffer::from(vec![true, false]);
        let array: ArrayRef = Arc::new(StructArray::new(fields.clone(), vec![hidden], Some(nulls)));
        let schema = Arc::new(Schema::new(vec![Field::new("s", DataType::Struct(fields), true)]));
        for (name, array) in [("raw", Arc::clone(&array)), ("masked", masked(&array).unwrap())] {
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![array]).unwrap();
            let ctx = SessionContext::new();
            ctx.register_batch("t", batch).unwrap();
            let read = rows(&ctx, "SELECT s IS NULL AS absent, get_field(s, 'x') AS x FROM t").await;
            assert_eq!(read.column(0).as_boolean().iter().collect::<Vec<_>>(), [Some(false), Some(true)]);
            let leaks = read.column(1).as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
            assert_eq!(leaks, if name == "raw" { vec![Some(1), Some(2)] } else { vec![Some(1), None] });
        }
    });
}
