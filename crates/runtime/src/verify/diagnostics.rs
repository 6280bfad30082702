//! What is told of a verification, and to whom.

use cstspec_contract::{Catalog, Finding};
use datafusion::prelude::SessionContext;

use super::Report;
use crate::record::Record;
use crate::{diagnostics, rules};

/// Tells the session's sink, and keeps the result for the `diagnostics` schema. What the sink does not take is a finding.
pub(super) async fn tell(ctx: &SessionContext, catalog: &Catalog, report: &mut Report) {
    let record = Record::attach(ctx);
    if record.is_told() {
        let lost = record.emit(diagnostics::verified(ctx, catalog, report).await);
        if let Some(first) = lost.first() {
            let more = if lost.len() > 1 { format!(" (and {} more)", lost.len() - 1) } else { String::new() };
            let finding = Finding::new(
                &rules::DIAGNOSTICS_LOST,
                "the sink did not take all diagnostics of the session",
            )
            .differing("every artifact delivered", format!("{first}{more}"))
            .remedy(
                "mend the sink and verify again; the manifest and the `diagnostics` schema tell the same without it",
            );
            report.findings.push(finding);
            report.findings.sort();
        }
    }
    record.verified(report);
}
