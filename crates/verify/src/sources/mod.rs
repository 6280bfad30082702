//! Compares the files of each dataset, one by one, with the contract before a row is read.

pub mod all_nullable;
pub mod delta;
pub mod drift;
pub mod ignored;
mod inspect;
mod misfiled;
mod partition_columns;
pub mod rejection;
mod renaming;
pub mod unreadable;

use std::sync::Arc;

use cstspec_contract::report::{Conversion, ConversionKind, FileConversion, SourceReport};
use cstspec_contract::{Catalog, Dataset, Finding, Path, Severity};
use cstspec_runtime::FileErrorKind;
use cstspec_runtime::files::hive::Layout;
use cstspec_runtime::files::opened::ReadContract;
use cstspec_runtime::files::provided::ProvidedTable;
use cstspec_runtime::files::snapshot::Snapshot;
use cstspec_runtime::files::table_files::{DataFile, TableFiles};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::observe::partitions::{self, ListedTypes};
use cstspec_runtime::session::automount;
use cstspec_runtime::table::ContractTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use crate::causes::{Ledger, Subject, Submission};
use crate::checks::Checks;
use crate::rules;
use drift::Wishes;
use inspect::{Inspection, Inspector};
use renaming::Renames;

/// How many footers are opened at a time.
const AT_ONCE: usize = 8;

/// The sources of the datasets of a catalog.
pub struct Sources {
    /// Each dataset's source, by name.
    pub reports: Vec<SourceReport>,
    /// How files differ and are read all the same.
    pub conversions: Vec<FileConversion>,
    /// A session that reads the same relations without the files that are refused, and without those that turn out not to be readable to
    /// their end.
    pub readable: SessionContext,
    /// A session that reads them without the files that are refused alone: what does not read the values at fault reads the others of the
    /// same file.
    pub opened: SessionContext,
}

/// Looks at every file of every dataset. Refused and differing files have findings that name them.
pub async fn check(ctx: &SessionContext, catalog: &Catalog, checks: Checks, ledger: &mut Ledger) -> Sources {
    let snapshots @ [readable, opened] = &[Arc::new(Snapshot::default()), Arc::new(Snapshot::default())];
    let (readable, opened) = (reading(ctx, readable), reading(ctx, opened));
    let mut sources = Sources { reports: Vec::new(), conversions: Vec::new(), readable, opened };
    let listed = ListedTypes::default();
    for dataset in &catalog.datasets {
        // That a dataset is not registered is told with its relation, and what a host put there instead is the host's.
        let Ok(provider) = ctx.table_provider(table_reference(&dataset.name)).await else { continue };
        let Some(table) = provider.downcast_ref::<ContractTable>() else { continue };
        let (mut findings, is_readable) = sources.look_at(ctx, table, checks, snapshots, &listed).await;
        if !is_readable {
            for finding in findings.iter_mut().filter(|found| found.finding().severity == Severity::Error) {
                finding.concerns(Subject::Files { dataset: dataset.name.clone(), file: None });
            }
        }
        ledger.extend(findings);
    }
    sources
}

/// A session with the relations of `ctx` that reads the files of `snapshot`.
fn reading(ctx: &SessionContext, snapshot: &Arc<Snapshot>) -> SessionContext {
    let mut state = ctx.state();
    state.config_mut().set_extension(Arc::clone(snapshot));
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).build())
}

