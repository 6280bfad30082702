//! Values of Parquet's own encodings, decoded as the contract asks.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, AsArray as _, FixedSizeBinaryArray, IntervalDayTimeArray, IntervalMonthDayNanoArray,
    IntervalYearMonthArray, PrimitiveArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, IntervalDayTime, IntervalMonthDayNano, IntervalUnit, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::util::display::array_value_to_string;
use cstspec_contract::Path;

use crate::encoding::Encoding;
use crate::{ConformError, cast};

const JULIAN_DAY_OF_EPOCH: i64 = 2_440_588;
const NANOSECONDS_OF_DAY: i128 = 86_400_000_000_000;

/// Where and as what values are decoded.
pub(super) struct Decoded<'a> {
    pub path: &'a Path,
    pub encoding: Encoding,
    pub to: &'a DataType,
    /// Whether digits that the unit lacks are cut off, and no error.
    pub cut: bool,
}

impl Encoding {
    /// The type that has all values of the encoding: what it is called in a message, and what casts begin with.
    pub fn whole(self) -> DataType {
        match self {
            Self::Int96 => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Self::Interval | Self::SignedInterval => DataType::Interval(IntervalUnit::MonthDayNano),
        }
    }

    /// The type that values are decoded to on their way to `declared`: itself, or what is cast to it.
    pub(super) fn step_to(self, declared: &DataType) -> DataType {
        match (self, declared) {
            (_, DataType::Dictionary(_, values)) => self.step_to(values),
            (_, DataType::RunEndEncoded(_, values)) => self.step_to(values.data_type()),
            (Self::Int96, DataType::Timestamp(..)) | (Self::Interval | Self::SignedInterval, DataType::Interval(_)) => {
                declared.clone()
            }
            // Nanoseconds do not reach as far as days do.
            (Self::Int96, DataType::Date32 | DataType::Date64) => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => self.whole(),
        }
    }
}

