//! Rules about what the session is and what it makes of relations: `R0xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[
    &DESCRIBE_DIFFERS,
    &METADATA_DIFFERS,
    &BATCHES_DIFFER,
    &DATASET_MISSING,
    &DATASET_FAILS,
    &VIEW_NOT_PLANNED,
    &VIEW_FAILS,
    &STATEMENT_NOT_PLANNED,
    &FUNCTION_MISSING,
    &SETTING_NOT_PINNED,
    &ENGINE_DIFFERS,
    &FUNCTION_OF_ANOTHER_KIND,
    &SIGNATURE_DIFFERS,
    &UNDECLARED_ARGUMENTS_TAKEN,
    &SETTING_REFUSED,
    &SETTING_UNKNOWN,
    &NAME_DRIFTED,
    &NAMES_COLLIDE,
    &NAME_NEEDS_QUOTES,
    &HOST_FUNCTION_UNCHECKED,
];

/// `DESCRIBE` answers otherwise than the contract says.
pub const DESCRIBE_DIFFERS: Rule = Rule {
    code: "R001",
    name: "describe-differs",
    severity: Severity::Error,
    summary: "DESCRIBE of a relation differs from the contract",
    explanation: "\
The engine reports another name, type, nullability or position of a column than the contract. Queries and readers that were \
written for the contract get another schema.

If the engine is right, change the spec: a column's `type:` or `nullable:`, or the expression it comes from, and generate \
again. If the contract is right, other code registered the relation, or the engine changed its typing rules: compare the \
engine's version with the catalog's.

If a view is wrong only because a relation that it reads is wrong, the finding of that relation names the view. Columns that \
only the engine has are one finding: `SELECT *` returns all of them.",
};

/// Metadata of a column differs from the contract's.
pub const METADATA_DIFFERS: Rule = Rule {
    code: "R002",
    name: "metadata-differs",
    severity: Severity::Warning,
    summary: "the metadata of a column differs from the contract",
    explanation: "\
`DESCRIBE` does not show the metadata of columns, so two schemas can look the same and differ in an extension type or a \
documented default. Readers that use extension types (spans, for example) then treat the column as plain data.

Views have metadata only if the engine propagates it: a plain column keeps it, an expression loses it. Declare the metadata \
where the engine keeps it, or remove it from the view's column.",
};

/// Batches that come out of a relation are not of its planned schema.
pub const BATCHES_DIFFER: Rule = Rule {
    code: "R003",
    name: "batches-differ",
    severity: Severity::Error,
    summary: "the batches of a relation do not have the planned schema",
    explanation: "\
The engine planned one schema, and the executed plan produced batches of another. A consumer of the planned schema fails on \
the first batch, or misreads it.

This is a defect of the engine or of a registered function that declares one type and returns another. The finding names the \
first column that differs; cast it explicitly in the view until the cause is fixed.",
};

/// A dataset of the catalog is not in the session.
pub const DATASET_MISSING: Rule = Rule {
    code: "R004",
    name: "dataset-missing",
    severity: Severity::Error,
    summary: "a dataset of the catalog is not registered",
    explanation: "\
The session has no relation under the dataset's name, so no query over it can run. Register the catalog with \
`cstspec_runtime::register` before it is verified, and look for code that deregisters or renames tables.",
};

/// A dataset cannot be read.
pub const DATASET_FAILS: Rule = Rule {
    code: "R005",
    name: "dataset-fails",
    severity: Severity::Error,
    summary: "reading all rows of a dataset fails",
    explanation: "\
Not all files of a dataset could be read under the contract: a file is missing or damaged, is outside of the declared \
partitions, or has a column that the contract's evolution policy does not allow. No row is skipped.

The finding names the file or column. Repair or move the file; or extend the dataset's `evolution:` if such files are valid.",
};

/// A view cannot be planned.
pub const VIEW_NOT_PLANNED: Rule = Rule {
    code: "R006",
    name: "view-not-planned",
    severity: Severity::Error,
    summary: "the engine refuses to plan a view",
    explanation: "\
The SQL of the view uses a name that the session does not have, or an expression that the engine refuses. The view is not \
registered, and neither are views over it.

The finding quotes the engine. A missing function has a finding of its own.",
};

