//! Tables that other writers made, read through contracts: the rows that pyarrow reads of the same files.
//!
//! `tests/python/oracle` makes a table from a seed: a contract, its data in some layout, and queries with their answers. Each is put to
//! a session over the same files here. `CSTSPEC_TABLES=n` asks for more tables than usual; `CSTSPEC_SEED=n` starts with another seed,
//! and alone makes that one table, whose folder is kept.

mod answer;
mod feed;
mod refusal;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use cargo_metadata::MetadataCommand;
use cstspec_runtime::{Location, Locations, Options, register, session};
use cstspec_spec::compile_embedded;
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;

use crate::world;
use answer::{Answer, Difference};
use feed::{Case, Feed, Query};
use tally::Tally;

/// Tables of the ordinary test.
const TABLES: u64 = 400;

/// Files of one folder of a package that are read.
const MOST_OF_A_FOLDER: usize = 10;

/// The packages that the program that makes them imports.
const PACKAGES: &str = "pyarrow.parquet, duckdb, polars, deltalake";

/// The result of a query: rows, or the text of the error.
type Rows = Result<Answer, String>;

/// A session over the data of a case.
async fn open(case: &Case) -> Result<SessionContext, String> {
    let specs: Vec<(&str, &str)> = case.specs.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let compiled = compile_embedded(&specs);
    let catalog = compiled.catalog.ok_or_else(|| format!("the specs are refused: {:#?}", compiled.findings))?;
    let options =
        Options { target_partitions: Some(if case.seed.is_multiple_of(3) { 1 } else { 3 }), ..Options::default() };
    let ctx = session(&catalog, &options).map_err(|error| error.to_string())?;
    let location = Location::parse(&case.location).map_err(|error| error.to_string())?;
    let locations = Locations::from([(case.dataset.clone(), location)]);
    let registered = register(&ctx, &catalog, &locations).await.map_err(|error| error.to_string())?;
    match registered.refused.first() {
        Some(refused) => Err(format!("{refused:?}")),
        None => Ok(ctx),
    }
}

/// The result of a query in a session. In a task of its own, so that a panic is an answer too.
async fn ask(ctx: &SessionContext, query: &Query) -> Rows {
    let (ctx, sql) = (ctx.clone(), query.sql.clone());
    let asked = tokio::spawn(async move {
        let frame = ctx.sql(&sql).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let batches: Vec<RecordBatch> = frame.collect().await?;
        Ok::<_, datafusion::error::DataFusionError>(Answer { schema, batches })
    });
    match asked.await {
        Ok(answer) => answer.map_err(|error| error.strip_backtrace()),
        Err(panic) => Err(format!("panicked: {panic}")),
    }
}

/// Puts the queries of a case, and notes what differs.
async fn hold(case: &Case, tally: &mut Tally) {
    let ctx = match open(case).await {
        Ok(ctx) => ctx,
        Err(error) => return tally.refused(case, None, &error),
    };
    for query in &case.queries {
        match ask(&ctx, query).await {
            Ok(answer) => match answer.difference(&case.expected(query), query.holds) {
                None => tally.equal(query, answer.rows()),
                Some(Difference(text)) => tally.differs(case, query, &text),
            },
            Err(error) => tally.refused(case, Some(query), &error),
        }
    }
}

/// Tables of other writers read as pyarrow reads them.
#[tokio::test(flavor = "multi_thread")]
async fn oracle_random_tables() {
    let Some(python) = world::python(PACKAGES) else { return };
    let (first, tables) = match (world::number("CSTSPEC_SEED"), world::number("CSTSPEC_TABLES")) {
        (Some(seed), None) => (seed, 1),
        (seed, tables) => (seed.unwrap_or(1), tables.unwrap_or(TABLES)),
    };
    let mut feed = Feed::random(&python, first, tables);
    let mut tally = Tally::default();
    while let Some(case) = feed.next() {
        match case {
            Ok(case) => {
                tally.made(&case);
                hold(&case, &mut tally).await;
                if tables > 1 {
                    case.remove();
                }
            }
            Err(skipped) => tally.skipped(&skipped),
        }
        // A run of hours that is ended has said what it found.
        if tally.seeds().is_multiple_of(1000) {
            println!("{tally}");
        }
    }
    if tables == 1 {
        println!("the files are in {}", feed.keep().display());
    }
    println!("{tally}");
    tally.assert(tables);
}

/// The Parquet files among the sources of the crates that this one is built from.
fn files_of_crates() -> Vec<PathBuf> {
    let manifest = world::workspace().join("Cargo.toml");
    // Crates of other platforms need not be there.
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let options = ["--offline", "--locked", "--filter-platform", host.trim()].map(str::to_owned);
    let metadata = MetadataCommand::new().manifest_path(manifest).other_options(options).exec().unwrap();
    let engine = ["parquet", "datafusion-datasource-parquet", "deltalake-core"];
    let mut found = Vec::new();
    for package in metadata.packages.iter().filter(|package| engine.contains(&package.name.as_str())) {
        let folder = package.manifest_path.parent().expect("a manifest is in a folder").as_std_path();
        let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for name in world::files(folder).into_keys().filter(|name| name.ends_with(".parquet")) {
            let path = folder.join(name);
            // Some folders have many that are alike.
            let seen = folders.entry(path.parent().expect("a file is in a folder").to_owned()).or_default();
            *seen += 1;
            if *seen <= MOST_OF_A_FOLDER {
                found.push(path);
            }
        }
    }
    found
}

/// Files that packages ship read as pyarrow reads them.
#[tokio::test(flavor = "multi_thread")]
async fn oracle_shipped_files() {
    let Some(python) = world::python(PACKAGES) else { return };
    let mut feed = Feed::shipped(&python, &files_of_crates());
    let mut tally = Tally::default();
    while let Some(case) = feed.next() {
        match case {
            Ok(case) => {
                tally.made(&case);
                hold(&case, &mut tally).await;
            }
            Err(skipped) => tally.skipped(&skipped),
        }
    }
    println!("{tally}");
    tally.assert(1);
    assert!(tally.tables() >= 6, "pyarrow and the crates of the engine ship more files");
}
