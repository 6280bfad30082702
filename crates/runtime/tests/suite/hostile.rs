//! Footers that no writer writes, made byte by byte: deeper, larger or otherwise than their file. None is believed.

#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "its files have some kilobytes")]

use std::path::Path as FilePath;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef};
use cstspec_contract::types::{list, nullable, structure};
use cstspec_contract::{Catalog, Column, Constraints, Origin};
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::world::{self, at, catalog, error, open, rows, run};

/// A value in Thrift's compact protocol.
#[derive(Clone, Debug)]
enum Thrift {
    Int(i64),
    Text(String),
    List(Vec<Thrift>),
    /// A list that says it has so many structures, and has none.
    Claimed(u64),
    Struct(Vec<(i16, Thrift)>),
}

use Thrift::{Claimed, Int, List, Struct, Text};

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

impl Thrift {
    fn kind(&self) -> u8 {
        match self {
            Int(_) => 6,
            Text(_) => 8,
            List(_) | Claimed(_) => 9,
            Struct(_) => 12,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Int(value) => varint(((value << 1) ^ (value >> 63)).cast_unsigned(), out),
            Text(text) => {
                varint(text.len() as u64, out);
                out.extend(text.as_bytes());
            }
            List(items) => {
                // Lists of encodings are lists of 32 bits.
                let kind = items.first().map_or(12, |item| if matches!(item, Int(_)) { 5 } else { item.kind() });
                out.push(0xf0 | kind);
                varint(items.len() as u64, out);
                for item in items {
                    item.write(out);
                }
            }
            Claimed(count) => {
                out.push(0xfc);
                varint(*count, out);
            }
            Struct(fields) => {
                for (id, value) in fields {
                    out.push(value.kind());
                    varint(((i64::from(*id)) << 1).cast_unsigned(), out);
                    value.write(out);
                }
                out.push(0);
            }
        }
    }
}

fn text(text: &str) -> Thrift {
    Text(text.to_owned())
}

/// A column chunk of the leaf `id`, with its pages and what its footer says of it.
#[derive(Clone)]
struct Chunk {
    values: i64,
    stored: i64,
    decompressed: i64,
    at: i64,
    codec: i64,
    physical: i64,
    path: Vec<&'static str>,
    more: Vec<(i16, Thrift)>,
    /// Fields of the chunk itself, beside its metadata.
    beside: Vec<(i16, Thrift)>,
}

/// A file of one required column of 64-bit integers, as its footer has it.
#[derive(Clone)]
struct Footer {
    data: Vec<u8>,
    schema: Vec<Thrift>,
    rows: i64,
    groups: Vec<(i64, Vec<Chunk>)>,
    /// In the place of the row groups.
    instead: Option<Thrift>,
    pairs: Vec<(&'static str, String)>,
}

const ROWS: i64 = 40;

fn group(name: &str, children: i64) -> Thrift {
    Struct(vec![(3, Int(1)), (4, text(name)), (5, Int(children))])
}

fn leaf(name: &str) -> Thrift {
    Struct(vec![(1, Int(2)), (3, Int(0)), (4, text(name))])
}

/// A page of the values 0 to `rows`, said to have these sizes.
fn page(rows: i64, stored: Option<i64>, decompressed: Option<i64>) -> Vec<u8> {
    let body: Vec<u8> = (0..rows).flat_map(i64::to_le_bytes).collect();
    let size = body.len() as i64;
    let header = Struct(vec![
        (1, Int(0)),
        (2, Int(decompressed.unwrap_or(size))),
        (3, Int(stored.unwrap_or(size))),
        (5, Struct(vec![(1, Int(rows)), (2, Int(0)), (3, Int(3)), (4, Int(3))])),
    ]);
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend(body);
    out
}

impl Footer {
    /// Row groups of 25 and 15 rows.
    fn sound() -> Self {
        Self::of(&[page(25, None, None), page(15, None, None)], &[25, 15])
    }

