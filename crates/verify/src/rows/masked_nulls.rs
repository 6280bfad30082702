//! Values that a NULL hides, and slices: what is promised of the values that are there, and in which row they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, FixedSizeListArray, Float64Array, Int32Array, Int64Array, LargeListArray, ListArray,
    MapArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int32Type, Schema};
use cstspec_conform::all_nullable;
use cstspec_contract::types::{dictionary, large_list, list, map, nullable, required, structure};
use cstspec_contract::{
    AllowedValues, Catalog, Column, ColumnSource, Dataset, NestedOrigins, Origin, Path, SortKey, Value, View, ViewBody,
};
use cstspec_runtime::scan::row_reader::Places;

use super::constraint::{ConstraintCount, RowConstraint};
use super::order::{Ends, Order};
use super::row_batch::RowBatch;
use super::values::Values;

fn catalog(dataset: &Dataset, views: Vec<View>) -> Catalog {
    Catalog {
        name: "c".to_owned(),
        doc: String::new(),
        version: 1,
        engine: String::new(),
        session: String::new(),
        functions: Vec::new(),
        sessions: Vec::new(),
        datasets: vec![dataset.clone()],
        views,
        boundaries: Vec::new(),
        statements: Vec::new(),
    }
}

/// The batch with the columns that `dataset` has, every field nullable.
fn batch(dataset: &Dataset, columns: Vec<ArrayRef>) -> RecordBatch {
    let fields: Vec<FieldRef> = dataset.columns.iter().map(|column| all_nullable(&column.field)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The fields of a struct, every one nullable.
fn fields(data_type: &DataType) -> Fields {
    let DataType::Struct(fields) = data_type else { unreachable!() };
    fields.iter().map(|field| all_nullable(field)).collect()
}

fn item(data_type: &DataType) -> FieldRef {
    all_nullable(&Field::new("item", data_type.clone(), true))
}

/// The results of each constraint about `rows`: its path, the number of checked values, and the rows where it is broken.
fn seen(catalog: &Catalog, rows: &RecordBatch) -> BTreeMap<String, (u64, Vec<u64>)> {
    let mut constraints: Vec<RowConstraint> = Vec::new();
    let values = Values::of(catalog, &catalog.datasets[0], &mut constraints).unwrap();
    let mut counts = vec![ConstraintCount::default(); constraints.len()];
    values
        .check(&RowBatch { batch: rows, key: &[], file: Some("f"), places: &Places::default() }, &mut counts)
        .unwrap();
    let name = |constraint: &RowConstraint| format!("{:?} {}", constraint.kind, constraint.columns.join(","));
    let results = constraints.iter().zip(counts).map(|(constraint, counts)| {
        assert_eq!(counts.broken, counts.violations.len() as u64);
        (name(constraint), (counts.checked, counts.violations.iter().map(|violation| violation.row.unwrap()).collect()))
    });
    results.collect()
}

fn numbers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn point() -> DataType {
    structure([required("x", DataType::Int64)])
}

fn points(values: &[Option<i64>], nulls: Option<Vec<bool>>) -> ArrayRef {
    let nulls = nulls.map(NullBuffer::from);
    Arc::new(StructArray::try_new(fields(&point()), vec![numbers(values)], nulls).unwrap())
}

#[test]
fn null_struct_hides_nulls() {
    let dataset = Dataset::new("t", vec![nullable("s", point())]);
    let column = points(&[Some(1), None, None, Some(4)], Some(vec![true, false, true, true]));
    let rows = batch(&dataset, vec![column]);
    let catalog = catalog(&dataset, Vec::new());
    assert_eq!(seen(&catalog, &rows)["NotNull s.x"], (3, vec![2]));
    assert_eq!(seen(&catalog, &rows.slice(1, 2))["NotNull s.x"], (1, vec![1]));
    assert_eq!(seen(&catalog, &rows.slice(0, 2))["NotNull s.x"], (1, vec![]));
}

/// A null list hides the elements that it still has.
#[test]
fn null_list_hides_elements() {
    let elements = points(&[Some(1), None, None, Some(4), None], None);
    let offsets = vec![0, 2, 3, 3, 5];
    let nulls = vec![true, false, true, true];
    for large in [false, true] {
        let column: ArrayRef = if large {
            let offsets = OffsetBuffer::new(offsets.iter().map(|offset| i64::from(*offset)).collect());
            let nulls = Some(NullBuffer::from(nulls.clone()));
            Arc::new(LargeListArray::try_new(item(&point()), offsets, Arc::clone(&elements), nulls).unwrap())
        } else {
            let nulls = Some(NullBuffer::from(nulls.clone()));
            let offsets = OffsetBuffer::new(offsets.clone().into());
            Arc::new(ListArray::try_new(item(&point()), offsets, Arc::clone(&elements), nulls).unwrap())
        };
        let declared = if large { large_list(point()) } else { list(point()) };
        let dataset = Dataset::new("t", vec![nullable("l", declared)]);
        let (rows, catalog) = (batch(&dataset, vec![column]), catalog(&dataset, Vec::new()));
        assert_eq!(seen(&catalog, &rows)["NotNull l.x"], (4, vec![0, 3]));
        assert_eq!(seen(&catalog, &rows.slice(1, 3))["NotNull l.x"], (2, vec![2]));
        assert_eq!(seen(&catalog, &rows.slice(2, 2))["NotNull l.x"], (2, vec![1]));
        assert_eq!(seen(&catalog, &rows.slice(1, 2))["NotNull l.x"], (0, vec![]));
    }
}

#[test]
fn outer_null_hides_nested_lists() {
    // Each row is a struct with a list of structs with a list of numbers that may not be NULL.
    let numbers_list = DataType::List(required("item", DataType::Int64));
    let inner = structure([nullable("n", numbers_list)]);
    let outer = structure([nullable("l", list(inner.clone()))]);
    let dataset = Dataset::new("t", vec![nullable("s", outer.clone())]);

    let values = numbers(&[None, Some(1), None, None, Some(2)]);
    let lowest =
        ListArray::try_new(item(&DataType::Int64), OffsetBuffer::new(vec![0, 1, 3, 4, 5].into()), values, None);
    let inner_nulls = Some(NullBuffer::from(vec![true, true, false, true]));
    let structs = StructArray::try_new(fields(&inner), vec![Arc::new(lowest.unwrap())], inner_nulls).unwrap();
    let offsets = OffsetBuffer::new(vec![0, 1, 3, 4].into());
    let middle = ListArray::try_new(item(&inner), offsets, Arc::new(structs), None).unwrap();
    let outer_nulls = Some(NullBuffer::from(vec![false, true, true]));
    let column = StructArray::try_new(fields(&outer), vec![Arc::new(middle)], outer_nulls).unwrap();

    let (rows, catalog) = (batch(&dataset, vec![Arc::new(column)]), catalog(&dataset, Vec::new()));
    // The first NULL is below a NULL row, the third below a NULL element: one is left, beside two numbers.
    assert_eq!(seen(&catalog, &rows)["NotNull s.l.n"], (3, vec![1]));
    assert_eq!(seen(&catalog, &rows.slice(1, 2))["NotNull s.l.n"], (3, vec![0]));
    assert_eq!(seen(&catalog, &rows.slice(2, 1))["NotNull s.l.n"], (1, vec![]));
}

#[test]
fn null_map_and_value_hide() {
    let dataset = Dataset::new("t", vec![nullable("m", map(DataType::Utf8, point()))]);
    let DataType::Map(entries, _) = all_nullable(&dataset.columns[0].field).data_type().clone() else { unreachable!() };
    let DataType::Struct(pair) = entries.data_type() else { unreachable!() };
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    let values = points(&[None, None, Some(1), None], Some(vec![true, false, true, true]));
    let pairs = StructArray::try_new(pair.clone(), vec![keys, values], None).unwrap();
    let nulls = Some(NullBuffer::from(vec![false, true, true]));
    let column = MapArray::try_new(entries, OffsetBuffer::new(vec![0, 1, 3, 4].into()), pairs, nulls, false).unwrap();
    let (rows, catalog) = (batch(&dataset, vec![Arc::new(column)]), catalog(&dataset, Vec::new()));
    assert_eq!(seen(&catalog, &rows)["NotNull m.value.x"], (2, vec![2]));
    assert_eq!(seen(&catalog, &rows.slice(2, 1))["NotNull m.value.x"], (1, vec![0]));
}

/// A null list of a fixed size hides its elements.
#[test]
fn null_fixed_size_list_hides() {
    let declared = DataType::FixedSizeList(required("item", DataType::Int64), 2);
    let dataset = Dataset::new("t", vec![nullable("f", declared)]);
    let values = numbers(&[None, None, Some(1), None, Some(3), Some(4)]);
    let nulls = Some(NullBuffer::from(vec![false, true, true]));
    let column = FixedSizeListArray::try_new(item(&DataType::Int64), 2, values, nulls).unwrap();
    let (rows, catalog) = (batch(&dataset, vec![Arc::new(column)]), catalog(&dataset, Vec::new()));
    assert_eq!(seen(&catalog, &rows)["NotNull f"], (4, vec![1]));
    assert_eq!(seen(&catalog, &rows.slice(1, 2))["NotNull f"], (4, vec![0]));
}

/// A null among the values of a dictionary is one.
#[test]
fn dictionary_null_value() {
    let dataset = Dataset::new("t", vec![required("d", dictionary(DataType::Int32, DataType::Utf8))]);
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let column = DictionaryArray::<Int32Type>::try_new(Int32Array::from(vec![0, 1, 0]), values).unwrap();
    let (rows, catalog) = (batch(&dataset, vec![Arc::new(column)]), catalog(&dataset, Vec::new()));
    assert_eq!(seen(&catalog, &rows)["NotNull d"], (3, vec![1]));
}

#[test]
fn hidden_values_ignored() {
    let kind = structure([nullable("kind", DataType::Utf8)]);
    let mut dataset = Dataset::new("t", vec![nullable("l", list(kind.clone()))]);
    dataset.allowed = vec![AllowedValues {
        path: cstspec_contract::prelude::path("l.kind"),
        elements: 0,
        values: vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())],
        origin: Origin::default(),
    }];
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("z"), None, Some("z"), Some("y")]));
    let nulls = Some(NullBuffer::from(vec![true, false, true, true, true]));
    let elements = StructArray::try_new(fields(&kind), vec![texts], nulls).unwrap();
    let nulls = Some(NullBuffer::from(vec![true, false, true]));
    let offsets = OffsetBuffer::new(vec![0, 3, 4, 5].into());
    let column = ListArray::try_new(item(&kind), offsets, Arc::new(elements), nulls).unwrap();
    let (rows, catalog) = (batch(&dataset, vec![Arc::new(column)]), catalog(&dataset, Vec::new()));
    assert_eq!(seen(&catalog, &rows)["Allowed l.kind"], (2, vec![2]));
    assert_eq!(seen(&catalog, &rows.slice(2, 1))["Allowed l.kind"], (1, vec![0]));
    assert_eq!(seen(&catalog, &rows.slice(0, 2))["Allowed l.kind"], (1, vec![]));
}