/// A view is planned and fails when it runs.
pub const VIEW_FAILS: Rule = Rule {
    code: "R007",
    name: "view-fails",
    severity: Severity::Error,
    summary: "a view fails when it is executed",
    explanation: "\
The view is planned, and `DESCRIBE` may be right, but reading all its rows fails. The engine can describe plans that it cannot \
execute: in DataFusion 55 `CROSS JOIN unnest(t.column)` is one of them.

If the cause is a dataset that cannot be read, only the dataset has a finding. Otherwise rewrite the view: row views take \
`unnest` in an inner SELECT and `get_field` in the outer one.",
};

/// A prepared statement cannot be planned.
pub const STATEMENT_NOT_PLANNED: Rule = Rule {
    code: "R008",
    name: "statement-not-planned",
    severity: Severity::Error,
    summary: "the engine refuses to prepare a statement",
    explanation: "\
`EXECUTE` of the statement will report that it does not exist. The finding quotes the engine: usually a relation or column is \
gone, or the number of declared parameters differs from the number of `$1`, `$2`, ... in the query.",
};

/// The session lacks a function.
pub const FUNCTION_MISSING: Rule = Rule {
    code: "R009",
    name: "function-missing",
    severity: Severity::Error,
    summary: "the session lacks a function that the catalog expects",
    explanation: "\
Views call functions by name, and this session has none of that name and kind. A function of the engine may be missing because \
the engine was built without a feature (`nested_expressions`, `string_expressions`). Functions of cstspec come with \
`cstspec_runtime::session` or `cstspec_runtime::functions::register`. The host must register its functions before the catalog.",
};

/// A function of the host cannot be checked here.
pub const HOST_FUNCTION_UNCHECKED: Rule = Rule {
    code: "R020",
    name: "host-function-unchecked",
    severity: Severity::Warning,
    summary: "a host function is missing in this program, so the relations that call it are not checked",
    explanation: "\
According to the catalog the host registers the function (`provider: host`), and the verifying program is not the host: the \
command has only the functions of the engine and of cstspec. The finding lists the views that call the function, and the views \
over those. They are not planned, described or executed here, and the report marks them as not checked. Everything else is \
checked.

Verify in the host's own program as well: register the function, register the catalog, and call `cstspec_verify::verify`. \
There a missing function is an error (`function-missing`). `--fail-on warning` makes this finding an error of the command too.",
};

/// A pinned setting has another value.
pub const SETTING_NOT_PINNED: Rule = Rule {
    code: "R010",
    name: "setting-not-pinned",
    severity: Severity::Error,
    summary: "a pinned setting does not have its pinned value",
    explanation: "\
The session preset pins a setting, and the engine reports another value for it. Settings affect types (view types, time zone) \
and plans, so the other results of this verification may not hold in other sessions.

In a session that `cstspec_runtime::session` made, somebody changed the value with `SET` or `RESET`. A session that the host \
made itself never had it.",
};

/// The engine is of another version.
pub const ENGINE_DIFFERS: Rule = Rule {
    code: "R011",
    name: "engine-differs",
    severity: Severity::Warning,
    summary: "the engine version differs from the version of the catalog",
    explanation: "\
A catalog declares the DataFusion version that its expected outputs were made for, because types, nullability and even results \
change between versions. Everything is verified nevertheless. Once the report is clean, set `engine:` in `catalog.yaml` to the \
new version.",
};

/// A function is of another kind than declared.
pub const FUNCTION_OF_ANOTHER_KIND: Rule = Rule {
    code: "R012",
    name: "function-of-another-kind",
    severity: Severity::Error,
    summary: "a function is of another kind than the catalog declares",
    explanation: "\
The session has a function under the declared name, but a scalar one instead of an aggregate, or the reverse. A query that \
calls it counts rows differently, or cannot be planned.

A host may have registered a function under a name that the engine has too: a scalar function then hides an aggregate of the \
same name. Rename it, or correct the function's `kind:`.",
};

