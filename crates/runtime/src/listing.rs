//! Which files a dataset has right now.

use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use futures::TryStreamExt as _;
use url::Url;

use crate::RuntimeError;

/// A place with the files of a dataset: one file, or everything below a folder.
#[derive(Debug)]
pub(crate) struct Listing {
    dataset: String,
    location: String,
    /// The path, if the location is one of this machine.
    local: Option<PathBuf>,
    url: ListingTableUrl,
}

/// What is at a location.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// The files with data, sorted by path.
    pub files: Vec<ListedFile>,
    /// The files that are no data.
    pub left_out: LeftOut,
    /// Why each folder that cannot be listed cannot, with how a person finds it.
    pub closed: Vec<(String, RuntimeError)>,
}

/// Files at a location that are no data: another ending than `.parquet`, or a name that starts with `_` or `.`.
///
/// Only some are kept, so that a folder of a million checksums costs no more than one of ten.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// How many there are.
    pub total: u64,
    /// The first of them by path, as a person finds them.
    pub first: BTreeSet<String>,
}

impl LeftOut {
    /// How many are kept by name.
    const KEPT: usize = 10;

    fn add(&mut self, shown: String) {
        self.total += 1;
        self.first.insert(shown);
        if self.first.len() > Self::KEPT {
            self.first.pop_last();
        }
    }
}

/// A file of a dataset.
#[derive(Debug)]
pub(crate) struct ListedFile {
    /// What the store says of it.
    pub meta: ObjectMeta,
    /// The folders between the location and the file, outermost first.
    pub folders: Vec<String>,
}

/// What an entry of a listing is.
enum Entry {
    Data(ListedFile),
    LeftOut,
    /// In a folder that is not the table's: a log, or the remains of a write.
    Hidden,
}

