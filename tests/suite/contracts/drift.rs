//! Files that differ from the contract: read with the same rows where it allows the difference, and refused with a name where it does
//! not.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::util::pretty::pretty_format_batches;
use cstspec_conform::ConformError;
use cstspec_contract::report::{Conversion, ConversionKind};
use cstspec_contract::types;
use cstspec_runtime::{FileError, FileErrorKind, RuntimeError, conversions};
use cstspec_tests::schemas;
use datafusion::common::DataFusionError;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;

use super::{Case, DATASET};
use crate::world;

/// Reads everything, at every depth and through every view.
const QUERIES: [&str; 6] = [
    "SELECT * FROM units_v1 ORDER BY file_id",
    "SELECT * FROM refs ORDER BY file_id, ref_id",
    "SELECT * FROM locals ORDER BY file_id, slot",
    "SELECT * FROM ref_attrs ORDER BY file_id, ref_id, attr_key",
    "SELECT file_id, map_extract(get_field(item, 'marks'), 'lint')[1]['level'] AS level
       FROM (SELECT file_id, unnest(refs) AS item FROM units_v1) ORDER BY file_id, level",
    "SELECT count(size), sum(size), min(path) FROM units_v1 WHERE size >= 0 OR size IS NULL",
];

async fn text(ctx: &SessionContext, sql: &str) -> String {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    pretty_format_batches(&batches).unwrap().to_string()
}

async fn answers(ctx: &SessionContext) -> Vec<String> {
    let mut answers = Vec::new();
    for sql in QUERIES {
        answers.push(text(ctx, sql).await);
    }
    answers
}

async fn error(ctx: &SessionContext, sql: &str) -> DataFusionError {
    match ctx.sql(sql).await {
        Err(error) => error,
        Ok(frame) => frame.collect().await.expect_err(sql),
    }
}

/// The sound rows in two halves, which are in the folders `repo=alpha` and `repo=beta b` of a Hive layout.
fn halves() -> [String; 2] {
    let lines: Vec<&str> = Case::ROWS.trim().lines().collect();
    [lines[..2].join("\n"), lines[2..].join("\n")]
}

