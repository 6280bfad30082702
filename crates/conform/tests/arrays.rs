//! Arrays conformed, built so that NULL parents really hide what is below them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, FixedSizeListArray, Int32Array, Int64Array, ListArray, ListViewArray, MapArray,
    StringArray, StructArray, new_empty_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use cstspec_conform::{ConformError, Rules, conform};
use cstspec_contract::prelude::path;
use cstspec_contract::types::{list, map, nullable, required, structure};
use cstspec_contract::{CastPolicy, Evolution, ExtraPolicy, MissingPolicy, NullabilityPolicy};

/// `array` as `declared`, without a default.
fn under(array: &ArrayRef, declared: &DataType, evolution: &Evolution) -> Result<ArrayRef, ConformError> {
    conform(array, declared, Rules { evolution, defaults: &[] }, &path("c"))
}

fn read(array: &ArrayRef, declared: &DataType) -> Result<ArrayRef, ConformError> {
    under(array, declared, &Evolution::default())
}

fn ints(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// A struct array of these columns; `present` says which rows are not NULL, and hides the others' values without removing them.
fn structs(columns: Vec<(FieldRef, ArrayRef)>, present: Option<&[bool]>) -> ArrayRef {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    Arc::new(StructArray::new(fields.into(), arrays, present.map(|present| NullBuffer::from(present.to_vec()))))
}

fn lists(child: &str, values: &ArrayRef, lengths: &[usize], present: Option<&[bool]>) -> ArrayRef {
    let field = Arc::new(Field::new(child, values.data_type().clone(), true));
    let nulls = present.map(|present| NullBuffer::from(present.to_vec()));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Arc::new(ListArray::new(field, offsets, Arc::clone(values), nulls))
}

fn path_of(error: &ConformError) -> String {
    error.path().to_string()
}

/// Equal types are the same array.
#[test]
fn equal_types_share_array() {
    let array = ints(&[Some(1), None]);
    assert!(Arc::ptr_eq(&read(&array, &DataType::Int64).unwrap(), &array));
}

#[test]
fn equal_layout_not_copied() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")]));
    let item = structs(vec![(nullable("x", DataType::Utf8), Arc::clone(&text))], None);
    let array = lists("element", &item, &[2, 0, 1], Some(&[true, false, true]));
    let declared = list(structure([nullable("x", DataType::Utf8)]));
    let found = read(&array, &declared).unwrap();
    assert_eq!(found.data_type(), &declared);
    let values = found.as_list::<i32>().values().as_struct().column(0).as_string::<i32>().clone();
    assert_eq!(values.values().as_ptr(), text.as_string::<i32>().values().as_ptr());
    assert_eq!(values.offsets().as_ptr(), text.as_string::<i32>().offsets().as_ptr());
}

/// Metadata and nullability are the declared ones.
#[test]
fn metadata_and_nullability_declared() {
    let plain = structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1)]))], None);
    let tagged = Field::new("x", DataType::Int64, false).with_metadata([("k".to_owned(), "v".to_owned())].into());
    let declared = DataType::Struct(Fields::from(vec![tagged]));
    assert_eq!(read(&plain, &declared).unwrap().data_type(), &declared);
}

/// A NULL that a NULL parent hides is none.
#[test]
fn null_below_null_parent() {
    let declared = structure([required("x", DataType::Int64)]);
    let x = nullable("x", DataType::Int64);
    let hidden = structs(vec![(Arc::clone(&x), ints(&[Some(1), None, Some(3)]))], Some(&[true, false, true]));
    let found = read(&hidden, &declared).unwrap();
    assert_eq!(found.data_type(), &declared);
    assert_eq!((found.len(), found.null_count()), (3, 1));
    assert_eq!(found.as_struct().column(0).as_primitive::<Int64Type>().value(2), 3);

    let shown = structs(vec![(x, ints(&[Some(1), None, Some(3)]))], Some(&[false, true, true]));
    let error = read(&shown, &declared).unwrap_err();
    assert!(matches!(error, ConformError::Null { .. }), "{error}");
    assert_eq!(path_of(&error), "c.x");
}

/// Values that a NULL parent hides stay hidden.
#[test]
fn values_below_null_parent_hidden() {
    let x = nullable("x", DataType::Int64);
    let array = structs(vec![(x, ints(&[Some(1), Some(2)]))], Some(&[false, true]));
    let declared = structure([nullable("y", DataType::Utf8), required("x", DataType::Int64)]);
    let found = read(&array, &declared).unwrap();
    let logical = found.logical_nulls().unwrap();
    assert!(logical.is_null(0) && logical.is_valid(1));
    assert_eq!(found.as_struct().column(0).null_count(), 2);
}

/// A NULL two levels below a NULL parent is none.
#[test]
fn null_two_levels_below_null() {
    // The inner struct is present in every row; the outer one hides the second, whose x is NULL.
    let inner = structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1), None]))], None);
    let outer = |present: &[bool]| {
        structs(
            vec![(Arc::new(Field::new("inner", inner.data_type().clone(), true)), Arc::clone(&inner))],
            Some(present),
        )
    };
    let declared = structure([required("inner", structure([required("x", DataType::Int64)]))]);
    let found = read(&outer(&[true, false]), &declared).unwrap();
    assert_eq!(found.data_type(), &declared);
    assert_eq!(found.null_count(), 1);
    assert_eq!(path_of(&read(&outer(&[false, true]), &declared).unwrap_err()), "c.inner.x");
}