    fn of(pages: &[Vec<u8>], rows: &[i64]) -> Self {
        let mut data = b"PAR1".to_vec();
        let mut groups = Vec::new();
        for (page, rows) in pages.iter().zip(rows) {
            let size = page.len() as i64;
            let chunk = Chunk {
                values: *rows,
                stored: size,
                decompressed: size,
                at: data.len() as i64,
                codec: 0,
                physical: 2,
                path: vec!["id"],
                more: Vec::new(),
                beside: Vec::new(),
            };
            groups.push((*rows, vec![chunk]));
            data.extend(page);
        }
        let root = Struct(vec![(4, text("schema")), (5, Int(1))]);
        let rows = rows.iter().sum();
        Self { data, schema: vec![root, leaf("id")], rows, groups, instead: None, pairs: Vec::new() }
    }

    fn chunk(mut self, group: usize, change: impl FnOnce(&mut Chunk)) -> Self {
        change(&mut self.groups[group].1[0]);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let chunk = |chunk: &Chunk| {
            let path = chunk.path.iter().map(|name| text(name)).collect();
            let mut fields = vec![
                (1, Int(chunk.physical)),
                (2, List(vec![Int(0)])),
                (3, List(path)),
                (4, Int(chunk.codec)),
                (5, Int(chunk.values)),
                (6, Int(chunk.decompressed)),
                (7, Int(chunk.stored)),
                (9, Int(chunk.at)),
            ];
            fields.extend(chunk.more.iter().cloned());
            let mut whole = vec![(2, Int(0)), (3, Struct(fields))];
            whole.extend(chunk.beside.iter().cloned());
            Struct(whole)
        };
        let group = |(rows, chunks): &(i64, Vec<Chunk>)| {
            Struct(vec![(1, List(chunks.iter().map(chunk).collect())), (2, Int(0)), (3, Int(*rows))])
        };
        let groups = self.instead.clone().unwrap_or_else(|| List(self.groups.iter().map(group).collect()));
        let mut fields = vec![(1, Int(1)), (2, List(self.schema.clone())), (3, Int(self.rows)), (4, groups)];
        if !self.pairs.is_empty() {
            let pair = |(key, value): &(&str, String)| Struct(vec![(1, text(key)), (2, text(value))]);
            fields.push((5, List(self.pairs.iter().map(pair).collect())));
        }
        let (mut out, mut footer) = (self.data.clone(), Vec::new());
        Struct(fields).write(&mut footer);
        out.extend(&footer);
        out.extend((footer.len() as u32).to_le_bytes());
        out.extend(b"PAR1");
        out
    }
}

/// A catalog of one dataset with these columns.
fn contract(columns: Vec<FieldRef>) -> Catalog {
    let mut catalog = catalog();
    let dataset = &mut catalog.datasets[0];
    dataset.columns = columns
        .into_iter()
        .map(|field| Column { origin: Origin::new("datasets/files.yaml", ""), doc: String::new(), field })
        .collect();
    (dataset.partitions, dataset.constraints) = (Vec::new(), Constraints::default());
    dataset.nested = cstspec_contract::NestedOrigins::default();
    (catalog.views, catalog.statements) = (Vec::new(), Vec::new());
    catalog
}

fn ids() -> Catalog {
    contract(vec![nullable("id", DataType::Int64)])
}

/// Writes the file, and says what a query over it fails with; it does so again, when the session knows the file, and with another query.
async fn refused(folder: &FilePath, footer: &Footer) -> String {
    let path = folder.join("hostile.parquet");
    std::fs::write(&path, footer.bytes()).unwrap();
    let ctx = open(&ids(), &at(&path)).await;
    let said = error(&ctx, "SELECT * FROM files_v1").await;
    assert!(said.contains("hostile.parquet"), "{said}");
    assert_eq!(error(&ctx, "SELECT id FROM files_v1 WHERE id > 3").await, said, "a footer that was refused stays so");
    said
}

/// The findings of `verify`.
async fn verified(folder: &FilePath, footer: &Footer, checks: Checks) -> Vec<String> {
    let path = folder.join("hostile.parquet");
    std::fs::write(&path, footer.bytes()).unwrap();
    let catalog = ids();
    let ctx = open(&catalog, &at(&path)).await;
    let report = verify(&ctx, &catalog, checks, &NoProgress).await;
    report.findings.iter().map(|finding| finding.code.to_string()).collect()
}

/// Footer made by hand is read.
#[test]
fn footer_made_by_hand() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sound.parquet");
        std::fs::write(&path, Footer::sound().bytes()).unwrap();
        let ctx = open(&ids(), &at(&path)).await;
        assert_eq!(rows(&ctx, "SELECT * FROM files_v1").await.num_rows() as i64, ROWS);
        assert_eq!(verified(folder.path(), &Footer::sound(), Checks::Rows).await, [""; 0]);
    });
}

