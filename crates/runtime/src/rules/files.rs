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
    summary: "nothing is at the location of a dataset",
    explanation: "\
The dataset was registered at a location where there is neither a file nor a folder. A registration does not look at data, since data \
may come later; `verify` and every query do. Nothing that reads the dataset could be executed.

Correct the location, or bring the data there. A dataset that has no data yet can be registered without a location: it is empty then.",
};

/// A location cannot be listed.
pub const LOCATION_UNREADABLE: Rule = Rule {
    code: "R102",
    name: "location-unreadable",
    severity: Severity::Error,
    summary: "the location of a dataset cannot be read or listed",
    explanation: "\
Something is at the location, and the operating system or the object store does not let it be read: a right is missing, the store was \
taken out of the session, or the network failed. The finding quotes it. Nothing that reads the dataset could be executed.",
};

/// A location without data files.
pub const LOCATION_WITHOUT_FILES: Rule = Rule {
    code: "R103",
    name: "location-without-files",
    severity: Severity::Error,
    summary: "the location of a dataset holds no data file",
    explanation: "\
The folder is there and has no file that ends in `.parquet`, or only such whose names or folders start with `_` or `.`, which are \
the marks of unfinished writes and of logs; or nothing matches the pattern of the location or of `scan.files`. An empty table is more often a wrong \
path than an empty world, so this is no clean table.

Correct the location or the pattern; say with `scan.files` how data files are called that have another ending; or register the dataset without a location \
if it is meant to be empty.",
};

/// A folder in a location cannot be listed.
pub const FOLDER_UNREADABLE: Rule = Rule {
    code: "R104",
    name: "folder-unreadable",
    severity: Severity::Error,
    summary: "a folder of a dataset cannot be listed",
    explanation: "\
One folder below the location is closed to this process. What is in it is unknown, so rows may be missing; everything else was read \
and checked. A query refuses to run over the rest alone.

Give the right to list the folder, or move it out of the dataset.",
};

/// A file is gone since it was listed.
pub const FILE_VANISHED: Rule = Rule {
    code: "R105",
    name: "file-vanished",
    severity: Severity::Error,
    summary: "a file was listed and could not be found when it was opened",
    explanation: "\
Somebody removed or replaced the file between the listing and the reading, or a table's log names a file that is not there. Its rows \
are missing from everything that was counted.

Verify again once no writer is at work. If the file stays away, restore it, or take it out of the log.",
};

/// A file may not be read.
pub const FILE_DENIED: Rule = Rule {
    code: "R106",
    name: "file-denied",
    severity: Severity::Error,
    summary: "a file of a dataset may not be read",
    explanation: "\
The file is listed and the operating system or the object store refuses to hand out its bytes. Its rows are missing from everything that \
was counted; all other files were read and checked. Give the right to read it.",
};

/// A file has no bytes.
pub const FILE_EMPTY: Rule = Rule {
    code: "R107",
    name: "file-empty",
    severity: Severity::Error,
    summary: "a file of a dataset has no bytes",
    explanation: "\
A Parquet file without rows still has a header and a footer. A file of zero bytes is what is left of a write that never began, or of a \
full disk. Nobody can tell how many rows it should have had. Remove it, or write it again.",
};

/// A file is not Parquet.
pub const FILE_NOT_PARQUET: Rule = Rule {
    code: "R108",
    name: "file-not-parquet",
    severity: Severity::Error,
    summary: "a file of a dataset is not Parquet, whatever its name says",
    explanation: "\
The file neither begins nor ends as a Parquet file does. Its name puts it among the dataset's files, so a query over them fails.

Move it elsewhere or give it another ending, or write it again as Parquet.",
};

/// A file ends before its footer.
pub const FILE_TRUNCATED: Rule = Rule {
    code: "R109",
    name: "file-truncated",
    severity: Severity::Error,
    summary: "a file begins as Parquet and ends before its footer",
    explanation: "\
A Parquet file says at its end where everything in it is. This one was cut off: a copy or a write was broken off, or a writer is \
still at it. None of its rows can be read. Copy or write it again; writers should write beside the table and rename at the end.",
};

/// A footer cannot be read.
pub const FOOTER_BROKEN: Rule = Rule {
    code: "R110",
    name: "footer-broken",
    severity: Severity::Error,
    summary: "the footer of a Parquet file cannot be read, or contradicts the file or itself",
    explanation: "\
The file ends as a Parquet file does, but what should be its footer is not one, or is encrypted: the finding quotes the reader. Or it is one that \
cannot be true, and the finding says where: offsets and sizes that do not lie in the file, column chunks that overlap, a file or a row group with \
other numbers of rows than its parts, types or names of columns that are not those of the schema, a schema that nests deeper than 64 groups. Such \
a footer would make a reader lose rows, or take all memory. None of its rows are read. Copy or write it again.",
};

