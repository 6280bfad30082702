//! A table of a thousand files, of which one in ten drifted in a way of its own: each difference is told once, what the contract does
//! not allow is refused, and everything else gives the rows of the table that never drifted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use cstspec_contract::{Catalog, Severity};
use cstspec_tests::sound;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;

use crate::world;

const DATASET: &str = "units_v1";
const FILES: usize = 1000;

/// One way to drift.
struct Drift {
    /// The struct whose fields change; empty for the columns themselves.
    inside: &'static str,
    change: Change,
    /// The reported differences: the paths, and the rule; differences in spelling only are not reported.
    told: &'static [&'static str],
    rule: &'static str,
}

enum Change {
    Without(&'static str),
    Named(&'static str, &'static str),
    Typed(&'static str, DataType),
    Nullable(&'static str),
    Reversed,
    Extra,
    /// Other names for entries of maps and elements of lists.
    Spelled,
}

use Change::{Extra, Named, Nullable, Reversed, Spelled, Typed, Without};

const ALLOWED: &str = "file-drifted";
const REFUSED: &str = "drift-refused";
const MORE: &str = "file-has-more";

fn drifts() -> Vec<Drift> {
    let drift = |inside, change, told, rule| Drift { inside, change, told, rule };
    vec![
        drift("", Without("size"), &["size"], ALLOWED),
        drift("refs", Without("kind"), &["refs.kind"], ALLOWED),
        drift("refs.span", Without("length"), &["refs.span.length"], ALLOWED),
        drift("scopes.locals", Without("name"), &["scopes.locals.name"], ALLOWED),
        drift("refs.marks.value", Without("note"), &["refs.marks.value.note"], ALLOWED),
        drift("refs", Named("bstart", "begin"), &["refs.bstart"], ALLOWED),
        drift("", Typed("size", DataType::Int32), &["size"], ALLOWED),
        drift("refs", Typed("bstart", DataType::Int32), &["refs.bstart"], ALLOWED),
        drift("refs.span", Typed("start", DataType::Int16), &["refs.span.start"], ALLOWED),
        drift("scopes.locals", Typed("slot", DataType::Int16), &["scopes.locals.slot"], ALLOWED),
        drift("refs.marks.value", Typed("level", DataType::Int16), &["refs.marks.value.level"], ALLOWED),
        drift("refs.span", Typed("start", DataType::Int64), &["refs.span.start"], REFUSED),
        drift("refs.marks.value", Typed("level", DataType::Int64), &["refs.marks.value.level"], REFUSED),
        drift("scopes.locals", Typed("slot", DataType::Float64), &["scopes.locals.slot"], REFUSED),
        drift("scopes.locals", Without("slot"), &["scopes.locals.slot"], REFUSED),
        drift("", Reversed, &[""], ALLOWED),
        drift("refs", Reversed, &["refs"], ALLOWED),
        drift("refs.span", Reversed, &["refs.span"], ALLOWED),
        drift("scopes.locals", Reversed, &["scopes.locals"], ALLOWED),
        drift("refs.marks.value", Reversed, &["refs.marks.value"], ALLOWED),
        drift("", Extra, &["extra"], MORE),
        drift("refs", Extra, &["refs.extra"], MORE),
        drift("scopes.locals", Extra, &["scopes.locals.extra"], MORE),
        drift("refs.marks.value", Extra, &["refs.marks.value.extra"], MORE),
        drift("", Nullable("path"), &["path"], ALLOWED),
        drift("refs", Nullable("file_id"), &["refs.file_id"], ALLOWED),
        drift("scopes.locals", Nullable("slot"), &["scopes.locals.slot"], ALLOWED),
        drift("refs.marks.value", Nullable("level"), &["refs.marks.value.level"], ALLOWED),
        drift("", Spelled, &[], ALLOWED),
    ]
}

impl Change {
    fn fields(&self, fields: &Fields) -> Fields {
        let one = |name: &str, change: &dyn Fn(&Field) -> Option<Field>| -> Fields {
            let changed = |field: &FieldRef| {
                if field.name() == name { change(field).map(Arc::new) } else { Some(Arc::clone(field)) }
            };
            fields.iter().filter_map(changed).collect()
        };
        match self {
            Without(name) => one(name, &|_| None),
            Named(name, other) => one(name, &|field| Some(field.clone().with_name(*other))),
            Typed(name, data_type) => one(name, &|field| Some(field.clone().with_data_type(data_type.clone()))),
            Nullable(name) => one(name, &|field| Some(field.clone().with_nullable(true))),
            Reversed => fields.iter().rev().cloned().collect(),
            Extra => {
                let extra = Arc::new(Field::new("extra", DataType::Int64, true));
                fields.iter().cloned().chain([extra]).collect()
            }
            Spelled => fields.iter().map(|field| Arc::new(respelled(field))).collect(),
        }
    }
}

fn respelled(field: &Field) -> Field {
    let inside = |field: &FieldRef, name: &str| Arc::new(respelled(field).with_name(name));
    let data_type = match field.data_type() {
        DataType::List(item) => DataType::List(inside(item, "element")),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| inside(field, field.name())).collect()),
        DataType::Map(entries, sorted) => match entries.data_type() {
            DataType::Struct(fields) => {
                let fields = [inside(&fields[0], "keys"), inside(&fields[1], "values")].into_iter().collect();
                DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(fields), false)), *sorted)
            }
            _ => unreachable!("entries are a struct"),
        },
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

