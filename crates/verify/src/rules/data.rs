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
    summary: "a NOT NULL column or nested field contains NULL",
    explanation: "\
Engines trust NOT NULL: they remove tests for NULL, and count rows by such a column without reading it. A file may declare a \
field nullable and still contain no NULL, which `nullability: relax` allows. This finding reports that it does contain one, \
and where.

A nested field is checked only where its parent is present: below a NULL struct, list or map there is no constraint. The \
constraint comes from `nullable: false` of the field or of its named type, from `constraints.not_null`, from a view's column with \
`nullable: false`, or from the columns of a primary key.

The finding has the place of a value in its row, such as `codes[3].instructions[17].opname` and `marks['lint'].level`, and the \
row: its number in the file, and its key. Rows and elements count from 0; SQL's own subscripts count from 1.

A plain scan of such a column fails at the first NULL; `verify --deep` continues and counts all of them.",
};

/// Two rows have the same key.
pub const KEY_NOT_UNIQUE: Rule = Rule {
    code: "R202",
    name: "key-not-unique",
    severity: Severity::Error,
    summary: "several rows have the same key",
    explanation: "\
A join by such a key duplicates rows, and a lookup returns any of them. The finding counts the rows beyond the first of each \
key, and shows where rows with such keys are.

A row with a NULL among the key's columns is not compared, as for UNIQUE in SQL. The primary key of a dataset may not contain \
a NULL: that is `null-in-not-null`. Rows with a NULL in another key cannot be addressed by it; `information_schema` shows the \
key of a view as PRIMARY KEY only if the contract declares each of its columns NOT NULL.

Duplicate rows of a dataset also appear in the views over it. A view whose key holds without them is counted in the dataset's \
finding. A view whose key does not hold without them has a finding of its own, about the other duplicates.

A key of a view that contains the dataset's own key is checked within each row of the dataset, and the dataset's key is \
checked separately: if that is broken, only it has a finding.",
};

/// A row refers to one that is not there.
pub const REFERENCE_DANGLING: Rule = Rule {
    code: "R203",
    name: "reference-dangling",
    severity: Severity::Error,
    summary: "a reference is dangling",
    explanation: "\
An inner join along the reference silently loses these rows. The referenced relation may lack rows, or its key may be computed \
differently from the reference (two formulas for one id, for example).

A row with a NULL among the referring columns has no reference, and is not counted.",
};

/// Rows are not in their declared order.
pub const ORDER_BROKEN: Rule = Rule {
    code: "R204",
    name: "order-broken",
    severity: Severity::Error,
    summary: "rows are not in their declared order",
    explanation: "\
Readers that rely on a declared order (merges, binary searches, deduplication of neighbours) give wrong results if it does not \
hold. The finding counts the rows that sort before the row ahead of them. NULLs sort last in an ascending key and first in a \
descending one.

With `scope: file` each file is checked separately. With `scope: table` the first row of each file is also compared with the \
last row of the previous file, in the order of their paths.",
};

/// An element's copy of a column of its row has another value.
pub const IDENTITY_DIFFERS: Rule = Rule {
    code: "R205",
    name: "identity-differs",
    severity: Severity::Error,
    summary: "an element's copy of a column differs from its row",
    explanation: "\
A row view takes the column from the row (`row`), and the elements of the list have a field of the same name and type. The \
field is a denormalized copy of the column. If the two differ, a reader of the list and a reader of the view get different \
values, and the elements were probably written into the wrong row.

A copy that is NULL does not contradict the row. The declaration of the copy decides whether it may be NULL.",
};

/// A value is not one of those that are allowed.
pub const VALUE_NOT_ALLOWED: Rule = Rule {
    code: "R206",
    name: "value-not-allowed",
    severity: Severity::Error,
    summary: "a field has a value that is not allowed",
    explanation: "\
The spec lists the allowed values of the field, or of its named type, and consumers branch on them. A value outside of the list is a mistake of the \
producer, or a new case that the spec and its consumers must support.

NULL is not compared with the list: `nullable` decides whether a field may be NULL. Fields below a NULL parent are not \
checked.",
};

/// A promise about rows could not be held against them.
pub const CONTRACT_UNPROVEN: Rule = Rule {
    code: "R207",
    name: "contract-unproven",
    severity: Severity::Error,
    summary: "constraints on rows could not be checked",
    explanation: "\
Reading the rows, or the engine's query over them, ended early, although the relation itself could be read. The constraints \
may hold or not. The finding quotes the engine. A common reason is that the memory or the spill space of the session's preset \
is too small to sort or group the keys of all files.",
};
