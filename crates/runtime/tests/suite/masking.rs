//! No value under a NULL parent reaches a query, however a file marks it.
//!
//! A file may store a field as required below an optional parent. Parquet's reader gives such a field a zero or an empty text where the
//! parent is NULL, and a struct no NULLs at all. The same rows are written once so, and once with every mark optional: there the reader
//! gives NULLs, and the engine's answers are the right ones.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, Schema};
use cstspec_conform::masked;
use cstspec_contract::types::{list, map, nullable, required, structure};
use cstspec_contract::{CastPolicy, Catalog, Dataset, Origin};
use cstspec_runtime::{Location, Locations};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::world::{batch, catalog, open, run, text, write};

/// A catalog with the dataset `t` of these columns, and nothing else. It has no metadata, so that a file may have the very same schema.
pub fn of_columns(fields: &[FieldRef]) -> Catalog {
    let t = Dataset::new("t", fields.iter().cloned());
    Catalog { datasets: vec![t], views: Vec::new(), statements: Vec::new(), ..catalog() }
}

/// `t` at a file or folder.
pub fn t_at(path: &std::path::Path) -> Locations {
    Locations::from([("t".to_owned(), Location::Url(path.to_str().unwrap().to_owned()))])
}

/// `field` and everything in it without a NOT NULL, but for the keys of maps.
fn optional(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(optional).collect()),
        DataType::List(item) => DataType::List(optional(item)),
        DataType::LargeList(item) => DataType::LargeList(optional(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(optional(item), *size),
        DataType::Map(entries, sorted) => {
            let DataType::Struct(fields) = entries.data_type() else { unreachable!() };
            let pair = DataType::Struct(vec![Arc::clone(&fields[0]), optional(&fields[1])].into());
            DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(pair)), *sorted)
        }
        other => other.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type).with_nullable(true))
}

fn optional_all(fields: &[FieldRef]) -> Vec<FieldRef> {
    fields.iter().map(optional).collect()
}

fn rows_of(fields: &[FieldRef], rows: &str) -> RecordBatch {
    batch(&Arc::new(Schema::new(fields.to_vec())), rows)
}

/// Every field below an optional one is required, at all depths and in all kinds of containers.
fn shapes() -> Vec<FieldRef> {
    let inner = structure([
        required("x", DataType::Int64),
        required("z", DataType::Utf8),
        required("l", DataType::List(required("item", DataType::Int64))),
        required("u", structure([required("deep", DataType::Int32), nullable("may", DataType::Int32)])),
        required("m", map(DataType::Utf8, DataType::Int64)),
    ]);
    let outer = structure([required("t", inner), nullable("y", DataType::Utf8)]);
    vec![
        required("id", DataType::Int64),
        nullable("s", outer.clone()),
        nullable("elements", list(outer.clone())),
        nullable("listed", list(structure([nullable("below", list(outer.clone()))]))),
        nullable("entries", map(DataType::Utf8, outer.clone())),
        nullable("fixed", DataType::FixedSizeList(required("item", DataType::Int64), 2)),
        nullable("pair", DataType::FixedSizeList(nullable("item", outer), 2)),
    ]
}

