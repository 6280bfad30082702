//! Whether a constant fits a type.

use arrow_schema::{DataType, Field, TimeUnit};
use chrono::{NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use cstspec_contract::{Value, spelling};

/// The part of a constant that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The keys and item numbers that lead to the part, outermost first, as they are written.
    pub keys: Vec<String>,
    /// The expected type.
    pub expected: String,
    /// The constant.
    pub observed: String,
}

/// The part of `value` that is no value of `field`; `None` if all of it fits.
pub fn misfit(value: &Value, field: &Field) -> Option<Misfit> {
    if *value == Value::Null {
        let observed = "null where NULL is not allowed";
        return (!field.is_nullable())
            .then(|| Misfit::new(format!("a value of {}", spelling::short(field.data_type())), observed));
    }
    misfit_type(value, field.data_type())
}

impl Misfit {
    fn new(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Self { keys: Vec::new(), expected: expected.into(), observed: observed.into() }
    }

    fn below(mut self, key: impl Into<String>) -> Self {
        self.keys.insert(0, key.into());
        self
    }
}

fn misfit_type(value: &Value, data_type: &DataType) -> Option<Misfit> {
    let here = |fits: bool| {
        (!fits).then(|| Misfit::new(format!("a value of {}", spelling::short(data_type)), value.to_string()))
    };
    match (data_type, value) {
        (DataType::Dictionary(_, values), _) => misfit_type(value, values),
        (DataType::RunEndEncoded(_, values), _) => misfit(value, values),
        (DataType::FixedSizeList(item, size), Value::List(items)) => {
            if usize::try_from(*size).ok() == Some(items.len()) {
                return misfit_items(items, item);
            }
            Some(Misfit::new(format!("{size} items"), format!("{} items", items.len())))
        }
        (
            DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item),
            Value::List(items),
        ) => misfit_items(items, item),
        (DataType::Struct(fields), Value::Entries(entries)) => {
            let unknown = entries.iter().find(|(name, _)| !fields.iter().any(|field| field.name() == name));
            if let Some((name, _)) = unknown {
                let known: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                return Some(Misfit::new(format!("the fields {}", known.join(", ")), format!("`{name}`")).below(name));
            }
            fields.iter().find_map(|field| {
                let value =
                    entries.iter().find(|(name, _)| name == field.name()).map_or(&Value::Null, |(_, value)| value);
                misfit(value, field).map(|misfit| misfit.below(field.name()))
            })
        }
        (DataType::Map(map, _), Value::Entries(entries)) => {
            let (key, item) = cstspec_contract::map_fields(map)?;
            entries.iter().find_map(|(name, value)| {
                let text = Value::Text(name.clone());
                let key_fits = misfit_type(&text, key.data_type()).is_none()
                    || name.parse().is_ok_and(|number| misfit_type(&Value::Int(number), key.data_type()).is_none());
                let misfit = if key_fits {
                    misfit(value, item)
                } else {
                    Some(Misfit::new(format!("a key of {}", spelling::short(key.data_type())), format!("`{name}`")))
                };
                misfit.map(|misfit| misfit.below(name))
            })
        }
        _ => here(fits_scalar(value, data_type)),
    }
}

fn misfit_items(items: &[Value], item: &Field) -> Option<Misfit> {
    let mut numbered = items.iter().enumerate();
    numbered.find_map(|(number, value)| misfit(value, item).map(|misfit| misfit.below(number.to_string())))
}

/// Whether `value` is one of a type without children.
fn fits_scalar(value: &Value, data_type: &DataType) -> bool {
    match (data_type, value) {
        (DataType::Boolean, Value::Bool(_))
        | (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, Value::Text(_)) => true,
        (DataType::Float16, Value::Int(_) | Value::Decimal(_)) => float_fits(&value.to_string(), LEAST_ABOVE_FLOAT16),
        (DataType::Float32, Value::Int(_) | Value::Decimal(_)) => float_fits(&value.to_string(), LEAST_ABOVE_FLOAT32),
        (DataType::Float64, Value::Int(_) | Value::Decimal(_)) => float_fits(&value.to_string(), f64::INFINITY),
        (DataType::Binary | DataType::LargeBinary | DataType::BinaryView, Value::Text(text)) => hex(text).is_some(),
        (DataType::FixedSizeBinary(size), Value::Text(text)) => hex(text) == usize::try_from(*size).ok(),
        (DataType::Int8, Value::Int(number)) => i8::try_from(*number).is_ok(),
        (DataType::Int16, Value::Int(number)) => i16::try_from(*number).is_ok(),
        (DataType::Int32, Value::Int(number)) => i32::try_from(*number).is_ok(),
        (DataType::Int64 | DataType::Duration(_), Value::Int(number)) => i64::try_from(*number).is_ok(),
        (DataType::UInt8, Value::Int(number)) => u8::try_from(*number).is_ok(),
        (DataType::UInt16, Value::Int(number)) => u16::try_from(*number).is_ok(),
        (DataType::UInt32, Value::Int(number)) => u32::try_from(*number).is_ok(),
        (DataType::UInt64, Value::Int(number)) => u64::try_from(*number).is_ok(),
        (
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale),
            Value::Int(_) | Value::Decimal(_),
        ) => decimal_fits(&value.to_string(), *precision, *scale),
        (DataType::Date32 | DataType::Date64, Value::Text(text)) => is_date(text),
        (DataType::Time32(unit) | DataType::Time64(unit), Value::Text(text)) => {
            is_time(text) && digits_after_point(text) <= digits_of(*unit)
        }
        (DataType::Timestamp(unit, zone), Value::Text(text)) => is_timestamp(text, *unit, zone.as_deref()),
        _ => false,
    }
}

