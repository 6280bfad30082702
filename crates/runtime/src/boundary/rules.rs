//! Rules about batches that leave for a consumer with a requested schema: `R3xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub const ALL: &[&Rule] = &[
    &BOUNDARY_LACKS_COLUMN,
    &BOUNDARY_DROPS_COLUMN,
    &BOUNDARY_REFUSES_COLUMN,
    &BOUNDARY_REFUSES_CAST,
    &BOUNDARY_COLUMN_AMBIGUOUS,
    &BOUNDARY_DEFAULT_MISFIT,
    &BOUNDARY_NULL,
    &BOUNDARY_VALUE,
];

/// A requested column or field is not there and may not be filled in.
pub const BOUNDARY_LACKS_COLUMN: Rule = Rule {
    code: "R301",
    name: "boundary-lacks-column",
    severity: Severity::Error,
    summary: "the rows lack a column or field that a boundary requests",
    explanation: "\
The rows have no column or nested field of the requested name, and the boundary does not allow it to be filled: it has \
`missing: error`, or the field is NOT NULL and has no default. Names are compared exactly, at every depth. Columns are never \
matched by position.

Select the column, or give it the requested name with `AS`. If the consumer does not need it, write `missing: default` (with a \
`default:` if the field is NOT NULL) or `missing: fill_null`.",
};

/// A column or field that nobody asked for is left out.
pub const BOUNDARY_DROPS_COLUMN: Rule = Rule {
    code: "R302",
    name: "boundary-drops-column",
    severity: Severity::Warning,
    summary: "a column or field that a boundary does not request is dropped",
    explanation: "\
The rows have a column or nested field that the boundary does not name, and the boundary has `extra: warn`, which is the \
default. The consumer gets the requested schema, without that column.

Remove the column from the query, add it to the boundary's `columns:`, or write `extra: ignore` if queries usually have more \
columns than the consumer requests.",
};

/// A column or field that nobody asked for is refused.
pub const BOUNDARY_REFUSES_COLUMN: Rule = Rule {
    code: "R303",
    name: "boundary-refuses-column",
    severity: Severity::Error,
    summary: "a column or field that a boundary does not request is refused",
    explanation: "\
The rows have a column or nested field that the boundary does not name, and the boundary has `extra: error`: no column may be \
dropped unnoticed. No row leaves.

Remove the column from the query, or add it to the boundary's `columns:`.",
};

/// A column or field has another type, and the boundary allows no cast between the two.
pub const BOUNDARY_REFUSES_CAST: Rule = Rule {
    code: "R304",
    name: "boundary-refuses-cast",
    severity: Severity::Error,
    summary: "a column or field cannot be cast to the type that a boundary requests",
    explanation: "\
With `casts: none` the types must be equal. With `casts: widening` only casts that lose no value are allowed: `int32` to \
`int64`, or one text type to another. A nested type is never cast to another kind of type, because such a cast would go by \
position.

Cast in the query, where a reader sees it, or allow every cast with `casts: any`: then a value that does not fit is an error \
of its row.",
};

/// Two columns or fields have the requested name.
pub const BOUNDARY_COLUMN_AMBIGUOUS: Rule = Rule {
    code: "R305",
    name: "boundary-column-ambiguous",
    severity: Severity::Error,
    summary: "two columns or fields have the name that a boundary requests",
    explanation: "\
A join returns the columns of both sides, and two of them may have the same name. Columns leave by name, so the requested one \
is ambiguous.

List the columns of the query one by one, and rename one of the two with `AS`.",
};

/// A default that is no value of its field's type.
pub const BOUNDARY_DEFAULT_MISFIT: Rule = Rule {
    code: "R306",
    name: "boundary-default-misfit",
    severity: Severity::Error,
    summary: "the default of a requested column does not fit its type",
    explanation: "\
The rows lack the column, and its default cannot be converted to the requested type. `cstspec check` finds most of these \
mistakes in the specs. A catalog that was built in code has not been checked, and some types have no constants.

Write a default of the requested type, or select the column.",
};

/// A NULL where the boundary asks for NOT NULL.
pub const BOUNDARY_NULL: Rule = Rule {
    code: "R307",
    name: "boundary-null",
    severity: Severity::Error,
    summary: "a column or field that a boundary requests as NOT NULL has a NULL",
    explanation: "\
The requested field is NOT NULL, the field of the rows is nullable, and one row has a NULL. A consumer of a NOT NULL field \
would read the undefined value under it. A field below a NULL parent is not counted: only present structs and elements are \
checked.

The row number counts from 0 over all rows that leave. Exclude such rows with `WHERE ... IS NOT NULL`, replace the NULL with \
`coalesce`, or request the field as nullable.",
};

/// A value that the requested type cannot hold.
pub const BOUNDARY_VALUE: Rule = Rule {
    code: "R308",
    name: "boundary-value",
    severity: Severity::Error,
    summary: "a value does not fit the type that a boundary requests",
    explanation: "\
The boundary allows the cast, and the requested type cannot hold one of the values: a number out of range, a text that is not \
a number, more distinct values than a dictionary has keys. This is an error, never a NULL.

The row number counts from 0 over all rows that leave. Request a type that holds the value, or convert the value in the query.",
};
