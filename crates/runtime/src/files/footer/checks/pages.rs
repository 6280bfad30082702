//! The headers of the pages of a column chunk.

use datafusion::parquet::file::metadata::ColumnChunkMetaData;

use super::Wrong;
use super::counts::most;
use crate::files::footer::thrift::{Compact, kind, layout};

/// Encodings whose values are places in a dictionary, by their numbers in the format.
const BY_DICTIONARY: [i32; 2] = [2, 8];

/// How many bytes a page may be decompressed whatever its chunk says.
const LARGE: i64 = 64 << 20;

/// Some of the pages of a chunk, one behind the other.
pub(super) struct Pages<'a> {
    pub chunk: &'a ColumnChunkMetaData,
    pub bytes: &'a [u8],
    /// Whether the first of them is the chunk's first page.
    pub first: bool,
    /// Whether the last of them is the chunk's last page.
    pub last: bool,
}

/// The header of a page.
#[derive(Default)]
struct Header {
    kind: i32,
    decompressed: i32,
    stored: i32,
    version1: Option<Counted>,
    dictionary: Option<Counted>,
    version2: Option<Counted>,
    /// Of a page of version 2: how many of its values are NULL, how many rows they are, and the bytes of their levels.
    nulls: i32,
    rows: i32,
    levels: [i32; 2],
}

/// How many values a page has, and their encoding.
#[derive(Clone, Copy, Default)]
struct Counted {
    values: i32,
    encoding: i32,
}

impl Pages<'_> {
    /// Follows the pages from header to header.
    ///
    /// # Errors
    ///
    /// A contradiction in one header or among all of them.
    pub fn held(&self) -> Result<(), Wrong> {
        let (mut rest, mut values, mut rows) = (self.bytes, 0_i64, 0_i64);
        let (mut dictionary, mut unknown_rows) = (None, false);
        while !rest.is_empty() {
            let at = self.bytes.len() - rest.len();
            let mut reader = Compact::new(rest);
            let header = Header::read(&mut reader).ok_or("a page has a header that cannot be read")?;
            rest = &rest[rest.len() - reader.left()..];
            let stored =
                usize::try_from(header.stored).ok().filter(|stored| *stored <= rest.len()).ok_or_else(|| {
                    format!(
                        "a page says that it has {} bytes, and {} are left of its column chunk",
                        header.stored,
                        rest.len()
                    )
                })?;
            rest = &rest[stored..];
            self.sizes(&header)?;
            match (header.kind, header.version1, header.dictionary, header.version2) {
                (0, Some(page), ..) => {
                    unknown_rows = true;
                    values += i64::from(self.data(&header, page, dictionary, page.values)?);
                }
                (3, .., Some(page)) => {
                    rows += i64::from(header.rows);
                    values +=
                        i64::from(self.data(&header, page, dictionary, page.values.saturating_sub(header.nulls))?);
                }
                (2, _, Some(page), _) => {
                    if !self.first || at > 0 {
                        return Err("a dictionary stands behind the first page of its column chunk".to_owned());
                    }
                    // No value takes less than a byte.
                    if page.values < 0 || page.values > header.decompressed {
                        return Err(format!(
                            "a dictionary says that it has {} values in {} bytes",
                            page.values, header.decompressed
                        ));
                    }
                    dictionary = Some(page.values);
                }
                // A page of another kind has nothing to read.
                (1 | 4.., ..) => {}
                _ => return Err("a page has a header of another kind".to_owned()),
            }
        }
        let declared = self.chunk.num_values();
        if values > declared || (self.first && self.last && values != declared) {
            return Err(format!("its pages have {values} values, and the footer says {declared}"));
        }
        if rows > declared || (!unknown_rows && self.chunk.column_descr().max_rep_level() == 0 && rows != values) {
            return Err(format!("its pages have {rows} rows of {values} values"));
        }
        Ok(())
    }

    fn sizes(&self, header: &Header) -> Result<(), Wrong> {
        let Header { decompressed, stored, .. } = header;
        let (Ok(more), Ok(bytes)) = (u64::try_from(*decompressed), u64::try_from(*stored)) else {
            return Err(format!("a page says that it has {stored} bytes, {decompressed} decompressed"));
        };
        let codec = self.chunk.compression();
        if more > most(codec, bytes) {
            return Err(format!("a page says that its {bytes} bytes are {more} decompressed, which {codec} cannot do"));
        }
        // Some writers count otherwise what a chunk is decompressed; a page of usual size is no harm.
        let of_chunk = self.chunk.uncompressed_size();
        if i64::from(*decompressed) > of_chunk.max(LARGE) {
            return Err(format!(
                "a page says that it has {more} bytes decompressed, and its column chunk has {of_chunk}"
            ));
        }
        Ok(())
    }

    /// Holds the header of a data page, of whose values so many are not NULL as far as it says; how many it has.
    fn data(&self, header: &Header, page: Counted, dictionary: Option<i32>, present: i32) -> Result<i32, Wrong> {
        let [repetition, definition] = header.levels;
        if page.values < 0 || header.nulls < 0 || header.rows < 0 || present < 0 || header.rows > page.values {
            let (values, nulls, rows) = (page.values, header.nulls, header.rows);
            return Err(format!("a page says that it has {values} values, {nulls} of them NULL, in {rows} rows"));
        }
        if repetition < 0 || definition < 0 || repetition.checked_add(definition).is_none_or(|sum| sum > header.stored)
        {
            let stored = header.stored;
            return Err(format!("a page of {stored} bytes says that its levels take {repetition} and {definition}"));
        }
        if self.first && BY_DICTIONARY.contains(&page.encoding) && page.values > 0 {
            let certain = header.version2.is_some() || self.chunk.column_descr().max_def_level() == 0;
            match dictionary {
                None => return Err("a page has values of a dictionary, and there is none before it".to_owned()),
                Some(0) if certain && present > 0 => {
                    return Err("a page has values of a dictionary that has none".to_owned());
                }
                Some(_) => {}
            }
        }
        Ok(page.values)
    }
}

