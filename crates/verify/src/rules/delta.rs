//! Rules about Delta tables: `R4xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[
    &DELTA_LOG_MISSING,
    &DELTA_VERSION_MISSING,
    &DELTA_LOG_UNREADABLE,
    &DELTA_UNSUPPORTED,
    &DELTA_FILE_MISSING,
    &DELTA_PARTITION_UNREADABLE,
    &DELTA_SCHEMA_REFUSED,
    &DELTA_SCHEMA_DRIFTED,
    &DELTA_PARTITIONS_DIFFER,
    &DELTA_PROMISES_MORE,
    &DELTA_CONSTRAINT_CONTRADICTS,
    &DELTA_VECTOR_UNREADABLE,
    &DELTA_FILE_SIZE_DIFFERS,
];

/// A version is asked of what is no Delta table.
pub const DELTA_LOG_MISSING: Rule = Rule {
    code: "R401",
    name: "delta-log-missing",
    severity: Severity::Error,
    summary: "a version is requested from a location without a Delta log",
    explanation: "\
A version or a timestamp selects a state of a Delta table, and the location has no `_delta_log`. It is the wrong folder, or it \
has plain files, which have no versions. None of it is read.

Correct the location, or remove the version to read the files.",
};

/// A version that the log does not have.
pub const DELTA_VERSION_MISSING: Rule = Rule {
    code: "R402",
    name: "delta-version-missing",
    severity: Severity::Error,
    summary: "a Delta table does not have the requested version",
    explanation: "\
The log does not have the requested version number, or no version was committed by the requested time. Old versions disappear \
when the log is cleaned up after a checkpoint. The finding lists the available versions.",
};

/// A log that cannot be read.
pub const DELTA_LOG_UNREADABLE: Rule = Rule {
    code: "R403",
    name: "delta-log-unreadable",
    severity: Severity::Error,
    summary: "the log of a Delta table cannot be read",
    explanation: "\
Only the log determines which files belong to the table: reading the folder as plain files would return deleted rows. So none \
of it is read. The finding quotes the reader: a commit is damaged or missing between two others, or a checkpoint is.

Restore the files of the log, or request a version before the damage.",
};

/// A table that asks for more of its reader than there is.
pub const DELTA_UNSUPPORTED: Rule = Rule {
    code: "R404",
    name: "delta-unsupported",
    severity: Severity::Error,
    summary: "a Delta table needs reader features that this build does not support",
    explanation: "\
The protocol of a Delta table lists the features that a reader must support to read correct rows. This build lacks one of \
them, or it was built without its feature `delta` and cannot read Delta tables. None of the table is read.

Remove the feature from the table, read a version before it, or use a build that supports it.",
};

/// A file that the log names and that cannot be found.
pub const DELTA_FILE_MISSING: Rule = Rule {
    code: "R405",
    name: "delta-file-missing",
    severity: Severity::Error,
    summary: "a file that a Delta log names does not exist, or is not a file of the table",
    explanation: "\
According to the log the file has rows of this version, and it is gone or in a store that the location does not reach: rows \
are missing. The usual cause is that somebody removed files by hand, or removed files of old versions that are then requested.

Restore the file, or request a version that does not need it. All other files are read.

A file outside of the table is never read, because a log could name any file of the machine. The log of a shallow clone names \
files of its source: a location with `?clone_of=SOURCE` allows the files below that table, and no others. Links that lead out of \
the source are not followed.",
};

/// A partition value in a log that the contract cannot read.
pub const DELTA_PARTITION_UNREADABLE: Rule = Rule {
    code: "R406",
    name: "delta-partition-unreadable",
    severity: Severity::Error,
    summary: "a partition value in a Delta log does not fit the contract",
    explanation: "\
Partition values are text in the log. This one cannot be converted to the column's declared type, or is NULL although the \
contract declares NOT NULL. The file is excluded from the counts, and a query that needs it is refused.

Change the column's type or nullability in the spec, or rewrite the rows under another value.",
};

