//! Findings of errors by which a query returns no rows, equal to those of `verify`.

use cstspec_contract::{Catalog, Finding, Relation};
use cstspec_runtime::{FileErrorKind, RuntimeError};
use datafusion::error::DataFusionError;

use crate::execution_error;
use crate::sources::{drift, rejection};

/// The finding of an error, if it is data of `catalog` that breaks its contract or cannot be read.
pub fn broken(catalog: &Catalog, error: &DataFusionError) -> Option<Finding> {
    let own = RuntimeError::inside(error)?;
    let contract = catalog.dataset(own.belongs_to()?)?;
    let file = own.file()?;
    Some(match &file.kind {
        FileErrorKind::Drift(source) if file.row.is_none() => drift::refused(contract, &file.path, source),
        FileErrorKind::Drift(_) => {
            execution_error::failure(Relation::Dataset(contract), error, &error.find_root().strip_backtrace())
        }
        // A query reads nothing without the file.
        _ => rejection::alone(contract, own),
    })
}
