//! Prepared statements.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::field::ParameterSpec;

/// Prepared statements by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "statements")]
pub struct StatementsSpec {
    /// The statements.
    pub statements: IndexMap<String, StatementSpec>,
}

/// One prepared statement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSpec {
    /// What it answers.
    #[serde(default)]
    pub doc: String,
    /// The types of `$1`, `$2`, ...
    #[serde(default)]
    pub parameters: Vec<ParameterSpec>,
    /// The query.
    pub sql: String,
}
