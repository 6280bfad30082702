//! Findings of errors by which a query returns no rows, equal to those of `verify`.

use cstspec_contract::{Catalog, Finding, Relation};
use cstspec_runtime::RuntimeError;
use datafusion::error::DataFusionError;

use super::{drift, refusal, relation};

/// The finding of an error, if it is data of `catalog` that breaks its contract or cannot be read.
pub fn broken(catalog: &Catalog, error: &DataFusionError) -> Option<Finding> {
    let own = RuntimeError::inside(error)?;
    let contract = catalog.dataset(own.belongs_to()?)?;
    Some(match own {
        RuntimeError::NothingReadable { .. } => return None,
        RuntimeError::Drift { path, row: None, source, .. } => drift::refused(contract, path, source),
        RuntimeError::Drift { .. } => {
            relation::failure(Relation::Dataset(contract), error, &error.find_root().strip_backtrace())
        }
        RuntimeError::Scan { path, source, .. } => {
            refusal::damaged(contract, source.find_root().strip_backtrace()).seen_in(path.as_str())
        }
        // A query reads nothing without the file.
        _ => refusal::alone(contract, own),
    })
}
