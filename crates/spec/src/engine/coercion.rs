//! The one type that two or more values are brought to.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};

use super::cast::valid_time;
use super::decimal::Decimal;
use super::integer::Integer;
use super::temporal::{self, Zones};

/// The purpose of a coercion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Operators that compare, IN, BETWEEN, `CASE x WHEN`: a number beside a text makes the text a number.
    Compare,
    /// The branches of a CASE: a number beside a text becomes a text.
    Union,
    /// The arguments of `coalesce` and of array constructors: like a comparison, but dictionaries are kept, and so is the
    /// family of types.
    Arguments,
}

/// The type that both are brought to, or `None` when there is none.
pub fn common(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    if purpose == Purpose::Arguments {
        return common_argument(left, right);
    }
    if left.equals_datatype(right) {
        return Some(left.clone());
    }
    number(left, right)
        .or_else(|| dictionary(left, right, purpose))
        .or_else(|| temporal::common(left, right, Zones::LeftWins))
        .or_else(|| text(left, right))
        .or_else(|| list(left, right, purpose))
        .or_else(|| beside_null(left, right))
        .or_else(|| text_and_number(left, right, purpose))
        .or_else(|| text_and_temporal(left, right))
        .or_else(|| binary(left, right))
        .or_else(|| structure(left, right, purpose))
        .or_else(|| map(left, right, purpose))
}

/// `common` over a first type and more, from left to right.
pub fn fold<'a>(first: &DataType, rest: impl IntoIterator<Item = &'a DataType>, purpose: Purpose) -> Option<DataType> {
    rest.into_iter().try_fold(first.clone(), |left, right| common(&left, right, purpose))
}

/// The type that all arguments of `coalesce` or of an array constructor are brought to.
pub fn common_arguments(types: &[DataType]) -> Option<DataType> {
    let first = types.first()?;
    if types.iter().all(|data_type| data_type == first) {
        return Some(first.clone());
    }
    let mut family = None;
    for data_type in types.iter().filter(|data_type| !data_type.is_null()) {
        match Family::of(data_type)? {
            Family::Undecided => {}
            known if family.is_none_or(|family| family == known) => family = Some(known),
            _ => return None,
        }
    }
    let mut types = types.iter().filter(|data_type| !data_type.is_null());
    let first = types.next()?.clone();
    types.try_fold(first, |common, data_type| common_argument(data_type, &common))
}

/// The kinds of types that do not mix in arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Array,
    Boolean,
    Number,
    Temporal,
    Composite,
    /// Text and NULL become what is beside them.
    Undecided,
}

impl Family {
    fn of(data_type: &DataType) -> Option<Self> {
        match super::value_type(data_type) {
            DataType::Boolean => Some(Self::Boolean),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => Some(Self::Array),
            DataType::Map(..) | DataType::Struct(_) => Some(Self::Composite),
            DataType::Null => Some(Self::Undecided),
            other if other.is_numeric() => Some(Self::Number),
            other if other.is_string() => Some(Self::Undecided),
            other if other.is_temporal() => Some(Self::Temporal),
            _ => None,
        }
    }
}

fn common_argument(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Dictionary, Struct, Utf8View};
    let purpose = Purpose::Arguments;
    if left == right {
        return Some(left.clone());
    }
    match (left, right) {
        (Dictionary(left_key, left_value), Dictionary(right_key, right_value)) => {
            let key = common_argument(left_key, right_key)?;
            let value = common_argument(left_value, right_value)?;
            Some(Dictionary(Box::new(key), Box::new(value)))
        }
        (Dictionary(key, value), other) | (other, Dictionary(key, value)) => match common_argument(value, other)? {
            Utf8View => Some(Utf8View),
            value => Some(Dictionary(key.clone(), Box::new(value))),
        },
        (Struct(left), Struct(right)) => {
            if left.len() != right.len() {
                return None;
            }
            let fields: Option<Vec<FieldRef>> = left
                .iter()
                .zip(right)
                .map(|(field, beside)| {
                    let same = right.iter().find(|other| other.name() == field.name())?;
                    let data_type = common_argument(field.data_type(), same.data_type())?;
                    Some(merged(field, beside, data_type))
                })
                .collect();
            Some(Struct(fields?.into()))
        }
        _ => number(left, right)
            .or_else(|| list(left, right, purpose))
            .or_else(|| map(left, right, purpose))
            .or_else(|| temporal::common(left, right, Zones::LeftWins))
            .or_else(|| text(left, right))
            .or_else(|| beside_null(left, right))
            .or_else(|| text_and_number(left, right, purpose))
            .or_else(|| binary(left, right)),
    }
}

/// Two numbers: decimals win over floats, floats over integers. Sixty-four unsigned bits beside a signed integer make a decimal.
pub fn number(left: &DataType, right: &DataType) -> Option<DataType> {
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    if left == right {
        return Some(left.clone());
    }
    let decimal = match (Decimal::of(left), Decimal::of(right)) {
        (Some(left), Some(right)) => left.wider(right),
        (Some(decimal), None) => Decimal::holding(right, decimal.bits).and_then(|other| decimal.wider(other)),
        (None, Some(decimal)) => Decimal::holding(left, decimal.bits).and_then(|other| decimal.wider(other)),
        (None, None) => None,
    };
    decimal.map(Decimal::data_type).or_else(|| number_without_decimals(left, right))
}

/// Two numbers that meet in no decimal. An integer too wide for the decimal beside it wins over it, and its fraction is lost.
pub fn number_without_decimals(left: &DataType, right: &DataType) -> Option<DataType> {
    for float in [DataType::Float64, DataType::Float32, DataType::Float16] {
        if *left == float || *right == float {
            return Some(float);
        }
    }
    match (Integer::of(left), Integer::of(right)) {
        (Some(left), Some(right)) => Some(left.wider(right).map_or(DataType::Decimal128(20, 0), Integer::data_type)),
        (Some(integer), None) | (None, Some(integer)) => Some(integer.data_type()),
        (None, None) => None,
    }
}

