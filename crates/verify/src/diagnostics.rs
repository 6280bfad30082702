//! The diagnostics of a verification.

use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Finding};
use cstspec_runtime::system::diagnostics;
use datafusion::prelude::SessionContext;

use crate::rules;

/// Sends diagnostics to the session's sink, and keeps the result for the `diagnostics` schema. Artifacts that the sink does not take are a
/// finding.
pub async fn publish(ctx: &SessionContext, catalog: &Catalog, report: &mut Report) {
    let lost = diagnostics::publish(ctx, catalog, report).await;
    if let Some(first) = lost.first() {
        let more = if lost.len() > 1 { format!(" (and {} more)", lost.len() - 1) } else { String::new() };
        let finding = Finding::new(&rules::DIAGNOSTICS_LOST, "the sink did not take all diagnostics of the session")
            .differing("every artifact delivered", format!("{first}{more}"))
            .remedy(
                "repair the sink and verify again; the manifest and the `diagnostics` schema have the same records without it",
            );
        report.findings.push(finding);
        report.findings.sort();
    }
    diagnostics::keep(ctx, report);
}
