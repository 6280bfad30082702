//! The engine's description of a relation.

use arrow::array::AsArray as _;
use arrow::datatypes::SchemaRef;
use cstspec_contract::describe::DescribeRow;
use cstspec_contract::sql::quoted;
use datafusion::prelude::SessionContext;

use crate::RuntimeError;
use crate::names::table_reference;

/// The engine's description of a relation.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The rows of `DESCRIBE`, verbatim.
    pub rows: Vec<DescribeRow>,
    /// The schema of the registered relation, with what `DESCRIBE` leaves out: metadata.
    pub schema: SchemaRef,
}

/// Asks the engine to describe `relation`.
///
/// # Errors
///
/// [`RuntimeError::Engine`] if nothing is registered under the name.
pub async fn observe(ctx: &SessionContext, relation: &str) -> Result<Observed, RuntimeError> {
    let schema = ctx.table_provider(table_reference(relation)).await?.schema();
    let batches = ctx.sql(&format!("DESCRIBE {}", quoted(relation))).await?.collect().await?;
    let mut rows = Vec::with_capacity(schema.fields().len());
    for batch in batches {
        let text = |index: usize| batch.column(index).as_string::<i32>();
        for row in 0..batch.num_rows() {
            rows.push(DescribeRow {
                column_name: text(0).value(row).to_owned(),
                data_type: text(1).value(row).to_owned(),
                is_nullable: text(2).value(row).to_owned(),
            });
        }
    }
    Ok(Observed { rows, schema })
}
