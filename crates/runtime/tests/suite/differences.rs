//! Differences between a file and its contract that are read with the right values, or refused: the null type, and a name twice.

use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, ListArray, NullArray, RecordBatch, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use cstspec_contract::types::{list, map, nullable, required, structure};
use cstspec_contract::{CastPolicy, DefaultValue, ExtraPolicy, NullabilityPolicy, Origin, Path, Value};
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::masking::{of_columns, t_at};
use crate::world::{error, open, run, text, write};

pub fn put(path: &FilePath, columns: Vec<(&str, ArrayRef)>) {
    let field = |(name, array): &(&str, ArrayRef)| {
        let nullable = *name != "id";
        Arc::new(Field::new(*name, array.data_type().clone(), nullable)) as FieldRef
    };
    let fields: Vec<FieldRef> = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    write(path, &RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap());
}

/// Lists of these lengths, and NULL where there is none.
pub fn lists(values: ArrayRef, lengths: &[Option<usize>]) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(lengths.iter().map(|length| length.unwrap_or_default()));
    let nulls: NullBuffer = lengths.iter().map(Option::is_some).collect();
    Arc::new(ListArray::new(nullable("item", values.data_type().clone()), offsets, values, Some(nulls)))
}

/// Columns of a file by name.
type Columns = Vec<(&'static str, ArrayRef)>;

fn nothing(length: usize) -> ArrayRef {
    Arc::new(NullArray::new(length))
}

pub fn ids(length: i64) -> (&'static str, ArrayRef) {
    ("id", Arc::new((1..=length).collect::<Int64Array>()))
}

fn title() -> DataType {
    structure([nullable("title", DataType::Utf8), required("level", DataType::Int64)])
}

/// Every place that a null type may be in, each declared with more than it.
fn declared() -> Vec<FieldRef> {
    vec![
        required("id", DataType::Int64),
        nullable("scalar", DataType::Utf8),
        nullable("whole", list(title())),
        nullable("elements", list(title())),
        nullable("inside", structure([nullable("jobs", list(title())), nullable("pay", DataType::Decimal128(10, 2))])),
        nullable("nested", list(list(title()))),
        nullable("below", list(structure([nullable("tags", map(DataType::Utf8, title()))]))),
        nullable("fixed", DataType::FixedSizeList(nullable("item", DataType::Float64), 2)),
    ]
}

fn untyped(path: &FilePath) {
    let inside = StructArray::new(
        vec![nullable("jobs", list(DataType::Null)), nullable("pay", DataType::Null)].into(),
        vec![lists(nothing(1), &[Some(0), Some(1)]), nothing(2)],
        Some(NullBuffer::from(vec![true, false])),
    );
    let below = StructArray::new(vec![nullable("tags", DataType::Null)].into(), vec![nothing(1)], None);
    put(
        path,
        vec![
            ids(2),
            ("scalar", nothing(2)),
            ("whole", nothing(2)),
            ("elements", lists(nothing(2), &[Some(0), None])),
            ("inside", Arc::new(inside)),
            ("nested", lists(lists(nothing(0), &[Some(0), None]), &[Some(2), Some(0)])),
            ("below", lists(Arc::new(below), &[Some(1), None])),
            ("fixed", nothing(2)),
        ],
    );
}

/// The NULL type is NULL wherever it stands.
#[test]
fn null_type_everywhere() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        untyped(&path);
        for casts in [CastPolicy::Widening, CastPolicy::Any] {
            let mut catalog = of_columns(&declared());
            let t = &mut catalog.datasets[0];
            t.evolution.casts = casts;
            // A default is for what a file lacks, and this it has.
            t.defaults = vec![DefaultValue {
                path: Path::top("scalar"),
                value: Value::Text("d".to_owned()),
                origin: Origin::default(),
            }];
            let ctx = open(&catalog, &t_at(&path)).await;
            for (value, rows) in [
                ("scalar IS NULL", ["true", "true"]),
                ("whole IS NULL", ["true", "true"]),
                ("cardinality(elements)", ["0", ""]),
                ("cardinality(inside['jobs'])", ["0", ""]),
                ("inside['pay'] IS NULL", ["true", "true"]),
                ("nested[1]", ["[]", ""]),
                ("nested[2] IS NULL", ["true", "true"]),
                ("below[1]['tags']['k']['level'] IS NULL", ["true", "true"]),
                ("array_length(below)", ["1", ""]),
                ("fixed IS NULL", ["true", "true"]),
            ] {
                let found = text(&ctx, &format!("SELECT {value} AS v FROM t ORDER BY id")).await;
                let of_row = |row: usize| found.lines().nth(3 + row).unwrap().trim_matches(['|', ' ']).to_owned();
                assert_eq!([of_row(0), of_row(1)], rows, "{value}");
            }
            for sql in [
                "SELECT unnest(elements) AS e FROM t",
                "SELECT e['level'] AS l FROM (SELECT unnest(whole) AS e FROM t)",
            ] {
                assert_eq!(crate::world::rows(&ctx, sql).await.num_rows(), 0, "{sql}");
            }
            let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
            assert!(report.findings.iter().all(|finding| finding.code == "R130"), "{:#?}", report.findings);
        }
        let mut catalog = of_columns(&declared());
        catalog.datasets[0].evolution.casts = CastPolicy::None;
        let report = verify(&open(&catalog, &t_at(&path)).await, &catalog, Checks::Schema, &NoProgress).await;
        let told: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert!(told.iter().any(|told| told.starts_with("elements of `elements` are")), "{told:?}");
        assert!(told.iter().any(|told| told.starts_with("`whole` is")), "{told:?}");
    });
}

