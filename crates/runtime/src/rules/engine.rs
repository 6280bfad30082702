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
    summary: "DESCRIBE of a relation is not what the contract says",
    explanation: "\
The engine reports another name, type, nullability or place for a column than the contract. Whoever wrote a query or a reader \
against the contract gets something else.

If the engine is right, change the spec: a column's `type:` or `nullable:`, or the expression it comes from, and generate again. \
If the contract is right, something else than this catalog registered the relation, or the engine changed its typing rules: \
compare the engine's version with the catalog's.

A view that would be as declared if what it reads were is named in the finding of that. Columns that only the engine has are one finding: \
`SELECT *` gives all of them at once.",
};

/// Metadata of a column differs from the contract's.
pub const METADATA_DIFFERS: Rule = Rule {
    code: "R002",
    name: "metadata-differs",
    severity: Severity::Warning,
    summary: "a column's metadata is not what the contract says",
    explanation: "\
`DESCRIBE` shows no metadata of columns, so two schemas can look the same and differ in an extension type or a documented default. \
Readers that go by extension types (spans, for example) then treat the column as plain data.

Views carry metadata only as far as the engine hands it on: a column taken as it is keeps it, an expression loses it. Declare the \
metadata where the engine keeps it, or drop it from the view's column.",
};

/// Batches that come out of a relation are not of its planned schema.
pub const BATCHES_DIFFER: Rule = Rule {
    code: "R003",
    name: "batches-differ",
    severity: Severity::Error,
    summary: "the batches of a relation are not of the schema that was planned",
    explanation: "\
The engine planned one schema and the executed plan produced batches of another. A consumer that was handed the planned schema \
fails on the first batch, or misreads it.

This is a defect of the engine or of a registered function that declares one type and returns another. The finding names the \
first column that differs; cast it explicitly in the view until the cause is mended.",
};

/// A dataset of the catalog is not in the session.
pub const DATASET_MISSING: Rule = Rule {
    code: "R004",
    name: "dataset-missing",
    severity: Severity::Error,
    summary: "a dataset of the catalog is not registered",
    explanation: "\
The session has no relation under the dataset's name, so nothing that reads it can run. Register the catalog with \
`cstspec_runtime::register` before it is verified, and look for code that deregisters or renames tables.",
};

/// A dataset cannot be read.
pub const DATASET_FAILS: Rule = Rule {
    code: "R005",
    name: "dataset-fails",
    severity: Severity::Error,
    summary: "reading a dataset to its end fails",
    explanation: "\
The files of a dataset could not all be read as the contract declares them: a file is missing or damaged, lies outside the declared \
partitions, or has a column that the contract's evolution policy does not let be read. No row is skipped to get past it.

The finding says which file or column. Mend or move the file; or widen the dataset's `evolution:` if such files are welcome.",
};

/// A view cannot be planned.
pub const VIEW_NOT_PLANNED: Rule = Rule {
    code: "R006",
    name: "view-not-planned",
    severity: Severity::Error,
    summary: "the engine refuses to plan a view",
    explanation: "\
The view's SQL names something that the session does not have, or uses it in a way that the engine refuses. The view is not \
registered, and neither are views over it.

The finding quotes the engine. A function that is missing has a finding of its own.",
};

/// A view is planned and fails when it runs.
pub const VIEW_FAILS: Rule = Rule {
    code: "R007",
    name: "view-fails",
    severity: Severity::Error,
    summary: "a view fails when it is executed",
    explanation: "\
The view is planned, and `DESCRIBE` may even be right, but reading all its rows fails. An engine can describe what it cannot run: \
in DataFusion 55 `CROSS JOIN unnest(t.column)` is one such form.

Where the cause is a dataset that cannot be read, the finding is on the dataset only. Otherwise rewrite the view: row views take \
`unnest` in an inner SELECT and `get_field` in the outer one.",
};

/// A prepared statement cannot be planned.
pub const STATEMENT_NOT_PLANNED: Rule = Rule {
    code: "R008",
    name: "statement-not-planned",
    severity: Severity::Error,
    summary: "the engine refuses to prepare a statement",
    explanation: "\
`EXECUTE` of the statement will say that it does not exist. The finding quotes the engine: usually a relation or column is gone, or \
the number of declared parameters is not the number of `$1`, `$2`, ... in the query.",
};

/// The session lacks a function.
pub const FUNCTION_MISSING: Rule = Rule {
    code: "R009",
    name: "function-missing",
    severity: Severity::Error,
    summary: "the session lacks a function that the catalog expects",
    explanation: "\
Views use functions by name, and this session has none of that name and kind. Functions of the engine may be missing because it was \
built without a feature (`nested_expressions`, `string_expressions`); those of cstspec come with `cstspec_runtime::session` or \
`cstspec_runtime::functions::register`; those of the host must be registered by the host before the catalog.",
};

/// A function of the host cannot be checked here.
pub const HOST_FUNCTION_UNCHECKED: Rule = Rule {
    code: "R020",
    name: "host-function-unchecked",
    severity: Severity::Warning,
    summary: "a function of the host is not in this program, so what calls it is not checked",
    explanation: "\
The catalog says that the host registers the function (`provider: host`), and the program that verifies is no host: the command has the engine's \
functions and those of cstspec alone. Views that call the function, and views over those, are listed in the finding: they are not planned, not \
described and not executed here, and the report marks them as not checked. Everything else is checked as ever.

Verify in the host's own program as well: register the function, register the catalog, and call `cstspec_runtime::verify`. There a function that \
is missing is an error (`function-missing`). `--fail-on warning` makes this an error of the command too.",
};

