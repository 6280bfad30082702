//! A store that fails, changes or lies between two calls: right rows, or an error that names the file.
//!
//! Each run takes its faults from a seed. `CSTSPEC_FAULTS` asks for more runs than the few of every test, `CSTSPEC_SEED` for one again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::array::AsArray as _;
use async_trait::async_trait;
use bytes::Bytes;
use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Severity};
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use fastrand::Rng;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use url::Url;

use crate::world::{batch, catalog, run, schema};

/// How many runs there are where nobody asks for more.
const RUNS: u64 = 48;
/// The files of a run.
const FILES: usize = 4;

/// The fate of a file at one of the calls that request its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It fails.
    Fails,
    /// It brings fewer bytes.
    Short,
    /// It brings other bytes than were asked for.
    Shifted,
    /// The file is gone from then on.
    Gone,
    /// It is another version from then on, which the store says.
    Replaced,
    /// It takes a while.
    Slow,
    /// The listing says that it has more bytes than it has.
    Larger,
    /// The listing says that it has fewer.
    Smaller,
}

const FAULTS: [Fault; 8] = [
    Fault::Fails,
    Fault::Short,
    Fault::Shifted,
    Fault::Gone,
    Fault::Replaced,
    Fault::Slow,
    Fault::Larger,
    Fault::Smaller,
];