#[test]
fn copy_compared_with_own_row() {
    let element = structure([nullable("id", DataType::Int64)]);
    let dataset = Dataset::new("t", vec![required("id", DataType::Int64), nullable("l", list(element.clone()))]);
    let view = View {
        name: "v".to_owned(),
        doc: String::new(),
        origin: Origin::default(),
        columns: vec![Column {
            field: required("id", DataType::Int64),
            doc: String::new(),
            origin: Origin::new("views/v.yaml", "columns.id"),
        }],
        nested: NestedOrigins::default(),
        sql: String::new(),
        depends_on: vec!["t".to_owned()],
        body: ViewBody::Rows {
            of: "t".to_owned(),
            unnest: Path::top("l"),
            condition: None,
            sources: vec![ColumnSource::Row(Path::top("id"))],
        },
        key: Vec::new(),
        not_null: Vec::new(),
        allowed: Vec::new(),
        references: Vec::new(),
    };
    let ids = numbers(&[Some(1), Some(9), Some(2), None, Some(1)]);
    let nulls = Some(NullBuffer::from(vec![true, false, true, true, true]));
    let elements = StructArray::try_new(fields(&element), vec![ids], nulls).unwrap();
    // The second row has no element; the fourth one of its own, and one that says nothing, and one of the first row.
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 5].into());
    let lists = ListArray::try_new(item(&element), offsets, Arc::new(elements), None).unwrap();
    let rows = batch(&dataset, vec![numbers(&[Some(1), Some(7), Some(2)]), Arc::new(lists)]);
    let catalog = catalog(&dataset, vec![view]);
    assert_eq!(seen(&catalog, &rows)["Identity l.id"], (3, vec![2]));
    assert_eq!(seen(&catalog, &rows.slice(1, 2))["Identity l.id"], (2, vec![1]));
    assert_eq!(seen(&catalog, &rows.slice(0, 2))["Identity l.id"], (1, vec![]));
}

