//! Hive layouts: folders `key=value` that carry the values of the partition columns.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cstspec_contract::{Column, Dataset, spelling};
use datafusion::common::ScalarValue;
use datafusion::object_store::path::Path as StorePath;
use percent_encoding::percent_decode_str;

use super::listing::{ListedFile, Listing};
use super::table_files::{RejectedFile, RejectionScope};
use crate::FileErrorKind;

/// The folder of the rows whose partition column is NULL, as writers name it. DuckDB escapes the text where it is meant as a value.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// How the files of a dataset lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Files that store every column themselves.
    #[default]
    Plain,
    /// Files in folders that name the partition columns and their values.
    Hive,
    /// Files that the log of a Delta table names, with the values of its partition columns.
    Delta,
    /// No files that one could look at: a provider of the host's.
    Table,
}

/// The layout of `files`, and the keys of the folders that most of them lie in.
///
/// It is Hive as soon as one of them is in a folder with a `=`. The keys are the declared ones if a single file lies so: then the
/// others have gone astray. If none does, the table is not partitioned as declared.
pub fn survey(dataset: &Dataset, files: &[ListedFile]) -> (Layout, Vec<String>) {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for keys in files.iter().filter_map(keys).filter(|keys| !keys.is_empty()) {
        *counts.entry(keys).or_default() += 1;
    }
    let is_hive = files.iter().any(|file| file.folders.iter().any(|folder| folder.contains('=')));
    let layout = if is_hive && !dataset.partitions.is_empty() { Layout::Hive } else { Layout::Plain };
    let keys = if counts.contains_key(&dataset.partitions) {
        dataset.partitions.clone()
    } else {
        counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(keys, _)| keys).unwrap_or_default()
    };
    (layout, keys)
}

/// The keys of the folders that `file` lies in, outermost first; `None` if one of them has no `=`.
fn keys(file: &ListedFile) -> Option<Vec<String>> {
    file.folders.iter().map(|folder| key(folder)).collect()
}

/// The key that a folder's name has, if it is one of a layout.
pub fn key(folder: &str) -> Option<String> {
    folder.split_once('=').and_then(|(key, _)| decode(key)).map(Cow::into_owned)
}

/// The columns that folder names carry, in the order of the folders.
pub fn columns(dataset: &Dataset) -> impl Iterator<Item = &Column> {
    dataset.partitions.iter().filter_map(|name| dataset.columns.iter().find(|column| column.name() == name))
}

/// The values of the partition columns that the folders of `file` carry, in the order of the folders. `found` are the keys that the
/// folders of most files have.
///
/// # Errors
///
/// The folders are not exactly the declared partitions in their order, or a value is not of the column's type. The engine leaves
/// out such files without a word.
pub fn values(
    dataset: &Dataset,
    listing: &Listing,
    layout: Layout,
    found: &[String],
    file: &ListedFile,
) -> Result<Vec<ScalarValue>, RejectedFile> {
    let path = || listing.display_path(&file.meta.location);
    let folder = |depth: usize| {
        let below: Vec<_> = file.meta.location.parts().collect();
        let kept = below.len().saturating_sub(file.folders.len() - depth);
        RejectionScope::Folder(listing.display_path(&below.into_iter().take(kept).collect::<StorePath>()))
    };
    if layout == Layout::Plain {
        let Some(keyed) = file.folders.iter().find(|folder| folder.contains('=')) else { return Ok(Vec::new()) };
        let error = FileErrorKind::UndeclaredPartition { folder: keyed.clone() }.of(&dataset.name, path());
        return Err(RejectedFile { fault: RejectionScope::Table, error });
    }
    let misplaced = |fault: RejectionScope| {
        let folder = match &fault {
            RejectionScope::Table => Some(file.folders.join("/")),
            RejectionScope::Folder(folder) => folder.rsplit('/').next().map(str::to_owned),
            RejectionScope::File => None,
        };
        let error = FileErrorKind::PartitionFolder { expected: expected(dataset), folder }.of(&dataset.name, path());
        RejectedFile { fault, error }
    };
    if found != dataset.partitions && keys(file).is_some_and(|keys| keys == found) {
        return Err(misplaced(RejectionScope::Table));
    }
    if !file.folders.iter().any(|folder| folder.contains('=')) {
        return Err(misplaced(RejectionScope::File));
    }
    let mut values = Vec::with_capacity(file.folders.len());
    let mut declared = columns(dataset);
    for (depth, text) in file.folders.iter().enumerate() {
        let column = declared.next().ok_or_else(|| misplaced(folder(depth)))?;
        let (key, value) = text.split_once('=').ok_or_else(|| misplaced(folder(depth)))?;
        if decode(key).as_deref() != Some(column.name()) {
            return Err(misplaced(folder(depth)));
        }
        let kind = match decode(value) {
            _ if value == NULL_FOLDER => {
                let null = ScalarValue::try_new_null(column.field.data_type());
                if let Some(null) = null.ok().filter(|_| column.field.is_nullable()) {
                    values.push(null);
                    continue;
                }
                FileErrorKind::PartitionNull { column: column.name().to_owned() }
            }
            text => {
                let data_type = column.field.data_type();
                let parsed = text.and_then(|text| ScalarValue::try_from_string(text.into_owned(), data_type).ok());
                if let Some(parsed) = parsed.filter(|parsed| !parsed.is_null()) {
                    values.push(parsed);
                    continue;
                }
                FileErrorKind::PartitionValue {
                    column: column.name().to_owned(),
                    value: value.to_owned(),
                    data_type: spelling::data_type(data_type),
                }
            }
        };
        return Err(RejectedFile { fault: folder(depth), error: kind.of(&dataset.name, path()) });
    }
    if declared.next().is_some() {
        return Err(misplaced(folder(file.folders.len() - 1)));
    }
    Ok(values)
}

/// The folders that the partitions ask for: `repo=...`/`year=...`.
pub fn expected(dataset: &Dataset) -> String {
    dataset.partitions.iter().map(|name| format!("`{name}=...`")).collect::<Vec<_>>().join("/")
}

/// A folder's text with its percent escapes resolved; `None` if that is not UTF-8. A text that is not an escape stands for itself.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    /// Escapes are resolved and stray percents kept.
    #[test]
    fn escapes_resolved() {
        assert_eq!(decode("a%2Fb").as_deref(), Some("a/b"));
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%zz%C3%A9").as_deref(), Some("%zzé"));
        // A sign is no digit, and what an escape gives begins no other one.
        for text in ["%+1", "%-1", "% 1", "%1", "%", "%%", "%é", "+"] {
            assert_eq!(decode(text).as_deref(), Some(text));
        }
        assert_eq!(decode("%2541%%34").as_deref(), Some("%41%4"));
        assert_eq!(decode("%FF"), None);
    }
}