/// Not NULL is held against the values of the NULL type.
#[test]
fn null_type_in_not_null() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let element = |name: &str, data_type: DataType| -> FieldRef {
            nullable(name, DataType::List(required("item", data_type)))
        };
        // Empty lists have no element that is NULL, and a NULL has.
        for (array, fails) in
            [(lists(nothing(0), &[Some(0), None]), false), (lists(nothing(1), &[Some(0), Some(1)]), true)]
        {
            put(&path, vec![ids(2), ("tags", array)]);
            for data_type in [DataType::Utf8, title()] {
                let mut catalog = of_columns(&[required("id", DataType::Int64), element("tags", data_type)]);
                let ctx = open(&catalog, &t_at(&path)).await;
                if fails {
                    let told = error(&ctx, "SELECT tags FROM t").await;
                    assert!(told.contains("NULL in `tags`") && told.contains("row 1"), "{told}");
                } else {
                    assert!(text(&ctx, "SELECT tags FROM t").await.contains("[]"));
                }
                catalog.datasets[0].evolution.nullability = NullabilityPolicy::Error;
                let ctx = open(&catalog, &t_at(&path)).await;
                assert!(error(&ctx, "SELECT tags FROM t").await.contains("is nullable in the file"));
            }
        }
        put(&path, vec![ids(2), ("name", nothing(2))]);
        let ctx =
            open(&of_columns(&[required("id", DataType::Int64), required("name", DataType::Utf8)]), &t_at(&path)).await;
        let told = error(&ctx, "SELECT name FROM t").await;
        assert!(told.contains("a.parquet") && told.contains("row 0"), "{told}");
    });
}

/// A struct with these fields, all of them numbers.
fn numbers(names: &[&str], from: i64) -> ArrayRef {
    let fields: Vec<FieldRef> = names.iter().map(|name| nullable(name, DataType::Int64)).collect();
    let arrays = (from..).take(names.len()).map(|value| Arc::new(Int64Array::from(vec![value])) as ArrayRef).collect();
    Arc::new(StructArray::new(fields.into(), arrays, None))
}

