//! Arrow's traps that boundaries are built around. A test that fails here says that an upgrade took a trap away.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, Schema};
use cstspec_contract::types::{dictionary, nullable, required, structure};

/// A cast between structs of other names goes by position.
#[test]
fn struct_cast_by_position() {
    let column = |number| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
    let of = |name| nullable(name, DataType::Int64);
    let found = StructArray::from(vec![(of("start"), column(1)), (of("length"), column(2))]);
    let cast = cast(&found, &structure([of("length"), of("end")])).expect("the trap is gone: names must be equal");
    let length = cast.as_struct().column_by_name("length").unwrap();
    assert_eq!(length.as_primitive::<Int64Type>().value(0), 1, "the trap is gone, or another");
}

/// A batch takes a dictionary with a NULL value for not NULL.
#[test]
fn dictionary_null_value_in_not_null() {
    let values = Arc::new(StringArray::from(vec![Some("x"), None]));
    let encoded = DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0, 1]), values);
    let schema = Schema::new(vec![required("a", dictionary(DataType::Int32, DataType::Utf8))]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(encoded)]);
    let batch = batch.expect("the trap is gone: arrow looks at the values of dictionaries");
    assert_eq!(batch.column(0).logical_null_count(), 1);
}
