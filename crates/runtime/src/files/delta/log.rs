//! One version of a Delta table, as its log describes it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use cstspec_conform::ConformError;
use cstspec_contract::{Dataset, Path};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::prefix::PrefixStore;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow as _;
use deltalake_core::kernel::engine::arrow_data::ArrowEngineData;
use deltalake_core::kernel::{Protocol, Snapshot, StructType};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use futures::TryStreamExt as _;

use super::added::Added;
use super::checkpoints::CheckedCheckpoints;
use super::history::History;
use super::logged::{Logged, Mapping};
use super::partition_fields::PartitionColumn;
use super::{Description, threads};
use crate::files::hive::Layout;
use crate::files::listing::Listing;
use crate::files::store::FileStore;
use crate::files::table_files::{RejectedFile, RejectionScope, TableFiles};
use crate::{DeltaVersion, FileErrorKind, RuntimeError};

/// The property that says how the columns of the files are called.
const COLUMN_MAPPING: &str = "delta.columnMapping.mode";
/// The property that says that commits write down when they were made, and the one that says since which version.
const COMMIT_TIMES: [&str; 2] = ["delta.enableInCommitTimestamps", "delta.inCommitTimestampEnablementVersion"];

/// The newest protocol of readers that is known, where features are named one by one.
const READER_VERSION: i32 = 3;
/// The reader features that a table may require, by their names in the protocol: those that the contract's own scan supports (mapped
/// columns, deletion vectors, widened types, times without a zone), and those that concern the reader of the log or writers alone.
const FEATURES: [&str; 7] = [
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

/// One version of a Delta table.
#[derive(Debug)]
pub struct Log {
    description: Arc<Description>,
    /// The columns as the log has them.
    schema: Arc<StructType>,
    logged: Arc<Logged>,
    files: Vec<Added>,
}

impl Log {
    /// Reads the log at `listing`.
    ///
    /// # Errors
    ///
    /// [`FileErrorKind::NoVersion`], [`FileErrorKind::DeltaFeatures`], and [`FileErrorKind::DeltaLog`] for what cannot be read.
    pub async fn open(listing: &Arc<Listing>, at: DeltaVersion, runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        let store = listing.store(runtime)?;
        let read = Self::read(Arc::clone(listing), at, store);
        threads::run(read).await.unwrap_or_else(|reason| Err(unreadable(listing, &reason)))
    }

    async fn read(listing: Arc<Listing>, at: DeltaVersion, store: Arc<dyn ObjectStore>) -> Result<Self, RuntimeError> {
        let listing = listing.as_ref();
        let unreadable = |reason: String| unreadable(listing, &reason);
        let store = listing.log_files(store);
        if let Some(fault) = store.fault().await {
            return Err(unreadable(fault));
        }
        let store: Arc<dyn ObjectStore> = Arc::new(CheckedCheckpoints::new(Arc::new(store)));
        let folder = listing.log();
        let history = History::list(store.as_ref(), &folder).await.map_err(|error| unreadable(error.to_string()))?;
        let logs = log_store(listing, Arc::clone(&store)).map_err(|error| unreadable(error.to_string()))?;
        let snapshot = |version: Option<u64>| {
            let logs = Arc::clone(&logs);
            async move { Snapshot::try_new(logs.as_ref(), version).await }
        };

        let missing = || listing.error(FileErrorKind::NoVersion { asked: at.to_string(), known: history.known() });
        let version = match at {
            DeltaVersion::Latest => None,
            DeltaVersion::Version(version) => {
                let known = history.range().is_some_and(|(first, last)| (first..=last).contains(&version));
                Some(if known { version } else { return Err(missing()) })
            }
            DeltaVersion::Timestamp(asked) => {
                let latest = snapshot(None).await.map_err(|error| unreadable(error.to_string()))?;
                let trusted = commit_times(latest.metadata().configuration());
                let found = history.at(store.as_ref(), &folder, trusted, asked).await;
                Some(found.map_err(|error| unreadable(error.to_string()))?.ok_or_else(missing)?)
            }
        };
        let snapshot = snapshot(version).await.map_err(|error| unreadable(error.to_string()))?;
        if let Some(features) = unsupported(snapshot.protocol()) {
            return Err(listing.error(FileErrorKind::DeltaFeatures { features }));
        }
        Self::describe(&snapshot, &logs, listing).await.map_err(unreadable)
    }

    async fn describe(snapshot: &Snapshot, logs: &LogStoreRef, listing: &Listing) -> Result<Self, String> {
        let metadata = snapshot.metadata();
        let columns = snapshot.schema();
        let schema: Schema = columns.as_ref().try_into_arrow().map_err(|error| error.to_string())?;
        let properties: BTreeMap<String, String> =
            metadata.configuration().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let logged = Logged::new(&columns, mapping(&properties, snapshot.protocol()));
        let files = files(snapshot, logs, &logged, listing).await?;
        let description = Description {
            version: snapshot.version(),
            schema: Arc::new(schema),
            partitions: metadata.partition_columns().to_vec(),
            properties,
        };
        Ok(Self { description: Arc::new(description), schema: columns, logged: Arc::new(logged), files })
    }

    /// The files of the version, with the values of their partition columns.
    ///
    /// # Errors
    ///
    /// A store that nobody registered.
    pub fn list_files(
        &self,
        contract: &Dataset,
        listing: &Listing,
        runtime: &RuntimeEnv,
    ) -> Result<TableFiles, RuntimeError> {
        let mut table_files = TableFiles {
            layout: Layout::Delta,
            store: Some(FileStore {
                url: listing.store_url(),
                store: listing.store(runtime)?,
                footers: runtime.cache_manager.get_file_metadata_cache(),
            }),
            files: Vec::with_capacity(self.files.len()),
            log: Some(Arc::clone(&self.description)),
            ..TableFiles::default()
        };
        let partition_fields = match self.partition_fields(contract) {
            Ok(partition_fields) => partition_fields,
            // No file can be read, and none of them is at fault.
            Err(refused) => {
                let error = listing.error(FileErrorKind::DeltaSchema { reason: refused.of_log() });
                table_files.rejected.push(RejectedFile { fault: RejectionScope::Table, error });
                return Ok(table_files);
            }
        };
        table_files.partition_fields = partition_fields.iter().map(|column| Arc::clone(column.field)).collect();
        for added in &self.files {
            match added.file(&partition_fields, &self.logged, listing) {
                Ok(file) => table_files.files.push(file),
                Err(error) => table_files.rejected.push(RejectedFile { fault: RejectionScope::File, error }),
            }
        }
        Ok(table_files)
    }

    /// The partition columns of the table that `contract` has, under the log's name or a later one.
    ///
    /// # Errors
    ///
    /// Why one of them cannot be read as the contract declares it.
    fn partition_fields<'a>(&'a self, contract: &'a Dataset) -> Result<Vec<PartitionColumn<'a>>, ConformError> {
        let declared = |name: &str| contract.columns.iter().find(|column| column.name() == name);
        let mut partition_fields = Vec::with_capacity(self.description.partitions.len());
        for name in &self.description.partitions {
            let renamed = || contract.evolution.renames.get(&Path::top(name.as_str()));
            let column = declared(name).or_else(|| declared(renamed()?));
            let logged = self.logged.fields.iter().find(|field| field.name == *name);
            if let (Some(column), Some(field), Some(logged)) = (column, self.schema.field(name), logged) {
                partition_fields.push(PartitionColumn::new(contract, &column.field, field, &logged.physical)?);
            }
        }
        Ok(partition_fields)
    }
}

/// Why the log at `listing` cannot be read.
fn unreadable(listing: &Listing, reason: &str) -> RuntimeError {
    listing.error(FileErrorKind::DeltaLog { reason: without_backtrace(reason) })
}

/// An error of the kernel without the backtrace that it has where `RUST_BACKTRACE` is set.
fn without_backtrace(reason: &str) -> String {
    let lines = reason.lines().take_while(|line| !line.trim_start().starts_with("0: "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files that the version has, by path.
async fn files(
    snapshot: &Snapshot,
    logs: &LogStoreRef,
    logged: &Logged,
    listing: &Listing,
) -> Result<Vec<Added>, String> {
    let text = |error: deltalake_core::DeltaTableError| error.to_string();
    // No column is asked for, so that the kernel reads no partition value: one that cannot be read is a fault of its file alone.
    let nothing = StructType::try_new([]).map_err(|error| error.to_string())?;
    let scan = snapshot.scan_builder().with_schema(Arc::new(nothing)).build().map_err(text)?;
    let mut found = scan.scan_metadata(logs.engine(None));
    let mut files = Vec::new();
    while let Some(metadata) = found.try_next().await.map_err(text)? {
        let batch = metadata.scan_files.apply_selection_vector().and_then(ArrowEngineData::try_from_engine_data);
        let batch: RecordBatch = batch.map_err(|error| error.to_string())?.into();
        files.extend(Added::all(&batch, logged, listing)?);
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

/// Where Delta reads a log: the session's own store, whatever its scheme, and in it the log alone.
fn log_store(listing: &Listing, store: Arc<dyn ObjectStore>) -> Result<LogStoreRef, url::ParseError> {
    let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&store), listing.prefix().clone()));
    Ok(default_logstore(below, store, &listing.folder()?, &StorageConfig::default()))
}

/// A description of the reader features that a table requires and that are not supported.
fn unsupported(protocol: &Protocol) -> Option<String> {
    let version = protocol.min_reader_version();
    if version > READER_VERSION {
        return Some(format!("version {version} of the reader's protocol"));
    }
    let asked = protocol.reader_features().into_iter().flatten().map(ToString::to_string);
    let names: Vec<String> = asked.filter(|name| !FEATURES.contains(&name.as_str())).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// How the files' columns are called. The property counts only where the protocol says that readers look at it.
fn mapping(properties: &BTreeMap<String, String>, protocol: &Protocol) -> Mapping {
    let named = || protocol.reader_features().into_iter().flatten().any(|name| name.to_string() == "columnMapping");
    let mapped = protocol.min_reader_version() == 2 || named();
    match properties.get(COLUMN_MAPPING).map(String::as_str) {
        Some("name") if mapped => Mapping::Name,
        Some("id") if mapped => Mapping::Id,
        _ => Mapping::None,
    }
}

/// The version from which on commits write down when they were made.
fn commit_times(properties: &HashMap<String, String>) -> Option<u64> {
    let [enabled, since] = COMMIT_TIMES.map(|name| properties.get(name));
    (enabled? == "true").then(|| since.and_then(|version| version.parse().ok()).unwrap_or_default())
}