/// How a file differs, and what is to be recorded of it: path, kind, what the file has, what it is read as.
struct Drift {
    schema: SchemaRef,
    rows: fn(&str) -> String,
    recorded: Vec<(&'static str, ConversionKind, Option<&'static str>, Option<&'static str>)>,
}

fn same(rows: &str) -> String {
    rows.to_owned()
}

/// Every way to differ that leaves the rows as they are.
fn drifts(sound: &Schema) -> Vec<Drift> {
    use ConversionKind::{Cast, Extra, Nullable, Renamed, Reordered};
    let narrower = [
        ("size", DataType::Int32),
        ("refs.span.start", DataType::Int16),
        ("refs.marks.value.level", DataType::UInt8),
        ("scopes.locals.name", DataType::LargeUtf8),
    ];
    let narrower = narrower
        .iter()
        .fold(SchemaRef::new(sound.clone()), |schema, (path, data_type)| schemas::retyped(&schema, path, data_type));
    let junk = types::nullable("junk", DataType::Int64);
    let longer = ["", "refs", "refs.span", "scopes.locals"];
    let longer =
        longer.iter().fold(SchemaRef::new(sound.clone()), |schema, path| schemas::extended(&schema, path, &junk));
    vec![
        Drift {
            schema: schemas::renamed(sound, "refs.bstart", "begin"),
            rows: |rows| rows.replace("\"bstart\"", "\"begin\""),
            recorded: vec![("refs.bstart", Renamed, Some("begin"), Some("bstart"))],
        },
        Drift {
            schema: narrower,
            rows: same,
            recorded: vec![
                ("refs.marks.value.level", Cast, Some("uint8"), Some("int32")),
                ("refs.span.start", Cast, Some("int16"), Some("int32")),
                ("scopes.locals.name", Cast, Some("large_utf8"), Some("utf8")),
                ("size", Cast, Some("int32"), Some("int64")),
            ],
        },
        Drift {
            schema: longer,
            rows: same,
            recorded: vec![
                ("junk", Extra, Some("int64"), None),
                ("refs.junk", Extra, Some("int64"), None),
                ("refs.span.junk", Extra, Some("int64"), None),
                ("scopes.locals.junk", Extra, Some("int64"), None),
            ],
        },
        Drift {
            schema: schemas::nullable(sound),
            rows: same,
            recorded: ["file_id", "path", "refs.file_id", "refs.marks.value.level", "scopes.locals.slot"]
                .map(|path| (path, Nullable, Some("nullable"), Some("not null")))
                .to_vec(),
        },
        Drift {
            schema: schemas::reversed(sound),
            rows: same,
            recorded: vec![
                ("refs.span", Reordered, Some("length, start"), Some("start, length")),
                ("refs.marks.value", Reordered, Some("note, level"), Some("level, note")),
                ("scopes", Reordered, Some("locals, name"), Some("name, locals")),
                ("scopes.locals", Reordered, Some("name, slot"), Some("slot, name")),
            ],
        },
        Drift { schema: schemas::elements(sound), rows: same, recorded: Vec::new() },
    ]
}

/// A file that drifted as allowed gives the rows of one that did not and is recorded once.
#[tokio::test]
async fn allowed_drift_same_rows() {
    let case = Case::sound();
    let expected = answers(&case.open().await).await;
    let [drifted, sound] = halves();
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    for drift in drifts(&schema) {
        let case = Case::new();
        case.write("sound.parquet", &sound);
        case.write_as("drifted.parquet", &(drift.rows)(&drifted), &drift.schema);
        let hive = Case::new();
        hive.write_as("repo=beta%20b/sound.parquet", &sound, &schemas::without(&schema, "repo"));
        hive.write_as("repo=alpha/drifted.parquet", &(drift.rows)(&drifted), &schemas::without(&drift.schema, "repo"));
        for case in [case, hive] {
            let ctx = case.open().await;
            assert_eq!(conversions(&ctx), [], "nothing was read yet");
            assert_eq!(answers(&ctx).await, expected, "{:?}", drift.recorded);
            let found = conversions(&ctx);
            assert!(found.iter().all(|found| found.dataset == DATASET && found.file.ends_with("/drifted.parquet")));
            let found: Vec<_> = found.iter().map(|found| &found.conversion).collect();
            for (path, kind, from, to) in &drift.recorded {
                let is = |found: &&&Conversion| {
                    (found.path.to_string().as_str(), found.kind, found.from.as_deref(), found.to.as_deref())
                        == (*path, *kind, *from, *to)
                };
                assert_eq!(found.iter().filter(is).count(), 1, "{path} {kind}: {found:#?}");
            }
            // The orders of the columns and of `refs` are long to write out.
            let orders =
                if drift.recorded.iter().any(|recorded| recorded.1 == ConversionKind::Reordered) { 2 } else { 0 };
            assert_eq!(found.len(), drift.recorded.len() + orders, "{found:#?}");
        }
    }
}

/// A cast that can lose a value is refused before a row is read.
#[tokio::test]
async fn lossy_cast_refused_early() {
    let case = Case::sound();
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let [rows, _] = halves();
    // The rows would fit, or there are none, or the column is not asked for: the schema alone decides.
    for (path, data_type, rows) in [
        ("refs.span.start", DataType::Int64, rows.as_str()),
        ("refs.marks.value.level", DataType::Int64, ""),
        ("size", DataType::Float64, rows.as_str()),
        // The engine's own reader takes such a column for text without being asked.
        ("file_id", DataType::Binary, ""),
    ] {
        let case = Case::sound();
        case.write_as("narrow.parquet", rows, &schemas::retyped(&schema, path, &data_type));
        let ctx = case.open().await;
        for sql in ["SELECT path FROM units_v1", "SELECT count(*) FROM refs"] {
            let error = error(&ctx, sql).await;
            let own = RuntimeError::inside(&error).and_then(RuntimeError::file);
            let Some(FileError { path: file, row: None, kind: FileErrorKind::Drift(source), .. }) = own else {
                panic!("{path}: {error}")
            };
            assert!(file.ends_with("/narrow.parquet"), "{file}");
            assert!(matches!(**source, ConformError::Type { .. }), "{source}");
            assert_eq!(source.path().to_string(), path);
        }
        assert_eq!(conversions(&ctx), [], "a refused file is not read");
    }
}

/// Describe does not depend on a file.
#[tokio::test]
async fn describe_independent_of_files() {
    let case = Case::sound();
    let described = |ctx: SessionContext| async move {
        let mut all = Vec::new();
        for relation in ["units_v1", "refs", "locals", "ref_attrs", "ref_origin"] {
            all.push(text(&ctx, &format!("DESCRIBE {relation}")).await);
        }
        all
    };
    let expected = described(case.open().await).await;
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let mut schemas: Vec<SchemaRef> = drifts(&schema).into_iter().map(|drift| drift.schema).collect();
    schemas.push(schemas::retyped(&schema, "refs.span", &DataType::Utf8));
    for schema in schemas {
        let case = Case::sound();
        case.write_as("a_first.parquet", "", &schema);
        assert_eq!(described(case.open().await).await, expected);
    }
}

/// The plan of a query, one line per node, without what names files.
async fn plan(ctx: &SessionContext, sql: &str) -> Vec<String> {
    let frame = ctx.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let text = displayable(plan.as_ref()).indent(false).to_string();
    let short = |line: &str| match (line.find("file_groups="), line.find("projection=")) {
        (Some(from), Some(to)) => format!("{}{}", &line[..from], &line[to..]),
        _ => line.to_owned(),
    };
    text.lines().map(short).collect()
}

/// The names of a plan's nodes, outermost first.
fn nodes(plan: &[String]) -> Vec<&str> {
    plan.iter().map(|line| line.split_once(':').map_or(line.as_str(), |(node, _)| node).trim()).collect()
}

/// Without drift a scan has no node and no cast that the engines own has not.
#[tokio::test]
async fn exact_files_plan_as_engine() {
    let file = Case::sound();
    let folder = Case::new();
    let hive = Case::new();
    let schema = file.catalog().dataset(DATASET).unwrap().schema();
    let stored = schemas::without(&schema, "repo");
    for (half, repo) in halves().iter().zip(["alpha", "beta%20b"]) {
        folder.write(&format!("{repo}.parquet"), half);
        hive.write_as(&format!("repo={repo}/part.parquet"), half, &stored);
    }
    for (case, location, partitions) in [
        (&file, file.data("units.parquet"), vec![]),
        (&folder, folder.data(""), vec![]),
        (&hive, hive.data(""), vec![("repo".to_owned(), DataType::Utf8)]),
    ] {
        let ctx = world::open(&case.catalog(), &world::at([(DATASET, location.as_path())])).await;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let is_hive = !partitions.is_empty();
        let declared = Arc::clone(if is_hive { &stored } else { &schema });
        let config = ListingTableConfig::new(ListingTableUrl::parse(location.display().to_string()).unwrap())
            .with_listing_options(options.with_table_partition_cols(partitions))
            .with_schema(declared);
        ctx.register_table("plain", Arc::new(ListingTable::try_new(config).unwrap())).unwrap();
        for columns in ["repo, path, file_id, size, refs, scopes", "path, size", "scopes"] {
            for rest in ["", " WHERE size > 1 AND path <> 'x'", " WHERE file_id = 'f1' LIMIT 2"] {
                let ours = plan(&ctx, &format!("SELECT {columns} FROM {DATASET}{rest}")).await;
                let plain = plan(&ctx, &format!("SELECT {columns} FROM plain{rest}")).await;
                if is_hive {
                    // The engine's own has the partition columns last, so that columns are numbered otherwise and a node may have to
                    // bring them to their place.
                    let (ours, mut plain) = (nodes(&ours), nodes(&plain));
                    plain.retain(|node| *node != "ProjectionExec");
                    assert_eq!(ours, plain, "{columns}{rest}");
                } else {
                    assert_eq!(ours, plain, "{columns}{rest}");
                }
                assert!(!ours.iter().any(|line| line.contains("CAST") || line.contains("conform")), "{ours:#?}");
            }
        }
    }
}

/// A filter on a nested field holds for a drifted file however it is pushed down.
#[tokio::test]
async fn nested_filter_on_drifted_file() {
    let case = Case::new();
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let [first, _] = halves();
    case.write_as("a.parquet", &first, &schemas::retyped(&schema, "refs.span.start", &DataType::Int16));
    for pushed in [true, false] {
        let ctx = case.open().await;
        let set = format!("SET datafusion.execution.parquet.pushdown_filters = {pushed}");
        ctx.sql(&set).await.unwrap().collect().await.unwrap();
        for (filter, count) in [
            ("get_field(refs[1], 'ref_id') = 'r1'", 1),
            ("get_field(get_field(refs[1], 'span'), 'start') = 2", 0),
            ("array_length(refs) = 0 AND path = 'b.py'", 1),
            ("size = 10 AND refs IS NOT NULL", 1),
        ] {
            let found = ctx.sql(&format!("SELECT path FROM units_v1 WHERE {filter}")).await.unwrap();
            assert_eq!(found.count().await.unwrap(), count, "{filter}, pushed down: {pushed}");
        }
    }
}
