//! The sample at any size: written many times over, each time as other files of another repository.
//!
//! A copy has paths, repositories, ids and checksums of its own, in the elements too, so that it compresses as other files would and
//! nothing joins with the wrong copy. Everything else is as `LibCST` found it. Ids are digests of the original's, so that what referred
//! to each other still does; they are not what the id functions make of the new paths, and nobody asks that of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use blake2::digest::consts::{U16, U32};
use blake2::{Blake2b, Digest as _};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

/// Rows of the sample, one for each of its Python files.
pub const ROWS: usize = 20;
/// Nodes of the sample's syntax trees.
pub const NODES: usize = 8400;

/// How large a table is made, and how it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Tiling {
    /// How often the sample is in it.
    pub copies: usize,
    /// Over how many files its copies are spread.
    pub files: usize,
    /// Rows of one row group. A row is a Python file with some hundred nodes.
    pub group: usize,
}

impl Tiling {
    /// The settings of the environment: `NODES`, which are `nodes` unless it says so, `FILES` that they are spread over, and rows of a row
    /// `GROUP`.
    pub fn asked(nodes: usize) -> Self {
        let copies = number("NODES", nodes).div_ceil(NODES);
        // Row groups of some ten megabytes in memory for the widest column, as writers of wide tables choose them.
        Self { copies, files: number("FILES", 4).clamp(1, copies), group: number("GROUP", 500) }
    }

    /// The folder of a table of this size below `cache`, which is written unless it is there from an earlier run.
    pub fn kept(&self, cache: &Path) -> PathBuf {
        let sample = hex(&Blake2b::<U16>::digest(cstspec_libcst::SAMPLE));
        // The last part is to be counted up when a copy is made otherwise.
        let name = format!("tiled-{}-{}-{}-{}-2", self.copies, self.files, self.group, &sample[..8]);
        let folder = cache.join(name);
        if !folder.exists() {
            let unfinished = tempfile::tempdir_in(cache).expect("the cache can be written");
            self.write(unfinished.path());
            std::fs::rename(unfinished.keep(), &folder).expect("nobody else writes the same table");
        }
        folder
    }

    /// Writes the table into `folder`.
    pub fn write(&self, folder: &Path) {
        let sample = sample();
        let properties = stored(self.group, ROWS);
        for file in 0..self.files {
            let path = folder.join(format!("part-{file:04}.parquet"));
            let out = File::create(path).expect("the folder can be written");
            let mut writer =
                ArrowWriter::try_new(out, sample.schema(), Some(properties.clone())).expect("the schema can be stored");
            for copy in self.copies * file / self.files..self.copies * (file + 1) / self.files {
                writer.write(&Copy::new(copy).batch(&sample)).expect("rows can be written");
            }
            writer.close().expect("the file can be closed");
        }
    }
}

/// How tables are stored: zstd, in row groups of `group` rows and in pages of `copy` rows, which are those of one copy of the sample, and
/// everything else as the writer does it.
///
/// Of a page with several copies, the compressor would store one and point to it for the others, and a table would be read in a tenth of
/// the bytes that real files take. As it is, a value takes what it takes in the sample. Pages this small would make an index of pages
/// worth more than it is, so there is none.
pub fn stored(group: usize, copy: usize) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(group))
        .set_data_page_row_count_limit(copy)
        // After so many values the writer looks whether a page is full.
        .set_write_batch_size(copy.min(1024))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build()
}

/// A number in the environment.
pub fn number(name: &str, otherwise: usize) -> usize {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.replace('_', "").parse().expect("the environment has a number"),
        _ => otherwise,
    }
}

/// How many elements all lists of the sample have.
#[allow(dead_code, reason = "not every benchmark counts them")]
pub fn elements() -> usize {
    sample().columns().iter().filter_map(|column| column.as_list_opt::<i32>()).map(|list| list.values().len()).sum()
}

/// The rows of the sample, in the schema of its file.
fn sample() -> RecordBatch {
    let mut file = tempfile::tempfile().expect("a file can be made");
    file.write_all(cstspec_libcst::SAMPLE).expect("the sample can be written");
    file.rewind().expect("a file has a start");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("the sample has a footer").with_batch_size(ROWS);
    let mut batches = reader.build().expect("the sample can be read");
    batches.next().expect("the sample has rows").expect("the sample can be read")
}

/// One copy of the sample. Rows of one copy stand before those of the next in the order of paths.
struct Copy {
    number: usize,
    /// Digests that were made for this copy, since elements repeat them.
    known: HashMap<String, String>,
}

impl Copy {
    fn new(number: usize) -> Self {
        Self { number, known: HashMap::new() }
    }

    fn batch(&mut self, rows: &RecordBatch) -> RecordBatch {
        let schema = rows.schema();
        let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| self.array(field, column));
        RecordBatch::try_new(rows.schema(), columns.collect()).expect("the types are the same")
    }

    fn array(&mut self, field: &Field, array: &ArrayRef) -> ArrayRef {
        match field.data_type() {
            DataType::Utf8 => self.texts(field.name(), array),
            DataType::Struct(fields) => {
                let parent = array.as_struct();
                let children = fields.iter().zip(parent.columns()).map(|(field, column)| self.array(field, column));
                Arc::new(StructArray::new(fields.clone(), children.collect(), parent.nulls().cloned()))
            }
            DataType::List(item) => {
                let list: &ListArray = array.as_list();
                let elements = self.array(item, list.values());
                Arc::new(ListArray::new(Arc::clone(item), list.offsets().clone(), elements, list.nulls().cloned()))
            }
            _ => Arc::clone(array),
        }
    }

    fn texts(&mut self, name: &str, array: &ArrayRef) -> ArrayRef {
        let renamed: fn(&mut Self, &str) -> String = match name {
            "repo" => |copy, text| format!("{text}-{:05}", copy.number),
            "path" => |copy, text| format!("{}/{text}", folder(copy.number)),
            "file_sha256" => Self::digest,
            _ if name.ends_with("_id") => Self::id,
            _ => return Arc::clone(array),
        };
        let texts: &StringArray = array.as_string();
        Arc::new(texts.iter().map(|text| text.map(|text| renamed(self, text))).collect::<StringArray>())
    }

    fn id(&mut self, text: &str) -> String {
        let (prefix, digits) = text.split_once(':').expect("an id has a prefix");
        format!("{prefix}:{}", &self.digest(digits)[..32])
    }

    fn digest(&mut self, text: &str) -> String {
        let digest = |text: &String| hex(&Blake2b::<U32>::digest(format!("{}:{text}", self.number)));
        self.known.entry(text.to_owned()).or_insert_with_key(digest).clone()
    }
}

/// The folder that the files of a copy are in.
pub fn folder(copy: usize) -> String {
    format!("project_{copy:05}")
}

/// The id of a copy for an id of the sample.
#[allow(dead_code, reason = "not every benchmark looks for a file")]
pub fn id(copy: usize, original: &str) -> String {
    Copy::new(copy).id(original)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
