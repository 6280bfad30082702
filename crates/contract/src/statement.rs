//! Prepared statements.

use arrow_schema::DataType;

use crate::Origin;

/// A query with typed parameters, run by `EXECUTE name(...)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement's name.
    pub name: String,
    /// What it answers.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The types of `$1`, `$2`, ...
    pub parameters: Vec<DataType>,
    /// The query.
    pub sql: String,
}
