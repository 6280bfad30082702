//! The levels of pages: which values are NULL or in which list. The reader takes a level above the maximum for one below it, and the rows
//! that it wants from however many there are.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::parquet::basic::Encoding;
use datafusion::parquet::column::page::{Page, PageReader as _};
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::parquet::file::serialized_reader::SerializedPageReader;
use datafusion::parquet::schema::types::ColumnDescriptor;

use super::Wrong;

/// Whether levels of a leaf can be wrong: in a list, or where their bits have room for more than the maximum.
pub(super) fn can_be_wrong(leaf: &ColumnDescriptor) -> bool {
    let room = |most: i16| !(most.unsigned_abs() + 1).is_power_of_two();
    leaf.max_rep_level() > 0 || room(leaf.max_def_level())
}

/// Holds the levels of a whole chunk, whose `bytes` begin at `start` of the file.
pub(super) fn held(
    bytes: Bytes,
    start: u64,
    chunk: &ColumnChunkMetaData,
    group: &RowGroupMetaData,
) -> Result<(), Wrong> {
    let leaf = chunk.column_descr();
    let rows = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
    let reader = SerializedPageReader::new(Arc::new(ChunkBytes { bytes, start }), chunk, rows, None);
    let mut reader = reader.map_err(|error| error.to_string())?;
    let mut begun = Some(0_u64);
    while let Some(page) = reader.get_next_page().map_err(|error| error.to_string())? {
        let in_page = in_page(&page, leaf)?;
        begun = begun.zip(in_page).map(|(all, rows)| all + rows);
    }
    match begun {
        Some(begun) if begun != rows as u64 => {
            Err(format!("its levels begin {begun} rows, and the footer says {rows}"))
        }
        _ => Ok(()),
    }
}

/// How many rows begin in a page; nothing where its levels are in an encoding that nobody writes any more.
fn in_page(page: &Page, leaf: &ColumnDescriptor) -> Result<Option<u64>, Wrong> {
    let (repetition, definition, count) = match page {
        Page::DictionaryPage { .. } => return Ok(Some(0)),
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let mut rest = buf.as_ref();
            let mut next = |encoding: Encoding, most: i16| match (most, encoding) {
                (0, _) => Ok(Some(&[][..])),
                (_, Encoding::RLE) => {
                    let (length, behind) = rest.split_first_chunk::<4>().ok_or("a page ends before its levels")?;
                    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
                    let (levels, behind) = behind.split_at_checked(length).ok_or("a page ends before its levels")?;
                    rest = behind;
                    Ok::<_, Wrong>(Some(levels))
                }
                _ => Ok(None),
            };
            let repetition = next(*rep_level_encoding, leaf.max_rep_level())?;
            let definition = if repetition.is_some() { next(*def_level_encoding, leaf.max_def_level())? } else { None };
            (repetition, definition, *num_values)
        }
        Page::DataPageV2 { buf, num_values, rep_levels_byte_len, def_levels_byte_len, .. } => {
            let length = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
            let split = buf.split_at_checked(length(*rep_levels_byte_len));
            let (repetition, rest) = split.ok_or("a page ends before its levels")?;
            let definition = rest.get(..length(*def_levels_byte_len)).ok_or("a page ends before its levels")?;
            (Some(repetition), Some(definition), *num_values)
        }
    };
    let mut rows = 0;
    let Some(repetition) = repetition else { return Ok(None) };
    each(repetition, leaf.max_rep_level(), count, |level, times| rows += if level == 0 { times } else { 0 })?;
    if let Some(definition) = definition {
        each(definition, leaf.max_def_level(), count, |_, _| {})?;
    }
    Ok(Some(rows))
}

