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
    summary: "a version is asked of a location that has no Delta log",
    explanation: "\
A version or a timestamp names a state of a Delta table, and the location has no `_delta_log`: it is another folder than was meant, or \
plain files, which have no versions. Nothing of it is read.

Correct the location, or leave the version out to read the files that are there.",
};

/// A version that the log does not have.
pub const DELTA_VERSION_MISSING: Rule = Rule {
    code: "R402",
    name: "delta-version-missing",
    severity: Severity::Error,
    summary: "a Delta table has no such version",
    explanation: "\
The log has no version of the number asked for, or none that was committed by the time asked for. Old versions disappear when the \
log is cleaned up after a checkpoint. The finding says which versions there are.",
};

/// A log that cannot be read.
pub const DELTA_LOG_UNREADABLE: Rule = Rule {
    code: "R403",
    name: "delta-log-unreadable",
    severity: Severity::Error,
    summary: "the log of a Delta table cannot be read",
    explanation: "\
Without its log nobody knows which files are the table's: reading the folder as plain files would bring back rows that were deleted. So \
nothing of it is read. The finding quotes the reader: a commit is damaged or missing between two others, or a checkpoint is.

Restore the log's files, or ask for a version before the damage.",
};

/// A table that asks for more of its reader than there is.
pub const DELTA_UNSUPPORTED: Rule = Rule {
    code: "R404",
    name: "delta-unsupported",
    severity: Severity::Error,
    summary: "a Delta table asks for more of its reader than this build has",
    explanation: "\
The protocol of a Delta table lists the features that a reader must have, since it would read wrong rows without. This build lacks one \
of them, or has no Delta at all because it was built without its feature `delta`. Nothing of the table is read.

Take the feature away from the table, read a version before it, or use a build that has it.",
};

/// A file that the log names and that cannot be found.
pub const DELTA_FILE_MISSING: Rule = Rule {
    code: "R405",
    name: "delta-file-missing",
    severity: Severity::Error,
    summary: "a file that a Delta log names is not there",
    explanation: "\
The log says that the file has rows of this version, and it is gone or in a store that the location does not reach: rows are missing. \
Usually somebody removed files by hand, or cleaned up files of old versions that are then asked for.

Restore the file, or ask for a version that does without it. All other files are read.",
};

/// A partition value in a log that the contract cannot read.
pub const DELTA_PARTITION_UNREADABLE: Rule = Rule {
    code: "R406",
    name: "delta-partition-unreadable",
    severity: Severity::Error,
    summary: "a Delta log gives a partition column a value that the contract cannot have",
    explanation: "\
The values of partition columns are text in the log. This one is not of the column's declared type, or is NULL where the contract says \
NOT NULL. The file is left out of what was counted, and a query that needs it refuses to run.

Change the column's type or nullability in the spec, or write the rows again under another value.",
};

/// The log's schema differs in a way that is not allowed.
pub const DELTA_SCHEMA_REFUSED: Rule = Rule {
    code: "R407",
    name: "delta-schema-refused",
    severity: Severity::Error,
    summary: "a Delta log declares a column in a way that the contract does not allow",
    explanation: "\
The table's own schema lacks a column that must be there, has one in a type that `evolution.casts` does not let be cast, or breaks another \
policy of the dataset. Whoever writes to the table next writes files that the contract refuses.

What Delta cannot say is not held against it: unsigned integers, large and view types, dictionaries, extension types, NOT NULL below the \
top.",
};

/// The log's schema differs in a way that is allowed.
pub const DELTA_SCHEMA_DRIFTED: Rule = Rule {
    code: "R408",
    name: "delta-schema-drifted",
    severity: Severity::Info,
    summary: "a Delta log declares a column otherwise than the contract, which allows it",
    explanation: "\
The table's own schema and the contract differ, and the dataset's `evolution` says how the column is read all the same. Where the files \
differ in the same column, only they are told.",
};

/// The log has other partition columns.
pub const DELTA_PARTITIONS_DIFFER: Rule = Rule {
    code: "R409",
    name: "delta-partitions-differ",
    severity: Severity::Warning,
    summary: "a Delta table is partitioned by other columns than the contract says",
    explanation: "\
Every row is read, since the log and not a folder's name gives the values. But queries leave out files by the columns that the table \
really has, in their order, and writers that go by the contract partition otherwise. A table without any partition columns is taken as \
files that store them.",
};

/// The log promises what the contract does not.
pub const DELTA_PROMISES_MORE: Rule = Rule {
    code: "R410",
    name: "delta-promises-more",
    severity: Severity::Info,
    summary: "a Delta log promises something that the contract does not",
    explanation: "\
The table has a CHECK constraint, an invariant or a NOT NULL column, which writers of Delta enforce. The contract promises no such thing, so \
its readers do not know that they may count on it. Add it to the contract, as `nullable: false` or `allowed`, if it is meant to stay.",
};

/// A constraint lets through what the contract refuses.
pub const DELTA_CONSTRAINT_CONTRADICTS: Rule = Rule {
    code: "R411",
    name: "delta-constraint-contradicts",
    severity: Severity::Warning,
    summary: "a CHECK constraint of a Delta table allows values that the contract does not",
    explanation: "\
The table's CHECK lists the values of a column, and some of them are not among those that the spec calls `allowed`. A writer may then write \
what the contract refuses, and learns of it from `verify --deep` at the earliest.",
};

/// A deletion vector that cannot be used.
pub const DELTA_VECTOR_UNREADABLE: Rule = Rule {
    code: "R412",
    name: "delta-vector-unreadable",
    severity: Severity::Error,
    summary: "the deletion vector of a file of a Delta table cannot be read, or contradicts its log or its file",
    explanation: "\
A deletion vector lists the rows of a file that were deleted. This one is missing or damaged, is of a kind that Delta does not know, has \
another number of rows than the log says, or names rows that the file does not have. Without it deleted rows would come back, so nothing \
of the file is read: `verify` goes on with the other files, and a query that needs the file refuses to run.

Restore the vector's file, or ask for a version of the table before it.",
};

/// A file is not of the size that its log says.
pub const DELTA_FILE_SIZE_DIFFERS: Rule = Rule {
    code: "R413",
    name: "delta-file-size-differs",
    severity: Severity::Error,
    summary: "a file of a Delta table has another size than the table's log says",
    explanation: "\
The log of a Delta table says of each file how many bytes it has, and files never change under a name. This one is longer or shorter: it was copied \
in part, written over, or the log is wrong. A reader that believes the log looks for the footer in the wrong place. The file was left out; everything \
else was read and checked.

Restore the file, or ask for a version that does without it.",
};