fn shape_rows() -> String {
    let t = |x: i64| format!(r#"{{"x":{x},"z":"z{x}","l":[{x},1],"u":{{"deep":{x},"may":null}},"m":{{"k":{x}}}}}"#);
    let o = |x: i64| format!(r#"{{"t":{},"y":"y{x}"}}"#, t(x));
    let mut rows = vec![
        format!(
            r#"{{"id":1,"s":{},"elements":[{},null,{}],"listed":[{{"below":[null,{}]}},null,{{"below":null}}],"entries":{{"a":{},"b":null}},"fixed":[1,2],"pair":[{},null]}}"#,
            o(7),
            o(8),
            o(9),
            o(3),
            o(4),
            o(5)
        ),
        r#"{"id":2,"s":null,"elements":null,"listed":null,"entries":null,"fixed":null,"pair":null}"#.to_owned(),
        r#"{"id":3,"s":null,"elements":[null],"listed":[null],"entries":{"c":null},"fixed":null,"pair":[null,null]}"#
            .to_owned(),
        format!(
            r#"{{"id":4,"s":{},"elements":[],"listed":[],"entries":{{}},"fixed":[0,0],"pair":[null,{}]}}"#,
            o(0),
            o(0)
        ),
    ];
    rows.push(String::new());
    rows.join("\n")
}

/// Queries over them.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    // Each source gives rows with the struct as `o`.
    let sources = [
        "SELECT id, s AS o FROM t",
        "SELECT id, unnest(elements) AS o FROM t",
        "SELECT id, unnest(get_field(e, 'below')) AS o FROM (SELECT id, unnest(listed) AS e FROM t)",
        "SELECT id, unnest(map_values(entries)) AS o FROM t",
        "SELECT id, get_field(e, 'value') AS o FROM (SELECT id, unnest(map_entries(entries)) AS e FROM t)",
        "SELECT id, unnest(pair) AS o FROM t",
        "SELECT id, array_element(pair, 1) AS o FROM t",
        "SELECT id, array_element(elements, 2) AS o FROM t",
    ];
    let values = ["o['t']['x']", "o['t']['z']", "o['t']['u']['deep']", "o['t']['u']['may']", "o['t']['l']", "o['y']"];
    for source in sources {
        for value in values {
            queries.push(format!("SELECT id, {value} AS v FROM ({source}) ORDER BY id, v"));
            queries.push(format!("SELECT count(*), count({value}), min({value}), max({value}) FROM ({source})"));
            queries.push(format!("SELECT id FROM ({source}) WHERE {value} IS NULL ORDER BY id"));
            queries.push(format!("SELECT id FROM ({source}) WHERE {value} IS NOT NULL ORDER BY id"));
        }
        for condition in ["o['t']['x'] = 0", "o['t']['z'] = ''", "o['t']['x'] < 1", "o['t'] IS NULL", "o IS NULL"] {
            queries.push(format!("SELECT id FROM ({source}) WHERE {condition} ORDER BY id"));
        }
        queries.push(format!("SELECT id, o['t']['m']['k'] AS v FROM ({source}) ORDER BY id, v"));
        queries.push(format!("SELECT id, unnest(o['t']['l']) AS v FROM ({source}) ORDER BY id, v"));
        queries.push(format!("SELECT id, x.* FROM (SELECT id, o['t'] AS x FROM ({source})) AS x ORDER BY id"));
        queries.push(format!("SELECT o['t'] AS x FROM ({source}) ORDER BY id"));
    }
    queries.push("SELECT id, fixed[1] AS v, fixed AS f FROM t ORDER BY id".to_owned());
    queries.push("SELECT id, unnest(fixed) AS v FROM t ORDER BY id".to_owned());
    queries.push("SELECT * FROM t ORDER BY id".to_owned());
    queries
}

/// The answer of the engine; `None` for what it cannot do, whatever the file.
async fn answer(ctx: &SessionContext, sql: &str) -> Option<String> {
    let batches = ctx.sql(sql).await.ok()?.collect().await.ok()?;
    Some(arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string())
}

/// Asks every query of `stored` and of the same rows with every mark optional, both read as `contract`.
async fn same_answers(contract: &[FieldRef], stored: &[FieldRef], rows: &str, queries: &[String]) {
    let folder = TempDir::new().unwrap();
    let (marked, plain) = (folder.path().join("marked.parquet"), folder.path().join("plain.parquet"));
    write(&marked, &rows_of(stored, rows));
    write(&plain, &rows_of(&optional_all(stored), rows));
    for narrow in ["true", "false"] {
        let (found, right) = (
            open(&of_columns(contract), &t_at(&marked)).await,
            open(&of_columns(&optional_all(contract)), &t_at(&plain)).await,
        );
        for ctx in [&found, &right] {
            ctx.sql(&format!("SET cstspec.narrow_scans = {narrow}")).await.unwrap().collect().await.unwrap();
        }
        let mut unanswered = Vec::new();
        for sql in queries {
            match answer(&right, sql).await {
                Some(right) => assert_eq!(answer(&found, sql).await, Some(right), "{sql}, narrow_scans = {narrow}"),
                None => unanswered.push(sql),
            }
        }
        assert!(unanswered.len() * 10 <= queries.len(), "{unanswered:#?}");
    }
}

/// What the file stores as required is NULL below a NULL.
#[test]
fn required_field_below_null() {
    run(same_answers(&shapes(), &shapes(), &shape_rows(), &queries()));
}

/// It is NULL where the contract lets it be.
#[test]
fn nullable_field_below_null() {
    run(same_answers(&optional_all(&shapes()), &shapes(), &shape_rows(), &queries()));
}

/// The smallest case has the right values.
#[test]
fn smallest_case() {
    run(async {
        let fields =
            [required("id", DataType::Int64), nullable("bid", structure([required("price", DataType::Int64)]))];
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &rows_of(&fields, "{\"id\":1,\"bid\":{\"price\":7}}\n{\"id\":2,\"bid\":null}\n"));
        for pushdown in ["false", "true"] {
            let ctx = open(&of_columns(&fields), &t_at(&path)).await;
            let pinned = format!("SET datafusion.execution.parquet.pushdown_filters = {pushdown}");
            ctx.sql(&pinned).await.unwrap().collect().await.unwrap();
            for (sql, expected) in [
                ("SELECT id FROM t WHERE bid['price'] IS NULL", "| 2"),
                ("SELECT count(bid['price']) AS c FROM t", "| 1"),
                ("SELECT sum(CASE WHEN bid['price'] IS NULL THEN 1 ELSE 0 END) AS c FROM t", "| 1"),
                ("SELECT min(bid['price']) AS c FROM t", "| 7"),
                ("SELECT count(*) AS c FROM t WHERE bid['price'] = 0", "| 0"),
                ("SELECT count(*) AS c FROM t WHERE bid['price'] >= 0", "| 1"),
                ("SELECT count(*) AS c FROM t WHERE bid IS NULL", "| 1"),
            ] {
                let found = text(&ctx, sql).await;
                assert!(found.lines().nth(3).unwrap().starts_with(expected), "{sql}\n{found}");
            }
        }
    });
}

