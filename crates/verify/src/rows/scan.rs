//! One scan of a dataset, file by file, against everything that is promised of its rows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cstspec_contract::{Column, Dataset, OrderScope};
use cstspec_runtime::files::table_files::DataFile;
use cstspec_runtime::scan::row_reader::{Places, Rows};
use cstspec_runtime::{RuntimeError, guard};
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::prelude::SessionContext;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::columns_needed::widened;
use super::constraint::{ConstraintCount, MOST_VIOLATIONS, Violation};
use super::order::{Ends, Order};
use super::per_batch::Evaluation;
use super::row_batch::RowBatch;
use super::values::Values;
use super::within_row::{self, Failed, Verdict, WithinRow};
use crate::checks::Progress;
use crate::sources::all_nullable::AllNullableTable;

/// Where the rows come from.
#[derive(Debug)]
pub enum Source {
    /// Files, read one by one.
    Files(Arc<AllNullableTable>),
    /// Somebody else's provider, which the engine reads: nobody knows which file a row is in.
    Provider(Arc<dyn TableProvider>),
}

/// Everything that one scan of a dataset proves.
pub struct Scan {
    /// The dataset.
    pub dataset: String,
    /// Where its rows come from.
    pub source: Source,
    /// A session over the rows at hand, with one partition.
    pub ctx: SessionContext,
    /// A session that reads the dataset.
    pub readable: SessionContext,
    /// All columns of the contract, each nullable.
    pub schema: SchemaRef,
    /// The contract with the columns and nested fields alone that are looked at.
    pub reads: Dataset,
    /// The columns that name a row to a person, by their place in the contract.
    pub shown_key: Vec<usize>,
    /// The columns that name a row in all files, by their place in the contract.
    pub file_key: Vec<usize>,
    /// Promises about values.
    pub values: Values,
    /// The promised order.
    pub order: Option<Order>,
    /// The evaluations that the checks use.
    pub evaluations: Vec<Evaluation>,
    /// The constraints within each row, and their conditions.
    pub checks: Vec<Check>,
    /// How many constraints there are.
    pub constraints: usize,
    /// How many searches there are.
    pub searches: usize,
}

/// Something to look at in each row, and where the answer goes.
#[derive(Debug)]
pub struct Check {
    /// The condition.
    pub what: WithinRow,
    /// Where it is told.
    pub answer: Answer,
}

/// Where the answer of a [`Check`] goes.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// To the counts of a constraint.
    RowConstraint(usize),
    /// To the places of a search.
    Search(usize),
}

/// The results of some of the files.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of each constraint.
    pub counts: Vec<ConstraintCount>,
    /// Of each search, the first places.
    pub found: Vec<Vec<Violation>>,
    /// Errors of a file, or of the evaluation of a view.
    pub failures: Vec<Failure>,
    /// The first and the last row of the file.
    ends: Option<Ends>,
    /// The evaluations that failed, by their place.
    failed: Vec<usize>,
}

/// Why something could not be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The relation.
    pub relation: String,
    /// The file, if it was one.
    pub file: Option<String>,
    /// The engine's reason.
    pub reason: String,
}

impl Failure {
    /// The failure of `relation` with `error`.
    pub fn new(relation: &str, file: Option<&str>, error: &DataFusionError) -> Self {
        let text = error.find_root().strip_backtrace();
        // Above the error itself the engine lists who holds how much memory, which is another list each time.
        let reason = text.rsplit_once("\nError: ").map_or(text.as_str(), |(_, error)| error).to_owned();
        // WithinRow is asked of all files together knows the file from its error alone.
        let file = file.or_else(|| RuntimeError::inside(error).and_then(RuntimeError::path));
        Self { relation: relation.to_owned(), file: file.map(str::to_owned), reason }
    }
}

