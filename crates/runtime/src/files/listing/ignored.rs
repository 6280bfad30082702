//! Files at a location that are no data by their names: how many there are, and which of them hold rows all the same.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

/// How many files of one ending are looked into, in the order of their paths.
const OF_AN_ENDING: usize = 100;
/// How many endings are told apart. Files of further ones are taken together.
const ENDINGS: usize = 20;
/// The placeholder for the further extensions.
const REST: &str = "*";
/// How many files are looked into at a time.
const AT_ONCE: usize = 8;
/// The bytes that a Parquet file begins and ends with: the second where its footer is encrypted.
const MAGIC: [&[u8]; 2] = [b"PAR1", b"PARE"];
/// The least bytes of a Parquet file: both magics, and the length of its footer.
const LEAST: u64 = 12;

/// Files at a location that are no data by their names.
///
/// Only some are kept, so that a folder of a million checksums costs no more than one of some hundred.
#[derive(Debug, Default)]
pub struct IgnoredFiles {
    /// How many there are, but for those in folders that engines pass over.
    total: u64,
    kinds: BTreeMap<(IgnoredAs, String), Kind>,
    /// Links that are not followed, though what they lead to or led to may have rows.
    pub links: Vec<Link>,
}

/// A link that is not followed.
#[derive(Debug)]
pub struct Link {
    /// The link, as a person finds it.
    pub display_path: String,
    /// Where it leads.
    pub target: String,
    /// Its end.
    pub end: End,
}

/// The target of a link that is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A folder that is read under another path.
    Again,
    /// The link itself.
    Itself,
    /// Nothing, where a folder may have been.
    Nowhere,
}

/// Files of one ending.
#[derive(Debug, Default)]
struct Kind {
    total: u64,
    /// The first by path; without metadata for what is no file.
    first: BTreeMap<String, Option<ObjectMeta>>,
}

/// Where a file lies that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IgnoredAs {
    /// Among the data.
    Beside,
    /// In a folder that engines pass over.
    Hidden,
    /// Among the data, and never looked into.
    Summary,
}

/// The result of examining the ignored files.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Those that begin and end as Parquet files do, by path.
    pub parquet: BTreeSet<String>,
    /// Those of them that lie in folders which engines pass over.
    pub hidden: BTreeSet<String>,
    /// How many more there are of the endings of these, not looked into.
    pub unread: u64,
    /// The first of the others that lie among the data, by path.
    pub first: BTreeSet<String>,
    /// How many others lie among the data, looked into or not.
    pub others: u64,
}

impl IgnoredFiles {
    /// How many that are no Parquet files are kept by name.
    const NAMED: usize = 10;

    /// One more file, which `display_path` names. Its metadata in the store is requested if it is kept.
    pub(super) fn add(
        &mut self,
        place: IgnoredAs,
        name: &str,
        display_path: String,
        meta: impl FnOnce() -> Option<ObjectMeta>,
    ) {
        self.total += u64::from(place != IgnoredAs::Hidden);
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_owned();
        let mut key = (place, ending);
        if self.kinds.len() >= ENDINGS && !self.kinds.contains_key(&key) {
            REST.clone_into(&mut key.1);
        }
        let kind = self.kinds.entry(key).or_default();
        kind.total += 1;
        let is_early = kind.first.last_key_value().is_none_or(|(last, _)| display_path < *last);
        if kind.first.len() < OF_AN_ENDING || is_early {
            kind.first.insert(display_path, meta());
            if kind.first.len() > OF_AN_ENDING {
                kind.first.pop_last();
            }
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.links.is_empty()
    }

    /// Looks into the files that are kept: at most two reads of four bytes for each. One that cannot be read is not told as Parquet.
    pub async fn sort(&self, store: &dyn ObjectStore) -> Sorted {
        let mut looked: Vec<BoxFuture<'_, Option<&String>>> = Vec::new();
        for ((place, _), kind) in &self.kinds {
            for (display_path, meta) in &kind.first {
                if let (Some(meta), IgnoredAs::Beside | IgnoredAs::Hidden) = (meta, place) {
                    looked.push(async move { is_parquet(store, meta).await.then_some(display_path) }.boxed());
                }
            }
        }
        let mut sorted = Sorted::default();
        let mut looked = futures::stream::iter(looked).buffer_unordered(AT_ONCE);
        while let Some(found) = looked.next().await {
            sorted.parquet.extend(found.cloned());
        }
        let mut named = BTreeSet::new();
        let mut counted = 0;
        for ((place, _), kind) in &self.kinds {
            let (parquet, others): (Vec<&String>, Vec<&String>) =
                kind.first.keys().partition(|display_path| sorted.parquet.contains(*display_path));
            let unread = if parquet.is_empty() { 0 } else { kind.total - kind.first.len() as u64 };
            sorted.unread += unread;
            if *place == IgnoredAs::Hidden {
                sorted.hidden.extend(parquet.into_iter().cloned());
            } else {
                counted += parquet.len() as u64 + unread;
                named.extend(others);
            }
        }
        sorted.first = named.into_iter().take(Self::NAMED).cloned().collect();
        sorted.others = self.total - counted;
        sorted
    }
}

async fn is_parquet(store: &dyn ObjectStore, meta: &ObjectMeta) -> bool {
    let length = MAGIC[0].len() as u64;
    if meta.size < LEAST {
        return false;
    }
    for range in [0..length, meta.size - length..meta.size] {
        let found = store.get_range(&meta.location, range).await;
        if !found.is_ok_and(|bytes| MAGIC.contains(&bytes.as_ref())) {
            return false;
        }
    }
    true
}