impl Sources {
    /// Looks at the files of one dataset: the findings, and whether any of it can be read.
    async fn look_at(
        &mut self,
        ctx: &SessionContext,
        table: &ContractTable,
        checks: Checks,
        snapshots: &[Arc<Snapshot>; 2],
        listed: &ListedTypes,
    ) -> (Vec<Submission>, bool) {
        let mut findings: Vec<Submission> = Vec::new();
        let [readable, opened] = snapshots;
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
        let mut table_files = match table.list_files(&ctx.runtime_env()).await {
            Ok(table_files) => table_files,
            Err(error) => {
                for snapshot in snapshots {
                    snapshot.put(&contract.name, None);
                }
                self.reports.push(report);
                return (vec![rejection::finding(contract, &error).into()], false);
            }
        };
        let validation = partitions::validate(ctx, contract, &table_files, listed).await;
        let seen = table_files.rejected.iter().find_map(|refused| refused.error.path()).or(table.location());
        if table_files.log.is_none() {
            findings
                .extend(partition_columns::differences(contract, &validation, seen).into_iter().map(Submission::from));
        }
        let refused = rejection::findings(contract, &table_files.rejected);
        findings.extend(refused.into_iter().map(|finding| unread(contract, finding)));
        if let Some(place) = &table_files.store {
            let left_out = ignored::findings(contract, place, &table_files.ignored_files).await;
            findings.extend(left_out.into_iter().map(Submission::from));
        } else if table_files.provided.is_none() {
            findings.extend(unmounted(ctx, contract).await.map(Submission::from));
        }

        let refused = table_files.rejected.len() as u64;
        let listed = table_files.files.len() as u64;
        let damaged;
        (table_files.files, damaged) = self.open(ctx, contract, &table_files, checks, &mut findings).await;
        findings.extend(misfiled::check(contract, &table_files, checks).await.into_iter().map(Submission::from));
        let mut sound = true;
        if let Some(log) = &table_files.log {
            findings.extend(delta::check(contract, log, table.location().unwrap_or_default()));
            report.version = Some(log.version);
        }
        if let Some(provided) = &table_files.provided {
            sound &= self.provided(contract, provided, &mut findings);
            "provider".clone_into(&mut report.reader);
        }
        let read = table_files.files.len() as u64;
        let layout = match (table_files.layout, &table_files.store) {
            (Layout::Table, _) => "table",
            (_, None) => "empty",
            (Layout::Plain, _) => "files",
            (Layout::Hive, _) => "hive",
            (Layout::Delta, _) => "delta",
        };
        layout.clone_into(&mut report.layout);
        report.files = read;
        report.refused = refused + (listed - read);
        report.partition_schema_validation = Some(validation);
        let nothing = !sound || (read == 0 && report.refused > 0);
        self.reports.push(report);
        table_files.rejected.clear();
        if damaged.is_empty() {
            let table_files = (!nothing).then(|| Arc::new(table_files));
            for snapshot in snapshots {
                snapshot.put(&contract.name, table_files.clone());
            }
            return (findings, !nothing);
        }
        opened
            .put(&contract.name, Some(Arc::new(table_files.with_files([table_files.files.clone(), damaged].concat()))));
        readable.put(&contract.name, (!nothing).then(|| Arc::new(table_files)));
        (findings, !nothing)
    }

    /// Opens each file of `table_files`; those that the contract lets be read are returned, and those that are damaged below their footers.
    async fn open(
        &mut self,
        ctx: &SessionContext,
        contract: &Dataset,
        table_files: &TableFiles,
        checks: Checks,
        findings: &mut Vec<Submission>,
    ) -> (Vec<DataFile>, Vec<DataFile>) {
        let Some(store) = &table_files.store else { return Default::default() };
        let read = ReadContract::whole(&Arc::new(contract.clone()), &table_files.partition_fields);
        let state = ctx.state();
        let inspector = &Inspector { state: &state, store, read: &read, checks };
        let opened = table_files.files.iter().map(|file| async move { (file, inspector.inspect(file).await) });
        let mut opened = futures::stream::iter(opened).buffered(AT_ONCE);
        let (mut read, mut damaged) = (Vec::with_capacity(table_files.files.len()), Vec::new());
        let (mut wishes, mut renames) = (Wishes::default(), Renames::default());
        while let Some((file, inspected)) = opened.next().await {
            match inspected {
                Ok(inspection) => {
                    wishes.unmet(&file.display_path, &inspection.without_statistics, &inspection.without_bloom_filters);
                    if self.compared(contract, file, inspection, &mut renames, findings) {
                        read.push(file.clone());
                    }
                }
                Err(error) => {
                    if let Some(FileErrorKind::Damaged { .. } | FileErrorKind::Checksum { .. }) = error.kind() {
                        damaged.push(file.clone());
                    }
                    findings.push(unread(contract, rejection::finding(contract, &error)));
                }
            }
        }
        findings.extend(wishes.findings(contract).into_iter().map(Submission::from));
        let in_files = |number| match (number, read.len()) {
            (1, 1) => "the file".to_owned(),
            (number, all) => format!("{number} of {all} files"),
        };
        findings.extend(renamed(contract, renames.findings(contract, in_files)));
        (read, damaged)
    }