/// How many bytes hexadecimal text stands for.
fn hex(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits && text.len().is_multiple_of(2)).then_some(text.len() / 2)
}

/// Whether a number as text has at most `precision` digits, `scale` of them after the point.
fn decimal_fits(text: &str, precision: u8, scale: i8) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || scale < 0 {
        return false;
    }
    let whole = whole.trim_start_matches('0').len();
    let fraction = fraction.trim_end_matches('0').len();
    fraction <= usize::from(scale.unsigned_abs()) && whole + usize::from(scale.unsigned_abs()) <= usize::from(precision)
}

/// The numbers of a text that has digits where `form` has `0` and the same characters elsewhere.
fn numbers(text: &str, form: &str) -> Option<Vec<u32>> {
    let same = text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(seen, wanted)| if wanted == b'0' { seen.is_ascii_digit() } else { seen == wanted });
    same.then(|| {
        text.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    })
}

fn is_date(text: &str) -> bool {
    let Some(parts) = numbers(text, "0000-00-00") else { return false };
    let leap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0);
    let days = match parts[1] {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&parts[2])
}

fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let fraction_fits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    fraction_fits && numbers(whole, "00:00:00").is_some_and(|parts| parts[0] < 24 && parts[1] < 60 && parts[2] < 60)
}

/// Whether `text` is a moment that a timestamp of the unit and the zone can hold.
fn is_timestamp(text: &str, unit: TimeUnit, zone: Option<&str>) -> bool {
    let Some((date, rest)) = text.split_once(['T', ' ']) else { return false };
    let start = rest.find(['Z', '+', '-']);
    let (time, offset) = rest.split_at(start.unwrap_or(rest.len()));
    let minutes = match offset {
        "" => None,
        "Z" => Some(0),
        _ => match minutes_of(offset) {
            Some(minutes) => Some(minutes),
            None => return false,
        },
    };
    if !is_date(date)
        || !is_time(time)
        || digits_after_point(time) > digits_of(unit)
        || (zone.is_none() && minutes.is_some())
    {
        return false;
    }
    let Ok(local) = format!("{date}T{time}").parse::<NaiveDateTime>() else { return false };
    let utc = match (minutes, zone.map(str::parse::<Tz>)) {
        (Some(minutes), _) => local.checked_sub_signed(TimeDelta::minutes(minutes)),
        // Where clocks are put forward there is no such time, and where they are put back there are two.
        (None, Some(Ok(zone))) => zone.from_local_datetime(&local).single().map(|moment| moment.naive_utc()),
        (None, _) => Some(local),
    };
    utc.is_some_and(|utc| unit != TimeUnit::Nanosecond || utc.and_utc().timestamp_nanos_opt().is_some())
}

/// The minutes of an offset such as `-05:30`.
fn minutes_of(offset: &str) -> Option<i64> {
    let parts = numbers(offset.strip_prefix(['+', '-'])?, "00:00")?;
    let minutes = i64::from(parts[0] * 60 + parts[1]);
    let sound = parts[0] < 24 && parts[1] < 60;
    sound.then_some(if offset.starts_with('-') { -minutes } else { minutes })
}

/// How many digits a time has after the point, zeros at its end aside.
fn digits_after_point(time: &str) -> usize {
    time.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len())
}

