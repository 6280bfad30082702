//! The example of a catalog without a table: some orders with their items.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, Fields};
use parquet::arrow::ArrowWriter;

/// The name of its dataset.
pub const DATASET: &str = "orders";

/// 2026-01-01T00:00:00Z, in microseconds.
const START: i64 = 1_767_225_600_000_000;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// The example as a Parquet file: `id`, `customer`, `placed_at` and the list `items` of `item_id`, `sku`, `quantity` and `price`, in cents.
/// Equal bytes at each call.
pub fn parquet() -> Vec<u8> {
    let lengths = [2, 1, 3, 0, 1, 2];
    let orders = i64::try_from(lengths.len()).expect("there are some");
    let total: usize = lengths.iter().sum();
    let numbers = || 0..i32::try_from(total).expect("there are some");
    let skus = ["apple", "bread", "cheese", "dates"];
    let columns: [(&str, ArrayRef); 4] = [
        ("item_id", Arc::new(Int64Array::from_iter_values(numbers().map(i64::from)))),
        ("sku", Arc::new(StringArray::from_iter_values((0..total).map(|number| skus[number % skus.len()])))),
        ("quantity", Arc::new(Int32Array::from_iter_values(numbers().map(|number| 1 + number % 3)))),
        ("price", Arc::new(Int64Array::from_iter_values(numbers().map(|number| 120 + 35 * i64::from(number % 4))))),
    ];
    let fields: Fields =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let items: ArrayRef = Arc::new(StructArray::new(fields, columns.map(|(_, column)| column).to_vec(), None));
    let item = Arc::new(Field::new("element", items.data_type().clone(), true));
    let placed = TimestampMicrosecondArray::from_iter_values((0..orders).map(|day| START + day * DAY));
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from_iter_values(1..=orders)) as ArrayRef, false),
        (
            "customer",
            Arc::new(StringArray::from(vec![
                Some("Ada"),
                Some("Grace"),
                None,
                Some("Edsger"),
                Some("Ada"),
                Some("Barbara"),
            ])),
            true,
        ),
        ("placed_at", Arc::new(placed.with_timezone("UTC")), true),
        ("items", Arc::new(ListArray::new(item, OffsetBuffer::from_lengths(lengths), items, None)), true),
    ])
    .expect("the columns have one length");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("Parquet has these types");
    writer.write(&batch).expect("memory takes it");
    writer.close().expect("memory takes it");
    bytes
}
