//! Tests of a crate that has a catalog: `verify` over its data, and the engine's DESCRIBE of every relation as snapshots.
//!
//! ```no_run
//! use cstspec_testing::Contract;
//!
//! # fn catalog() -> cstspec_contract::Catalog { unimplemented!() }
//! # mod insta { macro_rules! assert_snapshot { ($name:expr, $text:expr) => { assert_ne!($name, $text) } } pub(crate) use assert_snapshot; }
//! // `catalog()` is the one of the generated code.
//! let contract = Contract::open(&catalog(), [("orders", "data/orders.parquet")]).specs("specs");
//! contract.verify();
//! contract.describe_each(|relation, text| insta::assert_snapshot!(relation, text));
//! ```
//!
//! The functions block and need no async runtime around them; they may be called inside one. A failure is a panic, as tests want it: its
//! message is the report that the command prints. This crate is a dev-dependency: it reads YAML, so that a finding shows its line.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Finding, Origin, Severity, describe};
use cstspec_report::paint::Paint;
use cstspec_report::render::{self, Extent, Specs};
use cstspec_runtime::{Location, Locations, Options};
use cstspec_spec::Sources;
use cstspec_verify::{Checks, NoProgress};
use datafusion::prelude::SessionContext;

/// The stack of the threads that the engine runs on, in bytes: views over views make deep plans, and deeper ones without optimization.
const STACK: usize = 32 << 20;

/// A catalog that is registered in a session, over data.
pub struct Contract {
    catalog: Catalog,
    context: SessionContext,
    specs: Option<PathBuf>,
}