/// Metadata in a footer is not UTF-8.
pub const METADATA_NOT_UTF8: Rule = Rule {
    code: "R111",
    name: "metadata-not-utf8",
    severity: Severity::Error,
    summary: "metadata in a file's footer is not UTF-8, and the engine does not open such files",
    explanation: "\
A Parquet footer holds key-value pairs of text. Some writers, pyarrow among them, store bytes there without complaint: serialized \
schemas or pickles, for example. The engine reads every pair as UTF-8 and gives up on the whole file without saying which pair it was; the \
finding names the keys.

Write the file again without these pairs, or with their values as text, in base64 for example. The rows need not change.",
};

/// A file's columns have no Arrow types.
pub const FILE_SCHEMA_UNREADABLE: Rule = Rule {
    code: "R112",
    name: "file-schema-unreadable",
    severity: Severity::Error,
    summary: "the schema in a file's footer cannot be turned into Arrow types",
    explanation: "\
The footer can be read, and the schema in it makes no sense to the reader: the Arrow schema that writers store under `ARROW:schema` is \
damaged, or contradicts the file's own columns. The finding quotes the reader. Write the file again.",
};

/// A file is damaged behind a sound footer.
pub const FILE_DAMAGED: Rule = Rule {
    code: "R113",
    name: "file-damaged",
    severity: Severity::Error,
    summary: "a file's footer is sound and its rows cannot be read",
    explanation: "\
The footer promised pages that are not there or cannot be decoded; or a page says that it has other sizes or numbers of values than the footer; or the \
checksum that a page carries does not fit its bytes: a disk or \
a copy lost or changed bytes inside the file. It came out when the rows were read, or, with `--deep`, when indexes of pages, bloom filters and the levels of \
nested values were looked at. Relations that read the values at fault were then read without the file, so its rows are not among those that are counted for them; the others were read \
with it. Copy or write it again.",
};

/// A file in a location is no data.
pub const FILE_LEFT_OUT: Rule = Rule {
    code: "R114",
    name: "file-left-out",
    severity: Severity::Info,
    summary: "a file lies among the data and is not read",
    explanation: "\
Data files end in `.parquet` and do not start with `_` or `.`, or are called as `scan.files` or the pattern of the location says. Markers such \
as `_SUCCESS`, summaries and checksums lie beside them by right and need nothing done. Where there are many, the first are named and the \
others counted. A file that is left out and holds Parquet is told as R119.",
};

/// A link leads to no file.
pub const LINK_TO_NOWHERE: Rule = Rule {
    code: "R115",
    name: "link-to-nowhere",
    severity: Severity::Error,
    summary: "a link with the name of a data file leads to no file",
    explanation: "\
The folder of the dataset holds a symbolic link, and nothing is where it leads; or it leads back to itself. Data that is kept by links (by \
version control for data, or in a cache) comes to that when the files behind the links were not fetched or were cleaned away. The rows are \
missing; everything else is read and checked, and a query refuses to run over the rest alone. So it is with a link \
`key=value` of a dataset with partitions. A link without an ending may have led to a folder: it is a warning, and a query goes on and says so.

Fetch or restore the file, or remove the link.",
};

/// A pipe, a socket or a device is where a file should be.
pub const NO_REGULAR_FILE: Rule = Rule {
    code: "R116",
    name: "no-regular-file",
    severity: Severity::Error,
    summary: "a pipe, a socket or a device has the name of a data file",
    explanation: "\
Its name puts it among the dataset's files, and it is no file: reading a pipe could wait for ever, and Parquet is read from its end. It is not \
opened. Everything else is read and checked, and a query refuses to run over the rest alone. Move it elsewhere.",
};

/// A folder is reached a second time.
pub const FOLDER_LINKED_AGAIN: Rule = Rule {
    code: "R117",
    name: "folder-linked-again",
    severity: Severity::Warning,
    summary: "a link leads to a folder that is read under another path already",
    explanation: "\
A link in the dataset's folder leads back to a folder above it, or to one whose files are read under a path of their own. Each folder is read once, \
so that a loop of links ends and no row comes twice. In a layout of `key=value` folders the link stands for rows with other values, so there it \
is an error, and a query refuses to run.

Remove the link, or move it out of the dataset's folder.",
};

/// A data file has a name that no store can spell.
pub const FILE_NAME_UNREADABLE: Rule = Rule {
    code: "R118",
    name: "file-name-unreadable",
    severity: Severity::Error,
    summary: "a data file has a name that the store cannot spell",
    explanation: "\
The name of the file, or of a folder that it lies in, is not UTF-8, holds control characters such as a line break or an escape, or ends in `#` and \
a number, which the local store takes for a mark of unfinished writes. The finding shows such characters as escapes. The rows of the file are \
missing; everything else is read and checked. Rename it.

A file that is no data by its name may be called in any way.",
};

