//! Encodings of Parquet that Arrow has no type for.

use arrow::datatypes::{DataType, Field};

/// Under this key a field's metadata says how its bytes are to be decoded.
pub const KEY: &str = "cstspec:encoding";
/// The bytes of a value.
pub const WIDTH: i32 = 12;

/// How the bytes of a value are to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A Julian day, and the nanoseconds in it.
    Int96,
    /// Months, days and milliseconds, as the format has them: never below zero.
    Interval,
    /// The same as arrow-rs writes them.
    SignedInterval,
}

impl Encoding {
    const ALL: [Self; 3] = [Self::Int96, Self::Interval, Self::SignedInterval];

    /// Its name in the metadata of a field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int96 => "int96",
            Self::Interval => "interval",
            Self::SignedInterval => "signed interval",
        }
    }

    /// That of a field of a file; `None` where the reader loses nothing.
    pub fn of(field: &Field) -> Option<Self> {
        if *field.data_type() != DataType::FixedSizeBinary(WIDTH) {
            return None;
        }
        let name = field.metadata().get(KEY)?;
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }
}