/// A name twice is refused where the contract has it.
#[test]
fn name_twice_refused() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.parquet");
        let inner = structure([nullable("value", DataType::Int64)]);
        let columns = [
            required("id", DataType::Int64),
            nullable("value", DataType::Int64),
            nullable("s", inner.clone()),
            nullable("l", list(inner.clone())),
            nullable("m", map(DataType::Int64, inner)),
        ];
        let value = || Arc::new(Int64Array::from(vec![10])) as ArrayRef;
        let plain = |names: &[&str]| numbers(names, 20);
        let listed = |names: &[&str]| lists(numbers(names, 30), &[Some(1)]);
        let sound = || vec![ids(1), ("value", value()), ("s", plain(&["value"])), ("l", listed(&["value"]))];
        let mapped = |names: &[&str]| -> ArrayRef {
            let pairs = StructArray::new(
                vec![required("key", DataType::Int64), nullable("value", numbers(names, 40).data_type().clone())]
                    .into(),
                vec![Arc::new(Int64Array::from(vec![1])), numbers(names, 40)],
                None,
            );
            let entries = required("entries", pairs.data_type().clone());
            Arc::new(arrow::array::MapArray::new(entries, OffsetBuffer::from_lengths([1]), pairs, None, false))
        };
        let with = |index: usize, array: ArrayRef| -> Columns {
            let mut all = sound();
            all[index].1 = array;
            all
        };
        let more =
            |name: &'static str, array: ArrayRef| -> Columns { sound().into_iter().chain([(name, array)]).collect() };
        let cases: Vec<(Columns, Option<&str>)> = vec![
            (sound(), None),
            (more("value", value()), Some("value")),
            (with(2, plain(&["value", "other", "value"])), Some("s.value")),
            (with(3, listed(&["value", "value"])), Some("l.value")),
            (more("m", mapped(&["value", "value"])), Some("m.value.value")),
            // Two older names of one.
            (
                sound()
                    .into_iter()
                    .filter(|(name, _)| *name != "value")
                    .chain([("old", value()), ("older", value())])
                    .collect(),
                Some("value"),
            ),
            (
                sound()
                    .into_iter()
                    .filter(|(name, _)| *name != "value")
                    .chain([("old", value()), ("old", value())])
                    .collect(),
                Some("value"),
            ),
            // The name of today wins over an older one, and what the contract does not have may be there twice.
            (more("old", value()), None),
            (more("junk", value()).into_iter().chain([("junk", value())]).collect(), None),
            (with(2, plain(&["junk", "value", "junk"])), None),
        ];
        for (columns_of_file, path_of) in cases {
            put(&path, columns_of_file);
            for extra in [ExtraPolicy::Ignore, ExtraPolicy::Warn] {
                let mut catalog = of_columns(&columns);
                let t = &mut catalog.datasets[0];
                t.evolution.extra = extra;
                t.evolution.renames =
                    [(Path::top("old"), "value".to_owned()), (Path::top("older"), "value".to_owned())].into();
                let ctx = open(&catalog, &t_at(&path)).await;
                let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
                let found: Vec<_> = report
                    .findings
                    .iter()
                    .filter(|finding| finding.code == "R133")
                    .map(|one| one.path.as_deref())
                    .collect();
                let others: Vec<_> = report
                    .findings
                    .iter()
                    .filter(|finding| !["R130", "R131", "R133"].contains(&&*finding.code))
                    .collect();
                assert!(others.is_empty(), "{others:#?}");
                if let Some(path) = path_of {
                    assert_eq!(found, [Some(path)]);
                    assert!(error(&ctx, "SELECT id FROM t").await.contains("where the contract has one"));
                } else {
                    assert!(found.is_empty(), "{found:?}");
                    assert!(text(&ctx, "SELECT value, s['value'] AS s FROM t").await.contains("| 10    | 2"));
                }
            }
        }
    });
}
