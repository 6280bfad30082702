//! The counts, offsets and lengths of a decoded footer.

use std::ops::Range;

use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::Wrong;

/// How many bytes a page has at least, with its header. It has 2^31 - 1 values at most.
const PAGE: u64 = 10;

/// Holds the counts of a decoded footer against one another, and its offsets and lengths against the bytes `data` of the file in which
/// pages can be: those behind the magic and before the footer.
///
/// # Errors
///
/// The contradiction.
pub(crate) fn counts(footer: &ParquetMetaData, data: Range<u64>) -> Result<(), Wrong> {
    let mut rows: i64 = 0;
    let mut taken: Vec<(Range<u64>, usize, usize)> = Vec::new();
    for (number, group) in footer.row_groups().iter().enumerate() {
        row_group(group, number)?;
        rows = rows
            .checked_add(group.num_rows())
            .ok_or_else(|| format!("row group {number} says that it has {} rows", group.num_rows()))?;
        for (leaf, chunk) in group.columns().iter().enumerate() {
            for (what, range) in ranges(chunk, &data).map_err(|why| wrong_chunk(group, number, leaf, &why))? {
                if range.start < data.start || range.end > data.end {
                    let why = format!(
                        "{what} at {}..{}, and the file has data at {}..{}",
                        range.start, range.end, data.start, data.end
                    );
                    return Err(wrong_chunk(group, number, leaf, &why));
                }
                taken.push((range, number, leaf));
            }
        }
    }
    let declared = footer.file_metadata().num_rows();
    if declared != rows {
        return Err(format!("it says that the file has {declared} rows, and its row groups have {rows}"));
    }
    taken.sort_unstable_by_key(|(range, ..)| (range.start, range.end));
    for pair in taken.windows(2) {
        let [(one, ..), (other, number, leaf)] = pair else { continue };
        if one.end > other.start {
            let why = format!(
                "its bytes at {}..{} are those at {}..{} of another",
                other.start, other.end, one.start, one.end
            );
            return Err(wrong_chunk(&footer.row_groups()[*number], *number, *leaf, &why));
        }
    }
    Ok(())
}

fn wrong_chunk(group: &RowGroupMetaData, number: usize, leaf: usize, why: &str) -> Wrong {
    format!("row group {number}, column `{}`: {why}", group.column(leaf).column_path().string())
}

fn row_group(group: &RowGroupMetaData, number: usize) -> Result<(), Wrong> {
    let rows = group.num_rows();
    // Without columns there is nothing that such a count could be held against.
    if rows < 0 || (group.columns().is_empty() && rows > i32::MAX.into()) {
        return Err(format!("row group {number} says that it has {rows} rows"));
    }
    for (leaf, chunk) in group.columns().iter().enumerate() {
        let values = chunk.num_values();
        let repeated = chunk.column_descr().max_rep_level() > 0;
        // A list without elements is stored as one value.
        if values != rows && (!repeated || values < rows) {
            let why = format!("it says that it has {values} values, and the row group has {rows} rows");
            return Err(wrong_chunk(group, number, leaf, &why));
        }
        held(chunk).map_err(|why| wrong_chunk(group, number, leaf, &why))?;
    }
    let leaves = group.num_columns();
    let wrong = |index: i32| usize::try_from(index).map_or(true, |index| index >= leaves);
    match group.sorting_columns().and_then(|sorted| sorted.iter().find(|column| wrong(column.column_idx))) {
        Some(column) => {
            Err(format!("row group {number} is sorted by column {}, and there are {leaves}", column.column_idx))
        }
        None => Ok(()),
    }
}

/// Holds the sizes of a chunk against one another.
fn held(chunk: &ColumnChunkMetaData) -> Result<(), Wrong> {
    let (stored, decompressed) = (chunk.compressed_size(), chunk.uncompressed_size());
    let (Ok(bytes), Ok(more)) = (u64::try_from(stored), u64::try_from(decompressed)) else {
        return Err(format!("it says that it has {stored} bytes, {decompressed} decompressed"));
    };
    let values = u64::try_from(chunk.num_values()).unwrap_or_default();
    if values > (bytes / PAGE).saturating_mul(i32::MAX.unsigned_abs().into()) {
        return Err(format!("it says that it has {values} values in {bytes} bytes"));
    }
    if more > most(chunk.compression(), bytes) {
        return Err(format!(
            "it says that its {bytes} bytes are {more} decompressed, which {} cannot do",
            chunk.compression()
        ));
    }
    Ok(())
}

