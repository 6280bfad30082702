//! Indexes of pages and the beginnings of bloom filters.

use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::Wrong;
use super::counts::start;
use crate::files::footer::thrift::{Compact, kind, layout};

/// How many bytes a block of a bloom filter has.
const BLOCK: i32 = 32;

/// The column index of a chunk: for each page whether it is all NULL, and its smallest and largest value.
pub(super) fn column_index(bytes: &[u8]) -> Result<(), Wrong> {
    let (mut pages, mut counts) = ([0_usize; 3], None);
    let mut reader = Compact::new(bytes);
    let followed = reader.fields(|reader, id, kind| match (id, kind) {
        (1..=3, kind::LIST) => {
            let count = &mut pages[usize::from(id.unsigned_abs()) - 1];
            reader.elements(|reader, kind| {
                *count += 1;
                let found = if id == 1 { kind <= kind::FALSE } else { kind == kind::BINARY };
                found.then_some(())?;
                if id == 1 { reader.byte().map(drop) } else { reader.binary().map(drop) }
            })
        }
        (5, kind::LIST) => {
            let mut count = 0_usize;
            reader.elements(|reader, kind| {
                count += 1;
                matches!(kind, kind::I16 | kind::I32 | kind::I64).then_some(())?;
                reader.int().map(drop)
            })?;
            counts = Some(count);
            Some(())
        }
        _ => reader.pass(layout::COLUMN_INDEX, id, kind),
    });
    followed.ok_or("its column index cannot be read")?;
    let [nulls, smallest, largest] = pages;
    if nulls != smallest || nulls != largest || counts.is_some_and(|counts| counts != nulls) {
        return Err(format!("its column index has {nulls} pages, {smallest} smallest values and {largest} largest"));
    }
    Ok(())
}

/// The offset index of a chunk: where each page is, and which row is its first.
pub(super) fn offset_index(bytes: &[u8], chunk: &ColumnChunkMetaData, group: &RowGroupMetaData) -> Result<(), Wrong> {
    let mut pages: Vec<[i64; 3]> = Vec::new();
    let mut reader = Compact::new(bytes);
    let followed = reader.fields(|reader, id, kind| {
        if (id, kind) != (1, kind::LIST) {
            return reader.pass(layout::OFFSET_INDEX, id, kind);
        }
        reader.elements(|reader, kind| {
            if kind != kind::STRUCT {
                return None;
            }
            let mut page = [0; 3];
            reader.fields(|reader, id, kind| match (id, kind) {
                (1..=3, kind::I16 | kind::I32 | kind::I64) => {
                    page[usize::from(id.unsigned_abs()) - 1] = reader.int()?;
                    Some(())
                }
                _ => reader.pass(layout::PAGE_LOCATION, id, kind),
            })?;
            pages.push(page);
            Some(())
        })
    });
    followed.ok_or("its offset index cannot be read")?;
    let mut place = start(chunk);
    let (end, rows) = (place.saturating_add(chunk.compressed_size()), group.num_rows());
    let (mut next, repeated) = (0, chunk.column_descr().max_rep_level() > 0);
    for (number, [offset, length, row]) in pages.into_iter().enumerate() {
        let last = offset.checked_add(length).filter(|last| *last <= end && length > 0 && offset >= place);
        let Some(last) = last else {
            return Err(format!(
                "its offset index has page {number} at {offset}, {length} bytes long, and there are {place}..{end} left"
            ));
        };
        // A row of a list may go on in the next page.
        let wrong = if repeated { row < next || row > rows } else { row < next || (row >= rows && rows > 0) };
        if (number == 0 && row != 0) || wrong {
            return Err(format!("its offset index has page {number} begin with row {row} of {rows}"));
        }
        (place, next) = (last, if repeated { row } else { row.saturating_add(1) });
    }
    Ok(())
}

/// The beginning of a bloom filter, or all `length` bytes of it; there are `left` behind its beginning.
pub(super) fn bloom_filter(bytes: &[u8], length: Option<usize>, left: u64) -> Result<(), Wrong> {
    let (mut bits, mut reader) = (None, Compact::new(bytes));
    let followed = reader.fields(|reader, id, kind| match (id, kind) {
        (1, kind::I16 | kind::I32 | kind::I64) => {
            bits = Some(reader.count()?);
            Some(())
        }
        _ => reader.pass(layout::BLOOM_FILTER, id, kind),
    });
    followed.ok_or("its bloom filter cannot be read")?;
    let bits = bits.unwrap_or_default();
    let header = bytes.len() - reader.left();
    let rest = length.map_or(left, |length| length as u64).saturating_sub(header as u64);
    let held = u64::try_from(bits).is_ok_and(|bits| if length.is_some() { bits == rest } else { bits <= rest });
    if bits < BLOCK || bits % BLOCK != 0 || !held {
        return Err(format!("its bloom filter says that it has {bits} bytes, and {rest} are left of it"));
    }
    Ok(())
}