/// How many digits after the point of a second a unit holds.
fn digits_of(unit: TimeUnit) -> usize {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// The least magnitude that rounds to infinity as a float of 16 bits: half a step above the largest, 65504.
const LEAST_ABOVE_FLOAT16: f64 = 65_520.0;
/// The least magnitude that rounds to infinity as a float of 32 bits.
const LEAST_ABOVE_FLOAT32: f64 = 3.402_823_567_797_336_6e38;

/// Whether a number as text is one, and below `above` on both sides of zero.
fn float_fits(text: &str, above: f64) -> bool {
    text.parse().is_ok_and(|number: f64| number.abs() < above)
}

#[cfg(test)]
mod tests {
    use arrow_schema::TimeUnit;
    use cstspec_contract::types::{list, map, nullable, required, structure};

    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn constants_fit_types() {
        let point = structure([required("x", DataType::Int32), nullable("y", DataType::Int32)]);
        let x = |number| Value::Entries(vec![("x".to_owned(), Value::Int(number))]);
        for (value, data_type, fits) in [
            (Value::Int(127), DataType::Int8, true),
            (Value::Int(128), DataType::Int8, false),
            (Value::Int(-1), DataType::UInt64, false),
            (text("1"), DataType::Int8, false),
            (Value::Decimal("1.50".to_owned()), DataType::Decimal128(3, 1), true),
            (Value::Decimal("1.55".to_owned()), DataType::Decimal128(3, 1), false),
            (Value::Int(100), DataType::Decimal128(3, 1), false),
            (text("2024-02-29"), DataType::Date32, true),
            (text("2023-02-29"), DataType::Date32, false),
            (text("2024-02-01T10:00:00.5Z"), DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            (text("2024-02-01T10:00:00Z"), DataType::Timestamp(TimeUnit::Microsecond, None), false),
            (text("9999-12-31T00:00:00"), DataType::Timestamp(TimeUnit::Microsecond, None), true),
            (text("9999-12-31T00:00:00"), DataType::Timestamp(TimeUnit::Nanosecond, None), false),
            (text("1677-09-21T00:12:43"), DataType::Timestamp(TimeUnit::Nanosecond, None), false),
            (text("2262-04-11T23:47:16.854775807"), DataType::Timestamp(TimeUnit::Nanosecond, None), true),
            (text("2262-04-11T23:47:16Z"), DataType::Timestamp(TimeUnit::Nanosecond, Some("+02:00".into())), true),
            (text("2262-04-11T23:47:16-00:01"), DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), false),
            (text("2024-03-31T02:30:00"), DataType::Timestamp(TimeUnit::Second, Some("Europe/Vienna".into())), false),
            (text("2024-10-27T02:30:00"), DataType::Timestamp(TimeUnit::Second, Some("Europe/Vienna".into())), false),
            (
                text("2024-10-27T02:30:00+02:00"),
                DataType::Timestamp(TimeUnit::Second, Some("Europe/Vienna".into())),
                true,
            ),
            (
                text("2024-10-27T02:30:00+24:00"),
                DataType::Timestamp(TimeUnit::Second, Some("Europe/Vienna".into())),
                false,
            ),
            (text("2024-02-01T10:00:00.5"), DataType::Timestamp(TimeUnit::Second, None), false),
            (text("2024-02-01T10:00:00.500"), DataType::Timestamp(TimeUnit::Millisecond, None), true),
            (text("10:00:00.0001"), DataType::Time32(TimeUnit::Millisecond), false),
            (text("10:00:00.0001"), DataType::Time64(TimeUnit::Microsecond), true),
            (Value::Int(1_000_000), DataType::Float16, false),
            (Value::Int(65_519), DataType::Float16, true),
            (Value::Decimal("-65520".to_owned()), DataType::Float16, false),
            (Value::Decimal("3.5e38".to_owned()), DataType::Float32, false),
            (Value::Decimal("3.4028235e38".to_owned()), DataType::Float32, true),
            (Value::Decimal("1e400".to_owned()), DataType::Float64, false),
            (Value::Decimal("-1.7e308".to_owned()), DataType::Float64, true),
            (Value::Decimal(".nan".to_owned()), DataType::Float64, false),
            (Value::Decimal("-.inf".to_owned()), DataType::Float64, false),
            (text("ab"), DataType::FixedSizeBinary(1), true),
            (text("abc"), DataType::Binary, false),
            (Value::List(vec![Value::Null, Value::Int(1)]), list(DataType::Int32), true),
            (x(1), point.clone(), true),
            (Value::Entries(vec![]), point.clone(), false),
            (Value::Entries(vec![("z".to_owned(), Value::Null)]), point, false),
            (Value::Entries(vec![]), map(DataType::Utf8, DataType::Utf8), true),
            (Value::Entries(vec![("1".to_owned(), Value::Null)]), map(DataType::Int32, DataType::Utf8), true),
            (Value::Entries(vec![("a".to_owned(), Value::Null)]), map(DataType::Int32, DataType::Utf8), false),
        ] {
            let field = Field::new("column", data_type, false);
            assert_eq!(misfit(&value, &field).is_none(), fits, "{value} as {field:?}");
        }
        assert!(misfit(&Value::Null, &Field::new("column", DataType::Int8, false)).is_some());
    }
}
