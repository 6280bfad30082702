//! Files that have been opened: a footer, its Arrow schema, and their comparison with the contract.
//!
//! An [`OpenedFile`] is made once per file, contract and session, and kept with the footer in the session's cache
//! ([`open`](super::footer::fetch::open)). Planning, the opener, the reader, the adapter, the search for the row of an error and `verify` use
//! the same one.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_conform::Comparison;
use cstspec_contract::Dataset;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;

/// The contract that files are read under.
#[derive(Clone, Debug)]
pub struct ReadContract {
    /// The contract. Files are compared with all of it, whatever is read.
    pub contract: Arc<Dataset>,
    /// The contract's columns, some without fields that no query uses.
    pub read_schema: SchemaRef,
    /// The columns that the files do not store, since folders or a log have their values.
    pub partition_fields: Vec<FieldRef>,
}

impl ReadContract {
    /// Every column and field of `contract`.
    pub fn whole(contract: &Arc<Dataset>, partition_fields: &[FieldRef]) -> Self {
        Self {
            contract: Arc::clone(contract),
            read_schema: contract.schema(),
            partition_fields: partition_fields.to_vec(),
        }
    }

    /// The names of the columns that the files do not store.
    pub fn partition_names(&self) -> Vec<&str> {
        self.partition_fields.iter().map(|field| field.name().as_str()).collect()
    }
}

/// A file that has been opened under a contract.
#[derive(Debug)]
pub struct OpenedFile {
    /// The footer, without its page index.
    pub metadata: Arc<ParquetMetaData>,
    /// The schema as the engine's reader gives it.
    pub schema: SchemaRef,
    /// How the schema differs from the contract. Nothing of the file is read where the contract refuses a difference.
    pub comparison: Comparison,
}

impl OpenedFile {
    /// Compares the file of the footer `metadata` with the contract.
    ///
    /// # Errors
    ///
    /// The footer's schema has no form in Arrow.
    pub fn new(read: &ReadContract, metadata: &Arc<ParquetMetaData>) -> Result<Self, ParquetError> {
        let stored = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(stored.schema_descr(), stored.key_value_metadata())?;
        let schema = as_read(&read.contract, &Arc::new(schema));
        let comparison = cstspec_conform::compare(&read.contract, &read.partition_names(), &schema);
        Ok(Self { metadata: Arc::clone(metadata), schema, comparison })
    }
}

/// The most contracts that a file is kept opened under.
const MOST_CONTRACTS: usize = 4;

/// One file, opened under some contracts.
#[derive(Debug, Default)]
pub struct OpenedFiles(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    contract: Arc<Dataset>,
    partition_names: Vec<String>,
    file: Arc<OpenedFile>,
}

impl OpenedFiles {
    /// The file of the footer `metadata` opened under `read`: as it was opened before, or now.
    ///
    /// # Errors
    ///
    /// The footer's schema has no form in Arrow.
    pub fn get(&self, read: &ReadContract, metadata: &Arc<ParquetMetaData>) -> Result<Arc<OpenedFile>, ParquetError> {
        // A panic elsewhere leaves whole entries behind.
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |entry: &&Entry| {
            Arc::ptr_eq(&entry.file.metadata, metadata)
                && entry.partition_names.iter().eq(read.partition_fields.iter().map(|field| field.name()))
                && (Arc::ptr_eq(&entry.contract, &read.contract) || entry.contract == read.contract)
        };
        if let Some(entry) = entries.iter().find(same) {
            return Ok(Arc::clone(&entry.file));
        }
        let file = Arc::new(OpenedFile::new(read, metadata)?);
        // Another footer of the file is that of another log: its entries are not asked for again.
        entries.retain(|entry| Arc::ptr_eq(&entry.file.metadata, metadata));
        if entries.len() == MOST_CONTRACTS {
            entries.remove(0);
        }
        entries.push(Entry {
            contract: Arc::clone(&read.contract),
            partition_names: read.partition_fields.iter().map(|field| field.name().clone()).collect(),
            file: Arc::clone(&file),
        });
        Ok(file)
    }
}

/// The most schemas that a scan keeps a file of.
const MOST_SCHEMAS: usize = 64;

/// The opened files of a scan, one per schema. The engine asks for an adapter by the schema of a file, and names no file.
#[derive(Debug, Default)]
pub struct OpenedSchemas(Mutex<Vec<Arc<OpenedFile>>>);

impl OpenedSchemas {
    /// Adds `file`, unless one of its schema is there.
    pub fn add(&self, file: &Arc<OpenedFile>) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if files.iter().any(|known| same_fields(&known.schema, &file.schema)) {
            return;
        }
        if files.len() == MOST_SCHEMAS {
            files.remove(0);
        }
        files.push(Arc::clone(file));
    }

    /// A file with the fields of `schema`.
    pub fn find(&self, schema: &Schema) -> Option<Arc<OpenedFile>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().find(|known| same_fields(&known.schema, schema)).map(Arc::clone)
    }
}

/// Whether two schemas have the same fields. A comparison depends on nothing else of them.
fn same_fields(one: &Schema, other: &Schema) -> bool {
    one.fields() == other.fields()
}

/// The schema `stored` of a file as the engine's reader gives it: a column that is declared as a view is read as one, without a
/// conversion. The engine would read binary as text too, where that is declared; to the contract this is a cast like any other.
pub fn as_read(contract: &Dataset, stored: &SchemaRef) -> SchemaRef {
    let view = |field: &FieldRef| {
        let declared = contract.columns.iter().find(|column| column.name() == field.name())?.field.data_type();
        let same = match (declared, field.data_type()) {
            (DataType::Utf8View, DataType::Utf8 | DataType::LargeUtf8)
            | (DataType::BinaryView, DataType::Binary | DataType::LargeBinary) => declared.clone(),
            _ => return None,
        };
        Some(Arc::new(field.as_ref().clone().with_data_type(same)))
    };
    if !stored.fields().iter().any(|field| view(field).is_some()) {
        return Arc::clone(stored);
    }
    let fields: Vec<FieldRef> =
        stored.fields().iter().map(|field| view(field).unwrap_or_else(|| Arc::clone(field))).collect();
    Arc::new(Schema::new_with_metadata(fields, stored.metadata().clone()))
}
