//! The rows of one file in their order, outside a query: for whoever has to say in which row something is.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_conform::{Child, ConformError, LeafSizes, Step};
use cstspec_contract::Path;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::PageIndexPolicy;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use crate::files::delta::Removed;
use crate::files::footer::fetch;
use crate::files::opened::{OpenedFile, ReadContract};
use crate::files::store::FileStore;
use crate::files::table_files::DataFile;
use crate::guard::{self, Panicked};
use crate::{FileError, FileErrorKind, RuntimeError};

/// Batches of a file, each with where its rows are in the file.
pub type Rows = BoxStream<'static, Result<(Places, RecordBatch), RuntimeError>>;

/// Where the rows of a batch are in their file.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// How many rows were read before.
    before: u64,
    /// Rows between them are not read.
    removed: Option<Arc<Removed>>,
}

impl Places {
    /// The places behind so many rows of a file of which none is removed.
    pub fn after(before: u64) -> Self {
        Self { before, removed: None }
    }

    /// The place in the file of the batch's row `row`, from 0.
    pub fn of(&self, row: usize) -> u64 {
        let nth = self.before + row as u64;
        self.removed.as_ref().map_or(nth, |removed| removed.place(nth))
    }
}

/// The rows of `file` as the contract of `read` declares them: the `columns` wanted, by their place in the contract and in the order wanted,
/// in batches of at most `batch_rows` rows.
///
/// Partition columns have the file's partition values. Differences are converted and missing fields filled in as in a scan. Only the wanted
/// columns are decoded, and of them only the fields of the schema that is read. Under a contract that is
/// [`AllNullable`](cstspec_conform::AllNullable) the NULLs of NOT NULL columns are rows like any others.
///
/// # Errors
///
/// Each names the file; one about a value that cannot be converted, or about a NULL, names its row too.
pub async fn rows(
    store: &FileStore,
    file: &DataFile,
    read: &ReadContract,
    columns: &[usize],
    batch_rows: usize,
) -> Result<Rows, RuntimeError> {
    let (dataset, path) = (read.contract.name.clone(), file.display_path.clone());
    let damaged = move |panicked: Panicked| FileErrorKind::damaged(panicked.to_string()).of(&dataset, &path);
    let opened = guard::future(unguarded(store, file, read, columns, batch_rows)).await.map_err(&damaged)??;
    let rows = guard::stream(opened).map(move |batch| batch.unwrap_or_else(|panicked| Err(damaged(panicked))));
    Ok(rows.boxed())
}

