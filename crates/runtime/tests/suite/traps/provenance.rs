//! The engine's traps about keys and definitions. A test that fails here says that an upgrade of the engine took a trap away: look
//! whether what was built around it is still needed.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Constraint, Constraints};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::TempDir;

use crate::world::{catalog, error, one_file, open, rows, run};
use cstspec_runtime::register;

/// A unique column that may be NULL gives wrong rows.
#[test]
fn unique_nullable_column_wrong_rows() {
    run(async {
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, true)]));
        let values =
            RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(vec![None, None, Some(1)]))])
                .unwrap();
        let ctx = |keys: Vec<Constraint>| {
            let table = MemTable::try_new(Arc::clone(&schema), vec![vec![values.clone()]]).unwrap();
            let ctx = SessionContext::new();
            ctx.register_table("t", Arc::new(table.with_constraints(Constraints::new_unverified(keys)))).unwrap();
            ctx
        };
        let query = "SELECT DISTINCT x FROM t";
        assert_eq!(rows(&ctx(Vec::new()), query).await.num_rows(), 2);
        // SQL lets a unique column hold many NULLs, and they are one value to DISTINCT.
        let wrong = rows(&ctx(vec![Constraint::Unique(vec![0])]), query).await.num_rows();
        assert_eq!(wrong, 3, "the trap is gone: a unique column that may be NULL gives {wrong} rows");
    });
}

/// Trusted keys make distinct over an unnested view wrong.
#[test]
fn trusted_key_makes_distinct_wrong() {
    run(async {
        let folder = TempDir::new().unwrap();
        let (mut catalog, locations) = (catalog(), one_file(folder.path()));
        catalog.datasets[0].constraints.primary_key = vec!["file_id".to_owned()];
        let ctx = open(&catalog, &locations).await;
        // Two files have references: f1 has two of them, f4 one.
        let query = "SELECT DISTINCT file_id FROM refs";
        assert_eq!(rows(&ctx, query).await.num_rows(), 2);
        ctx.sql("SET cstspec.trust_keys = true").await.unwrap();
        register(&ctx, &catalog, &locations).await.unwrap();
        let wrong = rows(&ctx, query).await.num_rows();
        assert_eq!(wrong, 3, "the trap is gone: keys may be handed to the engine, which now gives {wrong} rows");
    });
}

/// Plain DDL cannot spell nested contracts.
#[test]
fn ddl_without_nested_types() {
    run(async {
        let ctx = SessionContext::new();
        for column in ["a MAP(VARCHAR, VARCHAR)", "a MAP<VARCHAR, VARCHAR>", "a STRUCT<x INT NOT NULL>"] {
            let refused =
                error(&ctx, &format!("CREATE EXTERNAL TABLE t ({column}) STORED AS PARQUET LOCATION '/'")).await;
            let words = ["Unsupported SQL type", "ParserError", "not implemented"];
            assert!(words.iter().any(|word| refused.contains(word)), "the trap is gone for `{column}`: {refused}");
        }
    });
}

/// The engine's information schema has no keys no defaults and counts from zero.
#[test]
fn information_schema_without_keys() {
    run(async {
        let ctx = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
        ctx.sql("CREATE TABLE t (x INT DEFAULT 7, PRIMARY KEY (x))").await.unwrap();
        for table in ["table_constraints", "key_column_usage", "referential_constraints"] {
            let refused = error(&ctx, &format!("SELECT * FROM information_schema.{table}")).await;
            assert!(refused.contains("not found"), "the engine has {table} now: {refused}");
        }
        let listed = crate::world::text(
            &ctx,
            "SELECT ordinal_position AS o, column_default AS d FROM information_schema.columns",
        )
        .await;
        assert!(listed.contains("| 0 |   |"), "the engine tells more of columns now: {listed}");
    });
}
