//! Errors of a registration or a scan, one variant per mistake.

use arrow::error::ArrowError;
use cstspec_conform::ConformError;
use datafusion::common::DataFusionError;

/// An error of a registration or a scan.
///
/// A scan hands these to the engine as external errors: [`RuntimeError::inside`] finds one again.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A session preset that the catalog does not have.
    #[error("unknown session preset `{name}`; the catalog has {known}")]
    UnknownSession {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A setting that the engine does not take.
    #[error("the engine refused the value `{value}` of the setting `{name}`: {reason}")]
    Setting {
        /// The setting.
        name: String,
        /// The value asked for.
        value: String,
        /// The engine's reason.
        reason: String,
    },
    /// A location for a dataset that the catalog does not have.
    #[error("unknown dataset `{name}`; the catalog has {known}")]
    UnknownDataset {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Nothing is at a location.
    #[error("`{path}`, the location of `{dataset}`, does not exist; check the path")]
    Missing {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
    },
    /// A location that may not be read.
    #[error("cannot read `{path}`, the location of `{dataset}`: {reason}; check the permissions")]
    Unreadable {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The reason of the operating system or the store.
        reason: String,
    },
    /// A location that is neither a path nor a URL.
    #[error("`{path}`, the location of `{dataset}`, is neither a path nor a URL: {reason}")]
    BadLocation {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The defect of the location.
        reason: String,
    },
    /// A URL whose store nobody registered.
    #[error(
        "no object store is registered for `{path}`, the location of `{dataset}`; register one on the session first"
    )]
    NoStore {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
    },
    /// A store that does not list.
    #[error("cannot list `{path}`, the location of `{dataset}`: {reason}")]
    Listing {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The reason of the store.
        reason: String,
    },
    /// A folder without data files.
    #[error(
        "no data file under `{path}`, the location of `{dataset}`: there are no {expected}{}",
        if other.is_empty() { String::new() } else {
            format!("; {other} have Parquet files that `scan.files` of the dataset does not match")
        }
    )]
    NoFiles {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// A description of the names of data files.
        expected: String,
        /// Parquet files under other names, as a sentence lists them; empty if there are none.
        other: String,
    },
    /// A location inside a Delta table.
    #[error(
        "`{path}`, the location of `{dataset}`, is inside the Delta table `{table}`, whose log defines its files; use the \
         table itself and filter it"
    )]
    InsideDelta {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The folder with the log.
        table: String,
    },
    /// A link that leads to nothing.
    #[error(
        "`{path}` of `{dataset}` is a dangling link to `{target}`: {reason}; restore the target or remove the link"
    )]
    LinkToNowhere {
        /// The dataset.
        dataset: String,
        /// The link.
        path: String,
        /// Where it leads, as it is written in it.
        target: String,
        /// The reason of the operating system.
        reason: String,
    },
    /// A link to a folder that is read under another name already, where folders carry values.
    #[error(
        "`{path}` of `{dataset}` leads to the folder `{target}`, whose files are already read under another path; remove the link, or \
         replace it by a folder with other files"
    )]
    LinkedAgain {
        /// The dataset.
        dataset: String,
        /// The link, or a folder behind one.
        path: String,
        /// The folder that it leads to.
        target: String,
    },
    /// A pipe, a socket or a device with the name of a data file.
    #[error("`{path}` of `{dataset}` is {kind}, not a file; move it elsewhere")]
    NotAFile {
        /// The dataset.
        dataset: String,
        /// The path that is not a regular file.
        path: String,
        /// A description of its file type.
        kind: &'static str,
    },
    /// A data file whose name no store can spell.
    #[error(
        "the name of `{path}`, a file of `{dataset}`, is not UTF-8, has control characters, or ends in `#` and a number, so it \
         cannot be read; rename it"
    )]
    Unspelled {
        /// The dataset.
        dataset: String,
        /// The file, with escapes for what is not printable.
        path: String,
    },
    /// A folder that may not be listed, in a location that may.
    #[error("cannot list `{path}`, a folder of `{dataset}`: {reason}; check the permissions")]
    ClosedFolder {
        /// The dataset.
        dataset: String,
        /// The folder.
        path: String,
        /// The reason of the operating system or the store.
        reason: String,
    },
    /// Nothing of a dataset can be read, which `verify` has told.
    #[error("no file of `{dataset}` can be read")]
    NothingReadable {
        /// The dataset.
        dataset: String,
    },
    /// A file that was listed and is gone.
    #[error(
        "`{path}`, a file of `{dataset}`, was removed after it was listed; query again, or find the writer that removes files"
    )]
    Vanished {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
    },
    /// A file that may not be read.
    #[error("permission denied for `{path}`, a file of `{dataset}`: {reason}; check the permissions")]
    DeniedFile {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The reason of the operating system or the store.
        reason: String,
    },
    /// A file of no bytes.
    #[error("`{path}`, a file of `{dataset}`, is empty; remove it or rewrite it")]
    EmptyFile {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
    },
    /// A Parquet file without its end.
    #[error("`{path}`, a file of `{dataset}`, begins as Parquet and ends before its footer; write or copy it again")]
    Truncated {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
    },
    /// A Parquet file whose footer cannot be read.
    #[error("`{path}`, a file of `{dataset}`, has a broken footer: {reason}; write or copy it again")]
    BrokenFooter {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The reader's reason.
        reason: String,
    },
    /// A Parquet file that the engine does not open, since metadata in its footer is not UTF-8.
    #[error(
        "`{path}`, a file of `{dataset}`, has metadata that is not UTF-8 under {keys}; rewrite it without them or as text"
    )]
    MetadataNotUtf8 {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The keys, as a sentence lists them.
        keys: String,
    },
    /// A Parquet file whose columns have no Arrow types.
    #[error("`{path}`, a file of `{dataset}`, has a schema that cannot be read: {reason}; write it again")]
    SchemaUnreadable {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The reader's reason.
        reason: String,
    },
    /// A file that is not Parquet.
    #[error("`{path}`, a file of `{dataset}`, is not Parquet: {reason}; move it elsewhere or write it again")]
    NotParquet {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The reader's reason.
        reason: String,
    },
    /// A file whose folders are not the declared partitions.
    #[error("`{path}` is not in the folders {expected} of the partitions of `{dataset}`; move or rename it")]
    PartitionFolder {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The folders it must be in.
        expected: String,
    },
    /// A file in a folder `key=value` of a dataset without partitions.
    #[error(
        "`{path}` is in the folder `{folder}`, but `{dataset}` declares no partitions; declare them or move the file"
    )]
    UndeclaredPartition {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The folder.
        folder: String,
    },
    /// A folder's value that is not of the partition column's type.
    #[error(
        "`{value}` in `{path}` is not a valid {data_type}, the type of the partition column `{column}` of `{dataset}`"
    )]
    PartitionValue {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The partition column.
        column: String,
        /// The folder's value.
        value: String,
        /// The declared type.
        data_type: String,
    },
    /// A folder of the rows whose partition column is NULL.
    #[error(
        "`{path}` is in the folder of the rows whose `{column}` is NULL, and `{dataset}` declares it NOT NULL; declare it nullable, \
         or write the rows under another value"
    )]
    PartitionNull {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The partition column.
        column: String,
    },
    /// A file whose schema or values the contract does not allow.
    #[error("`{path}`, a file of `{dataset}`{}: {source}", row.map(|row| format!(", row {row}")).unwrap_or_default())]
    Drift {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The row in the file, from 0; `None` where the file's schema is at fault.
        row: Option<u64>,
        /// The violation of the contract.
        source: Box<ConformError>,
    },
    /// A file that could be opened and not be read to its end.
    #[error("`{path}`, a file of `{dataset}`, cannot be read: {source}")]
    Scan {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The engine's error.
        source: Box<DataFusionError>,
    },
    /// A file with a page whose bytes are not those that its writer took the checksum of.
    #[error(
        "`{path}`, a file of `{dataset}`, has a page in column `{column}`, row group {group}, that does not match its checksum"
    )]
    Checksum {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The Parquet leaf, by the names in the file.
        column: String,
        /// The row group, from 0.
        group: usize,
    },
    /// A file that cannot be decoded.
    #[error(
        "`{path}`, a file of `{dataset}`, is damaged{}: {reason}",
        chunk.as_ref().map(|(column, group)| format!(" in column `{column}`, row group {group}")).unwrap_or_default()
    )]
    Damaged {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The Parquet leaf, by the names in the file, and the row group, from 0; `None` where it is not known.
        chunk: Option<(String, usize)>,
        /// The reader's reason.
        reason: String,
    },
    /// A file that is not the one that was listed.
    #[error(
        "`{path}`, a file of `{dataset}`, has changed since it was listed: {reason}; query again, or find the writer that changes it"
    )]
    Changed {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The difference to the listing.
        reason: String,
    },
    /// A file whose bytes the store did not hand out.
    #[error("`{path}`, a file of `{dataset}`, could not be fetched: {reason}; query again when the store is reachable")]
    Unfetched {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The reason of the store.
        reason: String,
    },
    /// A partition value in a log that the contract cannot read.
    #[error(
        "the log of `{dataset}` has the value {} for `{column}` of `{path}`, which is not a valid {data_type}",
        value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("`{value}`"))
    )]
    DeltaPartition {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// The partition column.
        column: String,
        /// The value as the log has it; `None` is NULL.
        value: Option<String>,
        /// The declared type, with NOT NULL where that is at fault.
        data_type: String,
    },
    /// A location's version that is neither a number nor a timestamp.
    #[error("the version of `{text}` cannot be read: {reason}")]
    BadVersion {
        /// The location as it was given.
        text: String,
        /// The defect of the location.
        reason: String,
    },
    /// A Delta table in a build that has no Delta.
    #[error(
        "`{path}`, the location of `{dataset}`, is a Delta table, which this build does not support; build it with the feature `delta`"
    )]
    NoDelta {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
    },
    /// A version asked of what is no Delta table.
    #[error("`{path}`, the location of `{dataset}`, has no `_delta_log`, so it has no `{asked}`")]
    NotDelta {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The version asked for, as it was given.
        asked: String,
    },
    /// A version that a log does not have.
    #[error("the log of `{path}`, the location of `{dataset}`, has no `{asked}`; it has {known}")]
    NoVersion {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The version asked for, as it was given.
        asked: String,
        /// The versions there are, in words.
        known: String,
    },
    /// A log that cannot be read.
    #[error("the log of `{path}`, the location of `{dataset}`, cannot be read: {reason}")]
    DeltaLog {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The reader's reason.
        reason: String,
    },
    /// A table whose protocol asks for more of its reader than there is.
    #[error(
        "`{path}`, the location of `{dataset}`, needs reader features that this build does not support: {features}"
    )]
    DeltaFeatures {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The reader features that are missing, by their names in the protocol.
        features: String,
    },
    /// A file that a log names and that cannot be found from it.
    #[error("`{path}`, a file that the log of `{dataset}` names, cannot be read: {reason}")]
    DeltaFile {
        /// The dataset.
        dataset: String,
        /// The file, as the log names it.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A file that has another size than the log says that names it.
    #[error("`{path}`, a file of `{dataset}`, has {size} bytes, but {logged} in the table's log; restore the file")]
    DeltaSize {
        /// The dataset.
        dataset: String,
        /// The file.
        path: String,
        /// How many bytes it has.
        size: u64,
        /// How many bytes the log says that it has.
        logged: u64,
    },
    /// A log that declares a column in a way that the contract does not allow.
    #[error("the log of `{path}`, the location of `{dataset}`, differs from the contract: {reason}")]
    DeltaSchema {
        /// The dataset.
        dataset: String,
        /// The location as it was given.
        path: String,
        /// The violation of the contract.
        reason: String,
    },
    /// A deletion vector that cannot be read, or that contradicts its log or its file.
    #[error("the deletion vector of `{path}`, a file of `{dataset}`, cannot be used: {reason}")]
    DeltaVector {
        /// The dataset.
        dataset: String,
        /// The file whose rows it removes.
        path: String,
        /// Why not.
        reason: String,
    },
    /// An error of the engine itself.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

impl RuntimeError {
    /// The error of this crate inside an error of the engine.
    pub fn inside(error: &DataFusionError) -> Option<&Self> {
        find_source(error)
    }

    /// The dataset that it is about.
    pub fn belongs_to(&self) -> Option<&str> {
        match self {
            Self::UnknownSession { .. }
            | Self::Setting { .. }
            | Self::UnknownDataset { .. }
            | Self::BadVersion { .. }
            | Self::Engine(_) => None,
            Self::Missing { dataset, .. }
            | Self::Unreadable { dataset, .. }
            | Self::BadLocation { dataset, .. }
            | Self::NoStore { dataset, .. }
            | Self::Listing { dataset, .. }
            | Self::NoFiles { dataset, .. }
            | Self::InsideDelta { dataset, .. }
            | Self::LinkToNowhere { dataset, .. }
            | Self::LinkedAgain { dataset, .. }
            | Self::NotAFile { dataset, .. }
            | Self::Unspelled { dataset, .. }
            | Self::ClosedFolder { dataset, .. }
            | Self::Vanished { dataset, .. }
            | Self::DeniedFile { dataset, .. }
            | Self::EmptyFile { dataset, .. }
            | Self::Truncated { dataset, .. }
            | Self::BrokenFooter { dataset, .. }
            | Self::MetadataNotUtf8 { dataset, .. }
            | Self::SchemaUnreadable { dataset, .. }
            | Self::NotParquet { dataset, .. }
            | Self::PartitionFolder { dataset, .. }
            | Self::UndeclaredPartition { dataset, .. }
            | Self::PartitionNull { dataset, .. }
            | Self::PartitionValue { dataset, .. }
            | Self::Drift { dataset, .. }
            | Self::DeltaPartition { dataset, .. }
            | Self::NoDelta { dataset, .. }
            | Self::NotDelta { dataset, .. }
            | Self::NoVersion { dataset, .. }
            | Self::DeltaLog { dataset, .. }
            | Self::DeltaFeatures { dataset, .. }
            | Self::DeltaFile { dataset, .. }
            | Self::DeltaSchema { dataset, .. }
            | Self::DeltaVector { dataset, .. }
            | Self::Damaged { dataset, .. }
            | Self::Changed { dataset, .. }
            | Self::Unfetched { dataset, .. }
            | Self::DeltaSize { dataset, .. }
            | Self::Checksum { dataset, .. }
            | Self::Scan { dataset, .. }
            | Self::NothingReadable { dataset, .. } => Some(dataset),
        }
    }

    /// The file or location that it is about.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::UnknownSession { .. }
            | Self::Setting { .. }
            | Self::UnknownDataset { .. }
            | Self::NothingReadable { .. }
            | Self::BadVersion { .. }
            | Self::Engine(_) => None,
            Self::Missing { path, .. }
            | Self::Unreadable { path, .. }
            | Self::BadLocation { path, .. }
            | Self::NoStore { path, .. }
            | Self::Listing { path, .. }
            | Self::NoFiles { path, .. }
            | Self::InsideDelta { path, .. }
            | Self::LinkToNowhere { path, .. }
            | Self::LinkedAgain { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Unspelled { path, .. }
            | Self::ClosedFolder { path, .. }
            | Self::Vanished { path, .. }
            | Self::DeniedFile { path, .. }
            | Self::EmptyFile { path, .. }
            | Self::Truncated { path, .. }
            | Self::BrokenFooter { path, .. }
            | Self::MetadataNotUtf8 { path, .. }
            | Self::SchemaUnreadable { path, .. }
            | Self::NotParquet { path, .. }
            | Self::PartitionFolder { path, .. }
            | Self::UndeclaredPartition { path, .. }
            | Self::PartitionNull { path, .. }
            | Self::PartitionValue { path, .. }
            | Self::Drift { path, .. }
            | Self::DeltaPartition { path, .. }
            | Self::NoDelta { path, .. }
            | Self::NotDelta { path, .. }
            | Self::NoVersion { path, .. }
            | Self::DeltaLog { path, .. }
            | Self::DeltaFeatures { path, .. }
            | Self::DeltaFile { path, .. }
            | Self::DeltaSchema { path, .. }
            | Self::DeltaVector { path, .. }
            | Self::Checksum { path, .. }
            | Self::Damaged { path, .. }
            | Self::Changed { path, .. }
            | Self::Unfetched { path, .. }
            | Self::DeltaSize { path, .. }
            | Self::Scan { path, .. } => Some(path),
        }
    }

    /// The dataset whose file it is about.
    pub fn dataset(&self) -> Option<&str> {
        match self {
            Self::NotAFile { dataset, .. }
            | Self::Vanished { dataset, .. }
            | Self::DeniedFile { dataset, .. }
            | Self::EmptyFile { dataset, .. }
            | Self::Truncated { dataset, .. }
            | Self::BrokenFooter { dataset, .. }
            | Self::MetadataNotUtf8 { dataset, .. }
            | Self::SchemaUnreadable { dataset, .. }
            | Self::NotParquet { dataset, .. }
            | Self::DeltaFile { dataset, .. }
            | Self::DeltaSize { dataset, .. }
            | Self::DeltaVector { dataset, .. }
            | Self::Checksum { dataset, .. }
            | Self::Damaged { dataset, .. }
            | Self::Changed { dataset, .. }
            | Self::Unfetched { dataset, .. } => Some(dataset),
            _ => None,
        }
    }

    /// Whether it says what became of one file, whatever the contract says of its values.
    pub fn is_of_file(&self) -> bool {
        self.dataset().is_some()
    }

    /// The row of the file that it is about, from 0.
    pub fn row(&self) -> Option<u64> {
        match self {
            Self::Drift { row, .. } => *row,
            _ => None,
        }
    }
}

impl From<RuntimeError> for DataFusionError {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Engine(error) => error,
            other => Self::External(Box::new(other)),
        }
    }
}

/// The error of type `E` that an error of the engine was made from.
pub fn find_source<E: std::error::Error + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let boxed = || current.downcast_ref::<Box<E>>().map(Box::as_ref);
        if let Some(found) = current.downcast_ref::<E>().or_else(boxed) {
            return Some(found);
        }
        // These two hold an error that is not, or not always, their source.
        cause = match current.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::ArrowError(inner, _)) => Some(inner.as_ref()),
            _ => match current.downcast_ref::<ArrowError>() {
                Some(ArrowError::ExternalError(inner)) => Some(inner.as_ref()),
                _ => current.source(),
            },
        };
    }
    None
}
