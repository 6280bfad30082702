//! Names as files have them: capitals, words of SQL, blanks, dots, quotes, colons and umlauts, in every place where a name can stand.
//!
//! `tests/catalogs/names` has them as relations, columns, nested fields, keys, partitions, renames, paths, statements and boundaries.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use cstspec_contract::sql::{ident, idents, quoted};
use cstspec_contract::{Catalog, Severity, describe};
use cstspec_runtime::boundary::Projector;
use cstspec_runtime::{Locations, Options, observe, register, session};
use cstspec_spec::{compile, compile_embedded};
use cstspec_tests::delta_log::Table;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::physical_plan::common::collect;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use serde_json::json;
use tempfile::TempDir;

use crate::telemetry::{ask, from_json, lines};
use crate::world;

#[rustfmt::skip]
#[path = "../catalogs/names/generated/src/generated/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a test uses few of the constants that a catalog publishes")]
mod generated;

const THINGS: &str = "Company Very Short";

/// How the rows lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One file, the partition column stored.
    File,
    /// A folder for each value of the partition column.
    Hive,
    /// The same with a Delta log.
    Delta,
    /// Files of an older contract: other names, at three depths.
    Renamed,
}

fn folder() -> PathBuf {
    world::workspace().join("tests/catalogs/names")
}

fn catalog() -> Catalog {
    let compiled = compile(&folder());
    let errors: Vec<_> = compiled.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    compiled.catalog.unwrap()
}

/// Two things, with everything that their columns can hold.
const ROWS: &str = r#"
{"pyYear":"2024","ID":1,"order":10,"dayOfYear":5,"null":null,"group":"left","Company Very Short":"c","c_customer_sk:":3,"service.name":"web","größe":1.5,"a\"b":{"x.y":40,"with":"w"},"@timestamp":"t1","n":1,"select":[{"ID":1,"Order ID":"o-1","group":"g","offset":8,"a\"b":2,"service.name":{"x.y":70,"select":"s"},"null":"z","key":"k","value":1},{"ID":2,"Order ID":"o-2","group":null,"offset":4,"a\"b":3,"service.name":{"x.y":71,"select":null},"null":null,"key":null,"value":null}],"Labels":{"red":[{"ID":5,"Order ID":"o-5","group":"g5","offset":1,"a\"b":1,"service.name":null,"null":null,"key":"k5","value":5}],"empty":[]},"Attr.s":{"a\"b":"v1","Größe":"v2"},"nested":{"deep.er":[{"in.ner":{"one":1}},{"in.ner":{"two":2,"three":3}}]}}
{"pyYear":"2025","ID":2,"order":11,"dayOfYear":null,"null":null,"group":null,"Company Very Short":null,"c_customer_sk:":null,"service.name":"db","größe":null,"a\"b":null,"@timestamp":"t2","n":2,"select":[],"Labels":null,"Attr.s":{},"nested":null}
"#;

