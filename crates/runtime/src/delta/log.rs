//! One version of a Delta table, as its log describes it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema};
use cstspec_contract::Dataset;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::prefix::PrefixStore;
use datafusion::object_store::{ObjectMeta, ObjectStore};
use deltalake_core::delta_datafusion::{DeltaScanConfig, DeltaScanNext};
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow as _;
use deltalake_core::kernel::transaction::{PROTOCOL, TransactionError};
use deltalake_core::kernel::{EagerSnapshot, LogicalFileView, Protocol};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use url::Url;

use super::Description;
use super::history::History;
use crate::foreign::{Foreign, Words};
use crate::inventory::{DataFile, Fault, Inventory, Refused};
use crate::listing::Listing;
use crate::partition::Layout;
use crate::pruning::Bounds;
use crate::reading::Place;
use crate::{DeltaVersion, RuntimeError};

/// The property that says how the columns of the files are called.
const COLUMN_MAPPING: &str = "delta.columnMapping.mode";
/// The property that says that commits write down when they were made, and the one that says since which version.
const COMMIT_TIMES: [&str; 2] = ["delta.enableInCommitTimestamps", "delta.inCommitTimestampEnablementVersion"];

/// One version of a Delta table.
#[derive(Debug)]
pub(crate) struct Log {
    description: Arc<Description>,
    files: Vec<Added>,
    /// Delta's own scan, where only that reads the files as they are meant.
    table: Option<Arc<dyn TableProvider>>,
}

/// A file that the version has.
#[derive(Debug)]
struct Added {
    /// Its path below the table, or its URL.
    path: String,
    /// What the log says of it; its location is not filled in.
    meta: ObjectMeta,
    /// The values of the partition columns as text. None is NULL.
    partition: HashMap<String, Option<String>>,
    /// What it says of the values.
    bounds: Option<Arc<Bounds>>,
}

impl Log {
    /// Reads the log at `listing`.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::NoVersion`], [`RuntimeError::DeltaFeatures`], and [`RuntimeError::DeltaLog`] for what cannot be read.
    pub async fn open(listing: &Listing, at: DeltaVersion, runtime: &RuntimeEnv) -> Result<Self, RuntimeError> {
        let unreadable = |reason: String| RuntimeError::DeltaLog {
            dataset: listing.dataset().to_owned(),
            path: listing.location().to_owned(),
            reason,
        };
        let store = listing.store(runtime)?;
        let folder = listing.log();
        let history = History::list(store.as_ref(), &folder).await.map_err(|error| unreadable(error.to_string()))?;
        let logs = log_store(listing, Arc::clone(&store)).map_err(|error| unreadable(error.to_string()))?;
        let snapshot = |version: Option<u64>| {
            let logs = Arc::clone(&logs);
            async move { EagerSnapshot::try_new(&logs, version).await }
        };

        let missing = || RuntimeError::NoVersion {
            dataset: listing.dataset().to_owned(),
            path: listing.location().to_owned(),
            asked: at.to_string(),
            known: history.known(),
        };
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
            let (dataset, path) = (listing.dataset().to_owned(), listing.location().to_owned());
            return Err(RuntimeError::DeltaFeatures { dataset, path, features });
        }
        Self::describe(snapshot).map_err(unreadable)
    }

    fn describe(snapshot: EagerSnapshot) -> Result<Self, String> {
        let metadata = snapshot.metadata();
        let schema: Schema = snapshot.schema().as_ref().try_into_arrow().map_err(|error| error.to_string())?;
        let properties: BTreeMap<String, String> =
            metadata.configuration().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let description = Description {
            version: snapshot.version(),
            schema: Arc::new(schema),
            partitions: metadata.partition_columns().to_vec(),
            properties,
        };
        let views: Vec<LogicalFileView> =
            snapshot.try_log_data().map_err(|error| error.to_string())?.into_iter().collect();
        let deleted = views.iter().any(|file| file.deletion_vector_descriptor().is_some());
        let mapped = description.properties.get(COLUMN_MAPPING).is_some_and(|mode| mode != "none");
        let mut files: Vec<Added> = views.iter().map(Added::of).collect();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let table: Option<Arc<dyn TableProvider>> = if deleted || mapped {
            let mut config = DeltaScanConfig::new().with_wrap_partition_values(false).with_parquet_pushdown(false);
            config.schema_force_view_types = false;
            let scan = DeltaScanNext::new(Arc::new(snapshot), config).map_err(|error| error.strip_backtrace())?;
            Some(Arc::new(scan))
        } else {
            None
        };
        Ok(Self { description: Arc::new(description), files, table })
    }

    /// The files of the version, with the values of their partition columns.
    ///
    /// # Errors
    ///
    /// A store that nobody registered.
    pub fn inventory(
        &self,
        contract: &Dataset,
        listing: &Listing,
        runtime: &RuntimeEnv,
    ) -> Result<Inventory, RuntimeError> {
        let carried: Vec<FieldRef> = self
            .description
            .partitions
            .iter()
            .filter_map(|name| contract.columns.iter().find(|column| column.name() == name))
            .map(|column| Arc::clone(&column.field))
            .collect();
        let mut inventory = Inventory {
            layout: Layout::Delta,
            place: Some(Place {
                url: listing.store_url(),
                store: listing.store(runtime)?,
                footers: runtime.cache_manager.get_file_metadata_cache(),
            }),
            files: Vec::with_capacity(self.files.len()),
            carried,
            log: Some(Arc::clone(&self.description)),
            foreign: self.table.as_ref().map(|table| Foreign {
                table: Arc::clone(table),
                shown: listing.location().to_owned(),
                words: Words::Delta,
            }),
            ..Inventory::default()
        };
        for added in &self.files {
            match added.file(&inventory.carried, listing) {
                Ok(file) => inventory.files.push(file),
                Err(error) => inventory.refused.push(Refused { fault: Fault::File, error }),
            }
        }
        Ok(inventory)
    }
}

