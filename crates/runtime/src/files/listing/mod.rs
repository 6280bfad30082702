//! Which files a dataset has right now.

#[cfg(feature = "delta")]
mod clone;
mod ignored;
#[cfg(feature = "delta")]
mod log;
mod selection;
mod store;
mod walk;

use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use cstspec_contract::Dataset;
use cstspec_contract::text::first_names;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectMeta, ObjectStore};
use futures::TryStreamExt as _;
use tokio::runtime::Handle;
use url::Url;

use super::hive;
use super::table_files::RejectedFile;
use crate::names::MOST_NAMES;
use crate::{FileErrorKind, RuntimeError};
use walk::Walk;

pub use ignored::{End, IgnoredFiles, Link, Sorted};
pub use selection::{Glob, Selection};

/// A place with the files of a dataset: one file, or what is below a folder.
#[derive(Debug)]
pub struct Listing {
    dataset: String,
    location: String,
    /// The path, if the location is one of this machine.
    local: Option<PathBuf>,
    url: ListingTableUrl,
    /// Which paths below are meant, if not all.
    pattern: Option<Glob>,
    /// The tables that the location is a shallow clone of.
    sources: Vec<Listing>,
}

/// The entries at a location.
#[derive(Debug, Default)]
pub struct Listed {
    /// The files with data, sorted by path.
    pub files: Vec<ListedFile>,
    /// The files that are no data.
    pub ignored_files: IgnoredFiles,
    /// The entries that cannot be read, sorted by path.
    pub rejected: Vec<RejectedFile>,
}

/// A file of a dataset.
#[derive(Debug)]
pub struct ListedFile {
    /// The metadata that the store has of it.
    pub meta: ObjectMeta,
    /// The folders between the location and the file, outermost first; with those above it that carry values of declared partitions.
    pub folders: Vec<String>,
}

