//! Rules about what is at a dataset's location, and how its files differ from the contract: `R1xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[
    &LOCATION_MISSING,
    &LOCATION_UNREADABLE,
    &LOCATION_WITHOUT_FILES,
    &FOLDER_UNREADABLE,
    &FILE_VANISHED,
    &FILE_DENIED,
    &FILE_EMPTY,
    &FILE_NOT_PARQUET,
    &FILE_TRUNCATED,
    &FOOTER_BROKEN,
    &METADATA_NOT_UTF8,
    &FILE_SCHEMA_UNREADABLE,
    &FILE_DAMAGED,
    &FILE_LEFT_OUT,
    &LINK_TO_NOWHERE,
    &NO_REGULAR_FILE,
    &FOLDER_LINKED_AGAIN,
    &FILE_NAME_UNREADABLE,
    &PARQUET_LEFT_OUT,
    &PARTITION_MISSING,
    &PARTITION_UNDECLARED,
    &PARTITIONS_REORDERED,
    &PARTITION_TYPE_DIFFERS,
    &PARTITION_FOLDER_ASTRAY,
    &FILE_OUTSIDE_PARTITIONS,
    &PARTITION_VALUE_UNREADABLE,
    &PARTITION_VALUE_NULL,
    &PARTITION_CONTRADICTED,
    &PARTITION_STORED_TOO,
    &FILE_DRIFTED,
    &FILE_HAS_MORE,
    &DRIFT_REFUSED,
    &FILE_FIELD_AMBIGUOUS,
    &STATISTICS_MISSING,
    &BLOOM_FILTER_MISSING,
];

/// Nothing is at a location.
pub const LOCATION_MISSING: Rule = Rule {
    code: "R101",
    name: "location-missing",
    severity: Severity::Error,
    summary: "the location of a dataset does not exist",
    explanation: "\
The dataset was registered at a location without a file or folder. Registration does not read data, because data may come \
later; `verify` and every query do. No relation over the dataset could be executed.

Correct the location, or write the data there. To register a dataset without data, give it no location: it is then empty.",
};

/// A location cannot be listed.
pub const LOCATION_UNREADABLE: Rule = Rule {
    code: "R102",
    name: "location-unreadable",
    severity: Severity::Error,
    summary: "the location of a dataset cannot be read or listed",
    explanation: "\
The location exists, and the operating system or the object store does not allow it to be read: a permission is missing, the \
store was removed from the session, or the network failed. The finding quotes the reason. No relation over the dataset could \
be executed.",
};

/// A location without data files.
pub const LOCATION_WITHOUT_FILES: Rule = Rule {
    code: "R103",
    name: "location-without-files",
    severity: Severity::Error,
    summary: "the location of a dataset has no data file",
    explanation: "\
The folder exists and has no file that ends in `.parquet`, or only files whose names or folders start with `_` or `.`, which \
mark unfinished writes and logs; or no file matches the pattern of the location or of `scan.files`. A wrong path is more \
likely than an empty table, so this is an error.

Correct the location or the pattern; set `scan.files` if the data files have another extension; or register the dataset \
without a location if it is meant to be empty.",
};

/// A folder in a location cannot be listed.
pub const FOLDER_UNREADABLE: Rule = Rule {
    code: "R104",
    name: "folder-unreadable",
    severity: Severity::Error,
    summary: "a folder of a dataset cannot be listed",
    explanation: "\
One folder below the location cannot be listed by this process. Its content is unknown, so rows may be missing; everything \
else was read and checked. A query is refused rather than run without it.

Grant the permission to list the folder, or move it out of the dataset.",
};

/// A file is gone since it was listed.
pub const FILE_VANISHED: Rule = Rule {
    code: "R105",
    name: "file-vanished",
    severity: Severity::Error,
    summary: "a file was listed and did not exist when it was opened",
    explanation: "\
A writer removed or replaced the file between listing and reading, or a table's log names a file that does not exist. Its rows \
are missing from all counts.

Verify again when no writer is active. If the file is still missing, restore it, or remove it from the log.",
};

