//! A small catalog, its rows, and what tests need to write and ask.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io::Cursor;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use cstspec_contract::prelude::path;
use cstspec_contract::types::{annotated, list, map, nullable, required, structure};
use cstspec_contract::{
    Catalog, Column, Constraints, Dataset, NestedOrigins, Origin, Session, Setting, Statement, View, ViewBody,
};
use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::SessionContext;

/// Runs `future` to its end on an engine's own kind of runtime.
pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn attrs() -> FieldRef {
    annotated(&nullable("attrs", map(DataType::Utf8, DataType::Utf8)), [("default_value", "{}")])
}

/// The element of `refs`.
pub fn reference() -> DataType {
    let place = structure([nullable("line0", DataType::Int32), nullable("col", DataType::Int32)]);
    let span = structure([nullable("start", place), nullable("end_exclusive", DataType::Boolean)]);
    structure([
        required("file_id", DataType::Utf8),
        nullable("ref_text", DataType::Utf8),
        nullable("bstart", DataType::Int64),
        annotated(&nullable("span", span), [("ARROW:extension:name", "codeintel.span")]),
        attrs(),
    ])
}

/// The element of `scopes`, which holds a list of its own.
pub fn scope() -> DataType {
    let local = structure([required("slot", DataType::Int64), nullable("name", DataType::Utf8)]);
    structure([nullable("name", DataType::Utf8), nullable("locals", list(local))])
}

/// The dataset's columns; `repo` is the partition column and comes first.
pub fn fields() -> Vec<FieldRef> {
    vec![
        nullable("repo", DataType::Utf8),
        required("path", DataType::Utf8),
        required("file_id", DataType::Utf8),
        nullable("refs", list(reference())),
        nullable("scopes", list(scope())),
        attrs(),
    ]
}

fn columns(fields: Vec<FieldRef>, file: &str) -> Vec<Column> {
    fields
        .into_iter()
        .map(|field| Column {
            origin: Origin::new(file, format!("columns.{}", field.name())),
            doc: String::new(),
            field,
        })
        .collect()
}

pub fn dataset() -> Dataset {
    Dataset {
        doc: "One row per file.".to_owned(),
        origin: Origin::new("datasets/files.yaml", ""),
        metadata: BTreeMap::from([("schema_name".to_owned(), "files_v1".to_owned())]),
        nested: NestedOrigins {
            below: BTreeMap::from([(path("refs"), Origin::new("types/ref.yaml", "fields"))]),
            ..NestedOrigins::default()
        },
        partitions: vec!["repo".to_owned()],
        constraints: Constraints { primary_key: vec!["file_id".to_owned()], ..Constraints::default() },
        ..Dataset::new("files_v1", columns(fields(), "datasets/files.yaml"))
    }
}

pub fn view(name: &str, sql: &str, depends_on: &[&str], fields: Vec<FieldRef>) -> View {
    let file = format!("views/{name}.yaml");
    View {
        name: name.to_owned(),
        doc: String::new(),
        origin: Origin::new(file.as_str(), ""),
        columns: columns(fields, &file),
        nested: NestedOrigins::default(),
        sql: format!("{sql}\n"),
        depends_on: depends_on.iter().map(|name| (*name).to_owned()).collect(),
        body: ViewBody::Sql,
        key: Vec::new(),
        not_null: Vec::new(),
        allowed: Vec::new(),
        references: Vec::new(),
    }
}

const REFS: &str = "\
SELECT file_id, path,
  stable_id('ref', concat_ws(chr(31), 'ref', file_id, coalesce(CAST(bstart AS VARCHAR), 'None'))) AS ref_id,
  ref_text, bstart, span, attrs
FROM (
  SELECT file_id, path, get_field(item, 'ref_text') AS ref_text, get_field(item, 'bstart') AS bstart,
    get_field(item, 'span') AS span, get_field(item, 'attrs') AS attrs
  FROM (SELECT file_id, path, unnest(refs) AS item FROM files_v1)
)";

const ATTRS: &str = "\
SELECT file_id, ref_id, get_field(entry, 'key') AS attr_key, get_field(entry, 'value') AS attr_value
FROM (SELECT file_id, ref_id, unnest(map_entries(attrs)) AS entry FROM refs)";

const LOCALS: &str = "\
SELECT file_id, scope, get_field(item, 'slot') AS slot, get_field(item, 'name') AS name
FROM (
  SELECT file_id, scope, unnest(locals) AS item
  FROM (
    SELECT file_id, get_field(item, 'name') AS scope, get_field(item, 'locals') AS locals
    FROM (SELECT file_id, unnest(scopes) AS item FROM files_v1)
  )
)";

