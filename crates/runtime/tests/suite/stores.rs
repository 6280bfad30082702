//! Stores that do not hand out what they list: each place is named, and everything else is read.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::object_store::memory::InMemory;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use url::Url;

use crate::world::{ROWS, batch, catalog, error, run, schema};

/// A store in memory in which names have a meaning: what is `gone` is listed and not there, what is `denied` may not be read, and
/// what is in the folder `closed` is not listed.
#[derive(Debug, Default)]
struct Moody(InMemory);

impl fmt::Display for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("moody")
    }
}

fn denied(path: &Path) -> Error {
    let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    Error::PermissionDenied { path: path.to_string(), source: Box::new(source) }
}

#[async_trait]
impl ObjectStore for Moody {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if location.as_ref().contains("gone") {
            return Err(Error::NotFound { path: location.to_string(), source: "no such object".into() });
        }
        if location.as_ref().contains("denied") {
            return Err(denied(location));
        }
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listed = self.0.list(prefix);
        let open = |meta: ObjectMeta| {
            if meta.location.as_ref().contains("closed/") { Err(denied(&meta.location)) } else { Ok(meta) }
        };
        // As in a folder of files, a listing ends at its first mistake.
        let mut failed = false;
        listed
            .and_then(move |meta| futures::future::ready(open(meta)))
            .take_while(move |entry| {
                let go_on = !failed;
                failed |= entry.is_err();
                futures::future::ready(go_on)
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match prefix {
            Some(folder) if folder.as_ref().ends_with("closed") => Err(denied(folder)),
            _ => self.0.list_with_delimiter(prefix).await,
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

/// A session over the rows in `files/` of a store, twice: as `sound.parquet` and under `name`.
async fn over(name: &str) -> SessionContext {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema(), None).unwrap();
    writer.write(&batch(&schema(), ROWS)).unwrap();
    writer.close().unwrap();
    let store = Moody::default();
    for name in ["sound.parquet", name] {
        store.put(&Path::from(format!("files/{name}")), bytes.clone().into()).await.unwrap();
    }
    let ctx = session(&catalog(), &Options::default()).unwrap();
    ctx.runtime_env().register_object_store(&Url::parse("moody://host").unwrap(), Arc::new(store));
    register(&ctx, &catalog(), &at("moody://host/files/")).await.unwrap();
    ctx
}

fn at(url: &str) -> Locations {
    Locations::from([("files_v1".to_owned(), Location::Url(url.to_owned()))])
}

async fn checked(ctx: &SessionContext) -> Report {
    verify(ctx, &catalog(), Checks::Rows, &NoProgress).await
}

/// The one finding of a report.
fn only(report: &Report) -> (&Finding, &str) {
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.severity, Severity::Error);
    assert!(finding.remedy.is_some());
    (finding, finding.data.as_ref().unwrap().file.as_str())
}

/// A file that is gone a denied one and a closed folder are named.
#[test]
fn file_gone_or_denied() {
    run(async {
        let cases = [
            ("gone.parquet", "file-vanished", "moody://host/files/gone.parquet"),
            ("denied.parquet", "file-denied", "moody://host/files/denied.parquet"),
            ("closed/a.parquet", "folder-unreadable", "moody://host/files/closed"),
        ];
        for (name, rule, place) in cases {
            let ctx = over(name).await;
            let report = checked(&ctx).await;
            let (finding, seen) = only(&report);
            assert_eq!((finding.name.as_ref(), seen), (rule, place));
            assert!(report.relations.iter().all(|relation| relation.executed), "{name}");
            assert_eq!(report.relations[0].rows, Some(4));
            let said = error(&ctx, "SELECT path FROM files_v1").await;
            assert!(said.contains(place.rsplit('/').next().unwrap()), "{said}");
        }
    });
}

/// A location that may not be listed or has lost its store is named.
#[test]
fn location_denied_or_store_missing() {
    run(async {
        let ctx = over("other.parquet").await;
        register(&ctx, &catalog(), &at("moody://host/closed/")).await.unwrap();
        let report = checked(&ctx).await;
        // A store in memory has no folder `closed`, so nothing is there.
        assert_eq!(only(&report), (only(&report).0, "moody://host/closed/"));
        assert_eq!(only(&report).0.name, "location-without-files");

        let ctx = over("other.parquet").await;
        ctx.runtime_env().deregister_object_store(&Url::parse("moody://host").unwrap()).unwrap();
        let report = checked(&ctx).await;
        let (finding, seen) = only(&report);
        assert_eq!((finding.name.as_ref(), seen), ("location-unreadable", "moody://host/files/"));
        assert!(report.relations.iter().all(|relation| relation.describe_equal && !relation.executed));
    });
}