/// The rows that sort before the one ahead of them, when the rows of a file come in batches of `size`.
fn out_of_order(dataset: &Dataset, rows: &RecordBatch, size: usize) -> Vec<u64> {
    let order = Order::of(dataset, &dataset.schema(), &mut Vec::new()).unwrap().unwrap();
    let (mut ends, mut counts): (Option<Ends>, ConstraintCount) = (None, ConstraintCount::default());
    for start in (0..rows.num_rows()).step_by(size) {
        let batch = rows.slice(start, size.min(rows.num_rows() - start));
        let at_hand = RowBatch { batch: &batch, key: &[], file: Some("f"), places: &Places::after(start as u64) };
        order.check(&at_hand, &mut ends, &mut counts).unwrap();
    }
    assert_eq!(counts.checked, rows.num_rows() as u64);
    assert_eq!(counts.broken, counts.violations.len() as u64);
    counts.violations.iter().map(|violation| violation.row.unwrap()).collect()
}

/// An order holds over batches with nulls where the engine puts them.
#[test]
fn order_over_batches_with_nulls() {
    let mut dataset = Dataset::new("t", vec![nullable("a", DataType::Int64), nullable("b", DataType::Int64)]);
    let key = |column: &str, descending| SortKey { column: column.to_owned(), descending };
    dataset.ordering.keys = vec![key("a", false), key("b", true)];
    let sorted = batch(
        &dataset,
        vec![
            numbers(&[Some(1), Some(1), Some(1), Some(2), None, None]),
            numbers(&[None, Some(5), Some(4), Some(9), None, Some(0)]),
        ],
    );
    let unsorted = batch(
        &dataset,
        vec![
            numbers(&[None, Some(1), Some(1), Some(1), Some(0), Some(2)]),
            numbers(&[None, Some(4), Some(5), None, Some(0), Some(2)]),
        ],
    );
    for size in 1..=6 {
        assert_eq!(out_of_order(&dataset, &sorted, size), [0; 0], "batches of {size}");
        assert_eq!(out_of_order(&dataset, &unsorted, size), [1, 2, 3, 4], "batches of {size}");
    }
}

