//! Integer types by width and sign.

use arrow_schema::DataType;

/// Width in bits and sign of an integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// 8, 16, 32 or 64.
    pub bits: u8,
    /// Whether it holds negative numbers.
    pub signed: bool,
}

impl Integer {
    /// The width and sign of `data_type`; `None` when it is no integer.
    pub fn of(data_type: &DataType) -> Option<Self> {
        let (bits, signed) = match data_type {
            DataType::Int8 => (8, true),
            DataType::Int16 => (16, true),
            DataType::Int32 => (32, true),
            DataType::Int64 => (64, true),
            DataType::UInt8 => (8, false),
            DataType::UInt16 => (16, false),
            DataType::UInt32 => (32, false),
            DataType::UInt64 => (64, false),
            _ => return None,
        };
        Some(Self { bits, signed })
    }

    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match (self.bits, self.signed) {
            (8, true) => DataType::Int8,
            (16, true) => DataType::Int16,
            (32, true) => DataType::Int32,
            (_, true) => DataType::Int64,
            (8, false) => DataType::UInt8,
            (16, false) => DataType::UInt16,
            (32, false) => DataType::UInt32,
            (_, false) => DataType::UInt64,
        }
    }

    /// The narrowest integer type that holds both; `None` when none does (64 unsigned bits beside a signed type).
    pub fn wider(self, other: Self) -> Option<Self> {
        if self.signed == other.signed {
            return Some(Self { bits: self.bits.max(other.bits), signed: self.signed });
        }
        let (signed, unsigned) = if self.signed { (self, other) } else { (other, self) };
        (unsigned.bits < 64).then(|| Self { bits: signed.bits.max(unsigned.bits * 2), signed: true })
    }

    /// The decimal digits that hold every value of the width, as the engine counts them.
    pub fn digits(self) -> u8 {
        match self.bits {
            8 => 3,
            16 => 5,
            32 => 10,
            _ => 20,
        }
    }
}
