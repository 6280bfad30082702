//! The session's definitions of registered relations: statements that recreate them, keys, references and defaults.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use cstspec_contract::types::{dictionary, list, map, nullable, structure, timestamp};
use cstspec_contract::{Catalog, DefaultValue, Origin, Reference, SortKey, Value};
use cstspec_runtime::{ContractTable, Locations, Options, definition, register, session};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider as _, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::TempDir;

use crate::world::{ROWS, at, batch, catalog, error, one_file, open, rows, run, schema, text, write};

/// The catalog with a key, a second key, references and defaults.
fn keyed() -> Catalog {
    let mut catalog = catalog();
    let dataset = &mut catalog.datasets[0];
    dataset.constraints.primary_key = vec!["file_id".to_owned()];
    dataset.constraints.unique = vec![vec!["path".to_owned(), "file_id".to_owned()]];
    dataset.ordering.keys = vec![
        SortKey { column: "path".to_owned(), descending: false },
        SortKey { column: "file_id".to_owned(), descending: true },
    ];
    let default = |path: &str, value| DefaultValue {
        path: cstspec_contract::prelude::path(path),
        value,
        origin: Origin::default(),
    };
    dataset.defaults = vec![
        default("attrs", Value::Entries(Vec::new())),
        default("refs.bstart", Value::Int(7)),
        default("repo", Value::Text("it's".to_owned())),
    ];
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let refs = catalog.views.iter_mut().find(|view| view.name == "refs").unwrap();
    refs.key = texts(&["file_id", "ref_id"]);
    refs.references = vec![Reference {
        columns: texts(&["path", "file_id"]),
        relation: "files_v1".to_owned(),
        to: texts(&["path", "file_id"]),
        origin: Origin::default(),
    }];
    let attrs = catalog.views.iter_mut().find(|view| view.name == "ref_attrs").unwrap();
    attrs.references = vec![Reference {
        columns: texts(&["ref_id", "file_id"]),
        relation: "refs".to_owned(),
        to: texts(&["ref_id", "file_id"]),
        origin: Origin::default(),
    }];
    catalog
}

/// Files are read one after the other, so that rows come in one order.
fn one_by_one() -> Options {
    Options { target_partitions: Some(1), ..Options::default() }
}

/// The result of `SHOW CREATE TABLE`.
async fn shown(ctx: &SessionContext, relation: &str) -> String {
    let answer = rows(ctx, &format!("SHOW CREATE TABLE {relation}")).await;
    assert_eq!(answer.num_rows(), 1);
    answer.column_by_name("definition").unwrap().as_string::<i32>().value(0).to_owned()
}

/// Executes in a fresh session what `ctx` shows of every relation, and compares schema, rows and what is shown then, which must be
/// executable once more.
async fn recreated(ctx: &SessionContext, catalog: &Catalog) -> SessionContext {
    let mut statements = Vec::new();
    for relation in catalog.relations() {
        statements.push(shown(ctx, relation.name()).await);
    }
    let mut last = None;
    for _ in 0..2 {
        let fresh = session(catalog, &one_by_one()).unwrap();
        for statement in &mut statements {
            fresh.sql(statement).await.unwrap_or_else(|error| panic!("{statement}\n{error}"));
        }
        for (relation, statement) in catalog.relations().zip(&mut statements) {
            let name = relation.name();
            let (ours, theirs) = (ctx.table_provider(name).await.unwrap(), fresh.table_provider(name).await.unwrap());
            assert_eq!(ours.schema(), theirs.schema(), "{name}");
            let query = format!("SELECT * FROM {name}");
            assert_eq!(rows(ctx, &query).await, rows(&fresh, &query).await, "{name}");
            *statement = shown(&fresh, name).await;
        }
        last = Some(fresh);
    }
    last.unwrap()
}

fn contract(provider: &Arc<dyn TableProvider>) -> &ContractTable {
    provider.downcast_ref::<ContractTable>().unwrap()
}

#[test]
fn statement_recreates_relation() {
    run(async {
        let folder = TempDir::new().unwrap();
        let catalog = keyed();
        let ctx = open(&catalog, &one_file(folder.path())).await;
        let fresh = recreated(&ctx, &catalog).await;
        let (ours, theirs) =
            (ctx.table_provider("files_v1").await.unwrap(), fresh.table_provider("files_v1").await.unwrap());
        assert_eq!(contract(&ours).contract(), contract(&theirs).contract());
        assert_eq!(contract(&ours).location(), contract(&theirs).location());
        assert_eq!(definition::of(&fresh, "files_v1").await, definition::of(&ctx, "files_v1").await);
        assert_eq!(definition::of(&fresh, "no_such").await, None);
        // Keys and references are answered for what a statement made, too.
        let keys = "SELECT * FROM information_schema.key_column_usage ORDER BY constraint_name, ordinal_position";
        assert_eq!(rows(&ctx, keys).await, rows(&fresh, keys).await);
        assert_eq!(rows(&fresh, keys).await.num_rows(), 9);
    });
}

