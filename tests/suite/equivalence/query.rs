//! Random queries whose rows do not depend on the order in which anything is read.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};

use super::expression::{Author, Typed};

/// A relation behind FROM.
#[derive(Clone, Debug)]
pub struct Relation {
    pub name: String,
    pub columns: Vec<(String, DataType)>,
}

impl Relation {
    pub fn new(name: &str, schema: &Schema) -> Self {
        let column = |field: &Arc<Field>| (field.name().clone(), field.data_type().clone());
        Self { name: name.to_owned(), columns: schema.fields().iter().map(column).collect() }
    }
}

/// A query and its columns.
#[derive(Clone, Debug)]
pub struct Query {
    pub sql: String,
    pub columns: Vec<(String, DataType)>,
}

impl Query {
    /// A query that selects `items` under their names.
    fn new(sql: String, items: Vec<Typed>) -> Self {
        let column = |(index, item): (usize, Typed)| (named(index), item.data_type);
        Self { sql, columns: items.into_iter().enumerate().map(column).collect() }
    }
}

/// The name of a selected value.
fn named(index: usize) -> String {
    format!("c{index}")
}

/// Values under the names that they are selected as.
fn select(items: &[Typed]) -> String {
    let item = |(index, item): (usize, &Typed)| format!("{} AS {}", item.sql, named(index));
    items.iter().enumerate().map(item).collect::<Vec<_>>().join(", ")
}

fn joined(items: &[Typed]) -> String {
    items.iter().map(|item| item.sql.as_str()).collect::<Vec<_>>().join(", ")
}

