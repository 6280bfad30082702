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
        ViewBody::Rows { of, unnest, sources } => {
            for record in relations.get(of)?.records() {
                let row = Row { of: &record, view, sources };
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

/// One row that holds a list, on its way to rows of a view.
struct Row<'a> {
    of: &'a Value,
    view: &'a View,
    sources: &'a [ColumnSource],
}

impl<'a> Row<'a> {
    /// Goes down the path `rest` from `at`; `open` are the paths of the lists that were entered, with the element in each.
    fn unnest(&self, at: &Value, rest: &[&'a str], open: &mut Vec<(Vec<&'a str>, Value)>, rows: &mut Vec<Vec<Value>>) {
        // The path from the last list: structs are walked through without a row for each.
        let Some(list) = (1..=rest.len())
            .find(|length| matches!(at.follow(rest[..*length].iter().copied()), Value::List(_) | Value::Null))
        else {
            return;
        };
        let Value::List(elements) = at.follow(rest[..list].iter().copied()) else { return };
        let entered: Vec<&str> =
            open.last().map_or(&[][..], |(path, _)| path).iter().chain(&rest[..list]).copied().collect();
        for element in elements {
            open.push((entered.clone(), element.clone()));
            if list == rest.len() {
                rows.push(self.columns(&element, open));
            } else {
                self.unnest(&element, &rest[list..], open, rows);
            }
            open.pop();
        }
    }

    fn columns(&self, element: &Value, open: &[(Vec<&'a str>, Value)]) -> Vec<Value> {
        let plain = |source: &ColumnSource| match source {
            ColumnSource::Row(path) => Some(self.of.follow(path.segments())),
            ColumnSource::Context(path) => Some(outer(path, open)),
            ColumnSource::Element(path) => Some(element.follow(path.segments())),
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
        self.sources
            .iter()
            .map(|source| match source {
                ColumnSource::Expr(text) => expression::evaluate(text, &names),
                source => plain(source).unwrap_or(Value::Unknown),
            })
            .collect()
    }
}

/// A path from the row that ends in the element of a list that is open.
fn outer(path: &Path, open: &[(Vec<&str>, Value)]) -> Value {
    let segments: Vec<&str> = path.segments().collect();
    let inside = open.iter().rev().find(|(list, _)| segments.starts_with(list));
    let (list, element) = inside.expect("a context column is in a list that was entered");
    element.follow(segments[list.len()..].iter().copied())
}
