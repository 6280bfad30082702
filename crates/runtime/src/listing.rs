//! Which files a dataset has right now.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use futures::TryStreamExt as _;
use url::Url;

use crate::RuntimeError;

/// A place with the files of a dataset: one file, or everything below a folder.
#[derive(Debug)]
pub(crate) struct Listing {
    dataset: String,
    location: String,
    url: ListingTableUrl,
}

/// A file of a dataset.
#[derive(Debug)]
pub(crate) struct Listed {
    /// What the store says of it.
    pub meta: ObjectMeta,
    /// The folders between the location and the file, outermost first.
    pub folders: Vec<String>,
}

impl Listing {
    /// Reads `location` as a path that exists, or else as a URL. The store is not asked yet.
    pub fn open(dataset: &str, location: &str) -> Result<Self, RuntimeError> {
        let bad = |reason: String| RuntimeError::BadLocation {
            dataset: dataset.to_owned(),
            path: location.to_owned(),
            reason,
        };
        let url = match Url::parse(location) {
            // A drive letter parses as a scheme.
            Ok(url) if url.scheme().len() > 1 => match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => local(dataset, location, &path)?,
                _ => url,
            },
            _ => local(dataset, location, FilePath::new(location))?,
        };
        let url = ListingTableUrl::try_new(url, None).map_err(|error| bad(error.strip_backtrace()))?;
        Ok(Self { dataset: dataset.to_owned(), location: location.to_owned(), url })
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

    /// How a person finds the file.
    pub fn shown(&self, meta: &ObjectMeta) -> String {
        match self.url.scheme() {
            "file" => format!("/{}", meta.location),
            _ => format!("{}{}", self.url.object_store().as_str(), meta.location),
        }
    }

    /// The files there are now, sorted by path: the location itself if it is a file, and otherwise every `*.parquet` below it
    /// whose folders and name do not start with `_` or `.`. A partition's folder may: it has a `=`.
    pub async fn files(&self, runtime: &RuntimeEnv) -> Result<Vec<Listed>, RuntimeError> {
        let store = self.store(runtime)?;
        if !self.url.is_collection() {
            match store.head(self.url.prefix()).await {
                Ok(meta) => return Ok(vec![Listed { meta, folders: Vec::new() }]),
                // An object store has no folders that one could ask for: what is no object may be a prefix.
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
        let found: Vec<ObjectMeta> =
            store.list(Some(self.url.prefix())).try_collect().await.map_err(|error| self.failure(&error))?;
        let mut files: Vec<Listed> = found.into_iter().filter_map(|meta| self.below(meta)).collect();
        files.sort_by(|left, right| left.meta.location.cmp(&right.meta.location));
        if files.is_empty() {
            return Err(RuntimeError::NoFiles { dataset: self.dataset.clone(), path: self.location.clone() });
        }
        Ok(files)
    }

    /// The file with its folders, or `None` for what is no data.
    fn below(&self, meta: ObjectMeta) -> Option<Listed> {
        let mut folders: Vec<String> = self.url.strip_prefix(&meta.location)?.map(str::to_owned).collect();
        let name = folders.pop()?;
        let hidden = |folder: &String| (folder.starts_with('_') && !folder.contains('=')) || folder.starts_with('.');
        let data = name.ends_with(".parquet") && !name.starts_with(['_', '.']) && !folders.iter().any(hidden);
        data.then_some(Listed { meta, folders })
    }

    fn failure(&self, error: &StoreError) -> RuntimeError {
        let (dataset, path) = (self.dataset.clone(), self.location.clone());
        match error {
            StoreError::NotFound { .. } => RuntimeError::Missing { dataset, path },
            other => RuntimeError::Listing { dataset, path, reason: other.to_string() },
        }
    }
}

/// The URL of a local path, with a `/` at the end of a folder's.
fn local(dataset: &str, location: &str, path: &FilePath) -> Result<Url, RuntimeError> {
    let (dataset, shown) = (dataset.to_owned(), location.to_owned());
    let absolute: PathBuf = match std::path::absolute(path) {
        Ok(path) => path,
        Err(error) => return Err(RuntimeError::BadLocation { dataset, path: shown, reason: error.to_string() }),
    };
    let metadata = match std::fs::metadata(&absolute) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(RuntimeError::Missing { dataset, path: shown });
        }
        Err(source) => return Err(RuntimeError::Unreadable { dataset, path: shown, source }),
    };
    let readable = if metadata.is_dir() {
        std::fs::read_dir(&absolute).map(|_| ())
    } else {
        std::fs::File::open(&absolute).map(|_| ())
    };
    if let Err(source) = readable {
        return Err(RuntimeError::Unreadable { dataset, path: shown, source });
    }
    let url = if metadata.is_dir() { Url::from_directory_path(&absolute) } else { Url::from_file_path(&absolute) };
    // `..` is taken out of a URL when it is parsed.
    url.ok().and_then(|url| Url::parse(url.as_str()).ok()).ok_or(RuntimeError::BadLocation {
        dataset,
        path: shown,
        reason: "it has no URL".to_owned(),
    })
}
