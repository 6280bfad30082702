//! Rules about the rows: keys, references, order, NULLs and allowed values, which `verify --deep` proves: `R2xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[
    &NULL_IN_NOT_NULL,
    &KEY_NOT_UNIQUE,
    &REFERENCE_DANGLING,
    &ORDER_BROKEN,
    &IDENTITY_DIFFERS,
    &VALUE_NOT_ALLOWED,
    &CONTRACT_UNPROVEN,
];

/// NULL in a column or nested field that has none.
pub const NULL_IN_NOT_NULL: Rule = Rule {
    code: "R201",
    name: "null-in-not-null",
    severity: Severity::Error,
    summary: "a column or nested field that is NOT NULL holds NULL",
    explanation: "\
Engines believe NOT NULL: they leave out tests for NULL, and count rows by such a column without reading it. A file may say that a \
field is nullable and still hold no NULL, which `nullability: relax` lets it do; this finding says that it does hold one, and where.

A nested field is looked at only where its parent is present: below a NULL struct, list or map nothing is promised. Promises are made \
by `nullable: false`, by `constraints.not_null`, by a view's column with `nullable: false`, and by the columns of a primary key.

The finding says where a value is inside its row, as `codes[3].instructions[17].opname` and `marks['lint'].level`, and which row that is: its \
number in the file, and its key. Rows and elements count from 0; SQL's own subscripts count from 1.

A plain scan of such a column fails at the first NULL; `verify --deep` reads on and counts all of them.",
};

/// Two rows have the same key.
pub const KEY_NOT_UNIQUE: Rule = Rule {
    code: "R202",
    name: "key-not-unique",
    severity: Severity::Error,
    summary: "several rows have the same key",
    explanation: "\
Whoever joins by a key gets rows twice, and whoever looks one up gets any of them. The finding counts the rows beyond the first of each \
key, and shows where rows with such keys are.

A row with a NULL among the key's columns is not compared, as by UNIQUE in SQL. The primary key of a dataset may not have one: that is \
`null-in-not-null`. Other keys leave such rows without a name; `information_schema` calls the key of a view PRIMARY KEY only where the contract \
says NOT NULL of each of its columns.

Second rows of a dataset come out of the views over it as well. A view whose key holds without them is counted in the dataset's finding; one \
whose key does not has a finding of its own, about what is left.

A key of a view that holds the dataset's own key is proven within each row of the dataset, and the dataset's key for itself: if that is \
broken, there is a finding for it alone.",
};

/// A row refers to one that is not there.
pub const REFERENCE_DANGLING: Rule = Rule {
    code: "R203",
    name: "reference-dangling",
    severity: Severity::Error,
    summary: "a reference leads to no row",
    explanation: "\
An inner join along the reference loses these rows without a word. The relation that is referred to may be short of rows, or its key may be \
made in another way than the reference (two formulas for one id, for example).

A row with a NULL among the referring columns refers to nothing, and is not counted.",
};

/// Rows are not in their declared order.
pub const ORDER_BROKEN: Rule = Rule {
    code: "R204",
    name: "order-broken",
    severity: Severity::Error,
    summary: "rows are not in their declared order",
    explanation: "\
Readers that rely on a declared order (merges, binary searches, deduplication of neighbours) give wrong results where it does not hold. \
The finding counts the rows that sort before the row ahead of them. NULLs come last where a key ascends and first where it descends.

With `scope: file` each file is looked at by itself. With `scope: table` the first row of each file is also compared with the last row of \
the file before it, in the order of their paths.",
};

/// An element's copy of a column of its row has another value.
pub const IDENTITY_DIFFERS: Rule = Rule {
    code: "R205",
    name: "identity-differs",
    severity: Severity::Error,
    summary: "an element's copy of a column differs from its row",
    explanation: "\
A row view takes the column from the row (`row`), and the elements of the list have a field of the same name and type. The two are one \
fact written twice. Where they differ, a reader of the list and a reader of the view see different things, and the elements were likely put \
into the wrong row.

A copy that is NULL says nothing else than the row; whether it may be NULL is a matter of its own declaration.",
};

/// A value is not one of those that are allowed.
pub const VALUE_NOT_ALLOWED: Rule = Rule {
    code: "R206",
    name: "value-not-allowed",
    severity: Severity::Error,
    summary: "a field has a value that is not among those allowed",
    explanation: "\
The spec lists the values that a field may have, and consumers branch on them. A value outside of the list is a producer's mistake, or a new \
case that the spec and its consumers have to learn.

NULL is not a value here: whether a field may be NULL is said by `nullable`. Fields below a NULL parent are not looked at.",
};

/// A promise about rows could not be held against them.
pub const CONTRACT_UNPROVEN: Rule = Rule {
    code: "R207",
    name: "contract-unproven",
    severity: Severity::Error,
    summary: "promises about rows could not be proven",
    explanation: "\
Reading the rows, or the engine's query over them, ended early, though the relation itself could be read. What the promises say may hold or \
not. The finding quotes the engine: often the memory or the space for spilling that the session's preset allows is too small for sorting or \
grouping the keys of all files.",
};
