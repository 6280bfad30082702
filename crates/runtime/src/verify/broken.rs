//! What keeps a query from its rows, as the finding that `verify` makes of it.

use cstspec_contract::{Catalog, Finding, Relation};
use datafusion::error::DataFusionError;

use super::{drift, refusal, relation};
use crate::{RuntimeError, rules};

/// The finding of an error, if it is data of `catalog` that breaks its contract or cannot be read.
pub fn broken(catalog: &Catalog, error: &DataFusionError) -> Option<Finding> {
    let own = RuntimeError::inside(error)?;
    let contract = catalog.dataset(own.belongs_to()?)?;
    let mut finding = match own {
        RuntimeError::NothingReadable { .. } => return None,
        RuntimeError::Drift { path, row: None, source, .. } => drift::refused(contract, path, source),
        RuntimeError::Drift { .. } => {
            relation::failure(Relation::Dataset(contract), error, &error.find_root().strip_backtrace())
        }
        RuntimeError::Scan { path, source, .. } => {
            let dataset = contract.name.as_str();
            Finding::new(&rules::FILE_DAMAGED, format!("a file of `{dataset}` is damaged inside"))
                .differing("every row that its footer promises", source.find_root().strip_backtrace())
                .relation(dataset)
                .remedy("write or copy it again")
                .at(&contract.origin)
                .seen_in(path.as_str())
        }
        _ => refusal::finding(contract, own),
    };
    // A query reads nothing without the file.
    if let Some(remedy) = finding.remedy.as_mut()
        && remedy.ends_with(refusal::WITHOUT)
        && let Some(kept) = remedy.rfind("; ")
    {
        remedy.truncate(kept);
    }
    Some(finding)
}
