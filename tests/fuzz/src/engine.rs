//! The engine under a target: sessions over data that the target makes.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use std::{fs, thread};

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionContext;
use futures::StreamExt as _;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The stack of a thread that plans, in bytes: the command's.
const STACK: usize = 16 << 20;

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

/// Rows after which a query is left: it read enough.
const MOST_ROWS: usize = 100_000;

/// Time after which a query is left: plans without bound are another test's.
const LONGEST: Duration = Duration::from_secs(20);

/// The dataset of the LibCST catalog.
const DATASET: &str = "libcst_files_v1";

/// A session of `catalog` with one dataset at `path`.
pub async fn open(catalog: &Catalog, dataset: &str, path: &Path) -> Option<SessionContext> {
    let ctx = session(catalog, &Options::default()).expect("settings that `check` passes");
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
        let mut rows = ctx.sql_with_options(sql, options).await?.execute_stream().await?;
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

/// Verifies the LibCST catalog over the data at `path`, and reads some of its views.
pub fn hold(path: &Path) {
    let path = path.to_owned();
    run(|| async move {
        let catalog = cstspec_libcst::catalog();
        let Some(ctx) = open(&catalog, DATASET, &path).await else { return };
        sound(&verify(&ctx, &catalog, Checks::Rows, &NoProgress).await);
        for relation in [DATASET, "cst_refs", "cst_nodes_attrs"] {
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
