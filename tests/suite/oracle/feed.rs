//! Cases as the Python program hands them over: one line of JSON each, when the files are there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use serde::Deserialize;
use tempfile::TempDir;

use crate::world;

/// One table: its contract, where its data is, and what is asked of it.
#[derive(Debug, Deserialize)]
pub struct Case {
    pub seed: u64,
    folder: PathBuf,
    pub layout: String,
    pub writer: String,
    pub location: String,
    pub dataset: String,
    pub specs: BTreeMap<String, String>,
    pub rows: usize,
    /// How the files were written.
    pub recipe: String,
    /// Kinds of documented refusals that the files give cause for.
    pub excuses: Vec<String>,
    /// The notes of the program while it made the files, with their number.
    pub notes: BTreeMap<String, usize>,
    pub queries: Vec<Query>,
}

/// A query, and the file of its answer.
#[derive(Debug, Deserialize)]
pub struct Query {
    pub sql: String,
    answer: String,
    pub holds: Holds,
    pub kind: String,
}

/// The properties of an answer that are compared, beside its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Names, types and nullability at every depth.
    Schema,
    /// Names and types; which columns are nullable is the engine's business.
    Types,
    /// Nothing: values are cast to the expected types first.
    Values,
}

/// Why a seed makes no case.
#[derive(Debug, Deserialize)]
pub struct Skipped {
    pub skipped: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Skipped(Skipped),
    Case(Box<Case>),
}

impl Case {
    /// The answer that is expected.
    pub fn expected(&self, query: &Query) -> (SchemaRef, Vec<RecordBatch>) {
        let file = File::open(self.folder.join(&query.answer)).unwrap();
        let reader = StreamReader::try_new(BufReader::new(file), None).unwrap();
        let schema = reader.schema();
        let batches = reader.collect::<Result<_, _>>();
        (schema, batches.unwrap_or_else(|error| panic!("the answer to {} of seed {}: {error}", query.sql, self.seed)))
    }

    /// Removes its files.
    pub fn remove(&self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// A running program that makes cases.
pub struct Feed {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl Feed {
    /// Starts to make `count` tables from the seed `first` on.
    pub fn random(python: &Path, first: u64, count: u64) -> Self {
        Self::start(python, "random", &[first.to_string().into(), count.to_string().into()])
    }

    /// Starts to take files that others made, beside those that pyarrow ships.
    pub fn shipped(python: &Path, files: &[PathBuf]) -> Self {
        Self::start(python, "shipped", &files.iter().map(OsString::from).collect::<Vec<_>>())
    }

    fn start(python: &Path, what: &str, arguments: &[OsString]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(python)
            .args(["-B", "-m", "oracle", what])
            .arg(folder.path())
            .args(arguments)
            .current_dir(world::workspace().join("tests/python"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, folder }
    }

    /// The next table. `None` after the last; a program that ends otherwise fails the test.
    pub fn next(&mut self) -> Option<Result<Box<Case>, Skipped>> {
        let Some(line) = self.lines.next() else {
            let ended = self.child.wait().unwrap();
            assert!(ended.success(), "the program that makes tables: {ended}; its words are above");
            return None;
        };
        let line = line.unwrap();
        match serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")) {
            Line::Skipped(skipped) => Some(Err(skipped)),
            Line::Case(case) => Some(Ok(case)),
        }
    }

    /// Keeps the files that are left, and says where.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}