impl Listing {
    /// Reads `location` as a path, or else as a URL. Only a path is asked for, whether it is a folder; what is not there may come.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::BadLocation`] for what is neither.
    pub fn open(dataset: &str, location: &str) -> Result<Self, RuntimeError> {
        let bad = |reason: String| RuntimeError::BadLocation {
            dataset: dataset.to_owned(),
            path: location.to_owned(),
            reason,
        };
        let (url, local) = match Url::parse(location) {
            // A drive letter parses as a scheme.
            Ok(url) if url.scheme().len() > 1 => match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => (local(&path).map_err(bad)?, Some(path)),
                _ => (url, None),
            },
            _ => {
                let path = FilePath::new(location);
                (local(path).map_err(bad)?, Some(path.to_owned()))
            }
        };
        let url = ListingTableUrl::try_new(url, None).map_err(|error| bad(error.strip_backtrace()))?;
        Ok(Self { dataset: dataset.to_owned(), location: location.to_owned(), local, url })
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
        runtime
            .object_store(&self.url)
            .map_err(|_| RuntimeError::NoStore { dataset: self.dataset.clone(), path: self.location.clone() })
    }

    /// How a person finds a file or folder of the store.
    pub fn shown(&self, path: &StorePath) -> String {
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
    pub async fn has_log(&self, runtime: &RuntimeEnv) -> Result<bool, RuntimeError> {
        // A local file, which nothing can be below.
        if self.url.scheme() == "file" && !self.url.is_collection() {
            return Ok(false);
        }
        match self.store(runtime)?.list(Some(&self.log())).try_next().await {
            Ok(first) => Ok(first.is_some()),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// The path in the store that `file` means: a path below the location, or a URL in the same store.
    ///
    /// # Errors
    ///
    /// Why it means none, in words.
    pub fn resolve(&self, file: &str) -> Result<StorePath, String> {
        let Some((scheme, rest)) = file.split_once("://") else {
            let below = format!("{}/{file}", self.prefix());
            return StorePath::parse(below.trim_start_matches('/')).map_err(|error| error.to_string());
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if format!("{scheme}://{authority}/") != self.store_url().as_str() {
            return Err(format!("it is in another store than `{}`", self.location));
        }
        StorePath::parse(path).map_err(|error| error.to_string())
    }

    /// What is there now: the location itself if it is a file, and otherwise every `*.parquet` below it whose folders and name do not
    /// start with `_` or `.`. A partition's folder may: it has a `=`.
    ///
    /// # Errors
    ///
    /// What keeps the location as a whole from being read. A folder in it that is closed keeps nobody from the others.
    pub async fn files(&self, runtime: &RuntimeEnv) -> Result<Listed, RuntimeError> {
        let store = self.store(runtime)?;
        if !self.url.is_collection() {
            match store.head(self.url.prefix()).await {
                Ok(meta) => {
                    let file = ListedFile { meta, folders: Vec::new() };
                    return Ok(Listed { files: vec![file], ..Listed::default() });
                }
                // An object store has no folders that one could ask for: what is no object may be a prefix.
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
        let mut listed = Listed::default();
        let mut found = store.list(Some(self.url.prefix()));
        let ended = loop {
            match found.try_next().await {
                Ok(Some(meta)) => self.sort_in(meta, &mut listed),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = ended {
            // A listing ends at the first folder that is closed. Asked folder by folder, the store tells which it is.
            listed = Listed::default();
            self.walk(store.as_ref(), &mut listed).await;
            let root = self.shown(self.url.prefix());
            if listed.closed.iter().any(|(folder, _)| *folder == root) {
                return Err(self.failure(&error));
            }
        }
        listed.files.sort_by(|left, right| left.meta.location.cmp(&right.meta.location));
        if listed.files.is_empty() && listed.closed.is_empty() {
            let (dataset, path) = (self.dataset.clone(), self.location.clone());
            return Err(match &self.local {
                Some(local) if !local.exists() => RuntimeError::Missing { dataset, path },
                _ => RuntimeError::NoFiles { dataset, path },
            });
        }
        Ok(listed)
    }

    /// Lists folder by folder, leaving out those that are closed.
    async fn walk(&self, store: &dyn ObjectStore, listed: &mut Listed) {
        let mut open: Vec<StorePath> = vec![self.url.prefix().clone()];
        let mut seen = BTreeSet::new();
        while let Some(folder) = open.pop() {
            // A link may lead back to a folder above it.
            let real = self.local.as_ref().and_then(|_| std::fs::canonicalize(self.shown(&folder)).ok());
            if real.is_some_and(|real| !seen.insert(real)) {
                continue;
            }
            match store.list_with_delimiter(Some(&folder)).await {
                Ok(found) => {
                    open.extend(found.common_prefixes.into_iter().filter(|folder| !self.is_hidden(folder)));
                    for meta in found.objects {
                        self.sort_in(meta, listed);
                    }
                }
                Err(error) => {
                    let path = self.shown(&folder);
                    let (dataset, reason) = (self.dataset.clone(), innermost(&error));
                    listed.closed.push((path.clone(), RuntimeError::ClosedFolder { dataset, path, reason }));
                }
            }
        }
        listed.closed.sort_by(|left, right| left.0.cmp(&right.0));
    }

    fn sort_in(&self, meta: ObjectMeta, listed: &mut Listed) {
        let location = meta.location.clone();
        match self.entry(meta) {
            Entry::Data(file) => listed.files.push(file),
            Entry::LeftOut => listed.left_out.add(self.shown(&location)),
            Entry::Hidden => {}
        }
    }

    fn entry(&self, meta: ObjectMeta) -> Entry {
        let Some(parts) = self.url.strip_prefix(&meta.location) else { return Entry::Hidden };
        let mut folders: Vec<String> = parts.map(str::to_owned).collect();
        let Some(name) = folders.pop() else { return Entry::Hidden };
        if folders.iter().any(|folder| hides(folder)) {
            Entry::Hidden
        } else if name.ends_with(".parquet") && !name.starts_with(['_', '.']) {
            Entry::Data(ListedFile { meta, folders })
        } else {
            Entry::LeftOut
        }
    }

    fn is_hidden(&self, folder: &StorePath) -> bool {
        self.url.strip_prefix(folder).is_none_or(|mut parts| parts.any(hides))
    }

    fn failure(&self, error: &StoreError) -> RuntimeError {
        let (dataset, path) = (self.dataset.clone(), self.location.clone());
        match error {
            StoreError::NotFound { .. } => RuntimeError::Missing { dataset, path },
            error if is_denied(error) => RuntimeError::Unreadable { dataset, path, reason: innermost(error) },
            other => RuntimeError::Listing { dataset, path, reason: innermost(other) },
        }
    }
}

/// Whether what is in a folder is not the table's.
fn hides(folder: &str) -> bool {
    (folder.starts_with('_') && !folder.contains('=')) || folder.starts_with('.')
}

/// Whether it is for lack of a right that a store refuses.
pub(crate) fn is_denied(error: &StoreError) -> bool {
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

/// What is at the bottom of a store's error: the layers above it repeat the path.
pub(crate) fn innermost(error: &StoreError) -> String {
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