/// Two texts: a view wins, then the larger offsets.
pub fn text(left: &DataType, right: &DataType) -> Option<DataType> {
    (left.is_string() && right.is_string()).then(|| widest_text([left, right]))
}

/// The widest of the text types among `types`, `utf8` when there is none.
pub fn widest_text<'a>(types: impl IntoIterator<Item = &'a DataType>) -> DataType {
    let mut widest = DataType::Utf8;
    for data_type in types {
        match data_type {
            DataType::Utf8View => return DataType::Utf8View,
            DataType::LargeUtf8 => widest = DataType::LargeUtf8,
            _ => {}
        }
    }
    widest
}

/// NULL becomes the type beside it.
pub fn beside_null(left: &DataType, right: &DataType) -> Option<DataType> {
    match (left, right) {
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        _ => None,
    }
}

fn dictionary(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    use DataType::Dictionary;
    match (left, right) {
        (Dictionary(_, left), Dictionary(_, right)) => common(left, right, purpose),
        (whole @ Dictionary(_, value), other) | (other, whole @ Dictionary(_, value)) if value.as_ref() == other => {
            Some(whole.clone())
        }
        (Dictionary(_, value), _) => common(value, right, purpose),
        (_, Dictionary(_, value)) => common(left, value, purpose),
        _ => None,
    }
}

fn text_and_number(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    let (text, number) = match (left, right) {
        (text, number) | (number, text) if text.is_string() && number.is_numeric() => (text, number),
        _ => return None,
    };
    Some(if purpose == Purpose::Union { text.clone() } else { number.clone() })
}

fn text_and_temporal(left: &DataType, right: &DataType) -> Option<DataType> {
    let temporal = match (left, right) {
        (text, temporal) | (temporal, text) if text.is_string() => temporal,
        _ => return None,
    };
    match temporal {
        DataType::Date32 | DataType::Date64 => Some(temporal.clone()),
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(TimeUnit::Nanosecond, zone.clone())),
        other => valid_time(other).then(|| other.clone()),
    }
}

/// Bytes beside bytes or text, as bytes.
pub fn binary(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Binary, BinaryView, FixedSizeBinary, LargeBinary, LargeUtf8, Utf8View};
    let variable = |data_type: &DataType| matches!(data_type, Binary | LargeBinary | BinaryView);
    match (left, right) {
        (FixedSizeBinary(_), other @ (Binary | BinaryView)) | (other @ (Binary | BinaryView), FixedSizeBinary(_)) => {
            return Some(other.clone());
        }
        (FixedSizeBinary(_), _) | (_, FixedSizeBinary(_)) => return None,
        _ => {}
    }
    let either = |data_type: &DataType| left == data_type || right == data_type;
    let fits = (variable(left) || left.is_string()) && (variable(right) || right.is_string());
    if !fits || (left.is_string() && right.is_string()) {
        return None;
    }
    Some(if either(&BinaryView) {
        BinaryView
    } else if either(&LargeBinary) || either(&LargeUtf8) || either(&Utf8View) {
        LargeBinary
    } else {
        Binary
    })
}

fn list(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    use DataType::{FixedSizeList, LargeList, List};
    let (List(left_item) | LargeList(left_item) | FixedSizeList(left_item, _)) = left else { return None };
    let (List(right_item) | LargeList(right_item) | FixedSizeList(right_item, _)) = right else { return None };
    let data_type = common(left_item.data_type(), right_item.data_type(), purpose)?;
    let nullable = left_item.is_nullable() || right_item.is_nullable();
    let item = Arc::new(left_item.as_ref().clone().with_data_type(data_type).with_nullable(nullable));
    Some(match (left, right) {
        (LargeList(_), _) | (_, LargeList(_)) => LargeList(item),
        (FixedSizeList(_, size), FixedSizeList(_, other)) if size == other => FixedSizeList(item, *size),
        _ => List(item),
    })
}

fn structure(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    match (left, right) {
        (DataType::Struct(left), DataType::Struct(right)) => fields(left, right, purpose).map(DataType::Struct),
        _ => None,
    }
}

/// Structs of the same names are matched by name, others by position; the left names stay.
fn fields(left: &Fields, right: &Fields, purpose: Purpose) -> Option<Fields> {
    if left.len() != right.len() {
        return None;
    }
    let named = |field: &FieldRef| right.iter().find(|other| other.name() == field.name());
    let by_name = left.iter().all(|field| named(field).is_some());
    left.iter()
        .zip(right)
        .map(|(field, beside)| {
            let other = if by_name { named(field)? } else { beside };
            let data_type = common(field.data_type(), other.data_type(), purpose)?;
            Some(merged(field, other, data_type))
        })
        .collect()
}

fn merged(left: &Field, right: &Field, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(left.name(), data_type, left.is_nullable() || right.is_nullable()))
}

fn map(left: &DataType, right: &DataType, purpose: Purpose) -> Option<DataType> {
    let (DataType::Map(left, left_sorted), DataType::Map(right, right_sorted)) = (left, right) else { return None };
    // The entries are compared as structs even among arguments.
    let entries = match (left.data_type(), right.data_type()) {
        (DataType::Struct(left), DataType::Struct(right)) => fields(left, right, purpose)?,
        _ => return None,
    };
    let entries = left.as_ref().clone().with_data_type(DataType::Struct(entries));
    Some(DataType::Map(Arc::new(entries), *left_sorted && *right_sorted))
}
