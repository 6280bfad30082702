//! Clauses that the engine's planner ignores: the parser takes them, and the rows would be others than what was asked for.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{GroupByExpr, LimitClause, Query, Select, SelectFlavor, TableFactor, Visitor};

use super::visit;

/// Refuses a statement with a clause that the planner ignores.
pub(super) fn check(statement: &Statement) -> Result<()> {
    let Some(ControlFlow::Break((clause, remedy))) = visit(statement, &mut Ignored) else { return Ok(()) };
    Err(DataFusionError::Plan(format!("{clause} is not supported: {remedy}")))
}

/// A clause, and what to write in its place.
type Clause = (&'static str, &'static str);

struct Ignored;

/// Stops at the first clause that is there.
fn first<const N: usize>(clauses: [(bool, Clause); N]) -> ControlFlow<Clause> {
    match clauses.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => ControlFlow::Break(clause),
        None => ControlFlow::Continue(()),
    }
}

const AWAY: &str = "take it away";

impl Visitor for Ignored {
    type Break = Clause;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Clause> {
        let of_each =
            matches!(&query.limit_clause, Some(LimitClause::LimitOffset { limit_by, .. }) if !limit_by.is_empty());
        first([
            (!query.locks.is_empty(), ("FOR UPDATE or FOR SHARE", "queries lock nothing, so take it away")),
            (
                query.for_clause.is_some(),
                ("FOR JSON, XML or BROWSE", "take it away; `--format` says how rows are written"),
            ),
            (query.format_clause.is_some(), ("FORMAT", "take it away; `--format` says how rows are written")),
            (query.settings.is_some(), ("SETTINGS", "take it away; `--set` and session presets have settings")),
            (of_each, ("LIMIT BY", "number the rows of each group with row_number() and filter by it")),
        ])
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Clause> {
        let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = &select.group_by;
        first([
            (select.prewhere.is_some(), ("PREWHERE", "write WHERE")),
            (
                !modifiers.is_empty(),
                ("WITH ROLLUP, CUBE or TOTALS", "write GROUP BY ROLLUP (...), CUBE (...) or GROUPING SETS (...)"),
            ),
            (!select.connect_by.is_empty(), ("CONNECT BY", "write WITH RECURSIVE")),
            (select.select_modifiers.is_some(), ("a modifier between SELECT and its columns", AWAY)),
            (select.value_table_mode.is_some(), ("SELECT AS STRUCT or AS VALUE", "call struct(...)")),
            (select.exclude.is_some(), ("EXCLUDE after the columns", "write it after `*`, as `* EXCLUDE (...)`")),
            (
                matches!(select.flavor, SelectFlavor::FromFirstNoSelect),
                ("FROM without SELECT", "write SELECT * before it"),
            ),
        ])
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Clause> {
        const SAMPLE: Clause = ("TABLESAMPLE", "filter by a hash of a column, or by random()");
        const ORDINALITY: Clause = ("WITH ORDINALITY", "number the rows with row_number() OVER ()");
        match factor {
            TableFactor::Table {
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => first([
                (sample.is_some(), SAMPLE),
                (version.is_some(), ("a version of a table", "name it with `--data`, as LOCATION?version=N")),
                (!partitions.is_empty(), ("PARTITION", "filter by the partition columns in WHERE")),
                (*with_ordinality, ORDINALITY),
                (!with_hints.is_empty() || !index_hints.is_empty(), ("a hint for a table", AWAY)),
                (json_path.is_some(), ("a path behind a table", "select a field of a column")),
            ]),
            TableFactor::Derived { sample, .. } => first([(sample.is_some(), SAMPLE)]),
            TableFactor::Function { with_ordinality, .. } => first([(*with_ordinality, ORDINALITY)]),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::check;

    #[test]
    fn clauses_ignored_by_engine() {
        let state = SessionContext::new().state();
        let dialect = state.config().options().sql_parser.dialect;
        let found = |sql: &str| {
            let statement = state.sql_to_statement(sql, &dialect).unwrap_or_else(|error| panic!("{sql}: {error}"));
            check(&statement).map_err(|error| error.to_string())
        };
        for (sql, clause) in [
            ("SELECT a FROM t TABLESAMPLE (10)", "TABLESAMPLE"),
            ("SELECT a FROM t TABLESAMPLE BERNOULLI (10 PERCENT)", "TABLESAMPLE"),
            ("SELECT a FROM (SELECT a FROM t) AS u TABLESAMPLE (10)", "TABLESAMPLE"),
            ("EXPLAIN SELECT a FROM u WHERE a IN (SELECT a FROM t TABLESAMPLE (10))", "TABLESAMPLE"),
            ("WITH w AS (SELECT a FROM t PREWHERE a > 1) SELECT a FROM w", "PREWHERE"),
            ("SELECT a FROM t UNION ALL SELECT a FROM t PREWHERE a > 1", "PREWHERE"),
            ("SELECT a FROM t FOR UPDATE", "FOR UPDATE"),
            ("SELECT a FROM t FOR JSON AUTO", "FOR JSON"),
            ("SELECT a FROM t FORMAT JSON", "FORMAT"),
            ("SELECT a FROM t SETTINGS b = 1", "SETTINGS"),
            ("SELECT a FROM t LIMIT 1 BY a", "LIMIT BY"),
            ("SELECT a FROM t GROUP BY a WITH ROLLUP", "WITH ROLLUP"),
            ("SELECT a FROM t GROUP BY ALL WITH TOTALS", "WITH ROLLUP"),
            ("SELECT a FROM t PARTITION (p)", "PARTITION"),
            ("SELECT a FROM t WITH ORDINALITY", "WITH ORDINALITY"),
            ("SELECT a FROM t WITH (NOLOCK)", "a hint"),
            ("COPY (SELECT a FROM t TABLESAMPLE (10)) TO 'x.csv'", "TABLESAMPLE"),
        ] {
            let error = found(sql).expect_err(sql);
            assert!(error.contains(&format!("{clause} ")) || error.contains(&format!("{clause},")), "{sql}: {error}");
            assert!(error.contains(" is not supported: "), "{sql}: {error}");
        }
        for sql in [
            "SELECT DISTINCT ON (a) a FROM t ORDER BY a LIMIT 1 OFFSET 2",
            "SELECT a, count(*) FILTER (WHERE b) FROM t GROUP BY ROLLUP (a) HAVING a > 1",
            "SELECT /*+ x */ a FROM t AS final QUALIFY row_number() OVER (PARTITION BY a) = 1",
            "SELECT * EXCLUDE (a) FROM t, LATERAL (SELECT 1) AS u, unnest([1]) AS v",
        ] {
            assert_eq!(found(sql), Ok(()), "{sql}");
        }
    }
}