/// How many bytes a codec can make of so many at most, generously.
pub(super) fn most(codec: Compression, bytes: u64) -> u64 {
    // What a codec makes of one byte: the longest copy over the bytes that say so. Of zeros, zstd makes blocks of 128 kB out of four bytes
    // each, and brotli knows no such bound below the 16 MB of its window.
    let times = match codec {
        Compression::UNCOMPRESSED => 1,
        Compression::SNAPPY => 64,
        Compression::LZ4 | Compression::LZ4_RAW | Compression::LZO => 256,
        Compression::GZIP(_) => 1_032,
        Compression::ZSTD(_) => 128 << 10,
        Compression::BROTLI(_) => 4 << 20,
    };
    // Headers of pages are counted with the bytes, and a page without values may have no bytes at all.
    bytes.saturating_mul(times).saturating_add(64 << 10)
}

/// Where the bytes are that belong to a chunk, each with what they are. An index or a filter of no bytes is none.
fn ranges(chunk: &ColumnChunkMetaData, data: &Range<u64>) -> Result<Vec<(&'static str, Range<u64>)>, Wrong> {
    let mut found = Vec::with_capacity(3);
    let mut add = |what: &'static str, offset: i64, length: i64| {
        let (Ok(start), Ok(bytes)) = (u64::try_from(offset), u64::try_from(length)) else {
            return Err(format!("{what} at {offset}, {length} bytes long"));
        };
        if bytes > 0 {
            found.push((what, start..start.saturating_add(bytes)));
        }
        Ok(())
    };
    let (first, start, bytes) = (chunk.data_page_offset(), start(chunk), chunk.compressed_size());
    if chunk.num_values() == 0 {
        // Writers put 0 for pages that are not there, and may leave a dictionary without values.
        if start < 0 || start.saturating_add(bytes).unsigned_abs() > data.end {
            return Err(format!("its pages are at {start}, {bytes} bytes long"));
        }
    } else {
        add("its pages are", start, bytes)?;
        let end = start.saturating_add(bytes);
        if first < start || first >= end {
            return Err(format!("its first data page is at {first}, and its pages are at {start}..{end}"));
        }
    }
    let indexes = [
        ("its column index is", chunk.column_index_offset(), chunk.column_index_length()),
        ("its offset index is", chunk.offset_index_offset(), chunk.offset_index_length()),
    ];
    for (what, offset, length) in indexes {
        match (offset, length) {
            (Some(offset), Some(length)) => add(what, offset, i64::from(length))?,
            (Some(offset), None) if offset < 0 => return Err(format!("{what} at {offset}")),
            (None, Some(length)) if length < 0 => return Err(format!("{what} {length} bytes long")),
            _ => {}
        }
    }
    match (chunk.bloom_filter_offset(), chunk.bloom_filter_length()) {
        (Some(offset), Some(length)) => add("its bloom filter is", offset, i64::from(length))?,
        // How long it is stands at its beginning.
        (Some(offset), None) if !u64::try_from(offset).is_ok_and(|offset| data.contains(&offset)) => {
            return Err(format!(
                "its bloom filter is at {offset}, and the file has data at {}..{}",
                data.start, data.end
            ));
        }
        _ => {}
    }
    Ok(found)
}

/// Where the pages of a chunk begin: at its dictionary, if that is a place before the data. Writers put 0 for none.
pub(crate) fn start(chunk: &ColumnChunkMetaData) -> i64 {
    let first = chunk.data_page_offset();
    chunk.dictionary_page_offset().filter(|dictionary| (1..first).contains(dictionary)).unwrap_or(first)
}
