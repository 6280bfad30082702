//! The statements that recreate registered relations, as `SHOW CREATE TABLE` answers them.

use datafusion::prelude::SessionContext;

use crate::observe::named;

/// The statement that recreates `relation`, as the session answers it; `None` if nothing is registered under the name, or what is
/// cannot tell. A dataset's starts with comments that say what its contract promises.
pub async fn of(ctx: &SessionContext, relation: &str) -> Option<String> {
    let provider = ctx.table_provider(named(relation)).await.ok()?;
    provider.get_table_definition().map(str::to_owned)
}