impl Scan {
    /// Reads every file once, several at a time, and keeps of each only what was seen.
    pub async fn run(self: Arc<Self>, progress: &dyn Progress) -> Seen {
        let mut seen = self.nothing();
        if self.constraints == 0 && self.searches == 0 {
            return seen;
        }
        let files: Vec<Option<DataFile>> = match &self.source {
            Source::Files(table) => table.files().iter().cloned().map(Some).collect(),
            Source::Provider(_) => vec![None],
        };
        let total = files.len();
        progress.files(&self.dataset, 0, total);
        let at_once = self.readable.state().config().target_partitions().max(1);
        let tasks = files.into_iter().map(|file| SpawnedTask::spawn(Arc::clone(&self).file(file)).join());
        // In the order of the files: violations are the first there are, and only neighbours are compared.
        let mut tasks = stream::iter(tasks).buffered(at_once);
        let mut done = 0;
        while let Some(outcome) = tasks.next().await {
            done += 1;
            match outcome {
                Ok(file) => self.absorb(&mut seen, file),
                Err(stopped) => {
                    let error = DataFusionError::External(Box::new(stopped));
                    seen.failures.push(Failure::new(&self.dataset, None, &error));
                }
            }
            progress.files(&self.dataset, done, total);
        }
        seen
    }

    fn nothing(&self) -> Seen {
        Seen {
            counts: vec![ConstraintCount::default(); self.constraints],
            found: vec![Vec::new(); self.searches],
            ..Seen::default()
        }
    }

    /// Adds what was seen in the next file.
    fn absorb(&self, seen: &mut Seen, next: Seen) {
        if let (Some(order), Some(before), Some(ends)) = (&self.order, &seen.ends, &next.ends)
            && order.scope == OrderScope::Table
            && let Err(error) = order.join(before, ends, &mut seen.counts[order.constraint])
        {
            seen.failures.push(Failure::new(&self.dataset, None, &error));
        }
        for (counts, later) in seen.counts.iter_mut().zip(next.counts) {
            counts.absorb(later);
        }
        for (found, later) in seen.found.iter_mut().zip(next.found) {
            found.extend(later);
            found.truncate(MOST_VIOLATIONS);
        }
        for failure in next.failures {
            // A view that fails in one file fails in most of them.
            let known = |known: &Failure| known.relation == failure.relation && known.reason == failure.reason;
            if !seen.failures.iter().any(known) {
                seen.failures.push(failure);
            }
        }
        seen.ends = next.ends.or(seen.ends.take());
    }

    async fn file(self: Arc<Self>, file: Option<DataFile>) -> Seen {
        let mut seen = self.nothing();
        let shown = file.as_ref().map(|file| file.display_path.clone());
        let read = guard::future(self.read(file, &mut seen)).await.unwrap_or_else(|panicked| Err(panicked.into()));
        if let Err(error) = read {
            seen.failures.push(Failure::new(&self.dataset, shown.as_deref(), &error));
        }
        seen
    }

    async fn read(&self, file: Option<DataFile>, seen: &mut Seen) -> Result<()> {
        let shown = file.as_ref().map(|file| file.display_path.clone());
        let mut stream = self.open(file.as_ref()).await?;
        let mut evaluations = self.evaluations.clone();
        let task = self.ctx.task_ctx();
        while let Some(batch) = stream.next().await {
            let (places, batch) = batch?;
            let batch = widened(&batch, &self.schema)?;
            let rows = RowBatch { batch: &batch, key: &self.shown_key, file: shown.as_deref(), places: &places };
            self.values.check(&rows, &mut seen.counts)?;
            if let Some(order) = &self.order {
                order.check(&rows, &mut seen.ends, &mut seen.counts[order.constraint])?;
            }
            self.within_rows(&rows, &mut evaluations, &task, seen).await?;
        }
        Ok(())
    }