fn rows(catalog: &Catalog) -> RecordBatch {
    from_json(&catalog.dataset(THINGS).unwrap().schema(), ROWS.trim())
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// `field` as files of the older contract call it and what is in it.
fn older(field: &FieldRef, below: bool) -> FieldRef {
    let name = match (field.name().as_str(), below) {
        ("select", false) => "old.parts",
        ("Order ID", true) => "orderNo",
        ("service.name", true) => "svc.n",
        ("x.y", true) => "xY",
        (name, _) => name,
    };
    let inside = below || field.name() == "select";
    let data_type = match field.data_type() {
        DataType::List(item) if inside => DataType::List(older(item, true)),
        DataType::Struct(fields) if inside => DataType::Struct(fields.iter().map(|field| older(field, true)).collect()),
        other => other.clone(),
    };
    Arc::new(Field::new(name, data_type, field.is_nullable()))
}

fn retyped(batch: &RecordBatch, schema: Schema) -> RecordBatch {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| {
        let data = column.to_data().into_builder().data_type(field.data_type().clone());
        renamed(&data.build().unwrap_or_else(|_| column.to_data()), field.data_type())
    });
    let columns = columns.collect();
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// The same buffers under a type with other names.
fn renamed(data: &arrow::array::ArrayData, data_type: &DataType) -> arrow::array::ArrayRef {
    fn data_as(data: &arrow::array::ArrayData, data_type: &DataType) -> arrow::array::ArrayData {
        let inside: Vec<DataType> = match data_type {
            DataType::List(item) => vec![item.data_type().clone()],
            DataType::Struct(fields) => fields.iter().map(|field| field.data_type().clone()).collect(),
            _ => return data.clone(),
        };
        let children = data.child_data().iter().zip(&inside).map(|(child, inside)| data_as(child, inside)).collect();
        data.clone().into_builder().data_type(data_type.clone()).child_data(children).build().unwrap()
    }
    arrow::array::make_array(data_as(data, data_type))
}

/// Writes the rows in `layout`, and answers where they are.
fn lay(rows: &RecordBatch, layout: Layout, under: &Path) -> PathBuf {
    let path = under.join("things");
    match layout {
        Layout::File => {
            let path = under.join("things.parquet");
            write(&path, rows);
            return path;
        }
        Layout::Renamed => {
            let path = under.join("things.parquet");
            let fields: Vec<FieldRef> = rows.schema().fields().iter().map(|field| older(field, false)).collect();
            write(&path, &retyped(rows, Schema::new(fields)));
            return path;
        }
        Layout::Hive | Layout::Delta => {}
    }
    let stored: Vec<usize> = (1..rows.num_columns()).collect();
    for (row, year) in ["2024", "2025"].iter().enumerate() {
        let part = rows.slice(row, 1).project(&stored).unwrap();
        write(&path.join(format!("pyYear={year}/part-0.parquet")), &part);
    }
    if layout == Layout::Delta {
        let files = [
            ("pyYear=2024/part-0.parquet", json!({ "pyYear": "2024" })),
            ("pyYear=2025/part-0.parquet", json!({ "pyYear": "2025" })),
        ];
        Table::of(&path, &rows.schema(), &["pyYear"], &files);
    }
    path
}

async fn open(catalog: &Catalog, layout: Layout) -> (SessionContext, TempDir) {
    let files = tempfile::tempdir().unwrap();
    let things = lay(&rows(catalog), layout, files.path());
    let order = files.path().join("order.parquet");
    write(&order, &from_json(&catalog.dataset("order").unwrap().schema(), r#"{"table":"left","Größe":1}"#));
    let upper = files.path().join("upper.parquet");
    write(&upper, &from_json(&catalog.dataset("Order").unwrap().schema(), r#"{"1st":7}"#));
    let locations = world::at([(THINGS, things.as_path()), ("order", order.as_path()), ("Order", upper.as_path())]);
    (world::open(catalog, &locations).await, files)
}

/// Generated code builds the catalog that the specs say.
#[test]
fn compiled_equals_loaded() {
    let (compiled, loaded) = (generated::catalog(), catalog());
    for (left, right) in compiled.datasets.iter().zip(&loaded.datasets) {
        assert_eq!(left, right);
    }
    for (left, right) in compiled.views.iter().zip(&loaded.views) {
        assert_eq!(left, right);
    }
    assert_eq!(compiled, loaded);
}

/// Every promise holds in each layout.
#[tokio::test]
async fn constraints_in_each_layout() {
    let catalog = catalog();
    for layout in [Layout::File, Layout::Hive, Layout::Delta, Layout::Renamed] {
        let (ctx, _files) = open(&catalog, layout).await;
        let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
        // That names need quotes, that two differ by case, and that files are of an older contract.
        let told = ["R018", "R019", "R130", "R140", "R141"];
        let others: Vec<_> = report.findings.iter().filter(|finding| !told.contains(&finding.code.as_ref())).collect();
        assert!(others.is_empty(), "{layout:?}: {others:#?}");
        for contract in &report.contracts {
            assert!(contract.broken == 0, "{layout:?}: {contract:?}");
        }
        for relation in &report.relations {
            assert!(relation.executed && relation.describe_equal, "{layout:?}: {relation:?}");
            assert!(relation.rows.is_some_and(|rows| rows > 0), "{layout:?}: {relation:?}");
        }
    }
}

/// The rows that are read are the rows that were written.
#[tokio::test]
async fn rows_round_trip() {
    let catalog = catalog();
    let written = rows(&catalog);
    for layout in [Layout::File, Layout::Hive, Layout::Delta, Layout::Renamed] {
        let (ctx, _files) = open(&catalog, layout).await;
        let names = idents(written.schema().fields().iter().map(|field| field.name()));
        let sql = format!("SELECT {names} FROM {} ORDER BY \"ID\", \"order\" DESC", ident(THINGS));
        let read = ask(&ctx, &sql).await;
        assert_eq!(read.columns(), written.columns(), "{layout:?}");
        for relation in catalog.relations() {
            let observed = observe(&ctx, relation.name()).await.unwrap();
            assert_eq!(observed.rows, describe::rows(&relation.schema()), "{layout:?}: {}", relation.name());
        }
        for (sql, expected) in VIEWS {
            assert_eq!(lines(&ctx, sql).await, *expected, "{layout:?}: {sql}");
        }
    }
}

/// Queries over each view, and their rows: values joined by blanks.
const VIEWS: &[(&str, &[&str])] = &[
    (
        r#"SELECT "pyYear", "order", "a""b", "thing.name", thing_id, "ID", "Order ID", "group", "offset", "null", "x.y", half, "trim", loud, inside FROM "select""#,
        &["2024 10 40 web 1 1 o-1 g 8 z 70 4 33 G s", "2024 10 40 web 1 2 o-2 NULL 4 NULL 71 2 38 NULL NULL"],
    ),
    (r#"SELECT "select", "a""b", "with" FROM "Packed.Parts""#, &["o-1 web g", "o-2 web NULL"]),
    (r#"SELECT "select", "group"['a"b'] AS x FROM "Packed.Parts""#, &["o-1 web", "o-2 web"]),
    (r#"SELECT "ID", "thing.name", "x y", "NULL" FROM "unpacked-parts""#, &["1 web 8 g", "2 web 4 NULL"]),
    (r#"SELECT "from", thing, part_id, "Order ID", "key", "@timestamp" FROM "Labelled Parts""#, &["red 1 5 o-5 k5 t1"]),
    (r#"SELECT "ID", "order", "attr.s_key", "attr.s_value" FROM attrs"#, &["1 10 Größe v2", "1 10 a\"b v1"]),
    (r#"SELECT "ID", "a""b" FROM "Attrs""#, &["1 [v1]", "2 [NULL]"]),
    (r#"SELECT "ID", "in.ner_key", "in.ner_value" FROM deep"#, &["1 one 1", "1 three 3", "1 two 2"]),
    (r#"SELECT "service.name_matches", "null_type" FROM "where""#, &["true Utf8"]),
    (r#"SELECT o."table", p."1st" FROM "order" AS o CROSS JOIN "Order" AS p"#, &["left 7"]),
    ("EXECUTE \"group\"('web')", &["1"]),
    ("EXECUTE \"by ID\"(1)", &["o-1 70", "o-2 71"]),
];

/// Rows leave through a boundary of such names.
#[tokio::test]
async fn boundary_names() {
    let catalog = catalog();
    let (ctx, _files) = open(&catalog, Layout::Hive).await;
    let boundary = catalog.boundaries.iter().find(|known| known.name == "To.Excel").unwrap();
    let sql = format!("SELECT * FROM {} ORDER BY \"ID\"", ident(THINGS));
    let stream = ctx.sql(&sql).await.unwrap().execute_stream().await.unwrap();
    let leaving = Projector::plan(boundary, &stream.schema()).unwrap().stream(stream);
    let rows = collect(leaving).await.unwrap();
    let rows = concat_batches(&boundary.schema(), &rows).unwrap();
    let expected = "{\"ID\":1,\"service.name\":\"web\",\"order\":10,\"größe\":1.5,\"having\":\"x\"}
{\"ID\":2,\"service.name\":\"db\",\"order\":11,\"größe\":null,\"having\":\"x\"}";
    assert_eq!(rows, from_json(&boundary.schema(), expected));
}

#[tokio::test]
async fn definition_recreates_relation() {
    let catalog = catalog();
    let (ctx, _files) = open(&catalog, Layout::Hive).await;
    for relation in catalog.relations() {
        let name = ident(relation.name());
        let before = ask(&ctx, &format!("SELECT count(*) AS n FROM {name}")).await;
        let shown = ask(&ctx, &format!("SHOW CREATE TABLE {name}")).await;
        assert_eq!(shown.num_rows(), 1, "{name}");
        let definition = cstspec_runtime::definition::of(&ctx, relation.name()).await.unwrap();
        let kind = if relation.kind() == "view" { "VIEW" } else { "TABLE" };
        ctx.sql(&format!("DROP {kind} {name}")).await.unwrap();
        ctx.sql(&definition).await.unwrap_or_else(|error| panic!("{definition}: {error}"));
        assert_eq!(ask(&ctx, &format!("SELECT count(*) AS n FROM {name}")).await, before, "{name}");
    }
}

/// A catalog in which each word is a dataset, a column, a field, the name of an element and part of a key.
fn of_words(words: &[String]) -> Catalog {
    let mut files = vec![
        (
            "catalog.yaml".to_owned(),
            "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [.]\n".to_owned(),
        ),
        ("s.yaml".to_owned(), "session: s\n".to_owned()),
    ];
    for (number, word) in words.iter().enumerate() {
        files.push((
            format!("d{number}.yaml"),
            format!(
                "dataset: \"{word}\"\nversion: 1\ncolumns:\n  \"{word}\": {{ type: int64, nullable: false }}\n  \
                 rows_of: 'list<struct<\"{word}\": int64>>'\n  m: 'map<utf8, list<struct<\"{word}\": int64>>>'\n\
                 constraints: {{ primary_key: [\"{word}\"] }}\n"
            ),
        ));
        files.push((
            format!("v{number}.yaml"),
            format!(
                "view: \"{word} 1\"\nrows: {{ of: \"{word}\", unnest: rows_of }}\n\
                 columns:\n  own: {{ row: \"{word}\" }}\n  sum: {{ expr: '\"{word}\" + own' }}\nkey: [\"{word}\"]\n\
                 accessors:\n  \"{word} 2\": {{ pack: {{ \"{word}\": {{ \"{word}\": own }} }}, keys: [sum] }}\n  \
                 \"{word} 3\": {{ unpack: {{ \"{word}\": {{ \"{word}\": own }} }}, keys: [sum] }}\n"
            ),
        ));
        files.push((
            format!("w{number}.yaml"),
            format!("view: \"{word} 4\"\nrows: {{ of: \"{word}\", unnest: m.value }}\ncolumns: {{ \"{word}_\": {{ row: \"{word}\" }} }}\n"),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let compiled = compile_embedded(&files);
    let errors: Vec<_> = compiled.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    compiled.catalog.unwrap()
}

/// Every word of the parser names what specs name.
#[tokio::test]
async fn parser_words_as_names() {
    let words: Vec<String> = ALL_KEYWORDS.iter().map(|word| word.to_lowercase()).collect();
    let catalog = of_words(&words);
    let ctx = session(&catalog, &Options::default()).unwrap();
    let registered = register(&ctx, &catalog, &Locations::new()).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    let mut wrong = Vec::new();
    for word in &words {
        let name = ident(word);
        for sql in [
            format!("SELECT {name}, count(*) AS {name} FROM {name} WHERE {name} IS NOT NULL AND {name} > 1 GROUP BY {name} ORDER BY {name} DESC")
                .replacen(&format!("AS {name}"), "AS n", 1),
            format!("SELECT l.{name} AS {name} FROM {name} AS l JOIN {name} AS r ON l.{name} = r.{name}"),
            format!("DESCRIBE {}", quoted(word)),
        ] {
            if let Err(error) = ctx.state().create_logical_plan(&sql).await {
                wrong.push(format!("{sql}: {}", error.strip_backtrace()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for view in &catalog.views {
        let described = observe(&ctx, &view.name).await.unwrap();
        assert_eq!(described.rows, describe::rows(&view.schema()), "{}", view.name);
    }
}
