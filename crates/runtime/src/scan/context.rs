//! Decisions about a scan of files that are made once, and used by all of its parts.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use cstspec_contract::{Dataset, list_child};

use super::pruning::ElementPredicates;
use super::scan_log::ScanLog;
use crate::RuntimeError;
use crate::files::footer::fetch;
use crate::files::opened::{OpenedFile, OpenedSchemas, ReadContract};
use crate::files::store::FileStore;
use crate::files::table_files::DataFile;

/// Everything that is decided about a scan of files before it starts.
#[derive(Debug)]
pub(crate) struct ScanContext {
    /// The contract that the files are read under.
    pub read: Arc<ReadContract>,
    /// Predicates on fields of list elements, which exclude row groups.
    pub element_predicates: ElementPredicates,
    /// The store of the files.
    pub store: FileStore,
    /// The log of their conversions.
    pub log: Arc<ScanLog>,
    /// Files that the scan has opened, for the adapters.
    pub opened: Arc<OpenedSchemas>,
}

impl ScanContext {
    /// The contract.
    pub fn contract(&self) -> &Dataset {
        &self.read.contract
    }

    /// Opens `file`. `hint` bytes of its end are fetched at first.
    ///
    /// # Errors
    ///
    /// Why it cannot be opened.
    pub async fn open(&self, file: &DataFile, hint: Option<usize>) -> Result<Arc<OpenedFile>, RuntimeError> {
        let opened = fetch::open(&self.read, &self.store, file, hint).await?;
        self.opened.add(&opened);
        Ok(opened)
    }
}

/// Whether a type has a struct without fields, which says only which values are NULL.
pub(crate) fn is_bare(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.is_empty() || fields.iter().any(|field| is_bare(field.data_type())),
        _ => list_child(data_type).is_some_and(|item| is_bare(item.data_type())),
    }
}

/// For each of `columns` that is asked for with fewer fields than `contract` declares, which are left: `refs: {kind, span: {begin}}`.
pub(crate) fn narrowed_columns(contract: &Dataset, read_schema: &Schema, columns: &[usize]) -> String {
    let narrowed = columns.iter().filter_map(|column| {
        let (table, read) = (&contract.columns[*column].field, read_schema.field(*column));
        let differs = table.data_type() != read.data_type();
        differs.then(|| format!("{}: {}", read.name(), fields(table.data_type(), read.data_type())))
    });
    narrowed.collect::<Vec<_>>().join(", ")
}

fn fields(table: &DataType, read: &DataType) -> String {
    match (table, read) {
        (DataType::Struct(table), DataType::Struct(read)) => {
            let kept = read.iter().map(|field| match table.find(field.name()) {
                Some((_, whole)) if whole.data_type() != field.data_type() => {
                    format!("{}: {}", field.name(), fields(whole.data_type(), field.data_type()))
                }
                _ => field.name().clone(),
            });
            format!("{{{}}}", kept.collect::<Vec<_>>().join(", "))
        }
        _ => match (list_child(table), list_child(read)) {
            (Some(table), Some(read)) => fields(table.data_type(), read.data_type()),
            _ => read.to_string(),
        },
    }
}