/// A pinned setting has another value.
pub const SETTING_NOT_PINNED: Rule = Rule {
    code: "R010",
    name: "setting-not-pinned",
    severity: Severity::Error,
    summary: "a pinned setting does not have its pinned value",
    explanation: "\
The session preset pins a setting, and by now the engine reports another value for it. Settings decide types (view types, time zone) \
and plans, so everything else that was verified may hold here and not elsewhere.

A session that `cstspec_runtime::session` made had the value at first: somebody changed it with `SET` or `RESET`. A session that the \
host made itself never had it.",
};

/// The engine is of another version.
pub const ENGINE_DIFFERS: Rule = Rule {
    code: "R011",
    name: "engine-differs",
    severity: Severity::Warning,
    summary: "the engine is not of the version that the expectations were made with",
    explanation: "\
A catalog says which DataFusion its expectations were made with, since types, nullability and even results change between \
versions. Everything is verified all the same. Once it is clean, set `engine:` in `catalog.yaml` to the new version.",
};

/// A function is of another kind than declared.
pub const FUNCTION_OF_ANOTHER_KIND: Rule = Rule {
    code: "R012",
    name: "function-of-another-kind",
    severity: Severity::Error,
    summary: "a function is of another kind than the catalog expects",
    explanation: "\
The session has a function under the expected name, but a scalar one where the catalog expects an aggregate, or the other way \
round. A query that calls it counts rows otherwise, or is not planned at all.

A host may have registered a function under a name that the engine has too: a scalar function then hides an aggregate of the same \
name. Rename it, or set the function's `kind:` to what is meant.",
};

/// A call as a signature declares is refused, or gives something else.
pub const SIGNATURE_DIFFERS: Rule = Rule {
    code: "R013",
    name: "signature-differs",
    severity: Severity::Error,
    summary: "a function called as declared is refused, or returns another type",
    explanation: "\
Every declared signature is planned with arguments of its types: each type that a family or a variable stands for, with and without \
the optional ones, NOT NULL and nullable. The engine refused one of these calls, or its output has another type or nullability than \
the signature and `nulls:` say.

Views are typed with the declared signatures, so their columns would be wrong too; the relations whose findings follow from this one are named in it. \
The finding names the call and the engine's version. Declare what this engine has; or register the function that is meant, if \
somebody put another one under the name.",
};

/// A call that no signature declares is taken.
pub const UNDECLARED_ARGUMENTS_TAKEN: Rule = Rule {
    code: "R014",
    name: "undeclared-arguments-taken",
    severity: Severity::Error,
    summary: "a function takes arguments that no signature of it declares",
    explanation: "\
Every function is also planned with arguments that none of its signatures takes: other types in each place, too few and too many. \
These must be refused, or the engine must convert them to a declared type first, as it does with numbers where texts are asked for. \
This function was handed one of them as it is, and did not refuse it even when it ran.

A mistake in a query would then give rows instead of an error. Give the function a signature that says what it takes; or declare \
the further form in the catalog, if it is meant to be called so.",
};

/// The engine did not take a pinned value.
pub const SETTING_REFUSED: Rule = Rule {
    code: "R015",
    name: "setting-refused",
    severity: Severity::Error,
    summary: "the engine did not take the value that a preset pins",
    explanation: "\
The setting exists, but not with this value: it does not parse, it is out of range, or the engine would not survive it (a \
`datafusion.catalog.location` that is no URL). The setting was left as it was, so the session is not the one that the catalog was \
written for.

The finding quotes the engine. Change the value in the preset; `df_settings` shows how the engine spells values of its own.",
};

/// A pinned setting does not exist.
pub const SETTING_UNKNOWN: Rule = Rule {
    code: "R016",
    name: "setting-unknown",
    severity: Severity::Error,
    summary: "a preset pins a setting that this engine does not have",
    explanation: "\
The engine of this program has no setting of the name. `cstspec check` knows the settings of the version that the catalog names, so \
this engine is usually of another version, which renamed the setting or took it away.

Look in `information_schema.df_settings` for what it is called now, and change the preset, or build the program with the engine \
that the catalog expects.",
};

/// A column or nested field has another name than in the contract.
pub const NAME_DRIFTED: Rule = Rule {
    code: "R017",
    name: "name-drifted",
    severity: Severity::Error,
    summary: "the engine calls a column or nested field otherwise than the contract",
    explanation: "\
In the place of a declared column or nested field stands one of the same type under another name. Queries that name it fail, and \
readers that go by name find nothing.

The name of a column without an alias is made by the engine, and changes with its version: `get_field(span, 'start')` is called \
`t.span[start]`. Give every column of a query its name with AS. If somebody renamed the column on purpose, change the spec.",
};

/// Two names differ in their case alone.
pub const NAMES_COLLIDE: Rule = Rule {
    code: "R018",
    name: "names-collide",
    severity: Severity::Warning,
    summary: "two names in one place differ in their case alone",
    explanation: "\
`Id` and `id` are two columns to the engine, but it folds every name that is not in quotes to lower case, so that one of them is \
read where the other was meant. Other readers (Delta tables, Hive, most databases) do not tell them apart at all and refuse the \
table, or read one of them twice.

Where one of the names is yours to choose, choose another. The same holds for fields of a struct, and for tables of one schema.",
};

/// A name is none without quotes.
pub const NAME_NEEDS_QUOTES: Rule = Rule {
    code: "R019",
    name: "name-needs-quotes",
    severity: Severity::Info,
    summary: "a relation or column can only be named in quotes",
    explanation: "\
The name has capitals, spaces, dots or other signs, starts with a digit, or is a reserved word of SQL. Without quotes the engine \
folds it to lower case or takes it apart, and says that there is no such column. All that is generated from specs quotes it.

Nothing is wrong while everybody quotes it. A view can give it another name with AS, `evolution.renames` a column of a file.",
};
