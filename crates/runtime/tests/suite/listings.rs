//! Requests of a session to a store: none when a catalog is registered, and later only those that a query needs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cstspec_contract::Catalog;
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use url::Url;

use crate::world::{ROWS, batch, catalog, error, rows, run, schema};

/// A store in memory that remembers what it is asked.
#[derive(Debug, Default)]
struct Counting {
    files: InMemory,
    asked: Mutex<Vec<Asked>>,
}

/// One thing that a store is asked.
#[derive(Clone, Debug)]
enum Asked {
    List,
    Head,
    /// Bytes of a file, with those at its end or without.
    Bytes {
        file: String,
        end: bool,
    },
}

impl Counting {
    /// The requests since the last call, in order.
    fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
    }

    async fn add(&self, name: &str) {
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, schema(), None).unwrap();
        writer.write(&batch(&schema(), ROWS)).unwrap();
        writer.close().unwrap();
        self.files.put(&Path::from(format!("files/{name}.parquet")), bytes.into()).await.unwrap();
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting")
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.files.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let size = self.files.head(location).await?.size;
        let end = match &options.range {
            Some(GetRange::Bounded(range)) => range.end >= size,
            Some(GetRange::Offset(_) | GetRange::Suffix(_)) | None => true,
        };
        let file = location.to_string();
        self.note(if options.head { Asked::Head } else { Asked::Bytes { file, end } });
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.note(Asked::List);
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.note(Asked::List);
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}

/// The catalog, whose listings may be reused for so long.
fn reusing(ttl: Option<Duration>) -> Catalog {
    let mut catalog = catalog();
    catalog.datasets[0].scan.listing_cache_ttl_ms = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap());
    catalog
}

/// A session over that many files of a store, with what it was asked until the catalog is registered.
async fn over(files: usize, catalog: &Catalog) -> (SessionContext, Arc<Counting>) {
    let store = Arc::new(Counting::default());
    for file in 0..files {
        store.add(&format!("part-{file:03}")).await;
    }
    let ctx = session(catalog, &Options { target_partitions: Some(1), ..Options::default() }).unwrap();
    ctx.runtime_env().register_object_store(&Url::parse("counting://host").unwrap(), Arc::clone(&store) as _);
    let location = Location::Url("counting://host/files/".to_owned());
    let locations = Locations::from([("files_v1".to_owned(), location)]);
    let registered = register(&ctx, catalog, &locations).await.unwrap();
    assert!(registered.refused.is_empty());
    (ctx, store)
}

fn lists(asked: &[Asked]) -> usize {
    asked.iter().filter(|asked| matches!(asked, Asked::List)).count()
}

/// The files that something was read of; of their end alone if asked so.
fn opened(asked: &[Asked], only_ends: bool) -> BTreeSet<&str> {
    let file = |asked| match asked {
        &Asked::Bytes { ref file, end } if end || !only_ends => Some(file.as_str()),
        _ => None,
    };
    asked.iter().filter_map(file).collect()
}

/// Nothing is asked until a query is planned to run.
#[test]
fn registration_lists_nothing() {
    run(async {
        let (ctx, store) = over(4, &reusing(None)).await;
        for name in ["files_v1", "refs", "ref_attrs", "locals"] {
            ctx.state().create_logical_plan(&format!("SELECT * FROM {name}")).await.unwrap();
            rows(&ctx, &format!("DESCRIBE {name}")).await;
        }
        assert!(store.taken().is_empty());
        ctx.sql("SELECT * FROM refs").await.unwrap().create_physical_plan().await.unwrap();
        let asked = store.taken();
        assert_eq!((lists(&asked), opened(&asked, false)), (2, BTreeSet::new()), "one for a log, and one for files");
    });
}

/// A limit opens few files and a second query no footer.
#[test]
fn limit_opens_few_files() {
    run(async {
        let (ctx, store) = over(40, &reusing(None)).await;
        rows(&ctx, "SELECT path FROM files_v1 LIMIT 1").await;
        let asked = store.taken();
        assert!(opened(&asked, false).len() <= 2, "{:?}", opened(&asked, false));
        for (sql, expected) in [("SELECT path FROM files_v1", 160), ("SELECT ref_text FROM refs", 120)] {
            rows(&ctx, sql).await;
            store.taken();
            assert_eq!(rows(&ctx, sql).await.num_rows(), expected);
            let asked = store.taken();
            assert_eq!((opened(&asked, false).len(), opened(&asked, true)), (40, BTreeSet::new()));
            assert_eq!((lists(&asked), asked.iter().filter(|asked| matches!(asked, Asked::Head)).count()), (1, 0));
        }
    });
}

const BOTH: &str = "SELECT count(*) AS n FROM files_v1 a JOIN files_v1 b USING (file_id) JOIN refs USING (file_id)";

/// Scans share a listing for as long as the contract says.
#[test]
fn listing_shared_for_ttl() {
    run(async {
        let (ctx, store) = over(1, &reusing(None)).await;
        rows(&ctx, BOTH).await;
        assert_eq!(lists(&store.taken()), 4, "one for a log, and one for each scan");

        let catalog = reusing(Some(Duration::from_hours(1)));
        let (ctx, store) = over(1, &catalog).await;
        rows(&ctx, BOTH).await;
        assert_eq!(lists(&store.taken()), 2);
        store.add("later").await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
        assert_eq!(lists(&store.taken()), 0);
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(report.sources[0].files, 2, "verify looks for itself");

        let short = Duration::from_millis(20);
        let (ctx, store) = over(1, &reusing(Some(short))).await;
        rows(&ctx, "SELECT path FROM files_v1").await;
        store.add("later").await;
        tokio::time::sleep(2 * short).await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 8);
    });
}

/// A listing that fails is not remembered.
#[test]
fn listing_failure_not_cached() {
    run(async {
        let (ctx, store) = over(0, &reusing(Some(Duration::from_hours(1)))).await;
        assert!(error(&ctx, "SELECT path FROM files_v1").await.contains("counting://host/files/"));
        store.add("first").await;
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 4);
    });
}
