//! SQL types as the engine maps them to Arrow.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use sqlparser::ast::{ArrayElemTypeDef, DataType as SqlType, ExactNumberInfo, TimezoneInfo};

use super::error::ExprErrorKind;
use super::read::Mistake;
use super::session::Dialect;
use crate::types::{MAX_FIXED_BYTES, fixed_bytes};

/// The Arrow type of a SQL type in a session with `dialect`.
pub(super) fn arrow_type(written: &SqlType, dialect: &Dialect) -> Result<DataType, Mistake> {
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
        SqlType::Varchar(Some(_)) if !dialect.lengths => return Err(unknown(written)),
        SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Text | SqlType::String(_) => dialect.text.clone(),
        SqlType::Bytea => DataType::Binary,
        SqlType::Date => DataType::Date32,
        SqlType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Time64(TimeUnit::Nanosecond)
        }
        SqlType::Timestamp(precision, zone) => timestamp(*precision, *zone, written, dialect)?,
        SqlType::Interval { fields: None, precision: None } => DataType::Interval(IntervalUnit::MonthDayNano),
        SqlType::Numeric(digits) | SqlType::Decimal(digits) => decimal(digits, written)?,
        SqlType::Array(ArrayElemTypeDef::AngleBracket(item) | ArrayElemTypeDef::SquareBracket(item, None)) => {
            DataType::List(list_field(item, dialect)?)
        }
        SqlType::Array(ArrayElemTypeDef::SquareBracket(item, Some(size))) => {
            let size = i32::try_from(*size).map_err(|_| unknown(written))?;
            let list = DataType::FixedSizeList(list_field(item, dialect)?, size);
            if fixed_bytes(&list) > MAX_FIXED_BYTES {
                let help = format!("write a type of at most {MAX_FIXED_BYTES} bytes, or a list");
                return Err(Mistake::new(ExprErrorKind::TooComplex, format!("`{written}` has too many bytes"), help));
            }
            list
        }
        SqlType::Struct(..) => return Err(Mistake::unsupported(format_args!("a cast to {written}"))),
        _ => return Err(unknown(written)),
    })
}

fn list_field(item: &SqlType, dialect: &Dialect) -> Result<FieldRef, Mistake> {
    Ok(Arc::new(Field::new_list_field(arrow_type(item, dialect)?, true)))
}

fn timestamp(
    precision: Option<u64>,
    zone: TimezoneInfo,
    written: &SqlType,
    dialect: &Dialect,
) -> Result<DataType, Mistake> {
    let zoned = matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone);
    let zone = dialect.zone.clone().filter(|_| zoned);
    let unit = match precision {
        Some(0) => TimeUnit::Second,
        Some(3) => TimeUnit::Millisecond,
        Some(6) => TimeUnit::Microsecond,
        None | Some(9) => TimeUnit::Nanosecond,
        Some(_) => return Err(unknown(written)),
    };
    Ok(DataType::Timestamp(unit, zone))
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
