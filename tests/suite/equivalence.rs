//! Queries with narrowed scans and without: the same rows, the same schema.
//!
//! A seed makes a catalog, its files, and queries over them. `CSTSPEC_QUERIES=n` asks more of them than usual; `CSTSPEC_SEED=n` starts
//! with another seed, and alone runs that one.

mod answer;
mod contracts;
mod expression;
mod files;
mod frame;
mod query;
mod views;

use std::sync::Arc;

use cstspec_runtime::{Locations, Options, register, session};
use datafusion::prelude::SessionContext;
use fastrand::Rng;
use tempfile::TempDir;

use crate::world;
use answer::{Answer, Ask, Refusal};
use contracts::Contract;
use expression::Author;
use query::Relation;

/// Queries over one catalog.
const QUERIES_PER_SEED: usize = 60;

/// Queries of the ordinary test.
const QUERIES: usize = 2040;

/// Differences of a run that are printed.
const SHOWN: usize = 3;

/// Whether something that happens `of` times `among` so many happens now.
fn chance(random: &mut Rng, of: usize, among: usize) -> bool {
    random.usize(..among) < of
}

/// One catalog over its files, in a session that narrows scans and in one that does not.
struct World {
    contract: Contract,
    narrowing: SessionContext,
    plain: SessionContext,
    relations: Arc<[Relation]>,
    _files: TempDir,
}

impl World {
    async fn open(random: &mut Rng) -> Self {
        let contract = contracts::contract(random);
        let files = tempfile::tempdir().unwrap();
        let mut locations = Locations::new();
        for dataset in &contract.catalog.datasets {
            locations.insert(dataset.name.clone(), files::lay(random, dataset, &files.path().join(&dataset.name)));
        }
        let options = Options { target_partitions: Some(random.usize(1..=3)), ..Options::default() };
        let mut sessions = Vec::new();
        for narrow in [true, false] {
            let ctx = session(&contract.catalog, &options).unwrap();
            let registered = register(&ctx, &contract.catalog, &locations).await.unwrap();
            assert!(registered.refused.is_empty(), "{:?}", registered.refused);
            ctx.sql(&format!("SET cstspec.narrow_scans = {narrow}")).await.unwrap();
            sessions.push(ctx);
        }
        let mut relations: Vec<Relation> =
            contract.catalog.relations().map(|relation| Relation::new(relation.name(), &relation.schema())).collect();
        for number in 0..2 {
            let query = Author { random, relations: &relations, names: 0, joins: 1, parameters: None }.query(1);
            let mut made = None;
            for ctx in &sessions {
                let name = format!("own{number}");
                if ctx.sql(&format!("CREATE VIEW {name} AS {}", query.sql)).await.is_ok() {
                    let schema = ctx.table(name.as_str()).await.unwrap().schema().as_arrow().clone();
                    made = Some(Relation::new(&name, &schema));
                }
            }
            relations.extend(made);
        }
        let [narrowing, plain] = <[SessionContext; 2]>::try_from(sessions).ok().expect("two sessions");
        Self { contract, narrowing, plain, relations: relations.into(), _files: files }
    }

    /// Something to ask.
    fn ask(&self, random: &mut Rng) -> Ask {
        let kind = random.usize(..12);
        if kind == 0 {
            return Ask::Frame { relations: Arc::clone(&self.relations), seed: random.u64(..) };
        }
        let parameters = (kind <= 2).then(Vec::new);
        let mut author = Author { random, relations: &self.relations, names: 0, joins: 1, parameters };
        let sql = if kind == 3 { author.unnamed() } else { author.query(2).sql };
        let parameters = author.parameters.unwrap_or_default();
        if kind == 1 && !parameters.is_empty() {
            let types = vec!["BIGINT"; parameters.len()].join(", ");
            let values = parameters.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            let name = format!("statement{}", random.u64(..));
            let prepare = format!("PREPARE {name}({types}) AS {sql}");
            return Ask::Statement { prepare, execute: format!("EXECUTE {name}({values})") };
        }
        Ask::Sql { sql, parameters }
    }
}

/// The results of many queries.
#[derive(Debug, Default)]
struct Tally {
    asked: usize,
    answered: usize,
    with_rows: usize,
    narrowed: usize,
    /// Answered by the session that narrows alone.
    rescued: usize,
    /// Bytes read by both sessions, over the queries that were narrowed.
    bytes: (usize, usize),
    failures: Vec<String>,
}

