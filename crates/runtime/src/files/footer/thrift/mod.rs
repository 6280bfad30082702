//! Thrift's compact protocol, in which a Parquet file describes itself: footers, page headers, indexes of pages, bloom filters.
//!
//! Nothing is allocated and the depth of a text is bounded, so that whatever a file says can be followed before it is believed
//! (`checks`). The engine's decoder gives up at the first text that is not UTF-8 and does not say whose it is; that is found here too.

pub(crate) mod layout;

use layout::{Fields, Layout};

/// The field of `FileMetaData` that holds the key-value pairs.
const KEY_VALUE_METADATA: i16 = 5;
/// How deep structures are followed. The format itself nests four deep.
const DEPTH: u8 = 32;

/// Types of the compact protocol, as field headers spell them.
pub(crate) mod kind {
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const BYTE: u8 = 3;
    pub const I16: u8 = 4;
    pub const I32: u8 = 5;
    pub const I64: u8 = 6;
    pub const DOUBLE: u8 = 7;
    pub const BINARY: u8 = 8;
    pub const LIST: u8 = 9;
    pub const SET: u8 = 10;
    pub const MAP: u8 = 11;
    pub const STRUCT: u8 = 12;
    pub const UUID: u8 = 13;
}

/// The keys of the pairs in `footer` that are not UTF-8, or whose values are not, in the footer's order. A footer that cannot be
/// followed so far has none.
pub(crate) fn keys_not_utf8(footer: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut reader = Compact::new(footer);
    // What was found before the bytes stop making sense counts.
    let _ = reader.fields(|reader, id, kind| match (id, kind) {
        (KEY_VALUE_METADATA, kind::LIST) => reader.elements(|reader, _| {
            let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
            reader.fields(|reader, id, kind| {
                match (id, kind) {
                    (1, kind::BINARY) => key = reader.binary()?,
                    (2, kind::BINARY) => value = reader.binary()?,
                    _ => reader.skip(kind, DEPTH)?,
                }
                Some(())
            })?;
            if std::str::from_utf8(key).is_err() || std::str::from_utf8(value).is_err() {
                keys.push(String::from_utf8_lossy(key).into_owned());
            }
            Some(())
        }),
        _ => reader.skip(kind, DEPTH),
    });
    keys
}

/// The rest of a text in the compact protocol. Every step is `None` where the text ends early or is none.
pub(crate) struct Compact<'a> {
    rest: &'a [u8],
}

impl<'a> Compact<'a> {
    /// The text that begins where `rest` does.
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    /// An integer. Zigzag: the sign is the last bit.
    pub fn int(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// One of 32 bits that counts something.
    pub fn count(&mut self) -> Option<i32> {
        i32::try_from(self.int()?).ok()
    }

    /// Bytes or text.
    pub fn binary(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// Hands each field's id and type to `read`, which must read the field. No field comes twice.
    pub fn fields(&mut self, mut read: impl FnMut(&mut Self, i16, u8) -> Option<()>) -> Option<()> {
        let mut id: i16 = 0;
        let mut seen: u64 = 0;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Some(());
            }
            let delta = i16::from(header >> 4);
            id = if delta == 0 { i16::try_from(self.int()?).ok()? } else { id.checked_add(delta)? };
            if let Some(field) = u32::try_from(id).ok().and_then(|id| 1_u64.checked_shl(id)) {
                if seen & field != 0 {
                    return None;
                }
                seen |= field;
            }
            read(self, id, header & 0x0f)?;
        }
    }

    /// Hands the elements' type to `read` once per element.
    pub fn elements(&mut self, mut read: impl FnMut(&mut Self, u8) -> Option<()>) -> Option<()> {
        let header = self.byte()?;
        let count = if header >> 4 == 0x0f { self.length()? } else { usize::from(header >> 4) };
        for _ in 0..count {
            read(self, header & 0x0f)?;
        }
        Some(())
    }

    /// Goes past the field `id` of a structure with these `fields`, which is of type `kind` and must be of the declared one.
    pub fn pass(&mut self, fields: Fields, id: i16, kind: u8) -> Option<()> {
        match layout::of(fields, id) {
            None => self.skip(kind, DEPTH),
            // The value of a field that is a boolean is its type.
            Some(Layout::Bool) => matches!(kind, kind::TRUE | kind::FALSE).then_some(()),
            Some(layout) => self.pass_element(layout, kind),
        }
    }

    fn pass_element(&mut self, layout: &'static Layout, kind: u8) -> Option<()> {
        match (layout, kind) {
            (Layout::Bool, kind::TRUE | kind::FALSE) | (Layout::Byte, kind::BYTE) => self.byte().map(drop),
            (Layout::Int, kind::I16 | kind::I32 | kind::I64) => self.varint().map(drop),
            (Layout::Double, kind::DOUBLE) => self.take(8).map(drop),
            (Layout::Binary, kind::BINARY) => self.binary().map(drop),
            (Layout::List(element), kind::LIST) => self.elements(|reader, kind| reader.pass_element(element, kind)),
            (Layout::Struct(fields), kind::STRUCT) => self.fields(|reader, id, kind| reader.pass(fields, id, kind)),
            _ => None,
        }
    }

    /// Goes past a field of type `kind`.
    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // The value of a field that is a boolean is its type.
            kind::TRUE | kind::FALSE => Some(()),
            _ => self.skip_element(kind, depth),
        }
    }

    /// Goes past an element of type `kind` of a list, set or map.
    fn skip_element(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            kind::TRUE | kind::FALSE | kind::BYTE => self.byte().map(drop),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.take(8).map(drop),
            kind::BINARY => self.binary().map(drop),
            kind::UUID => self.take(16).map(drop),
            kind::LIST | kind::SET => self.elements(|reader, kind| reader.skip_element(kind, depth)),
            kind::MAP => {
                let count = self.length()?;
                if count == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                for _ in 0..count {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)?;
                }
                Some(())
            }
            kind::STRUCT => self.fields(|reader, _, kind| reader.skip(kind, depth)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, RecordBatch};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::KeyValue;

    use super::keys_not_utf8;

    fn footer() -> Vec<u8> {
        let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        for (key, value) in [("good", "text"), ("bad", "@@@@"), ("worse", "@@@@")] {
            writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value.to_owned()));
        }
        writer.close().unwrap();
        let tail = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap());
        bytes[tail - length as usize..tail].to_vec()
    }

    fn spoiled() -> Vec<u8> {
        footer().into_iter().map(|byte| if byte == b'@' { 0xff } else { byte }).collect()
    }

    /// Keys of values that are not text are named.
    #[test]
    fn metadata_keys_not_utf8() {
        assert_eq!(keys_not_utf8(&footer()), [""; 0]);
        assert_eq!(keys_not_utf8(&spoiled()), ["bad", "worse"]);
    }

    /// A footer cut anywhere is followed as far as it goes.
    #[test]
    fn footer_cut_followed() {
        let spoiled = spoiled();
        for length in 0..spoiled.len() {
            assert!(keys_not_utf8(&spoiled[..length]).len() <= 2);
        }
        // A list of more elements than there are bytes, nested deeper than anybody writes.
        assert_eq!(keys_not_utf8(&[0x19; 10_000]), [""; 0]);
        assert_eq!(keys_not_utf8(&[0x1c; 10_000]), [""; 0]);
    }
}