/// Hands each level, and how often it comes, to `take`. Runs of one level, and levels packed into bits, follow one another.
fn each(bytes: &[u8], most: i16, count: u32, mut take: impl FnMut(u32, u64)) -> Result<(), Wrong> {
    let (most, count) = (u32::from(most.unsigned_abs()), u64::from(count));
    if most == 0 {
        take(0, count);
        return Ok(());
    }
    let width = u32::BITS - most.leading_zeros();
    let (mut rest, mut left) = (bytes, count);
    let ends = || format!("the levels of a page end before its {count} values");
    let mut one = |level: u32, times: u64| {
        if level > most {
            return Err(format!("a level of a page is {level}, and the column has {most} at most"));
        }
        take(level, times);
        Ok(())
    };
    while left > 0 {
        let header = varint(&mut rest).ok_or_else(ends)?;
        let length = header >> 1;
        if header & 1 == 0 {
            let (level, behind) = rest.split_at_checked(width.div_ceil(8) as usize).ok_or_else(ends)?;
            rest = behind;
            let level = level.iter().rev().fold(0, |level, byte| level << 8 | u32::from(*byte));
            let times = length.min(left);
            if times == 0 {
                return Err(ends());
            }
            one(level, times)?;
            left -= times;
            continue;
        }
        // Eight levels take as many bytes as one has bits; a writer may leave out the bytes behind the last.
        let packed = usize::try_from(length.saturating_mul(u64::from(width))).unwrap_or(usize::MAX).min(rest.len());
        let (packed, behind) = rest.split_at(packed);
        rest = behind;
        let times = (packed.len() as u64 * 8 / u64::from(width)).min(left);
        if times == 0 {
            return Err(ends());
        }
        for nth in 0..times {
            let bit = |bit: u64| u32::from(packed[usize::try_from(bit / 8).unwrap_or_default()] >> (bit % 8) & 1);
            let first = nth * u64::from(width);
            one((0..width).fold(0, |level, place| level | bit(first + u64::from(place)) << place), 1)?;
        }
        left -= times;
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The bytes of a chunk, by their places in the file.
struct ChunkBytes {
    bytes: Bytes,
    start: u64,
}

impl ChunkBytes {
    fn from(&self, place: u64) -> ParquetResult<Bytes> {
        let at = place.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..)).ok_or_else(|| ParquetError::EOF("a page is outside its chunk".to_owned()))
    }
}

impl Length for ChunkBytes {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for ChunkBytes {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        self.from(start).map(Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() {
            return Err(ParquetError::EOF("a page ends behind its chunk".to_owned()));
        }
        Ok(rest.slice(..length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StructArray};
    use arrow::buffer::NullBuffer;
    use arrow::datatypes::{DataType, Field, Fields, Int64Type};
    use bytes::Bytes;
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::ParquetMetaDataReader;
    use datafusion::parquet::file::properties::{WriterProperties, WriterVersion};

    use super::{each, held};

    /// The errors of the one chunk of `column`, and of each variant that differs from it in one bit.
    fn turned(column: ArrayRef, version: WriterVersion) -> Vec<String> {
        let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
        let properties = WriterProperties::builder().set_writer_version(version).set_dictionary_enabled(false).build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let footer = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(file.clone())).unwrap();
        let (group, chunk) = (footer.row_group(0), footer.row_group(0).column(0));
        let (start, length) = chunk.byte_range();
        let (from, length) = (usize::try_from(start).unwrap(), usize::try_from(length).unwrap());
        let bytes = &file[from..from + length];
        assert_eq!(held(Bytes::copy_from_slice(bytes), start, chunk, group), Ok(()));
        let turned = (0..bytes.len() * 8).map(|bit| {
            let mut bytes = bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            held(Bytes::from(bytes), start, chunk, group).err().unwrap_or_default()
        });
        turned.collect()
    }

    #[test]
    fn level_above_maximum() {
        let b: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)]));
        let fields = Fields::from(vec![Field::new("b", DataType::Int64, true)]);
        let valid = NullBuffer::from(vec![true, true, false, true]);
        let column: ArrayRef = Arc::new(StructArray::new(fields, vec![b], Some(valid)));
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let faults = turned(Arc::clone(&column), version);
            assert!(
                faults.iter().any(|why| why == "a level of a page is 3, and the column has 2 at most"),
                "{faults:?}"
            );
        }
    }

    /// Levels that begin other rows are seen.
    #[test]
    fn levels_of_other_rows() {
        let lists = [Some(vec![Some(1), Some(2)]), None, Some(vec![]), Some(vec![Some(3)])];
        let column: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists));
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let faults = turned(Arc::clone(&column), version);
            for rows in [3, 5] {
                let words = format!("its levels begin {rows} rows, and the footer says 4");
                assert!(faults.contains(&words), "{faults:?}");
            }
        }
    }

    fn counted(bytes: &[u8], most: i16, count: u32) -> Result<Vec<(u32, u64)>, String> {
        let mut seen = Vec::new();
        each(bytes, most, count, |level, times| seen.push((level, times))).map(|()| seen)
    }

    /// Runs and packed levels are followed.
    #[test]
    fn runs_and_packed_levels() {
        // Three times 2, then eight levels of two bits of which two count.
        assert_eq!(counted(&[6, 2, 3, 0b01_10, 0], 2, 5), Ok(vec![(2, 3), (2, 1), (1, 1)]));
        assert_eq!(counted(&[], 0, 5), Ok(vec![(0, 5)]));
    }

    /// Levels above the maximum and levels that end are refused.
    #[test]
    fn levels_invalid() {
        assert!(counted(&[6, 3], 2, 3).unwrap_err().contains("a level of a page is 3"));
        assert!(counted(&[3, 0b11], 2, 1).unwrap_err().contains("a level of a page is 3"));
        for bytes in [&[][..], &[6], &[0, 1], &[4, 1], &[3], &[0xff; 12]] {
            assert!(counted(bytes, 2, 3).is_err(), "{bytes:?}");
        }
    }
}