/// A drifted file is masked as one that is as declared.
#[test]
fn drifted_file_masked() {
    // Fewer fields, another order, wider types, an older name, and a default below the NULL parent.
    let stored = vec![
        required("id", DataType::Int64),
        nullable(
            "o",
            structure([
                required("junk", DataType::Utf8),
                required("b", structure([required("x", DataType::Int32), required("old", DataType::Utf8)])),
                required("a", DataType::Int32),
            ]),
        ),
        nullable("e", list(structure([required("a", DataType::Int32), required("junk", DataType::Utf8)]))),
    ];
    let b =
        structure([required("name", DataType::Utf8), required("x", DataType::Int64), nullable("w", DataType::Utf8)]);
    let declared = vec![
        required("id", DataType::Int64),
        nullable("o", structure([required("a", DataType::Int64), required("b", b.clone()), nullable("d", b)])),
        nullable("e", list(structure([required("a", DataType::Int64), nullable("d", DataType::Int64)]))),
    ];
    let rows = "{\"id\":1,\"o\":{\"junk\":\"j\",\"b\":{\"x\":1,\"old\":\"n\"},\"a\":2},\"e\":[{\"a\":1,\"junk\":\"\"},null]}\n\
                {\"id\":2,\"o\":null,\"e\":null}\n";
    let queries: Vec<String> =
        [
            "o['a']",
            "o['b']['x']",
            "o['b']['name']",
            "o['b']['w']",
            "o['d']['name']",
            "o['d']['x']",
            "o['b']",
            "o['d']",
            "o",
        ]
        .iter()
        .flat_map(|value| {
            [format!("SELECT id, {value} AS v FROM t ORDER BY id"), format!("SELECT count({value}) AS c FROM t")]
        })
        .chain(["a", "d"].map(|field| {
            format!("SELECT id, i['{field}'] AS v FROM (SELECT id, unnest(e) AS i FROM t) ORDER BY id, v")
        }))
        .collect();
    run(async {
        let folder = TempDir::new().unwrap();
        let (marked, plain) = (folder.path().join("marked.parquet"), folder.path().join("plain.parquet"));
        write(&marked, &rows_of(&stored, rows));
        write(&plain, &rows_of(&optional_all(&stored), rows));
        for casts in [CastPolicy::Widening, CastPolicy::Any] {
            let sessions = |fields: &[FieldRef], path: &std::path::Path| {
                let mut catalog = of_columns(fields);
                let t = &mut catalog.datasets[0];
                t.evolution.casts = casts;
                t.evolution.renames = [(cstspec_contract::prelude::path("o.b.old"), "name".to_owned())].into();
                t.defaults = defaults();
                let locations = t_at(path);
                async move { open(&catalog, &locations).await }
            };
            let (found, right) = (sessions(&declared, &marked).await, sessions(&optional_all(&declared), &plain).await);
            for sql in &queries {
                let right = answer(&right, sql).await;
                assert!(right.is_some(), "{sql}");
                assert_eq!(answer(&found, sql).await, right, "{sql}");
            }
            let d = text(&found, "SELECT count(o['d']['name']) AS c, count(o['d']['x']) AS n FROM t").await;
            assert!(
                d.lines().nth(3).unwrap().starts_with("| 1 | 1"),
                "a default is filled in where its parent is\n{d}"
            );
        }
    });
}

