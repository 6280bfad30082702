//! Names as the engine takes them.

use datafusion::common::TableReference;

/// More files or tables than this are counted in a sentence.
pub const MOST_NAMES: usize = 5;

/// A relation's name as it is, capitals and dots included.
pub fn table_reference(relation: &str) -> TableReference {
    TableReference::bare(relation.to_owned())
}
