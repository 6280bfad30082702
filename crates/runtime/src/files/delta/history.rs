//! Which versions a log still has, and when they were committed.

use std::collections::BTreeMap;

use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectStore, ObjectStoreExt as _};
use serde::Deserialize;

use crate::location::instant;

/// The files of a log that say which versions can be read.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Each version that has a commit, with the time its file was last modified in milliseconds since 1970.
    commits: BTreeMap<u64, i64>,
    /// The oldest version that has a checkpoint.
    checkpoint: Option<u64>,
}

/// The line of a commit that may say when it was made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitLine {
    commit_info: Option<CommitInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitInfo {
    in_commit_timestamp: Option<i64>,
}

impl History {
    /// Lists the folder of a log.
    pub async fn list(store: &dyn ObjectStore, log: &StorePath) -> Result<Self, StoreError> {
        let mut history = Self::default();
        for object in store.list_with_delimiter(Some(log)).await?.objects {
            let Some(name) = object.location.filename() else { continue };
            let Some((number, kind)) = name.split_once('.') else { continue };
            if number.len() != 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let Ok(version) = number.parse() else { continue };
            if kind == "json" {
                history.commits.insert(version, object.last_modified.timestamp_millis());
            } else if kind.starts_with("checkpoint.") {
                history.checkpoint = Some(history.checkpoint.map_or(version, |oldest: u64| oldest.min(version)));
            }
        }
        Ok(history)
    }

    /// The oldest and the newest version that can be read; `None` for a log without any.
    pub fn range(&self) -> Option<(u64, u64)> {
        let first = match self.commits.first_key_value() {
            Some((0, _)) => Some(0),
            _ => self.checkpoint,
        };
        let last = self.commits.last_key_value().map(|(version, _)| *version).max(self.checkpoint);
        first.zip(last)
    }

    /// The versions that can be read, in words.
    pub fn known(&self) -> String {
        let time = |version: u64| self.commits.get(&version).map(|time| instant(*time));
        match self.range() {
            None => "no version".to_owned(),
            Some((first, last)) => {
                let versions =
                    if first == last { format!("version {first}") } else { format!("versions {first} to {last}") };
                match (time(first), time(last)) {
                    (Some(from), Some(to)) if first == last || from == to => format!("{versions}, committed {to}"),
                    (Some(from), Some(to)) => format!("{versions}, committed {from} to {to}"),
                    _ => versions,
                }
            }
        }
    }

    /// The newest version whose commit was made no later than `asked`, in milliseconds since 1970.
    ///
    /// The time of a commit is that of its file, made to grow with the version as Delta does; or what the commit itself says from
    /// version `trusted` on, where the table writes it down.
    pub async fn at(
        &self,
        store: &dyn ObjectStore,
        log: &StorePath,
        trusted: Option<u64>,
        asked: i64,
    ) -> Result<Option<u64>, StoreError> {
        let Some((first, _)) = self.range() else { return Ok(None) };
        let mut found = None;
        let mut earlier = i64::MIN;
        for (&version, &modified) in self.commits.range(first..) {
            let mut time = modified.max(earlier.saturating_add(1));
            if trusted.is_some_and(|from| version >= from)
                && let Some(timestamp) = in_commit_timestamp(store, log, version).await?
            {
                time = timestamp;
            }
            if time > asked {
                break;
            }
            found = Some(version);
            earlier = time;
        }
        Ok(found)
    }
}

/// When a commit says that it was made.
async fn in_commit_timestamp(
    store: &dyn ObjectStore,
    log: &StorePath,
    version: u64,
) -> Result<Option<i64>, StoreError> {
    let path = log.clone().join(format!("{version:020}.json"));
    let bytes = store.get(&path).await?.bytes().await?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice::<CommitLine>(line).ok()?.commit_info)
        .find_map(|info| info.in_commit_timestamp))
}
