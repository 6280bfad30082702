//! Prepared statements, so that `EXECUTE name(...)` works.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use cstspec_contract::Statement;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, Prepare, Statement as PlannedStatement};
use datafusion::prelude::SessionContext;

use super::view;

/// The plan that prepares `statement`. It is built from the declared types themselves: `PREPARE name(...)` could not spell most of
/// them, and would read VARCHAR as a view type in some sessions.
pub async fn plan(state: &SessionState, statement: &Statement) -> Result<LogicalPlan> {
    let fields: Vec<FieldRef> = statement
        .parameters
        .iter()
        .enumerate()
        .map(|(index, data_type)| Arc::new(Field::new(format!("${}", index + 1), data_type.clone(), true)))
        .collect();
    let query = view::read_only(state, &statement.sql).await?;
    let typed = query.transform_up_with_subqueries(|node| {
        let node = node.map_expressions(|expr| typed(expr, &fields))?;
        node.map_data(LogicalPlan::recompute_schema)
    });
    let input = Arc::new(typed.data()?);
    Ok(LogicalPlan::Statement(PlannedStatement::Prepare(Prepare { name: statement.name.clone(), fields, input })))
}

/// Prepares `statement` in the session, in place of one of its name.
pub async fn prepare(ctx: &SessionContext, statement: &Statement) -> Result<()> {
    let plan = plan(&ctx.state(), statement).await?;
    let name = cstspec_contract::sql::ident(&statement.name).into_owned();
    // An earlier registration's statement would read relations that have been replaced. There may be none.
    let _ = ctx.sql(&format!("DEALLOCATE {name}")).await;
    ctx.execute_logical_plan(plan).await.map(|_| ())
}

/// `expr` with every placeholder of the declared type.
fn typed(expr: Expr, fields: &[FieldRef]) -> Result<Transformed<Expr>> {
    expr.transform(|expr| match expr {
        Expr::Placeholder(mut placeholder) => {
            let field = fields.iter().find(|field| field.name() == &placeholder.id);
            placeholder.field = field.map(Arc::clone).or(placeholder.field);
            Ok(Transformed::yes(Expr::Placeholder(placeholder)))
        }
        other => Ok(Transformed::no(other)),
    })
}
