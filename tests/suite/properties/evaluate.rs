//! Views evaluated from their contract alone, row by row.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use cstspec_contract::{ColumnSource, Path, View, ViewBody};

use super::expression;
use super::value::Value;

/// Rows of a relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    pub fn of(batch: &RecordBatch) -> Self {
        let columns = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let row = |row| batch.columns().iter().map(|column| Value::at(column, row)).collect();
        Self { columns, rows: (0..batch.num_rows()).map(row).collect() }
    }

    /// Each row as a struct.
    fn records(&self) -> impl Iterator<Item = Value> {
        self.rows.iter().map(|row| Value::Struct(self.columns.iter().cloned().zip(row.iter().cloned()).collect()))
    }
}

/// The rows of `view`, or `None` if its contract does not say where its columns come from.
pub fn view(view: &View, relations: &BTreeMap<String, Rows>) -> Option<Rows> {
    let columns = view.columns.iter().map(|column| column.name().to_owned()).collect();
    let keyed = |record: &Value, keys: &[String]| keys.iter().map(|key| record.field(key)).collect::<Vec<_>>();
    let mut rows = Vec::new();
    match &view.body {
        ViewBody::Rows { of, unnest, condition, sources } => {
            for record in relations.get(of)?.records() {
                let row = Row { of: &record, view, condition: condition.as_deref(), sources };
                let segments: Vec<&str> = unnest.segments().collect();
                row.unnest(&record, &segments, &mut Vec::new(), &mut rows);
            }
        }
        ViewBody::Entries { of, map, keys } => {
            for record in relations.get(of)?.records() {
                let Value::Map(entries) = record.follow(map.segments()) else { continue };
                for (key, value) in entries {
                    rows.push(keyed(&record, keys).into_iter().chain([key, value]).collect());
                }
            }
        }
        ViewBody::Entry { of, map, key, keys } => {
            for record in relations.get(of)?.records() {
                let found = match record.follow(map.segments()) {
                    Value::Map(entries) => entries.into_iter().find(|(known, _)| *known == Value::Text(key.clone())),
                    _ => None,
                };
                let value = found.map_or(Value::Null, |(_, value)| value);
                rows.push(keyed(&record, keys).into_iter().chain([Value::List(vec![value])]).collect());
            }
        }
        ViewBody::Pack { of, keys, fields, .. } => {
            for record in relations.get(of)?.records() {
                let packed: Vec<(String, Value)> =
                    fields.iter().map(|(name, column)| (name.clone(), record.field(column))).collect();
                let plain = packed.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
                rows.push(keyed(&record, keys).into_iter().chain(plain).chain([Value::Struct(packed)]).collect());
            }
        }
        ViewBody::Unpack { of, keys, fields, .. } => {
            for record in relations.get(of)?.records() {
                let taken = fields.iter().map(|(_, column)| record.field(column));
                rows.push(keyed(&record, keys).into_iter().chain(taken).collect());
            }
        }
        ViewBody::Diagnose { .. } | ViewBody::Sql => return None,
    }
    Some(Rows { columns, rows })
}

/// A list that was entered, or a map, with the element that is looked at.
struct Open<'a> {
    /// From the row.
    path: Vec<&'a str>,
    /// The index of the element.
    position: usize,
    element: Value,
}

/// An entry of a map as the element of a list.
fn entry((key, value): (Value, Value)) -> Value {
    Value::Struct(vec![("key".to_owned(), key), ("value".to_owned(), value)])
}

/// One row that holds a list, on its way to rows of a view.
struct Row<'a> {
    of: &'a Value,
    view: &'a View,
    condition: Option<&'a str>,
    sources: &'a [ColumnSource],
}

impl<'a> Row<'a> {
    /// Goes down the path `rest` from `at`; `open` are the lists that were entered.
    fn unnest(&self, at: &Value, rest: &[&'a str], open: &mut Vec<Open<'a>>, rows: &mut Vec<Vec<Value>>) {
        // The path from the last list: structs are walked through without a row for each.
        let is_list = |value| matches!(value, Value::List(_) | Value::Map(_) | Value::Null);
        let Some(list) = (1..=rest.len()).find(|length| is_list(at.follow(rest[..*length].iter().copied()))) else {
            return;
        };
        let elements = match at.follow(rest[..list].iter().copied()) {
            Value::List(elements) => elements,
            Value::Map(entries) => entries.into_iter().map(entry).collect(),
            _ => return,
        };
        let path: Vec<&str> =
            open.last().map_or(&[][..], |list| &list.path[..]).iter().chain(&rest[..list]).copied().collect();
        for (position, element) in elements.into_iter().enumerate() {
            open.push(Open { path: path.clone(), position, element: element.clone() });
            if list == rest.len() {
                rows.extend(self.columns(&element, open));
            } else {
                self.unnest(&element, &rest[list..], open, rows);
            }
            open.pop();
        }
    }

    /// The row of an element; none if it does not meet the condition.
    fn columns(&self, element: &Value, open: &[Open<'a>]) -> Option<Vec<Value>> {
        let plain = |source: &ColumnSource| match source {
            ColumnSource::Row(path) => Some(self.of.follow(path.segments())),
            ColumnSource::Context(path) => Some(outer(path, open)),
            ColumnSource::Element(path) => Some(element.follow(path.segments())),
            ColumnSource::Position(level) => Some(Value::Int(i64::try_from(open[*level].position).unwrap())),
            ColumnSource::Expr(_) => None,
        };
        // An expression sees the element's fields, and under their names the columns that are not computed.
        let mut names: BTreeMap<String, Value> = BTreeMap::new();
        if let Value::Struct(fields) = element {
            names.extend(fields.iter().cloned());
        }
        for (column, source) in self.view.columns.iter().zip(self.sources) {
            if let Some(value) = plain(source) {
                names.insert(column.name().to_owned(), value);
            }
        }
        let is_met = |condition| match expression::evaluate(condition, &names) {
            Value::Unknown => panic!("the plain evaluation does not know `{condition}`"),
            value => value == Value::Bool(true),
        };
        if !self.condition.is_none_or(is_met) {
            return None;
        }
        let value = |source: &ColumnSource| match source {
            ColumnSource::Expr(text) => expression::evaluate(text, &names),
            source => plain(source).unwrap_or(Value::Unknown),
        };
        Some(self.sources.iter().map(value).collect())
    }
}

/// A path from the row that ends in the element of a list that is open.
fn outer(path: &Path, open: &[Open<'_>]) -> Value {
    let segments: Vec<&str> = path.segments().collect();
    let inside = open.iter().rev().find(|list| segments.starts_with(&list.path));
    let list = inside.expect("a context column is in a list that was entered");
    list.element.follow(segments[list.path.len()..].iter().copied())
}
