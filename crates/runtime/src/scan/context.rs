//! What is decided once about a scan of files, and used by everything that takes part in it.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_contract::{Dataset, list_child};

use super::pruning::Elements;
use super::scan_log::ScanLog;
use crate::files::store::FileStore;

/// What a scan keeps of its dataset.
#[derive(Debug)]
pub(crate) struct ScanContext {
    /// What the files are held against.
    pub contract: Arc<Dataset>,
    /// What they are read as: the contract's columns, some without fields that nobody asked for.
    pub asked: SchemaRef,
    /// The columns that the files do not store, since folders or a log carry them.
    pub carried: Vec<FieldRef>,
    /// Conditions that leave out row groups.
    pub elements: Elements,
    /// Where they are.
    pub place: FileStore,
    /// The log of their conversions.
    pub log: Arc<ScanLog>,
}

/// Whether a type has a struct without fields, which says only which values are NULL.
pub(crate) fn is_bare(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.is_empty() || fields.iter().any(|field| is_bare(field.data_type())),
        _ => list_child(data_type).is_some_and(|item| is_bare(item.data_type())),
    }
}

/// For each of `columns` that is asked for with fewer fields than `contract` declares, which are left: `refs: {kind, span: {begin}}`.
pub(crate) fn narrowed_columns(contract: &Dataset, asked: &Schema, columns: &[usize]) -> String {
    let narrowed = columns.iter().filter_map(|column| {
        let (declared, asked) = (&contract.columns[*column].field, asked.field(*column));
        let differs = declared.data_type() != asked.data_type();
        differs.then(|| format!("{}: {}", asked.name(), fields(declared.data_type(), asked.data_type())))
    });
    narrowed.collect::<Vec<_>>().join(", ")
}

fn fields(declared: &DataType, asked: &DataType) -> String {
    match (declared, asked) {
        (DataType::Struct(declared), DataType::Struct(asked)) => {
            let kept = asked.iter().map(|field| match declared.find(field.name()) {
                Some((_, whole)) if whole.data_type() != field.data_type() => {
                    format!("{}: {}", field.name(), fields(whole.data_type(), field.data_type()))
                }
                _ => field.name().clone(),
            });
            format!("{{{}}}", kept.collect::<Vec<_>>().join(", "))
        }
        _ => match (list_child(declared), list_child(asked)) {
            (Some(declared), Some(asked)) => fields(declared.data_type(), asked.data_type()),
            _ => asked.to_string(),
        },
    }
}
