//! Bounds on a plan, measured without walking twice over what it shares: a view that is read twice is one plan in memory, and two to
//! the engine.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::{MOST_JOINS, MOST_OPERATORS, MOST_PARTS, MOST_RELATIONS, refused};

/// Refuses a plan that is out of bounds.
pub(super) fn check(plan: &LogicalPlan) -> Result<()> {
    let size = measure(plan)?;
    let bounds = [
        (size.relations, MOST_RELATIONS, "reads", "relations, views counted as often as they are used", TABLE),
        (size.joins, MOST_JOINS, "has", "joins in one another", TABLE),
        (size.depth, MOST_OPERATORS, "has", "steps in one another, those of views counted", TABLE),
        (
            size.parts,
            MOST_PARTS,
            "has",
            "parts in one expression, columns replaced by what they are computed from",
            TABLE,
        ),
    ];
    for (found, most, verb, what, remedy) in bounds {
        if found > most {
            return Err(refused(format!("the query {verb} {found} {what}"), most, remedy));
        }
    }
    Ok(())
}

/// So many literals count as one part: a list of them is long and not deep, and nothing takes their place.
const LITERALS: u64 = 64;

/// The remedy for a plan that is too large.
const TABLE: &str = "write what is computed first into a table";

/// How many relations a plan reads. One that cannot be walked reads none: the engine says why.
pub(super) fn relations(plan: &LogicalPlan) -> u64 {
    measure(plan).map_or(0, |size| size.relations.max(1))
}

/// How large a plan is to an engine that walks every path through it.
#[derive(Debug)]
struct Size {
    relations: u64,
    /// The most operators on a path.
    depth: u64,
    /// The most joins on a path.
    joins: u64,
    /// The most parts of an expression.
    parts: u64,
    /// Of each column, the parts of the expression that computes it from tables.
    columns: Rc<[u64]>,
}

type Sizes = HashMap<*const LogicalPlan, Rc<Size>>;

fn measure(plan: &LogicalPlan) -> Result<Rc<Size>> {
    walk(plan, &mut Sizes::new())
}

#[recursive::recursive]
fn walk(plan: &LogicalPlan, sizes: &mut Sizes) -> Result<Rc<Size>> {
    if let Some(size) = sizes.get(&std::ptr::from_ref(plan)) {
        return Ok(Rc::clone(size));
    }
    let inputs = plan.inputs().into_iter().map(|input| walk(input, sizes)).collect::<Result<Vec<_>>>()?;
    let mut size = Size {
        relations: u64::from(inputs.is_empty()),
        depth: 0,
        joins: 0,
        parts: 0,
        columns: columns(plan, &inputs)?,
    };
    for input in &inputs {
        size.add(input);
    }
    let mut subqueries = Vec::new();
    plan.apply_expressions(|expr| {
        size.parts = size.parts.max(parts(expr, plan, &inputs, &mut subqueries)?);
        Ok(TreeNodeRecursion::Continue)
    })?;
    for subquery in subqueries {
        size.add(&*walk(&subquery, sizes)?);
    }
    size.depth = size.depth.saturating_add(1);
    size.joins += u64::from(matches!(plan, LogicalPlan::Join(_)));
    let size = Rc::new(size);
    sizes.insert(plan, Rc::clone(&size));
    Ok(size)
}

impl Size {
    /// Adds the size below an operator.
    fn add(&mut self, below: &Self) {
        self.relations = self.relations.saturating_add(below.relations);
        self.depth = self.depth.max(below.depth);
        self.joins = self.joins.max(below.joins);
        self.parts = self.parts.max(below.parts);
    }
}

/// The parts of `expr`, with the columns of `plan`'s inputs as large as what computes them. The subqueries in it are put aside.
fn parts(expr: &Expr, plan: &LogicalPlan, inputs: &[Rc<Size>], subqueries: &mut Vec<Arc<LogicalPlan>>) -> Result<u64> {
    let (mut parts, mut literals) = (0_u64, 0);
    expr.apply(|expr| {
        let own = match expr {
            Expr::Literal(..) => {
                literals += 1;
                0
            }
            Expr::Column(column) => {
                let schemas = plan.inputs().into_iter().map(LogicalPlan::schema);
                let mut found = schemas.zip(inputs).filter_map(|(schema, input)| {
                    schema.maybe_index_of_column(column).and_then(|index| input.columns.get(index).copied())
                });
                found.next().unwrap_or(1)
            }
            Expr::ScalarSubquery(subquery)
            | Expr::Exists(Exists { subquery, .. })
            | Expr::InSubquery(InSubquery { subquery, .. }) => {
                subqueries.push(Arc::clone(&subquery.subquery));
                1
            }
            _ => 1,
        };
        parts = parts.saturating_add(own);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(parts.saturating_add(literals / LITERALS))
}

/// Of each column of `plan`, the parts of the expression that computes it. The optimizer puts those in the place of the columns when
/// it moves a filter down.
fn columns(plan: &LogicalPlan, inputs: &[Rc<Size>]) -> Result<Rc<[u64]>> {
    let width = plan.schema().fields().len();
    let all = |exprs: &[Expr]| -> Result<Vec<u64>> {
        exprs.iter().map(|expr| parts(expr, plan, inputs, &mut Vec::new())).collect()
    };
    let mut columns: Vec<u64> = match (plan, inputs) {
        (LogicalPlan::Projection(projection), _) => all(&projection.expr)?,
        (LogicalPlan::Aggregate(aggregate), _) => all(&aggregate.group_expr)?,
        (LogicalPlan::Unnest(unnest), [input]) => {
            let below = |index: &usize| input.columns.get(*index).copied().unwrap_or(1);
            unnest.dependency_indices.iter().map(below).collect()
        }
        (LogicalPlan::Union(_), [first, others @ ..]) => {
            let most = |index: usize| others.iter().filter_map(|other| other.columns.get(index)).copied().max();
            first.columns.iter().enumerate().map(|(index, parts)| most(index).unwrap_or(0).max(*parts)).collect()
        }
        (_, [input]) if input.columns.len() == width => return Ok(Rc::clone(&input.columns)),
        (_, inputs) => inputs.iter().flat_map(|input| input.columns.iter().copied()).collect(),
    };
    // What an operator adds to its input has no expression that anything is replaced by.
    columns.resize(width, 1);
    Ok(columns.into())
}
