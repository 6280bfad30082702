//! The results of many cases.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::feed::{Case, Query, Skipped};
use super::refusal;

/// Layouts and writers of which every run has some.
const KINDS: [&str; 14] = [
    "file by pyarrow",
    "file by duckdb",
    "file by polars",
    "file by legacy",
    "folder by pyarrow",
    "folder by duckdb",
    "folder by polars",
    "folder by legacy",
    "hive by pyarrow",
    "hive by duckdb",
    "hive by polars",
    "delta by deltalake",
    "delta with deletion vectors by hand",
    "delta with column mapping by hand",
];

/// Differences of a run that are printed.
const SHOWN: usize = 12;

#[derive(Default)]
pub struct Tally {
    cases: BTreeMap<String, usize>,
    queries: BTreeMap<String, usize>,
    notes: BTreeMap<String, usize>,
    skipped: BTreeMap<String, usize>,
    documented: BTreeMap<&'static str, usize>,
    rows: usize,
    /// Queries whose answer has rows.
    found: usize,
    failed: usize,
    /// The first few that differ, one for each kind of error.
    shown: BTreeMap<String, String>,
    kinds: BTreeMap<String, usize>,
}

fn count(counts: &mut BTreeMap<String, usize>, what: impl Into<String>, by: usize) {
    *counts.entry(what.into()).or_default() += by;
}

impl Tally {
    pub fn made(&mut self, case: &Case) {
        count(&mut self.cases, format!("{} by {}", case.layout, case.writer), 1);
        for (note, times) in &case.notes {
            count(&mut self.notes, note, *times);
        }
        self.rows += case.rows;
    }

    /// A seed that makes no table. The numbers in the reason are left out, so that equal ones add up.
    pub fn skipped(&mut self, skipped: &Skipped) {
        count(&mut self.skipped, cut(&skipped.skipped), 1);
    }

    pub fn equal(&mut self, query: &Query, rows: usize) {
        count(&mut self.queries, &query.kind, 1);
        self.found += usize::from(rows > 0);
    }

    pub fn differs(&mut self, case: &Case, query: &Query, text: &str) {
        self.failure(case, Some(query), &format!("another answer: {}", query.kind), text);
    }

    pub fn refused(&mut self, case: &Case, query: Option<&Query>, error: &str) {
        match refusal::documented(case, error) {
            Some(kind) => *self.documented.entry(kind).or_default() += 1,
            None => self.failure(case, query, &cut(error), error),
        }
    }

    fn failure(&mut self, case: &Case, query: Option<&Query>, kind: &str, text: &str) {
        self.failed += 1;
        count(&mut self.kinds, kind, 1);
        if self.shown.len() >= SHOWN || self.shown.contains_key(kind) {
            return;
        }
        let asked = query.map_or("(registering)", |query| query.sql.as_str());
        let mut specs = String::new();
        for (path, text) in &case.specs {
            if path.starts_with("table") || path.starts_with("view") || path.starts_with("types") {
                let _ = write!(specs, "--- {path}\n{text}");
            }
        }
        let text = format!(
            "CSTSPEC_SEED={} makes it again: {} by {}\n{asked}\n  {text}\n{specs}{}",
            case.seed, case.layout, case.writer, case.recipe
        );
        self.shown.insert(kind.to_owned(), text);
    }

    /// Seeds that made a table or none.
    pub fn seeds(&self) -> usize {
        self.tables() + self.skipped.values().sum::<usize>()
    }

    /// Tables that were made.
    pub fn tables(&self) -> usize {
        self.cases.values().sum()
    }

    /// Fails where anything differs, and where too little was compared.
    pub fn assert(&self, tables: u64) {
        let shown: Vec<&str> = self.shown.values().map(String::as_str).collect();
        assert!(self.failed == 0, "{} queries differ: {:#?}\n\n{}", self.failed, self.kinds, shown.join("\n\n"));
        let made = self.tables();
        let asked = usize::try_from(tables).unwrap();
        if asked < 100 {
            return;
        }
        // A program that makes nothing, or the same again, compares nothing.
        assert!(made * 10 >= asked * 9, "{made} of {asked} tables were made");
        assert!(self.rows >= 5 * made, "{self}");
        for kind in KINDS {
            assert!(self.cases.get(kind).is_some_and(|times| times * 200 >= asked), "too few tables: {kind}\n{self}");
        }
        for kind in ["whole", "select", "count", "whole of a view", "select of a view", "count of a view"] {
            assert!(self.queries.get(kind).is_some_and(|times| times * 10 >= asked), "too few queries: {kind}\n{self}");
        }
        assert!(self.found * 2 >= self.queries.values().sum(), "too few queries find rows\n{self}");
        let refused: usize = self.documented.values().sum();
        assert!(refused * 10 <= self.queries.values().sum(), "too many are refused\n{self}");
    }
}

/// The common part of equal errors: the first words, without quoted texts and without numbers.
fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("...");
    outside.chars().filter(|character| !character.is_ascii_digit()).take(90).collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} tables of {} rows; {} queries differ", self.tables(), self.rows, self.failed)?;
        for (title, counts) in [
            ("tables", &self.cases),
            ("queries that are equal", &self.queries),
            ("files", &self.notes),
            ("seeds without a table", &self.skipped),
        ] {
            writeln!(f, "{title}:")?;
            for (what, times) in counts {
                writeln!(f, "  {times:6} {what}")?;
            }
        }
        for (kind, times) in &self.documented {
            writeln!(f, "  {times:6} refused: {kind}")?;
        }
        Ok(())
    }
}
