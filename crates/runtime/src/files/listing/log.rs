//! The files of a Delta log, and nothing else, as its reader gets them.

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{Listing, blocking, walk};

/// The digits of a version in the name of a file of a log.
const DIGITS: usize = 20;
/// The file that names the newest checkpoint.
const LAST_CHECKPOINT: &str = "_last_checkpoint";
/// The folder of what checkpoints are split into.
const SIDECARS: &str = "_sidecars";

impl Listing {
    /// The files of the log of the location, as they are in `store`.
    pub(crate) fn log_files(&self, store: Arc<dyn ObjectStore>) -> LogFiles {
        let local = self.on_disk(store.as_ref()).map(|root| root.join("_delta_log"));
        LogFiles { store, log: self.log(), local }
    }
}

/// A store that has a log alone, and is never written to.
///
/// Files outside of the log that a checkpoint names do not exist in this store. A local log is listed here: the local store of
/// `object_store` ends its listing at a name that is not UTF-8, and passes over links to nowhere, pipes and devices, so that a commit could
/// be missing without a word.
#[derive(Clone, Debug)]
pub(crate) struct LogFiles {
    store: Arc<dyn ObjectStore>,
    log: StorePath,
    /// The folder, if it is one of this machine.
    local: Option<PathBuf>,
}

impl LogFiles {
    /// The reason why a local log cannot be read: an entry of it that is not a file.
    pub async fn fault(&self) -> Option<String> {
        let root = self.local.clone()?;
        let log = self.log.clone();
        blocking(move || {
            let below = [(root.clone(), log.clone()), (root.join(SIDECARS), log.join(SIDECARS))];
            below.into_iter().find_map(|(folder, log)| match entries(&folder, &log) {
                Ok((_, fault)) => fault,
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => Some(format!("`{}`: {}", walk::display_path(&folder), walk::reason_of(&error))),
            })
        })
        .await
    }

    fn is_inside(&self, location: &StorePath) -> StoreResult<()> {
        if location.prefix_matches(&self.log) {
            return Ok(());
        }
        let source = format!("`{location}` is outside of the log").into();
        Err(StoreError::PermissionDenied { path: location.to_string(), source })
    }

    /// Opening a pipe may never end.
    async fn is_file(&self, location: &StorePath) -> StoreResult<()> {
        self.is_inside(location)?;
        let (Some(root), Some(below)) = (&self.local, location.prefix_match(&self.log)) else { return Ok(()) };
        let path = below.fold(root.clone(), |path, part| path.join(part.as_ref()));
        match blocking(move || walk::irregular(&path)).await {
            Some(kind) => Err(StoreError::Generic { store: "log", source: format!("`{location}` is {kind}").into() }),
            None => Ok(()),
        }
    }

    /// The files directly in a local log, sorted by name.
    async fn listed(&self, folder: &StorePath) -> Option<StoreResult<Vec<ObjectMeta>>> {
        let root = self.local.clone()?;
        let below: Vec<String> = folder.prefix_match(&self.log)?.map(|part| part.as_ref().to_owned()).collect();
        let (path, log) = (below.iter().fold(root, |path, part| path.join(part)), folder.clone());
        let found = blocking(move || match entries(&path, &log) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(StoreError::Generic { store: "log", source: Box::new(error) }),
            Ok((_, Some(fault))) => Err(StoreError::Generic { store: "log", source: fault.into() }),
            Ok((files, None)) => Ok(files),
        });
        Some(found.await)
    }
}

/// The files in `folder`, which is `log` in the store, sorted by name; and the first entry with the name of a file of a log that is none.
fn entries(folder: &FilePath, log: &StorePath) -> io::Result<(Vec<ObjectMeta>, Option<String>)> {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let spelled = StorePath::parse(format!("{log}/{name}"));
        match (fs::metadata(&path), spelled) {
            (Ok(found), Ok(spelled)) if found.is_file() => files.push(walk::meta(spelled, &found)),
            // A writer may take away a file that it is done with, but not one that a link stands for.
            (Err(error), _) if error.kind() == ErrorKind::NotFound && path.symlink_metadata().is_err() => {}
            (Err(error), _) if counts(name) => {
                faults.push(format!("`{}`: {}", walk::display_path(&path), walk::reason_of(&error)));
            }
            (Ok(found), _) if !found.is_file() && counts(name) => {
                faults.push(format!("`{}` is {}", walk::display_path(&path), walk::kind(found.file_type())));
            }
            _ => {}
        }
    }
    files.sort_unstable_by(|left, right| left.location.cmp(&right.location));
    Ok((files, faults.into_iter().min()))
}

/// Whether a name is one of a file that says what is in the table.
fn counts(name: &str) -> bool {
    let version = name.split_once('.').map(|(number, _)| number);
    let is_version = |number: &str| number.len() == DIGITS && number.bytes().all(|byte| byte.is_ascii_digit());
    name == LAST_CHECKPOINT || name.ends_with(".parquet") || version.is_some_and(is_version)
}

impl fmt::Display for LogFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for LogFiles {
    async fn put_opts(&self, _: &StorePath, _: PutPayload, _: PutOptions) -> StoreResult<PutResult> {
        Err(never("put_opts"))
    }

    async fn put_multipart_opts(&self, _: &StorePath, _: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(never("put_multipart_opts"))
    }

    async fn get_opts(&self, location: &StorePath, options: GetOptions) -> StoreResult<GetResult> {
        self.is_file(location).await?;
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &StorePath, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.is_file(location).await?;
        self.store.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, StoreResult<StorePath>>,
    ) -> BoxStream<'static, StoreResult<StorePath>> {
        stream::once(async { Err(never("delete_stream")) }).boxed()
    }

    fn list(&self, prefix: Option<&StorePath>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let listed = async move {
            this.is_inside(&prefix)?;
            Ok::<_, StoreError>(match this.listed(&prefix).await {
                Some(listed) => stream::iter(listed?).map(Ok).boxed(),
                None => this.store.list(Some(&prefix)),
            })
        };
        stream::once(listed).try_flatten().boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&StorePath>,
        offset: &StorePath,
    ) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (this, prefix, offset) = (self.clone(), prefix.cloned().unwrap_or_default(), offset.clone());
        let listed = async move {
            this.is_inside(&prefix)?;
            Ok::<_, StoreError>(match this.listed(&prefix).await {
                Some(listed) => {
                    let behind = listed?.into_iter().filter(move |meta| meta.location > offset);
                    stream::iter(behind).map(Ok).boxed()
                }
                None => this.store.list_with_offset(Some(&prefix), &offset),
            })
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&StorePath>) -> StoreResult<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        self.is_inside(&prefix)?;
        match self.listed(&prefix).await {
            Some(listed) => Ok(ListResult { objects: listed?, common_prefixes: Vec::new() }),
            None => self.store.list_with_delimiter(Some(&prefix)).await,
        }
    }

    async fn copy_opts(&self, _: &StorePath, _: &StorePath, _: CopyOptions) -> StoreResult<()> {
        Err(never("copy_opts"))
    }
}

fn never(operation: &str) -> StoreError {
    StoreError::NotImplemented { operation: operation.to_owned(), implementer: "a log that is read".to_owned() }
}
