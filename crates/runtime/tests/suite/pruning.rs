//! Filters leave out the files and row groups that have none of their rows: what is read is told by the store that hands it out.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use cstspec_contract::prelude::path;
use cstspec_contract::types::nullable;
use cstspec_contract::{CastPolicy, DefaultValue, Origin, Value};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::schema::types::ColumnPath;

use crate::counting::{ALL, Counting, LAYOUTS, Layout, counted, lines, over, plainly, read, views};
use crate::world::{batch, error, rows, run, schema};

/// Filters on columns of the row: how many rows there are, and which row groups have them.
const FILTERS: &[(&str, usize, &str)] = &[
    ("SELECT path FROM files_v1 WHERE file_id = 'f120'", 1, "1.2"),
    ("SELECT ref_text FROM refs WHERE file_id = 'f120'", 2, "1.2"),
    ("SELECT ref_text FROM refs WHERE path = 'src/3/301.py'", 2, "3.0"),
    ("SELECT bstart FROM refs WHERE path LIKE 'src/2/%'", 12, "2.0 2.1 2.2"),
    ("SELECT bstart FROM refs WHERE path LIKE 'src/2/%' AND file_id < 'f210'", 4, "2.0"),
    ("SELECT bstart FROM refs WHERE file_id IN ('f000', 'f321')", 4, "0.0 3.2"),
    ("SELECT bstart FROM refs WHERE file_id BETWEEN 'f021' AND 'f100'", 4, "0.2 1.0"),
    ("SELECT bstart FROM refs WHERE file_id = 'f000' OR path = 'src/1/110.py'", 4, "0.0 1.1"),
    ("SELECT bstart FROM refs WHERE file_id = 'nowhere'", 0, ""),
    ("SELECT slot FROM locals WHERE file_id = 'f211'", 1, "2.1"),
    ("SELECT attr_value FROM ref_attrs WHERE file_id = 'f211'", 2, "2.1"),
    ("SELECT word FROM words WHERE unit = 'f120'", 2, "1.2"),
    ("SELECT word FROM words WHERE place LIKE 'src/0/00%'", 4, "0.0"),
    ("SELECT w FROM more_words WHERE u IN ('f120', 'f121')", 4, "1.2"),
    ("SELECT count(*) FROM more_words WHERE u > 'f320' GROUP BY w", 1, "3.2"),
    // A filter on one side of a join is one on the other too.
    ("SELECT r.ref_text, l.name FROM refs r JOIN locals l ON r.file_id = l.file_id WHERE l.file_id = 'f100'", 2, "1.0"),
    ("SELECT w.word, l.name FROM words w JOIN locals l ON w.unit = l.file_id WHERE l.file_id = 'f100'", 2, "1.0"),
    ("SELECT w.w, l.name FROM locals l LEFT JOIN more_words w ON w.u = l.file_id WHERE l.file_id = 'f100'", 2, "1.0"),
    // What the id is made from is seen, and what is computed is not.
    ("SELECT ref_text FROM (SELECT ref_text, file_id || 'x' AS x, file_id FROM refs) WHERE file_id = 'f120'", 2, "1.2"),
    ("EXECUTE refs_by_file('f120')", 2, "1.2"),
];

/// Filters on columns of the row read no other row group in any layout.
#[test]
fn row_groups_by_row_filter() {
    run(async {
        for &layout in LAYOUTS {
            let (ctx, store) = counted(layout, &plainly).await;
            assert_eq!(read(&ctx, &store, "SELECT bstart FROM refs").await, (48, ALL.to_owned()), "{layout:?}");
            for (sql, found, groups) in FILTERS {
                assert_eq!(read(&ctx, &store, sql).await, (*found, (*groups).to_owned()), "{layout:?}: {sql}");
            }
            let repos = [
                ("SELECT path FROM files_v1 WHERE repo = 'beta'", 12, "2.0 2.1 2.2 3.0 3.1 3.2"),
                ("SELECT path FROM files_v1 WHERE repo = 'beta' AND file_id < 'f210'", 2, "2.0"),
                (
                    "SELECT path FROM files_v1 WHERE repo = 'beta' OR file_id = 'f000'",
                    13,
                    "0.0 2.0 2.1 2.2 3.0 3.1 3.2",
                ),
                (
                    "SELECT path FROM files_v1 WHERE (repo = 'beta' AND file_id = 'f000') OR (repo = 'alpha' AND file_id = 'f111')",
                    1,
                    "1.1",
                ),
                ("SELECT path FROM files_v1 WHERE repo IN ('gamma', 'delta')", 0, ""),
            ];
            for (sql, found, groups) in repos {
                assert_eq!(read(&ctx, &store, sql).await, (found, groups.to_owned()), "{layout:?}: {sql}");
            }
        }
    });
}

/// The files that `sql` opens in a session that has not seen any.
async fn opened(layout: Layout, sql: &str) -> String {
    let (ctx, store) = counted(layout, &plainly).await;
    store.asked();
    rows(&ctx, sql).await;
    store.asked().0
}

