//! Files that could be opened and cannot be read to their end: damaged inside, changed or gone since they were listed, not handed out.

use std::sync::Arc;

use cstspec_conform::ConformError;
use cstspec_contract::{Catalog, Dataset, Relation};
use cstspec_runtime::files::snapshot::Snapshot;
use cstspec_runtime::files::table_files::{DataFile, TableFiles};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::table::ContractTable;
use cstspec_runtime::{FileErrorKind, RuntimeError, find_source, guard};
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;

use super::{Sources, rejection};
use crate::causes::{Ledger, Subject, Submission};
use crate::execution_error::failure;
use crate::facts::{engine_error, null};
use crate::rows::AllNullableTable;

/// How often files are left out before a relation is given up: beside a busy writer one more may be gone each time.
pub const ROUNDS: usize = 32;

/// Leaves out what keeps `relation` from being read, for which it was read in `round` times before and failed with `error`. The dataset
/// that is read without some of its files from now on; nothing if no file is at fault.
///
/// At first each file of a dataset is read alone. Whatever fails later names its file.
pub async fn leave_out(
    readable: &SessionContext,
    catalog: &Catalog,
    relation: Relation<'_>,
    (error, round): (&DataFusionError, usize),
    ledger: &mut Ledger,
) -> Option<String> {
    // No file is at fault when the engine has no room.
    if matches!(engine_error(error), DataFusionError::ResourcesExhausted(_)) {
        return None;
    }
    let of_file = RuntimeError::inside(error).filter(|error| error.is_of_file());
    let dataset = match relation {
        Relation::Dataset(dataset) => dataset,
        // What the dataset could be read with is at fault only if something has happened to it since.
        Relation::View(_) => {
            let name = of_file.and_then(RuntimeError::belongs_to)?;
            catalog.datasets.iter().find(|dataset| dataset.name == name)?
        }
    };
    let mut short = match of_file.and_then(RuntimeError::path) {
        Some(path) => without(readable, dataset, path, error, ledger).await,
        None => false,
    };
    if let Relation::Dataset(_) = relation
        && (round == 0 || !short)
    {
        short |= each_alone(readable, dataset, ledger).await;
    }
    short.then(|| dataset.name.clone())
}

/// Whether `error` is about a file that could be opened and was left out since: that has been told.
pub fn is_left_out(sources: &Sources, catalog: &Catalog, error: &DataFusionError) -> bool {
    let Some(path) = RuntimeError::inside(error).and_then(RuntimeError::path) else { return false };
    let reads = |session: &SessionContext, dataset: &Dataset| {
        files(session, dataset)
            .is_some_and(|(_, table_files)| table_files.files.iter().any(|file| file.display_path == path))
    };
    catalog.datasets.iter().any(|dataset| reads(&sources.opened, dataset) && !reads(&sources.readable, dataset))
}

/// Leaves out the file of `dataset` at `path`, which `error` is about. Whether it was there.
async fn without(
    readable: &SessionContext,
    dataset: &Dataset,
    path: &str,
    error: &DataFusionError,
    ledger: &mut Ledger,
) -> bool {
    let Some((snapshot, table_files)) = files(readable, dataset) else { return false };
    let (gone, sound): (Vec<DataFile>, Vec<DataFile>) =
        table_files.files.iter().cloned().partition(|file| file.display_path == path);
    let Some(file) = gone.first() else { return false };
    let unread = unread(dataset, &table_files, file, error, ledger).await;
    ledger.submit(unread);
    keep(&snapshot, dataset, &table_files, sound);
    true
}

/// Reads each file of a dataset alone, since reading them together failed. Those that fail become findings, and `readable` reads the
/// dataset without them from now on. Whether there were any.
pub async fn each_alone(readable: &SessionContext, dataset: &Dataset, ledger: &mut Ledger) -> bool {
    let Some((snapshot, table_files)) = files(readable, dataset) else { return false };
    let Ok(provider) = readable.table_provider(table_reference(&dataset.name)).await else { return false };
    let Some(table) = provider.downcast_ref::<ContractTable>() else { return false };
    let mut sound = Vec::with_capacity(table_files.files.len());
    for file in &table_files.files {
        match read(readable, table, &table_files, file).await {
            Ok(()) => sound.push(file.clone()),
            Err(error) => {
                let unread = unread(dataset, &table_files, file, &error, ledger).await;
                ledger.submit(unread);
            }
        }
    }
    let found = sound.len() < table_files.files.len();
    if found {
        keep(&snapshot, dataset, &table_files, sound);
    }
    found
}

/// The files that `readable` reads of a dataset.
fn files(readable: &SessionContext, dataset: &Dataset) -> Option<(Arc<Snapshot>, Arc<TableFiles>)> {
    let snapshot = readable.state().config().get_extension::<Snapshot>()?;
    let table_files = snapshot.get(&dataset.name).ok()??;
    Some((snapshot, table_files))
}

/// From now on the `sound` files are those of a dataset.
fn keep(snapshot: &Snapshot, dataset: &Dataset, table_files: &TableFiles, sound: Vec<DataFile>) {
    let rest = (!sound.is_empty()).then(|| Arc::new(table_files.with_files(sound)));
    snapshot.put(&dataset.name, rest);
}

/// The finding of a file that cannot be read.
async fn unread(
    dataset: &Dataset,
    table_files: &Arc<TableFiles>,
    file: &DataFile,
    error: &DataFusionError,
    ledger: &Ledger,
) -> Submission {
    // The file is named by the finding.
    let own = RuntimeError::inside(error);
    let cause = engine_error(error).strip_backtrace();
    let mut finding = match own {
        Some(own) if own.is_of_file() => rejection::finding(dataset, own),
        _ if find_source::<ConformError>(error).is_some() => failure(Relation::Dataset(dataset), error, &cause),
        _ => rejection::finding(dataset, &FileErrorKind::damaged(cause).of(&dataset.name, &file.display_path)),
    };
    // The error may know the row as well.
    if finding.data.is_none() {
        finding = finding.seen_in(file.display_path.as_str());
    }
    let about = Subject::Files { dataset: dataset.name.clone(), file: Some(file.display_path.clone()) };
    let nulls = match null(&dataset.name, error) {
        // The error has no field: it is about NULLs if the file is read to its end once every field may be NULL.
        Some(any @ Subject::Nulls { path: None, .. }) => {
            (ledger.has(&any) && reads_nullable(dataset, table_files, file).await).then_some(any)
        }
        named => named,
    };
    Submission::from(finding).about(about).repeats(nulls)
}

/// Whether every row of `file` can be read where each field may be NULL.
async fn reads_nullable(dataset: &Dataset, table_files: &Arc<TableFiles>, file: &DataFile) -> bool {
    let table = AllNullableTable::new(dataset, Arc::clone(table_files));
    let read = async {
        let Ok(mut rows) = table.read(file, dataset).await else { return false };
        while let Some(batch) = rows.next().await {
            if batch.is_err() {
                return false;
            }
        }
        true
    };
    guard::future(read).await.unwrap_or(false)
}

/// Reads every row of one file and keeps none.
async fn read(ctx: &SessionContext, table: &ContractTable, table_files: &TableFiles, file: &DataFile) -> Result<()> {
    let plan = table.plan(&ctx.state(), &table_files.with_files(vec![file.clone()]))?;
    let mut stream = execute_stream(plan, ctx.task_ctx())?;
    while let Some(batch) = stream.next().await {
        batch?;
    }
    Ok(())
}