/// A store in memory with one fault.
#[derive(Debug)]
struct Faulty {
    inner: InMemory,
    fault: Fault,
    /// The file at fault.
    at: Path,
    /// How many calls it answers before.
    calls: Mutex<usize>,
    /// Whether later calls are without the fault.
    once: bool,
    /// Its next version.
    next: Bytes,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl Faulty {
    /// Whether the fault is due at this call.
    fn is_due(&self, location: &Path) -> bool {
        if *location != self.at {
            return false;
        }
        let mut calls = self.calls.lock().unwrap();
        match *calls {
            0 => {
                *calls = if self.once { usize::MAX } else { 0 };
                true
            }
            usize::MAX => false,
            _ => {
                *calls -= 1;
                false
            }
        }
    }
}

/// The listing of a store with a fault.
fn listed(fault: Fault, at: &Path, meta: ObjectMeta) -> ObjectMeta {
    let size = match fault {
        Fault::Larger if meta.location == *at => meta.size + 1,
        Fault::Smaller if meta.location == *at => meta.size - 1,
        _ => meta.size,
    };
    ObjectMeta { size, ..meta }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !self.is_due(location) {
            return self.inner.get_opts(location, options).await;
        }
        match self.fault {
            Fault::Fails => return Err(Error::Generic { store: "faulty", source: "the line is down".into() }),
            Fault::Gone => {
                self.inner.delete(location).await?;
            }
            Fault::Replaced => {
                self.inner.put(location, self.next.clone().into()).await?;
            }
            Fault::Slow => {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
            Fault::Short | Fault::Shifted | Fault::Larger | Fault::Smaller => {}
        }
        let got = self.inner.get_opts(location, options).await?;
        let (meta, range, attributes) = (got.meta.clone(), got.range.clone(), got.attributes.clone());
        let bytes = got.bytes().await?;
        let bytes = match self.fault {
            Fault::Short => bytes.slice(..bytes.len() / 2),
            _ => bytes,
        };
        let range = match self.fault {
            Fault::Shifted => Range { start: range.start + 1, end: range.end + 1 },
            _ => range,
        };
        let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (fault, at) = (self.fault, self.at.clone());
        self.inner.list(prefix).map(move |entry| entry.map(|meta| listed(fault, &at, meta))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let found = self.inner.list_with_delimiter(prefix).await?;
        let objects = found.objects.into_iter().map(|meta| listed(self.fault, &self.at, meta)).collect();
        Ok(ListResult { objects, ..found })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A file of so many `rows`, each of which says of which `file`, version and number of rows it is.
pub fn version(file: &str, version: usize, rows: usize) -> Vec<u8> {
    let rows: Vec<String> = (0..rows)
        .map(|row| {
            format!(
                r#"{{"path":"{file}|{version}|{rows}","file_id":"{file}-{version}-{row}","refs":[{{"file_id":"x"}}]}}"#
            )
        })
        .collect();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, plain_schema(), None).unwrap();
    writer.write(&batch(&plain_schema(), &rows.join("\n"))).unwrap();
    writer.close().unwrap();
    bytes
}

fn plain_schema() -> arrow::datatypes::SchemaRef {
    let columns = schema().fields().iter().filter(|field| field.name() != "repo").cloned().collect::<Vec<_>>();
    Arc::new(arrow::datatypes::Schema::new_with_metadata(columns, schema().metadata().clone()))
}

/// The catalog without partitions: its files lie side by side.
pub fn side_by_side() -> Catalog {
    let mut catalog = catalog();
    catalog.datasets[0].partitions.clear();
    catalog
}

/// Whether the rows of each file are those of one version, and all of them; how many rows there are of each file.
///
/// # Errors
///
/// The error of the rows.
pub fn whole(paths: &[String]) -> std::result::Result<BTreeMap<String, usize>, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        *counts.entry(path).or_default() += 1;
    }
    let mut files = BTreeMap::new();
    for (path, count) in counts {
        let mut parts = path.split('|');
        let (file, rows) = (parts.next().unwrap(), parts.nth(1).unwrap());
        if rows != count.to_string() {
            return Err(format!("{count} rows of `{path}`"));
        }
        if files.insert(file.to_owned(), count).is_some() {
            return Err(format!("two versions of `{file}`"));
        }
    }
    Ok(files)
}

/// The paths that a query answers, or its error.
pub async fn paths(ctx: &SessionContext) -> std::result::Result<Vec<String>, String> {
    // With a nested column, so that several chunks are read.
    let sql = "SELECT path, file_id, refs FROM files_v1";
    let frame = ctx.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    let texts = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
    Ok(texts.collect())
}

/// Holds a report against the rows that each file may have: each error names its file, and what is counted is of the others.
///
/// # Errors
///
/// The fault that is not reported.
pub fn explained(report: &Report) -> std::result::Result<BTreeSet<String>, String> {
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let mut named = BTreeSet::new();
    for finding in errors {
        match &finding.data {
            Some(place) => named.insert(place.file.clone()),
            None => return Err(format!("no file is named: {finding:#?}")),
        };
        let told = format!("{finding:?}");
        if told.contains("panicked") || told.contains("JoinError") {
            return Err(told);
        }
    }
    let unread = report.relations.iter().find(|relation| !relation.executed);
    match unread {
        Some(relation) if named.is_empty() => Err(format!("`{}` was not read, and nobody says why", relation.name)),
        _ => Ok(named),
    }
}

/// A faulty store gives right rows or an error that names the file.
#[test]
fn faulty_store() {
    let seeds: Vec<u64> = match (number("CSTSPEC_SEED"), number("CSTSPEC_FAULTS")) {
        (Some(seed), _) => vec![seed],
        (None, runs) => (0..runs.unwrap_or(RUNS)).collect(),
    };
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for seed in seeds {
        let (fault, outcome) = run(one(seed));
        match outcome {
            Ok(outcome) => *told.entry(format!("{fault:?}: {outcome}")).or_default() += 1,
            Err(wrong) => panic!("CSTSPEC_SEED={seed}, {fault:?}: {wrong}"),
        }
    }
    println!("{told:#?}");
}

pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// One run: what was at fault, and what came of it.
async fn one(seed: u64) -> (Fault, std::result::Result<&'static str, String>) {
    let mut rng = Rng::with_seed(seed);
    let inner = InMemory::new();
    let mut expected = BTreeMap::new();
    for index in 0..FILES {
        let (file, rows) = (format!("f{index}"), rng.usize(1..40));
        let at = Path::from(format!("files/{file}.parquet"));
        inner.put(&at, version(&file, 0, rows).into()).await.unwrap();
        expected.insert(file, rows);
    }
    let fault = FAULTS[rng.usize(..FAULTS.len())];
    let name = format!("f{}", rng.usize(..FILES));
    // Of the same size and number of rows, and of another.
    let rows = if rng.bool() { expected[&name] } else { rng.usize(1..40) };
    let store = Faulty {
        inner,
        fault,
        at: Path::from(format!("files/{name}.parquet")),
        calls: Mutex::new(rng.usize(0..6)),
        once: rng.bool(),
        next: version(&name, 1, rows).into(),
    };
    let ctx = session(&side_by_side(), &Options::default()).unwrap();
    ctx.runtime_env().register_object_store(&Url::parse("faulty://host").unwrap(), Arc::new(store));
    let at = Location::Url("faulty://host/files/".to_owned());
    register(&ctx, &side_by_side(), &Locations::from([("files_v1".to_owned(), at)])).await.unwrap();
    let outcome = match rng.u8(..3) {
        0 => match paths(&ctx).await {
            Ok(paths) => whole(&paths).and_then(|found| {
                let same = expected.keys().eq(found.keys());
                if same { Ok("right rows") } else { Err(format!("{found:?} of {expected:?}")) }
            }),
            Err(error) if error.contains(&format!("files/{name}.parquet")) && !error.contains("panicked") => {
                Ok("a query that names the file")
            }
            Err(error) => Err(error),
        },
        depth => {
            let depth = if depth == 1 { Checks::Schema } else { Checks::Rows };
            let report = verify(&ctx, &side_by_side(), depth, &NoProgress).await;
            explained(&report).and_then(|named| {
                let at_fault = format!("faulty://host/files/{name}.parquet");
                let others: usize = expected.iter().filter(|(file, _)| **file != name).map(|(_, rows)| rows).sum();
                let counted = report.relations[0].rows;
                let of_fault = counted.and_then(|rows| usize::try_from(rows).ok()?.checked_sub(others));
                match of_fault {
                    _ if named.iter().any(|named| *named != at_fault) => Err(format!("{named:?}")),
                    Some(0) if named.len() == 1 => Ok("a finding that names the file"),
                    // It was replaced before it was listed, or after its rows were counted.
                    Some(counted) if counted == expected[&name] || counted == rows => Ok("right counts"),
                    _ => Err(format!("{counted:?} rows of {expected:?}: {:#?}", report.findings)),
                }
            })
        }
    };
    (fault, outcome)
}
