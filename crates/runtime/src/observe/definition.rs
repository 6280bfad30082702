//! The statements that recreate registered relations, as `SHOW CREATE TABLE` answers them.

use cstspec_contract::{View, definition};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use crate::names::table_reference;

/// The statement that recreates `relation`, as the session answers it; `None` if nothing is registered under the name, or what is
/// cannot tell. A dataset's starts with comments that say what its contract promises.
pub async fn of(ctx: &SessionContext, relation: &str) -> Option<String> {
    let provider = ctx.table_provider(table_reference(relation)).await.ok()?;
    provider.get_table_definition().map(str::to_owned)
}

/// Whether `written` creates `view`. The engine keeps a statement that it executed in its own spelling, so queries are compared as
/// they are parsed.
pub fn same_view(written: &str, view: &View) -> bool {
    let declared = definition::view(view);
    written == declared || query(written).is_some_and(|written| Some(written) == query(&declared))
}

/// The query of a `CREATE VIEW`, in the parser's spelling.
fn query(statement: &str) -> Option<String> {
    let mut statements = DFParser::parse_sql(statement).ok()?;
    let (Some(Statement::Statement(statement)), None) = (statements.pop_front(), statements.pop_front()) else {
        return None;
    };
    match *statement {
        SqlStatement::CreateView(create) if create.columns.is_empty() => Some(create.query.to_string()),
        _ => None,
    }
}