impl Contract {
    /// Registers `catalog` in a session of its own, over data at these locations, by the names of their datasets. A location is written as
    /// for `cstspec verify --data`: a file, a folder, a Hive layout, a Delta table, a pattern or a URL; a relative one begins at the
    /// folder of the package, where cargo runs tests. A dataset without a location has no rows.
    ///
    /// # Panics
    ///
    /// If a location cannot be read as one, if it names a dataset that the catalog does not have, or if the session does
    /// not take the catalog. A relation that the engine refuses is a finding of [`Contract::verify`].
    #[track_caller]
    pub fn open<'a>(catalog: &Catalog, data: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let context = cstspec_runtime::session(catalog, &Options::default())
            .unwrap_or_else(|error| panic!("the session of `{}` cannot be opened: {error}", catalog.name));
        Self::open_in(context, catalog, data)
    }

    /// The same in a session of the host, which has registered its functions and stores.
    /// [`cstspec_runtime::session()`] makes one with the settings of the catalog.
    ///
    /// # Panics
    ///
    /// As [`Contract::open`].
    #[track_caller]
    pub fn open_in<'a>(
        context: SessionContext,
        catalog: &Catalog,
        data: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut locations = Locations::new();
        for (dataset, text) in data {
            let names: Vec<&str> = catalog.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
            assert!(names.contains(&dataset), "the catalog has no dataset `{dataset}`; it has {}", names.join(", "));
            let location = Location::parse(text).unwrap_or_else(|error| panic!("the location of `{dataset}`: {error}"));
            locations.insert(dataset.to_owned(), location);
        }
        // Relations that the engine refuses are findings of `verify`, with their place in the specs.
        block_on(|| cstspec_runtime::register(&context, catalog, &locations))
            .unwrap_or_else(|error| panic!("`{}` cannot be registered: {error}", catalog.name));
        Self { catalog: catalog.clone(), context, specs: None }
    }

    /// The specs folder of the catalog, whose lines a report shows.
    #[must_use]
    pub fn specs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.specs = Some(folder.into());
        self
    }

    /// The session, in which everything is registered.
    pub fn session(&self) -> &SessionContext {
        &self.context
    }

    /// Holds the engine and all rows to the catalog, as `cstspec verify --deep` does.
    ///
    /// # Panics
    ///
    /// With the findings as the command prints them, if one of them is an error.
    #[track_caller]
    pub fn verify(&self) -> Report {
        let report = block_on(|| cstspec_verify::verify(&self.context, &self.catalog, Checks::Rows, &NoProgress));
        let is_broken = report.findings.iter().any(|finding| finding.severity == Severity::Error);
        assert!(!is_broken, "the contract is broken\n\n{}", self.text(&report));
        report
    }

    /// The findings of a report as the command prints them; empty without findings.
    pub fn text(&self, report: &Report) -> String {
        if report.findings.is_empty() {
            return String::new();
        }
        let specs = Folder::read(self.specs.as_deref());
        let mut findings: Vec<Finding> = report.findings.clone();
        findings.sort();
        findings.dedup();
        render::locate(&mut findings, &specs);
        let text = render::findings(&findings, &specs, Paint::Plain, None, Extent::Excerpt);
        text + &render::summary(&findings, report.explained, Paint::Plain)
    }

    /// The engine's DESCRIBE of every relation, by the relation's name: the rows, and the nested types below them.
    ///
    /// # Panics
    ///
    /// If the engine cannot describe a relation.
    #[track_caller]
    pub fn described(&self) -> BTreeMap<String, String> {
        let names = self.catalog.relations().map(|relation| relation.name().to_owned());
        block_on(|| async {
            let mut described = BTreeMap::new();
            for name in names {
                let observed = cstspec_runtime::observe(&self.context, &name)
                    .await
                    .unwrap_or_else(|error| panic!("the engine cannot describe `{name}`: {error}"));
                described.insert(name, describe::document(&observed.rows, &observed.schema));
            }
            described
        })
    }

    /// Passes the engine's DESCRIBE of every relation to `check`, which panics where it differs from the reviewed one. The first argument
    /// is the name of the relation as files have it: that of its `describe/` file. All relations are checked, so that one run shows every
    /// difference.
    ///
    /// # Panics
    ///
    /// At the end, with the names of the relations that differ.
    #[track_caller]
    pub fn describe_each(&self, mut check: impl FnMut(&str, &str)) {
        let stems = cstspec_codegen::file_stems(&self.catalog);
        let mut differing = Vec::new();
        let mut last: Option<Box<dyn Any + Send>> = None;
        for (relation, text) in self.described() {
            let checked = catch_unwind(AssertUnwindSafe(|| check(&stems[relation.as_str()], &text)));
            if let Err(panic) = checked {
                differing.push(relation);
                last = Some(panic);
            }
        }
        match last {
            Some(panic) if differing.len() == 1 => resume_unwind(panic),
            Some(_) => panic!("the engine describes {} otherwise than reviewed", differing.join(", ")),
            None => {}
        }
    }
}

/// Runs `work` to its end, on a thread whose stack is large enough for the engine, whatever the caller runs on.
fn block_on<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    let done = thread::scope(|scope| {
        let builder = thread::Builder::new().name("contract".to_owned()).stack_size(STACK);
        let worker = builder.spawn_scoped(scope, || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .thread_stack_size(STACK)
                .build()
                .expect("the system starts threads");
            runtime.block_on(work())
        });
        worker.expect("the system starts a thread").join()
    });
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

/// The texts of a specs folder. Without one a finding names the file and the key alone.
struct Folder<'a> {
    path: Option<&'a Path>,
    sources: Option<Sources>,
}

impl<'a> Folder<'a> {
    fn read(path: Option<&'a Path>) -> Self {
        Self { path, sources: path.filter(|path| path.is_dir()).map(|path| cstspec_spec::compile(path).sources) }
    }
}

impl Specs for Folder<'_> {
    fn place(&self, origin: &Origin) -> Option<(u32, u32)> {
        self.sources.as_ref()?.place(origin)
    }

    fn text(&self, file: &str) -> Option<&str> {
        self.sources.as_ref()?.text(file)
    }

    fn display(&self, file: &str) -> String {
        self.path.map_or_else(|| file.to_owned(), |path| path.join(file).display().to_string())
    }
}
