//! Hive layouts: folders `key=value` that carry the values of the partition columns.

use cstspec_contract::{Column, Dataset};
use datafusion::common::ScalarValue;

use crate::RuntimeError;
use crate::listing::{Listed, Listing};

/// What writers call the folder of the rows whose partition column is NULL.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// How the files of a dataset lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Files that store every column themselves.
    Plain,
    /// Files in folders that name the partition columns and their values.
    Hive,
}

/// The layout of `files`: Hive as soon as one of them is in a folder with a `=`.
///
/// # Errors
///
/// [`RuntimeError::UndeclaredPartition`] if the dataset declares no partitions. The engine would read such a folder as data
/// without the column that its name carries.
pub(crate) fn layout(dataset: &Dataset, listing: &Listing, files: &[Listed]) -> Result<Layout, RuntimeError> {
    let partitioned = files.iter().find_map(|file| {
        let folder = file.folders.iter().find(|folder| folder.contains('='))?;
        Some((file, folder))
    });
    match partitioned {
        None => Ok(Layout::Plain),
        Some(_) if !dataset.partitions.is_empty() => Ok(Layout::Hive),
        Some((file, folder)) => Err(RuntimeError::UndeclaredPartition {
            dataset: dataset.name.clone(),
            path: listing.shown(&file.meta),
            folder: folder.clone(),
        }),
    }
}

/// The columns that folder names carry, in the order of the folders.
pub(crate) fn columns(dataset: &Dataset) -> impl Iterator<Item = &Column> {
    dataset.partitions.iter().filter_map(|name| dataset.columns.iter().find(|column| column.name() == name))
}

/// The values of the partition columns that the folders of `file` carry, in the order of the folders.
///
/// # Errors
///
/// The folders are not exactly the declared partitions in their order, or a value is not of the column's type. The engine leaves
/// out such files without a word.
pub(crate) fn values(dataset: &Dataset, listing: &Listing, file: &Listed) -> Result<Vec<ScalarValue>, RuntimeError> {
    let misplaced = || RuntimeError::PartitionFolder {
        dataset: dataset.name.clone(),
        path: listing.shown(&file.meta),
        expected: dataset.partitions.iter().map(|name| format!("`{name}=...`")).collect::<Vec<_>>().join("/"),
    };
    if file.folders.len() != dataset.partitions.len() {
        return Err(misplaced());
    }
    let mut values = Vec::with_capacity(file.folders.len());
    for (folder, column) in file.folders.iter().zip(columns(dataset)) {
        let Some((key, value)) = folder.split_once('=') else { return Err(misplaced()) };
        if decode(key).as_deref() != Some(column.name()) {
            return Err(misplaced());
        }
        let data_type = column.field.data_type();
        let parsed = decode(value)
            .filter(|text| text != NULL_FOLDER)
            .and_then(|text| ScalarValue::try_from_string(text, data_type).ok())
            .filter(|parsed| !parsed.is_null());
        values.push(parsed.ok_or_else(|| RuntimeError::PartitionValue {
            dataset: dataset.name.clone(),
            path: listing.shown(&file.meta),
            column: column.name().to_owned(),
            value: value.to_owned(),
            data_type: data_type.to_string(),
        })?);
    }
    Ok(values)
}

/// A folder's text with its percent escapes resolved; `None` if that is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'%')
            .then(|| text.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[index]));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_resolved_and_stray_percents_kept() {
        assert_eq!(decode("a%2Fb").as_deref(), Some("a/b"));
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%zz%C3%A9").as_deref(), Some("%zzé"));
        assert_eq!(decode("%FF"), None);
    }
}
