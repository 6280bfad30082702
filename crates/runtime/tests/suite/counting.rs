//! A store that tells which files are opened and which of their row groups are read, and a dataset of many of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use bytes::Bytes;
use cstspec_contract::types::{nullable, required};
use cstspec_contract::{Catalog, View};
use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use url::Url;

use crate::world::{batch, catalog, rows, schema, view};

/// A store in memory that keeps in mind what was asked of it.
#[derive(Debug, Default)]
pub struct Counting {
    store: InMemory,
    asked: Mutex<Asked>,
    /// Where the values of each row group are, by file.
    groups: Mutex<BTreeMap<String, Vec<Range<u64>>>>,
}

#[derive(Debug, Default)]
struct Asked {
    /// Files of which anything was read.
    opened: BTreeSet<String>,
    /// The row groups whose values were read.
    groups: BTreeSet<String>,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting")
    }
}

impl Counting {
    /// Puts a file of a dataset there, in row groups of two rows.
    pub async fn file(&self, path: &str, rows: &RecordBatch, properties: WriterPropertiesBuilder) -> usize {
        let mut bytes = Vec::new();
        let properties = properties.set_max_row_group_row_count(Some(2)).build();
        let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
        writer.write(rows).unwrap();
        writer.close().unwrap();
        let bytes = Bytes::from(bytes);
        let footer = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
        let ranges = footer.row_groups().iter().map(|group| {
            let chunks = group.columns().iter().map(ColumnChunkMetaData::byte_range);
            let (start, end) =
                chunks.fold((u64::MAX, 0), |(start, end), (at, length)| (start.min(at), end.max(at + length)));
            start..end
        });
        self.groups.lock().unwrap().insert(path.to_owned(), ranges.collect());
        let size = bytes.len();
        self.store.put(&Path::from(path), bytes.into()).await.unwrap();
        size
    }

    async fn text(&self, path: &str, text: String) {
        self.store.put(&Path::from(path), text.into()).await.unwrap();
    }

    fn opened(&self, path: &Path) {
        if self.groups.lock().unwrap().contains_key(path.as_ref()) {
            self.asked.lock().unwrap().opened.insert(short(path.as_ref()).to_owned());
        }
    }

    /// Keeps in mind whose values are in `ranges`.
    fn read(&self, location: &Path, ranges: &[Range<u64>]) {
        let groups = self.groups.lock().unwrap().get(location.as_ref()).cloned().unwrap_or_default();
        for (index, group) in groups.iter().enumerate() {
            if ranges.iter().any(|range| range.start < group.end && group.start < range.end) {
                self.asked.lock().unwrap().groups.insert(format!("{}.{index}", short(location.as_ref())));
            }
        }
    }

    /// The files that were opened and the row groups that were read since the last time: `0 1` and `0.2 1.0`.
    pub fn asked(&self) -> (String, String) {
        let Asked { opened, groups } = std::mem::take(&mut *self.asked.lock().unwrap());
        let listed = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
        (listed(opened), listed(groups))
    }
}

/// `0` of `files/repo=alpha/part-0.parquet`.
fn short(path: &str) -> &str {
    path.rsplit('-').next().unwrap().trim_end_matches(".parquet")
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.opened(location);
        let size = self.store.head(location).await?.size;
        // A footer is fetched with what lies before it; page indexes and bloom filters lie behind the values.
        if let Some(GetRange::Bounded(range)) = &options.range
            && range.end < size
        {
            self.read(location, std::slice::from_ref(range));
        }
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.opened(location);
        self.read(location, ranges);
        self.store.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

/// How the files of the dataset lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In one folder, each with its repo.
    Plain,
    /// In a folder for each repo.
    Hive,
    /// The same with a log, which knows the least and the greatest path and id of each.
    Delta,
}

/// Those that a build can read.
pub const LAYOUTS: &[Layout] = if cfg!(feature = "delta") {
    &[Layout::Plain, Layout::Hive, Layout::Delta]
} else {
    &[Layout::Plain, Layout::Hive]
};

/// Every row group of the four files.
pub const ALL: &str = "0.0 0.1 0.2 1.0 1.1 1.2 2.0 2.1 2.2 3.0 3.1 3.2";

/// Row groups of each file, of two rows each.
pub const GROUPS: usize = 3;

/// The repo of file `file`.
fn repo(file: usize) -> &'static str {
    if file < 2 { "alpha" } else { "beta" }
}

