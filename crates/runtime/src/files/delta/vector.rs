//! Deletion vectors: which rows of a file are the table's no longer.

use std::sync::Arc;

use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{Error as StoreError, ObjectStoreExt as _};
use roaring::RoaringTreemap;
use tokio::sync::OnceCell;

use super::removed::Removed;
use crate::files::listing::{Listing, innermost};
use crate::files::store::FileStore;
use crate::files::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError};

/// The first bytes of a vector: rows as 64-bit Roaring bitmaps in their portable form.
const PORTABLE: [u8; 4] = 1_681_511_377_u32.to_le_bytes();
/// The form of a file of vectors, its first byte.
const VERSION: u8 = 1;
/// How long the text of a UUID is in base 85.
const UUID_DIGITS: usize = 20;

/// The deletion vector of one file, read when the file is first opened.
#[derive(Debug)]
pub struct Vector {
    source: Result<Source, String>,
    /// How many rows the log says that it removes.
    cardinality: u64,
    rows: OnceCell<Arc<Removed>>,
}

/// The description of a vector in a log.
pub(super) struct Described<'a> {
    /// `u`, `p` or `i`.
    pub storage: &'a str,
    /// Where it is, or itself as text.
    pub text: &'a str,
    /// Where it begins in its file.
    pub offset: Option<i32>,
    /// How many bytes it has.
    pub size: i32,
    /// How many rows it removes.
    pub cardinality: i64,
}

/// Where the bytes of a vector are.
#[derive(Debug)]
enum Source {
    /// In the log.
    Inline(Vec<u8>),
    /// In a file, among other vectors.
    File { location: StorePath, offset: u64, size: u64 },
}

impl Vector {
    /// The vector that is `described`; `resolve` finds the file of a path or URL in the log.
    pub(super) fn new(described: &Described<'_>, resolve: impl Fn(&str) -> Result<StorePath, String>) -> Self {
        let cardinality = u64::try_from(described.cardinality).unwrap_or_default();
        Self { source: Source::new(described, resolve), cardinality, rows: OnceCell::new() }
    }

    /// The rows of `file`, which has so many `rows` in all, that are removed. They are read once.
    ///
    /// # Errors
    ///
    /// [`FileErrorKind::DeltaVector`] for a vector that cannot be read, contradicts the log or is of another file.
    pub async fn removed(
        &self,
        dataset: &str,
        store: &FileStore,
        file: &DataFile,
        rows: u64,
    ) -> Result<Arc<Removed>, RuntimeError> {
        let bad = |reason| FileErrorKind::DeltaVector { reason }.of(dataset, &file.display_path);
        let removed = self.rows.get_or_try_init(|| async {
            let bitmap = self.read(store).await?;
            if bitmap.len() != self.cardinality {
                return Err(format!("it has {} rows, and the log says {}", bitmap.len(), self.cardinality));
            }
            // Asked first, since a few bytes can stand for more rows than anybody can count.
            within(bitmap.max(), rows)?;
            Ok(Arc::new(Removed::new(bitmap.iter())))
        });
        let removed = removed.await.map_err(bad)?;
        within(removed.last(), rows).map_err(bad)?;
        Ok(Arc::clone(removed))
    }

    async fn read(&self, store: &FileStore) -> Result<RoaringTreemap, String> {
        match self.source.as_ref().map_err(Clone::clone)? {
            Source::Inline(bytes) => bitmap(bytes),
            Source::File { location, offset, size } => {
                // One after the other: a store that fetches them together panics where the file ends before the second.
                let unread = |error: StoreError| format!("`{location}`: {}", innermost(&error));
                if let Some(kind) = Listing::irregular(&store.url, store.store.as_ref(), location).await {
                    return Err(format!("`{location}` is {kind}"));
                }
                let head = store.store.get_range(location, 0..1).await.map_err(unread)?;
                let vector = store.store.get_range(location, *offset..offset + 4 + size + 4).await.map_err(unread)?;
                stored(&head, &vector, *size).map_err(|reason| format!("`{location}`: {reason}"))
            }
        }
    }
}

