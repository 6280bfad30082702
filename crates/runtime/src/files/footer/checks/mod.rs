//! Validation of a Parquet file's metadata against its bytes and against itself, before any of it is used.
//!
//! The engine's reader allocates what a file declares, follows its schema as deep as that goes, and takes counts for true: a footer of some
//! kilobytes can end the process or lose rows. So [`footer`] follows a footer before the reader decodes it, `counts` holds what was
//! decoded against the file's size, and [`Followed`] follows the headers of pages, of their indexes and of bloom filters as their bytes come.
//! [`whole`] looks at the rest of a file that shows its own damage: indexes that no query asked for, and the levels of values. The
//! values themselves are not looked at.

mod arrow;
mod counts;
mod followed;
mod indexes;
mod levels;
mod pages;
mod schema;

pub(crate) use arrow::schema as arrow_schema;
pub(crate) use counts::{counts, start};
pub use followed::{Followed, whole};

use super::thrift::{Compact, kind, layout};
use schema::Schema;

/// Why a file is not believed: a sentence without its end.
pub type Wrong = String;

/// The field of a footer that holds the schema, and the one that holds the row groups.
const SCHEMA: i16 = 2;
const ROW_GROUPS: i16 = 4;

/// Follows a footer. Its declared parts exist, its schema is a tree of bounded depth, and each column chunk is that of its leaf.
///
/// # Errors
///
/// The contradiction in the footer.
pub fn footer(bytes: &[u8]) -> Result<(), Wrong> {
    let mut reader = Compact::new(bytes);
    let (mut schema, mut wrong, mut groups) = (None, None, 0);
    let followed = reader.fields(|reader, id, kind| match (id, kind) {
        (SCHEMA, kind::LIST) => {
            match Schema::read(reader)? {
                Ok(read) => schema = Some(read),
                Err(why) => {
                    wrong = Some(why);
                    return None;
                }
            }
            Some(())
        }
        (ROW_GROUPS, kind::LIST) => reader.elements(|reader, kind| {
            if kind != kind::STRUCT {
                return None;
            }
            // The reader wants the schema before them too.
            if let Err(why) = row_group(reader, schema.as_mut()?)? {
                wrong = Some(format!("row group {groups}, {why}"));
                return None;
            }
            groups += 1;
            Some(())
        }),
        _ => reader.pass(layout::FILE_METADATA, id, kind),
    });
    match (followed, wrong) {
        (Some(()), _) => Ok(()),
        (None, Some(why)) => Err(why),
        (None, None) => {
            let (at, length) = (bytes.len() - reader.left(), bytes.len());
            Err(format!("its {length} bytes cannot be followed beyond byte {at}"))
        }
    }
}

/// Follows a row group; nothing where its bytes make no sense.
fn row_group<'a>(reader: &mut Compact<'a>, schema: &mut Schema<'a>) -> Option<Result<(), Wrong>> {
    let mut wrong = None;
    let followed = reader.fields(|reader, id, kind| {
        if (id, kind) != (1, kind::LIST) {
            return reader.pass(layout::ROW_GROUP, id, kind);
        }
        let mut chunk = 0;
        reader.elements(|reader, kind| {
            if kind != kind::STRUCT {
                return None;
            }
            if let Err(why) = column_chunk(reader, schema, chunk)? {
                wrong = Some(why);
                return None;
            }
            chunk += 1;
            Some(())
        })
    });
    match wrong {
        Some(why) => Some(Err(why)),
        None => followed.map(Ok),
    }
}

/// Follows the column chunk that is the `nth` of its group.
fn column_chunk<'a>(reader: &mut Compact<'a>, schema: &mut Schema<'a>, nth: usize) -> Option<Result<(), Wrong>> {
    let (mut physical, mut path) = (None, Vec::new());
    reader.fields(|reader, id, kind| {
        if (id, kind) != (3, kind::STRUCT) {
            return reader.pass(layout::COLUMN_CHUNK, id, kind);
        }
        reader.fields(|reader, id, kind| match (id, kind) {
            (1, kind::I16 | kind::I32 | kind::I64) => {
                physical = Some(reader.int()?);
                Some(())
            }
            (3, kind::LIST) => reader.elements(|reader, kind| {
                path.push(if kind == kind::BINARY { reader.binary()? } else { return None });
                Some(())
            }),
            _ => reader.pass(layout::COLUMN_METADATA, id, kind),
        })
    })?;
    Some(schema.holds(nth, physical, &path))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
    use datafusion::parquet::arrow::ArrowWriter;

    use super::footer;

    fn sound() -> Vec<u8> {
        let (x, y): (ArrayRef, ArrayRef) =
            (Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["a", "b"])));
        let batch = RecordBatch::try_from_iter([("x", x), ("y", y)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let tail = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap());
        bytes[tail - length as usize..tail].to_vec()
    }

    /// Footer of the writer is followed.
    #[test]
    fn footer_sound() {
        assert_eq!(footer(&sound()), Ok(()));
    }

    /// Footer cut anywhere is refused.
    #[test]
    fn footer_cut() {
        let sound = sound();
        for length in 0..sound.len() {
            assert!(footer(&sound[..length]).is_err(), "{length} bytes");
        }
    }

    /// Footer with any byte changed is followed or refused.
    #[test]
    fn footer_byte_changed() {
        let sound = sound();
        for place in 0..sound.len() {
            for bit in 0..8 {
                let mut changed = sound.clone();
                changed[place] ^= 1 << bit;
                let _ = footer(&changed);
            }
        }
    }
}