pub fn catalog() -> Catalog {
    let DataType::Struct(reference) = reference() else { unreachable!() };
    let of = |name: &str| Arc::clone(reference.find(name).unwrap().1);
    let refs = vec![
        required("file_id", DataType::Utf8),
        required("path", DataType::Utf8),
        nullable("ref_id", DataType::Utf8),
        of("ref_text"),
        of("bstart"),
        of("span"),
        of("attrs"),
    ];
    let attrs = vec![
        required("file_id", DataType::Utf8),
        nullable("ref_id", DataType::Utf8),
        nullable("attr_key", DataType::Utf8),
        nullable("attr_value", DataType::Utf8),
    ];
    let locals = vec![
        required("file_id", DataType::Utf8),
        nullable("scope", DataType::Utf8),
        nullable("slot", DataType::Int64),
        nullable("name", DataType::Utf8),
    ];
    let pins = [
        ("datafusion.execution.parquet.schema_force_view_types", "false"),
        ("datafusion.sql_parser.map_string_types_to_utf8view", "false"),
        ("datafusion.execution.time_zone", "UTC"),
        ("datafusion.execution.collect_statistics", "TRUE"),
        ("datafusion.runtime.memory_limit", "512M"),
    ];
    let pin = |(name, value): (&str, &str)| {
        let origin = Origin::new("sessions/pinned.yaml", format!("settings.{name}"));
        (name.to_owned(), Setting { value: value.to_owned(), origin })
    };
    Catalog {
        name: "files".to_owned(),
        doc: String::new(),
        version: 1,
        engine: cstspec_runtime::ENGINE.to_owned(),
        session: "pinned".to_owned(),
        functions: Vec::new(),
        sessions: vec![Session {
            name: "pinned".to_owned(),
            doc: String::new(),
            origin: Origin::new("sessions/pinned.yaml", ""),
            extends: Vec::new(),
            settings: pins.into_iter().map(pin).collect(),
        }],
        datasets: vec![dataset()],
        views: vec![
            view("locals", LOCALS, &["files_v1"], locals),
            view("refs", REFS, &["files_v1"], refs),
            view("ref_attrs", ATTRS, &["refs"], attrs),
        ],
        boundaries: Vec::new(),
        statements: vec![Statement {
            name: "refs_by_file".to_owned(),
            doc: String::new(),
            origin: Origin::new("statements.yaml", "refs_by_file"),
            parameters: vec![DataType::Utf8],
            sql: "SELECT * FROM refs WHERE file_id = $1".to_owned(),
        }],
    }
}

/// The dataset's rows: a NULL list, an empty one, NULL structs, an empty map, a map with a NULL value, a list in a list.
pub const ROWS: &str = r#"
{"repo":"alpha","path":"a.py","file_id":"f1","refs":[{"file_id":"f1","ref_text":"x","bstart":1,"span":{"start":{"line0":0,"col":1},"end_exclusive":true},"attrs":{"origin":"parser","note":null}},{"file_id":"f1","ref_text":"y","bstart":null,"span":null,"attrs":{}}],"scopes":[{"name":"s","locals":[{"slot":1,"name":"i"},{"slot":2,"name":null}]},{"name":null,"locals":null}],"attrs":{"k":"v"}}
{"repo":"alpha","path":"b.py","file_id":"f2","refs":[],"scopes":[{"name":"t","locals":[]}],"attrs":{}}
{"repo":"beta b","path":"c.py","file_id":"f3","refs":null,"scopes":null,"attrs":null}
{"repo":"beta b","path":"d.py","file_id":"f4","refs":[{"file_id":"f4","ref_text":null,"bstart":7,"span":{"start":null,"end_exclusive":false},"attrs":null}],"scopes":[{"name":"u","locals":[{"slot":3,"name":"j"}]}],"attrs":null}
"#;

/// `rows` as a batch of `schema`; columns that only the rows have are left out.
pub fn batch(schema: &SchemaRef, rows: &str) -> RecordBatch {
    let mut reader = ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(rows.to_owned())).unwrap();
    reader.next().unwrap().unwrap()
}

pub fn schema() -> SchemaRef {
    dataset().schema()
}

pub fn write(path: &FilePath, batch: &RecordBatch) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = WriterProperties::builder().build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// The rows as one file `files.parquet` in `folder`; its location.
pub fn one_file(folder: &FilePath) -> Locations {
    let path = folder.join("files.parquet");
    write(&path, &batch(&schema(), ROWS));
    at(&path)
}

/// `files_v1` at `path`.
pub fn at(path: &FilePath) -> Locations {
    Locations::from([("files_v1".to_owned(), Location::Url(path.to_str().unwrap().to_owned()))])
}

/// A session with the catalog and its data.
pub async fn open(catalog: &Catalog, locations: &Locations) -> SessionContext {
    let ctx = session(catalog, &Options::default()).unwrap();
    let registered = register(&ctx, catalog, locations).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    ctx
}

/// The rows of a query as one batch.
pub async fn rows(ctx: &SessionContext, sql: &str) -> RecordBatch {
    let frame = ctx.sql(sql).await.unwrap();
    let schema: SchemaRef = Arc::new(Schema::clone(frame.schema().as_arrow()));
    let batches = frame.collect().await.unwrap();
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).unwrap()
}

/// The engine's error for a query.
pub async fn error(ctx: &SessionContext, sql: &str) -> String {
    match ctx.sql(sql).await {
        Err(error) => error.to_string(),
        Ok(frame) => frame.collect().await.expect_err(sql).to_string(),
    }
}

/// The rows of a query as text.
pub async fn text(ctx: &SessionContext, sql: &str) -> String {
    arrow::util::pretty::pretty_format_batches(&[rows(ctx, sql).await]).unwrap().to_string()
}
