//! Checks of the session itself: the engine and the prepared statements.

use cstspec_contract::{Catalog, Finding};
use cstspec_runtime::ENGINE;
use cstspec_runtime::session::statement;
use datafusion::prelude::SessionContext;

use crate::causes::{Ledger, Submission};
use crate::facts::Facts;
use crate::rules;

/// A finding if the expectations were made with another engine.
pub fn engine(catalog: &Catalog) -> Vec<Finding> {
    if catalog.engine.is_empty() || catalog.engine == ENGINE {
        return Vec::new();
    }
    let finding = Finding::new(
        &rules::ENGINE_DIFFERS,
        format!("the engine version differs from that of the catalog `{}`", catalog.name),
    )
    .differing(format!("DataFusion {}", catalog.engine), format!("DataFusion {ENGINE}"))
    .remedy("verify, and then set `engine` in the catalog to this version");
    vec![finding]
}

/// A finding for each statement that cannot be prepared. One that follows from a function or a relation that has a finding is named there.
pub async fn check(ctx: &SessionContext, catalog: &Catalog, facts: &Facts<'_>, ledger: &mut Ledger) {
    let state = ctx.state();
    for statement in &catalog.statements {
        let Err(error) = statement::plan(&state, statement).await else { continue };
        let causes = facts.behind_plan(&state, &statement.sql, &error);
        let finding =
            Finding::new(&rules::STATEMENT_NOT_PLANNED, format!("statement `{}` cannot be prepared", statement.name))
                .differing(statement.sql.trim_end(), error.strip_backtrace())
                .remedy("correct the query, or the relations that it reads")
                .at(&statement.origin);
        ledger.submit(Submission::from(finding).follows(&statement.name, causes));
    }
}