impl Author<'_> {
    /// Any query, with at most `depth` queries in one another.
    pub fn query(&mut self, depth: usize) -> Query {
        match self.random.usize(..12) {
            0 if depth > 0 => self.twice(depth - 1),
            1 => self.set_operation(depth),
            2 | 3 => self.unnested(),
            _ => self.select(depth),
        }
    }

    /// A relation under a name of its own, and its columns.
    pub fn relation(&mut self) -> (String, Vec<Typed>) {
        let relation = self.random.usize(..self.relations.len());
        let relation = &self.relations[relation];
        let (name, columns) = (relation.name.clone(), relation.columns.clone());
        self.aliased(&name, &columns)
    }

    fn aliased(&mut self, from: &str, columns: &[(String, DataType)]) -> (String, Vec<Typed>) {
        let alias = self.name("t");
        let column = |(name, of): &(String, DataType)| Typed::new(format!("{alias}.{name}"), of.clone());
        let scope = columns.iter().map(column).collect();
        (format!("{from} AS {alias}"), scope)
    }

    /// A FROM clause, and its columns.
    fn from(&mut self, depth: usize) -> (String, Vec<Typed>) {
        match self.random.usize(..12) {
            0 | 1 if depth > 0 => {
                let query = self.query(depth - 1);
                self.aliased(&format!("({})", query.sql), &query.columns)
            }
            2 | 3 => {
                let query = self.unnested();
                self.aliased(&format!("({})", query.sql), &query.columns)
            }
            4..=6 if self.joins > 0 => {
                self.joins -= 1;
                self.join(depth)
            }
            _ => self.relation(),
        }
    }

    fn join(&mut self, depth: usize) -> (String, Vec<Typed>) {
        let (left, left_scope) = self.from(depth);
        let (right, right_scope) = match self.random.usize(..8) {
            0 => {
                let columns = [("number".to_owned(), DataType::Int64), ("word".to_owned(), DataType::Utf8)];
                let alias = self.name("t");
                let scope = columns.map(|(name, of)| Typed::new(format!("{alias}.{name}"), of));
                (format!("(VALUES (1, 'x'), (7, 'absent'), (NULL, 'name')) AS {alias}(number, word)"), scope.into())
            }
            _ => self.from(0),
        };
        let mut both = [left_scope.as_slice(), right_scope.as_slice()].concat();
        if self.chance(1, 12) {
            // Few rows, since their number is a product.
            let columns: Vec<_> = [self.single(&right_scope)].into();
            let one = format!("(SELECT max({}) AS most, count(*) AS many FROM {right})", columns[0].sql);
            let columns = [("most".to_owned(), columns[0].data_type.clone()), ("many".to_owned(), DataType::Int64)];
            let (one, scope) = self.aliased(&one, &columns);
            return (format!("{left} CROSS JOIN {one}"), [left_scope, scope].concat());
        }
        let one = self.single(&left_scope);
        let other = (0..6).map(|_| self.single(&right_scope)).find(|other| other.data_type == one.data_type);
        let by_id = |scope: &[Typed]| scope.iter().find(|column| column.sql.ends_with(".row_id")).cloned();
        let mut on = match (by_id(&left_scope), by_id(&right_scope), other) {
            (Some(one), Some(other), _) if self.random.bool() => format!("{} = {}", one.sql, other.sql),
            (_, _, Some(other)) => format!("{} = {}", one.sql, other.sql),
            _ => format!("CAST({} AS VARCHAR) = CAST({} AS VARCHAR)", one.sql, self.single(&right_scope).sql),
        };
        if self.chance(1, 4) {
            write!(on, " AND {}", self.predicate(&both, 0)).unwrap();
        }
        let kind =
            *self.one(&["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN"]);
        if kind.starts_with("LEFT SEMI") || kind.starts_with("LEFT ANTI") {
            both = left_scope;
        }
        (format!("{left} {kind} {right} ON {on}"), both)
    }

    fn filtered(&mut self, scope: &[Typed]) -> String {
        if self.chance(1, 3) { format!(" WHERE {}", self.predicate(scope, 2)) } else { String::new() }
    }

    fn values(&mut self, scope: &[Typed]) -> Vec<Typed> {
        (0..self.random.usize(1..=3)).map(|_| self.value(scope, 2)).collect()
    }

    fn singles(&mut self, scope: &[Typed]) -> Vec<Typed> {
        (0..self.random.usize(1..=3)).map(|_| self.single(scope)).collect()
    }

    fn select(&mut self, depth: usize) -> Query {
        let (from, scope) = self.from(depth);
        let filter = self.filtered(&scope);
        match self.random.usize(..12) {
            0 => self.ordered(&from, &scope, &filter),
            1 => self.windowed(&from, &scope, &filter),
            2..=4 => self.grouped(&from, &scope, &filter),
            kind => {
                let items = self.values(&scope);
                let distinct = if kind == 5 { "DISTINCT " } else { "" };
                let sql = format!("SELECT {distinct}{} FROM {from}{filter}", select(&items));
                Query::new(sql, items)
            }
        }
    }

    /// Some of the rows, by an order in which equal rows are the same.
    fn ordered(&mut self, from: &str, scope: &[Typed], filter: &str) -> Query {
        let items = self.singles(scope);
        let order: Vec<String> = (0..items.len())
            .map(|index| format!("{}{}", named(index), self.one(&["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])))
            .collect();
        let sql = format!(
            "SELECT {} FROM {from}{filter} ORDER BY {} LIMIT {} OFFSET {}",
            select(&items),
            order.join(", "),
            self.random.u8(1..20),
            self.random.u8(..3)
        );
        Query::new(sql, items)
    }

    /// Window functions, with nothing beside them that their order does not decide.
    fn windowed(&mut self, from: &str, scope: &[Typed], filter: &str) -> Query {
        let mut items = self.singles(scope);
        let order = joined(&items);
        let by = if self.random.bool() { format!("PARTITION BY {} ", items[0].sql) } else { String::new() };
        let (last, last_type) = (items[items.len() - 1].sql.clone(), items[items.len() - 1].data_type.clone());
        let over = format!("OVER ({by}ORDER BY {order})");
        let windows = [
            Typed::new(format!("row_number() {over}"), DataType::UInt64),
            Typed::new(format!("lag({last}) {over}"), last_type.clone()),
            Typed::new(format!("rank() {over}"), DataType::UInt64),
            Typed::new(format!("count({}) OVER ({by})", self.walk(scope).sql), DataType::Int64),
            Typed::new(format!("max({last}) OVER ({by})"), last_type),
        ];
        let window = self.one(&windows).clone();
        items.push(window);
        let sql = format!("SELECT {} FROM {from}{filter}", select(&items));
        Query::new(sql, items)
    }

    fn grouped(&mut self, from: &str, scope: &[Typed], filter: &str) -> Query {
        let keys: Vec<Typed> = match self.random.usize(..5) {
            0 => Vec::new(),
            1 => vec![self.walk(scope)],
            _ => self.singles(scope),
        };
        let mut items = keys.clone();
        for _ in 0..self.random.usize(1..=2) {
            let aggregate = self.aggregate(scope);
            items.push(aggregate);
        }
        let mut sql = format!("SELECT {} FROM {from}{filter}", select(&items));
        if !keys.is_empty() {
            write!(sql, " GROUP BY {}", joined(&keys)).unwrap();
            if self.chance(1, 6) {
                write!(sql, " HAVING count(*) > {}", self.random.u8(..3)).unwrap();
            }
        }
        Query::new(sql, items)
    }

    fn aggregate(&mut self, scope: &[Typed]) -> Typed {
        let filter =
            if self.chance(1, 6) { format!(" FILTER (WHERE {})", self.predicate(scope, 0)) } else { String::new() };
        match self.random.usize(..9) {
            0 | 1 => Typed::new(format!("count(*){filter}"), DataType::Int64),
            2 | 3 => Typed::new(format!("count({}){filter}", self.walk(scope).sql), DataType::Int64),
            4 => Typed::new(format!("count(DISTINCT {}){filter}", self.single(scope).sql), DataType::Int64),
            5 | 6 => {
                let of = self.single(scope);
                Typed::new(format!("{}({}){filter}", self.one(&["min", "max"]), of.sql), of.data_type)
            }
            7 => {
                let of = self.walk(scope);
                if !of.is_single() {
                    return self.aggregate(scope);
                }
                let data_type = DataType::new_list(of.data_type, true);
                Typed::new(format!("array_agg({0} ORDER BY {0}){filter}", of.sql), data_type)
            }
            _ => {
                let of = self.single(scope);
                let of = if of.data_type.is_integer() {
                    of.sql
                } else {
                    format!("octet_length(CAST({} AS VARCHAR))", of.sql)
                };
                Typed::new(format!("sum({of}){filter}"), DataType::Int64)
            }
        }
    }

    /// One query under two filters.
    fn set_operation(&mut self, depth: usize) -> Query {
        let (from, scope) = self.from(depth);
        let items = self.values(&scope);
        let (one, other) = (self.filtered(&scope), self.predicate(&scope, 1));
        let items_sql = select(&items);
        let operator = *self.one(&["UNION ALL", "UNION", "INTERSECT", "EXCEPT"]);
        let sql =
            format!("SELECT {items_sql} FROM {from}{one} {operator} SELECT {items_sql} FROM {from} WHERE {other}");
        Query::new(sql, items)
    }

    /// A query that is named and then read twice, each time for something else.
    fn twice(&mut self, depth: usize) -> Query {
        let inner = self.query(depth);
        let name = self.name("q");
        let (one, one_scope) = self.aliased(&name, &inner.columns);
        let (other, other_scope) = self.aliased(&name, &inner.columns);
        let column = self.random.usize(..inner.columns.len());
        let items = vec![self.value(&one_scope, 1), self.value(&other_scope, 1)];
        let (left, right) = (&one_scope[column].sql, &other_scope[column].sql);
        let sql = format!(
            "WITH {name} AS ({}) SELECT DISTINCT {} FROM {one} JOIN {other} ON {left} = {right}",
            inner.sql,
            select(&items)
        );
        Query::new(sql, items)
    }

    /// Lists of one row side by side, each element under a name, beside values of the row.
    fn unnested(&mut self) -> Query {
        let (from, scope) = self.relation();
        let filter = self.filtered(&scope);
        let mut items = self.values(&scope);
        let unnest = *self.one(&["unnest", "unnest", "unnest", "unnest_outer"]);
        let mut found = 0;
        for _ in 0..8 {
            let list = self.walk(&scope);
            if let DataType::List(item) | DataType::LargeList(item) = &list.data_type {
                items.push(Typed::new(format!("{unnest}({})", list.sql), item.data_type().clone()));
                found += 1;
            }
            if found == 2 || found == 1 && self.random.bool() {
                break;
            }
        }
        let sql = format!("SELECT {} FROM {from}{filter}", select(&items));
        Query::new(sql, items)
    }

    /// A query whose columns have the names that the engine gives them.
    pub fn unnamed(&mut self) -> String {
        let (from, scope) = self.from(1);
        let filter = self.filtered(&scope);
        let structs: Vec<&Typed> =
            scope.iter().filter(|column| matches!(column.data_type, DataType::Struct(_))).collect();
        match (self.random.usize(..4), structs.as_slice()) {
            (0 | 1, [first, ..]) => format!("SELECT unnest({}) FROM {from}{filter}", first.sql),
            (2, _) => format!("SELECT * FROM {from}{filter}"),
            _ => format!("SELECT {} FROM {from}{filter}", joined(&self.values(&scope))),
        }
    }
}
