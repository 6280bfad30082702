//! Keys of maps that are fields of structs, at every depth, under projections and filters that the engine pushes into the scan.
//!
//! The engine joins `s['m']` and `['key']` to one path of fields. The same queries over the same rows in memory have the right answers.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use cstspec_contract::types::{list, map, nullable, required, structure};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::masking::{of_columns, t_at};
use crate::world::{batch, open, run, write};

fn columns() -> Vec<FieldRef> {
    let pair = structure([nullable("name", DataType::Utf8), nullable("n", DataType::Int64)]);
    vec![
        required("id", DataType::Int64),
        nullable(
            "s",
            structure([
                nullable("texts", map(DataType::Utf8, DataType::Utf8)),
                nullable("pairs", map(DataType::Utf8, pair)),
                nullable("maps", map(DataType::Utf8, map(DataType::Utf8, DataType::Int64))),
                nullable("kind", DataType::Utf8),
                nullable(
                    "inner",
                    structure([nullable("texts", map(DataType::Utf8, DataType::Utf8)), nullable("n", DataType::Int64)]),
                ),
            ]),
        ),
        // The map is the one field, and its key has the name of a field.
        nullable("only", structure([nullable("kind", map(DataType::Utf8, DataType::Int64))])),
        nullable("texts", map(DataType::Utf8, DataType::Utf8)),
        nullable("l", list(DataType::Int64)),
    ]
}

const ROWS: &str = r#"{"id":1,"s":{"texts":{"name":"a","kind":"k"},"pairs":{"kind":{"name":"p","n":1}},"maps":{"a":{"kind":7}},"kind":"x","inner":{"texts":{"n":"z"},"n":5}},"only":{"kind":{"kind":3}},"texts":{"kind":"t"},"l":[1,2]}
{"id":2,"s":{"texts":{"name":null},"pairs":{"kind":null},"maps":{"a":null},"kind":"y","inner":null},"only":{"kind":{}},"texts":{},"l":[]}
{"id":3,"s":{"texts":null,"pairs":null,"maps":null,"kind":null,"inner":{"texts":null,"n":null}},"only":{"kind":null},"texts":null,"l":null}
{"id":4,"s":null,"only":null,"texts":{"other":"o"},"l":[null]}
"#;

const VALUES: [&str; 9] = [
    "s['texts']['name']",
    "s['texts']['kind']",
    "s['pairs']['kind']['name']",
    "s['maps']['a']['kind']",
    "s['inner']['texts']['n']",
    "s['inner']['n']",
    "s['kind']",
    "only['kind']['kind']",
    "texts['kind']",
];

fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for (index, value) in VALUES.into_iter().enumerate() {
        queries.push(format!("SELECT id, {value} AS v FROM t"));
        queries.push(format!("SELECT {value} AS v FROM t"));
        queries.push(format!("SELECT count(*), count({value}), min({value}), max({value}) FROM t"));
        queries.push(format!("SELECT max({value}) FROM t WHERE id <> 2"));
        for condition in ["IS NULL", "IS NOT NULL"] {
            queries.push(format!("SELECT id FROM t WHERE {value} {condition}"));
            queries.push(format!("SELECT {value} AS v, s['kind'] AS k, l FROM t WHERE {value} {condition}"));
        }
        for other in [1, 4].map(|after| VALUES[(index + after) % VALUES.len()]) {
            queries.push(format!("SELECT {other} AS v, id FROM t WHERE {value} IS NOT NULL"));
            queries.push(format!(
                "SELECT {other} AS v, s['kind'] AS k FROM t WHERE s['inner']['n'] = 5 OR {value} IS NULL"
            ));
        }
    }
    queries
}

async fn answer(ctx: &SessionContext, sql: &str) -> String {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    let mut lines: Vec<&str> = text.lines().skip(3).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn rows_of(fields: &[FieldRef]) -> RecordBatch {
    batch(&Arc::new(Schema::new(fields.to_vec())), ROWS)
}

#[test]
fn map_keys_below_structs() {
    // As declared, and with the fields of the structs in another order and one that nobody declares.
    let mut drifted = columns();
    let DataType::Struct(fields) = drifted[1].data_type() else { unreachable!() };
    let turned = fields.iter().rev().cloned().chain([nullable("junk", DataType::Int64)]);
    drifted[1] = nullable("s", DataType::Struct(turned.collect()));
    run(async {
        let plain = SessionContext::new();
        let memory = rows_of(&columns());
        plain.register_table("t", Arc::new(MemTable::try_new(memory.schema(), vec![vec![memory]]).unwrap())).unwrap();
        for fields in [columns(), drifted] {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("a.parquet");
            write(&file, &rows_of(&fields));
            for (narrow, pushdown) in [(true, false), (true, true), (false, false), (false, true)] {
                let ctx = open(&of_columns(&columns()), &t_at(&file)).await;
                for pinned in [
                    format!("SET cstspec.narrow_scans = {narrow}"),
                    format!("SET datafusion.execution.parquet.pushdown_filters = {pushdown}"),
                ] {
                    ctx.sql(&pinned).await.unwrap().collect().await.unwrap();
                }
                for sql in queries() {
                    let expected = answer(&plain, &sql).await;
                    assert_eq!(answer(&ctx, &sql).await, expected, "{sql}, narrow {narrow}, pushdown {pushdown}");
                }
            }
        }
    });
}
