//! Rows of some columns as bytes that compare as the values in them do: arrow's row format.
//!
//! Bytes are equal where values are, at any depth, and they are ordered as values are. Floating point numbers are in their total order: NaN
//! is equal to itself, and -0.0 comes before 0.0. Values under NULL parents are not part of them.

use std::iter;

use arrow::array::ArrayRef;
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::row::{Row, RowConverter, Rows, SortField};
use cstspec_conform::all_nullable;

/// How rows of columns of certain types become bytes. Only what one of them encoded can be compared.
#[derive(Debug)]
pub struct RowFormat {
    converter: RowConverter,
    types: Vec<DataType>,
}

impl RowFormat {
    /// The format of rows of columns of these types, each sorted so.
    ///
    /// # Errors
    ///
    /// A type that has no order.
    pub fn new<'t>(columns: impl IntoIterator<Item = (&'t DataType, SortOptions)>) -> Result<Self, ArrowError> {
        let (mut fields, mut types) = (Vec::new(), Vec::new());
        for (data_type, options) in columns {
            let data_type = encoded(data_type);
            fields.push(SortField::new_with_options(data_type.clone(), options));
            types.push(data_type);
        }
        Ok(Self { converter: RowConverter::new(fields)?, types })
    }

    /// The format of keys of these columns, which are compared for equality.
    ///
    /// # Errors
    ///
    /// A type that has no order.
    pub fn of_keys(columns: &[ArrayRef]) -> Result<Self, ArrowError> {
        Self::new(columns.iter().map(|column| column.data_type()).zip(iter::repeat(SortOptions::default())))
    }

    /// The rows of `columns` as bytes.
    ///
    /// # Errors
    ///
    /// Columns of other types than those of the format.
    pub fn encode(&self, columns: &[ArrayRef]) -> Result<Rows, ArrowError> {
        let columns = columns.iter().zip(&self.types).map(|(column, data_type)| {
            // Without the conversions that a cast makes between types that differ in more than their form.
            if column.data_type() != data_type && encoded(column.data_type()) == *data_type {
                cast(column, data_type)
            } else {
                Ok(ArrayRef::clone(column))
            }
        });
        self.converter.convert_columns(&columns.collect::<Result<Vec<_>, _>>()?)
    }

    /// The values of one row, a column each.
    ///
    /// # Errors
    ///
    /// None for a row that this format encoded.
    pub fn decode(&self, row: Row<'_>) -> Result<Vec<ArrayRef>, ArrowError> {
        self.converter.convert_rows([row])
    }
}

