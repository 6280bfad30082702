//! Decimal types: storage, precision and scale, and what operators make of them.

use arrow_schema::DataType;

use super::integer::Integer;
use super::operator::Operator;

/// A decimal type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Bits of storage: 32, 64, 128 or 256.
    pub bits: u16,
    /// Digits in all.
    pub precision: u8,
    /// Digits after the point.
    pub scale: i8,
}

impl Decimal {
    /// The parts of `data_type`; `None` when it is no decimal.
    pub fn of(data_type: &DataType) -> Option<Self> {
        let (bits, precision, scale) = match *data_type {
            DataType::Decimal32(precision, scale) => (32, precision, scale),
            DataType::Decimal64(precision, scale) => (64, precision, scale),
            DataType::Decimal128(precision, scale) => (128, precision, scale),
            DataType::Decimal256(precision, scale) => (256, precision, scale),
            _ => return None,
        };
        Some(Self { bits, precision, scale })
    }

    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self.bits {
            32 => DataType::Decimal32(self.precision, self.scale),
            64 => DataType::Decimal64(self.precision, self.scale),
            128 => DataType::Decimal128(self.precision, self.scale),
            _ => DataType::Decimal256(self.precision, self.scale),
        }
    }

    /// A number type as a decimal of `bits` of storage; `None` when it does not fit there.
    pub fn holding(number: &DataType, bits: u16) -> Option<Self> {
        let (precision, scale) = match number {
            DataType::Float16 => (6, 3),
            DataType::Float32 => (14, 7),
            DataType::Float64 => (30, 15),
            _ => (Integer::of(number)?.digits(), 0),
        };
        (precision <= most_digits(bits)).then_some(Self { bits, precision, scale })
    }

    /// The decimal that holds both, for a comparison or a union. `None` when digits would be lost across storages.
    pub fn wider(self, other: Self) -> Option<Self> {
        let bits = self.bits.max(other.bits);
        let most = most_digits(bits);
        let scale = self.scale.max(other.scale);
        let precision = clamp(self.whole_digits().max(other.whole_digits()) + i16::from(scale));
        if self.bits != other.bits && precision > most {
            return None;
        }
        let scale = scale.min(i8::try_from(most).unwrap_or(i8::MAX));
        Some(Self { bits, precision: precision.min(most), scale })
    }

    /// The result of `self operator other` over equal storage. `None` when the engine refuses it.
    pub fn arithmetic(self, operator: Operator, other: Self) -> Option<Self> {
        if self.bits != other.bits {
            return None;
        }
        let most = most_digits(self.bits);
        let most_scale = i8::try_from(most).unwrap_or(i8::MAX);
        let common_scale = self.scale.max(other.scale);
        let (precision, scale) = match operator {
            Operator::Add | Operator::Subtract => {
                (self.whole_digits().max(other.whole_digits()) + i16::from(common_scale) + 1, common_scale)
            }
            Operator::Multiply => {
                let scale = self.scale.saturating_add(other.scale);
                if scale > most_scale {
                    return None;
                }
                (i16::from(self.precision) + i16::from(other.precision) + 1, scale)
            }
            Operator::Divide => {
                let scale = self.scale.saturating_add(4).min(most_scale);
                let shift = i16::from(scale) - i16::from(self.scale) + i16::from(other.scale);
                // The kernel multiplies by that power of ten, in the decimals' own storage.
                if shift.unsigned_abs() > u16::from(most) {
                    return None;
                }
                (shift + i16::from(self.precision), scale)
            }
            Operator::Modulo => (self.whole_digits().min(other.whole_digits()) + i16::from(common_scale), common_scale),
            _ => return None,
        };
        let precision = clamp(precision).min(most);
        // Arrow refuses a precision of zero and a scale beyond the precision.
        let fits = precision > 0 && i16::from(scale) <= i16::from(precision);
        fits.then_some(Self { bits: self.bits, precision, scale })
    }

    /// Digits before the point.
    fn whole_digits(self) -> i16 {
        i16::from(self.precision) - i16::from(self.scale)
    }
}

/// The most digits that decimals of `bits` of storage have.
fn most_digits(bits: u16) -> u8 {
    match bits {
        32 => 9,
        64 => 18,
        128 => 38,
        _ => 76,
    }
}

fn clamp(digits: i16) -> u8 {
    u8::try_from(digits.clamp(0, 255)).unwrap_or(u8::MAX)
}
