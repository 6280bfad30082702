//! The result of a query in a session, in a form that compares.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{ParamValues, Result, ScalarValue};
use datafusion::dataframe::DataFrame;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::SessionContext;

use super::frame::frame;
use super::query::Relation;

/// A query, however it is put.
#[derive(Clone, Debug)]
pub enum Ask {
    Sql { sql: String, parameters: Vec<i64> },
    Statement { prepare: String, execute: String },
    Frame { relations: Arc<[Relation]>, seed: u64 },
}

impl Ask {
    async fn put(&self, ctx: &SessionContext) -> Result<DataFrame> {
        match self {
            Self::Sql { sql, parameters } => {
                let frame = ctx.sql(sql).await?;
                if parameters.is_empty() {
                    return Ok(frame);
                }
                let values = parameters.iter().map(|value| ScalarValue::Int64(Some(*value))).collect::<Vec<_>>();
                frame.with_param_values(ParamValues::from(values))
            }
            Self::Statement { prepare, execute } => {
                ctx.sql(prepare).await?;
                ctx.sql(execute).await
            }
            Self::Frame { relations, seed } => frame(ctx, relations, *seed).await,
        }
    }

    pub async fn text(&self, ctx: &SessionContext) -> String {
        match (self, self.put(ctx).await) {
            (Self::Frame { .. }, Ok(frame)) => frame.logical_plan().display_indent().to_string(),
            (ask, _) => format!("{ask:?}"),
        }
    }
}

/// The result of the comparison.
pub struct Answer {
    /// Of the plan as it was put, of the optimized one, and of what is executed.
    pub schemas: [SchemaRef; 3],
    /// As text, sorted.
    pub rows: Vec<String>,
    /// As EXPLAIN shows it.
    pub plan: String,
    /// Bytes read of files, without footers.
    pub bytes: usize,
}

/// Where it ended, and the engine's words.
pub enum Refusal {
    Planning(String),
    Execution(String),
}

impl Answer {
    /// Asks a session.
    pub async fn of(ctx: &SessionContext, ask: &Ask) -> Result<Self, Refusal> {
        let (ctx, ask) = (ctx.clone(), ask.clone());
        // In a task of its own, so that a panic of the engine is an answer too.
        let asked = tokio::spawn(async move { Self::asked(&ctx, &ask).await });
        asked.await.unwrap_or_else(|error| Err(Refusal::Execution(format!("panicked: {error}"))))
    }

    async fn asked(ctx: &SessionContext, ask: &Ask) -> Result<Self, Refusal> {
        let frame = ask.put(ctx).await.map_err(|error| Refusal::Planning(error.strip_backtrace()))?;
        let failed = |error: datafusion::common::DataFusionError| Refusal::Execution(error.strip_backtrace());
        let (state, plan) = frame.into_parts();
        let put = Arc::new(plan.schema().as_arrow().clone());
        let optimized = state.optimize(&plan).map_err(failed)?;
        let kept = Arc::new(optimized.schema().as_arrow().clone());
        let plan = state.query_planner().create_physical_plan(&optimized, &state).await.map_err(failed)?;
        let shown = format!("{}\n{}", optimized.display_indent(), displayable(plan.as_ref()).indent(false));
        let batches = collect(Arc::clone(&plan), ctx.task_ctx()).await.map_err(failed)?;
        let schema = plan.schema();
        for batch in &batches {
            let types =
                |schema: &SchemaRef| schema.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
            if types(&batch.schema()) != types(&schema) {
                return Err(Refusal::Execution(format!("rows of {} under a plan of {schema}", batch.schema())));
            }
        }
        Ok(Self { schemas: [put, kept, schema], rows: rows(&batches), plan: shown, bytes: bytes(&plan) })
    }

    pub fn is_narrowed(&self) -> bool {
        self.plan.contains("narrowed=[")
    }
}

/// Each row as text, sorted.
fn rows(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            for column in &columns {
                write!(text, "{} | ", column.value(row)).unwrap();
            }
            rows.push(text);
        }
    }
    rows.sort_unstable();
    rows
}

fn bytes(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
    own.map_or(0, |value| value.as_usize()) + plan.children().into_iter().map(bytes).sum::<usize>()
}