/// The type that values of `data_type` are encoded as: all of it nullable, since the two sides of a reference may differ in that, and the values of
/// a dictionary where they are nested, of which the row format knows none.
fn encoded(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) if values.is_nested() => encoded(values),
        nested if nested.is_nested() => all_nullable(&Field::new("", nested.clone(), true)).data_type().clone(),
        flat => flat.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::sync::Arc;

    use arrow::array::{
        Array as _, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray,
        Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, LargeListArray,
        ListArray, MapArray, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray, make_comparator,
    };
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::{Fields, Int32Type, IntervalMonthDayNanoType};
    use fastrand::Rng;

    use super::*;

    const ROWS: usize = 24;

    fn nulls(rng: &mut Rng, length: usize) -> Option<NullBuffer> {
        rng.bool().then(|| (0..length).map(|_| rng.u8(..4) > 0).collect())
    }

    fn flat(rng: &mut Rng, length: usize) -> ArrayRef {
        let floats = [
            f64::NAN,
            -f64::NAN,
            0.0,
            -0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1.5,
            f64::from_bits(0x7ff0_0000_0000_0001),
        ];
        let words = [
            "",
            "a",
            "a\0",
            "ab",
            "ä",
            "a word that is longer than one block of the format",
            "a word that is longer than one block of it",
        ];
        let valid = nulls(rng, length);
        let some = |index: usize| valid.as_ref().is_none_or(|valid| valid.is_valid(index));
        macro_rules! array {
            ($array:ty, $value:expr) => {
                Arc::new(
                    (0..length)
                        .map(|index| {
                            let value = $value;
                            some(index).then_some(value)
                        })
                        .collect::<$array>(),
                )
            };
        }
        match rng.u8(..11) {
            0 => array!(Int64Array, [i64::MIN, -1, 0, 1, i64::MAX][rng.usize(..5)]),
            1 => array!(Float64Array, floats[rng.usize(..floats.len())]),
            2 => array!(Float32Array, [f32::NAN, -0.0, 0.0, -1.0, 1.0][rng.usize(..5)]),
            3 => array!(StringArray, words[rng.usize(..words.len())]),
            4 => array!(StringViewArray, words[rng.usize(..words.len())]),
            5 => array!(BooleanArray, rng.bool()),
            6 => array!(Decimal128Array, i128::from(rng.i8(-2..2)) << 70),
            7 => array!(TimestampMicrosecondArray, rng.i64(-2..2)),
            8 => array!(
                IntervalMonthDayNanoArray,
                IntervalMonthDayNanoType::make_value(rng.i32(-1..2), rng.i32(-1..2), rng.i64(-1..2))
            ),
            9 => {
                let keys = array!(Int8Array, rng.i8(0..3));
                let values = flat(rng, 3);
                Arc::new(DictionaryArray::try_new(Int8Array::clone(&keys), values).unwrap())
            }
            _ => {
                let bytes: Vec<Option<Vec<u8>>> =
                    (0..length).map(|index| some(index).then(|| vec![rng.u8(..2), rng.u8(..2)])).collect();
                Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes.into_iter(), 2).unwrap())
            }
        }
    }

    fn field(name: &str, array: &ArrayRef) -> Arc<Field> {
        Arc::new(Field::new(name, array.data_type().clone(), array.logical_null_count() > 0 || name.is_empty()))
    }

    /// A random array; what its NULLs hide is random too.
    fn random(rng: &mut Rng, length: usize, depth: usize) -> ArrayRef {
        if depth == 0 {
            return flat(rng, length);
        }
        let lengths: Vec<usize> = (0..length).map(|_| rng.usize(..3)).collect();
        let offsets: OffsetBuffer<i32> = OffsetBuffer::from_lengths(lengths.iter().copied());
        let total = lengths.iter().sum();
        let valid = nulls(rng, length);
        match rng.u8(..6) {
            0 | 1 => {
                let children = [random(rng, length, depth - 1), random(rng, length, depth - 1)];
                let fields: Fields = children.iter().zip(["x", "y"]).map(|(child, name)| field(name, child)).collect();
                Arc::new(StructArray::try_new(fields, children.to_vec(), valid).unwrap())
            }
            2 => {
                let items = random(rng, total, depth - 1);
                Arc::new(ListArray::try_new(field("item", &items), offsets, items, valid).unwrap())
            }
            3 => {
                let items = random(rng, total, depth - 1);
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(LargeListArray::try_new(field("item", &items), offsets, items, valid).unwrap())
            }
            4 => {
                let items = random(rng, 2 * length, depth - 1);
                Arc::new(FixedSizeListArray::try_new(field("", &items), 2, items, valid).unwrap())
            }
            _ => {
                let keys: ArrayRef = Arc::new(Int64Array::from_iter_values((0..total).map(|_| rng.i64(..2))));
                let values = random(rng, total, depth - 1);
                let fields: Fields = [field("key", &keys), field("value", &values)].into_iter().collect();
                let entries = StructArray::try_new(fields, vec![keys, values], None).unwrap();
                let item = Arc::new(Field::new("entries", entries.data_type().clone(), false));
                Arc::new(MapArray::try_new(item, offsets, entries, valid, false).unwrap())
            }
        }
    }

    /// Bytes compare as values of any type do.
    #[test]
    fn bytes_ordered_as_values() {
        for seed in 0..400 {
            let mut rng = Rng::with_seed(seed);
            let depth = rng.usize(..4);
            let counted = random(&mut rng, 2 * ROWS, depth);
            // Two slices, so that neither begins where its buffers do.
            let (left, right) = (counted.slice(1, ROWS), counted.slice(ROWS - 3, ROWS));
            let options = SortOptions { descending: rng.bool(), nulls_first: rng.bool() };
            let compare = make_comparator(left.as_ref(), right.as_ref(), options).unwrap();
            let format = RowFormat::new([(counted.data_type(), options)]).unwrap();
            let (rows, others) = (format.encode(&[left]).unwrap(), format.encode(&[right]).unwrap());
            for one in 0..ROWS {
                for other in 0..ROWS {
                    let (expected, found) = (compare(one, other), rows.row(one).cmp(&others.row(other)));
                    assert_eq!(found, expected, "seed {seed}, {}: rows {one} and {other}", counted.data_type());
                    assert_eq!(rows.row(one).data() == others.row(other).data(), expected == Ordering::Equal);
                }
            }
        }
    }

    #[test]
    fn row_round_trip() {
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(7)]));
        let words: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("b"), Some("a")]));
        let descending = SortOptions { descending: true, nulls_first: true };
        let types = [(numbers.data_type(), descending), (words.data_type(), SortOptions::default())];
        let format = RowFormat::new(types).unwrap();
        let rows = format.encode(&[numbers, words]).unwrap();
        let values = format.decode(rows.row(1)).unwrap();
        assert_eq!(values[0].as_ref(), &Int32Array::from(vec![7]));
        assert_eq!(values[1].as_ref(), &StringArray::from(vec!["a"]));
    }

    /// Forms of one type share a format and other types are refused.
    #[test]
    fn row_format_shared_by_type() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let of = |nullable: bool| -> ArrayRef {
            let fields = Fields::from(vec![Field::new("x", DataType::Int64, nullable)]);
            Arc::new(StructArray::try_new(fields, vec![ArrayRef::clone(&numbers)], None).unwrap())
        };
        let packed: ArrayRef = Arc::new(DictionaryArray::try_new(Int32Array::from(vec![0, 1]), of(true)).unwrap());
        let format = RowFormat::of_keys(&[of(false)]).unwrap();
        let rows = format.encode(&[of(false)]).unwrap();
        for same in [of(true), packed] {
            let same = format.encode(&[same]).unwrap();
            assert!((0..2).all(|row| same.row(row) == rows.row(row)));
        }
        assert!(format.encode(&[numbers]).is_err());
    }
}