/// Files that folders or a log exclude are not opened.
#[test]
fn files_by_folder_or_log() {
    run(async {
        for (sql, hive, delta) in [
            ("SELECT path FROM files_v1 WHERE repo = 'beta'", "2 3", "2 3"),
            ("SELECT ref_text FROM refs WHERE file_id = 'f120'", "0 1 2 3", "1"),
            ("SELECT ref_text FROM words WHERE place LIKE 'src/2/%'", "0 1 2 3", "2"),
            ("SELECT path FROM files_v1 WHERE repo = 'beta' AND file_id <= 'f200'", "2 3", "2"),
            ("SELECT path FROM files_v1 WHERE repo = 'beta' OR file_id = 'f000'", "0 1 2 3", "0 2 3"),
            (
                "SELECT path FROM files_v1 WHERE (repo = 'beta' AND file_id = 'f000') OR (repo = 'alpha' AND path LIKE 'src/1%')",
                "0 1 2 3",
                "1",
            ),
            ("SELECT path FROM files_v1 WHERE (repo = 'beta' AND file_id > 'f2') OR repo = 'gamma'", "2 3", "2 3"),
            ("SELECT path FROM files_v1 WHERE file_id > 'f4' OR path IS NULL", "0 1 2 3", ""),
        ] {
            let sql = sql.replace("ref_text FROM words", "word FROM words");
            assert_eq!(opened(Layout::Hive, &sql).await, hive, "{sql}");
            if cfg!(feature = "delta") {
                assert_eq!(opened(Layout::Delta, &sql).await, delta, "{sql}");
            }
        }
    });
}

/// Files whose footers are known are left out when the query is planned.
#[test]
fn files_by_known_footer() {
    run(async {
        for layout in [Layout::Plain, Layout::Hive] {
            let (ctx, _store) = counted(layout, &plainly).await;
            let planned = async |sql: &str| {
                let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
                let plan = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
                (0..4).filter(|file| plan.contains(&format!("part-{file}.parquet"))).collect::<Vec<_>>()
            };
            let sql = "SELECT ref_text FROM refs WHERE file_id = 'f120'";
            assert_eq!(planned(sql).await, [0, 1, 2, 3]);
            rows(&ctx, "SELECT count(*) FROM refs").await;
            assert_eq!(planned(sql).await, [1], "{layout:?}");
            assert_eq!(
                planned("SELECT ref_text FROM refs WHERE file_id = 'f120' OR path LIKE 'src/3/%'").await,
                [1, 3]
            );
            // No row group of the second file has it, though the file's least and greatest do not say so.
            assert_eq!(planned("SELECT path FROM files_v1 WHERE file_id = 'f1015'").await, [0_usize; 0]);
            assert_eq!(planned("SELECT path FROM files_v1 WHERE file_id IS NOT NULL").await, [0, 1, 2, 3]);
        }
    });
}

/// An absent value within the bounds reads no page where there is a bloom filter.
#[test]
fn pages_by_bloom_filter() {
    run(async {
        let blooming =
            || WriterProperties::builder().set_column_bloom_filter_enabled(ColumnPath::from("file_id"), true);
        for &layout in LAYOUTS {
            let (without, plain) = counted(layout, &plainly).await;
            let (ctx, store) = counted(layout, &blooming).await;
            for sql in [
                "SELECT path FROM files_v1 WHERE file_id = 'f1000'",
                "SELECT ref_text FROM refs WHERE file_id = 'f1000'",
                "SELECT word FROM words WHERE unit IN ('f1000', 'f2000')",
                "SELECT w FROM more_words WHERE u = 'f1000' AND w LIKE 'w1%'",
            ] {
                assert_ne!(read(&without, &plain, sql).await, (0, String::new()), "{layout:?}: {sql}");
                assert_eq!(read(&ctx, &store, sql).await, (0, String::new()), "{layout:?}: {sql}");
            }
            assert_eq!(
                read(&ctx, &store, "SELECT ref_text FROM refs WHERE file_id = 'f101'").await,
                (2, "1.0".to_owned())
            );
        }
    });
}

