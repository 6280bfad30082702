//! The same queries over the same files by us, by plain DataFusion, by DuckDB, and over flat files that hold only what is asked for.
//!
//! ```text
//! tests/benches/compare.sh [--short]           # with DuckDB
//! cargo bench -p cstspec-tests --bench compare [-- --short]
//! ```
//!
//! Each side is a process of its own that answers one query at a time, and the sides take turns, so that all meet the same machine. A time
//! is from the text of a query to its last record batch; the first round is not counted. Memory is by how much a fresh process grows with
//! its first run of the query. Markdown goes to stdout; `compare.jsonl` in cargo's temporary folder has every run.
//!
//! From the environment: `NODES` of the table, `FILES` they are spread over, rows of a row `GROUP`, `RUNS` counted, `THREADS` of each side,
//! `SIDES` and `QUERIES` (parts of their names, with commas) to compare, `EVERY_COLUMN=1` to read each field of each row view, `MEMORY=0`
//! to leave memory out.

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread::available_parallelism;

use cstspec_contract::Catalog;

use crate::child::Answering;
use crate::figures::{Figures, Measured};
use crate::side::{Data, Side};
use crate::suite::Query;
use crate::tiling::{Tiling, number};

mod answer;
mod child;
mod duckdb;
mod figures;
mod flat;
mod side;
mod suite;
mod table;
#[path = "../tiling/mod.rs"]
mod tiling;

fn main() -> ExitCode {
    let settings = Settings::read();
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.threads)
        .enable_all()
        .thread_stack_size(16 << 20)
        .build()
        .expect("threads can be started");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let catalog = cstspec_libcst::catalog();
    if let [flag, side, nested, flat] = arguments.as_slice()
        && flag == "--side"
    {
        let side = Side::named(side).expect("it is asked for by name");
        let data = Data { nested: nested.into(), flat: flat.into() };
        threads.block_on(answer::serve(side, &catalog, &data, settings.threads));
        return ExitCode::SUCCESS;
    }

    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let nested = settings.tiling.kept(cache);
    let flat = threads.block_on(flat::kept(&catalog, settings.tiling, &nested, cache));
    drop(threads);
    let data = Data { nested, flat };
    let queries: Vec<Query> = suite::queries(&catalog, settings.tiling.copies, settings.every_column)
        .into_iter()
        .filter(|query| settings.wants(&query.name))
        .collect();
    let mut sides = Sides::start(&catalog, &data, &settings);
    let mut measured = Vec::with_capacity(queries.len());
    for (index, query) in queries.iter().enumerate() {
        eprintln!("{:>3} of {}: {}", index + 1, queries.len(), query.name);
        measured.push(sides.measure(query));
    }
    let lines: Vec<String> = measured.iter().map(|figures| figures.json().to_string()).collect();
    std::fs::write(cache.join("compare.jsonl"), lines.join("\n")).expect("cargo's temporary folder can be written");

    println!("{}", sides.heading());
    if !arguments.iter().any(|argument| argument == "--short") {
        println!("{}", table::full(&measured, &settings.sides));
    }
    println!("{}\n{}", table::short(&measured), table::losses(&measured));
    complaints(&measured)
}

/// The settings of the environment.
struct Settings {
    tiling: Tiling,
    runs: usize,
    threads: usize,
    sides: Vec<Side>,
    queries: Vec<String>,
    every_column: bool,
    memory: bool,
}

impl Settings {
    fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let names = |name: &str| -> Vec<String> {
            text(name).unwrap_or_default().split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let mut sides: Vec<Side> = names("SIDES")
            .iter()
            .map(|name| Side::named(name).unwrap_or_else(|| panic!("no side is `{name}`")))
            .collect();
        if sides.is_empty() {
            sides = vec![Side::Ours, Side::Plain, Side::Duckdb, Side::Floor];
        }
        Self {
            tiling: Tiling::asked(1_000_000),
            runs: number("RUNS", 7),
            threads: number("THREADS", available_parallelism().map_or(1, usize::from)),
            sides,
            queries: names("QUERIES"),
            every_column: number("EVERY_COLUMN", 0) > 0,
            memory: number("MEMORY", 1) > 0,
        }
    }

    fn wants(&self, query: &str) -> bool {
        self.queries.is_empty() || self.queries.iter().any(|part| query.contains(part.as_str()))
    }
}

