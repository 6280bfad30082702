//! What is wrong with a file or a location of a dataset.

use std::error::Error;
use std::fmt;

use cstspec_conform::ConformError;
use datafusion::common::DataFusionError;

use super::RuntimeError;

/// A file or a location of a dataset that cannot be read.
#[derive(Debug)]
pub struct FileError {
    /// The dataset.
    pub dataset: String,
    /// The file as a person finds it, or the location as it was given.
    pub path: String,
    /// The row of the file at fault, from 0; `None` where it is not about one row.
    pub row: Option<u64>,
    /// What is wrong.
    pub kind: FileErrorKind,
}

/// What is wrong with a file or a location. `wording.rs` describes each kind.
#[derive(Debug)]
pub enum FileErrorKind {
    /// Nothing is at the location.
    Missing,
    /// The location may not be read.
    Unreadable {
        /// What the operating system or the store says.
        reason: String,
    },
    /// The location is neither a path nor a URL.
    BadLocation {
        /// What is wrong with it.
        reason: String,
    },
    /// No store is registered for the URL.
    NoStore,
    /// The store does not list the location.
    Listing {
        /// What the store says.
        reason: String,
    },
    /// The folder has no data files.
    NoFiles {
        /// What data files are called, in words.
        expected: String,
        /// Parquet files under other names, as a sentence lists them; empty if there are none.
        other: String,
    },
    /// The location is inside a Delta table.
    InsideDelta {
        /// The folder with the log.
        table: String,
    },
    /// A link leads to nothing.
    LinkToNowhere {
        /// Where it leads, as it is written in it.
        target: String,
        /// What the operating system says.
        reason: String,
    },
    /// A link, or a folder behind one, leads to a folder that is read under another path already, where folders carry values.
    LinkedAgain {
        /// The folder that it leads to.
        target: String,
    },
    /// A pipe, a socket or a device has the name of a data file.
    NotAFile {
        /// What it is, in words.
        kind: &'static str,
    },
    /// No store can represent the name of the data file; the path has escapes for what is not printable.
    Unspelled,
    /// A folder may not be listed, in a location that may.
    ClosedFolder {
        /// What the operating system or the store says.
        reason: String,
    },
    /// The file was listed and is gone.
    Vanished,
    /// The file may not be read.
    DeniedFile {
        /// What the operating system or the store says.
        reason: String,
    },
    /// The file has no bytes.
    EmptyFile,
    /// A Parquet file without its end.
    Truncated,
    /// The footer cannot be read.
    BrokenFooter {
        /// What the reader says.
        reason: String,
    },
    /// The engine does not open the file, since metadata in its footer is not UTF-8.
    MetadataNotUtf8 {
        /// The keys, as a sentence lists them.
        keys: String,
    },
    /// The columns of the file have no Arrow types.
    SchemaUnreadable {
        /// What the reader says.
        reason: String,
    },
    /// The file is not Parquet.
    NotParquet {
        /// What the reader says.
        reason: String,
    },
    /// The folders of the file are not the declared partitions.
    PartitionFolder {
        /// The folders it must be in.
        expected: String,
        /// The name of the folder at fault; `None` where the file is in no folder `key=value` at all.
        folder: Option<String>,
    },
    /// The file is in a folder `key=value` of a dataset without partitions.
    UndeclaredPartition {
        /// The name of the folder.
        folder: String,
    },
    /// A folder's value is not of the partition column's type.
    PartitionValue {
        /// The partition column.
        column: String,
        /// The folder's value.
        value: String,
        /// The declared type.
        data_type: String,
    },
    /// The file is in the folder of the rows whose partition column is NULL, and the column is declared NOT NULL.
    PartitionNull {
        /// The partition column.
        column: String,
    },
    /// The contract does not allow the file's schema, or a value of the row.
    Drift(Box<ConformError>),
    /// The file could be opened, and an error of the engine ended the scan.
    Scan(Box<DataFusionError>),
    /// A page does not match its checksum.
    Checksum {
        /// The Parquet leaf, by the names in the file.
        column: String,
        /// The row group, from 0.
        group: usize,
    },
    /// The file cannot be decoded.
    Damaged {
        /// The Parquet leaf, by the names in the file, and the row group, from 0; `None` where it is not known.
        chunk: Option<(String, usize)>,
        /// What the reader says.
        reason: String,
    },
    /// The file is not the one that was listed.
    Changed {
        /// What is different.
        reason: String,
    },
    /// The store did not return the bytes of the file.
    Unfetched {
        /// What the store says.
        reason: String,
    },
    /// The contract cannot read a partition value of the log.
    DeltaPartition {
        /// The partition column.
        column: String,
        /// The value as the log has it; `None` is NULL.
        value: Option<String>,
        /// The declared type, with NOT NULL where that is at fault.
        data_type: String,
    },
    /// The location is a Delta table, and the build has no Delta.
    NoDelta,
    /// A version was asked for, and the location has no log.
    NotDelta {
        /// The version asked for, as it was given.
        asked: String,
    },
    /// The log does not have the version.
    NoVersion {
        /// The version asked for, as it was given.
        asked: String,
        /// The versions there are, in words.
        known: String,
    },
    /// The log cannot be read.
    DeltaLog {
        /// What the reader says.
        reason: String,
    },
    /// The protocol of the table needs reader features that this build does not support.
    DeltaFeatures {
        /// The reader features that are missing, by their names in the protocol.
        features: String,
    },
    /// The log names a file that cannot be found from it.
    DeltaFile {
        /// Why not.
        reason: String,
    },
    /// The log names a file by a path that is none of the table, or of a table that it is a clone of.
    DeltaOutside {
        /// Why not.
        reason: String,
    },
    /// The file has another size than the log says.
    DeltaSize {
        /// How many bytes it has.
        size: u64,
        /// How many bytes the log says that it has.
        logged: u64,
    },
    /// The log declares a column in a way that the contract does not allow.
    DeltaSchema {
        /// What the contract does not allow.
        reason: String,
    },
    /// The deletion vector of the file cannot be read, or contradicts its log or its file.
    DeltaVector {
        /// Why not.
        reason: String,
    },
}