/// Bloom filters serve columns that are renamed or declared as views.
#[test]
fn bloom_filter_renamed_columns() {
    run(async {
        let blooming = || WriterProperties::builder().set_bloom_filter_enabled(true);
        let store = Arc::new(Counting::default());
        let renamed = |field: &arrow::datatypes::FieldRef| match field.name().as_str() {
            "file_id" => Arc::new(field.as_ref().clone().with_name("unit_id")),
            _ => Arc::clone(field),
        };
        let stored = Arc::new(Schema::new(schema().fields().iter().map(renamed).collect::<Vec<_>>()));
        let written = batch(&stored, &lines(1).replace(r#"py","file_id""#, r#"py","unit_id""#));
        store.file("files/part-1.parquet", &written, blooming()).await;
        for declared in [DataType::Utf8, DataType::Utf8View, DataType::LargeUtf8] {
            let mut catalog = views();
            let dataset = &mut catalog.datasets[0];
            dataset.evolution.casts = CastPolicy::Widening;
            dataset.evolution.renames = [(path("unit_id"), "file_id".to_owned())].into();
            let field = cstspec_contract::types::required("file_id", declared.clone());
            dataset.columns.iter_mut().find(|column| column.name() == "file_id").unwrap().field = field;
            catalog.views.clear();
            catalog.statements.clear();
            let ctx = over(&store, &catalog).await;
            let absent = "SELECT path FROM files_v1 WHERE file_id = 'f1000'";
            assert_eq!(read(&ctx, &store, absent).await, (0, String::new()), "{declared}");
            let there = "SELECT path FROM files_v1 WHERE file_id = 'f121'";
            assert_eq!(read(&ctx, &store, there).await, (1, "1.2".to_owned()), "{declared}");
        }
    });
}

/// In drifted files defaults old names and wider types decide what is left out.
#[test]
fn drifted_files_pruned() {
    run(async {
        let store = Arc::new(Counting::default());
        let mut catalog = views();
        catalog.views.clear();
        catalog.statements.clear();
        let dataset = &mut catalog.datasets[0];
        let add = |name: &str, data_type| cstspec_contract::Column {
            origin: Origin::default(),
            doc: String::new(),
            field: nullable(name, data_type),
        };
        dataset.columns.extend([add("size", DataType::Int64), add("lang", DataType::Utf8)]);
        dataset.evolution.casts = CastPolicy::Any;
        dataset.evolution.renames = [(path("bytes"), "size".to_owned())].into();
        let (path, value, origin) = (path("lang"), Value::Text("py".to_owned()), Origin::default());
        dataset.defaults.push(DefaultValue { path, value, origin });
        let file = |file: usize, more: Vec<arrow::datatypes::FieldRef>, size: &dyn Fn(usize) -> String| {
            let fields: Vec<_> = schema().fields().iter().cloned().chain(more).collect();
            let text = lines(file)
                .lines()
                .enumerate()
                .map(|(row, line)| line.replacen("{\"repo\"", &format!("{{{},\"repo\"", size(row)), 1))
                .collect::<Vec<_>>()
                .join("\n");
            batch(&Arc::new(Schema::new(fields)), &text)
        };
        let lang = || nullable("lang", DataType::Utf8);
        // As declared; narrower and under its old name, without a language; as text, where 7 is more than 10.
        let first =
            file(0, vec![nullable("size", DataType::Int64), lang()], &|row| format!(r#""size":{row},"lang":"c""#));
        let second = file(1, vec![nullable("bytes", DataType::Int32)], &|row| format!(r#""bytes":{}"#, 10 + row));
        let third = file(2, vec![nullable("size", DataType::Utf8), lang()], &|row| {
            format!(r#""size":"{}","lang":null"#, 5 + row)
        });
        for (index, rows) in [first, second, third].iter().enumerate() {
            store.file(&format!("files/part-{index}.parquet"), rows, plainly()).await;
        }
        // Twice: nothing and everything is known of the files when the query is planned.
        let ctx = over(&store, &catalog).await;
        for _ in 0..2 {
            for (filter, found, groups) in [
                ("lang = 'py'", 6, "1.0 1.1 1.2"),
                ("lang = 'c'", 6, "0.0 0.1 0.2"),
                ("lang <> 'c'", 6, "1.0 1.1 1.2"),
                ("lang IS NULL", 6, "2.0 2.1 2.2"),
                ("lang = 'rs'", 0, ""),
                ("lang = 'py' AND file_id = 'f120'", 1, "1.2"),
                ("size = 12", 1, "1.1 2.0 2.1 2.2"),
                ("size = 5", 2, "0.2 2.0 2.1 2.2"),
                ("size > 9 AND lang = 'py'", 6, "1.0 1.1 1.2"),
                ("size = 10", 2, "1.0 2.0 2.1 2.2"),
            ] {
                let sql = format!("SELECT path FROM files_v1 WHERE {filter}");
                assert_eq!(read(&ctx, &store, &sql).await, (found, groups.to_owned()), "{filter}");
            }
        }
    });
}

/// A file that may not be read is refused however much is known of it.
#[test]
fn unreadable_file_refused() {
    run(async {
        let store = Arc::new(Counting::default());
        store.file("files/part-0.parquet", &batch(&schema(), &lines(0)), plainly()).await;
        let declared = schema();
        let fields = declared.fields().iter().map(|field| match field.name().as_str() {
            "attrs" => nullable("attrs", DataType::Int64),
            _ => Arc::clone(field),
        });
        let drifted = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let text = lines(1).replace(r#""attrs":{}}"#, r#""attrs":1}"#);
        store.file("files/part-1.parquet", &batch(&drifted, &text), plainly()).await;
        let ctx = over(&store, &views()).await;
        for _ in 0..2 {
            let said = error(&ctx, "SELECT path FROM files_v1 WHERE file_id = 'f000'").await;
            assert!(said.contains("part-1.parquet") && said.contains("attrs"), "{said}");
        }
    });
}
