//! The second catalog, on data: what the LibCST catalog does not have is served by the same crates, unchanged.
//!
//! `tests/catalogs/telemetry` describes what solar parks report: lists in lists in structs in lists, columns of every outer level, decimals,
//! timestamps with and without a zone, dictionaries, a large list, maps of structs, two partition columns. Its rows are in
//! `data/`, and what each view makes of them is in `expected/`: `UPDATE_EXPECT=1` writes that anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options, concat_batches};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use cstspec_contract::describe::{self, DescribeRow};
use cstspec_contract::{Catalog, Relation};
use cstspec_runtime::{Locations, observe};
use cstspec_spec::compile;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::schema::types::ColumnPath;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::world;

#[rustfmt::skip]
#[path = "../catalogs/telemetry/generated/src/generated/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a test uses few of the constants that a catalog publishes")]
mod generated;

/// How the rows of `site_reports` lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One file.
    File,
    /// A folder of two files.
    Folder,
    /// Folders that carry the region and the day.
    Hive,
}

impl Layout {
    const ALL: [Self; 3] = [Self::File, Self::Folder, Self::Hive];
}

/// A session over the data, and the folder that holds its files.
struct Park {
    ctx: SessionContext,
    _files: TempDir,
}

fn folder() -> PathBuf {
    world::workspace().join("tests/catalogs/telemetry")
}

fn catalog() -> Catalog {
    let compiled = compile(&folder());
    assert_eq!(compiled.findings, []);
    compiled.catalog.unwrap()
}

fn schema(catalog: &Catalog, dataset: &str) -> SchemaRef {
    catalog.dataset(dataset).unwrap().schema()
}

/// The rows of `data/<dataset>.json`, in the contract's own schema.
fn rows_of(catalog: &Catalog, dataset: &str) -> RecordBatch {
    let text = fs::read_to_string(folder().join(format!("data/{dataset}.json"))).unwrap();
    from_json(&schema(catalog, dataset), &text)
}

/// JSON objects as rows of `schema`. The reader of JSON knows no dictionaries: it reads their values, which are encoded afterwards.
pub fn from_json(schema: &SchemaRef, text: &str) -> RecordBatch {
    let plain = Schema::new(schema.fields().iter().map(without_dictionaries).collect::<Vec<_>>());
    let mut reader = ReaderBuilder::new(Arc::new(plain)).with_strict_mode(true).build(text.as_bytes()).unwrap();
    let read = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none(), "the rows are more than one batch");
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let encode =
        |(column, field): (&ArrayRef, &FieldRef)| cast_with_options(column, field.data_type(), &strict).unwrap();
    let columns = read.columns().iter().zip(schema.fields()).map(encode).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}