/// A change of a sound footer, and words of what is said of it.
type Changed = (&'static str, fn(Footer) -> Footer, &'static str);

const CHANGED: &[Changed] = &[
    ("no rows over 40", |footer| Footer { rows: 0, ..footer }, "the file has 0 rows, and its row groups have 40"),
    (
        "40 rows and no groups",
        |footer| Footer { groups: Vec::new(), ..footer },
        "the file has 40 rows, and its row groups have 0",
    ),
    (
        "group of no rows",
        |mut footer| {
            footer.groups[0].0 = 0;
            footer.rows = 15;
            footer
        },
        "25 values, and the row group has 0 rows",
    ),
    (
        "group of 39 rows",
        |mut footer| {
            footer.groups[0].0 = 39;
            footer.rows = 54;
            footer
        },
        "25 values, and the row group has 39 rows",
    ),
    (
        "group of 41 rows",
        |mut footer| {
            footer.groups[0].0 = 41;
            footer.rows = 56;
            footer
        },
        "25 values, and the row group has 41 rows",
    ),
    (
        "group of 2^62 rows",
        |mut footer| {
            footer.groups[0].0 = 1 << 62;
            footer.rows = (1 << 62) + 15;
            footer
        },
        "25 values, and the row group has 4611686018427387904 rows",
    ),
    (
        "2^62 rows and values",
        |mut footer| {
            footer.groups[0].0 = 1 << 62;
            footer.rows = (1 << 62) + 15;
            footer.chunk(0, |chunk| chunk.values = 1 << 62)
        },
        "4611686018427387904 values in",
    ),
    (
        "two groups of 2^62 rows",
        |mut footer| {
            for group in &mut footer.groups {
                group.0 = i64::MAX;
                group.1[0].values = i64::MAX;
            }
            footer
        },
        "values in",
    ),
    (
        "group of -1 rows",
        |mut footer| {
            footer.groups[0].0 = -1;
            footer.rows = 14;
            footer
        },
        "row group 0 says that it has -1 rows",
    ),
    ("chunk of 2^62 bytes", |footer| footer.chunk(0, |chunk| chunk.stored = 1 << 62), "and the file has data at 4.."),
    (
        "chunk of 2^63 - 1 bytes",
        |footer| footer.chunk(0, |chunk| chunk.stored = i64::MAX),
        "and the file has data at 4..",
    ),
    ("chunk of 2^31 bytes", |footer| footer.chunk(1, |chunk| chunk.stored = 1 << 31), "and the file has data at 4.."),
    ("chunk of -1 bytes", |footer| footer.chunk(0, |chunk| chunk.stored = -1), "-1 bytes"),
    ("chunk of no bytes", |footer| footer.chunk(0, |chunk| chunk.stored = 0), "25 values in 0 bytes"),
    ("chunk at -9", |footer| footer.chunk(0, |chunk| chunk.at = -9), "its pages are at -9"),
    ("chunk at the magic", |footer| footer.chunk(0, |chunk| chunk.at = 0), "its pages are at 0.."),
    ("chunk on another", |footer| footer.chunk(1, |chunk| chunk.at -= 1), "of another"),
    (
        "chunk of 2^62 bytes decompressed",
        |footer| footer.chunk(0, |chunk| chunk.decompressed = 1 << 62),
        "which UNCOMPRESSED cannot do",
    ),
    ("chunk of -1 bytes decompressed", |footer| footer.chunk(0, |chunk| chunk.decompressed = -1), "-1 decompressed"),
    (
        "chunk of another type",
        |footer| footer.chunk(0, |chunk| chunk.physical = 5),
        "its type in the column chunk is not that of the schema",
    ),
    (
        "dictionary of another chunk",
        |footer| footer.chunk(1, |chunk| chunk.more.push((11, Int(4)))),
        "its first data page is at",
    ),
    (
        "column index of 2^31 - 1 bytes",
        |footer| footer.chunk(0, |chunk| chunk.beside = vec![(6, Int(4)), (7, Int(i64::from(i32::MAX)))]),
        "its column index is at 4..",
    ),
    (
        "offset index at -4",
        |footer| footer.chunk(0, |chunk| chunk.beside = vec![(4, Int(-4)), (5, Int(8))]),
        "its offset index is at -4",
    ),
    (
        "offset index over pages",
        |footer| footer.chunk(0, |chunk| chunk.beside = vec![(4, Int(4)), (5, Int(8))]),
        "of another",
    ),
    (
        "bloom filter of 2^31 - 1 bytes",
        |footer| footer.chunk(0, |chunk| chunk.more = vec![(14, Int(4)), (15, Int(i64::from(i32::MAX)))]),
        "its bloom filter is at 4..",
    ),
    (
        "bloom filter behind the file",
        |footer| footer.chunk(0, |chunk| chunk.more = vec![(14, Int(1 << 40))]),
        "its bloom filter is at 1099511627776",
    ),
    (
        "two chunks of one leaf",
        |mut footer| {
            let chunk = footer.groups[0].1[0].clone();
            footer.groups[0].1.push(chunk);
            footer
        },
        "more column chunks than the schema has leaves",
    ),
    (
        "2^31 - 1 row groups",
        |footer| Footer { instead: Some(Claimed(u64::from(i32::MAX.unsigned_abs()))), ..footer },
        "cannot be followed",
    ),
    ("2^62 row groups", |footer| Footer { instead: Some(Claimed(1 << 62)), ..footer }, "cannot be followed"),
    ("row groups that are a number", |footer| Footer { instead: Some(Int(3)), ..footer }, "cannot be followed"),
    (
        "group of 2^31 - 1 fields",
        |mut footer| {
            footer.schema[0] = group("schema", i64::from(i32::MAX));
            footer
        },
        "says that it has 2147483647 fields, and 1 follow",
    ),
    (
        "group of -1 fields",
        |mut footer| {
            footer.schema[0] = group("schema", -1);
            footer
        },
        "says that it has -1 fields",
    ),
    (
        "node beside the root",
        |mut footer| {
            footer.schema.push(leaf("x"));
            footer
        },
        "1 nodes beside its root",
    ),
    (
        "group that lacks a field",
        |mut footer| {
            footer.schema[0] = group("schema", 2);
            footer.schema[1] = group("g", 1);
            footer.schema.push(leaf("id"));
            footer
        },
        "lacks 1 fields",
    ),
    ("10,000 groups in one another", |footer| nested(footer, 10_000), "nests deeper than"),
    ("100,000 groups in one another", |footer| nested(footer, 100_000), "nests deeper than"),
    (
        "10,000 leaves below a long name",
        |mut footer| {
            footer.schema = vec![group("schema", 1), group(&"n".repeat(50_000), 10_000)];
            footer.schema.extend((0..10_000).map(|_| leaf("x")));
            footer
        },
        "the paths of its columns take more than",
    ),
    (
        "Arrow schema of another type",
        |footer| Footer { pairs: vec![("ARROW:schema", damaged_arrow_schema())], ..footer },
        "no sound type for `id`",
    ),
];

