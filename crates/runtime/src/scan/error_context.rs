//! Errors of a scan, told with the file, and with the row where one is at fault.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use cstspec_conform::{AllNullable, ConformError};
use datafusion::common::{DataFusionError, Result};
use datafusion::parquet::errors::ParquetError;
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use super::context::ScanContext;
use super::row_reader;
use crate::display::named;
use crate::error::find_source;
use crate::files::damaged_chunk;
use crate::files::opened::ReadContract;
use crate::files::table_files::DataFile;
use crate::guard::{self, Panicked};
use crate::{FileError, FileErrorKind, RuntimeError};

/// Rows of a batch when a file is read once more for the row that is at fault.
const BATCH_ROWS: usize = 1024;

/// Which file a part of a scan reads.
#[derive(Debug)]
pub(crate) struct FileErrorContext {
    context: Arc<ScanContext>,
    /// The columns that the scan reads, by their place in the contract.
    columns: Arc<[usize]>,
    file: Arc<DataFile>,
}

impl FileErrorContext {
    pub fn new(context: &Arc<ScanContext>, columns: &Arc<[usize]>, file: Arc<DataFile>) -> Self {
        Self { context: Arc::clone(context), columns: Arc::clone(columns), file }
    }

    /// `error` with the file's name.
    pub fn file(&self, error: DataFusionError) -> DataFusionError {
        let named = own(error).unwrap_or_else(|source| {
            let kind = match find_source::<Panicked>(&source) {
                Some(panicked) => FileErrorKind::damaged(panicked.to_string()),
                None => FileErrorKind::Scan(Box::new(source)),
            };
            kind.of(&self.context.contract().name, &self.file.display_path)
        });
        named.into()
    }

    /// `error` with the file's name, and with the row if a value that the contract does not allow is behind it, or the column chunk that
    /// cannot be decoded. A scan also evaluates expressions that were pushed into it: their errors stay as they are.
    async fn row(&self, error: DataFusionError) -> DataFusionError {
        let column = find_source::<ConformError>(&error).map(|error| error.path().column().to_owned());
        match own(error) {
            Ok(error) => error.into(),
            Err(error) => {
                let found = match self.find(column.as_deref()).await {
                    None if may_be_of_reader(&error) => self.chunk().await,
                    found => found,
                };
                match found {
                    Some(found) => found.into(),
                    None if is_of_reader(&error) => self.file(error),
                    None => error,
                }
            }
        }
    }

    /// The column chunk that cannot be decoded.
    async fn chunk(&self) -> Option<RuntimeError> {
        damaged_chunk::find(&self.context.contract().name, &self.context.store, &self.file).await
    }

    /// The first row with a value that the contract does not allow in `column`, or in any column that the scan reads. The engine
    /// tells neither row nor file, so the file is read once more.
    async fn find(&self, column: Option<&str>) -> Option<RuntimeError> {
        let contract = self.context.contract();
        let suspect = |index: &usize| column.is_none_or(|name| contract.columns[*index].name() == name);
        let columns: Vec<usize> = self.columns.iter().copied().filter(suspect).collect();
        let (read, store) = (&self.context.read, &self.context.store);
        let mut rows = match row_reader::rows(store, &self.file, read, &columns, BATCH_ROWS).await {
            Ok(rows) => rows,
            Err(gone) if is_gone(&gone) => return Some(gone),
            Err(_) => return None,
        };
        while let Some(batch) = rows.next().await {
            match batch {
                Ok(_) => {}
                Err(RuntimeError::File(error)) if matches!(error.kind, FileErrorKind::Drift(_)) => {
                    let FileError { dataset, path, row, kind } = *error;
                    let key = match row {
                        Some(row) => self.key_of(row).await,
                        None => None,
                    };
                    let kind = match (key, kind) {
                        (Some(key), FileErrorKind::Drift(source)) => {
                            FileErrorKind::Drift(Box::new(ConformError::OfRow { key, source }))
                        }
                        (_, kind) => kind,
                    };
                    return Some(FileError { dataset, path, row, kind }.into());
                }
                Err(gone) if is_gone(&gone) => return Some(gone),
                Err(_) => return None,
            }
        }
        None
    }

    /// The values that name the row at `row`, as the contract's key has them; `None` without a key, or where it cannot be read.
    async fn key_of(&self, row: u64) -> Option<String> {
        let (contract, store) = (self.context.contract(), &self.context.store);
        let of = |name: &String| contract.columns.iter().position(|column| column.name() == name);
        let columns: Vec<usize> = contract.constraints.row_key()?.iter().filter_map(of).collect();
        let nullable = AllNullable::of(contract);
        let read = ReadContract::whole(nullable.contract(), &self.context.read.partition_fields);
        let mut rows = row_reader::rows(store, &self.file, &read, &columns, BATCH_ROWS).await.ok()?;
        while let Some(Ok((places, batch))) = rows.next().await {
            if let Some(index) = (0..batch.num_rows()).find(|index| places.of(*index) == row) {
                let schema = batch.schema_ref();
                let names = schema.fields().iter().map(|field| field.name().as_str());
                return Some(named(names.zip(batch.columns()), index));
            }
        }
        None
    }
}