impl FileErrorKind {
    /// The error of this kind about a file or location of `dataset`.
    pub fn of(self, dataset: impl Into<String>, path: impl Into<String>) -> RuntimeError {
        FileError { dataset: dataset.into(), path: path.into(), row: None, kind: self }.into()
    }

    /// A file that cannot be decoded, where no column chunk is known to be at fault.
    pub fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { chunk: None, reason: reason.into() }
    }

    /// The partition column that it is about.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::PartitionValue { column, .. }
            | Self::PartitionNull { column }
            | Self::DeltaPartition { column, .. } => Some(column),
            _ => None,
        }
    }

    /// Whether the bytes of one file are at fault, whatever the contract declares of its values.
    pub fn is_of_file(&self) -> bool {
        matches!(
            self,
            Self::NotAFile { .. }
                | Self::Vanished
                | Self::DeniedFile { .. }
                | Self::EmptyFile
                | Self::Truncated
                | Self::BrokenFooter { .. }
                | Self::MetadataNotUtf8 { .. }
                | Self::SchemaUnreadable { .. }
                | Self::NotParquet { .. }
                | Self::DeltaFile { .. }
                | Self::DeltaOutside { .. }
                | Self::DeltaSize { .. }
                | Self::DeltaVector { .. }
                | Self::Checksum { .. }
                | Self::Damaged { .. }
                | Self::Changed { .. }
                | Self::Unfetched { .. }
        )
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // In their boxes: `find_root` of the engine ends at this error, which names the file, and not at the error inside.
        match &self.kind {
            FileErrorKind::Drift(source) => Some(source),
            FileErrorKind::Scan(source) => Some(source),
            _ => None,
        }
    }
}
