//! Rules about definitions, keys and defaults as the session answers them: `R5xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&DEFINITION_DIFFERS, &INFORMATION_SCHEMA_REPLACED, &KEYS_DIFFER, &DEFAULT_DIFFERS];

/// Something else than the catalog says is registered under a relation's name.
pub const DEFINITION_DIFFERS: Rule = Rule {
    code: "R501",
    name: "definition-differs",
    severity: Severity::Error,
    summary: "the registered definition of a relation differs from the catalog",
    explanation: "\
`SHOW CREATE TABLE` returns another statement than the catalog's, or none. Either other code registered a table or view under \
the name after the catalog, or the session was made from other specs. Queries over the relation read that table instead, even \
if `DESCRIBE` is the same. Differences of its columns are therefore not reported separately.

Register the catalog again (`cstspec_runtime::register` replaces the tables under its names), and look for code that \
registers, drops or creates tables of these names.",
};

/// `information_schema` does not answer for the catalog.
pub const INFORMATION_SCHEMA_REPLACED: Rule = Rule {
    code: "R502",
    name: "information-schema-replaced",
    severity: Severity::Error,
    summary: "information_schema is not the one that has keys and defaults",
    explanation: "\
The engine's own `information_schema` has no `table_constraints` and no `key_column_usage`, has no column defaults, and counts \
columns from 0. `cstspec_runtime::register` installs one that knows the contracts. The engine's own takes its place while \
`datafusion.catalog.information_schema` is on. A schema of that name that a host registered is not replaced.

Keep the setting off after the catalog is registered, or remove the host's schema and register the catalog again. Until then \
keys and defaults cannot be compared.",
};

/// The keys or references of a relation are answered otherwise.
pub const KEYS_DIFFER: Rule = Rule {
    code: "R503",
    name: "keys-differ",
    severity: Severity::Error,
    summary: "the keys or references in information_schema differ from the contract",
    explanation: "\
Tools that join by declared keys query `information_schema.table_constraints` and `key_column_usage`. The keys there differ \
from the spec: usually the session was made from other specs than it is verified with.

Register the catalog that is verified. `information_schema` takes the keys from it, and `verify --deep` checks them on data; \
the engine's optimizer receives them only with `cstspec.trust_keys`.",
};

/// A column's default is answered otherwise.
pub const DEFAULT_DIFFERS: Rule = Rule {
    code: "R504",
    name: "default-differs",
    severity: Severity::Error,
    summary: "the default of a column in information_schema differs from the contract",
    explanation: "\
`information_schema.columns.column_default` is the SQL value of a column that a row does not have. It differs from the spec: \
usually the session was made from other specs than it is verified with, and files that lack the column are read with the other \
default.

Register the catalog that is verified.",
};