/// `footer` with its column inside so many groups.
fn nested(mut footer: Footer, checks: usize) -> Footer {
    footer.schema = vec![group("schema", 1)];
    footer.schema.extend((0..checks).map(|_| group("g", 1)));
    footer.schema.push(leaf("id"));
    footer
}

/// The Arrow schema of `id` with a width of integers that there is not.
fn damaged_arrow_schema() -> String {
    use arrow::datatypes::{Field, Schema};
    use datafusion::parquet::arrow::encode_arrow_schema;
    let of = |data_type| encode_arrow_schema(&Schema::new(vec![Field::new("id", data_type, true)]));
    let decode = |text: &str| base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap();
    let (one, other) = (decode(&of(DataType::Int32)), decode(&of(DataType::Int16)));
    let place = one.iter().zip(&other).position(|(one, other)| *one == 32 && *other == 16).unwrap();
    let mut damaged = one;
    damaged[place] = 33;
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, damaged)
}

/// Footer that contradicts its file or itself is refused.
#[test]
fn footer_contradictory() {
    run(async {
        let folder = TempDir::new().unwrap();
        for (name, change, words) in CHANGED {
            let footer = change(Footer::sound());
            let said = refused(folder.path(), &footer).await;
            assert!(said.contains(words), "{name}: {said}");
            let codes = verified(folder.path(), &footer, Checks::Schema).await;
            let code = if name.starts_with("Arrow") { "R112" } else { "R110" };
            assert_eq!(codes, [code], "{name}");
        }
    });
}