    /// The rows of `file`, or of the counted dataset where nobody knows its files, each batch with the places of its rows.
    async fn open(&self, file: Option<&DataFile>) -> Result<Rows, RuntimeError> {
        let table = match (&self.source, file) {
            (Source::Files(table), Some(file)) => {
                return table.read(file, &self.reads).await;
            }
            (Source::Files(table), None) => Arc::clone(table) as Arc<dyn TableProvider>,
            (Source::Provider(table), _) => Arc::clone(table),
        };
        let names: Vec<&str> = self.reads.columns.iter().map(Column::name).collect();
        let frame = self.readable.read_table(table)?.select_columns(&names)?;
        let batches = frame.execute_stream().await?;
        Ok(batches.map_ok(|batch| (Places::default(), batch)).map_err(RuntimeError::from).boxed())
    }

    /// Holds what each row gives against what is promised within one.
    async fn within_rows(
        &self,
        rows: &RowBatch<'_>,
        evaluations: &mut [Evaluation],
        task: &TaskContext,
        seen: &mut Seen,
    ) -> Result<()> {
        if self.checks.is_empty() {
            return Ok(());
        }
        let mut offset = 0;
        for stretch in within_row::stretches(rows.batch, &self.file_key)? {
            let all: Vec<usize> = (0..self.checks.len()).collect();
            let verdicts = self.judge(&all, &stretch, evaluations, task, seen).await?;
            let mut blamed = Vec::new();
            for (index, verdict) in verdicts {
                let wants = match self.checks[index].answer {
                    Answer::RowConstraint(constraint) => {
                        let counts = &mut seen.counts[constraint];
                        counts.checked += verdict.checked;
                        counts.broken += verdict.broken;
                        counts.wants_violations()
                    }
                    Answer::Search(search) => seen.found[search].len() < MOST_VIOLATIONS,
                };
                if verdict.broken > 0 && wants {
                    blamed.push(index);
                }
            }
            // Which of the rows it was is asked one by one, and only then.
            for row in 0..stretch.num_rows() {
                if blamed.is_empty() {
                    break;
                }
                let alone = stretch.slice(row, 1);
                let verdicts = self.judge(&blamed, &alone, evaluations, task, seen).await?;
                for (index, verdict) in verdicts.into_iter().filter(|(_, verdict)| verdict.broken > 0) {
                    let violation = rows.violation(offset + row, None, verdict.values);
                    let violations = match self.checks[index].answer {
                        Answer::RowConstraint(constraint) => &mut seen.counts[constraint].violations,
                        Answer::Search(search) => &mut seen.found[search],
                    };
                    violations.push(violation);
                    if violations.len() >= MOST_VIOLATIONS {
                        blamed.retain(|known| *known != index);
                    }
                }
            }
            offset += stretch.num_rows();
        }
        Ok(())
    }

    /// The results of `checks` on `rows`. An evaluation that fails is told once in a file, and nothing that needs it is judged further.
    async fn judge(
        &self,
        checks: &[usize],
        rows: &RecordBatch,
        evaluations: &mut [Evaluation],
        task: &TaskContext,
        seen: &mut Seen,
    ) -> Result<Vec<(usize, Verdict)>> {
        loop {
            let able: Vec<usize> = checks
                .iter()
                .copied()
                .filter(|check| self.checks[*check].what.needs().all(|needed| !seen.failed.contains(&needed)))
                .collect();
            let needed = |evaluation: usize| {
                able.iter().any(|check| self.checks[*check].what.needs().any(|needed| needed == evaluation))
            };
            let outcomes = match within_row::outcomes(evaluations, needed, rows, task).await {
                Ok(outcomes) => outcomes,
                Err(Failed { evaluation, error }) => {
                    seen.failures.push(Failure::new(&evaluations[evaluation].relation, None, &error));
                    seen.failed.push(evaluation);
                    continue;
                }
            };
            let judged = able.into_iter().map(|check| Ok((check, self.checks[check].what.judge(&outcomes)?)));
            return judged.collect();
        }
    }
}