/// `data_type` with the fields of the struct at `path` changed; lists on the way are looked through.
fn changed(data_type: &DataType, path: &[&str], change: &Change) -> DataType {
    let into = |field: &FieldRef, path: &[&str]| {
        Arc::new(field.as_ref().clone().with_data_type(changed(field.data_type(), path, change)))
    };
    match data_type {
        DataType::List(item) => DataType::List(into(item, path)),
        DataType::Struct(fields) if path.is_empty() => DataType::Struct(change.fields(fields)),
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| if field.name() == path[0] { into(field, &path[1..]) } else { Arc::clone(field) })
                .collect(),
        ),
        DataType::Map(entries, sorted) => DataType::Map(into(entries, path), *sorted),
        other => other.clone(),
    }
}

impl Drift {
    fn schema(&self, declared: &Schema) -> SchemaRef {
        let path: Vec<&str> = self.inside.split('.').filter(|name| !name.is_empty()).collect();
        match changed(&DataType::Struct(declared.fields().clone()), &path, &self.change) {
            DataType::Struct(fields) => Arc::new(Schema::new(fields)),
            _ => unreachable!("columns are a struct"),
        }
    }
}

/// The one row of a file: whatever a drifted file lacks is its default or NULL.
fn row(number: usize) -> String {
    format!(
        r#"{{"repo":"r","path":"p{number:04}","file_id":"f{number:04}","size":0,"refs":[{{"file_id":"f{number:04}","ref_id":"r1","kind":"name","bstart":{number},"span":{{"start":7}},"attrs":{{"k":"v"}},"marks":{{"lint":{{"level":3}}}}}}],"scopes":[{{"name":"s","locals":[{{"slot":1}},{{"slot":2}}]}}]}}"#
    )
}

fn write(path: &Path, row: &str, schema: &SchemaRef) {
    let mut reader = ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(row.to_owned())).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

async fn open(catalog: &Catalog, folder: &Path) -> SessionContext {
    world::open(catalog, &world::at([(DATASET, folder)])).await
}

async fn rows(ctx: &SessionContext, sql: &str) -> RecordBatch {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// A thousand files of which one in ten drifted.
#[tokio::test(flavor = "multi_thread")]
async fn thousand_files_tenth_drifted() {
    let catalog = sound::catalog();
    let declared = catalog.dataset(DATASET).unwrap().schema();
    let home = tempfile::tempdir().unwrap();
    // Every file; those that may be read; and the latter as if they had never drifted.
    let folders = ["all", "allowed", "undrifted"].map(|name| home.path().join(name));
    for folder in &folders {
        fs::create_dir(folder).unwrap();
    }
    let [all, allowed, undrifted] = &folders;

    let drifts = drifts();
    let mut expected = BTreeSet::new();
    let mut refused = 0;
    for number in 0..FILES {
        let name = format!("{number:04}.parquet");
        let sound = undrifted.join(&name);
        let drift = (number % 10 == 3).then(|| &drifts[number / 10 % drifts.len()]);
        let Some(drift) = drift else {
            write(&sound, &row(number), &declared);
            for folder in [all, allowed] {
                fs::hard_link(&sound, folder.join(&name)).unwrap();
            }
            continue;
        };
        let mut text = row(number);
        if let Named(name, other) = drift.change {
            text = text.replace(&format!("\"{name}\""), &format!("\"{other}\""));
        }
        write(&all.join(&name), &text, &drift.schema(&declared));
        let file = all.canonicalize().unwrap().join(&name).display().to_string();
        expected.extend(drift.told.iter().map(|path| (file.clone(), (*path).to_owned(), drift.rule.to_owned())));
        if drift.rule == REFUSED {
            refused += 1;
        } else {
            fs::hard_link(all.join(&name), allowed.join(&name)).unwrap();
            write(&sound, &row(number), &declared);
        }
    }
    assert!(refused > 10 && expected.len() > 90, "{refused} {}", expected.len());

    let report = verify(&open(&catalog, all).await, &catalog, Checks::Schema, &NoProgress).await;
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            let file = finding.data.as_ref().map(|place| place.file.clone()).unwrap_or_default();
            assert_eq!(finding.severity == Severity::Error, finding.name == REFUSED, "{finding:#?}");
            (file, finding.path.clone().unwrap_or_default(), finding.name.to_string())
        })
        .collect();
    // As a list first: nothing is told twice.
    assert_eq!(told.len(), expected.len());
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(report.relations.iter().all(|relation| relation.describe_equal && relation.executed));
    assert_eq!(report.relations[0].rows, Some((FILES - refused) as u64));
    assert_eq!((report.sources[0].files, report.sources[0].refused), ((FILES - refused) as u64, refused as u64));

    // A query that needs a file that is refused does not go on without it.
    let failed = open(&catalog, all).await.sql("SELECT * FROM units_v1").await.unwrap().collect().await;
    assert!(failed.is_err());
    let (drifted, sound) = (open(&catalog, allowed).await, open(&catalog, undrifted).await);
    for query in [
        "SELECT * FROM units_v1 ORDER BY file_id",
        "SELECT kind, count(*) AS n, sum(bstart) AS b FROM refs WHERE bstart > 100 GROUP BY kind",
        "SELECT count(*) AS n, count(size) AS s FROM units_v1 WHERE size = 0",
    ] {
        assert_eq!(rows(&drifted, query).await, rows(&sound, query).await, "{query}");
    }
}
