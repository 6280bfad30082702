//! Fingerprints: equal for equal things on every machine and in every run, so that two manifests can be compared line by line.
//!
//! A fingerprint is `BLAKE2b` with 256 bits, as 64 hexadecimal digits, over a sequence of texts, each as its length in bytes (8 bytes,
//! little-endian) and its bytes in UTF-8. The first text says what is fingerprinted, so that a text never has the fingerprint of a
//! schema.

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, TimeUnit, UnionMode};
use blake2b_simd::{Params, State};

/// The fingerprint of a text, byte for byte: of a definition, of a query.
pub fn text(text: &str) -> String {
    let mut digest = Fingerprint::of("text");
    digest.push(text);
    digest.finish()
}

/// The fingerprint of a schema: of each field in order its name, type, nullability and metadata, at every depth, and of the schema's
/// own metadata. Metadata counts by key, in whatever order it is kept.
///
/// It does not depend on how a version of Arrow prints a type.
pub fn schema(schema: &Schema) -> String {
    let mut digest = Fingerprint::of("schema");
    digest.count(schema.fields().len());
    schema.fields().iter().for_each(|field| digest.field(field));
    digest.metadata(schema.metadata());
    digest.finish()
}

/// A fingerprint in the making.
pub(crate) struct Fingerprint(State);

impl Fingerprint {
    /// A fingerprint of a `kind` of thing.
    pub fn of(kind: &str) -> Self {
        let mut digest = Self(Params::new().hash_length(32).to_state());
        digest.push(kind);
        digest
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }

    /// Adds how many things follow.
    pub fn count(&mut self, count: usize) {
        self.push(&count.to_string());
    }

    /// The fingerprint of all that was added.
    pub fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }

    fn field(&mut self, field: &Field) {
        self.push(field.name());
        self.push(if field.is_nullable() { "nullable" } else { "required" });
        self.data_type(field.data_type());
        self.metadata(field.metadata());
    }

    fn metadata(&mut self, metadata: &std::collections::HashMap<String, String>) {
        let mut entries: Vec<(&String, &String)> = metadata.iter().collect();
        entries.sort();
        self.count(entries.len());
        for (key, value) in entries {
            self.push(key);
            self.push(value);
        }
    }

    fn data_type(&mut self, data_type: &DataType) {
        match data_type {
            DataType::List(item) => self.list("List", item),
            DataType::LargeList(item) => self.list("LargeList", item),
            DataType::ListView(item) => self.list("ListView", item),
            DataType::LargeListView(item) => self.list("LargeListView", item),
            DataType::FixedSizeList(item, size) => {
                self.list("FixedSizeList", item);
                self.push(&size.to_string());
            }
            DataType::Struct(fields) => {
                self.push("Struct");
                self.count(fields.len());
                fields.iter().for_each(|field| self.field(field));
            }
            DataType::Map(entries, sorted) => {
                self.list("Map", entries);
                self.push(if *sorted { "sorted" } else { "unsorted" });
            }
            DataType::Union(fields, mode) => {
                self.push("Union");
                self.push(match mode {
                    UnionMode::Sparse => "sparse",
                    UnionMode::Dense => "dense",
                });
                self.count(fields.len());
                for (id, field) in fields.iter() {
                    self.push(&id.to_string());
                    self.field(field);
                }
            }
            DataType::Dictionary(key, value) => {
                self.push("Dictionary");
                self.data_type(key);
                self.data_type(value);
            }
            DataType::RunEndEncoded(ends, values) => {
                self.list("RunEndEncoded", ends);
                self.field(values);
            }
            leaf => {
                let (name, parameters) = spelled(leaf);
                self.push(name);
                self.count(parameters.len());
                for parameter in &parameters {
                    self.push(parameter);
                }
            }
        }
    }

    fn list(&mut self, name: &str, item: &Field) {
        self.push(name);
        self.field(item);
    }
}

