//! Rules about definitions, keys and defaults as the session answers them: `R5xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&DEFINITION_DIFFERS, &INFORMATION_SCHEMA_REPLACED, &KEYS_DIFFER, &DEFAULT_DIFFERS];

/// Something else than the catalog says is registered under a relation's name.
pub const DEFINITION_DIFFERS: Rule = Rule {
    code: "R501",
    name: "definition-differs",
    severity: Severity::Error,
    summary: "what is registered under a relation's name is not what the catalog defines",
    explanation: "\
`SHOW CREATE TABLE` answers with another statement than the catalog's, or with none. Somebody registered another table or view under \
the name after the catalog, or the session was made from other specs. Whatever reads the relation reads that instead, even where \
`DESCRIBE` happens to be the same; so differences of its columns are not told beside this.

Register the catalog anew (`cstspec_runtime::register` replaces what stands under its names), and look for code that registers, drops \
or creates tables of these names.",
};

/// `information_schema` does not answer for the catalog.
pub const INFORMATION_SCHEMA_REPLACED: Rule = Rule {
    code: "R502",
    name: "information-schema-replaced",
    severity: Severity::Error,
    summary: "information_schema is not the one that answers for keys and defaults",
    explanation: "\
The engine's own `information_schema` has no `table_constraints` and no `key_column_usage`, says that no column has a default, and \
counts columns from 0. `cstspec_runtime::register` puts one in its place that knows the contracts. The engine's own is wired in by \
name while `datafusion.catalog.information_schema` is on, and hides it; and a schema of that name that a host registered itself is \
left alone.

Leave the setting off after the catalog is registered, or take the host's schema away and register the catalog anew. Until then keys \
and defaults cannot be compared.",
};

/// The keys or references of a relation are answered otherwise.
pub const KEYS_DIFFER: Rule = Rule {
    code: "R503",
    name: "keys-differ",
    severity: Severity::Error,
    summary: "information_schema answers other keys or references than the contract declares",
    explanation: "\
Tools that join by declared keys ask `information_schema.table_constraints` and `key_column_usage`. What they are told is not what the \
spec says: usually the session was made from other specs than it is verified with.

Register the catalog that is verified. Keys are answered from it and proven on data with `verify --deep`; the engine itself is told \
of them only with `cstspec.trust_keys`.",
};

/// A column's default is answered otherwise.
pub const DEFAULT_DIFFERS: Rule = Rule {
    code: "R504",
    name: "default-differs",
    severity: Severity::Error,
    summary: "information_schema answers another default of a column than the contract declares",
    explanation: "\
`information_schema.columns.column_default` says what a row gets that does not name the column, as SQL. It is not what the spec \
declares: usually the session was made from other specs than it is verified with, and files that lack the column are read with the \
other default.

Register the catalog that is verified.",
};
