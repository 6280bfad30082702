//! The finding of an engine error that ends the reading of a relation.

use cstspec_conform::ConformError;
use cstspec_contract::{DataPlace, Finding, Relation};
use cstspec_runtime::{RuntimeError, find_source};
use datafusion::common::DataFusionError;

use crate::rules;

/// The finding of a relation that cannot be read, with the file and the column where the error knows them.
pub(crate) fn failure(relation: Relation<'_>, error: &DataFusionError, cause: &str) -> Finding {
    let name = relation.name();
    let rule = match relation {
        Relation::Dataset(_) => &rules::DATASET_FAILS,
        Relation::View(_) => &rules::VIEW_FAILS,
    };
    let mut finding = Finding::new(rule, format!("`{name}` cannot be read to its end"))
        .differing("every row", cause)
        .relation(name)
        .remedy("correct the cause that the engine reports; no row was skipped")
        .at(relation.origin());
    if let Some(inner) = RuntimeError::inside(error) {
        finding = finding.observing(inner.to_string());
        finding.data = inner.path().map(|file| DataPlace { file: file.to_owned(), row: inner.row() });
    }
    if let Some(error) = find_source::<ConformError>(error) {
        if let Some(origin) = relation.locate(error.path()) {
            finding = finding.at(&origin);
        }
        finding = finding.path(error.path().to_string()).remedy(error.remedy());
    }
    finding
}
