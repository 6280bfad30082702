//! Arrow types as Rust expressions.
//!
//! A struct is a `let` of its own with one statement per field, the innermost first, and the types around it name it. So no
//! formatter puts two fields on one line, nothing is indented more than twice, and a field added at any depth is one line added.

use std::collections::BTreeSet;

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit, UnionMode};

use super::literal::text;
use super::name::identifier;

/// Spells the types of one column.
pub(super) struct Types {
    /// The `let`s so far, or `None` to spell structs in place.
    lets: Option<Vec<String>>,
    taken: BTreeSet<String>,
}

impl Types {
    /// Structs become `let`s.
    pub(super) fn named() -> Self {
        Self { lets: Some(Vec::new()), taken: BTreeSet::new() }
    }

    /// Structs are spelled in place.
    pub(super) fn inline() -> Self {
        Self { lets: None, taken: BTreeSet::new() }
    }

    /// The `let` statements, in order.
    pub(super) fn into_statements(self) -> Vec<String> {
        self.lets.unwrap_or_default()
    }

    /// `nullable("name", type)`. `path` is the path of the struct around it, `""` at the top.
    pub(super) fn field(&mut self, field: &Field, path: &str) -> String {
        let inner = if path.is_empty() { field.name().clone() } else { format!("{path}_{}", field.name()) };
        let data_type = self.data_type(field.data_type(), &inner);
        constructed(field, &data_type)
    }

    /// The type; `path` names the structs in it.
    pub(super) fn data_type(&mut self, data_type: &DataType, path: &str) -> String {
        match data_type {
            DataType::Struct(fields) => self.structure(fields.iter().map(AsRef::as_ref), path),
            DataType::List(item) if is_default(item, "item", true) => {
                format!("list({})", self.data_type(item.data_type(), path))
            }
            DataType::LargeList(item) if is_default(item, "item", true) => {
                format!("large_list({})", self.data_type(item.data_type(), path))
            }
            DataType::List(item) => format!("DataType::List({})", self.child(item, path)),
            DataType::LargeList(item) => format!("DataType::LargeList({})", self.child(item, path)),
            DataType::ListView(item) => format!("DataType::ListView({})", self.child(item, path)),
            DataType::LargeListView(item) => format!("DataType::LargeListView({})", self.child(item, path)),
            DataType::FixedSizeList(item, size) => {
                format!("DataType::FixedSizeList({}, {size})", self.child(item, path))
            }
            DataType::Map(entries, sorted) => self.map(entries, *sorted, path),
            DataType::Dictionary(key, value) => {
                format!("dictionary({}, {})", self.data_type(key, path), self.data_type(value, path))
            }
            DataType::RunEndEncoded(ends, values) => {
                format!("DataType::RunEndEncoded({}, {})", self.child(ends, path), self.child(values, path))
            }
            DataType::Union(fields, mode) => {
                let fields: Vec<String> =
                    fields.iter().map(|(id, field)| format!("({id}, {})", self.field(field, path))).collect();
                format!("union([{}], {})", fields.join(", "), union_mode(*mode))
            }
            leaf => leaf_type(leaf),
        }
    }

    /// A child whose name adds nothing to the path: a list's item, a map's entries.
    fn child(&mut self, field: &Field, path: &str) -> String {
        let data_type = self.data_type(field.data_type(), path);
        constructed(field, &data_type)
    }