/// A file that is left out holds Parquet.
pub const PARQUET_LEFT_OUT: Rule = Rule {
    code: "R119",
    name: "parquet-left-out",
    severity: Severity::Warning,
    summary: "a Parquet file lies among the data under a name that is not read",
    explanation: "\
The file begins and ends as a Parquet file does, and its name is not one of a data file: it has another ending or none (Hive, Athena and Trino write \
such), or it or its folder starts with `_` or `.`, which engines take for a mark of what is no data. If it is data, its rows are missing from every \
query. Summaries (`_metadata`, `_common_metadata`), the folders of writers (`_delta_log`, `_temporary`, `_change_data`, `_delta_index`, \
`_spark_metadata`) and folders that start with `.` are not looked into. Of each ending the first 100 files are looked into, and of all endings beyond 20 together.

Say with `scan.files` how the data files are called, as in `scan: { files: [\"*.parquet\", \"*.parq\"] }`; rename the file; or move it elsewhere.",
};

/// A declared partition column is in no folder name.
pub const PARTITION_MISSING: Rule = Rule {
    code: "R120",
    name: "partition-missing",
    severity: Severity::Error,
    summary: "the folders of a dataset lack a declared partition column",
    explanation: "\
The dataset declares partition columns, its files lie in `key=value` folders, and no folder has this key. Files in folders that are not \
exactly the declared ones, in their order, are not read: their values would be unknown. The engine's own tables skip them in silence.

Write the table with the declared partitions, or change `partitions:` to what the folders carry.",
};

/// Folders carry a column that is not declared as a partition.
pub const PARTITION_UNDECLARED: Rule = Rule {
    code: "R121",
    name: "partition-undeclared",
    severity: Severity::Error,
    summary: "the folders of a dataset carry a column that is not declared as a partition",
    explanation: "\
Files lie in folders `key=value` whose key is not among the dataset's `partitions:`. Writers do not store such a column in the file as \
well, so reading the file alone would lose it without a word. The files are not read.

Declare the key under `partitions:` (and `columns:`), or move the files out of such folders.",
};

/// Folders nest in another order than the declared one.
pub const PARTITIONS_REORDERED: Rule = Rule {
    code: "R122",
    name: "partitions-reordered",
    severity: Severity::Error,
    summary: "the folders of a dataset nest in another order than its partitions are declared in",
    explanation: "\
The folders have the declared keys and nest otherwise. An engine that is told one order and finds another matches nothing and \
reads no row. Declare the order that the folders have, outermost first, or write the table again.",
};

/// A partition column has another type than the declared one.
pub const PARTITION_TYPE_DIFFERS: Rule = Rule {
    code: "R123",
    name: "partition-type-differs",
    severity: Severity::Error,
    summary: "a partition column is not of its declared type",
    explanation: "\
The log of the table, or `information_schema.columns`, gives the partition column another type than the contract. Filters on it are \
planned with that type. Register the catalog again if something replaced its tables; otherwise change the column's `type:` or the table.",
};

/// A folder is not a declared partition.
pub const PARTITION_FOLDER_ASTRAY: Rule = Rule {
    code: "R124",
    name: "partition-folder-astray",
    severity: Severity::Error,
    summary: "a folder of a partitioned dataset is not named as its partitions ask",
    explanation: "\
Other files of the dataset lie in the declared `key=value` folders and these do not: a key is misspelled, a level is missing, or there \
is one too many. The engine's own tables skip such folders in silence, so rows are missing and no query says so. Here queries \
refuse to run, and `verify` reads everything else.

Rename or move the folder.",
};

/// A file lies outside the partitions' folders.
pub const FILE_OUTSIDE_PARTITIONS: Rule = Rule {
    code: "R125",
    name: "file-outside-partitions",
    severity: Severity::Error,
    summary: "a file of a partitioned dataset lies in no partition's folder",
    explanation: "\
Other files of the dataset lie in `key=value` folders and this one does not, so nothing says what its partition columns hold. The \
engine's own tables skip it in silence. Move it into the folder of its partition.",
};

/// A folder's value is not of the column's type.
pub const PARTITION_VALUE_UNREADABLE: Rule = Rule {
    code: "R126",
    name: "partition-value-unreadable",
    severity: Severity::Error,
    summary: "the value in a partition folder's name is not of the column's type",
    explanation: "\
The text after the `=` cannot be read as the declared type of the partition column. The files in the folder are not read. Rename the \
folder, or declare a type that holds the value.",
};

/// A folder holds the rows whose partition column is NULL.
pub const PARTITION_VALUE_NULL: Rule = Rule {
    code: "R127",
    name: "partition-value-null",
    severity: Severity::Error,
    summary: "a partition folder holds rows whose partition column is NULL, and the column is NOT NULL",
    explanation: "\
Writers put rows whose partition column is NULL into a folder `key=__HIVE_DEFAULT_PARTITION__`. A nullable column is NULL in these rows. Here the \
contract declares it NOT NULL, so they are not read.

Declare the column nullable, or write these rows under a value of their own.",
};

