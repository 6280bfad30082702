//! Pruning of a scan without reading data: files by the values of their folders, by the statistics of a log and by known footers
//! (`files`), and row groups by predicates on fields that the engine cannot see through `unnest` (`row_groups`). The engine leaves out
//! row groups and pages by itself; of the columns that its filter tests (`tested`) it is shown the statistics that count (`trust`).
//!
//! Each condition is decided by the engine's own pruning, which is told only what is certain: where nothing is known of a column it is
//! told nothing, and then it keeps what it is asked about.

mod column_bounds;
mod files;
mod row_groups;
mod tested;
mod trust;

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};

pub(crate) use files::keep;
pub(crate) use row_groups::{ElementFilter, ElementPredicates, PruningCounter, only};
pub(crate) use tested::Tested;
pub(crate) use trust::believed;

/// Whether the minimum and maximum of such a column say which values it may have. Floating point numbers have NaN, which is
/// neither; other types have no order that writers agree on.
pub(crate) fn is_ordered(data_type: &DataType) -> bool {
    let text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let time = matches!(data_type, DataType::Date32 | DataType::Timestamp(..));
    data_type.is_integer() || text || time || *data_type == DataType::Boolean
}

/// The result of `condition` on bounds of the columns of `schema`; `None` if they decide nothing.
fn predicate(
    state: &dyn Session,
    condition: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
) -> Option<Arc<PruningPredicate>> {
    let builder = PruningPredicateBuilder::new().with_file_schema(schema);
    builder.with_max_in_list_size(state.config_options().execution.parquet.max_in_list_size).build(condition)
}

/// Whether each cast in `condition` maps the minimum and the maximum to those of the result, which the engine takes for
/// granted.
fn keeps_order(condition: &Expr, schema: &DFSchema) -> Result<bool> {
    let mut keeps = true;
    condition.apply(|expr| {
        keeps &= match expr {
            Expr::Cast(cast) => is_wider(&cast.expr.get_type(schema)?, cast.field.data_type()),
            Expr::TryCast(_) => false,
            _ => true,
        };
        Ok(if keeps { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(keeps)
}

/// Whether `to` has all values of `from`, in the same order.
fn is_wider(from: &DataType, to: &DataType) -> bool {
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let whole = |data_type: &DataType| data_type.is_integer();
    from == to || (text(from) && text(to)) || (whole(from) && whole(to) && cstspec_conform::loses_nothing(from, to))
}
