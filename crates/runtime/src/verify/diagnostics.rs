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
        for lost in record.emit(diagnostics::verified(ctx, catalog, report).await) {
            let finding = Finding::new(&rules::DIAGNOSTICS_LOST, "the session's diagnostics are incomplete")
                .differing("every artifact delivered", lost.to_string())
                .remedy("mend the sink, and verify again: what was lost is not told twice");
            report.findings.push(finding);
        }
        report.findings.sort();
    }
    record.verified(report);
}