impl Tally {
    /// The difference between the two sessions' results, if any.
    fn compare(&mut self, narrowing: &Result<Answer, Refusal>, plain: &Result<Answer, Refusal>) -> Option<String> {
        self.asked += 1;
        match (narrowing, plain) {
            (Ok(narrowing), Ok(plain)) => {
                self.answered += 1;
                self.with_rows += usize::from(!plain.rows.is_empty());
                if narrowing.is_narrowed() {
                    self.narrowed += 1;
                    self.bytes.0 += narrowing.bytes;
                    self.bytes.1 += plain.bytes;
                }
                if plain.is_narrowed() {
                    return Some("a scan is narrowed though it should not be".to_owned());
                }
                for (one, other) in narrowing.schemas.iter().zip(&plain.schemas) {
                    if one != other {
                        return Some(format!("schemas:\n  {one:?}\n  {other:?}"));
                    }
                }
                (narrowing.rows != plain.rows).then(|| difference(&narrowing.rows, &plain.rows))
            }
            (Err(Refusal::Planning(one)), Err(Refusal::Planning(other))) => {
                (one != other).then(|| format!("refusals:\n  {one}\n  {other}"))
            }
            // A statement is optimized when it is put, so the two need not end at one place.
            (Err(_), Err(_)) => None,
            // The engine has mistakes of its own, and what is not read meets none of them.
            (Ok(_), Err(Refusal::Execution(_))) => {
                self.rescued += 1;
                None
            }
            (one, other) => {
                let told = |answer: &Result<Answer, Refusal>| match answer {
                    Ok(answer) => format!("{} rows", answer.rows.len()),
                    Err(Refusal::Planning(error) | Refusal::Execution(error)) => error.clone(),
                };
                Some(format!("one fails:\n  narrowing: {}\n  plain: {}", told(one), told(other)))
            }
        }
    }
}

/// The first rows that only one side has.
fn difference(narrowing: &[String], plain: &[String]) -> String {
    let only = |these: &[String], those: &[String]| {
        let mut those = those.to_vec();
        let mut only = Vec::new();
        for row in these {
            match those.iter().position(|other| other == row) {
                Some(found) => drop(those.swap_remove(found)),
                None => only.push(row.clone()),
            }
        }
        only.truncate(5);
        only.join("\n    ")
    };
    format!(
        "rows: {} and {}\n  narrowing only:\n    {}\n  plain only:\n    {}",
        narrowing.len(),
        plain.len(),
        only(narrowing, plain),
        only(plain, narrowing)
    )
}

async fn hold(seed: u64, tally: &mut Tally) {
    let random = &mut Rng::with_seed(seed);
    let world = World::open(random).await;
    for query in 0..QUERIES_PER_SEED {
        let ask = world.ask(random);
        let (narrowing, plain) = tokio::join!(Answer::of(&world.narrowing, &ask), Answer::of(&world.plain, &ask));
        let Some(difference) = tally.compare(&narrowing, &plain) else { continue };
        let shown = |answer: Result<Answer, Refusal>| answer.map(|answer| answer.plan).unwrap_or_default();
        tally.failures.push(format!(
            "CSTSPEC_SEED={seed}, query {query}\n{}\n{difference}\n\nnarrowing:\n{}\nplain:\n{}\n{}",
            ask.text(&world.plain).await,
            shown(narrowing),
            shown(plain),
            world.contract.specs(),
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn projected_scans_same_rows() {
    let (first, queries) = match (world::number("CSTSPEC_SEED"), world::number("CSTSPEC_QUERIES")) {
        (Some(seed), None) => (seed, QUERIES_PER_SEED),
        (seed, queries) => (seed.unwrap_or(1), queries.map_or(QUERIES, |queries| usize::try_from(queries).unwrap())),
    };
    let mut tally = Tally::default();
    for seed in (first..).take(queries.div_ceil(QUERIES_PER_SEED)) {
        hold(seed, &mut tally).await;
    }
    println!(
        "{} queries, {} answered, {} with rows, {} narrowed, which read {} bytes instead of {}, {} answered by these alone",
        tally.asked, tally.answered, tally.with_rows, tally.narrowed, tally.bytes.0, tally.bytes.1, tally.rescued
    );
    let failures = &tally.failures;
    assert!(failures.is_empty(), "{} differ\n\n{}", failures.len(), failures[..failures.len().min(SHOWN)].join("\n\n"));
    // Most of what is made up is a query, finds something, and reads less.
    assert!(tally.answered * 10 > tally.asked * 8, "{tally:?}");
    assert!(tally.rescued * 20 < tally.asked, "{tally:?}");
    assert!(tally.with_rows * 3 > tally.asked, "{tally:?}");
    assert!(tally.narrowed * 3 > tally.answered, "{tally:?}");
    assert!(tally.bytes.0 < tally.bytes.1, "{tally:?}");
}

/// What differs is reported.
#[tokio::test]
async fn differences_reported() {
    let ctx = SessionContext::new();
    let answer = async |sql: &str| {
        let ask = Ask::Sql { sql: sql.to_owned(), parameters: Vec::new() };
        Answer::of(&ctx, &ask).await
    };
    let sqls = [
        "SELECT 1 AS a",
        "SELECT 2 AS a",
        "SELECT 1 AS b",
        "SELECT nullif(1, 2) AS a",
        "SELECT a FROM (VALUES (1), (1)) AS t(a)",
        "SELECT arrow_cast(1, 'Int32') AS a",
        "SELECT named_struct('x', CAST(NULL AS BIGINT)) AS a",
        "SELECT CASE WHEN false THEN named_struct('x', CAST(NULL AS BIGINT)) END AS a",
        "SELECT missing",
        "SELECT nothing",
    ];
    for (place, one) in sqls.into_iter().enumerate() {
        for (other_place, other) in sqls.into_iter().enumerate() {
            let told = Tally::default().compare(&answer(one).await, &answer(other).await);
            assert_eq!(told.is_some(), place != other_place, "{one} and {other}: {told:?}");
        }
    }
}
