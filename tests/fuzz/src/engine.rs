//! The engine under a target: sessions over data that the target makes.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use std::{fs, thread};

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use cstspec_runtime::{Location, Locations, Options, limits, register, session};
use cstspec_spec::compile_embedded;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The stack of a thread that plans, in bytes: the command's.
const STACK: usize = 32 << 20;

/// The threads that the engine runs on.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build().expect("threads of the engine")
});

/// Runs what `make` makes to its end, on a thread with the stack that the command plans on.
pub fn run<T: Send + 'static, F: Future<Output = T>>(make: impl FnOnce() -> F + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || THREADS.block_on(make())).expect("a thread");
    match thread.join() {
        Ok(answer) => answer,
        Err(panic) => resume_unwind(panic),
    }
}

/// The memory of a session's operators, in bytes, by which the command limits functions as well.
const MEMORY: u64 = 1 << 30;

/// Rows after which a query is left: it read enough.
const MOST_ROWS: usize = 100_000;

/// Time after which a query is left: plans without bound are another test's.
const LONGEST: Duration = Duration::from_secs(20);

/// Columns of the LibCST table, and the column of footers that are made by hand: each input verifies few relations, so that there is
/// time for many inputs.
const SPECS: [(&str, &str); 4] = [
    ("catalog.yaml", "catalog: fuzzed\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n"),
    ("plain.yaml", "session: plain\n"),
    (
        "trees.yaml",
        "dataset: trees\nversion: 1\ncolumns:\n  id: int64\n  path: utf8\n  file_id: utf8\n  attrs: 'map<utf8, utf8>'\n  \
         refs: 'list<struct<ref_id: utf8, ref_kind: utf8, bstart: int64, at: timestamp(us, UTC)>>'\n",
    ),
    ("refs.yaml", "view: refs\nrows: { of: trees, unnest: refs }\ncolumns: { path: row }\n"),
];

/// A session of `catalog` with one dataset at `path`.
pub async fn open(catalog: &Catalog, dataset: &str, path: &Path) -> Option<SessionContext> {
    let options = Options { spare_memory_limit: Some(MEMORY), ..Options::default() };
    let ctx = session(catalog, &options).expect("settings that `check` passes");
    let location = Location::parse(&path.display().to_string()).ok()?;
    register(&ctx, catalog, &Locations::from([(dataset.to_owned(), location)])).await.ok()?;
    Some(ctx)
}

/// Reads the rows of a query, as far as a target goes.
///
/// # Errors
///
/// The engine's error. It panics where a part of the engine did.
pub async fn read(ctx: &SessionContext, sql: &str) -> Result<usize, DataFusionError> {
    let asked = async {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let plan = limits::plan(&ctx.state(), sql).await?;
        options.verify_plan(&plan)?;
        let mut rows = ctx.execute_logical_plan(plan).await?.execute_stream().await?;
        let mut count = 0;
        while let Some(batch) = rows.next().await {
            count += batch?.num_rows();
            if count > MOST_ROWS {
                break;
            }
        }
        Ok(count)
    };
    let answer: Result<usize, DataFusionError> = tokio::time::timeout(LONGEST, asked).await.unwrap_or(Ok(0));
    if let Err(error) = &answer {
        let text = error.to_string();
        assert!(!text.contains("panic"), "a part of the engine panicked: {text}");
    }
    answer
}

static CATALOG: LazyLock<Option<Catalog>> = LazyLock::new(|| compile_embedded(&SPECS).catalog);

/// Verifies a catalog over the data at `path`, and reads its relations.
pub fn hold(path: &Path) {
    let path = path.to_owned();
    run(|| async move {
        let catalog = CATALOG.as_ref().expect("specs that `check` passes");
        let Some(ctx) = open(catalog, "trees", &path).await else { return };
        sound(&verify(&ctx, catalog, Checks::Rows, &NoProgress).await);
        for relation in ["trees", "refs"] {
            let _ = read(&ctx, &format!("SELECT count(*) FROM {relation}")).await;
            let _ = read(&ctx, &format!("SELECT * FROM {relation}")).await;
        }
    });
}

/// No finding tells of a mistake of ours.
fn sound(report: &Report) {
    for finding in &report.findings {
        assert!(!finding.message.contains("panic"), "a part of the engine panicked: {finding:?}");
        assert!(finding.remedy.is_some(), "no help: {finding:?}");
    }
}

/// A folder that holds the sample table under this name.
pub fn sample(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), cstspec_libcst::SAMPLE).expect("the sample");
    folder
}
