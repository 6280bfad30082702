//! Tables that mount themselves: those under the place that a session pins with `datafusion.catalog.location` and `.format`.
//!
//! The engine mounts every table there with whatever schema its files have, in the schema `default`. Those that a catalog knows
//! are registered from there as its datasets, and so held against the contract.

use std::sync::Arc;

use cstspec_contract::Catalog;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectStore};
use datafusion::prelude::SessionContext;
use url::Url;

use crate::{Location, Locations, RuntimeError};

/// The setting that names the place.
pub(crate) const LOCATION: &str = "datafusion.catalog.location";

/// A place with tables: its URL, the store's, and the path in the store.
struct Root {
    url: Url,
    store: ObjectStoreUrl,
    path: StorePath,
}

impl Root {
    /// Reads a location as the engine does, which panics where this is an error.
    fn read(location: &str) -> Result<Self, String> {
        let url = Url::parse(location).map_err(|error| format!("it is no URL: {error}"))?;
        let authority = match url.host_str() {
            Some(host) => format!("{}://{host}", url.scheme()),
            None => format!("{}://", url.scheme()),
        };
        let store = ObjectStoreUrl::parse(&authority).map_err(|error| error.strip_backtrace())?;
        let path = url.as_str().strip_prefix(&authority).ok_or("it has more than a scheme, a host and a path")?;
        let path = StorePath::parse(path).map_err(|error| error.to_string())?;
        Ok(Self { url, store, path })
    }

    /// The URL of something below.
    fn below(&self, name: &str, end: &str) -> String {
        let root = self.url.as_str().trim_end_matches('/');
        format!("{root}/{name}{end}")
    }
}

/// Why the engine would not survive `location`, if so.
pub(crate) fn refusal(location: &str) -> Option<String> {
    Root::read(location).err()
}

/// Where the datasets of `catalog` are that `given` has no location for: in a folder or a file of the dataset's name, under the place
/// that the session pins.
///
/// # Errors
///
/// A place that cannot be listed. One that is not there has no tables.
pub(crate) async fn mounted(
    ctx: &SessionContext,
    catalog: &Catalog,
    given: &Locations,
) -> Result<Locations, RuntimeError> {
    let mut mounted = Locations::new();
    let settings = ctx.state().config_options().catalog.clone();
    let (Some(location), Some(format)) = (settings.location, settings.format) else { return Ok(mounted) };
    let wanted: Vec<&str> = catalog
        .datasets
        .iter()
        .map(|dataset| dataset.name.as_str())
        .filter(|name| !given.contains_key(*name))
        .collect();
    let (Some(first), true) = (wanted.first(), format.eq_ignore_ascii_case("parquet")) else { return Ok(mounted) };
    let bad =
        |reason: String| RuntimeError::BadLocation { dataset: (*first).to_owned(), path: location.clone(), reason };
    let root = Root::read(&location).map_err(bad)?;
    let store: Arc<dyn ObjectStore> = match ctx.runtime_env().object_store(&root.store) {
        Ok(store) => store,
        Err(_) => return Err(RuntimeError::NoStore { dataset: (*first).to_owned(), path: location.clone() }),
    };
    let found = match store.list_with_delimiter(Some(&root.path)).await {
        Ok(found) => found,
        Err(StoreError::NotFound { .. }) => return Ok(mounted),
        Err(error) => {
            let (dataset, reason) = ((*first).to_owned(), error.to_string());
            return Err(RuntimeError::Listing { dataset, path: location.clone(), reason });
        }
    };
    for name in wanted {
        let folder = found.common_prefixes.iter().filter_map(StorePath::filename).find(|folder| *folder == name);
        // To the engine, too, a table is called what comes before the first dot.
        let named = |file: &&str| file.split('.').next() == Some(name);
        let file = found.objects.iter().filter_map(|object| object.location.filename()).find(named);
        let location = folder.map(|folder| root.below(folder, "/")).or(file.map(|file| root.below(file, "")));
        if let Some(location) = location {
            mounted.insert(name.to_owned(), Location::Url(location));
        }
    }
    Ok(mounted)
}