/// What a NULL list hides is taken away.
#[test]
fn null_list_cleared() {
    // The second row is NULL and still has two values behind it, one of them NULL in x.
    let item = structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1), None, Some(8), Some(4)]))], None);
    let array = lists("item", &item, &[1, 2, 1], Some(&[true, false, true]));
    let declared = DataType::List(required("item", structure([required("x", DataType::Int64)])));
    let found = read(&array, &declared).unwrap();
    let found = found.as_list::<i32>();
    assert_eq!(found.data_type(), &declared);
    assert_eq!((found.value_length(0), found.value_length(2)), (1, 1));
    assert!(found.is_null(1));
    let last = found.value(2);
    assert_eq!(last.as_struct().column(0).as_primitive::<Int64Type>().value(0), 4);

    let shown = lists("item", &item, &[1, 2, 1], None);
    assert_eq!(path_of(&read(&shown, &declared).unwrap_err()), "c.x");
}

/// Only the rows of a slice are looked at.
#[test]
fn slice_rows_only() {
    let item = structs(vec![(nullable("x", DataType::Int64), ints(&[None, Some(2), Some(3), None]))], None);
    let array = lists("element", &item, &[1, 1, 1, 1], None);
    let declared = list(structure([required("x", DataType::Int64)]));
    let found = read(&array.slice(1, 2), &declared).unwrap();
    assert_eq!(found.len(), 2);
    for (row, expected) in [(0, 2), (1, 3)] {
        let value = found.as_list::<i32>().value(row);
        assert_eq!(value.as_struct().column(0).as_primitive::<Int64Type>().value(0), expected);
    }
    assert!(read(&array.slice(2, 2), &declared).is_err());

    let x = nullable("x", DataType::Int64);
    let rows = structs(vec![(x, ints(&[None, Some(2), Some(3)]))], Some(&[true, true, false]));
    let declared = structure([required("x", DataType::Int64)]);
    let found = read(&rows.slice(1, 2), &declared).unwrap();
    assert_eq!((found.len(), found.null_count()), (2, 1));
}

/// Arrays without rows are conformed too.
#[test]
fn empty_arrays_conformed() {
    let from = list(structure([nullable("b", DataType::Int32), nullable("a", map(DataType::Utf8, DataType::Int32))]));
    let to = DataType::LargeList(required(
        "element",
        structure([required("a", map(DataType::Utf8, DataType::Int64)), required("b", DataType::Int64)]),
    ));
    let found = read(&new_empty_array(&from), &to).unwrap();
    assert_eq!((found.len(), found.data_type()), (0, &to));
}

fn maps(names: [&str; 3], keys: ArrayRef, values: ArrayRef, lengths: &[usize], present: Option<&[bool]>) -> ArrayRef {
    let [entries, key, value] = names;
    let fields = Fields::from(vec![
        Field::new(key, keys.data_type().clone(), false),
        Field::new(value, values.data_type().clone(), true),
    ]);
    let entries = Arc::new(Field::new(entries, DataType::Struct(fields.clone()), false));
    let nulls = present.map(|present| NullBuffer::from(present.to_vec()));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Arc::new(MapArray::new(entries, offsets, StructArray::new(fields, vec![keys, values], None), nulls, false))
}

/// Maps go by position whatever their fields are called.
#[test]
fn maps_by_position() {
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let values: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    for names in [["attrs", "key", "value"], ["key_value", "keys", "values"], ["entries", "k", "v"]] {
        let array = maps(names, Arc::clone(&keys), Arc::clone(&values), &[2, 0, 1], None);
        let declared = map(DataType::Utf8, DataType::Int64);
        let found = read(&array, &declared).unwrap();
        assert_eq!(found.data_type(), &declared);
        let last = found.as_map().value(2);
        assert_eq!(last.column(1).as_primitive::<Int64Type>().value(0), 3);
        assert_eq!(found.as_map().value_length(1), 0);
    }
}

/// A NULL map value is an error only where it can be seen.
#[test]
fn null_map_value_visible() {
    let keys = || Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef;
    let values = || ints(&[Some(1), None]);
    let DataType::Map(entries, _) = map(DataType::Utf8, DataType::Int64) else { unreachable!() };
    let DataType::Struct(fields) = entries.data_type() else { unreachable!() };
    let strict = structure([Arc::clone(&fields[0]), required("value", DataType::Int64)]);
    let declared = DataType::Map(required("entries", strict), false);
    let names = ["entries", "key", "value"];
    let hidden = maps(names, keys(), values(), &[1, 1], Some(&[true, false]));
    let found = read(&hidden, &declared).unwrap();
    assert_eq!(found.as_map().value_length(0), 1);
    let shown = maps(names, keys(), values(), &[1, 1], None);
    assert_eq!(path_of(&read(&shown, &declared).unwrap_err()), "c.value");
    // A slice that leaves the NULL out.
    assert!(read(&shown.slice(0, 1), &declared).is_ok());
}