impl Listing {
    /// Reads `location` as a path, or else as a URL. An existing location is a file or a folder; otherwise it may be a pattern over the
    /// paths below a folder, or be created later.
    ///
    /// # Errors
    ///
    /// [`FileErrorKind::BadLocation`] for what is neither.
    pub fn open(dataset: &str, location: &str) -> Result<Self, RuntimeError> {
        let bad = |reason: String| FileErrorKind::BadLocation { reason }.of(dataset, location);
        let (url, local, pattern) = match Url::parse(location) {
            // A drive letter parses as a scheme.
            Ok(url) if url.scheme().len() > 1 => match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => on_disk(&path).map_err(bad)?,
                _ => in_store(url).map_err(bad)?,
            },
            _ => on_disk(FilePath::new(location)).map_err(bad)?,
        };
        let url = ListingTableUrl::try_new(url, None).map_err(|error| bad(error.strip_backtrace()))?;
        Ok(Self {
            dataset: dataset.to_owned(),
            location: location.to_owned(),
            local,
            url,
            pattern,
            sources: Vec::new(),
        })
    }

    /// The dataset whose location it is.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The location as it was given.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The URL that the store is registered under.
    pub fn store_url(&self) -> ObjectStoreUrl {
        self.url.object_store()
    }

    /// The store, as the host or the engine registered it.
    pub fn store(&self, runtime: &RuntimeEnv) -> Result<Arc<dyn ObjectStore>, RuntimeError> {
        runtime.object_store(&self.url).map_err(|_| self.error(FileErrorKind::NoStore))
    }

    /// How a person finds a file or folder of the store.
    pub fn display_path(&self, path: &StorePath) -> String {
        match self.url.scheme() {
            "file" => format!("/{path}"),
            _ => format!("{}{path}", self.url.object_store().as_str()),
        }
    }

    /// The location's path in its store.
    pub fn prefix(&self) -> &StorePath {
        self.url.prefix()
    }

    /// The location as the URL of a folder.
    pub fn folder(&self) -> Result<Url, url::ParseError> {
        let url = self.url.as_str();
        Url::parse(&if url.ends_with('/') { url.to_owned() } else { format!("{url}/") })
    }

    /// Where the log is, if the location is a Delta table.
    pub fn log(&self) -> StorePath {
        self.prefix().clone().join("_delta_log")
    }

    /// Whether the location is a Delta table: it has a log with something in it.
    ///
    /// # Errors
    ///
    /// A log that cannot be listed, and a pattern over the files of a table, whose log says which of them count.
    pub async fn has_log(&self, runtime: &RuntimeEnv) -> Result<bool, RuntimeError> {
        let found = self.has_log_in(self.prefix(), runtime).await?;
        if found && self.pattern.is_some() {
            return Err(self.inside(self.prefix()));
        }
        Ok(found)
    }

    async fn has_log_in(&self, folder: &StorePath, runtime: &RuntimeEnv) -> Result<bool, RuntimeError> {
        let store = self.store(runtime)?;
        let log = folder.clone().join("_delta_log");
        if let Some(root) = self.on_disk(store.as_ref()) {
            // Of the folders above the location, the last ones are those of the path itself.
            let above = self.prefix().parts_count() - folder.parts_count();
            let Some(root) = root.ancestors().nth(above).map(|root| root.join("_delta_log")) else { return Ok(false) };
            let looked = blocking(move || {
                let there = root.symlink_metadata().is_ok().then(|| walk::display_path(&root));
                (std::fs::read_dir(root).map(|mut entries| entries.next().is_some()), there)
            });
            let (found, there) = looked.await;
            return match (found, there.filter(|_| folder == self.prefix())) {
                (Ok(found), _) => Ok(found),
                (Err(error), Some(_)) if error.kind() == ErrorKind::PermissionDenied => {
                    Err(self.failure(&StoreError::Generic { store: "local", source: Box::new(error) }))
                }
                // A link that leads nowhere, a pipe or a file: whether the files beside it count nobody knows.
                (Err(error), Some(path)) => {
                    let reason = format!("`{path}`: {}", walk::reason_of(&error));
                    Err(self.error(FileErrorKind::DeltaLog { reason }))
                }
                (Err(error), None) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    Ok(false)
                }
                (Err(error), None) => {
                    Err(self.failure(&StoreError::Generic { store: "local", source: Box::new(error) }))
                }
            };
        }
        match store.list(Some(&log)).try_next().await {
            Ok(first) => Ok(first.is_some()),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// The location's own last folders, outermost first, if they carry values of the partitions of `contract`: a folder of one
    /// partition, or a file in it, is read as it is in the whole table.
    ///
    /// # Errors
    ///
    /// A location inside a Delta table, whose log says which files count and which values they have.
    pub async fn above(
        &self,
        contract: &Dataset,
        listed: &Listed,
        runtime: &RuntimeEnv,
    ) -> Result<Vec<String>, RuntimeError> {
        let parts: Vec<String> = self.prefix().parts().map(|part| part.as_ref().to_owned()).collect();
        let carries = |part: &String| hive::key(part).is_some_and(|key| contract.partitions.contains(&key));
        let is_file = listed.files.first().is_some_and(|file| file.meta.location == *self.prefix());
        let end = parts.len() - usize::from(is_file);
        let count = parts[..end].iter().rev().take_while(|part| carries(part)).count();
        let above = parts[end - count..end].to_vec();
        if !above.is_empty() {
            let table: StorePath = StorePath::parse(parts[..end - count].join("/")).unwrap_or_default();
            if self.has_log_in(&table, runtime).await? {
                return Err(self.inside(&table));
            }
        }
        Ok(above)
    }

    fn inside(&self, table: &StorePath) -> RuntimeError {
        self.error(FileErrorKind::InsideDelta { table: self.display_path(table) })
    }

    /// The same location as a shallow clone of the tables at `sources`.
    ///
    /// # Errors
    ///
    /// [`FileErrorKind::BadLocation`] for a source that is none, or is in another store.
    pub fn cloned_from(mut self, sources: &[String]) -> Result<Self, RuntimeError> {
        for source in sources {
            let listing = Self::open(&self.dataset, source)?;
            if listing.store_url() != self.store_url() || listing.pattern.is_some() {
                let reason = format!("a clone of `{source}` cannot be read: it is no folder of the same store");
                return Err(self.error(FileErrorKind::BadLocation { reason }));
            }
            self.sources.push(listing);
        }
        Ok(self)
    }

    /// The tables that the location is a shallow clone of, as they were given.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(Self::location)
    }

    /// The current files: the location itself if it is a file, and otherwise the data files below it.
    ///
    /// # Errors
    ///
    /// Errors of the location as a whole. An error of one file or folder does not affect the others.
    pub async fn files(&self, contract: &Dataset, runtime: &RuntimeEnv) -> Result<Listed, RuntimeError> {
        let store = self.store(runtime)?;
        let selection = Selection::of(&contract.scan.files).within(self.pattern.as_ref());
        let mut listed = match self.on_disk(store.as_ref()) {
            Some(root) => {
                let walk = Walk {
                    dataset: self.dataset.clone(),
                    location: self.location.clone(),
                    root: root.to_owned(),
                    prefix: self.prefix().clone(),
                    selection: selection.clone(),
                    partitioned: !contract.partitions.is_empty(),
                };
                blocking(move || walk.run()).await?
            }
            None => self.list(store.as_ref(), &selection).await?,
        };
        listed.files.sort_by(|left, right| left.meta.location.cmp(&right.meta.location));
        listed.rejected.sort_by(|left, right| left.error.path().cmp(&right.error.path()));
        if listed.files.is_empty() && listed.rejected.is_empty() {
            let sorted = listed.ignored_files.sort(store.as_ref()).await;
            let other = first_names(&sorted.parquet, MOST_NAMES);
            return Err(self.error(FileErrorKind::NoFiles { expected: selection.display(), other }));
        }
        Ok(listed)
    }

    /// The location's path, if the store is that of this machine's files. A host may have registered another in its place.
    fn on_disk(&self, store: &dyn ObjectStore) -> Option<&FilePath> {
        self.local.as_deref().filter(|_| is_local(store))
    }

    /// If the file at `path` is there and is none, but a pipe for example, what it is: opening one may never end.
    pub async fn irregular(url: &ObjectStoreUrl, store: &dyn ObjectStore, path: &StorePath) -> Option<&'static str> {
        if url.as_str() != "file:///" || !is_local(store) {
            return None;
        }
        let path = LocalFileSystem::new().path_to_filesystem(path).ok()?;
        blocking(move || walk::irregular(&path)).await
    }

    fn failure(&self, error: &StoreError) -> RuntimeError {
        self.error(match error {
            StoreError::NotFound { .. } => FileErrorKind::Missing,
            error if is_denied(error) => FileErrorKind::Unreadable { reason: innermost(error) },
            other => FileErrorKind::Listing { reason: innermost(other) },
        })
    }

    /// The error of `kind` about the location.
    pub fn error(&self, kind: FileErrorKind) -> RuntimeError {
        kind.of(&self.dataset, &self.location)
    }
}