/// A statement recreates a Hive layout under an awkward path.
#[test]
fn statement_recreates_hive_layout() {
    run(async {
        let folder = TempDir::new().unwrap();
        let place = folder.path().join("it's a \"place\" -- with; 'quotes'");
        let all = batch(&schema(), ROWS);
        let stored = |from, rows| all.slice(from, rows).project(&[1, 2, 3, 4, 5]).unwrap();
        write(&place.join("repo=alpha/part.parquet"), &stored(0, 2));
        write(&place.join("repo=beta%20b/part.parquet"), &stored(2, 2));
        let catalog = keyed();
        let ctx = session(&catalog, &one_by_one()).unwrap();
        register(&ctx, &catalog, &at(&place)).await.unwrap();
        let fresh = recreated(&ctx, &catalog).await;
        assert_eq!(rows(&fresh, "SELECT * FROM files_v1 ORDER BY path").await, all);
    });
}

/// A statement recreates an empty dataset and names that need quotes.
#[test]
fn statement_recreates_empty_dataset() {
    run(async {
        let mut catalog = keyed();
        catalog.views.clear();
        catalog.statements.clear();
        catalog.datasets[0].name = "Units \"v1\".x".to_owned();
        let ctx = open(&catalog, &Locations::new()).await;
        let spelled = r#""Units ""v1"".x""#;
        let statement = shown(&ctx, spelled).await;
        assert!(statement.contains(&format!("CREATE EXTERNAL TABLE {spelled}\n")), "{statement}");
        let fresh = session(&catalog, &Options::default()).unwrap();
        fresh.sql(&statement).await.unwrap();
        assert_eq!(rows(&fresh, &format!("SELECT * FROM {spelled}")).await.num_rows(), 0);
        assert_eq!(shown(&fresh, spelled).await, statement);
    });
}

#[test]
fn dataset_mounted_by_other_name() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&keyed(), &one_file(folder.path())).await;
        ctx.sql("CREATE SCHEMA other").await.unwrap();
        let location = folder.path().join("files.parquet");
        let mount = |name: &str, rest: &str| {
            format!(
                "CREATE EXTERNAL TABLE {name} STORED AS cstspec LOCATION '{}' OPTIONS (contract.dataset 'files_v1'{rest})",
                location.display()
            )
        };
        ctx.sql(&mount("other.mine", "")).await.unwrap();
        assert_eq!(rows(&ctx, "SELECT * FROM other.mine").await, batch(&schema(), ROWS));
        let statement = shown(&ctx, "other.mine").await;
        assert!(statement.contains("CREATE EXTERNAL TABLE other.mine\n"), "{statement}");
        assert!(statement.ends_with("OPTIONS (contract.dataset 'files_v1', contract.version '1')"), "{statement}");
        ctx.sql(&statement.replace("EXTERNAL TABLE", "EXTERNAL TABLE IF NOT EXISTS")).await.unwrap();
        ctx.sql(&mount("other.mine", "").replace("CREATE", "CREATE OR REPLACE")).await.unwrap();
        let names =
            text(&ctx, "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = 'other'")
                .await;
        assert!(names.contains("mine_pkey") && names.contains("mine_path_file_id_key"), "{names}");
    });
}

