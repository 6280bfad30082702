//! How large a query may be: bounds on its text and on its plan, held before the engine recurses over either.
//!
//! The parser, the planner and the optimizer recurse over operators that are chained and over queries that are nested, not all of them
//! with a stack that grows, and what a text of 2 kB refers to can be exponential in its length. So a text is bounded by its tokens
//! before it is parsed (`text.rs`), the relations that it reads are counted before it is planned (`relations.rs`), and a plan is measured
//! before it is analyzed (`plan.rs`). Each refusal says how much there is and how much there may be. So is a
//! type that a query spells as text (`types.rs`). Clauses that the planner ignores are refused at the same place (`clauses.rs`).

mod clauses;
mod plan;
mod relations;
mod text;
mod types;

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::sql::parser::{CopyToSource, CopyToStatement, Statement};
use datafusion::sql::sqlparser::ast::{Visit as _, Visitor};

/// The most bytes of a query.
pub const MOST_BYTES: usize = 1 << 20;
/// The most operators, casts and set operations that may stand in one another.
pub const MOST_DEPTH: usize = 1_000;
/// The most queries in brackets that may stand in one another where an expression or a `WITH` has them: the parser's time doubles
/// with each.
pub const MOST_NESTED: usize = 12;
/// The most types in one another that a cast to a type given as text may have.
pub const MOST_TYPES: usize = 64;
/// The most bytes that a value of a type of fixed size may have which a query spells as text; specs have the same bound.
pub const MOST_FIXED: u64 = 65_536;
/// The most relations that a query may read, with each view and each `WITH` query counted as often as it is referred to.
pub const MOST_RELATIONS: u64 = 2_000;
/// The most operators of a plan between its root and a table.
pub const MOST_OPERATORS: u64 = 2_000;
/// The most joins of a plan between its root and a table.
pub const MOST_JOINS: u64 = 150;
/// The most parts of an expression, when the columns of the queries below are replaced by what they are computed from.
pub const MOST_PARTS: u64 = 20_000;

/// Plans one SQL query, within the bounds.
///
/// # Errors
///
/// The engine's error for a query that it refuses, and [`DataFusionError::Plan`] for one that is out of bounds, or has a clause that the
/// planner ignores.
pub async fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    text::check(state, sql)?;
    let dialect = state.config().options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect)?;
    clauses::check(&statement)?;
    types::check(&statement)?;
    relations::check(state, &statement).await?;
    let plan = state.statement_to_plan(statement).await?;
    plan::check(&plan)?;
    Ok(plan)
}

/// Visits the query that `statement` plans; `None` if it plans none.
fn visit<V: Visitor>(mut statement: &Statement, visitor: &mut V) -> Option<ControlFlow<V::Break>> {
    loop {
        match statement {
            Statement::Statement(query) => return Some(query.visit(visitor)),
            Statement::CopyTo(CopyToStatement { source: CopyToSource::Query(query), .. }) => {
                return Some(query.visit(visitor));
            }
            Statement::Explain(explain) => statement = &explain.statement,
            _ => return None,
        }
    }
}

/// The engine's analyzer with the bounds on plans held first.
pub fn analyzer() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(Bounds)];
    rules.extend(Analyzer::new().rules);
    rules
}

/// Refuses a plan that is out of bounds, whoever made it.
#[derive(Debug)]
struct Bounds;

impl AnalyzerRule for Bounds {
    fn name(&self) -> &'static str {
        "plan_bounds"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan::check(&plan).map(|()| plan)
    }
}

/// The error of a query that is out of bounds.
fn refused(found: impl std::fmt::Display, most: impl std::fmt::Display, remedy: &str) -> DataFusionError {
    DataFusionError::Plan(format!("{found}, and at most {most} can be planned: {remedy}"))
}