/// Runs what waits for the disk where it keeps nobody waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match Handle::try_current() {
        Ok(runtime) => match runtime.spawn_blocking(work).await {
            Ok(done) => done,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime shuts down: nobody waits for what comes.
                Err(_) => std::future::pending().await,
            },
        },
        Err(_) => work(),
    }
}

/// Whether a store is that of this machine's files.
pub fn is_local(store: &dyn ObjectStore) -> bool {
    store.to_string().contains("LocalFileSystem(file:///)")
}

/// Whether it is for lack of a right that a store refuses.
pub fn is_denied(error: &StoreError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let io = current.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
            return true;
        }
        cause = current.source();
    }
    matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. })
}

/// The innermost cause of a store's error: the layers above it repeat the path.
pub fn innermost(error: &StoreError) -> String {
    let mut current: &(dyn std::error::Error + 'static) = error;
    while let Some(cause) = current.source() {
        current = cause;
    }
    current.to_string()
}

/// The URL of a local path, with a `/` at the end of a folder's.
fn local(path: &FilePath) -> Result<Url, String> {
    let absolute = std::path::absolute(path).map_err(|error| error.to_string())?;
    let url = if absolute.is_dir() { Url::from_directory_path(&absolute) } else { Url::from_file_path(&absolute) };
    // `..` is taken out of a URL when it is parsed.
    url.ok().and_then(|url| Url::parse(url.as_str()).ok()).ok_or_else(|| "it has no URL".to_owned())
}

/// A place: its URL, its path on this machine, and which paths below it are meant.
type Opened = (Url, Option<PathBuf>, Option<Glob>);

/// A path of this machine, or a pattern over the paths below one where nothing is called so.
fn on_disk(path: &FilePath) -> Result<Opened, String> {
    let text = path.to_str().ok_or_else(|| "it is not UTF-8".to_owned())?;
    let wild = Glob::begin(text, &['*', '?', '[']).filter(|_| path.symlink_metadata().is_err());
    let (folder, pattern) = match wild {
        Some(at) => (if at == 0 { FilePath::new(".") } else { FilePath::new(&text[..at]) }, Some(glob(&text[at..])?)),
        None => (path, None),
    };
    let url = local(folder)?;
    let path = url.to_file_path().map_err(|()| "it has no path".to_owned())?;
    Ok((url, Some(path), pattern))
}

/// The URL of something in a store, or a pattern over the paths below one. A `*` or `[` that is meant is written with a percent sign.
fn in_store(mut url: Url) -> Result<Opened, String> {
    let path = url.path().to_owned();
    let Some(at) = Glob::begin(&path, &['*', '[']) else { return Ok((url, None, None)) };
    let pattern = hive::decode(&path[at..]).ok_or_else(|| "it is not UTF-8".to_owned())?;
    url.set_path(&path[..at]);
    Ok((url, None, Some(glob(&pattern)?)))
}

fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text.trim_end_matches('/')).map_err(|error| format!("`{text}` is no pattern of paths: {error}"))
}
