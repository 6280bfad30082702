//! The types of `left operator right`.

use arrow_schema::DataType;

use super::cast::castable;
use super::coercion::{self, Purpose};
use super::data_type::value_type;
use super::decimal::Decimal;
use super::integer::Integer;
use super::operator::Operator;
use super::temporal::{self, Zones};

/// The result type of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// The type that the left side is brought to.
    pub left: DataType,
    /// The type that the right side is brought to.
    pub right: DataType,
    /// The type of the result before the sides are brought anywhere.
    pub result: DataType,
}

impl Typing {
    fn uniform(data_type: DataType) -> Self {
        Self { left: data_type.clone(), right: data_type.clone(), result: data_type }
    }

    fn comparison(data_type: DataType) -> Self {
        Self { left: data_type.clone(), right: data_type, result: DataType::Boolean }
    }
}

/// The types of `left operator right`, or `None` when the engine refuses it.
pub fn typing(left: &DataType, operator: Operator, right: &DataType) -> Option<Typing> {
    if operator.calculates() {
        match (left, right) {
            (DataType::Null, DataType::Null) => return Some(Typing::uniform(DataType::Int64)),
            (DataType::Null, other) | (other, DataType::Null) if !other.is_temporal() => {
                let result = kernel(other, operator, other)?;
                return Some(Typing { left: other.clone(), right: other.clone(), result });
            }
            _ => {}
        }
    }
    match coercion::beside_null(left, right) {
        Some(data_type) => typing_of_values(&data_type, operator, &data_type),
        None => typing_of_values(left, operator, right),
    }
}

fn typing_of_values(left: &DataType, operator: Operator, right: &DataType) -> Option<Typing> {
    match operator {
        _ if operator.compares() => coercion::common(left, right, Purpose::Compare).map(Typing::comparison),
        Operator::And | Operator::Or => {
            let boolean = |data_type: &DataType| matches!(data_type, DataType::Boolean | DataType::Null);
            (boolean(left) && boolean(right)).then(|| Typing::uniform(DataType::Boolean))
        }
        Operator::Matches => matched_text(left, right).map(Typing::comparison),
        Operator::Concat => concatenated(left, right),
        _ if operator.calculates() => calculated(left, operator, right),
        _ => bits(left, right).map(Typing::uniform),
    }
}

/// Tried in the engine's order: arrow's kernel as it is, temporal operands, decimals, numbers.
fn calculated(left: &DataType, operator: Operator, right: &DataType) -> Option<Typing> {
    let date = |data_type: &DataType| matches!(data_type, DataType::Date32 | DataType::Date64);
    if operator == Operator::Subtract && left == right && date(left) {
        return Some(Typing { left: left.clone(), right: right.clone(), result: DataType::Int64 });
    }
    if let Some((left, right, result)) = temporal::shifted_time(left, operator, right) {
        return Some(Typing { left, right, result });
    }
    let by_kernel =
        |left: DataType, right: DataType| kernel(&left, operator, &right).map(|result| Typing { left, right, result });
    if let Some(typing) = by_kernel(left.clone(), right.clone()) {
        return Some(typing);
    }
    if let Some((left, right)) = temporal::operands(left, right) {
        return by_kernel(left, right);
    }
    if let Some(data_type) = temporal::common(left, right, Zones::MustAgree) {
        return by_kernel(data_type.clone(), data_type);
    }
    if let Some((left, right)) = decimals(left, right) {
        return by_kernel(left, right);
    }
    let (left, right) = (value_type(left), value_type(right));
    let numbers = left.is_numeric() && right.is_numeric();
    numbers.then(|| coercion::number_without_decimals(left, right)).flatten().map(Typing::uniform)
}

/// The result of arrow's kernel over exactly these types.
fn kernel(left: &DataType, operator: Operator, right: &DataType) -> Option<DataType> {
    if let (Some(left), Some(right)) = (Decimal::of(left), Decimal::of(right)) {
        return left.arithmetic(operator, right).map(Decimal::data_type);
    }
    if left == right && (Integer::of(left).is_some() || left.is_floating()) {
        return Some(left.clone());
    }
    temporal::kernel(left, operator, right)
}

