//! Random SQL expressions over columns whose types are known.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use fastrand::Rng;

use super::chance;
use super::files::KEYS;
use super::query::Relation;

/// A piece of SQL and the type of its value.
#[derive(Clone, Debug)]
pub struct Typed {
    pub sql: String,
    pub data_type: DataType,
}

impl Typed {
    pub fn new(sql: impl Into<String>, data_type: DataType) -> Self {
        Self { sql: sql.into(), data_type }
    }

    /// Whether its values have one obvious order.
    pub fn is_single(&self) -> bool {
        !self.data_type.is_nested()
    }
}

/// Who makes queries up.
pub struct Author<'a> {
    pub random: &'a mut Rng,
    pub relations: &'a [Relation],
    /// How many names were given.
    pub names: usize,
    /// How many joins there may still be.
    pub joins: usize,
    /// Values of `$1`, `$2`, ..., if the query may have parameters.
    pub parameters: Option<Vec<i64>>,
}

impl Author<'_> {
    pub fn chance(&mut self, of: usize, among: usize) -> bool {
        chance(self.random, of, among)
    }

    pub fn one<'b, T>(&mut self, of: &'b [T]) -> &'b T {
        &of[self.random.usize(..of.len())]
    }

    pub fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    /// A column of the scope, or something inside it.
    pub fn walk(&mut self, scope: &[Typed]) -> Typed {
        // What is nested is what this is about.
        let nested: Vec<Typed> = scope.iter().filter(|column| !column.is_single()).cloned().collect();
        let mut at = match nested.as_slice() {
            [] => self.one(scope).clone(),
            nested if self.chance(2, 3) => self.one(nested).clone(),
            _ => self.one(scope).clone(),
        };
        while let Some(inside) = self.step(&at) {
            at = inside;
        }
        at
    }

    /// One step into a value; `None` where it stays.
    fn step(&mut self, at: &Typed) -> Option<Typed> {
        let sql = &at.sql;
        match &at.data_type {
            DataType::Struct(fields) if !fields.is_empty() && self.chance(5, 6) => {
                let field = &fields[self.random.usize(..fields.len())];
                Some(self.field(sql, field))
            }
            DataType::List(item) | DataType::LargeList(item) if self.chance(2, 3) => {
                let index = *self.one(&["1", "2", "-1"]);
                let element = match self.random.usize(..8) {
                    0..=3 => format!("{sql}[{index}]"),
                    4 | 5 => format!("array_element({sql}, {index})"),
                    6 => return Some(Typed::new(format!("array_slice({sql}, 1, 2)"), at.data_type.clone())),
                    _ => {
                        let name = *self.one(&["cardinality", "array_length", "empty"]);
                        let data_type = if name == "empty" { DataType::Boolean } else { DataType::UInt64 };
                        return Some(Typed::new(format!("{name}({sql})"), data_type));
                    }
                };
                Some(Typed::new(element, item.data_type().clone()))
            }
            DataType::Map(entries, _) if self.chance(3, 4) => {
                let DataType::Struct(fields) = entries.data_type() else { return None };
                let (key, value) = (&fields[0], &fields[1]);
                let name = *self.one(&KEYS);
                let listed = |of: &FieldRef| DataType::new_list(of.data_type().clone(), true);
                Some(match self.random.usize(..6) {
                    0 => Typed::new(format!("map_keys({sql})"), listed(key)),
                    1 => Typed::new(format!("map_values({sql})"), listed(value)),
                    2 => {
                        let entry = DataType::Struct([Arc::clone(key), Arc::clone(value)].into_iter().collect());
                        Typed::new(format!("map_entries({sql})"), DataType::new_list(entry, true))
                    }
                    3 => Typed::new(format!("map_extract({sql}, '{name}')"), listed(value)),
                    4 => Typed::new(format!("cardinality({sql})"), DataType::UInt64),
                    _ => Typed::new(format!("{sql}['{name}']"), value.data_type().clone()),
                })
            }
            _ => None,
        }
    }

    pub fn field(&mut self, sql: &str, field: &FieldRef) -> Typed {
        let name = field.name();
        let plain = sql.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.".contains(letter));
        let sql = match self.random.usize(..4) {
            0 if plain => format!("{sql}.{name}"),
            1 => format!("{sql}['{name}']"),
            _ => format!("get_field({sql}, '{name}')"),
        };
        Typed::new(sql, field.data_type().clone())
    }

    /// Any value.
    pub fn value(&mut self, scope: &[Typed], depth: usize) -> Typed {
        if depth == 0 || self.chance(1, 2) {
            return self.walk(scope);
        }
        match self.random.usize(..13) {
            0 | 1 => Typed::new(self.predicate(scope, depth - 1), DataType::Boolean),
            2 | 3 => {
                let (one, other) = self.pair(scope);
                let condition = self.predicate(scope, depth - 1);
                let rest = if self.random.bool() { format!(" ELSE {}", other.sql) } else { String::new() };
                Typed::new(format!("CASE WHEN {condition} THEN {}{rest} END", one.sql), one.data_type)
            }
            4 | 5 => {
                let (one, other) = self.pair(scope);
                Typed::new(format!("coalesce({}, {})", one.sql, other.sql), one.data_type)
            }
            6..=8 => {
                let (one, other) = (self.value(scope, depth - 1), self.value(scope, depth - 1));
                let made = format!("named_struct('one', {}, 'other', {})", one.sql, other.sql);
                match self.random.usize(..4) {
                    0 => Typed::new(format!("get_field({made}, 'one')"), one.data_type),
                    1 => Typed::new(format!("{made}['other']"), other.data_type),
                    _ => {
                        let fields = [("one", one.data_type), ("other", other.data_type)];
                        let fields = fields.map(|(name, of)| Arc::new(Field::new(name, of, true)));
                        Typed::new(made, DataType::Struct(fields.into_iter().collect()))
                    }
                }
            }
            9 => {
                let one = self.single(scope);
                Typed::new(format!("CAST({} AS VARCHAR)", one.sql), DataType::Utf8)
            }
            10 => {
                let one = self.walk(scope);
                Typed::new(format!("arrow_typeof({})", one.sql), DataType::Utf8)
            }
            11 => {
                let (one, other) = self.pair(scope);
                let data_type = DataType::new_list(one.data_type.clone(), true);
                Typed::new(format!("make_array({}, {})", one.sql, other.sql), data_type)
            }
            _ => {
                let (one, other) = self.pair(scope);
                Typed::new(format!("nullif({}, {})", one.sql, other.sql), one.data_type)
            }
        }
    }

    /// Two values of one type.
    pub fn pair(&mut self, scope: &[Typed]) -> (Typed, Typed) {
        let one = self.walk(scope);
        for _ in 0..6 {
            let other = self.walk(scope);
            if other.data_type == one.data_type {
                return (one, other);
            }
        }
        (one.clone(), one)
    }

    /// A value that is not nested.
    pub fn single(&mut self, scope: &[Typed]) -> Typed {
        for _ in 0..6 {
            let found = self.walk(scope);
            if found.is_single() {
                return found;
            }
        }
        let found = self.walk(scope);
        match found.data_type {
            DataType::List(_) | DataType::LargeList(_) => {
                Typed::new(format!("cardinality({})", found.sql), DataType::UInt64)
            }
            data_type if data_type.is_nested() => Typed::new(format!("{} IS NULL", found.sql), DataType::Boolean),
            _ => found,
        }
    }

    /// A condition.
    pub fn predicate(&mut self, scope: &[Typed], depth: usize) -> String {
        if depth > 0 && self.chance(1, 3) {
            let (one, other) = (self.predicate(scope, depth - 1), self.predicate(scope, depth - 1));
            return match self.random.usize(..3) {
                0 => format!("({one} AND {other})"),
                1 => format!("({one} OR {other})"),
                _ => format!("(NOT ({one}))"),
            };
        }
        match self.random.usize(..10) {
            0 | 1 => {
                let not = *self.one(&["", "NOT "]);
                format!("({} IS {not}NULL)", self.walk(scope).sql)
            }
            2 => {
                let (one, other) = self.pair(scope);
                let operator = *self.one(&["=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]);
                format!("({} {operator} {})", one.sql, other.sql)
            }
            3 if depth > 0 => self.within(scope),
            _ => {
                let one = self.single(scope);
                self.compared(&one)
            }
        }
    }

    /// A comparison of a single value with constants.
    fn compared(&mut self, one: &Typed) -> String {
        let sql = &one.sql;
        match &one.data_type {
            DataType::Boolean => sql.clone(),
            data_type
                if data_type.is_integer() || matches!(data_type, DataType::Float64 | DataType::Decimal128(..)) =>
            {
                let number = self.random.i64(0..100);
                let operator = *self.one(&["<", "<=", "=", ">=", ">", "<>"]);
                match (self.random.usize(..4), &mut self.parameters) {
                    (0, _) => format!("({sql} BETWEEN {number} AND {})", number + 20),
                    (1, _) => format!("({sql} IN ({number}, {}, {}))", number / 2, number / 3),
                    (_, Some(parameters)) if data_type.is_integer() => {
                        parameters.push(number);
                        format!("({sql} {operator} ${})", parameters.len())
                    }
                    _ => format!("({sql} {operator} {number})"),
                }
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let word = *self.one(&["name", "x", "", "größe", "absent", "KWH", "origin"]);
                let operator = *self.one(&["=", "<>", "<", ">="]);
                match self.random.usize(..4) {
                    0 => format!("({sql} LIKE '{}%')", word.chars().next().unwrap_or('n')),
                    1 => format!("({sql} IN ('{word}', 'attribute', 'critical'))"),
                    _ => format!("({sql} {operator} '{word}')"),
                }
            }
            _ => format!("({sql} IS NOT NULL)"),
        }
    }

    /// A condition that asks another relation.
    fn within(&mut self, scope: &[Typed]) -> String {
        let (from, inner) = self.relation();
        let condition = self.predicate(&inner, 0);
        let one = self.single(scope);
        let other = inner.iter().find(|column| column.data_type == one.data_type).cloned();
        let other = other.unwrap_or_else(|| self.single(&inner));
        let equal = if one.data_type == other.data_type {
            format!("{} = {}", other.sql, one.sql)
        } else {
            format!("CAST({} AS VARCHAR) = CAST({} AS VARCHAR)", other.sql, one.sql)
        };
        let not = *self.one(&["", "NOT "]);
        match self.random.usize(..5) {
            0 | 1 => format!("({not}EXISTS (SELECT 1 FROM {from} WHERE {equal} AND {condition}))"),
            2 | 3 if one.data_type == other.data_type => {
                format!("({} {not}IN (SELECT {} FROM {from} WHERE {condition}))", one.sql, other.sql)
            }
            _ => {
                let inside = self.single(&inner).sql;
                format!("((SELECT count({inside}) FROM {from} WHERE {equal}) > {})", self.random.u8(..3))
            }
        }
    }
}