    fn structure<'a>(&mut self, fields: impl ExactSizeIterator<Item = &'a Field>, path: &str) -> String {
        if self.lets.is_none() || fields.len() == 0 {
            let fields: Vec<String> = fields.map(|field| self.field(field, path)).collect();
            return format!("structure([{}])", fields.join(", "));
        }
        let name = self.fresh(path);
        let mut body = String::new();
        for field in fields {
            body.push_str(&self.statement(field, path));
        }
        if let Some(lets) = &mut self.lets {
            lets.push(format!("let {name} = structure_of(|fields| {{ {body} }});"));
        }
        name
    }

    /// One field as a statement of its struct.
    fn statement(&mut self, field: &Field, path: &str) -> String {
        let data_type = self.data_type(field.data_type(), &format!("{path}_{}", field.name()));
        let call = format!("fields.{}({}, {data_type})", word(field), text(field.name()));
        if field.metadata().is_empty() { format!("{call};") } else { format!("{call}.annotated({});", metadata(field)) }
    }

    fn map(&mut self, entries: &Field, sorted: bool, path: &str) -> String {
        if let DataType::Struct(fields) = entries.data_type()
            && let [key, value] = fields.as_ref()
            && is_default(entries, "entries", false)
            && !sorted
        {
            if is_default(key, "key", false) && is_default(value, "value", true) {
                let key = self.data_type(key.data_type(), path);
                return format!("map({key}, {})", self.data_type(value.data_type(), path));
            }
            return format!("map_of({}, {})", self.child(key, path), self.child(value, path));
        }
        format!("DataType::Map({}, {sorted})", self.child(entries, path))
    }

    /// `<path>_type`, numbered where two structs have one path.
    fn fresh(&mut self, path: &str) -> String {
        let base = format!("{}_type", identifier(path));
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

/// Whether the field is the one that a short constructor makes.
fn is_default(field: &Field, name: &str, nullable: bool) -> bool {
    field.name() == name && field.is_nullable() == nullable && field.metadata().is_empty()
}

/// The short constructor's name.
fn word(field: &Field) -> &'static str {
    if field.is_nullable() { "nullable" } else { "required" }
}

/// `field` as an expression over its type.
fn constructed(field: &Field, data_type: &str) -> String {
    let call = format!("{}({}, {data_type})", word(field), text(field.name()));
    if field.metadata().is_empty() { call } else { format!("annotated(&{call}, {})", metadata(field)) }
}

/// The metadata, sorted: Arrow keeps it in no order.
fn metadata(field: &Field) -> String {
    let mut metadata: Vec<_> = field.metadata().iter().collect();
    metadata.sort();
    let entries: Vec<String> =
        metadata.into_iter().map(|(key, value)| format!("({}, {})", text(key), text(value))).collect();
    format!("[{}]", entries.join(", "))
}

fn leaf_type(leaf: &DataType) -> String {
    match leaf {
        DataType::Null => "DataType::Null".to_owned(),
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({}, {})", time_unit(*unit), text(zone)),
        DataType::Timestamp(unit, None) => format!("DataType::Timestamp({}, None)", time_unit(*unit)),
        DataType::Time32(unit) => format!("DataType::Time32({})", time_unit(*unit)),
        DataType::Time64(unit) => format!("DataType::Time64({})", time_unit(*unit)),
        DataType::Duration(unit) => format!("DataType::Duration({})", time_unit(*unit)),
        DataType::Interval(unit) => format!("DataType::Interval({})", interval_unit(*unit)),
        DataType::FixedSizeBinary(size) => format!("DataType::FixedSizeBinary({size})"),
        DataType::Decimal32(precision, scale) => format!("DataType::Decimal32({precision}, {scale})"),
        DataType::Decimal64(precision, scale) => format!("DataType::Decimal64({precision}, {scale})"),
        DataType::Decimal128(precision, scale) => format!("DataType::Decimal128({precision}, {scale})"),
        DataType::Decimal256(precision, scale) => format!("DataType::Decimal256({precision}, {scale})"),
        // The types without parameters are spelled as the prelude exports them, by the names that `Debug` gives too.
        plain => format!("{plain:?}"),
    }
}

fn time_unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "TimeUnit::Second",
        TimeUnit::Millisecond => "TimeUnit::Millisecond",
        TimeUnit::Microsecond => "TimeUnit::Microsecond",
        TimeUnit::Nanosecond => "TimeUnit::Nanosecond",
    }
}

fn interval_unit(unit: IntervalUnit) -> &'static str {
    match unit {
        IntervalUnit::YearMonth => "IntervalUnit::YearMonth",
        IntervalUnit::DayTime => "IntervalUnit::DayTime",
        IntervalUnit::MonthDayNano => "IntervalUnit::MonthDayNano",
    }
}

fn union_mode(mode: UnionMode) -> &'static str {
    match mode {
        UnionMode::Sparse => "UnionMode::Sparse",
        UnionMode::Dense => "UnionMode::Dense",
    }
}