fn without_dictionaries(field: &FieldRef) -> FieldRef {
    let plain = match field.data_type() {
        DataType::Dictionary(_, value) => DataType::clone(value),
        DataType::List(item) => DataType::List(without_dictionaries(item)),
        DataType::LargeList(item) => DataType::LargeList(without_dictionaries(item)),
        DataType::Map(entries, sorted) => DataType::Map(without_dictionaries(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(without_dictionaries).collect()),
        other => other.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(plain))
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // What the specs wish for.
    let properties =
        WriterProperties::builder().set_column_bloom_filter_enabled(ColumnPath::from("site_id"), true).build();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Writes `rows` of `site_reports` in `layout`, and answers where they are.
fn lay(rows: &RecordBatch, layout: Layout, under: &Path) -> PathBuf {
    match layout {
        Layout::File => {
            let path = under.join("site_reports.parquet");
            write(&path, rows);
            path
        }
        Layout::Folder => {
            let path = under.join("site_reports");
            let half = rows.num_rows() / 2;
            write(&path.join("part-0.parquet"), &rows.slice(0, half));
            write(&path.join("part-1.parquet"), &rows.slice(half, rows.num_rows() - half));
            path
        }
        Layout::Hive => {
            let path = under.join("site_reports");
            let text = |row: usize, column: &str| {
                let column = rows.column_by_name(column).unwrap();
                arrow::util::display::array_value_to_string(column, row).unwrap()
            };
            let stored: Vec<usize> = (2..rows.num_columns()).collect();
            let mut folders = BTreeSet::new();
            for row in 0..rows.num_rows() {
                let (region, day) = (text(row, "region").replace('/', "%2F"), text(row, "report_day"));
                let leaf = format!("region={region}/report_day={day}");
                write(&path.join(&leaf).join("part-0.parquet"), &rows.slice(row, 1).project(&stored).unwrap());
                assert!(folders.insert(leaf), "two rows would be one file");
            }
            path
        }
    }
}

/// A session with the catalog over both datasets.
async fn open(catalog: &Catalog, reports: &RecordBatch, layout: Layout) -> Park {
    let files = tempfile::tempdir().unwrap();
    let sites = files.path().join("sites.parquet");
    write(&sites, &rows_of(catalog, "sites"));
    let reports = lay(reports, layout, files.path());
    let locations = world::at([("sites", sites.as_path()), ("site_reports", reports.as_path())]);
    Park { ctx: world::open(catalog, &locations).await, _files: files }
}

pub async fn ask(ctx: &SessionContext, sql: &str) -> RecordBatch {
    let frame = ctx.sql(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).unwrap()
}

/// The rows as a table, its lines in the order of their text, so that no order of rows is needed; NULL is `NULL`, inside values too.
fn table(rows: &RecordBatch) -> String {
    let options = FormatOptions::new().with_null("NULL");
    let text = pretty_format_batches_with_options(std::slice::from_ref(rows), &options).unwrap().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let (head, rest) = lines.split_at(3);
    let (foot, body) = rest.split_last().unwrap();
    let mut body = body.to_vec();
    assert_eq!(body.len(), rows.num_rows(), "a value is on more than one line");
    body.sort_unstable();
    let mut text = String::new();
    for line in head.iter().chain(&body).chain([foot]) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The rows of a query, one text per row and its values joined by blanks, sorted.
pub async fn lines(ctx: &SessionContext, sql: &str) -> Vec<String> {
    let table = table(&ask(ctx, sql).await);
    let body = table.lines().skip(3).filter(|line| line.starts_with('|'));
    body.map(|line| line.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")).collect()
}

/// Holds `expected/<view>.txt` against `actual`. Where expectations are written anew, the first layout writes them for all.
fn differs(view: &str, layout: Layout, actual: &str) -> Option<String> {
    let path = folder().join(format!("expected/{view}.txt"));
    let text = format!("The rows of {view} over data/, lines in the order of their text.\n\n{actual}");
    if std::env::var_os("UPDATE_EXPECT").is_some() && layout == Layout::ALL[0] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    (expected != text).then(|| format!("{layout:?}: {}\n{text}", path.display()))
}

/// The content of `describe/<relation>.txt`: the verbatim rows, without the header above and the tree below.
fn described(relation: &str) -> Vec<DescribeRow> {
    let text = fs::read_to_string(folder().join(format!("generated/describe/{relation}.txt"))).unwrap();
    let mut lines = text.lines().skip_while(|line| *line != "column_name | data_type | is_nullable");
    lines.next().unwrap_or_else(|| panic!("{relation}.txt has no DESCRIBE"));
    let row = |line: &str| {
        let (column_name, rest) = line.split_once(" | ").unwrap();
        let (data_type, is_nullable) = rest.rsplit_once(" | ").unwrap();
        DescribeRow {
            column_name: column_name.to_owned(),
            data_type: data_type.to_owned(),
            is_nullable: is_nullable.to_owned(),
        }
    };
    lines.take_while(|line| !line.is_empty()).map(row).collect()
}

/// Generated code builds the catalog that the specs say.
#[test]
fn compiled_equals_loaded() {
    let (compiled, loaded) = (generated::catalog(), catalog());
    // One by one first: a difference is then shown in one relation. As values, since the text of metadata has no order.
    for (left, right) in compiled.datasets.iter().zip(&loaded.datasets) {
        assert_eq!(left, right);
    }
    for (left, right) in compiled.views.iter().zip(&loaded.views) {
        assert_eq!(left, right);
    }
    assert_eq!(compiled, loaded);
}

/// Generated code registers the catalog.
#[tokio::test]
async fn compiled_registers() {
    let catalog = generated::catalog();
    let ctx = cstspec_runtime::session(&catalog, &cstspec_runtime::Options::default()).unwrap();
    let registered = generated::register_all(&ctx, &Locations::new()).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    assert_eq!(report.findings, []);
    let columns = [generated::parts::columns::VISITED_ON, generated::parts::columns::TOTAL];
    let frame = ctx.table(generated::parts::NAME).await.unwrap().select_columns(&columns).unwrap();
    assert_eq!(frame.count().await.unwrap(), 0);
}

/// Every promise holds in each layout.
#[tokio::test]
async fn constraints_in_each_layout() {
    let catalog = catalog();
    let reports = rows_of(&catalog, "site_reports");
    for layout in Layout::ALL {
        let park = open(&catalog, &reports, layout).await;
        let report = verify(&park.ctx, &catalog, Checks::Rows, &NoProgress).await;
        assert_eq!(report.findings, [], "{layout:?}");
        for contract in &report.contracts {
            assert!(contract.checked > 0 && contract.broken == 0, "{layout:?}: {contract:?}");
        }
        for relation in &report.relations {
            assert!(relation.executed && relation.describe_equal, "{layout:?}: {relation:?}");
            assert!(relation.rows.is_some_and(|rows| rows > 0), "{layout:?}: {relation:?}");
        }
    }
}

/// Every relation has the rows and the description that are written down in each layout.
#[tokio::test]
async fn rows_and_describe_in_each_layout() {
    let catalog = catalog();
    let reports = rows_of(&catalog, "site_reports");
    let mut differing = Vec::new();
    for layout in Layout::ALL {
        let park = open(&catalog, &reports, layout).await;
        for relation in catalog.relations() {
            let name = relation.name();
            let observed = observe(&park.ctx, name).await.unwrap();
            assert_eq!(observed.rows, described(name), "{layout:?}: {name}");
            assert_eq!(observed.rows, describe::rows(&relation.schema()), "{layout:?}: {name}");
            let Relation::View(_) = relation else { continue };
            let rows = ask(&park.ctx, &format!("SELECT * FROM {name}")).await;
            for (produced, declared) in rows.schema().fields().iter().zip(relation.schema().fields()) {
                assert_eq!(produced.name(), declared.name(), "{layout:?}: {name}");
                assert_eq!(produced.data_type(), declared.data_type(), "{layout:?}: {name}.{}", declared.name());
            }
            differing.extend(differs(name, layout, &table(&rows)));
        }
    }
    assert!(differing.is_empty(), "UPDATE_EXPECT=1 writes these, once they are right:\n{}", differing.join("\n"));
    let expected: BTreeSet<String> = catalog.views.iter().map(|view| format!("{}.txt", view.name)).collect();
    let found: BTreeSet<String> = world::files(&folder().join("expected")).into_keys().collect();
    assert_eq!(found, expected, "an expectation without a view, or the other way round");
}

/// The rows that are read are the rows that were written.
#[tokio::test]
async fn rows_round_trip() {
    let catalog = catalog();
    let reports = rows_of(&catalog, "site_reports");
    for layout in Layout::ALL {
        let park = open(&catalog, &reports, layout).await;
        for relation in catalog.datasets.iter().map(Relation::Dataset) {
            let read = ask(&park.ctx, &format!("SELECT * FROM {}", relation.name())).await;
            assert_eq!(table(&read), table(&rows_of(&catalog, relation.name())), "{layout:?}: {}", relation.name());
            assert_eq!(read.schema().fields(), relation.schema().fields(), "{layout:?}: {}", relation.name());
        }
    }
}

#[tokio::test]
async fn statements_run() {
    let catalog = catalog();
    let park = open(&catalog, &rows_of(&catalog, "site_reports"), Layout::Hive).await;
    let count = async |sql: &str| ask(&park.ctx, sql).await.num_rows();
    // The NULL reading is one of that device and day too.
    assert_eq!(count("EXECUTE readings_since('INV-1', date '2026-05-01')").await, 5);
    assert_eq!(count("EXECUTE readings_since('INV-1', date '2026-05-02')").await, 1);
    assert_eq!(count("EXECUTE readings_since('INV-1', date '2026-05-03')").await, 0);
    assert_eq!(count("EXECUTE readings_since('nobody', date '2026-05-01')").await, 0);
    assert_eq!(count("EXECUTE open_alarms(date '2026-05-01')").await, 2);
}

/// Columns of every outer level stand beside the innermost.
#[tokio::test]
async fn outer_columns_beside_innermost() {
    let catalog = catalog();
    let park = open(&catalog, &rows_of(&catalog, "site_reports"), Layout::File).await;
    // Two levels down: a column of the element, one of the row under another name, one computed from both.
    assert_eq!(
        lines(&park.ctx, "SELECT serial, model, value, rate, worth FROM readings WHERE channel = 'ac' OR value < 0")
            .await,
        [
            "INV-1 Helios 5 -0.001 0.3000 -0.0003000",
            "INV-1 Helios 5 11.500 0.2875 3.3062500",
            "MTR-1 NULL 400.000 NULL NULL",
            "MTR-1 NULL 999999999.999 NULL NULL",
        ]
    );
    // Through a struct, and the element's own list counted: one part of three is NULL and still an element.
    assert_eq!(
        lines(&park.ctx, "SELECT serial, technician, visited_on, part_count FROM visits").await,
        ["INV-1 Ada 2026-04-02 3", "INV-1 Ada 2026-04-20 0", "INV-1 Ada NULL NULL", "MTR-1 Bo 2026-04-30 NULL",]
    );
    // Three levels down, with a column of each.
    assert_eq!(
        lines(&park.ctx, "SELECT serial, technician, visited_on, part_number, total FROM parts").await,
        ["INV-1 Ada 2026-04-02 NULL NULL", "INV-1 Ada 2026-04-02 P-7 39.98", "INV-1 Ada 2026-04-02 P-8 NULL"]
    );
    // A view over a view.
    assert_eq!(
        lines(&park.ctx, "SELECT serial, measured FROM reading_samples").await,
        ["INV-1 -0.001", "INV-1 12.0", "INV-1 12.69", "MTR-1 1.5", "MTR-1 2.5", "MTR-1 3.5"]
    );
}

/// What is absent stays absent and a NULL element is a row.
#[tokio::test]
async fn absent_values_and_null_elements() {
    let catalog = catalog();
    let park = open(&catalog, &rows_of(&catalog, "site_reports"), Layout::Folder).await;
    let rows = async |sql: &str| lines(&park.ctx, sql).await;
    // NULL and empty lists give no row, at each level; a NULL element gives one, of NULLs.
    assert_eq!(
        rows("SELECT site_name, tag FROM site_tags JOIN sites USING (site_id)").await,
        ["Küste new", "Nordfeld flat", "Nordfeld north"]
    );
    assert_eq!(
        rows("SELECT report_day, serial, severity, rank, is_open FROM alarms").await,
        [
            "2026-05-01 INV-1 warning 1 false",
            "2026-05-01 INV-2 critical 2 true",
            "2026-05-01 NULL NULL 0 true",
            "2026-05-02 INV-1 NULL 0 true",
        ]
    );
    assert_eq!(rows("SELECT count(*), count(taken_at) FROM readings").await, ["7 6"]);
    // A NULL struct gives NULL fields, though they are NOT NULL inside it.
    assert_eq!(
        rows("SELECT report_day, serial, lat, has_contract FROM devices").await,
        [
            "2026-05-01 INV-1 53.5 true",
            "2026-05-01 INV-2 NULL NULL",
            "2026-05-01 MTR-1 -0.5 NULL",
            "2026-05-01 MTR-2 NULL true",
            "2026-05-02 INV-1 53.5 false",
        ]
    );
    // NULL and empty maps give no entry; a NULL value is one.
    assert_eq!(
        rows("SELECT serial, label_key, label_value FROM device_labels").await,
        [
            "INV-1 note NULL",
            "INV-1 owner Nordfeld eG",
            "MTR-1 note roof",
            "MTR-1 owner NULL",
            "MTR-2 owner city of Südhang"
        ]
    );
    assert_eq!(
        rows("SELECT serial, option_key, option_value FROM device_options").await,
        ["INV-1 fan quiet", "INV-1 heater NULL"]
    );
    assert_eq!(
        rows("SELECT serial, channel_key, channel_value FROM device_limits").await,
        [
            "INV-1 ac {low: 207.000, high: NULL}",
            "INV-1 dc {low: 0.000, high: 950.500}",
            "INV-1 spare NULL",
            "MTR-1 ac {low: NULL, high: NULL}",
        ]
    );
}

/// A NULL element on the way down has no deeper rows.
#[tokio::test]
async fn null_element_without_deeper_rows() {
    let catalog = catalog();
    let row = r#"
        { "region": "north", "report_day": "2026-05-01", "site_id": "00000000000000000000000000000001",
          "report_number": 1, "received_at": "2026-05-01T00:00:00Z",
          "devices": [null, { "serial": "A", "readings": [{ "taken_at": "2026-05-01T10:00:00Z", "value": 1 }] }, null] }
    "#;
    let reports = from_json(&schema(&catalog, "site_reports"), row);
    for layout in Layout::ALL.into_iter().filter(|layout| *layout != Layout::Folder) {
        let park = open(&catalog, &reports, layout).await;
        assert_eq!(verify(&park.ctx, &catalog, Checks::Schema, &NoProgress).await.findings, [], "{layout:?}");
        assert_eq!(
            lines(&park.ctx, "SELECT serial, place, lat FROM devices").await,
            ["A NULL NULL", "NULL NULL NULL", "NULL NULL NULL"]
        );
        assert_eq!(lines(&park.ctx, "SELECT serial, value FROM readings").await, ["A 1.000"]);
        assert_eq!(lines(&park.ctx, "SELECT * FROM parts").await, [""; 0]);
    }
}