/// An order of floats is their total order.
#[test]
fn order_of_floats_total() {
    let mut dataset = Dataset::new("t", [nullable("a", DataType::Float64)]);
    dataset.ordering.keys = vec![SortKey { column: "a".to_owned(), descending: false }];
    let floats = |values: &[Option<f64>]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
    let sorted = [-f64::NAN, -0.0, -0.0, 0.0, f64::NAN, f64::NAN];
    let sorted: Vec<Option<f64>> = sorted.into_iter().map(Some).chain([None]).collect();
    let reversed: Vec<Option<f64>> = sorted.iter().rev().copied().collect();
    for size in [1, 3, 7] {
        assert_eq!(out_of_order(&dataset, &batch(&dataset, vec![floats(&sorted)]), size), [0; 0]);
        let equal_to_the_row_before = [2, 5];
        let broken: Vec<u64> = (1..7).filter(|row| !equal_to_the_row_before.contains(row)).collect();
        assert_eq!(out_of_order(&dataset, &batch(&dataset, vec![floats(&reversed)]), size), broken);
    }
    dataset.ordering.keys[0].descending = true;
    assert_eq!(out_of_order(&dataset, &batch(&dataset, vec![floats(&reversed)]), 2), [0; 0]);
}

/// An order of structs compares no value that a null hides.
#[test]
fn order_of_structs_ignores_hidden() {
    let mut dataset = Dataset::new("t", [nullable("s", point())]);
    dataset.ordering.keys = vec![SortKey { column: "s".to_owned(), descending: false }];
    let values = |rows: &[(i64, bool)]| {
        let (numbers, present): (Vec<Option<i64>>, Vec<bool>) =
            rows.iter().map(|(x, present)| (Some(*x), *present)).unzip();
        points(&numbers, Some(present))
    };
    let sorted = batch(&dataset, vec![values(&[(1, true), (1, true), (2, true), (9, false), (0, false)])]);
    let unsorted = batch(&dataset, vec![values(&[(9, false), (1, true), (0, true)])]);
    for size in 1..=3 {
        assert_eq!(out_of_order(&dataset, &sorted, size), [0; 0]);
        assert_eq!(out_of_order(&dataset, &unsorted, size), [1, 2]);
    }
}