/// The same, where a panic goes on.
async fn unguarded(
    store: &FileStore,
    file: &DataFile,
    read: &ReadContract,
    columns: &[usize],
    batch_rows: usize,
) -> Result<Rows, RuntimeError> {
    let ReadContract { contract, read_schema, partition_fields } = read;
    let named = Named { dataset: contract.name.clone(), path: file.display_path.clone() };
    let unreadable = |error: ParquetError| {
        FileErrorKind::SchemaUnreadable { reason: error.to_string() }.of(&contract.name, &file.display_path)
    };
    let opened = fetch::open(read, store, file, None).await?;
    let OpenedFile { metadata, schema: stored, comparison } = opened.as_ref();
    let rows = fetch::rows(metadata);
    let removed = match &file.vector {
        Some(vector) => Some(vector.removed(&contract.name, store, file, rows).await?),
        None => None,
    };
    if let Some(refused) = comparison.refused.first() {
        return Err(named.drift(None, refused.clone()));
    }
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
    let options = options.with_schema(Arc::clone(stored));
    let reads = ArrowReaderMetadata::try_new(Arc::clone(metadata), options).map_err(unreadable)?;
    let reader: Box<dyn AsyncFileReader> = store.alone(&contract.name, file)?;
    let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, reads);
    let mut promised = rows;
    if let Some(removed) = &removed {
        let selection = removed.selection(rows);
        promised = selection.row_count() as u64;
        builder = builder.with_row_selection(selection);
    }

    let comparison = comparison.projected(contract, read_schema).map_err(|error| named.drift(None, error))?;

    let mut wanted = Vec::with_capacity(columns.len());
    let mut decoded: Vec<Option<Option<DataType>>> = vec![None; stored.fields().len()];
    for column in columns {
        let field = &read_schema.fields()[*column];
        let source = match &comparison.columns[*column] {
            None => {
                let index = partition_fields.iter().position(|other| other.name() == field.name());
                let value = index.and_then(|index| file.partition.get(index));
                Source::Same(value.cloned().unwrap_or(ScalarValue::Null))
            }
            Some(Child::Filled(value)) => Source::Same(ScalarValue::try_from_array(value.array(), 0)?),
            Some(Child::Stored { index, step, required, .. }) => {
                let (found, path) = (stored.field(*index).data_type(), Path::top(stored.field(*index).name().as_str()));
                let narrowed = cstspec_conform::narrow(found, step, &path, &LeafSizes::default());
                let (less, step) = narrowed.map_or((None, step.clone()), |(less, step)| (Some(less), step));
                decoded[*index] = Some(less);
                Source::Stored { index: *index, step, required: *required }
            }
        };
        wanted.push((Arc::clone(field), source));
    }
    let mut leaves = Vec::new();
    for (field, less) in stored.fields().iter().zip(&decoded) {
        match less {
            Some(less) => cstspec_conform::read_leaves(field.data_type(), less.as_ref(), &mut leaves),
            None => leaves.extend(std::iter::repeat_n(false, cstspec_conform::leaves(field.data_type()))),
        }
    }
    let chosen = leaves.iter().enumerate().filter(|(_, read)| **read).map(|(leaf, _)| leaf);
    let mask = ProjectionMask::leaves(builder.parquet_schema(), chosen);
    // The reader gives the columns that are read, in the order of the file.
    for (_, source) in &mut wanted {
        if let Source::Stored { index, .. } = source {
            *index = decoded[..*index].iter().flatten().count();
        }
    }

    let schema = Arc::new(Schema::new(wanted.iter().map(|(field, _)| Arc::clone(field)).collect::<Vec<_>>()));
    let batches = builder.with_projection(mask).with_batch_size(batch_rows.max(1)).build();
    let batches = batches.map_err(|error| named.unread(error))?;
    let (mut before, mut failed) = (0, false);
    let rows = batches.map(Some).chain(stream::iter([None])).filter_map(move |batch| {
        let rows = match batch {
            Some(Ok(batch)) => {
                let places = Places { before, removed: removed.clone() };
                before += batch.num_rows() as u64;
                Some(assemble(&batch, &wanted, &schema, &places, &named).map(|batch| (places, batch)))
            }
            Some(Err(error)) => {
                failed = true;
                Some(Err(named.unread(error)))
            }
            None if failed || before == promised => None,
            None => {
                let reason = format!("it has {before} rows, and its footer says {promised}");
                Some(Err(FileErrorKind::damaged(reason).of(&named.dataset, &named.path)))
            }
        };
        std::future::ready(rows)
    });
    Ok(rows.boxed())
}

/// The source of a wanted column.
enum Source {
    /// The column at `index` of the reader's batches.
    Stored { index: usize, step: Step, required: bool },
    /// One value for every row.
    Same(ScalarValue),
}

/// The wanted columns of a batch whose rows are at `places` in the file.
fn assemble(
    batch: &RecordBatch,
    wanted: &[(FieldRef, Source)],
    schema: &SchemaRef,
    places: &Places,
    named: &Named,
) -> Result<RecordBatch, RuntimeError> {
    let rows = batch.num_rows();
    let mut columns = Vec::with_capacity(wanted.len());
    for (field, source) in wanted {
        columns.push(match source {
            Source::Same(value) => value.to_array_of_size(rows)?,
            Source::Stored { index, step, required } => {
                let array = batch.column(*index);
                let path = Path::top(field.name().as_str());
                conform_column(array, step, *required, &path).map_err(|error| {
                    let fails = |row: &usize| conform_column(&array.slice(*row, 1), step, *required, &path).is_err();
                    let Some(row) = (0..rows).find(fails) else { return named.drift(None, error) };
                    let error = cstspec_conform::placed(error, array, row, step, field.name());
                    named.drift(Some(places.of(row)), error)
                })?
            }
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| named.scan(DataFusionError::ArrowError(Box::new(error), None)))
}

fn conform_column(array: &ArrayRef, step: &Step, required: bool, path: &Path) -> Result<ArrayRef, ConformError> {
    if required && array.logical_null_count() > 0 {
        return Err(ConformError::Null { path: path.clone() });
    }
    step.apply(array)
}

/// The names that an error about a file needs.
struct Named {
    dataset: String,
    path: String,
}

impl Named {
    fn drift(&self, row: Option<u64>, source: ConformError) -> RuntimeError {
        let kind = FileErrorKind::Drift(Box::new(source));
        FileError { dataset: self.dataset.clone(), path: self.path.clone(), row, kind }.into()
    }

    fn scan(&self, source: DataFusionError) -> RuntimeError {
        FileErrorKind::Scan(Box::new(source)).of(&self.dataset, &self.path)
    }

    fn unread(&self, error: ParquetError) -> RuntimeError {
        let error = match error {
            ParquetError::External(error) => match error.downcast::<RuntimeError>() {
                Ok(own) => return *own,
                Err(error) => ParquetError::External(error),
            },
            error => error,
        };
        self.scan(DataFusionError::ParquetError(Box::new(error)))
    }
}