impl Header {
    fn read(reader: &mut Compact<'_>) -> Option<Self> {
        let mut header = Self::default();
        reader.fields(|reader, id, kind| {
            let is_number = matches!(kind, kind::I16 | kind::I32 | kind::I64);
            match (id, kind) {
                (1, _) if is_number => header.kind = reader.count()?,
                (2, _) if is_number => header.decompressed = reader.count()?,
                (3, _) if is_number => header.stored = reader.count()?,
                (5, kind::STRUCT) => header.version1 = Some(header.page(reader, layout::DATA_PAGE, [2, 0, 0, 0, 0])?),
                (7, kind::STRUCT) => {
                    header.dictionary = Some(header.page(reader, layout::DICTIONARY_PAGE, [2, 0, 0, 0, 0])?);
                }
                (8, kind::STRUCT) => {
                    header.version2 = Some(header.page(reader, layout::DATA_PAGE_2, [4, 2, 3, 6, 5])?);
                }
                _ => reader.pass(layout::PAGE, id, kind)?,
            }
            Some(())
        })?;
        Some(header)
    }

    /// Reads what a page of one kind has. The first field is that of its values; the others are those of the encoding, the NULLs, the rows,
    /// and the bytes of repetition and definition levels, 0 where there is no such field.
    fn page(&mut self, reader: &mut Compact<'_>, known: layout::Fields, fields: [i16; 5]) -> Option<Counted> {
        let mut page = Counted::default();
        let [encoding, nulls, rows, repetition, definition] = fields;
        reader.fields(|reader, id, kind| {
            let is_number = matches!(kind, kind::I16 | kind::I32 | kind::I64);
            match id {
                1 if is_number => page.values = reader.count()?,
                _ if is_number && id == encoding => page.encoding = reader.count()?,
                _ if is_number && id == nulls => self.nulls = reader.count()?,
                _ if is_number && id == rows => self.rows = reader.count()?,
                _ if is_number && id == repetition => self.levels[0] = reader.count()?,
                _ if is_number && id == definition => self.levels[1] = reader.count()?,
                _ => reader.pass(known, id, kind)?,
            }
            Some(())
        })?;
        Some(page)
    }
}