/// A footer longer than any that is read is refused by its length.
#[test]
fn footer_longer_than_read() {
    use std::io::{Seek as _, SeekFrom, Write as _};
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("hostile.parquet");
        for length in [(256 << 20) + 1, i32::MAX.unsigned_abs(), u32::MAX] {
            // The file has a hole of that size.
            let mut file = std::fs::File::create(&path).unwrap();
            file.write_all(b"PAR1").unwrap();
            file.seek(SeekFrom::Current(i64::from(length))).unwrap();
            file.write_all(&length.to_le_bytes()).unwrap();
            file.write_all(b"PAR1").unwrap();
            drop(file);
            let ctx = open(&ids(), &at(&path)).await;
            let said = error(&ctx, "SELECT * FROM files_v1").await;
            assert!(said.contains("hostile.parquet") && said.contains("can be read"), "{length}: {said}");
        }
    });
}

/// Footer that the engine has cached is held all the same.
#[test]
fn footer_cached_by_engine() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("hostile.parquet");
        let mut footer = Footer::sound();
        (footer.groups[0].0, footer.rows) = (41, 56);
        std::fs::write(&path, footer.bytes()).unwrap();
        let ctx = open(&ids(), &at(&path)).await;
        let ddl = format!("CREATE EXTERNAL TABLE theirs STORED AS PARQUET LOCATION '{}'", path.display());
        ctx.sql(&ddl).await.unwrap().collect().await.unwrap();
        let counted = world::text(&ctx, "SELECT count(*) AS n FROM theirs").await;
        assert!(counted.contains("56"), "the engine no longer believes a footer: {counted}");
        let said = error(&ctx, "SELECT count(*) FROM files_v1").await;
        assert!(said.contains("25 values, and the row group has 41 rows"), "{said}");
    });
}