/// A file may not be read.
pub const FILE_DENIED: Rule = Rule {
    code: "R106",
    name: "file-denied",
    severity: Severity::Error,
    summary: "a file of a dataset cannot be read, because permission is denied",
    explanation: "\
The file is listed, and the operating system or the object store refuses to return its bytes. Its rows are missing from all \
counts; all other files were read and checked. Grant read permission.",
};

/// A file has no bytes.
pub const FILE_EMPTY: Rule = Rule {
    code: "R107",
    name: "file-empty",
    severity: Severity::Error,
    summary: "a file of a dataset is empty",
    explanation: "\
A Parquet file without rows still has a header and a footer. A file of zero bytes is the result of a write that never began, \
or of a full disk. The number of its rows is unknown. Remove it, or rewrite it.",
};

/// A file is not Parquet.
pub const FILE_NOT_PARQUET: Rule = Rule {
    code: "R108",
    name: "file-not-parquet",
    severity: Severity::Error,
    summary: "a file of a dataset is not Parquet, although its name is that of a data file",
    explanation: "\
The file has neither the beginning nor the end of a Parquet file. Its name makes it a file of the dataset, so a query over the \
dataset fails.

Move it elsewhere or change its extension, or rewrite it as Parquet.",
};

/// A file ends before its footer.
pub const FILE_TRUNCATED: Rule = Rule {
    code: "R109",
    name: "file-truncated",
    severity: Severity::Error,
    summary: "a file begins as Parquet and ends before its footer",
    explanation: "\
The end of a Parquet file has the positions of its content. This file is truncated: a copy or a write was interrupted, or a \
writer is still active. None of its rows can be read. Copy or write it again; writers should write beside the table and rename \
at the end.",
};

/// A footer cannot be read.
pub const FOOTER_BROKEN: Rule = Rule {
    code: "R110",
    name: "footer-broken",
    severity: Severity::Error,
    summary: "the footer of a Parquet file cannot be read, or contradicts the file or itself",
    explanation: "\
The file ends like a Parquet file, but its footer cannot be decoded, or is encrypted: the finding quotes the reader. Or the \
footer contradicts the file, and the finding names the place: offsets and sizes outside of the file, overlapping column \
chunks, a file or a row group whose number of rows differs from its parts, types or names of columns that differ from the \
schema, a schema with more than 64 nested groups. Such a footer would make a reader lose rows or exhaust the memory. None of \
the rows are read. Copy or write it again.",
};

/// Metadata in a footer is not UTF-8.
pub const METADATA_NOT_UTF8: Rule = Rule {
    code: "R111",
    name: "metadata-not-utf8",
    severity: Severity::Error,
    summary: "metadata in a file's footer is not UTF-8, and the engine does not open such files",
    explanation: "\
A Parquet footer has key-value pairs of text. Some writers, pyarrow among them, store bytes there without an error: serialized \
schemas or pickles, for example. The engine decodes every pair as UTF-8 and refuses the whole file without naming the pair; \
the finding names the keys.

Write the file again without these pairs, or with their values as text, in base64 for example. The rows need not change.",
};

/// A file's columns have no Arrow types.
pub const FILE_SCHEMA_UNREADABLE: Rule = Rule {
    code: "R112",
    name: "file-schema-unreadable",
    severity: Severity::Error,
    summary: "the schema in a file's footer cannot be converted to Arrow types",
    explanation: "\
The footer can be read, and its schema is invalid: the Arrow schema that writers store under `ARROW:schema` is damaged, or \
contradicts the file's own columns. The finding quotes the reader. Write the file again.",
};

/// A file is damaged behind a sound footer.
pub const FILE_DAMAGED: Rule = Rule {
    code: "R113",
    name: "file-damaged",
    severity: Severity::Error,
    summary: "a file has a valid footer and rows that cannot be read",
    explanation: "\
A page that the footer declares is missing or cannot be decoded; or the header of a page has other sizes or numbers of values \
than the footer; or a page does not match its checksum. A disk or a copy lost or changed bytes inside the file. The damage was \
detected when the rows were read, or, with `--deep`, when page indexes, bloom filters and the levels of nested values were \
checked. Relations that read the damaged values were then read without the file, so its rows are not in their counts; the \
other relations were read with it. Copy or write it again.",
};

