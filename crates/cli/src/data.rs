//! Where the data of each dataset is: what `--data` says, the built-in sample, or nothing.

use std::path::Path;
use std::sync::Arc;

use cstspec_contract::Catalog;
use cstspec_runtime::{ContractTable, Location, Locations};
use datafusion::common::TableReference;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{ObjectStoreExt, PutPayload};
use datafusion::prelude::SessionContext;

use crate::args::Data;
use crate::error::CommandError;
use crate::suggestion;

/// The dataset that the built-in sample is a table of.
const SAMPLE_DATASET: &str = "libcst_files_v1";
/// The store that the sample is registered as; nothing leaves the process.
const SAMPLE_STORE: &str = "sample://cstspec/";
/// The sample's name in that store.
const SAMPLE_FILE: &str = "libcst_files_v1.parquet";

/// Where the data of every dataset of a catalog is.
#[derive(Debug)]
pub struct DataLocations {
    /// The locations, as the runtime takes them. A dataset without one is an empty table.
    pub locations: Locations,
    /// The location of each dataset for a person, in the order of the catalog.
    pub labels: Vec<String>,
    sample: Sample,
}

/// Whether the built-in sample is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    Used,
    Unused,
}

impl DataLocations {
    /// Reads `--data`, and chooses where it says nothing.
    pub fn read(args: &Data, catalog: &Catalog) -> Result<Self, CommandError> {
        let mut locations = Locations::new();
        for text in &args.locations {
            let (dataset, location) = parse(text, catalog)?;
            if locations.insert(dataset.to_owned(), location).is_some() {
                return Err(CommandError::usage(format!("--data is given twice for the dataset `{dataset}`")));
            }
        }
        let sample = if args.locations.is_empty() && catalog.dataset(SAMPLE_DATASET).is_some() {
            let url = format!("{SAMPLE_STORE}{SAMPLE_FILE}");
            locations.insert(SAMPLE_DATASET.to_owned(), Location::Url(url));
            Sample::Used
        } else {
            Sample::Unused
        };
        let labels = catalog.datasets.iter().map(|dataset| label(&dataset.name, &locations, sample)).collect();
        Ok(Self { locations, labels, sample })
    }

    /// Where data was chosen without being asked for: what a reader of figures must know.
    pub async fn assumed(&self, catalog: &Catalog, context: &SessionContext) -> Vec<String> {
        let mut assumed = Vec::new();
        for (dataset, label) in catalog.datasets.iter().zip(&self.labels) {
            if let Some(label) = self.mount_label(&dataset.name, context).await {
                assumed.push(label);
            } else if self.sample == Sample::Used || !self.locations.contains_key(&dataset.name) {
                assumed.push(label.clone());
            }
        }
        assumed
    }

    /// Where `dataset` is, if the session found it by itself: mounted from the place that its settings name.
    pub async fn mount_label(&self, dataset: &str, context: &SessionContext) -> Option<String> {
        if self.locations.contains_key(dataset) {
            return None;
        }
        let provider = context.table_provider(TableReference::bare(dataset)).await.ok()?;
        let location = provider.downcast_ref::<ContractTable>()?.location()?.to_owned();
        Some(mount_label(dataset, &location))
    }

    /// Makes the sample's store known to the session.
    pub async fn provide(&self, context: &SessionContext) -> Result<(), CommandError> {
        if self.sample == Sample::Unused {
            return Ok(());
        }
        let broken =
            |error: &dyn std::fmt::Display| CommandError::Tool(format!("the built-in sample is broken: {error}"));
        let store = InMemory::new();
        store
            .put(&StorePath::from(SAMPLE_FILE), PutPayload::from_static(cstspec_libcst::SAMPLE))
            .await
            .map_err(|error| broken(&error))?;
        let url = ObjectStoreUrl::parse(SAMPLE_STORE).map_err(|error| broken(&error))?;
        context.runtime_env().register_object_store(url.as_ref(), Arc::new(store));
        Ok(())
    }
}

/// Splits `DATASET=LOCATION` and sees that both exist.
fn parse<'a>(text: &'a str, catalog: &Catalog) -> Result<(&'a str, Location), CommandError> {
    // A name may hold the sign itself: the longest name that is a dataset's counts.
    let splits = text.rmatch_indices('=').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let known = splits.into_iter().find(|(dataset, _)| catalog.dataset(dataset).is_some());
    let Some((dataset, place)) =
        known.or_else(|| text.split_once('=')).filter(|(dataset, place)| !dataset.is_empty() && !place.is_empty())
    else {
        let help = match &*catalog.datasets {
            [only] => Some(format!("write --data {}={text}", only.name)),
            _ => None,
        };
        return Err(CommandError::usage_with_help(format!("--data requires DATASET=LOCATION, not `{text}`"), help));
    };
    if catalog.dataset(dataset).is_none() {
        let message = match catalog.view(dataset) {
            Some(_) => format!("`{dataset}` is a view: only datasets have a location"),
            None => format!("--data names an unknown dataset `{dataset}`"),
        };
        let known = catalog.datasets.iter().map(|dataset| dataset.name.as_str());
        let all: Vec<&str> = known.clone().collect();
        let help = suggestion::help(dataset, known, &format!("the datasets are {}", all.join(", ")));
        return Err(CommandError::usage_with_help(message, Some(help)));
    }
    let location = Location::parse(place).map_err(|error| CommandError::usage(error.to_string()))?;
    // A pattern has no file of its name; whether any matches is seen when the data is listed.
    if let Some(path) = location.url().filter(|url| !url.contains("://"))
        && let Err(source) = Path::new(path).symlink_metadata()
        && !path.contains(['*', '?', '['])
    {
        return Err(CommandError::read(format!("{path} (the data of {dataset})"), source));
    }
    if let Location::Delta { clone_of, .. } = &location {
        for path in clone_of.iter().filter(|url| !url.contains("://")) {
            let exists = Path::new(path).symlink_metadata();
            exists.map_err(|source| CommandError::read(format!("{path} (the source of {dataset})"), source))?;
        }
    }
    Ok((dataset, location))
}

/// The label of a dataset that the session located itself, at `location`.
pub fn mount_label(dataset: &str, location: &str) -> String {
    format!("{dataset}: {location}, from `datafusion.catalog.location`")
}

fn label(dataset: &str, locations: &Locations, sample: Sample) -> String {
    match locations.get(dataset) {
        Some(_) if sample == Sample::Used && dataset == SAMPLE_DATASET => format!("{dataset}: the built-in sample"),
        Some(location) => format!("{dataset}: {location}"),
        None => format!("{dataset}: no --data, an empty table"),
    }
}