/// A call as a signature declares is refused, or gives something else.
pub const SIGNATURE_DIFFERS: Rule = Rule {
    code: "R013",
    name: "signature-differs",
    severity: Severity::Error,
    summary: "a function rejects a declared call, or returns another type",
    explanation: "\
Every declared signature is planned with arguments of its types: each type of a family or a variable, with and without the \
optional arguments, NOT NULL and nullable. The engine rejected one of these calls, or its output has another type or \
nullability than the signature and `nulls:` declare.

Views are typed with the declared signatures, so their columns would be wrong too. The finding names the relations that are \
wrong for this cause, the call and the engine's version. Declare the signature of this engine; or register the intended \
function, if other code registered another one under the name.",
};

/// A call that no signature declares is taken.
pub const UNDECLARED_ARGUMENTS_TAKEN: Rule = Rule {
    code: "R014",
    name: "undeclared-arguments-taken",
    severity: Severity::Error,
    summary: "a function accepts arguments that no signature declares",
    explanation: "\
Every function is also planned with arguments that match none of its signatures: other types in each position, too few and too \
many. The engine must reject these calls, or coerce the arguments to a declared type, as it does with numbers in the place of \
text. This function received one of them unchanged, and did not reject it even at execution.

A mistake in a query would then give rows instead of an error. Give the function a precise signature; or declare the other \
form in the catalog, if it is intended.",
};

/// The engine did not take a pinned value.
pub const SETTING_REFUSED: Rule = Rule {
    code: "R015",
    name: "setting-refused",
    severity: Severity::Error,
    summary: "the engine refused a pinned value",
    explanation: "\
The setting exists, but not with this value: it cannot be parsed, it is out of range, or it would end the engine (a \
`datafusion.catalog.location` that is not a URL). The setting kept its former value, so the session is not the one that the \
catalog was written for.

The finding quotes the engine. Change the value in the preset; `df_settings` shows the engine's spelling of values.",
};

/// A pinned setting does not exist.
pub const SETTING_UNKNOWN: Rule = Rule {
    code: "R016",
    name: "setting-unknown",
    severity: Severity::Error,
    summary: "a preset pins a setting that this engine does not have",
    explanation: "\
The engine of this program has no setting of the name. `cstspec check` knows the settings of the catalog's engine version, so \
this engine is usually another version, in which the setting was renamed or removed.

Look up its new name in `information_schema.df_settings`, and change the preset, or build the program with the catalog's \
engine version.",
};

/// A column or nested field has another name than in the contract.
pub const NAME_DRIFTED: Rule = Rule {
    code: "R017",
    name: "name-drifted",
    severity: Severity::Error,
    summary: "a column or nested field has another name than in the contract",
    explanation: "\
The position of a declared column or nested field has one of the same type under another name. Queries that use the declared \
name fail, and readers that look it up find nothing.

The engine derives the name of a column without an alias, and the derived name changes with its version: `get_field(span, \
'start')` has the name `t.span[start]`. Name every column of a query with AS. If the column was renamed on purpose, change the \
spec.",
};

/// Two names differ in their case alone.
pub const NAMES_COLLIDE: Rule = Rule {
    code: "R018",
    name: "names-collide",
    severity: Severity::Warning,
    summary: "two names in one place differ only in case",
    explanation: "\
`Id` and `id` are two columns for the engine, but it folds every name without quotes to lower case, so a query may read the \
wrong one. Other readers (Delta tables, Hive, most databases) do not distinguish them and refuse the table, or read one of \
them twice.

Choose another name for one of them if you can. The same applies to fields of a struct, and to tables of one schema.",
};

/// A name is none without quotes.
pub const NAME_NEEDS_QUOTES: Rule = Rule {
    code: "R019",
    name: "name-needs-quotes",
    severity: Severity::Info,
    summary: "a relation or column needs quotes in SQL",
    explanation: "\
The name has capitals, spaces, dots or other signs, starts with a digit, or is a reserved word of SQL. Without quotes the \
engine folds it to lower case or splits it, and reports that the column does not exist. Generated SQL quotes it.

Quoted, the name is valid everywhere. A view can rename the column with AS, and `evolution.renames` renames a column of a \
file.",
};