/// A file in a location is no data.
pub const FILE_LEFT_OUT: Rule = Rule {
    code: "R114",
    name: "file-left-out",
    severity: Severity::Info,
    summary: "a file in the location is not read",
    explanation: "\
Data files end in `.parquet` and do not start with `_` or `.`, or match `scan.files` or the pattern of the location. Markers \
such as `_SUCCESS`, summaries and checksums are expected beside them and need no action. If there are many, the finding names \
the first and counts the others. An ignored file that contains Parquet is reported as R119.",
};

/// A link leads to no file.
pub const LINK_TO_NOWHERE: Rule = Rule {
    code: "R115",
    name: "link-to-nowhere",
    severity: Severity::Error,
    summary: "a link with the name of a data file is dangling",
    explanation: "\
The folder of the dataset has a symbolic link whose target does not exist, or that leads back to itself. Data that is stored \
behind links (by version control for data, or in a cache) gets into this state if the targets were not fetched or were \
removed. The rows are missing; everything else is read and checked, and a query is refused rather than run without them. The \
same applies to a link `key=value` of a dataset with partitions. A link without an extension may have led to a folder: it is a \
warning, and a query continues and reports it.

Fetch or restore the file, or remove the link.",
};

/// A pipe, a socket or a device is where a file should be.
pub const NO_REGULAR_FILE: Rule = Rule {
    code: "R116",
    name: "no-regular-file",
    severity: Severity::Error,
    summary: "a pipe, a socket or a device has the name of a data file",
    explanation: "\
Its name makes it a file of the dataset, and it is not a regular file: reading a pipe could block forever, and Parquet is read \
from its end. It is not opened. Everything else is read and checked, and a query is refused rather than run without it. Move \
it elsewhere.",
};

/// A folder is reached a second time.
pub const FOLDER_LINKED_AGAIN: Rule = Rule {
    code: "R117",
    name: "folder-linked-again",
    severity: Severity::Warning,
    summary: "a link leads to a folder that is already read under another path",
    explanation: "\
A link in the dataset's folder leads back to a folder above it, or to one whose files are read under their own path. Each \
folder is read once, so that a loop of links ends and no row is duplicated. In a layout of `key=value` folders the link stands \
for rows with other values, so there it is an error, and a query is refused.

Remove the link, or move it out of the dataset's folder.",
};

/// A data file has a name that no store can spell.
pub const FILE_NAME_UNREADABLE: Rule = Rule {
    code: "R118",
    name: "file-name-unreadable",
    severity: Severity::Error,
    summary: "a data file has a name that the object store cannot represent",
    explanation: "\
The name of the file, or of a folder above it, is not UTF-8, has control characters such as a line break or an escape, or ends \
in `#` and a number, which the local store uses to mark unfinished writes. The finding shows such characters as escapes. The \
rows of the file are missing; everything else is read and checked. Rename it.

A file that is not a data file may have any name.",
};

/// A file that is left out holds Parquet.
pub const PARQUET_LEFT_OUT: Rule = Rule {
    code: "R119",
    name: "parquet-left-out",
    severity: Severity::Warning,
    summary: "a Parquet file in the location has a name that is not read",
    explanation: "\
The file begins and ends like a Parquet file, and its name is not that of a data file: it has another extension or none (as \
files of Hive, Athena and Trino), or it or its folder starts with `_` or `.`, which engines use to mark other files. If it is \
data, its rows are missing from every query. Summaries (`_metadata`, `_common_metadata`), the folders of writers \
(`_delta_log`, `_temporary`, `_change_data`, `_delta_index`, `_spark_metadata`) and folders that start with `.` are not \
examined. The first 100 files of each extension are examined, and the first 100 of all extensions beyond 20 together.

Set `scan.files` to the patterns of the data files, as in `scan: { files: [\"*.parquet\", \"*.parq\"] }`; rename the file; or \
move it elsewhere.",
};

/// A declared partition column is in no folder name.
pub const PARTITION_MISSING: Rule = Rule {
    code: "R120",
    name: "partition-missing",
    severity: Severity::Error,
    summary: "the folders of a dataset lack a declared partition column",
    explanation: "\
The dataset declares partition columns, its files are in `key=value` folders, and no folder has this key. Files in folders \
that are not exactly the declared ones, in their order, are not read, because their values would be unknown. The engine's own \
tables silently skip them.

Write the table with the declared partitions, or change `partitions:` to the keys of the folders.",
};