/// A statement that contradicts the contract is refused with what to do.
#[test]
fn statement_contradicting_contract() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&keyed(), &one_file(folder.path())).await;
        let location = folder.path().join("files.parquet").display().to_string();
        let refused = async |statement: &str, words: &[&str]| {
            let said =
                error(&ctx, &statement.replace("{AT}", &format!("STORED AS CSTSPEC LOCATION '{location}'"))).await;
            for word in words {
                assert!(said.contains(word), "{statement}: {said}");
            }
        };
        let named = "OPTIONS (contract.dataset 'files_v1')";
        refused("CREATE EXTERNAL TABLE t {AT}", &["no dataset `t`", "`files_v1`", "OPTIONS (contract.dataset '...')"])
            .await;
        refused("CREATE EXTERNAL TABLE t {AT} OPTIONS (contract.dataset 'refs')", &["no dataset `refs`"]).await;
        refused(
            "CREATE EXTERNAL TABLE t {AT} OPTIONS (contract.dataset 'files_v1', contract.version '2')",
            &["at version 1", "made with `2`", "SHOW CREATE TABLE"],
        )
        .await;
        refused(
            "CREATE EXTERNAL TABLE t {AT} OPTIONS (contract.dataset 'files_v1', compression 'zstd')",
            &["unknown option `format.compression`", "`contract.dataset`, `contract.version`"],
        )
        .await;
        refused(&format!("CREATE EXTERNAL TABLE t (path VARCHAR) {{AT}} {named}"), &["leave the list of columns out"])
            .await;
        refused(
            &format!("CREATE EXTERNAL TABLE t {{AT}} PARTITIONED BY (path) {named}"),
            &["PARTITIONED BY (path)", "(repo)", "leave it out"],
        )
        .await;
        refused(
            &format!("CREATE EXTERNAL TABLE t {{AT}} WITH ORDER (path DESC) {named}"),
            &["WITH ORDER (path DESC)", "(path ASC, file_id DESC)"],
        )
        .await;
        refused(
            &format!("CREATE EXTERNAL TABLE t {{AT}} WITH ORDER (path NULLS FIRST, file_id DESC) {named}"),
            &["path ASC NULLS FIRST"],
        )
        .await;
        refused(&format!("CREATE UNBOUNDED EXTERNAL TABLE t {{AT}} {named}"), &["leave UNBOUNDED out"]).await;
        refused(
            &format!("CREATE EXTERNAL TABLE t STORED AS CSTSPEC LOCATION ('a', 'b') {named}"),
            &["one location, not 2"],
        )
        .await;
        refused(
            &format!("CREATE EXTERNAL TABLE t STORED AS CSTSPEC LOCATION 's3://no/such/' {named}"),
            &["the object store of `s3://no/such/`", "is not registered"],
        )
        .await;
        // What agrees with the contract may be said.
        let agreeing =
            format!("CREATE EXTERNAL TABLE t {{AT}} PARTITIONED BY (repo) WITH ORDER (path, file_id DESC) {named}");
        ctx.sql(&agreeing.replace("{AT}", &format!("STORED AS CSTSPEC LOCATION '{location}'"))).await.unwrap();
        assert_eq!(rows(&ctx, "SELECT * FROM t").await.num_rows(), 4);
    });
}

/// Keys and references are answered in plain SQL.
#[test]
fn keys_and_references_in_sql() {
    run(async {
        let ctx = open(&keyed(), &Locations::new()).await;
        let joined = text(
            &ctx,
            "SELECT c.table_name AS t, c.constraint_type AS kind, string_agg(k.column_name, ' ' ORDER BY k.ordinal_position) AS cols,
                    string_agg(CAST(k.position_in_unique_constraint AS VARCHAR), ' ' ORDER BY k.ordinal_position) AS places,
                    max(r.unique_constraint_name) AS to_key
             FROM information_schema.table_constraints c
             JOIN information_schema.key_column_usage k
               ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name
             LEFT JOIN information_schema.referential_constraints r
               ON c.constraint_schema = r.constraint_schema AND c.constraint_name = r.constraint_name
             WHERE c.enforced = 'NO' AND c.table_schema = 'public'
             GROUP BY 1, 2, c.constraint_name ORDER BY 1, 2",
        )
        .await;
        let lines: Vec<String> = joined
            .lines()
            .filter(|line| line.starts_with('|'))
            .skip(1)
            .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().join("|"))
            .collect();
        let expected = [
            "|files_v1|PRIMARY KEY|file_id|||",
            "|files_v1|UNIQUE|path file_id|||",
            "|ref_attrs|FOREIGN KEY|ref_id file_id|2 1|refs_file_id_ref_id_key|",
            "|refs|FOREIGN KEY|path file_id|1 2|files_v1_path_file_id_key|",
            // `ref_id` may be NULL by the contract.
            "|refs|UNIQUE|file_id ref_id|||",
        ];
        assert_eq!(lines, expected);

        // What takes a relation's name without its definition has none of its keys.
        let impostor = MemTable::try_new(schema(), vec![Vec::new()]).unwrap();
        ctx.deregister_table("files_v1").unwrap();
        ctx.register_table("files_v1", Arc::new(impostor)).unwrap();
        let count = "SELECT constraint_name FROM information_schema.table_constraints WHERE table_name = 'files_v1'";
        assert_eq!(rows(&ctx, count).await.num_rows(), 0);
    });
}