/// The name and the parameters of a type without children.
fn spelled(leaf: &DataType) -> (&'static str, Vec<String>) {
    use DataType as Type;

    let of_unit = |name, unit: &TimeUnit| (name, vec![time_unit(*unit).to_owned()]);
    let of_decimal = |name, precision: &u8, scale: &i8| (name, vec![precision.to_string(), scale.to_string()]);
    let plain = match leaf {
        Type::Null => "Null",
        Type::Boolean => "Boolean",
        Type::Int8 => "Int8",
        Type::Int16 => "Int16",
        Type::Int32 => "Int32",
        Type::Int64 => "Int64",
        Type::UInt8 => "UInt8",
        Type::UInt16 => "UInt16",
        Type::UInt32 => "UInt32",
        Type::UInt64 => "UInt64",
        Type::Float16 => "Float16",
        Type::Float32 => "Float32",
        Type::Float64 => "Float64",
        Type::Date32 => "Date32",
        Type::Date64 => "Date64",
        Type::Binary => "Binary",
        Type::LargeBinary => "LargeBinary",
        Type::BinaryView => "BinaryView",
        Type::Utf8 => "Utf8",
        Type::LargeUtf8 => "LargeUtf8",
        Type::Utf8View => "Utf8View",
        Type::FixedSizeBinary(size) => return ("FixedSizeBinary", vec![size.to_string()]),
        Type::Time32(unit) => return of_unit("Time32", unit),
        Type::Time64(unit) => return of_unit("Time64", unit),
        Type::Duration(unit) => return of_unit("Duration", unit),
        Type::Timestamp(unit, zone) => {
            let (name, mut parameters) = of_unit("Timestamp", unit);
            parameters.extend(zone.iter().map(ToString::to_string));
            return (name, parameters);
        }
        Type::Interval(unit) => return ("Interval", vec![interval_unit(*unit).to_owned()]),
        Type::Decimal32(precision, scale) => return of_decimal("Decimal32", precision, scale),
        Type::Decimal64(precision, scale) => return of_decimal("Decimal64", precision, scale),
        Type::Decimal128(precision, scale) => return of_decimal("Decimal128", precision, scale),
        Type::Decimal256(precision, scale) => return of_decimal("Decimal256", precision, scale),
        Type::List(_)
        | Type::LargeList(_)
        | Type::ListView(_)
        | Type::LargeListView(_)
        | Type::FixedSizeList(..)
        | Type::Struct(_)
        | Type::Map(..)
        | Type::Union(..)
        | Type::Dictionary(..)
        | Type::RunEndEncoded(..) => unreachable!("types with children are taken apart before"),
    };
    (plain, Vec::new())
}

fn time_unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn interval_unit(unit: IntervalUnit) -> &'static str {
    match unit {
        IntervalUnit::YearMonth => "year-month",
        IntervalUnit::DayTime => "day-time",
        IntervalUnit::MonthDayNano => "month-day-nano",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use cstspec_contract::types::{list, map, nullable, required, structure, timestamp};

    use super::*;

    fn fingerprint(field: Field) -> String {
        schema(&Schema::new(vec![field]))
    }

    /// A fingerprint is the same in every version.
    #[test]
    fn fingerprint_stable() {
        assert_eq!(text("SELECT 1"), "6e8c06b9ae676673643a0a8b33cadeee55af8a45f3ec10582945d05b53e77f72");
        let nested = nullable("refs", list(structure([required("attrs", map(DataType::Utf8, DataType::Int64))])));
        assert_eq!(
            fingerprint(nested.as_ref().clone()),
            "14b4a15f9f9bb099be14e0de07aec7e133796b68f4f1c3d3697da4e4504f825e"
        );
    }

    #[test]
    fn fingerprint_covers_visible_parts() {
        let with = |metadata: &[(&str, &str)]| -> HashMap<String, String> {
            metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let of = |field: arrow::datatypes::FieldRef| field.as_ref().clone();
        let span = |child: arrow::datatypes::FieldRef| of(nullable("span", list(structure([child]))));
        let fields = [
            span(nullable("start", DataType::Int32)),
            span(required("start", DataType::Int32)),
            span(nullable("begin", DataType::Int32)),
            span(nullable("start", DataType::Int64)),
            span(nullable("start", timestamp(TimeUnit::Second, "UTC"))),
            span(nullable("start", DataType::Timestamp(TimeUnit::Second, None))),
            span(nullable("start", DataType::Timestamp(TimeUnit::Nanosecond, None))),
            span(std::sync::Arc::new(Field::new("start", DataType::Int32, true).with_metadata(with(&[("a", "b")])))),
            span(nullable("start", DataType::Int32)).with_metadata(with(&[("a", "b")])),
            span(nullable("start", DataType::Int32)).with_metadata(with(&[("ab", "")])),
        ];
        let mut seen: Vec<String> = fields.into_iter().map(fingerprint).collect();
        seen.push(schema(&Schema::new_with_metadata(
            vec![span(nullable("start", DataType::Int32))],
            with(&[("a", "b")]),
        )));
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    #[test]
    fn fingerprint_metadata_by_key() {
        let entries: Vec<(String, String)> = (0..40).map(|key| (format!("k{key}"), "v".to_owned())).collect();
        let field = |entries: Vec<(String, String)>| {
            Field::new("x", DataType::Int8, true).with_metadata(entries.into_iter().collect())
        };
        let mut reversed = entries.clone();
        reversed.reverse();
        assert_eq!(fingerprint(field(entries)), fingerprint(field(reversed)));
    }
}
