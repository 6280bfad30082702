//! Arrow types as Rust expressions.
//!
//! A struct is a `let` of its own with one statement per field, the innermost first, and the types around it name it. So no
//! formatter puts two fields on one line, nothing is indented more than twice, and a field added at any depth is one line added. A struct
//! that is a named type is taken from that type.

use std::collections::BTreeSet;

use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit, UnionMode};
use cstspec_contract::{Column, NestedOrigins, Path};

use super::literal::text;
use super::name::identifier;
use super::types::NamedTypes;

/// The named types that a column's type may be made of.
#[derive(Clone, Copy)]
pub(super) struct NamedTypeScope<'t> {
    /// Those of the catalog.
    pub types: &'t NamedTypes,
    /// Where the fields inside the columns were written.
    pub nested: &'t NestedOrigins,
    /// The module of the types' code, with what follows it in a path: `super::types::`.
    pub module: &'static str,
}

/// Spells the types of one column.
pub(super) struct Types<'t> {
    /// The `let`s so far, or `None` to spell structs in place.
    lets: Option<Vec<String>>,
    taken: BTreeSet<String>,
    known: Option<NamedTypeScope<'t>>,
}

impl<'t> Types<'t> {
    /// Structs that are named types are taken from them, and others become `let`s.
    pub(super) fn named(known: NamedTypeScope<'t>) -> Self {
        Self { lets: Some(Vec::new()), taken: BTreeSet::new(), known: Some(known) }
    }

    /// Structs are spelled in place.
    pub(super) fn inline() -> Self {
        Self { lets: None, taken: BTreeSet::new(), known: None }
    }

    /// The `let` statements, in order.
    pub(super) fn into_statements(self) -> Vec<String> {
        self.lets.unwrap_or_default()
    }

    /// The type of the field at `path`.
    pub(super) fn data_type(&mut self, data_type: &DataType, path: &Path) -> String {
        match data_type {
            DataType::Struct(fields) => self.structure(fields, path),
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
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(id, field)| format!("({id}, {})", self.child(field, &path.join(field.name()))))
                    .collect();
                format!("union([{}], {})", fields.join(", "), union_mode(*mode))
            }
            leaf => leaf_type(leaf),
        }
    }

    /// `nullable("name", type)` of a field whose type is at `path`.
    fn child(&mut self, field: &Field, path: &Path) -> String {
        let data_type = self.data_type(field.data_type(), path);
        constructed(field, &text(field.name()), &data_type)
    }

    fn structure(&mut self, fields: &Fields, path: &Path) -> String {
        if let Some(NamedTypeScope { types, nested, module }) = self.known
            && let Some(named) = types.at(nested, path, fields)
        {
            return format!("structure_from({module}{})", named.call());
        }
        if self.lets.is_none() || fields.is_empty() {
            let fields: Vec<String> = fields.iter().map(|field| self.child(field, &path.join(field.name()))).collect();
            return format!("structure([{}])", fields.join(", "));
        }
        let name = self.fresh(path);
        let statements: Vec<String> = fields
            .iter()
            .map(|field| self.statement(field, &text(field.name()), &path.join(field.name()), ""))
            .collect();
        if let Some(lets) = &mut self.lets {
            lets.push(format!("let {name} = structure_of(|fields| {{ {} }});", statements.concat()));
        }
        name
    }

    /// One field as a statement of its struct: the literal or constant of its name, its type at `path`, and what is called on it then.
    pub(super) fn statement(&mut self, field: &FieldRef, name: &str, path: &Path, calls: &str) -> String {
        let data_type = self.data_type(field.data_type(), path);
        let call = format!("fields.{}({name}, {data_type})", word(field));
        let annotated =
            if field.metadata().is_empty() { String::new() } else { format!(".annotated({})", metadata(field)) };
        format!("{call}{annotated}{calls};")
    }

    fn map(&mut self, entries: &Field, sorted: bool, path: &Path) -> String {
        if let DataType::Struct(fields) = entries.data_type()
            && let [key, value] = fields.as_ref()
            && is_default(entries, "entries", false)
            && !sorted
        {
            if is_default(key, "key", false) && is_default(value, "value", true) {
                let key = self.data_type(key.data_type(), &path.join("key"));
                return format!("map({key}, {})", self.data_type(value.data_type(), &path.join("value")));
            }
            let key = self.child(key, &path.join("key"));
            return format!("map_of({key}, {})", self.child(value, &path.join("value")));
        }
        format!("DataType::Map({}, {sorted})", self.child(entries, path))
    }

    /// `<path>_type`, numbered where two structs have one path.
    fn fresh(&mut self, path: &Path) -> String {
        let base = format!("{}_type", identifier(&path.segments().collect::<Vec<_>>().join("_")));
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

/// `field` as an expression over its name and its type.
pub(super) fn constructed(field: &Field, name: &str, data_type: &str) -> String {
    let call = format!("{}({name}, {data_type})", word(field));
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

/// A column as `let` statements of the structs inside it, innermost first, and the expression over them. `name` is the literal or constant
/// of its name.
pub(super) fn column_parts(column: &Column, known: NamedTypeScope<'_>, name: &str) -> (Vec<String>, String) {
    let Column { field, doc, origin } = column;
    let mut types = Types::named(known);
    let data_type = types.data_type(field.data_type(), &Path::top(column.name()));
    let field = constructed(field, name, &data_type);
    (types.into_statements(), format!("column({field}, {}, {})", text(doc), text(&origin.to_string())))
}