/// Columns have defaults and ordinals from one.
#[test]
fn columns_defaults_and_ordinals() {
    run(async {
        let ctx = open(&keyed(), &Locations::new()).await;
        let columns = rows(
            &ctx,
            "SELECT column_name, ordinal_position, column_default FROM information_schema.columns
             WHERE table_name = 'files_v1' ORDER BY ordinal_position",
        )
        .await;
        let ordinals = columns.column(1).as_primitive::<arrow::datatypes::UInt64Type>();
        assert_eq!(ordinals.values().as_ref(), [1, 2, 3, 4, 5, 6]);
        let names = columns.column(0).as_string::<i32>();
        let defaults = columns.column(2).as_string::<i32>();
        let declared: Vec<(&str, Option<&str>)> = names.iter().flatten().zip(defaults.iter()).collect();
        let expected = [
            ("repo", Some("'it''s'")),
            ("path", None),
            ("file_id", None),
            ("refs", None),
            ("scopes", None),
            ("attrs", Some("MAP {}")),
        ];
        assert_eq!(declared, expected);
    });
}

/// A default of any type is SQL that the engine takes.
#[test]
fn default_of_any_type() {
    run(async {
        let words = |text: &str| Value::Text(text.to_owned());
        let span = structure([nullable("start", DataType::Int32), nullable("note", DataType::Utf8)]);
        let entry = |name: &str, value| (name.to_owned(), value);
        let cases = [
            ("a", DataType::Boolean, Value::Bool(true), "true"),
            ("b", DataType::Int8, Value::Int(-3), "-3"),
            ("c", DataType::Decimal128(5, 2), Value::Decimal("1.50".to_owned()), "1.50"),
            ("d", DataType::Float64, Value::Decimal("1e3".to_owned()), "1e3"),
            ("e", DataType::LargeUtf8, words("a'b"), "'a''b'"),
            ("f", dictionary(DataType::Int32, DataType::Utf8), words("x"), "'x'"),
            ("g", DataType::Date32, words("2024-02-29"), "arrow_cast('2024-02-29', 'Date32')"),
            (
                "h",
                timestamp(TimeUnit::Microsecond, "UTC"),
                words("2024-02-29T01:02:03Z"),
                "arrow_cast('2024-02-29T01:02:03Z', 'Timestamp(µs, \"UTC\")')",
            ),
            ("i", DataType::Time64(TimeUnit::Nanosecond), words("01:02:03"), "arrow_cast('01:02:03', 'Time64(ns)')"),
            ("j", DataType::Duration(TimeUnit::Second), Value::Int(5), "arrow_cast(5, 'Duration(s)')"),
            ("k", DataType::FixedSizeBinary(2), words("00ff"), "X'00ff'"),
            ("l", list(DataType::Int64), Value::List(vec![Value::Int(1), Value::Null]), "[1, NULL]"),
            ("m", list(span.clone()), Value::List(Vec::new()), "[]"),
            ("n", span, Value::Entries(vec![entry("note", words("x"))]), "named_struct('start', NULL, 'note', 'x')"),
            (
                "o",
                map(DataType::Int64, list(DataType::Utf8)),
                Value::Entries(vec![entry("1", Value::List(vec![words("x")]))]),
                "MAP {1: ['x']}",
            ),
            ("p", DataType::Utf8, Value::Null, "NULL"),
        ];
        let mut catalog = catalog();
        catalog.views.clear();
        catalog.statements.clear();
        let dataset = &mut catalog.datasets[0];
        let template = dataset.columns[0].clone();
        dataset.partitions.clear();
        dataset.columns.clear();
        for (name, data_type, value, _) in &cases {
            let mut column = template.clone();
            column.field = nullable(name, data_type.clone());
            dataset.columns.push(column);
            let default = DefaultValue {
                path: cstspec_contract::prelude::path(name),
                value: value.clone(),
                origin: Origin::default(),
            };
            dataset.defaults.push(default);
        }
        let ctx = open(&catalog, &Locations::new()).await;
        let answered = rows(
            &ctx,
            "SELECT column_default FROM information_schema.columns WHERE table_name = 'files_v1' ORDER BY ordinal_position",
        )
        .await;
        let answered = answered.column(0).as_string::<i32>();
        for (index, (name, data_type, value, expected)) in cases.iter().enumerate() {
            assert_eq!(answered.value(index), *expected, "{name}");
            let evaluated = rows(&ctx, &format!("SELECT {expected} AS x")).await;
            assert_eq!(evaluated.column(0).logical_null_count() == 1, *value == Value::Null, "{name}");
            assert!(
                arrow::compute::can_cast_types(evaluated.column(0).data_type(), data_type),
                "{name}: {evaluated:?}"
            );
        }
    });
}