/// Whether something has happened to the file since it was opened, rather than that its bytes cannot be decoded.
fn is_gone(error: &RuntimeError) -> bool {
    error.is_of_file() && !matches!(error.kind(), Some(FileErrorKind::Damaged { .. }))
}

/// Whether the decoder of a file can have made an error. An expression can have made it too, of arrays that were decoded.
fn may_be_of_reader(error: &DataFusionError) -> bool {
    is_of_reader(error) || matches!(error.find_root(), DataFusionError::ArrowError(..) | DataFusionError::External(_))
}

/// Whether an error is of what reads and decodes files, or of a conversion to the types of the contract.
fn is_of_reader(error: &DataFusionError) -> bool {
    let is_of_decoder = match error.find_root() {
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => true,
        DataFusionError::ArrowError(error, _) => {
            matches!(error.as_ref(), ArrowError::ParquetError(_) | ArrowError::IoError(..))
        }
        _ => false,
    };
    is_of_decoder || find_source::<ConformError>(error).is_some() || find_source::<Panicked>(error).is_some()
}

/// The error of this crate that `error` stands for, or `error` itself.
fn own(error: DataFusionError) -> Result<RuntimeError, DataFusionError> {
    let known = |error: Box<dyn std::error::Error + Send + Sync>, back: fn(_) -> DataFusionError| {
        error.downcast::<RuntimeError>().map(|error| *error).map_err(back)
    };
    match error {
        DataFusionError::External(error) => known(error, DataFusionError::External),
        DataFusionError::ParquetError(error) => match *error {
            ParquetError::External(error) => {
                known(error, |error| DataFusionError::ParquetError(Box::new(ParquetError::External(error))))
            }
            other => Err(DataFusionError::ParquetError(Box::new(other))),
        },
        other => Err(other),
    }
}

/// A planner of the engine's, whose errors name the file.
pub(crate) struct ErrorContextPlanner {
    error_context: Arc<FileErrorContext>,
    planner: Box<dyn MorselPlanner>,
}

impl ErrorContextPlanner {
    pub fn new(error_context: Arc<FileErrorContext>, planner: Box<dyn MorselPlanner>) -> Self {
        Self { error_context, planner }
    }
}

impl fmt::Debug for ErrorContextPlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.planner.fmt(f)
    }
}

impl MorselPlanner for ErrorContextPlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { error_context, planner } = *self;
        let planned = guard::caught(|| planner.plan()).unwrap_or_else(|panicked| Err(panicked.into()));
        let Some(mut plan) = planned.map_err(|error| error_context.file(error))? else { return Ok(None) };
        let with_context =
            |planner| -> Box<dyn MorselPlanner> { Box::new(Self::new(Arc::clone(&error_context), planner)) };
        let morsels = plan.take_morsels().into_iter();
        let morsels = morsels.map(|morsel| -> Box<dyn Morsel> {
            Box::new(ErrorContextMorsel { error_context: Arc::clone(&error_context), morsel })
        });
        let mut error_context_of_panic = MorselPlan::new().with_morsels(morsels.collect());
        error_context_of_panic =
            error_context_of_panic.with_planners(plan.take_ready_planners().into_iter().map(with_context).collect());
        if let Some(pending) = plan.take_pending_planner() {
            let error_context = Arc::clone(&error_context);
            error_context_of_panic.set_pending_planner(async move {
                match guard::future(pending).await.unwrap_or_else(|panicked| Err(panicked.into())) {
                    Ok(next) => Ok(Box::new(Self::new(error_context, next)) as Box<dyn MorselPlanner>),
                    Err(error) => Err(error_context.file(error)),
                }
            });
        }
        Ok(Some(error_context_of_panic))
    }
}

struct ErrorContextMorsel {
    error_context: Arc<FileErrorContext>,
    morsel: Box<dyn Morsel>,
}

impl fmt::Debug for ErrorContextMorsel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.morsel.fmt(f)
    }
}

impl Morsel for ErrorContextMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { error_context, morsel } = *self;
        let opened = match guard::caught(|| morsel.into_stream()) {
            Ok(batches) => guard::stream(batches).boxed(),
            Err(panicked) => stream::once(async { Err(panicked) }).boxed(),
        };
        let stream = opened.then(move |batch| {
            let error_context = Arc::clone(&error_context);
            async move {
                match batch.unwrap_or_else(|panicked| Err(panicked.into())) {
                    Ok(batch) => Ok(batch),
                    Err(error) => Err(error_context.row(error).await),
                }
            }
        });
        stream.boxed()
    }
}
