//! Column mapping: files whose columns have other names than the table's, at every depth.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use cstspec_verify::Checks;
use serde_json::{Value, json};

use super::small::Small;
use cstspec_tests::delta_log::{Stored, Table, described, features, protocol, remove};

/// A column of a log with its number and its name in files.
#[allow(clippy::needless_pass_by_value, reason = "callers write the type where it is passed")]
fn column(id: i64, name: &str, physical: &str, data_type: Value) -> Value {
    let metadata = json!({ "delta.columnMapping.id": id, "delta.columnMapping.physicalName": physical });
    json!({ "name": name, "type": data_type, "nullable": true, "metadata": metadata })
}

fn structure(fields: &[Value]) -> Value {
    json!({ "type": "struct", "fields": fields })
}

fn properties(mode: &str) -> Value {
    json!({ "delta.columnMapping.mode": mode, "delta.columnMapping.maxColumnId": "99" })
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn field(name: &str, id: Option<i64>, data_type: DataType) -> FieldRef {
    let metadata = id.map(|id| HashMap::from([("PARQUET:field_id".to_owned(), id.to_string())]));
    Arc::new(Field::new(name, data_type, true).with_metadata(metadata.unwrap_or_default()))
}

fn of(columns: Vec<(FieldRef, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

const NESTED: &str = r#"
dataset: t
version: 2
columns:
  id: int64
  place: "struct<line: int64, at: int64>"
  marks: "list<struct<line: int64, at: int64>>"
  known: "map<utf8, struct<line: int64, at: int64>>"
  level: { type: int64, default: 5 }
"#;

/// A struct of two numbers under the names and numbers that files have.
fn pair(names: [&str; 2], ids: [Option<i64>; 2], first: &[i64], second: &[i64]) -> StructArray {
    let fields = vec![field(names[0], ids[0], DataType::Int64), field(names[1], ids[1], DataType::Int64)];
    StructArray::new(fields.into(), vec![ints(first), ints(second)], None)
}

/// Two rows of the columns of [`NESTED`] but the last one. In the structs `line` is stored as `column` and the other way round, so that
/// a name alone leads astray.
fn nested(names: bool, ids: bool) -> RecordBatch {
    let id = |id| ids.then_some(id);
    let name = |name: &'static str| if names { name } else { "other" };
    let twisted = |first: i64, values: [i64; 2], others: [i64; 2]| {
        let spelled = if names { ["at", "line"] } else { ["x", "y"] };
        pair(spelled, [id(first), id(first + 1)], &values, &others)
    };
    let place = twisted(10, [1, 2], [7, 8]);
    let item = twisted(20, [3, 4], [30, 40]);
    let marks = ListArray::new(
        field("element", None, item.data_type().clone()),
        OffsetBuffer::from_lengths([2, 0]),
        Arc::new(item),
        None,
    );
    let value = twisted(30, [5, 6], [50, 60]);
    let entries = StructArray::new(
        vec![Arc::new(Field::new("key", DataType::Utf8, false)), field("value", None, value.data_type().clone())]
            .into(),
        vec![Arc::new(StringArray::from(vec!["a", "b"])), Arc::new(value)],
        None,
    );
    let known = MapArray::new(
        Arc::new(Field::new("key_value", entries.data_type().clone(), false)),
        OffsetBuffer::from_lengths([1, 1]),
        entries,
        None,
        false,
    );
    let known: ArrayRef = Arc::new(known);
    of(vec![
        // The table had an `id` before, which it dropped: another column has that name in files.
        (field("id", id(99), DataType::Int64), ints(&[-1, -1])),
        (field(name("col-1"), id(1), DataType::Int64), ints(&[1, 2])),
        (field(if names { "col-2" } else { "p" }, id(2), place.data_type().clone()), Arc::new(place)),
        (field(if names { "col-3" } else { "m" }, id(3), marks.data_type().clone()), Arc::new(marks)),
        (field(if names { "col-4" } else { "k" }, id(4), known.data_type().clone()), known),
    ])
}

/// The columns of [`nested`] as the log has them.
fn logged() -> Value {
    let twisted =
        |id: i64| structure(&[column(id, "line", "at", json!("long")), column(id + 1, "at", "line", json!("long"))]);
    let list = json!({ "type": "array", "elementType": twisted(20), "containsNull": true });
    let map = json!({ "type": "map", "keyType": "string", "valueType": twisted(30), "valueContainsNull": true });
    structure(&[
        column(1, "id", "col-1", json!("long")),
        column(2, "place", "col-2", twisted(10)),
        column(3, "marks", "col-3", list),
        column(4, "known", "col-4", map),
        column(5, "level", "col-5", json!("long")),
    ])
}

/// Mapped names count at every depth and a name of the file alone never.
#[tokio::test]
async fn mapped_names_at_every_depth() {
    for (mode, names, ids) in
        [("name", true, false), ("name", true, true), ("id", true, true), ("id", false, true), ("id", true, false)]
    {
        let small = Small::new(NESTED);
        small.spec("marked", "view: marked\nrows: { of: t, unnest: marks }\ncolumns: { id: row }\n");
        small.write("t/a.parquet", &nested(names, ids), 1);
        let mut table = Table::new(&small.data("t"));
        let add = table.add("a.parquet", &json!({}));
        table.commit(&[protocol(2, 5), described(&logged(), &[], &properties(mode)), add]);
        let case = format!("{mode}, names: {names}, ids: {ids}");
        for (query, expected) in [
            ("SELECT id, place['line'], place['at'], level FROM t ORDER BY id", "1, 1, 7, 5; 2, 2, 8, 5"),
            ("SELECT id FROM t WHERE id = 2 AND place['line'] = 2", "2"),
            ("SELECT id, line, at FROM marked ORDER BY line", "1, 3, 30; 1, 4, 40"),
            ("SELECT count(*) FROM marked WHERE line = 3", "1"),
            ("SELECT count(*) FROM marked WHERE at = 3", "0"),
            ("SELECT known['a']['line'], known['b']['at'] FROM t ORDER BY id", "5, NULL; NULL, 60"),
            ("SELECT count(*) FROM t WHERE level = 5", "2"),
        ] {
            assert_eq!(small.query("t", query).await, expected, "{query} ({case})");
        }
        for depth in [Checks::Schema, Checks::Rows] {
            let told = small.findings("t", depth).await;
            // The file is older than `level`; a column that the table dropped is nobody's.
            let missing = "R130 /t/a.parquet level: nothing: the file lacks it, so its default is filled in";
            assert_eq!(told, [missing], "{case}");
        }
    }
}

/// Renamed dropped and added columns are those of the log in every file.
#[tokio::test]
async fn columns_renamed_dropped_added() {
    let small = Small::new(
        "dataset: t\nversion: 1\ncolumns:\n  a: { type: int64, default: 3 }\n  b: int64\nevolution: { extra: error }\n",
    );
    // `b` was called `a`; later another `a` was added.
    small.write(
        "t/old.parquet",
        &of(vec![
            (field("a", None, DataType::Int64), ints(&[1, 2])),
            (field("gone", None, DataType::Utf8), Arc::new(StringArray::from(vec!["x", "y"]))),
        ]),
        9,
    );
    small.write(
        "t/new.parquet",
        &of(vec![(field("a", None, DataType::Int64), ints(&[3])), (field("col-9", None, DataType::Int64), ints(&[9]))]),
        9,
    );
    let mut table = Table::new(&small.data("t"));
    let (old, new) = (table.add("old.parquet", &json!({})), table.add("new.parquet", &json!({})));
    let before = structure(&[column(1, "a", "a", json!("long")), column(3, "gone", "gone", json!("string"))]);
    table.commit(&[protocol(2, 5), described(&before, &[], &properties("name")), old]);
    let after = structure(&[column(1, "b", "a", json!("long")), column(9, "a", "col-9", json!("long"))]);
    table.commit(&[described(&after, &[], &properties("name")), new]);
    assert_eq!(small.query("t", "SELECT a, b FROM t ORDER BY b").await, "3, 1; 3, 2; 9, 3");
    assert_eq!(small.query("t", "SELECT b FROM t WHERE a = 3 ORDER BY b").await, "1; 2");
    let told = [
        "R130 /t/old.parquet a: nothing: the file lacks it, so its default is filled in",
        "R130 /t/new.parquet : b, a: fields are matched by name",
    ];
    assert_eq!(small.findings("t", Checks::Rows).await, told);

    // One session reads two versions of a file, which has other names in each.
    let ctx = small.open("t").await;
    assert_eq!(super::small::rows(&ctx, "SELECT b FROM t WHERE a = 9").await, "3");
    small.spec("t", "dataset: t\nversion: 1\ncolumns:\n  a: int64\n  gone: utf8\n");
    assert_eq!(small.query("t?version=0", "SELECT a, gone FROM t ORDER BY a").await, "1, x; 2, y");
}

/// Renames of the contract lead on from the names of the log.
#[tokio::test]
async fn contract_renames_after_mapping() {
    let small = Small::new(
        "dataset: t\nversion: 1\ncolumns:\n  number: int64\n  place: \"struct<row: int64>\"\nevolution: { renames: { key: number, place.line: row } }\n",
    );
    // Each name of the contract is one of the file too, and means something else there.
    let place = pair(["col-3", "row"], [None, None], &[7], &[8]);
    let columns = vec![
        (field("place", None, DataType::Int64), ints(&[1])),
        (field("number", None, place.data_type().clone()), Arc::new(place) as ArrayRef),
    ];
    small.write("t/a.parquet", &of(columns), 9);
    let nested = [column(3, "line", "col-3", json!("long")), column(4, "other", "row", json!("long"))];
    let logged =
        structure(&[column(1, "key", "place", json!("long")), column(2, "place", "number", structure(&nested))]);
    let mut table = Table::new(&small.data("t"));
    let add = table.add("a.parquet", &json!({}));
    table.commit(&[protocol(2, 5), described(&logged, &[], &properties("name")), add]);
    assert_eq!(small.query("t", "SELECT number, place['row'] FROM t").await, "1, 7");
    let told = small.findings("t", Checks::Schema).await;
    assert!(told.iter().any(|told| told.contains("number: key")), "{told:?}");
    assert!(told.iter().all(|told| !told.contains("col-")), "{told:?}");
}

/// Values of partitions and statistics are found by the names of files.
#[tokio::test]
async fn partition_and_statistics_names() {
    let small = Small::new(
        "dataset: t\nversion: 1\ncolumns:\n  region: { type: utf8, nullable: false }\n  id: int64\n  at: int64\npartitions: [region]\n",
    );
    let mut table = Table::new(&small.data("t"));
    let logged = structure(&[
        column(1, "region", "col-1", json!("string")),
        // Two columns that changed their names: what is said of one must not count for the other.
        column(2, "id", "at", json!("long")),
        column(3, "at", "id", json!("long")),
    ]);
    let mut actions = vec![protocol(2, 5), described(&logged, &["region"], &properties("name"))];
    for (file, region, id) in [("a", "e u", 1), ("b", "us", 2)] {
        let columns = vec![
            (field("at", None, DataType::Int64), ints(&[id])),
            (field("id", None, DataType::Int64), ints(&[id * 100])),
        ];
        small.write(&format!("t/col-1={region}/{file}.parquet"), &of(columns), 9);
        let encoded = region.replace(' ', "%20");
        let mut add = table.add(&format!("col-1={encoded}/{file}.parquet"), &json!({ "col-1": region }));
        let bounds = json!({ "at": id, "id": id * 100 });
        add["add"]["stats"] = json!(
            json!({ "numRecords": 1, "minValues": bounds, "maxValues": bounds, "nullCount": { "at": 0, "id": 0 } })
                .to_string()
        );
        actions.push(add);
    }
    table.commit(&actions);
    for (query, expected) in [
        ("SELECT region, id, at FROM t ORDER BY id", "e u, 1, 100; us, 2, 200"),
        ("SELECT region FROM t WHERE id = 2", "us"),
        ("SELECT region FROM t WHERE at = 100", "e u"),
        ("SELECT count(*) FROM t WHERE id = 100", "0"),
        ("SELECT id FROM t WHERE region = 'us'", "2"),
    ] {
        assert_eq!(small.query("t", query).await, expected, "{query}");
    }
    // Each of these needs one file: the log has said so of the other.
    for query in
        ["SELECT id FROM t WHERE id = 2", "SELECT id FROM t WHERE at = 200", "SELECT id FROM t WHERE region = 'us'"]
    {
        let ctx = small.open("t").await;
        let plan = ctx.sql(query).await.unwrap().create_physical_plan().await.unwrap();
        let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
        assert!(shown.contains("b.parquet") && !shown.contains("a.parquet"), "{query}\n{shown}");
    }
    // The log lets `region` be NULL, and the contract does not.
    let told = small.findings("t", Checks::Rows).await;
    assert!(told.iter().all(|told| told.starts_with("R408 /t region: ")), "{told:?}");
}

/// Mapped columns and deleted rows go together.
#[tokio::test]
async fn mapping_with_deleted_rows() {
    let small = Small::new(
        "dataset: t\nversion: 2\ncolumns:\n  id: int64\n  level: { type: int64, default: 5, nullable: false }\n",
    );
    for (name, fields) in [("old", vec!["c1"]), ("new", vec!["c1", "c2"])] {
        let columns = fields.into_iter().map(|name| (field(name, None, DataType::Int64), ints(&[1, 2, 3, 4])));
        small.write(&format!("t/{name}.parquet"), &of(columns.collect()), 2);
    }
    let logged = structure(&[column(1, "id", "c1", json!("long")), column(2, "level", "c2", json!("long"))]);
    let mut table = Table::new(&small.data("t"));
    let (old, new) = (table.add("old.parquet", &json!({})), table.add("new.parquet", &json!({})));
    table.commit(&[
        features(&["columnMapping", "deletionVectors"]),
        described(&logged, &[], &properties("name")),
        old,
        new,
    ]);
    let deleted = table.add_deleted("new.parquet", &[1, 2], Stored::Relative);
    table.commit(&[remove("new.parquet"), deleted]);
    assert_eq!(
        small.query("t", "SELECT id, level FROM t ORDER BY level, id").await,
        "1, 1; 4, 4; 1, 5; 2, 5; 3, 5; 4, 5"
    );
    assert_eq!(small.query("t?version=0", "SELECT count(*), sum(level) FROM t").await, "8, 30");
}

/// A mapping that the protocol does not speak of is none.
#[tokio::test]
async fn mapping_without_protocol() {
    let small = Small::new("dataset: t\nversion: 1\ncolumns:\n  id: int64\n");
    small.write(
        "t/a.parquet",
        &of(vec![
            (field("id", None, DataType::Int64), ints(&[1])),
            (field("col-1", None, DataType::Int64), ints(&[2])),
        ]),
        9,
    );
    let mut table = Table::new(&small.data("t"));
    let add = table.add("a.parquet", &json!({}));
    table.commit(&[
        protocol(1, 2),
        described(&structure(&[column(1, "id", "col-1", json!("long"))]), &[], &properties("name")),
        add,
    ]);
    assert_eq!(small.query("t", "SELECT id FROM t").await, "1");
}
