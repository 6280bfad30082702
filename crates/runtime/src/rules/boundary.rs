//! Rules about batches that leave for a consumer with a requested schema: `R3xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[
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
    summary: "a column or field that a boundary asks for is not in what leaves through it",
    explanation: "\
The rows have no column or nested field of the requested name, and the boundary does not let it be filled in: it says `missing: \
error`, or the field is NOT NULL and has no default. Names are compared as they are written, at every depth; a column is never taken \
for another because of its place.

Select the column, or give it the requested name with `AS`. If the consumer can do without, write `missing: default` (with a \
`default:` where the field is NOT NULL) or `missing: fill_null`.",
};

/// A column or field that nobody asked for is left out.
pub const BOUNDARY_DROPS_COLUMN: Rule = Rule {
    code: "R302",
    name: "boundary-drops-column",
    severity: Severity::Warning,
    summary: "a column or field that a boundary does not ask for is left out",
    explanation: "\
The rows have a column or nested field that the boundary does not name, and it says `extra: warn`, which is also what it says when \
it says nothing. The consumer gets the requested schema, without that column.

Leave the column out of the query, ask for it in the boundary's `columns:`, or write `extra: ignore` where queries commonly have more \
than the consumer wants.",
};

/// A column or field that nobody asked for is refused.
pub const BOUNDARY_REFUSES_COLUMN: Rule = Rule {
    code: "R303",
    name: "boundary-refuses-column",
    severity: Severity::Error,
    summary: "a column or field that a boundary does not ask for, and refuses",
    explanation: "\
The rows have a column or nested field that the boundary does not name, and it says `extra: error`: nothing may get lost on the \
way out without somebody noticing. No row leaves.

Leave the column out of the query, or ask for it in the boundary's `columns:`.",
};

/// A column or field has another type, and the boundary allows no cast between the two.
pub const BOUNDARY_REFUSES_CAST: Rule = Rule {
    code: "R304",
    name: "boundary-refuses-cast",
    severity: Severity::Error,
    summary: "a column or field has another type than a boundary asks for, and may not be cast",
    explanation: "\
With `casts: none` the types must be equal, with `casts: widening` only casts are made that cannot lose a value: `int32` to `int64`, \
or one way to store text to another. Between a nested type and another kind of type there is no cast at all: it would go by position.

Cast in the query, where a reader sees it, or allow every cast with `casts: any`: then a value that does not fit is an error of its \
row.",
};

/// Two columns or fields have the requested name.
pub const BOUNDARY_COLUMN_AMBIGUOUS: Rule = Rule {
    code: "R305",
    name: "boundary-column-ambiguous",
    severity: Severity::Error,
    summary: "two columns or fields have the name that a boundary asks for",
    explanation: "\
A join hands out the columns of both sides, and two of them may have one name. Columns leave by name, and nothing says which of the \
two is meant.

Name the columns of the query one by one, and give one of the two another name with `AS`.",
};

/// A default that is no value of its field's type.
pub const BOUNDARY_DEFAULT_MISFIT: Rule = Rule {
    code: "R306",
    name: "boundary-default-misfit",
    severity: Severity::Error,
    summary: "the default of a column that a boundary asks for is no value of its type",
    explanation: "\
The rows lack the column, and its default cannot be made a value of the requested type. `cstspec check` finds most of these in the \
specs; a catalog that was put together in code has not been checked, and some types have no constants.

Write a default of the requested type, or select the column.",
};

/// A NULL where the boundary asks for NOT NULL.
pub const BOUNDARY_NULL: Rule = Rule {
    code: "R307",
    name: "boundary-null",
    severity: Severity::Error,
    summary: "a NULL in a column or field that a boundary asks for as NOT NULL",
    explanation: "\
The requested field is NOT NULL, the rows may have NULLs there, and one of them has. Consumers that were promised none read whatever \
lies under it. What a NULL parent hides is no NULL of the field: only present structs and elements count.

The row is counted from 0 over all rows that leave. Leave such rows out with `WHERE ... IS NOT NULL`, give them a value with \
`coalesce`, or ask for the field as nullable.",
};

/// A value that the requested type cannot hold.
pub const BOUNDARY_VALUE: Rule = Rule {
    code: "R308",
    name: "boundary-value",
    severity: Severity::Error,
    summary: "a value is none of the type that a boundary asks for",
    explanation: "\
The boundary allows the cast, and the requested type cannot hold one of the values: a number out of range, a text that is no number, \
more distinct values than a dictionary has keys. It is an error and never a NULL.

The row is counted from 0 over all rows that leave. Ask for a type that holds the value, or make it one that fits in the query.",
};