/// Folders carry a column that is not declared as a partition.
pub const PARTITION_UNDECLARED: Rule = Rule {
    code: "R121",
    name: "partition-undeclared",
    severity: Severity::Error,
    summary: "the folders of a dataset have a key that is not a declared partition",
    explanation: "\
Files are in folders `key=value` whose key is not among the dataset's `partitions:`. Writers do not also store such a column \
in the file, so reading the file alone would silently lose it. The files are not read.

Declare the key under `partitions:` (and `columns:`), or move the files out of such folders.",
};

/// Folders nest in another order than the declared one.
pub const PARTITIONS_REORDERED: Rule = Rule {
    code: "R122",
    name: "partitions-reordered",
    severity: Severity::Error,
    summary: "the folders of a dataset nest in another order than the declared partitions",
    explanation: "\
The folders have the declared keys in another nesting. An engine that is configured with one order and finds another matches \
no folder and reads no row. Declare the order of the folders, outermost first, or write the table again.",
};

/// A partition column has another type than the declared one.
pub const PARTITION_TYPE_DIFFERS: Rule = Rule {
    code: "R123",
    name: "partition-type-differs",
    severity: Severity::Error,
    summary: "a partition column does not have its declared type",
    explanation: "\
The log of the table, or `information_schema.columns`, has another type for the partition column than the contract. Filters on \
it are planned with that type. Register the catalog again if other code replaced its tables; otherwise change the column's \
`type:` or the table.",
};

/// A folder is not a declared partition.
pub const PARTITION_FOLDER_ASTRAY: Rule = Rule {
    code: "R124",
    name: "partition-folder-astray",
    severity: Severity::Error,
    summary: "a folder of a partitioned dataset does not match the declared partitions",
    explanation: "\
Other files of the dataset are in the declared `key=value` folders and these are not: a key is misspelled, a level is missing, \
or there is one too many. The engine's own tables silently skip such folders, so rows are missing and no query reports it. \
Here queries are refused, and `verify` reads everything else.

Rename or move the folder.",
};

/// A file lies outside the partitions' folders.
pub const FILE_OUTSIDE_PARTITIONS: Rule = Rule {
    code: "R125",
    name: "file-outside-partitions",
    severity: Severity::Error,
    summary: "a file of a partitioned dataset is outside of the partition folders",
    explanation: "\
Other files of the dataset are in `key=value` folders and this one is not, so the values of its partition columns are unknown. \
The engine's own tables silently skip it. Move it into the folder of its partition.",
};

/// A folder's value is not of the column's type.
pub const PARTITION_VALUE_UNREADABLE: Rule = Rule {
    code: "R126",
    name: "partition-value-unreadable",
    severity: Severity::Error,
    summary: "the value in the name of a partition folder does not have the column's type",
    explanation: "\
The text after the `=` cannot be converted to the declared type of the partition column. The files in the folder are not read. \
Rename the folder, or declare a type that holds the value.",
};

/// A folder holds the rows whose partition column is NULL.
pub const PARTITION_VALUE_NULL: Rule = Rule {
    code: "R127",
    name: "partition-value-null",
    severity: Severity::Error,
    summary: "a partition folder has rows with a NULL partition column, which is declared NOT NULL",
    explanation: "\
Writers put rows whose partition column is NULL into a folder `key=__HIVE_DEFAULT_PARTITION__`. A nullable column is NULL in \
these rows. Here the contract declares it NOT NULL, so they are not read.

Declare the column nullable, or write these rows under another value.",
};

/// A file stores another value of a partition column than its folder says.
pub const PARTITION_CONTRADICTED: Rule = Rule {
    code: "R128",
    name: "partition-contradicted",
    severity: Severity::Error,
    summary: "a file stores another value of a partition column than its folder or log",
    explanation: "\
Most writers do not store a partition column in the files. This file stores it, and in some row its value differs from the \
value of the folder name or of the table's log: the file was moved to another partition, or written to a wrong one. Queries \
use the value of the folder or log, so these rows have a wrong value.

Move the file to its partition, or write it again. `verify --deep` reads the stored column and names the first such row; \
without it the statistics in the footer can prove that there is one.",
};