/// The log's schema differs in a way that is not allowed.
pub const DELTA_SCHEMA_REFUSED: Rule = Rule {
    code: "R407",
    name: "delta-schema-refused",
    severity: Severity::Error,
    summary: "a Delta log declares a column in a way that the contract does not allow",
    explanation: "\
The table's own schema lacks a required column, has a column in a type that `evolution.casts` does not allow to be cast, or \
violates another policy of the dataset. The next writer to the table will write files that the contract refuses.

Types that Delta does not have are not compared: unsigned integers, large and view types, dictionaries, extension types, and \
NOT NULL in nested fields.",
};

/// The log's schema differs in a way that is allowed.
pub const DELTA_SCHEMA_DRIFTED: Rule = Rule {
    code: "R408",
    name: "delta-schema-drifted",
    severity: Severity::Info,
    summary: "a Delta log declares a column differently, which the contract allows",
    explanation: "\
The table's own schema and the contract differ, and the dataset's `evolution` defines how the column is read. If the files \
differ in the same column, only the files are reported.",
};

/// The log has other partition columns.
pub const DELTA_PARTITIONS_DIFFER: Rule = Rule {
    code: "R409",
    name: "delta-partitions-differ",
    severity: Severity::Warning,
    summary: "the partition columns of a Delta table differ from the contract",
    explanation: "\
All rows are read, because the log and not a folder name has the values. But queries prune files by the actual partition \
columns of the table, in their order, and writers that follow the contract partition differently. A table without partition \
columns is read as files that store them.",
};

/// The log promises what the contract does not.
pub const DELTA_PROMISES_MORE: Rule = Rule {
    code: "R410",
    name: "delta-promises-more",
    severity: Severity::Info,
    summary: "a Delta log has a constraint that the contract does not have",
    explanation: "\
The table has a CHECK constraint, an invariant or a NOT NULL column, which Delta writers enforce. The contract does not have \
this constraint, so its readers cannot rely on it. If it is permanent, add it to the contract, as `nullable: false` or \
`allowed`.",
};

/// A constraint lets through what the contract refuses.
pub const DELTA_CONSTRAINT_CONTRADICTS: Rule = Rule {
    code: "R411",
    name: "delta-constraint-contradicts",
    severity: Severity::Warning,
    summary: "a CHECK constraint of a Delta table allows values that the contract does not",
    explanation: "\
The table's CHECK lists the values of a column, and some of them are not among the `allowed` values of the spec. A writer may \
then write a value that the contract refuses, and only `verify --deep` will report it.",
};

/// A deletion vector that cannot be used.
pub const DELTA_VECTOR_UNREADABLE: Rule = Rule {
    code: "R412",
    name: "delta-vector-unreadable",
    severity: Severity::Error,
    summary: "the deletion vector of a Delta file cannot be read, or contradicts its log or its file",
    explanation: "\
A deletion vector lists the deleted rows of a file. This one is missing or damaged, is of an unknown kind, has another number \
of rows than the log declares, or has rows that the file does not have. Without it deleted rows would reappear, so no row of \
the file is read: `verify` continues with the other files, and a query that needs the file is refused.

Restore the file of the vector, or request a version of the table before it.",
};

/// A file is not of the size that its log says.
pub const DELTA_FILE_SIZE_DIFFERS: Rule = Rule {
    code: "R413",
    name: "delta-file-size-differs",
    severity: Severity::Error,
    summary: "a file of a Delta table has another size than the log declares",
    explanation: "\
The log of a Delta table has the size of each file in bytes, and files never change under their name. This one is longer or \
shorter: it was copied in part or overwritten, or the log is wrong. A reader that trusts the log looks for the footer in the \
wrong place. The file was excluded; everything else was read and checked.

Restore the file, or request a version that does not need it.",
};