/// A list in a struct in a list is read by name at every depth.
#[test]
fn list_struct_list_by_name() {
    let slots: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let slot = Arc::new(Field::new("slot", DataType::Int32, true));
    let extra = nullable("extra", DataType::Int64);
    let local = structs(vec![(extra, ints(&[None, None, None])), (slot, slots)], None);
    let locals = lists("element", &local, &[2, 1], Some(&[true, true]));
    let field = Arc::new(Field::new("locals", locals.data_type().clone(), true));
    let array = lists("element", &structs(vec![(field, locals)], None), &[1, 0, 1], Some(&[true, false, true]));
    let declared = list(structure([
        nullable("name", DataType::Utf8),
        nullable("locals", list(structure([required("slot", DataType::Int64), nullable("name", DataType::Utf8)]))),
    ]));
    let found = read(&array, &declared).unwrap();
    assert_eq!(found.data_type(), &declared);
    let first = found.as_list::<i32>().value(0);
    let inner = first.as_struct().column(1).as_list::<i32>().value(0);
    assert_eq!(inner.as_struct().column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
    assert_eq!(inner.as_struct().column(1).null_count(), 2);
}

/// Every kind of list is read as the declared kind.
#[test]
fn list_kinds_read() {
    let item = structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1), None, Some(3), Some(4)]))], None);
    let field = Arc::new(Field::new("element", item.data_type().clone(), true));
    let nulls = || Some(NullBuffer::from(vec![false, true]));
    let fixed: ArrayRef = Arc::new(FixedSizeListArray::new(Arc::clone(&field), 2, Arc::clone(&item), nulls()));
    // No row of the view shows the value at 1, whose x is NULL.
    let view: ArrayRef =
        Arc::new(ListViewArray::new(field, vec![0, 2].into(), vec![1, 2].into(), Arc::clone(&item), None));
    let x = || structure([required("x", DataType::Int64)]);
    for (array, first) in [(fixed, 0), (view, 1)] {
        for declared in
            [list(x()), DataType::LargeList(nullable("item", x())), DataType::ListView(nullable("item", x()))]
        {
            let found = read(&array, &declared).unwrap();
            assert_eq!(found.data_type(), &declared);
            assert_eq!(found.null_count(), 1 - first);
            let plain = arrow::compute::cast(&found, &list(x())).unwrap();
            let last = plain.as_list::<i32>().value(1);
            assert_eq!(last.as_struct().column(0).as_primitive::<Int64Type>().values(), &[3, 4]);
        }
    }
}

/// A hidden value that does not fit is no error.
#[test]
fn hidden_value_misfit() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("7"), Some("seven")]));
    let field = nullable("x", DataType::Utf8);
    let any = Evolution { casts: CastPolicy::Any, ..Evolution::default() };
    let declared = structure([nullable("x", DataType::Int64)]);
    let hidden = structs(vec![(Arc::clone(&field), Arc::clone(&text))], Some(&[true, false]));
    let found = under(&hidden, &declared, &any).unwrap();
    assert_eq!(found.as_struct().column(0).as_primitive::<Int64Type>().value(0), 7);
    let shown = structs(vec![(field, text)], None);
    let error = under(&shown, &declared, &any).unwrap_err();
    assert!(matches!(error, ConformError::Value { .. }), "{error}");
    assert_eq!(path_of(&error), "c.x");
}

/// What the policies refuse is refused whole.
#[test]
fn policies_refuse_whole_file() {
    let array = structs(vec![(nullable("x", DataType::Int64), ints(&[Some(1)]))], None);
    let with = |evolution: Evolution, declared: &DataType| under(&array, declared, &evolution).unwrap_err();
    let narrow = structure([nullable("x", DataType::Int32)]);
    assert!(matches!(with(Evolution::default(), &narrow), ConformError::Type { .. }));
    let missing = structure([nullable("x", DataType::Int64), required("y", DataType::Int64)]);
    assert!(matches!(with(Evolution::default(), &missing), ConformError::Missing { .. }));
    let lenient = structure([nullable("x", DataType::Int64), nullable("y", DataType::Int64)]);
    let strict = Evolution { missing: MissingPolicy::Error, ..Evolution::default() };
    assert!(matches!(with(strict, &lenient), ConformError::Missing { .. }));
    let strict = Evolution { extra: ExtraPolicy::Error, ..Evolution::default() };
    assert!(matches!(with(strict, &structure([nullable("y", DataType::Int64)])), ConformError::Extra { .. }));
    let strict = Evolution { nullability: NullabilityPolicy::Error, ..Evolution::default() };
    assert!(matches!(with(strict, &structure([required("x", DataType::Int64)])), ConformError::Nullable { .. }));
    let strict = Evolution { casts: CastPolicy::None, ..Evolution::default() };
    assert!(matches!(with(strict, &structure([nullable("x", DataType::Float64)])), ConformError::Type { .. }));
}