/// Pages that contradict the footer are refused.
#[test]
fn pages_contradict_footer() {
    let huge = i64::from(i32::MAX);
    let cases: [(&str, Footer, &str); 6] = [
        ("stored", Footer::of(&[page(25, Some(huge), None)], &[25]), "says that it has 2147483647 bytes"),
        ("negative", Footer::of(&[page(25, Some(-1), None)], &[25]), "says that it has -1 bytes"),
        ("decompressed", Footer::of(&[page(25, None, Some(huge))], &[25]), "2147483647 decompressed"),
        ("values", Footer::of(&[page(24, None, None)], &[25]), "have 24 values, and the footer says 25"),
        ("more values", Footer::of(&[page(26, None, None)], &[25]), "have 26 values, and the footer says 25"),
        ("no page", Footer::of(&[vec![0xff; 90]], &[25]), "a header that cannot be read"),
    ];
    run(async {
        let folder = TempDir::new().unwrap();
        for (name, footer, words) in cases {
            let said = refused(folder.path(), &footer).await;
            assert!(said.contains(words) && said.contains("column `id`, row group 0"), "{name}: {said}");
            assert_eq!(verified(folder.path(), &footer, Checks::Schema).await, ["R113"], "{name}");
            assert_eq!(verified(folder.path(), &footer, Checks::Rows).await, ["R113"], "{name}");
        }
        // A codec that can make as much of so few bytes is believed no more than the chunk.
        let mut large = page(25, None, Some(100 << 20));
        large.resize(4096, 0);
        let zstd = Footer::of(&[large], &[25]).chunk(0, |chunk| chunk.codec = 6);
        let said = refused(folder.path(), &zstd).await;
        assert!(said.contains("column `id`, row group 0"), "{said}");
    });
}

/// A file whose column is as deep as that, and the column as a contract declares it.
fn deep(checks: usize, lists: bool) -> (Footer, FieldRef) {
    let mut footer = nested(Footer::sound(), checks);
    for (_, chunks) in &mut footer.groups {
        chunks[0].path = Vec::new();
    }
    let (mut data_type, required) = (DataType::Int64, 0);
    for (level, node) in footer.schema[1..=checks].iter_mut().enumerate().rev() {
        let (optional, repeated, list_type) = (1, 2, 3);
        let (form, inner) = match (lists, level % 2 == 0) {
            (false, _) => {
                let name = if level + 1 == checks { "id" } else { "g" };
                (vec![(3, Int(required))], structure([nullable(name, data_type)]))
            }
            (true, true) => (vec![(3, Int(optional)), (6, Int(list_type))], list(data_type)),
            (true, false) => (vec![(3, Int(repeated))], data_type),
        };
        data_type = inner;
        let mut fields = vec![(4, text("g")), (5, Int(1))];
        fields.extend(form);
        *node = Struct(fields);
    }
    (footer, nullable("g", data_type))
}

/// Everything that is done with such a file, on a stack of 2 MB, which is what a thread has where nobody says otherwise.
fn on_a_small_stack(checks: usize, lists: bool) -> (Vec<String>, Result<usize, String>) {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("deep.parquet");
            let (footer, column) = deep(checks, lists);
            std::fs::write(&path, footer.bytes()).unwrap();
            let catalog = contract(vec![column]);
            let ctx = open(&catalog, &at(&path)).await;
            let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
            let codes = report.findings.iter().map(|finding| finding.code.to_string()).collect();
            let read = ctx.sql("SELECT * FROM files_v1").await.unwrap().collect().await;
            let rows = read.map(|batches| batches.iter().map(RecordBatch::num_rows).sum());
            (codes, rows.map_err(|error| error.to_string()))
        })
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap()
}

/// Schema as deep as any that is read fits a small stack.
#[test]
fn deep_schema_small_stack() {
    let (codes, read) = on_a_small_stack(64, false);
    assert_eq!((codes, read), (Vec::new(), Ok(40)));
    // Its pages have no levels: all but the rows is read.
    let (codes, read) = on_a_small_stack(64, true);
    assert!(
        codes.contains(&"R113".to_owned()) && read.as_ref().is_err_and(|said| said.contains("deep.parquet")),
        "{read:?}"
    );
    for lists in [false, true] {
        let (codes, read) = on_a_small_stack(65, lists);
        assert!(codes.contains(&"R110".to_owned()), "{codes:?}");
        assert!(read.as_ref().is_err_and(|said| said.contains("nests deeper than 64 groups")), "{read:?}");
    }
}