/// A file stores another value of a partition column than its folder says.
pub const PARTITION_CONTRADICTED: Rule = Rule {
    code: "R128",
    name: "partition-contradicted",
    severity: Severity::Error,
    summary: "a file stores another value of a partition column than its folder or its log says",
    explanation: "\
Most writers leave a partition column out of the files. This file stores it, and in some row it differs from the value that the folder's name or the \
log of the table carries: the file was moved to another partition, or written to a wrong one. Queries see the value of the folder or log, so these rows \
come out under a value that they do not have.

Move the file to the partition that it belongs to, or write it again. `verify --deep` reads the stored column and names the first row; without it the \
statistics in the footer can prove that there is such a row.",
};

/// A file stores a partition column that is not read.
pub const PARTITION_STORED_TOO: Rule = Rule {
    code: "R129",
    name: "partition-stored-too",
    severity: Severity::Info,
    summary: "a file stores a partition column, which is read from its folder or log instead",
    explanation: "\
The value of a partition column is that of the folder's name or of the table's log, whatever the file stores. Nothing in the footer proves that the two \
agree. `verify --deep` compares them row by row.",
};

/// A file differs from the contract in a way that is allowed.
pub const FILE_DRIFTED: Rule = Rule {
    code: "R130",
    name: "file-drifted",
    severity: Severity::Info,
    summary: "a file differs from the contract and is read as the contract says",
    explanation: "\
A column or nested field of the file is missing, renamed, of another type, in another place or nullable where the contract is not, and \
the dataset's `evolution:` allows it. The rows come out as declared: the finding says from what to what, and why.

Nothing needs to be done. Rewriting old files saves the conversion at each scan.",
};

/// A file has more than the contract.
pub const FILE_HAS_MORE: Rule = Rule {
    code: "R131",
    name: "file-has-more",
    severity: Severity::Warning,
    summary: "a file has a column or nested field that the contract does not know",
    explanation: "\
The file stores something that no spec mentions, so nobody reads it: a new field that was not declared. Declare it, name it under \
`evolution.renames` if it is an old name, or set `evolution.extra: ignore`. An old name beside the new one in one file is told so: the new one is read. Where a declared field with a like name is missing beside it, the two \
are one finding: `likely-renamed`.",
};

/// A file differs from the contract in a way that is not allowed.
pub const DRIFT_REFUSED: Rule = Rule {
    code: "R132",
    name: "drift-refused",
    severity: Severity::Error,
    summary: "a file differs from the contract in a way that its evolution does not allow",
    explanation: "\
The dataset's `evolution:` does not let the file be read: a cast could lose values, a NOT NULL column is missing, or the policy for such a \
difference is `error`. The file is left out of everything that was counted, and a query that needs it refuses to run.

Write the file again as the contract says; or allow the difference under `evolution:` if such files are welcome.",
};

/// A file has a field of the contract more than once.
pub const FILE_FIELD_AMBIGUOUS: Rule = Rule {
    code: "R133",
    name: "file-field-ambiguous",
    severity: Severity::Error,
    summary: "a file has several fields of the name that the contract has one of",
    explanation: "\
Fields are found by name, and a file may have two columns, or two fields of one struct, of the same name: a join writes such files, and a \
struct built from two sources does. Some readers take the first, some the last, and some refuse. The same is so where the contract's \
`renames` lead from two fields of a file to one name. The file is left out of everything that was counted, and a query that needs it \
refuses to run, whatever `evolution.extra` says.

Write the file again with one field of that name. Fields that the contract does not have are no matter of this rule: they are not read, \
whether they are there once or twice.",
};

/// Files lack statistics that the contract wishes for.
pub const STATISTICS_MISSING: Rule = Rule {
    code: "R140",
    name: "statistics-missing",
    severity: Severity::Info,
    summary: "files lack statistics that the contract wishes for",
    explanation: "\
`scan.statistics` names columns whose minimum and maximum each row group should store, so that a filter skips what cannot match. Some \
files have none for the column. Results are the same; filters on it read more. Write the files with statistics, or drop the wish.",
};

/// Files lack bloom filters that the contract wishes for.
pub const BLOOM_FILTER_MISSING: Rule = Rule {
    code: "R141",
    name: "bloom-filter-missing",
    severity: Severity::Info,
    summary: "files lack bloom filters that the contract wishes for",
    explanation: "\
`scan.bloom_filters` names columns for which each row group should store a bloom filter, so that looking up one value skips what cannot \
hold it. Some files have none for the column. Results are the same. Write the files with bloom filters, or drop the wish.",
};