/// Show and the standard tables work over the schema.
#[test]
fn show_and_standard_tables() {
    run(async {
        let ctx = open(&keyed(), &Locations::new()).await;
        let tables = text(&ctx, "SHOW TABLES").await;
        for name in ["files_v1", "ref_attrs", "df_settings", "table_constraints", "key_column_usage"] {
            assert!(tables.contains(name), "{name}: {tables}");
        }
        assert_eq!(rows(&ctx, "SHOW COLUMNS FROM refs").await.num_rows(), 7);
        assert!(text(&ctx, "SHOW FUNCTIONS LIKE 'stable%'").await.contains("stable_id"));
        // Functions that make tables are known to the session alone.
        assert!(text(&ctx, "SHOW FUNCTIONS LIKE 'range'").await.contains("TABLE"));
        assert!(text(&ctx, "SHOW datafusion.execution.time_zone").await.contains("UTC"));
        assert!(text(&ctx, "SHOW cstspec.trust_keys").await.contains("false"));
        assert!(text(&ctx, "SELECT * FROM information_schema.df_settings").await.contains("cstspec.trust_keys"));
        assert!(text(&ctx, "SELECT * FROM information_schema.schemata").await.contains("public"));
        assert!(text(&ctx, "SELECT * FROM information_schema.TABLE_CONSTRAINTS LIMIT 1").await.contains("public"));
        assert_eq!(rows(&ctx, "DESCRIBE information_schema.key_column_usage").await.num_rows(), 12);
        assert!(error(&ctx, "SELECT * FROM information_schema.no_such").await.contains("not found"));
    });
}

/// A host's own session answers too.
#[test]
fn host_session() {
    run(async {
        for config in [SessionConfig::new(), SessionConfig::new().with_information_schema(true)] {
            let ctx = SessionContext::new_with_config(config.with_default_catalog_and_schema("lake", "facts"));
            cstspec_runtime::functions::register(&ctx);
            register(&ctx, &keyed(), &Locations::new()).await.unwrap();
            let keys = text(&ctx, "SELECT * FROM information_schema.table_constraints").await;
            assert!(keys.contains("files_v1_pkey") && keys.contains("facts"), "{keys}");
            assert!(shown(&ctx, "refs").await.starts_with("CREATE VIEW refs AS\n"));
            ctx.sql("SET cstspec.trust_keys = TRUE").await.unwrap();
            assert!(text(&ctx, "SHOW cstspec.trust_keys").await.contains("true"));
            assert!(error(&ctx, "SET cstspec.trust_keys = 'so so'").await.contains("true or false"));
            assert!(
                error(&ctx, "SET cstspec.no_such = 1")
                    .await
                    .contains("`cstspec.narrow_scans` and `cstspec.trust_keys`")
            );
        }
        // A schema of that name that a host made itself is left alone.
        let ctx = SessionContext::new();
        let own = Arc::new(MemorySchemaProvider::new());
        let table = MemTable::try_new(Arc::new(Schema::new(vec![Field::new("x", DataType::Int8, true)])), vec![vec![]]);
        own.register_table("mine".to_owned(), Arc::new(table.unwrap())).unwrap();
        ctx.catalog("datafusion").unwrap().register_schema("information_schema", own).unwrap();
        cstspec_runtime::functions::register(&ctx);
        register(&ctx, &keyed(), &Locations::new()).await.unwrap();
        assert_eq!(rows(&ctx, "SELECT x FROM information_schema.mine").await.num_rows(), 0);
    });
}

/// A session that is dropped is freed.
#[test]
fn dropped_session_freed() {
    run(async {
        let ctx = open(&keyed(), &Locations::new()).await;
        let catalogs = Arc::downgrade(ctx.state().catalog_list());
        rows(&ctx, "SELECT * FROM information_schema.table_constraints").await;
        drop(ctx);
        assert_eq!(catalogs.strong_count(), 0, "information_schema keeps the session's catalogs alive");
    });
}

/// Keys reach the optimizer only when they are trusted.
#[test]
fn keys_trusted_only() {
    run(async {
        let mut catalog = keyed();
        let nullable_key = vec!["repo".to_owned()];
        catalog.datasets[0].constraints.unique.push(nullable_key);
        let constraints = async |ctx: &SessionContext| {
            let provider = ctx.table_provider("files_v1").await.unwrap();
            provider.constraints().map(|constraints| constraints.iter().count())
        };
        let ctx = open(&catalog, &Locations::new()).await;
        assert_eq!(constraints(&ctx).await, None);
        ctx.sql("SET cstspec.trust_keys = true").await.unwrap();
        register(&ctx, &catalog, &Locations::new()).await.unwrap();
        // The key over a column that may be NULL is not among them.
        assert_eq!(constraints(&ctx).await, Some(2));
    });
}
