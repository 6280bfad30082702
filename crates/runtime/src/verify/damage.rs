//! Files whose footer is sound and whose rows cannot be read.

use std::sync::Arc;

use cstspec_contract::{Finding, Relation};
use datafusion::common::Result;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use super::deep::Deep;
use super::relation::failure;
use crate::conform::ConformError;
use crate::inventory::{DataFile, Inventory, Snapshot};
use crate::observe::named;
use crate::table::ContractTable;
use crate::{RuntimeError, rules};

/// Reads each file of a dataset alone, since reading them together failed. Those that fail become findings, and `readable` reads the
/// dataset without them from now on. Whether there were any.
pub(super) async fn leave_out(
    readable: &SessionContext,
    dataset: Relation<'_>,
    deep: &Deep,
    findings: &mut Vec<Finding>,
) -> bool {
    let state = readable.state();
    let Some(snapshot) = state.config().get_extension::<Snapshot>() else { return false };
    let Ok(Some(inventory)) = snapshot.get(dataset.name()) else { return false };
    let Ok(provider) = readable.table_provider(named(dataset.name())).await else { return false };
    let Some(table) = provider.downcast_ref::<ContractTable>() else { return false };
    let mut sound = Vec::with_capacity(inventory.files.len());
    for file in &inventory.files {
        let Err(error) = read(readable, table, &inventory, file).await else {
            sound.push(file.clone());
            continue;
        };
        if deep.explains(&error).is_some() {
            continue;
        }
        let cause = error.find_root().strip_backtrace();
        let mut finding = failure(dataset, &error, &cause);
        if ConformError::inside(&error).is_none() {
            let (promised, found, remedy) = match RuntimeError::inside(&error) {
                Some(RuntimeError::Checksum { column, group, .. }) => (
                    "pages with the checksums that their writer took",
                    format!("the checksum of a page does not fit its bytes: column `{column}`, row group {group}"),
                    "take a sound copy of it: bytes have changed since it was written; everything else was read without it",
                ),
                _ => (
                    "every row that its footer promises",
                    cause,
                    "write or copy it again; everything else was read without it",
                ),
            };
            finding = Finding::new(&rules::FILE_DAMAGED, format!("a file of `{}` is damaged inside", dataset.name()))
                .differing(promised, found)
                .relation(dataset.name())
                .remedy(remedy)
                .at(dataset.origin());
        }
        // The error may know the row as well.
        if finding.data.is_none() {
            finding = finding.seen_in(file.shown.as_str());
        }
        findings.push(finding);
    }
    let found = sound.len() < inventory.files.len();
    if found {
        let rest = (!sound.is_empty()).then(|| Arc::new(inventory.of(sound)));
        snapshot.put(dataset.name(), rest);
    }
    found
}

/// Reads every row of one file and keeps none.
async fn read(ctx: &SessionContext, table: &ContractTable, inventory: &Inventory, file: &DataFile) -> Result<()> {
    let plan = table.plan(&ctx.state(), &inventory.of(vec![file.clone()]))?;
    let mut stream = execute_stream(plan, ctx.task_ctx())?;
    while let Some(batch) = stream.next().await {
        batch?;
    }
    Ok(())
}
