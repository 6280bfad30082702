//! SQL types as the engine maps them to Arrow.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use sqlparser::ast::{ArrayElemTypeDef, DataType as SqlType, ExactNumberInfo, TimezoneInfo};

use super::error::ExprErrorKind;
use super::read::Mistake;

/// The Arrow type of a SQL type.
///
/// Texts are `utf8`: sessions of ours keep `datafusion.sql_parser.map_string_types_to_utf8view` off.
pub(super) fn arrow_type(written: &SqlType) -> Result<DataType, Mistake> {
    Ok(match written {
        SqlType::Boolean | SqlType::Bool => DataType::Boolean,
        SqlType::TinyInt(_) => DataType::Int8,
        SqlType::SmallInt(_) | SqlType::Int2(_) => DataType::Int16,
        SqlType::Int(_) | SqlType::Integer(_) | SqlType::Int4(_) => DataType::Int32,
        SqlType::BigInt(_) | SqlType::Int8(_) => DataType::Int64,
        SqlType::TinyIntUnsigned(_) => DataType::UInt8,
        SqlType::SmallIntUnsigned(_) | SqlType::Int2Unsigned(_) => DataType::UInt16,
        SqlType::IntUnsigned(_) | SqlType::IntegerUnsigned(_) | SqlType::Int4Unsigned(_) => DataType::UInt32,
        SqlType::BigIntUnsigned(_) | SqlType::Int8Unsigned(_) => DataType::UInt64,
        SqlType::Float(_) | SqlType::Real | SqlType::Float4 => DataType::Float32,
        SqlType::Double(ExactNumberInfo::None) | SqlType::DoublePrecision | SqlType::Float8 => DataType::Float64,
        SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Text | SqlType::String(_) => DataType::Utf8,
        SqlType::Bytea => DataType::Binary,
        SqlType::Date => DataType::Date32,
        SqlType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Time64(TimeUnit::Nanosecond)
        }
        SqlType::Timestamp(precision, zone) => timestamp(*precision, *zone, written)?,
        SqlType::Interval { fields: None, precision: None } => DataType::Interval(IntervalUnit::MonthDayNano),
        SqlType::Numeric(digits) | SqlType::Decimal(digits) => decimal(digits, written)?,
        SqlType::Array(ArrayElemTypeDef::AngleBracket(item) | ArrayElemTypeDef::SquareBracket(item, None)) => {
            DataType::List(list_field(item)?)
        }
        SqlType::Array(ArrayElemTypeDef::SquareBracket(item, Some(size))) => {
            let size = i32::try_from(*size).map_err(|_| unknown(written))?;
            DataType::FixedSizeList(list_field(item)?, size)
        }
        SqlType::Struct(..) => return Err(Mistake::unsupported(format_args!("a cast to {written}"))),
        _ => return Err(unknown(written)),
    })
}

fn list_field(item: &SqlType) -> Result<FieldRef, Mistake> {
    Ok(Arc::new(Field::new_list_field(arrow_type(item)?, true)))
}

fn timestamp(precision: Option<u64>, zone: TimezoneInfo, written: &SqlType) -> Result<DataType, Mistake> {
    if matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) {
        // Its zone is the session's (`datafusion.execution.time_zone`).
        return Err(Mistake::unsupported(format_args!("{written}, which is the session's time zone's")));
    }
    let unit = match precision {
        Some(0) => TimeUnit::Second,
        Some(3) => TimeUnit::Millisecond,
        Some(6) => TimeUnit::Microsecond,
        None | Some(9) => TimeUnit::Nanosecond,
        Some(_) => return Err(unknown(written)),
    };
    Ok(DataType::Timestamp(unit, None))
}

/// 38 digits, 10 of them after the point, unless said otherwise.
fn decimal(digits: &ExactNumberInfo, written: &SqlType) -> Result<DataType, Mistake> {
    let (precision, scale) = match digits {
        ExactNumberInfo::None => (38, 10),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let precision = u8::try_from(precision).map_err(|_| unknown(written))?;
    let scale = i8::try_from(scale).map_err(|_| unknown(written))?;
    match precision {
        1..=76 if scale.unsigned_abs() > precision => Err(unknown(written)),
        1..=38 => Ok(DataType::Decimal128(precision, scale)),
        39..=76 => Ok(DataType::Decimal256(precision, scale)),
        _ => Err(unknown(written)),
    }
}

fn unknown(written: &SqlType) -> Mistake {
    Mistake::new(
        ExprErrorKind::UnknownType,
        format!("the engine has no SQL type `{written}`"),
        "use another SQL type, or arrow_cast(x, 'Type') with an Arrow type",
    )
}