/// A file stores a partition column that is not read.
pub const PARTITION_STORED_TOO: Rule = Rule {
    code: "R129",
    name: "partition-stored-too",
    severity: Severity::Info,
    summary: "a file stores a partition column, which is read from its folder or log instead",
    explanation: "\
The value of a partition column is that of the folder name or of the table's log, whatever value the file stores. The footer \
does not prove that the two agree. `verify --deep` compares them row by row.",
};

/// A file differs from the contract in a way that is allowed.
pub const FILE_DRIFTED: Rule = Rule {
    code: "R130",
    name: "file-drifted",
    severity: Severity::Info,
    summary: "a file differs from the contract and is converted to it",
    explanation: "\
This is schema drift that the contract allows: a column or nested field of the file is missing, renamed, of another type, in \
another position, or nullable where the contract is not, and the dataset's `evolution:` allows it. The rows have the declared \
schema. The finding has both types, and the reason.

No action is required. Rewriting old files avoids the conversion on every scan.",
};

/// A file has more than the contract.
pub const FILE_HAS_MORE: Rule = Rule {
    code: "R131",
    name: "file-has-more",
    severity: Severity::Warning,
    summary: "a file has an extra column or nested field",
    explanation: "\
The file stores a field that the contract does not have, such as a new field that was not declared. It is not read. Declare \
it, add it to `evolution.renames` if it is an old name, or set `evolution.extra: ignore`. If a file has an old name beside the \
new one, the finding reports that the new one is read. If a declared field with a similar name is missing beside it, the two \
are one finding: `likely-renamed`.",
};

/// A file differs from the contract in a way that is not allowed.
pub const DRIFT_REFUSED: Rule = Rule {
    code: "R132",
    name: "drift-refused",
    severity: Severity::Error,
    summary: "a file differs from the contract in a way that its evolution policy does not allow",
    explanation: "\
This is schema drift that the contract refuses: a cast could lose values, a NOT NULL column is missing, or the policy for the \
difference is `error`. The file is excluded from all counts, and a query that needs it is refused.

Rewrite the file with the schema of the contract; or allow the difference under `evolution:` if such files are valid.",
};

/// A file has a field of the contract more than once.
pub const FILE_FIELD_AMBIGUOUS: Rule = Rule {
    code: "R133",
    name: "file-field-ambiguous",
    severity: Severity::Error,
    summary: "a file has a field of the contract more than once",
    explanation: "\
Fields are matched by name, and a file may have two columns, or two fields of one struct, of the same name: a join writes such \
files, and so does a struct built from two sources. Some readers take the first, some the last, and some refuse the file. The \
same applies if the contract's `renames` map two fields of a file to one name. The file is excluded from all counts, and a \
query that needs it is refused, whatever `evolution.extra` is.

Rewrite the file with one field of that name. Duplicate fields that the contract does not have are not reported: they are not \
read.",
};

/// Files lack statistics that the contract wishes for.
pub const STATISTICS_MISSING: Rule = Rule {
    code: "R140",
    name: "statistics-missing",
    severity: Severity::Info,
    summary: "files lack statistics that the contract recommends",
    explanation: "\
`scan.statistics` names columns whose minimum and maximum each row group should store, so that filters can prune row groups. \
Some files have no statistics for the column. Results are the same; filters on it read more data. Write the files with \
statistics, or remove the column from `scan.statistics`.",
};

/// Files lack bloom filters that the contract wishes for.
pub const BLOOM_FILTER_MISSING: Rule = Rule {
    code: "R141",
    name: "bloom-filter-missing",
    severity: Severity::Info,
    summary: "files lack bloom filters that the contract recommends",
    explanation: "\
`scan.bloom_filters` names columns for which each row group should store a bloom filter, so that the lookup of a value can \
prune row groups. Some files have none for the column. Results are the same. Write the files with bloom filters, or remove the \
column from `scan.bloom_filters`.",
};
