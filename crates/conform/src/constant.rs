//! Constants of specs as values of Arrow.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, ListArray, MapArray, StringArray, StructArray,
    UInt32Array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use cstspec_contract::{Value, list_child, map_fields, spelling};

/// `value` as a value of `data_type`, its struct fields by name, its map entries by key.
///
/// # Errors
///
/// The mismatch of value and type. A catalog that was made from specs has no such constant.
pub fn constant(value: &Value, data_type: &DataType) -> Result<Constant, ArrowError> {
    Ok(Constant(array(&[value], data_type)?))
}

/// One value of a type: an array with one row.
#[derive(Clone, Debug)]
pub struct Constant(ArrayRef);

impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref() == other.0.as_ref()
    }
}

impl Constant {
    /// NULL.
    pub fn null(data_type: &DataType) -> Self {
        Self(new_null_array(data_type, 1))
    }

    /// The first row of `array`.
    pub fn first(array: &ArrayRef) -> Self {
        Self(array.slice(0, 1))
    }

    /// The value as an array with one row.
    pub fn array(&self) -> &ArrayRef {
        &self.0
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        self.0.logical_null_count() > 0
    }

    /// The value in each of so many rows.
    ///
    /// # Errors
    ///
    /// More rows than the offsets of the type can count.
    pub fn repeated(&self, rows: usize) -> Result<ArrayRef, ArrowError> {
        if self.is_null() {
            return Ok(new_null_array(self.0.data_type(), rows));
        }
        take(&self.0, &UInt32Array::from_value(0, rows), None)
    }
}

/// `values`, each one a value of `data_type`.
fn array(values: &[&Value], data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if values.iter().all(|value| **value == Value::Null) {
        return Ok(new_null_array(data_type, values.len()));
    }
    match data_type {
        DataType::Boolean => values
            .iter()
            .map(|value| match value {
                Value::Null => Ok(None),
                Value::Bool(value) => Ok(Some(*value)),
                other => Err(misfit(other, data_type)),
            })
            .collect::<Result<BooleanArray, _>>()
            .map(|array| Arc::new(array) as ArrayRef),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let bytes = values.iter().map(|value| match value {
                Value::Null => Ok(None),
                Value::Text(text) => bytes(text).map(Some).ok_or_else(|| misfit(value, data_type)),
                other => Err(misfit(other, data_type)),
            });
            let bytes: Vec<Option<Vec<u8>>> = bytes.collect::<Result<_, _>>()?;
            cast(&(Arc::new(BinaryArray::from_iter(bytes)) as ArrayRef), data_type)
        }
        DataType::Struct(fields) => {
            let mut columns = Vec::with_capacity(fields.len());
            for field in fields {
                let column: Vec<&Value> = values.iter().map(|value| entry(value, field.name())).collect();
                columns.push(array(&column, field.data_type())?);
            }
            if let Some(other) = values.iter().find(|value| !matches!(value, Value::Null | Value::Entries(_))) {
                return Err(misfit(other, data_type));
            }
            let built = StructArray::try_new_with_length(fields.clone(), columns, Some(present(values)), values.len())?;
            Ok(Arc::new(built))
        }
        DataType::Map(entries, sorted) => map(values, entries, *sorted, data_type),
        DataType::Dictionary(_, inner) => cast(&array(values, inner)?, data_type),
        DataType::RunEndEncoded(_, inner) => cast(&array(values, inner.data_type())?, data_type),
        _ => match list_child(data_type) {
            Some(item) => list(values, item, data_type),
            None => leaf(values, data_type),
        },
    }
}

/// Which of `values` are not NULL.
fn present(values: &[&Value]) -> NullBuffer {
    values.iter().map(|value| **value != Value::Null).collect()
}

/// The entry of a struct's constant, NULL where it leaves it out.
fn entry<'a>(value: &'a Value, name: &str) -> &'a Value {
    match value {
        Value::Entries(entries) => entries.iter().find(|(key, _)| key == name).map_or(&Value::Null, |(_, value)| value),
        _ => &Value::Null,
    }
}