impl Added {
    fn of(file: &LogicalFileView) -> Self {
        let meta = ObjectMeta {
            location: StorePath::default(),
            last_modified: file.modification_datetime().unwrap_or_default(),
            size: u64::try_from(file.size()).unwrap_or_default(),
            e_tag: None,
            version: None,
        };
        let bounds = file.stats().and_then(|stats| Bounds::parse(&stats)).map(Arc::new);
        Self { path: file.path().into_owned(), meta, partition: file.partition_values_map(), bounds }
    }

    fn file(&self, carried: &[FieldRef], listing: &Listing) -> Result<DataFile, RuntimeError> {
        let dataset = || listing.dataset().to_owned();
        let location = listing.resolve(&self.path).map_err(|reason| RuntimeError::DeltaFile {
            dataset: dataset(),
            path: self.path.clone(),
            reason,
        })?;
        let meta = ObjectMeta { location, ..self.meta.clone() };
        let shown = listing.shown(&meta.location);
        let mut partition = Vec::with_capacity(carried.len());
        for field in carried {
            // The log spells NULL as no text, or as an empty one.
            let text = self.partition.get(field.name()).and_then(Option::as_deref).filter(|text| !text.is_empty());
            let parsed = match text {
                None => ScalarValue::try_new_null(field.data_type()).ok().filter(|_| field.is_nullable()),
                Some(text) => ScalarValue::try_from_string(text.to_owned(), field.data_type())
                    .ok()
                    .filter(|value| !value.is_null()),
            };
            partition.push(parsed.ok_or_else(|| RuntimeError::DeltaPartition {
                dataset: dataset(),
                path: shown.clone(),
                column: field.name().clone(),
                value: text.map(str::to_owned),
                data_type: match text {
                    None => format!("{} NOT NULL", field.data_type()),
                    Some(_) => field.data_type().to_string(),
                },
            })?);
        }
        Ok(DataFile { meta, shown, partition, bounds: self.bounds.clone() })
    }
}

/// `table` without the files that are not among `files`, if it is Delta's own scan.
pub(crate) fn only(
    table: &Arc<dyn TableProvider>,
    place: &Place,
    files: &[DataFile],
) -> Option<Arc<dyn TableProvider>> {
    let scan = table.downcast_ref::<DeltaScanNext>()?;
    let mut urls = Vec::with_capacity(files.len());
    for file in files {
        let mut url = Url::parse(place.url.as_str()).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(file.meta.location.as_ref().split('/'));
        urls.push(url.to_string());
    }
    Some(Arc::new(scan.clone().with_file_paths(urls)))
}

/// Where Delta reads a log: the session's own store, whatever its scheme.
fn log_store(listing: &Listing, store: Arc<dyn ObjectStore>) -> Result<LogStoreRef, url::ParseError> {
    let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&store), listing.prefix().clone()));
    Ok(default_logstore(below, store, &listing.folder()?, &StorageConfig::default()))
}

/// The reader features of a table that Delta's own reader does not have, in words.
fn unsupported(protocol: &Protocol) -> Option<String> {
    match PROTOCOL.can_read_from_protocol(protocol) {
        Ok(()) => None,
        Err(TransactionError::UnsupportedTableFeatures(features)) => {
            // Its scan reads mapped columns; what it refuses is to be told of them by the protocol alone.
            let names: Vec<String> =
                features.iter().map(ToString::to_string).filter(|name| name != "columnMapping").collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// The version from which on commits write down when they were made.
fn commit_times(properties: &HashMap<String, String>) -> Option<u64> {
    let [enabled, since] = COMMIT_TIMES.map(|name| properties.get(name));
    (enabled? == "true").then(|| since.and_then(|version| version.parse().ok()).unwrap_or_default())
}