/// The rows of file `file` as JSON lines. File, row group and row are the digits of what is in them: `f120` is the id of the first row
/// of the last row group of the second file.
pub fn lines(file: usize) -> String {
    let rows = (0..GROUPS).flat_map(|group| [0, 1].map(|row| format!("{file}{group}{row}")));
    let line = |at: String| {
        let (group, number) = (&at[..2], at.parse::<usize>().unwrap());
        let id = format!("f{at}");
        let reference = |more: usize| {
            format!(
                r#"{{"file_id":"{id}","ref_text":"w{group}","bstart":{},"span":null,"attrs":{{"origin":"o{group}"}}}}"#,
                10 * number + more
            )
        };
        format!(
            r#"{{"repo":"{}","path":"src/{}/{at}.py","file_id":"{id}","refs":[{},{}],"scopes":[{{"name":"s{group}","locals":[{{"slot":{number},"name":"n{at}"}}]}}],"attrs":{{}}}}"#,
            repo(file),
            &at[..1],
            reference(0),
            reference(1),
        )
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}

/// The catalog with views that rename columns of a view.
pub fn views() -> Catalog {
    let mut catalog = catalog();
    let of = |name: &str| {
        let refs: &View = catalog.views.iter().find(|view| view.name == "refs").unwrap();
        refs.columns.iter().find(|column| column.name() == name).unwrap().field.data_type().clone()
    };
    let words = vec![
        required("unit", DataType::Utf8),
        required("place", DataType::Utf8),
        nullable("word", DataType::Utf8),
        nullable("begin", of("bstart")),
    ];
    let renamed = "SELECT file_id AS unit, path AS place, ref_text AS word, bstart AS begin FROM refs";
    let upper = vec![required("u", DataType::Utf8), nullable("w", DataType::Utf8), nullable("b", DataType::Int64)];
    let more = "SELECT unit AS u, word AS w, begin AS b FROM words WHERE word IS NOT NULL";
    let (words, upper) = (view("words", renamed, &["refs"], words), view("more_words", more, &["words"], upper));
    catalog.views.extend([words, upper]);
    catalog
}

/// A session over four files of three row groups, each written with `properties`, and their store.
pub async fn counted(
    layout: Layout,
    properties: &dyn Fn() -> WriterPropertiesBuilder,
) -> (SessionContext, Arc<Counting>) {
    let store = Arc::new(Counting::default());
    let mut log = format!("{PROTOCOL}\n{METADATA}");
    for file in 0..4 {
        let mut rows = batch(&schema(), &lines(file));
        let repo = repo(file);
        let path = match layout {
            Layout::Plain => format!("part-{file}.parquet"),
            Layout::Hive | Layout::Delta => {
                rows = rows.project(&(1..rows.num_columns()).collect::<Vec<_>>()).unwrap();
                format!("repo={repo}/part-{file}.parquet")
            }
        };
        let size = store.file(&format!("files/{path}"), &rows, properties()).await;
        let last = GROUPS - 1;
        let _ = write!(
            log,
            r#"
{{"add":{{"path":"{path}","partitionValues":{{"repo":"{repo}"}},"size":{size},"modificationTime":0,"dataChange":true,"stats":"{{\"numRecords\":6,\"minValues\":{{\"path\":\"src/{file}/{file}00.py\",\"file_id\":\"f{file}00\"}},\"maxValues\":{{\"path\":\"src/{file}/{file}{last}1.py\",\"file_id\":\"f{file}{last}1\"}},\"nullCount\":{{\"path\":0,\"file_id\":0}}}}"}}}}"#
        );
    }
    if layout == Layout::Delta {
        store.text("files/_delta_log/00000000000000000000.json", log).await;
    }
    (over(&store, &views()).await, store)
}

/// A session over the files in `files/` of a store.
pub async fn over(store: &Arc<Counting>, catalog: &Catalog) -> SessionContext {
    let ctx = session(catalog, &Options::default()).unwrap();
    let root = Url::parse("counting://host").unwrap();
    ctx.runtime_env().register_object_store(&root, Arc::clone(store) as Arc<dyn ObjectStore>);
    let location = Location::Url("counting://host/files/".to_owned());
    let registered = register(&ctx, catalog, &Locations::from([("files_v1".to_owned(), location)])).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    store.asked();
    ctx
}

/// Writes nothing but what a writer writes by default.
pub fn plainly() -> WriterPropertiesBuilder {
    WriterProperties::builder()
}

/// How many rows `sql` has, and the row groups that it read.
pub async fn read(ctx: &SessionContext, store: &Counting, sql: &str) -> (usize, String) {
    store.asked();
    let found = rows(ctx, sql).await.num_rows();
    (found, store.asked().1)
}

const PROTOCOL: &str = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#;
const METADATA: &str = r#"{"metaData":{"id":"00000000-0000-0000-0000-000000000000","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"repo\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"path\",\"type\":\"string\",\"nullable\":false,\"metadata\":{}},{\"name\":\"file_id\",\"type\":\"string\",\"nullable\":false,\"metadata\":{}}]}","partitionColumns":["repo"],"configuration":{},"createdTime":0}}"#;