    /// Says how a table that somebody else reads differs, and whether it is read.
    fn provided(&mut self, contract: &Dataset, provided: &ProvidedTable, findings: &mut Vec<Submission>) -> bool {
        let schema = provided.table.schema();
        let comparison = cstspec_conform::compare(contract, &[], &schema);
        let likely = cstspec_conform::likely_renames(contract, &[], &schema);
        let mut renames = Renames::default();
        if !comparison.refused.is_empty() {
            let refused = drift::refusals(contract, &provided.display_path, &comparison.refused, &likely, &mut renames);
            findings.extend(refused.into_iter().map(|(finding, path)| differing(contract, finding, [path])));
            findings.extend(renamed(contract, renames.findings(contract, |_| "the table".to_owned())));
            return false;
        }
        let explained = renames.take(&provided.display_path, likely, &comparison.conversions);
        for conversion in comparison.conversions {
            if !explained(&conversion) {
                findings.extend(drifted(contract, &provided.display_path, &conversion));
            }
            let (dataset, file) = (contract.name.clone(), provided.display_path.clone());
            self.conversions.push(FileConversion { dataset, file, conversion });
        }
        findings.extend(renamed(contract, renames.findings(contract, |_| "the table".to_owned())));
        true
    }

    /// Says how `file` differs, and whether it is read.
    fn compared(
        &mut self,
        contract: &Dataset,
        file: &DataFile,
        inspection: Inspection,
        renames: &mut Renames,
        findings: &mut Vec<Submission>,
    ) -> bool {
        let Inspection { opened, likely, .. } = inspection;
        let comparison = &opened.comparison;
        if !comparison.refused.is_empty() {
            let refused = drift::refusals(contract, &file.display_path, &comparison.refused, &likely, renames);
            let refused = refused.into_iter().map(|(finding, path)| differing(contract, finding, [path]));
            findings.extend(refused.map(|refused| refused.about(files(contract, Some(&file.display_path)))));
            return false;
        }
        let explained = renames.take(&file.display_path, likely, &comparison.conversions);
        for conversion in &comparison.conversions {
            if !explained(conversion) {
                findings.extend(drifted(contract, &file.display_path, conversion));
            }
            let (dataset, file, conversion) = (contract.name.clone(), file.display_path.clone(), conversion.clone());
            self.conversions.push(FileConversion { dataset, file, conversion });
        }
        true
    }
}

/// The subject of a file of `contract`.
fn files(contract: &Dataset, file: Option<&str>) -> Subject {
    Subject::Files { dataset: contract.name.clone(), file: file.map(str::to_owned) }
}

/// The finding of a file that is not read. One that names a column says of it that it is otherwise than the contract has it.
fn unread(contract: &Dataset, finding: Finding) -> Submission {
    let file = finding.data.as_ref().map(|place| place.file.clone());
    let column = finding.path.as_deref().map(Path::top);
    differing(contract, finding, column).about(files(contract, file.as_deref()))
}

/// The finding of fields at `paths` that files have otherwise.
fn differing(contract: &Dataset, finding: Finding, paths: impl IntoIterator<Item = Path>) -> Submission {
    let about = |path| Subject::Drift { dataset: contract.name.clone(), path };
    paths.into_iter().map(about).fold(Submission::from(finding), Submission::about)
}

fn renamed(contract: &Dataset, findings: Vec<(Finding, [Path; 2])>) -> impl Iterator<Item = Submission> {
    findings.into_iter().map(|(finding, paths)| differing(contract, finding, paths))
}

/// The finding of a difference that is allowed. A NULL where the contract has none says more than that the file lets it be there.
fn drifted(contract: &Dataset, file: &str, conversion: &Conversion) -> Option<Submission> {
    let path = conversion.path.clone();
    let submission = differing(contract, drift::converted(contract, file, conversion)?, [path.clone()]);
    Some(match conversion.kind {
        ConversionKind::Nullable => {
            submission.repeats([Subject::Nulls { relation: contract.name.clone(), path: Some(path) }])
        }
        _ => submission,
    })
}

/// A finding for a dataset without a location that has no data where the session mounts tables from.
async fn unmounted(ctx: &SessionContext, dataset: &Dataset) -> Option<Finding> {
    let absence = automount::absence(ctx, dataset).await?;
    let (name, setting) = (dataset.name.as_str(), automount::LOCATION);
    let finding = Finding::new(
        &rules::LOCATION_MISSING,
        format!("`{name}` is not where the session mounts tables from, and so empty"),
    );
    let finding = finding
        .differing(
            format!("a folder `{name}` or a file `{name}.parquet` under `{}`", absence.location),
            absence.observed,
        )
        .relation(name)
        .remedy(format!("correct `{setting}`, write the data there, or give the dataset a location of its own"))
        .seen_in(absence.location)
        .at(&dataset.origin);
    Some(finding)
}