fn defaults() -> Vec<cstspec_contract::DefaultValue> {
    use cstspec_contract::{DefaultValue, Value};
    let of = |path: &str, value| DefaultValue {
        path: cstspec_contract::prelude::path(path),
        value,
        origin: Origin::default(),
    };
    let d = [("name", Value::Text("dn".to_owned())), ("x", Value::Int(5)), ("w", Value::Text("dw".to_owned()))];
    let d = Value::Entries(d.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    vec![of("o.d", d), of("o.b.w", Value::Text("bw".to_owned())), of("e.d", Value::Int(9))]
}

/// Verify proves such a file clean.
#[test]
fn masked_file_verifies() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &rows_of(&shapes(), &shape_rows()));
        let mut catalog = of_columns(&shapes());
        // Zero is no allowed value, and no row has one but the last.
        catalog.datasets[0].constraints.not_null =
            vec![cstspec_contract::prelude::path("s.t.x"), cstspec_contract::prelude::path("elements.t.u.deep")];
        let ctx = open(&catalog, &t_at(&path)).await;
        let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
    });
}

/// What nothing hides is handed out as it was read.
#[test]
fn unhidden_array_unchanged() {
    let array: ArrayRef = rows_of(&optional_all(&shapes()), &shape_rows()).column(2).clone();
    let again = masked(&array).unwrap();
    assert_eq!(masked(&again).unwrap().to_data(), again.to_data());
}

/// A NULL list of a fixed size has no elements as another list.
#[test]
fn null_fixed_size_list() {
    run(async {
        let item = || required("item", DataType::Int64);
        let stored = [required("id", DataType::Int64), nullable("l", DataType::FixedSizeList(item(), 2))];
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &rows_of(&stored, "{\"id\":1,\"l\":[1,2]}\n{\"id\":2,\"l\":null}\n{\"id\":3,\"l\":[3,4]}\n"));
        for to in [DataType::List(item()), DataType::LargeList(item()), DataType::ListView(item())] {
            let ctx = open(&of_columns(&[required("id", DataType::Int64), nullable("l", to)]), &t_at(&path)).await;
            let found = text(&ctx, "SELECT id, l FROM t ORDER BY id").await;
            for row in ["| 1  | [1, 2] |", "| 2  |        |", "| 3  | [3, 4] |"] {
                assert!(found.contains(row), "{found}");
            }
        }
    });
}