/// Whether the `last` row is one of a file of so many `rows`.
fn within(last: Option<u64>, rows: u64) -> Result<(), String> {
    match last {
        Some(last) if last >= rows => Err(format!("it removes row {last}, and the file has {rows} rows")),
        _ => Ok(()),
    }
}

impl Source {
    fn new(described: &Described<'_>, resolve: impl Fn(&str) -> Result<StorePath, String>) -> Result<Self, String> {
        let size = usize::try_from(described.size).map_err(|_| format!("it has {} bytes", described.size))?;
        let location = match described.storage {
            "i" => {
                let mut bytes = digits(described.text)?;
                // Text of base 85 stands for whole groups of four bytes.
                if bytes.len() < size || bytes.len() > size + 3 {
                    return Err(format!("it has {} bytes, and the log says {size}", bytes.len()));
                }
                bytes.truncate(size);
                return Ok(Self::Inline(bytes));
            }
            "u" => resolve(&relative(described.text)?)?,
            "p" => resolve(described.text)?,
            other => return Err(format!("its storage type is `{other}`, and those of Delta are `u`, `p` and `i`")),
        };
        let offset = described.offset.unwrap_or(1);
        let offset = u64::try_from(offset).map_err(|_| format!("it begins at byte {offset}"))?;
        Ok(Self::File { location, offset, size: size as u64 })
    }
}

fn digits(text: &str) -> Result<Vec<u8>, String> {
    z85::decode(text).map_err(|_| format!("`{text}` is not text of base 85"))
}

/// The file that a prefix and the digits of a UUID stand for, as a path below the table.
fn relative(text: &str) -> Result<String, String> {
    let split = text.len().checked_sub(UUID_DIGITS).and_then(|at| text.split_at_checked(at));
    let (prefix, uuid) = split.ok_or_else(|| format!("`{text}` is too short for a UUID"))?;
    let uuid = digits(uuid)?.iter().fold(String::new(), |uuid, byte| uuid + &format!("{byte:02x}"));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &uuid[part]);
    let name = format!("deletion_vector_{}.bin", parts.join("-"));
    Ok(if prefix.is_empty() { name } else { format!("{prefix}/{name}") })
}

/// The rows in the bytes that a file has for a vector of `size` bytes: its size, the vector and its checksum. `head` is the file's first
/// byte.
fn stored(head: &[u8], bytes: &[u8], size: u64) -> Result<RoaringTreemap, String> {
    if head != [VERSION] {
        return Err(format!("it is no file of deletion vectors of version {VERSION}"));
    }
    let short = || "it ends before the vector does".to_owned();
    let (length, rest) = bytes.split_first_chunk().ok_or_else(short)?;
    let length = u64::from(u32::from_be_bytes(*length));
    if length != size {
        return Err(format!("the vector has {length} bytes, and the log says {size}"));
    }
    let (vector, sum) = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size)).ok_or_else(short)?;
    let sum = sum.first_chunk().ok_or_else(short)?;
    if crc32fast::hash(vector) != u32::from_be_bytes(*sum) {
        return Err("its checksum is wrong".to_owned());
    }
    bitmap(vector)
}

fn bitmap(vector: &[u8]) -> Result<RoaringTreemap, String> {
    let rest = vector.strip_prefix(&PORTABLE).ok_or("it does not begin as a deletion vector does")?;
    RoaringTreemap::deserialize_from(rest).map_err(|error| format!("its rows cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file of a vector is named by a prefix and a uuid.
    #[test]
    fn vector_file_name() {
        assert_eq!(
            relative("ab^-aqEH.-t@S}K{vb[*k^").unwrap(),
            "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
        );
        assert!(relative("short").is_err() && relative("äöüäöüäöüäöüäöüäöüäöüäöü").is_err());
    }

    #[test]
    fn vector_bytes_invalid() {
        assert!(bitmap(b"").is_err() && bitmap(&PORTABLE).is_err());
        assert!(stored(&[2], &[0; 12], 4).unwrap_err().contains("version 1"));
        assert!(stored(&[1], &[0, 0, 0, 4, 1, 2], 4).unwrap_err().contains("ends before"));
        assert!(stored(&[1], &[0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0], 4).unwrap_err().contains("checksum"));
    }
}
