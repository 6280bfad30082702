//! A type of files and one of a contract, as the bytes of an input choose them: alike enough to be compared at every depth.

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use cstspec_contract::types::{list, map, nullable};

/// Levels of nesting below a column.
const DEEPEST: u32 = 4;

/// The bytes of an input, each one a decision; zeros once they are used up.
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// The decisions in `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// One of so many, which are at most 256.
    pub fn of(&mut self, many: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % many
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.of(of.len())]
    }

    /// A seed for values.
    pub fn seed(&mut self) -> u64 {
        u64::try_from(self.of(256)).unwrap_or_default()
    }
}

/// Some columns of a file.
pub fn columns(choices: &mut Choices) -> Vec<FieldRef> {
    (0..=choices.of(4)).map(|number| nullable(["a", "b", "c", "d"][number], data_type(choices, 0))).collect()
}

fn leaf(choices: &mut Choices) -> DataType {
    match choices.of(16) {
        0 => DataType::Boolean,
        1 => DataType::Int8,
        2 => DataType::Int16,
        3 => DataType::Int32,
        4 => DataType::Int64,
        5 => DataType::UInt8,
        6 => DataType::UInt32,
        7 => DataType::Float32,
        8 => DataType::Float64,
        9 => DataType::LargeUtf8,
        10 => DataType::Binary,
        11 => DataType::Date32,
        12 => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        13 => DataType::Timestamp(TimeUnit::Nanosecond, None),
        14 => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        _ => DataType::Utf8,
    }
}

fn data_type(choices: &mut Choices, depth: u32) -> DataType {
    let kinds = if depth < DEEPEST { 8 } else { 1 };
    match choices.of(kinds) {
        1 | 2 => list(data_type(choices, depth + 1)),
        3 => DataType::LargeList(nullable("item", data_type(choices, depth + 1))),
        4 => map(DataType::Utf8, data_type(choices, depth + 1)),
        5..=7 => {
            let names = ["x", "y", "z"];
            let fields = (0..=choices.of(3)).map(|number| nullable(names[number], data_type(choices, depth + 1)));
            DataType::Struct(fields.collect())
        }
        _ => leaf(choices),
    }
}

/// `fields` as another writer has them: some with another type, another order, another mark, missing, or more.
pub fn drifted(fields: &[FieldRef], choices: &mut Choices) -> Vec<FieldRef> {
    let mut drifted: Vec<FieldRef> = Vec::new();
    for field in fields {
        match choices.of(12) {
            0 => {}
            1 => drifted.push(nullable(field.name(), data_type(choices, 2))),
            2 => drifted.push(field.as_ref().clone().with_nullable(!field.is_nullable()).into()),
            _ => {
                let inner = inside(field, choices);
                drifted.push(field.as_ref().clone().with_data_type(inner).into());
            }
        }
    }
    if choices.of(4) == 0 {
        drifted.reverse();
    }
    if choices.of(4) == 0 || drifted.is_empty() {
        drifted.push(nullable("more", leaf(choices)));
    }
    drifted
}

fn inside(field: &Field, choices: &mut Choices) -> DataType {
    let element = |item: &FieldRef, choices: &mut Choices| -> FieldRef {
        let inner = inside(item, choices);
        item.as_ref().clone().with_data_type(inner).into()
    };
    match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(drifted(fields, choices).into()),
        DataType::List(item) => DataType::List(element(item, choices)),
        DataType::LargeList(item) if choices.of(3) == 0 => DataType::List(element(item, choices)),
        DataType::LargeList(item) => DataType::LargeList(element(item, choices)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => map(DataType::Utf8, inside(&pair[1], choices)),
            other => other.clone(),
        },
        _ if choices.of(4) == 0 => leaf(choices),
        other => other.clone(),
    }
}
