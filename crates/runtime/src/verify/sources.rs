//! What is behind each dataset: its files, one by one, held against the contract before a row is read.

use std::sync::Arc;

use cstspec_contract::{Catalog, Dataset, Finding};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use super::drift::{self, Wishes};
use super::{FileConversion, Progress, SourceReport, partition, refusal};
use crate::inspect::{Inspection, Inspector};
use crate::inventory::{DataFile, Inventory, Snapshot};
use crate::listing::LeftOut;
use crate::observe::named;
use crate::partition::Layout;
use crate::rules;
use crate::table::ContractTable;

/// How many footers are opened at a time.
const AT_ONCE: usize = 8;

/// What is behind the datasets of a catalog.
pub(super) struct Sources {
    /// Each dataset's source, by name.
    pub reports: Vec<SourceReport>,
    /// How files differ and are read all the same.
    pub conversions: Vec<FileConversion>,
    /// A session that reads the same relations without the files that are refused.
    pub readable: SessionContext,
}

/// Looks at every file of every dataset. What is refused or differs becomes a finding that names the file.
pub(super) async fn check(
    ctx: &SessionContext,
    catalog: &Catalog,
    _progress: &dyn Progress,
    findings: &mut Vec<Finding>,
) -> Sources {
    let snapshot = Arc::new(Snapshot::default());
    let mut state = ctx.state();
    state.config_mut().set_extension(Arc::clone(&snapshot));
    let readable = SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).build());
    let mut sources = Sources { reports: Vec::new(), conversions: Vec::new(), readable };
    for dataset in &catalog.datasets {
        // That a dataset is not registered is told with its relation, and what a host put there instead is the host's.
        let Ok(provider) = ctx.table_provider(named(&dataset.name)).await else { continue };
        let Some(table) = provider.downcast_ref::<ContractTable>() else { continue };
        sources.look_at(ctx, table, &snapshot, findings).await;
    }
    sources
}

impl Sources {
    async fn look_at(
        &mut self,
        ctx: &SessionContext,
        table: &ContractTable,
        snapshot: &Snapshot,
        findings: &mut Vec<Finding>,
    ) {
        let contract = table.contract();
        let mut report = SourceReport {
            dataset: contract.name.clone(),
            location: table.location().map(str::to_owned),
            layout: "empty".to_owned(),
            reader: "contract".to_owned(),
            version: None,
            files: 0,
            refused: 0,
            partition_schema_validation: None,
        };
        let mut inventory = match table.inventory(&ctx.runtime_env()).await {
            Ok(inventory) => inventory,
            Err(error) => {
                findings.push(refusal::finding(contract, &error));
                snapshot.put(&contract.name, None);
                self.reports.push(report);
                return;
            }
        };
        let validation = partition::validate(ctx, contract, &inventory).await;
        let seen = inventory.refused.iter().find_map(|refused| refused.error.path()).or(table.location());
        findings.extend(partition::differences(contract, &validation, seen));
        findings.extend(refusal::findings(contract, &inventory.refused));
        findings.extend(left_out(contract, &inventory.left_out));

        let refused = inventory.refused.len() as u64;
        let listed = inventory.files.len() as u64;
        inventory.files = self.open(ctx, contract, &inventory, findings).await;
        let read = inventory.files.len() as u64;
        report.layout = match (inventory.layout, &inventory.place) {
            (_, None) => "empty",
            (Layout::Plain, _) => "files",
            (Layout::Hive, _) => "hive",
        }
        .to_owned();
        report.files = read;
        report.refused = refused + (listed - read);
        report.partition_schema_validation = Some(validation);
        let nothing = read == 0 && report.refused > 0;
        self.reports.push(report);
        inventory.refused.clear();
        snapshot.put(&contract.name, (!nothing).then(|| Arc::new(inventory)));
    }

    /// Opens each file of `inventory`; those that the contract lets be read are returned.
    async fn open(
        &mut self,
        ctx: &SessionContext,
        contract: &Dataset,
        inventory: &Inventory,
        findings: &mut Vec<Finding>,
    ) -> Vec<DataFile> {
        let Some(place) = &inventory.place else { return Vec::new() };
        let carried: Vec<&str> = match inventory.layout {
            Layout::Plain => Vec::new(),
            Layout::Hive => contract.partitions.iter().map(String::as_str).collect(),
        };
        let state = ctx.state();
        let inspector = &Inspector { state: &state, place, contract, carried: &carried };
        let opened = inventory.files.iter().map(|file| async move { (file, inspector.inspect(file).await) });
        let mut opened = futures::stream::iter(opened).buffered(AT_ONCE);
        let (mut read, mut wishes) = (Vec::with_capacity(inventory.files.len()), Wishes::default());
        while let Some((file, inspected)) = opened.next().await {
            match inspected {
                Ok(inspection) => {
                    wishes.unmet(&file.shown, &inspection.without_statistics, &inspection.without_bloom_filters);
                    if self.compared(contract, file, inspection, findings) {
                        read.push(file.clone());
                    }
                }
                Err(error) => findings.push(refusal::finding(contract, &error)),
            }
        }
        findings.extend(wishes.findings(contract));
        read
    }

    /// Says how `file` differs, and whether it is read.
    fn compared(
        &mut self,
        contract: &Dataset,
        file: &DataFile,
        inspection: Inspection,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let comparison = inspection.comparison;
        if !comparison.refused.is_empty() {
            findings.extend(comparison.refused.iter().map(|error| drift::refused(contract, &file.shown, error)));
            return false;
        }
        for conversion in comparison.conversions {
            findings.extend(drift::converted(contract, &file.shown, &conversion));
            let (dataset, file) = (contract.name.clone(), file.shown.clone());
            self.conversions.push(FileConversion { dataset, file, conversion });
        }
        true
    }
}

/// What lies among the data and is not read.
fn left_out(contract: &Dataset, left_out: &LeftOut) -> Vec<Finding> {
    let dataset = contract.name.as_str();
    let about = |message: String, file: &str| {
        Finding::new(&rules::FILE_LEFT_OUT, message)
            .differing("files that end in `.parquet` and do not start with `_` or `.`", "another name")
            .relation(dataset)
            .remedy("leave it if it is a marker; rename it if it is data")
            .seen_in(file)
            .at(&contract.origin)
    };
    let mut findings: Vec<Finding> =
        left_out.first.iter().map(|file| about(format!("a file of `{dataset}` is left out"), file)).collect();
    let more = left_out.total - left_out.first.len() as u64;
    if let Some(last) = left_out.first.last().filter(|_| more > 0) {
        findings.push(about(format!("{more} more files of `{dataset}` are left out"), last));
    }
    findings
}