/// The decimals that the sides become where one of them is a decimal and the other an integer or a decimal.
fn decimals(left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
    let (left, right) = (value_type(left), value_type(right));
    let integer = |data_type: &DataType, bits| {
        Integer::of(data_type)?;
        Decimal::holding(data_type, bits).map(Decimal::data_type)
    };
    match (Decimal::of(left), Decimal::of(right)) {
        (Some(left_parts), Some(right_parts)) if left_parts.bits == right_parts.bits => {
            Some((left.clone(), right.clone()))
        }
        (Some(left), Some(right)) => {
            let wider = left.wider(right)?.data_type();
            Some((wider.clone(), wider))
        }
        (Some(parts), None) => Some((left.clone(), integer(right, parts.bits)?)),
        (None, Some(parts)) => Some((integer(left, parts.bits)?, right.clone())),
        (None, None) => None,
    }
}

/// Bits are combined in an integer type. A number of another kind beside an integer takes the integer's type.
fn bits(left: &DataType, right: &DataType) -> Option<DataType> {
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    match (Integer::of(left), Integer::of(right)) {
        (Some(left), Some(right)) => Some(left.wider(right).map_or(DataType::UInt64, Integer::data_type)),
        (Some(integer), None) | (None, Some(integer)) => Some(integer.data_type()),
        (None, None) => None,
    }
}

/// The text type of both sides of a regular expression match.
pub fn matched_text(left: &DataType, right: &DataType) -> Option<DataType> {
    match (left, right) {
        (DataType::Null, DataType::Null) => Some(DataType::Utf8),
        (DataType::Null, text) | (text, DataType::Null) if text.is_string() => Some(text.clone()),
        (DataType::Dictionary(..), _) | (_, DataType::Dictionary(..)) => {
            matched_text(value_type(left), value_type(right))
        }
        _ => coercion::text(left, right),
    }
}

/// The text type of both sides of LIKE. Bytes are read as text.
pub fn liked_text(left: &DataType, right: &DataType) -> Option<DataType> {
    let both = |text: &DataType, bytes: &DataType| match (bytes, text) {
        (DataType::Binary, DataType::Utf8) => Some(DataType::Utf8),
        (DataType::BinaryView, DataType::Utf8) => Some(DataType::Utf8View),
        (DataType::LargeBinary, DataType::Utf8)
        | (DataType::Binary | DataType::BinaryView | DataType::LargeBinary, DataType::LargeUtf8) => {
            Some(DataType::LargeUtf8)
        }
        _ => None,
    };
    match (left, right) {
        (DataType::Dictionary(..), _) | (_, DataType::Dictionary(..)) => {
            liked_text(value_type(left), value_type(right))
        }
        _ => both(left, right).or_else(|| both(right, left)).or_else(|| matched_text(left, right)),
    }
}

/// Text on one side takes the other side as text; bytes stay bytes.
fn concatenated(left: &DataType, right: &DataType) -> Option<Typing> {
    use DataType::{Binary, FixedSizeBinary};
    if let Some(data_type) = coercion::text(left, right) {
        return Some(Typing::uniform(data_type));
    }
    match (left, right) {
        (FixedSizeBinary(left_size), FixedSizeBinary(right_size)) => {
            let result = FixedSizeBinary(left_size.checked_add(*right_size)?);
            Some(Typing { left: left.clone(), right: right.clone(), result })
        }
        _ if left.is_binary() && right.is_binary() => {
            let variable = |data_type: &DataType| match data_type {
                FixedSizeBinary(_) => Binary,
                other => other.clone(),
            };
            let (left, right) = (variable(left), variable(right));
            if left == right {
                return Some(Typing::uniform(left));
            }
            coercion::binary(&left, &right).map(Typing::uniform)
        }
        (text, other) | (other, text) if text.is_string() => {
            castable(other, text).then(|| Typing::uniform(text.clone()))
        }
        (DataType::Dictionary(..), DataType::Dictionary(..)) => {
            coercion::text(value_type(left), value_type(right)).map(Typing::uniform)
        }
        _ => None,
    }
}
