//! Table providers of the host.

use std::sync::Arc;

use datafusion::catalog::TableProvider;

/// A table of somebody else's.
#[derive(Clone, Debug)]
pub struct ProvidedTable {
    /// Reads it.
    pub table: Arc<dyn TableProvider>,
    /// How a person finds it.
    pub display_path: String,
}