fn list(values: &[&Value], item: &FieldRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let mut items = Vec::new();
    let mut lengths = Vec::with_capacity(values.len());
    for value in values {
        let before = items.len();
        match value {
            Value::Null => {}
            Value::List(list) => items.extend(list),
            other => return Err(misfit(other, data_type)),
        }
        // A NULL list of a fixed size has items all the same.
        if let (Value::Null, DataType::FixedSizeList(_, size)) = (value, data_type) {
            items.extend(std::iter::repeat_n(&Value::Null, usize::try_from(*size).unwrap_or_default()));
        }
        lengths.push(items.len() - before);
    }
    let nulls = Some(present(values));
    let items = array(&items, item.data_type())?;
    if let DataType::FixedSizeList(_, size) = data_type {
        return Ok(Arc::new(FixedSizeListArray::try_new(Arc::clone(item), *size, items, nulls)?));
    }
    let built = ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), items, nulls)?;
    cast(&(Arc::new(built) as ArrayRef), data_type)
}

fn map(values: &[&Value], entries: &FieldRef, sorted: bool, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let Some((key, item)) = map_fields(entries) else {
        return Err(ArrowError::SchemaError(format!("{} has no keys and values", spelling::short(data_type))));
    };
    let (mut keys, mut items) = (Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(values.len());
    for value in values {
        let before = items.len();
        match value {
            Value::Null => {}
            Value::Entries(entries) => {
                keys.extend(entries.iter().map(|(key, _)| Value::Text(key.clone())));
                items.extend(entries.iter().map(|(_, value)| value));
            }
            other => return Err(misfit(other, data_type)),
        }
        lengths.push(items.len() - before);
    }
    let nulls = Some(present(values));
    let keys: Vec<&Value> = keys.iter().collect();
    let columns = vec![array(&keys, key.data_type())?, array(&items, item.data_type())?];
    let fields = vec![Arc::clone(key), Arc::clone(item)];
    let found = StructArray::try_new(fields.into(), columns, None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, found, nulls, sorted)?))
}

/// Values of a type without children, read from their text.
fn leaf(values: &[&Value], data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let mut texts = Vec::with_capacity(values.len());
    for value in values {
        texts.push(match value {
            Value::Null => None,
            Value::Text(text) => Some(text.clone()),
            Value::Int(_) | Value::Decimal(_) => Some(value.to_string()),
            other => return Err(misfit(other, data_type)),
        });
    }
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    // The engine reads these from text by way of another type.
    let between = match data_type {
        DataType::Float16 => Some(DataType::Float32),
        DataType::Duration(_) => Some(DataType::Int64),
        _ => None,
    };
    match between {
        Some(between) => cast(&cast(&texts, &between)?, data_type),
        None => cast(&texts, data_type),
    }
}

fn cast(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, data_type, &CastOptions { safe: false, ..CastOptions::default() })
}

/// The bytes that hexadecimal text stands for.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            Some(digit(*high)? << 4 | digit(*low)?)
        }
        _ => None,
    });
    pairs.collect()
}

