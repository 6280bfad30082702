//! How many relations a query reads, counted in its syntax tree: a `WITH` query that is referred to twice is planned twice, and so is
//! what it refers to.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Query, SetExpr, Visitor};

use super::{MOST_JOINS, MOST_RELATIONS, plan, refused, visit};

/// Refuses a statement that reads too many relations.
pub(super) async fn check(state: &SessionState, statement: &Statement) -> Result<()> {
    let mut known = HashMap::new();
    for reference in state.resolve_table_references(statement)? {
        let name = reference.table().to_owned();
        let Ok(schema) = state.schema_for_ref(reference) else { continue };
        // What cannot be had is the planner's to name.
        let Ok(Some(table)) = schema.table(&name).await else { continue };
        if let Some(view) = table.get_logical_plan() {
            known.insert(name, plan::relations(&view));
        }
    }
    let Some((found, joins)) = count(statement, known) else { return Ok(()) };
    if joins > MOST_JOINS {
        let found = format!("the query has {joins} joins in one FROM");
        return Err(refused(found, MOST_JOINS, "write what is joined first into a table"));
    }
    if found > MOST_RELATIONS {
        let found = format!(
            "the query reads {} relations, views and WITH queries counted as often as they are used",
            at_least(found)
        );
        return Err(refused(found, MOST_RELATIONS, "write what is used often into a table"));
    }
    Ok(())
}

/// A number that may have no end.
fn at_least(number: u64) -> String {
    if number == u64::MAX { format!("more than {number}") } else { number.to_string() }
}

/// How many relations a statement reads, and how many joins its longest FROM has; `None` for one that plans no query.
fn count(statement: &Statement, known: HashMap<String, u64>) -> Option<(u64, u64)> {
    let mut counter = Counter { known, open: vec![Open::default()], most: 0, joins: 0 };
    let _ = visit(statement, &mut counter)?;
    Some((counter.open.iter().fold(counter.most, |most, open| most.max(open.count)), counter.joins))
}

/// The joins of the longest FROM in a query, but for those of the queries in it.
fn joins(query: &Query) -> u64 {
    let (mut most, mut bodies) = (0, vec![query.body.as_ref()]);
    while let Some(body) = bodies.pop() {
        match body {
            SetExpr::SetOperation { left, right, .. } => bodies.extend([left.as_ref(), right.as_ref()]),
            SetExpr::Select(select) => {
                let relations: usize = select.from.iter().map(|from| 1 + from.joins.len()).sum();
                most = most.max(relations.saturating_sub(1) as u64);
            }
            _ => {}
        }
    }
    most
}

/// A query that is being counted.
#[derive(Default)]
struct Open {
    count: u64,
    /// The names of its `WITH` queries, by where these are in memory.
    named: HashMap<usize, String>,
    /// How many relations each of those reads, once it has been counted.
    with: HashMap<String, u64>,
}

struct Counter {
    /// How many relations a view reads.
    known: HashMap<String, u64>,
    open: Vec<Open>,
    most: u64,
    joins: u64,
}

impl Counter {
    fn relation(&self, name: &str) -> u64 {
        let with = self.open.iter().rev().find_map(|open| open.with.get(name));
        with.or_else(|| self.known.get(name)).copied().unwrap_or(1)
    }
}

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        let named = with.map(|cte| (place(&cte.query), normal(&cte.alias.name))).collect();
        self.open.push(Open { named, ..Open::default() });
        self.joins = self.joins.max(joins(query));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let Some(closed) = self.open.pop() else { return ControlFlow::Break(()) };
        self.most = self.most.max(closed.count);
        if let Some(outer) = self.open.last_mut() {
            match outer.named.remove(&place(query)) {
                Some(name) => drop(outer.with.insert(name, closed.count.max(1))),
                None => outer.count = outer.count.saturating_add(closed.count),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = relation.0.last().and_then(|part| part.as_ident()).map(normal).unwrap_or_default();
        let count = self.relation(&name);
        if let Some(open) = self.open.last_mut() {
            open.count = open.count.saturating_add(count);
        }
        ControlFlow::Continue(())
    }
}

/// Where a query is in memory: what tells it from another with the same text.
fn place(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}

/// A name as the engine compares it.
fn normal(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use std::fmt::Write as _;

    use super::*;

    fn of(sql: &str) -> u64 {
        let known = HashMap::from([("v".to_owned(), 10)]);
        let parsed = Parser::parse_sql(&GenericDialect {}, sql).unwrap().swap_remove(0);
        count(&Statement::Statement(Box::new(parsed)), known).unwrap().0
    }

    /// Relations are counted as often as they are used.
    #[test]
    fn relations_counted_by_use() {
        assert_eq!(of("SELECT * FROM a, b JOIN c ON true"), 3);
        assert_eq!(of("SELECT * FROM v, s.v UNION ALL SELECT * FROM v"), 30);
        assert_eq!(of("SELECT (SELECT 1 FROM a) FROM (SELECT 1 FROM b) WHERE EXISTS (SELECT 1 FROM v)"), 12);
        assert_eq!(of("WITH x AS (SELECT 1 FROM a, b), y AS (SELECT 1 FROM x, x) SELECT 1 FROM y, y, X"), 10);
    }

    /// A with query hides a view of its name where it is known.
    #[test]
    fn with_query_hides_view() {
        assert_eq!(of("WITH v AS (SELECT 1 FROM a) SELECT 1 FROM v, \"V\""), 2);
        assert_eq!(of("SELECT 1 FROM (WITH v AS (SELECT 1 FROM a) SELECT 1 FROM v), v"), 11);
    }

    #[test]
    fn doubling_unbounded() {
        let mut sql = "WITH c0 AS (SELECT 1 FROM a)".to_owned();
        for index in 1..80 {
            let before = index - 1;
            write!(sql, ", c{index} AS (SELECT 1 FROM c{before}, c{before})").unwrap();
        }
        assert_eq!(of(&format!("{sql} SELECT 1")), u64::MAX);
        assert_eq!(of("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT 1 FROM r"), 1);
    }
}