/// The processes that answer.
struct Sides<'a> {
    catalog: &'a Catalog,
    data: &'a Data,
    settings: &'a Settings,
    answering: Vec<(Side, Result<Answering, String>)>,
}

impl<'a> Sides<'a> {
    fn start(catalog: &'a Catalog, data: &'a Data, settings: &'a Settings) -> Self {
        let mut sides = Self { catalog, data, settings, answering: Vec::new() };
        for side in &settings.sides {
            let answering = sides.one(*side);
            if let Err(error) = &answering {
                eprintln!("{} is left out: {error}", side.name());
            }
            sides.answering.push((*side, answering));
        }
        sides
    }

    fn one(&self, side: Side) -> Result<Answering, String> {
        let threads = self.settings.threads;
        if side == Side::Duckdb {
            let Some(mut command) = duckdb::command() else {
                return Err(format!("{} does not name a Python with duckdb", duckdb::PYTHON));
            };
            return Answering::start(&mut command, Some(&duckdb::setup(self.catalog, self.data, threads)));
        }
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.args(["--side", side.name()]).arg(&self.data.nested).arg(&self.data.flat);
        Answering::start(command.env("THREADS", threads.to_string()), None)
    }

    /// All sides in turn, each round starting with another, and then each once more in a fresh process.
    fn measure(&mut self, query: &Query) -> Figures {
        let count = self.answering.len();
        let mut sides: Vec<(Side, Measured)> =
            self.settings.sides.iter().map(|side| (*side, Measured::default())).collect();
        for round in 0..=self.settings.runs {
            for turn in 0..count {
                let place = (round + turn) % count;
                let measured = &mut sides[place].1;
                if measured.error.is_some() {
                    continue;
                }
                let asked = match &mut self.answering[place].1 {
                    Ok(answering) => answering.ask(&query.sql, false),
                    Err(error) => Err(error.clone()),
                };
                match asked {
                    Ok(taken) if round > 0 => measured.add(&taken),
                    Ok(_) => {}
                    Err(error) => measured.error = Some(error),
                }
            }
        }
        for (side, measured) in &mut sides {
            if self.settings.memory && measured.error.is_none() {
                let fresh = self.one(*side).and_then(|mut fresh| fresh.ask(&query.sql, true));
                match fresh {
                    Ok(taken) => {
                        measured.grown = taken.grown;
                        measured.bytes = measured.bytes.or(taken.bytes);
                    }
                    Err(error) => measured.error = Some(error),
                }
            }
        }
        Figures { query: query.clone(), sides }
    }

    /// The compared sides and data.
    fn heading(&self) -> String {
        let Tiling { copies, files, group } = self.settings.tiling;
        let Settings { threads, runs, .. } = self.settings;
        let (rows, nodes) = (copies * tiling::ROWS, copies * tiling::NODES);
        let versions = self.answering.iter().map(|(side, answering)| match answering {
            Ok(answering) => format!("{}: {}", side.name(), answering.version),
            Err(error) => format!("{}: left out, {error}", side.name()),
        });
        let versions = versions.collect::<Vec<_>>().join("; ");
        format!(
            "{nodes} nodes in {rows} rows, {files} files, at most {group} rows in a row group, zstd, a page for each copy of the sample. {threads} threads of {} cores, {} \
             build. Medians of {runs} interleaved runs (fastest..slowest), from the query's text to its last record batch. MB are 10^6 \
             bytes; read is what scans asked the files for, memory is what a fresh process grew by. `!`: our median is beyond that side's \
             slowest run. DuckDB makes ids of MD5 and of its own hash, for want of BLAKE2b. {versions}.",
            available_parallelism().map_or(1, usize::from),
            if cfg!(debug_assertions) { "an unoptimized" } else { "an optimized" },
        )
    }
}

/// Reasons why figures are invalid: sides that fail, or that return different results.
fn complaints(measured: &[Figures]) -> ExitCode {
    let mut sound = true;
    let mut complain = |query: &str, text: &dyn Display| {
        eprintln!("{query}: {text}");
        sound = false;
    };
    for figures in measured {
        for (side, theirs, ours) in figures.disagreeing() {
            complain(&figures.query.name, &format!("{} answers {theirs} rows, and we {ours}", side.name()));
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
