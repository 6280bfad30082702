//! Tables that mount themselves: those under the place that a session pins with `datafusion.catalog.location` and `.format`.
//!
//! The engine mounts every table there with whatever schema its files have, in the schema `default`. Those that a catalog knows
//! are registered from there as its datasets, and so held against the contract.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use cstspec_contract::text::first_names;
use cstspec_contract::{Catalog, Dataset};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectStore};
use datafusion::prelude::SessionContext;
use url::Url;

use crate::names::MOST_NAMES;
use crate::{FileErrorKind, Location, Locations, RuntimeError};

/// The setting that names the place.
pub const LOCATION: &str = "datafusion.catalog.location";
/// The setting that says what its files are.
const FORMAT: &str = "datafusion.catalog.format";

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
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
        format!("{url}{end}")
    }
}

/// The names of what is at a place.
#[derive(Default)]
struct Entries {
    folders: BTreeSet<String>,
    files: BTreeSet<String>,
}

/// Why a place was not listed.
enum Unlisted {
    /// Nothing is there.
    Missing,
    /// Nobody registered its store.
    NoStore,
    /// Anything else.
    Failed(String),
}

impl Root {
    /// The entries of the place. On this machine an entry whose name no store can spell is passed over, as no table is called so.
    async fn entries(&self, runtime: &RuntimeEnv) -> Result<Entries, Unlisted> {
        let mut entries = Entries::default();
        if let Some(path) = self.url.to_file_path().ok().filter(|_| self.url.scheme() == "file") {
            let listed = std::fs::read_dir(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Unlisted::Missing,
                _ => Unlisted::Failed(error.to_string()),
            })?;
            for entry in listed.filter_map(Result::ok) {
                let Ok(name) = entry.file_name().into_string() else { continue };
                // A link to a folder is one.
                if entry.path().is_dir() {
                    entries.folders.insert(name)
                } else {
                    entries.files.insert(name)
                };
            }
            return Ok(entries);
        }
        let store: Arc<dyn ObjectStore> = runtime.object_store(&self.store).map_err(|_| Unlisted::NoStore)?;
        let found = store.list_with_delimiter(Some(&self.path)).await.map_err(|error| match error {
            StoreError::NotFound { .. } => Unlisted::Missing,
            error => Unlisted::Failed(error.to_string()),
        })?;
        let names = |paths: Vec<StorePath>| paths.iter().filter_map(|path| Some(path.filename()?.to_owned())).collect();
        entries.folders = names(found.common_prefixes);
        entries.files = names(found.objects.into_iter().map(|object| object.location).collect());
        Ok(entries)
    }
}

impl Entries {
    /// The folder or file that the table `name` is, with what ends its URL.
    fn table(&self, name: &str) -> Option<(&str, &'static str)> {
        let folder = self.folders.get(name).map(|folder| (folder.as_str(), "/"));
        // To the engine, too, a table is called what comes before the first dot; names with dots are ours alone.
        let named = |file: &&String| file.strip_prefix(name).is_some_and(|end| end.is_empty() || end.starts_with('.'));
        folder.or_else(|| self.files.iter().find(named).map(|file| (file.as_str(), "")))
    }

    /// The tables that are there, in words.
    fn display(&self) -> String {
        let files = self.files.iter().filter_map(|file| file.split('.').next()).filter(|name| !name.is_empty());
        let tables: BTreeSet<String> = self.folders.iter().cloned().chain(files.map(str::to_owned)).collect();
        if tables.is_empty() { "nothing".to_owned() } else { first_names(&tables, MOST_NAMES) }
    }
}

/// A dataset without data at the place that the session mounts tables from.
#[derive(Debug)]
pub struct Absence {
    /// The place.
    pub location: String,
    /// The description of the actual entries.
    pub observed: String,
}

/// Why `dataset`, which is empty, has no data where the session mounts tables from; `None` if the session mounts none.
pub async fn absence(ctx: &SessionContext, dataset: &Dataset) -> Option<Absence> {
    let settings = ctx.state().config_options().catalog.clone();
    let location = settings.location?;
    let observed = match Root::read(&location) {
        Err(reason) => reason,
        Ok(_) if !settings.format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("parquet")) => {
            format!("`{FORMAT}` is {}", settings.format.map_or("not set".to_owned(), |format| format!("`{format}`")))
        }
        Ok(root) => match root.entries(&ctx.runtime_env()).await {
            Err(Unlisted::Missing) => "no such folder".to_owned(),
            Err(Unlisted::NoStore) => "a store that nobody registered".to_owned(),
            Err(Unlisted::Failed(reason)) => reason,
            Ok(found) if found.table(&dataset.name).is_some() => "it came after the catalog was registered".to_owned(),
            Ok(found) => found.display(),
        },
    };
    Some(Absence { location, observed })
}

/// Why the engine would not survive `location`, if so.
pub fn refusal(location: &str) -> Option<String> {
    Root::read(location).err()
}

/// Where the datasets of `catalog` are that `given` has no location for: in a folder or a file of the dataset's name, under the place
/// that the session pins.
///
/// # Errors
///
/// A place that cannot be listed. One that is not there has no tables.
pub async fn locate(ctx: &SessionContext, catalog: &Catalog, given: &Locations) -> Result<Locations, RuntimeError> {
    let mut located = Locations::new();
    let settings = ctx.state().config_options().catalog.clone();
    let (Some(location), Some(format)) = (settings.location, settings.format) else { return Ok(located) };
    let wanted: Vec<&str> = catalog
        .datasets
        .iter()
        .map(|dataset| dataset.name.as_str())
        .filter(|name| !given.contains_key(*name))
        .collect();
    let (Some(first), true) = (wanted.first(), format.eq_ignore_ascii_case("parquet")) else { return Ok(located) };
    let refused = |kind: FileErrorKind| kind.of(*first, &location);
    let bad = |reason: String| refused(FileErrorKind::BadLocation { reason });
    let root = Root::read(&location).map_err(bad)?;
    let found = match root.entries(&ctx.runtime_env()).await {
        Ok(found) => found,
        Err(Unlisted::NoStore) => return Err(refused(FileErrorKind::NoStore)),
        Err(Unlisted::Missing) => return Ok(located),
        Err(Unlisted::Failed(reason)) => return Err(refused(FileErrorKind::Listing { reason })),
    };
    for name in wanted {
        if let Some((entry, end)) = found.table(name) {
            let location = root.below(entry, end);
            located.insert(name.to_owned(), Location::Url(location));
        }
    }
    Ok(located)
}
