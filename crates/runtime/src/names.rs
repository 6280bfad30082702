//! Names as the engine takes them, and lists of names as sentences have them.

use std::collections::BTreeSet;

use datafusion::common::TableReference;

/// A relation's name as it is, capitals and dots included.
pub fn table_reference(relation: &str) -> TableReference {
    TableReference::bare(relation.to_owned())
}

/// Names as a sentence lists them: the first, and how many more there are. Empty for none.
pub fn first_names(paths: &BTreeSet<String>) -> String {
    const NAMED: usize = 5;
    let first: Vec<String> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    match paths.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
