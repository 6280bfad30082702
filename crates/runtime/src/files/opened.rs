//! A file that has been opened: its footer, its Arrow schema, and their comparison with the contract.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_conform::Comparison;
use cstspec_contract::Dataset;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::table_files::DataFile;
use crate::RuntimeError;

/// The schema of a file as the engine's reader gives it, and how it differs from `contract`. The columns `carried` are not of the file.
///
/// # Errors
///
/// [`RuntimeError::SchemaUnreadable`].
pub fn comparison(
    contract: &Dataset,
    carried: &[FieldRef],
    file: &DataFile,
    footer: &ParquetMetaData,
) -> Result<(SchemaRef, Comparison), RuntimeError> {
    let stored = footer.file_metadata();
    let schema = parquet_to_arrow_schema(stored.schema_descr(), stored.key_value_metadata());
    let schema = schema.map_err(|error| {
        let (dataset, path, reason) = (contract.name.clone(), file.shown.clone(), error.to_string());
        RuntimeError::SchemaUnreadable { dataset, path, reason }
    })?;
    let carried: Vec<&str> = carried.iter().map(|field| field.name().as_str()).collect();
    let read = as_read(contract, &Arc::new(schema));
    let comparison = cstspec_conform::compare(contract, &carried, &read);
    Ok((read, comparison))
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