fn misfit(value: &Value, data_type: &DataType) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("{value} is no {}", spelling::short(data_type)))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;
    use arrow::util::display::array_value_to_string;
    use cstspec_contract::types::{list, map, nullable, required, structure};

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn display(value: &Value, data_type: &DataType) -> String {
        let found = constant(value, data_type).unwrap_or_else(|error| panic!("{value} as {data_type}: {error}"));
        let repeated = found.repeated(3).unwrap();
        assert_eq!((repeated.data_type(), repeated.len()), (data_type, 3));
        for row in 1..3 {
            assert_eq!(repeated.slice(row, 1).as_ref(), found.array().as_ref(), "{value} as {data_type}");
        }
        array_value_to_string(&repeated, 2).unwrap()
    }

    /// Every kind of constant becomes a value of its type.
    #[test]
    fn constants_of_every_kind() {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let point = structure([required("x", DataType::Int32), nullable("y", DataType::Utf8)]);
        let entries =
            |pairs: &[(&str, Value)]| Value::Entries(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect());
        let fixed = DataType::FixedSizeList(nullable("item", DataType::Int8), 2);
        for (value, data_type, expected) in [
            (Value::Bool(true), DataType::Boolean, "true"),
            (Value::Int(-7), DataType::Int8, "-7"),
            (Value::Int(i128::from(u64::MAX)), DataType::UInt64, "18446744073709551615"),
            (Value::Decimal("1.5".to_owned()), DataType::Float16, "1.5"),
            (Value::Decimal("2.5e3".to_owned()), DataType::Float64, "2500.0"),
            (Value::Decimal("1.5".to_owned()), DataType::Decimal128(5, 2), "1.50"),
            (Value::Int(12), DataType::Decimal256(50, 1), "12.0"),
            (Value::Int(12), DataType::Decimal64(10, 1), "12.0"),
            (text("a"), DataType::LargeUtf8, "a"),
            (text("a"), DataType::Utf8View, "a"),
            (text("00fF"), DataType::Binary, "00ff"),
            (text("00fF"), DataType::BinaryView, "00ff"),
            (text("00fF"), DataType::FixedSizeBinary(2), "00ff"),
            (text("2024-02-29"), DataType::Date32, "2024-02-29"),
            (text("2024-02-29"), DataType::Date64, "2024-02-29T00:00:00"),
            (text("10:20:30.5"), DataType::Time64(TimeUnit::Microsecond), "10:20:30.500"),
            (text("2024-02-01T10:00:00.5+02:00"), utc, "2024-02-01T08:00:00.500Z"),
            (text("2024-02-01 10:00:00"), DataType::Timestamp(TimeUnit::Second, None), "2024-02-01T10:00:00"),
            (Value::Int(90), DataType::Duration(TimeUnit::Second), "PT90S"),
            (text("a"), DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), "a"),
            (Value::List(vec![Value::Int(1), Value::Null]), list(DataType::Int64), "[1, ]"),
            (Value::List(vec![]), DataType::LargeList(nullable("element", DataType::Utf8)), "[]"),
            (Value::List(vec![Value::Int(1), Value::Int(2)]), fixed, "[1, 2]"),
            (Value::List(vec![Value::Int(1)]), DataType::ListView(nullable("item", DataType::Int64)), "[1]"),
            (entries(&[("x", Value::Int(1))]), point.clone(), "{x: 1, y: }"),
            (
                Value::List(vec![Value::Null, entries(&[("y", text("b")), ("x", Value::Int(2))])]),
                list(point),
                "[, {x: 2, y: b}]",
            ),
            (entries(&[]), map(DataType::Utf8, DataType::Utf8), "{}"),
            (entries(&[("1", text("b")), ("2", Value::Null)]), map(DataType::Int32, DataType::Utf8), "{1: b, 2: }"),
        ] {
            assert_eq!(display(&value, &data_type), expected, "{value} as {data_type}");
        }
        assert!(constant(&Value::Null, &DataType::Int64).unwrap().is_null());
    }

    #[test]
    fn constant_misfit_refused() {
        for (value, data_type) in [
            (Value::Int(300), DataType::Int8),
            (Value::Bool(true), DataType::Utf8),
            (text("abc"), DataType::Binary),
            (text("2023-02-30"), DataType::Date32),
            (Value::List(vec![]), DataType::Int64),
            (Value::Int(1), list(DataType::Int64)),
            (Value::Entries(vec![]), structure([required("x", DataType::Int64)])),
        ] {
            assert!(constant(&value, &data_type).is_err(), "{value} as {data_type}");
        }
    }
}