impl Decoded<'_> {
    pub fn array(&self, array: &ArrayRef) -> Result<ArrayRef, ConformError> {
        let bytes = array.as_fixed_size_binary();
        let step = self.encoding.step_to(self.to);
        let decoded: ArrayRef = match &step {
            DataType::Timestamp(unit, zone) => {
                let zone = zone.clone();
                match unit {
                    TimeUnit::Second => {
                        Arc::new(self.instants::<TimestampSecondType>(bytes, 0)?.with_timezone_opt(zone))
                    }
                    TimeUnit::Millisecond => {
                        Arc::new(self.instants::<TimestampMillisecondType>(bytes, 3)?.with_timezone_opt(zone))
                    }
                    TimeUnit::Microsecond => {
                        Arc::new(self.instants::<TimestampMicrosecondType>(bytes, 6)?.with_timezone_opt(zone))
                    }
                    TimeUnit::Nanosecond => {
                        Arc::new(self.instants::<TimestampNanosecondType>(bytes, 9)?.with_timezone_opt(zone))
                    }
                }
            }
            DataType::Interval(unit) => self.intervals(bytes, *unit)?,
            other => return Err(self.misfit(String::new(), format!("{other} is none of its types"))),
        };
        if step == *self.to { Ok(decoded) } else { cast::cast(&decoded, self.to, self.path) }
    }

    /// Instants in a unit that has `digits` after the second.
    fn instants<T: ArrowPrimitiveType<Native = i64>>(
        &self,
        array: &FixedSizeBinaryArray,
        digits: u32,
    ) -> Result<PrimitiveArray<T>, ConformError> {
        let unit = 10_i64.pow(9 - digits);
        let of_day = 86_400 * 10_i64.pow(digits);
        let one = |bytes: &[u8]| {
            let (nanos, day) = int96(bytes);
            let day = i64::from(day) - JULIAN_DAY_OF_EPOCH;
            let fits = day.checked_mul(of_day).and_then(|day| day.checked_add(nanos.div_euclid(unit)));
            // The first day of a unit begins before the unit does, and what is cut off is cut towards 1970, as a cast of a timestamp does.
            let whole = || (i128::from(day) * NANOSECONDS_OF_DAY + i128::from(nanos)) / i128::from(unit);
            let exact = fits.filter(|_| day >= 0 || nanos.rem_euclid(unit) == 0);
            let Some(instant) = exact.or_else(|| i64::try_from(whole()).ok()) else {
                return Err(self.misfit(display(day, nanos), "it is outside of what the unit reaches".to_owned()));
            };
            if !self.cut && nanos.rem_euclid(unit) != 0 {
                return Err(self.misfit(display(day, nanos), "it has more digits than the unit".to_owned()));
            }
            Ok(instant)
        };
        array.iter().map(|bytes| bytes.map(one).transpose()).collect()
    }

    fn intervals(&self, array: &FixedSizeBinaryArray, unit: IntervalUnit) -> Result<ArrayRef, ConformError> {
        let parts = |bytes: &[u8]| {
            let part = |from: usize| {
                let four = bytes[from..from + 4].try_into().expect("twelve bytes are three times four");
                match self.encoding {
                    Encoding::SignedInterval => i64::from(i32::from_le_bytes(four)),
                    _ => i64::from(u32::from_le_bytes(four)),
                }
            };
            [part(0), part(4), part(8)]
        };
        let error = |[months, days, millis]: [i64; 3], reason: &str| {
            self.misfit(format!("{months} months {days} days {millis} milliseconds"), reason.to_owned())
        };
        let small = |all: [i64; 3], part: i64| i32::try_from(part).map_err(|_| error(all, "a part of it is too large"));
        let rows = array.iter().map(|bytes| bytes.map(parts));
        Ok(match unit {
            IntervalUnit::YearMonth => {
                let one = |all: [i64; 3]| match all {
                    [months, 0, 0] => small(all, months),
                    _ => Err(error(all, "its days and milliseconds would be lost")),
                };
                let rows = rows.map(|row| row.map(one).transpose());
                Arc::new(rows.collect::<Result<IntervalYearMonthArray, ConformError>>()?)
            }
            IntervalUnit::DayTime => {
                let one = |all: [i64; 3]| match all {
                    [0, days, millis] => Ok(IntervalDayTime::new(small(all, days)?, small(all, millis)?)),
                    _ => Err(error(all, "its months would be lost")),
                };
                let rows = rows.map(|row| row.map(one).transpose());
                Arc::new(rows.collect::<Result<IntervalDayTimeArray, ConformError>>()?)
            }
            IntervalUnit::MonthDayNano => {
                let one = |all: [i64; 3]| {
                    let [months, days, millis] = all;
                    Ok(IntervalMonthDayNano::new(small(all, months)?, small(all, days)?, millis * 1_000_000))
                };
                let rows = rows.map(|row| row.map(one).transpose());
                Arc::new(rows.collect::<Result<IntervalMonthDayNanoArray, ConformError>>()?)
            }
        })
    }

    fn misfit(&self, value: String, reason: String) -> ConformError {
        ConformError::Value { path: self.path.clone(), declared: self.to.clone(), value, reason }
    }
}

/// The nanoseconds in a day, and the Julian day.
fn int96(bytes: &[u8]) -> (i64, i32) {
    let (nanos, day) = bytes.split_at(8);
    let nanos = i64::from_le_bytes(nanos.try_into().expect("eight of twelve bytes"));
    (nanos, i32::from_le_bytes(day.try_into().expect("four of twelve bytes")))
}

/// An instant as text.
fn display(day: i64, nanos: i64) -> String {
    let micros = day.checked_mul(86_400_000_000).and_then(|day| day.checked_add(nanos.div_euclid(1000)));
    let text = micros.and_then(|micros| {
        let text = array_value_to_string(&TimestampMicrosecondArray::from(vec![micros]), 0).ok()?;
        let rest = nanos.rem_euclid(1000);
        // Only what has them shows the last three digits.
        if rest == 0 { Some(text) } else { Some(format!("{text}+{rest}ns")) }
    });
    text.unwrap_or_else(|| format!("day {day} after 1970-01-01"))
}
