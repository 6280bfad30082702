//! `query`: one read-only query over the relations of a catalog, its rows streamed to where they are wanted.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use cstspec_contract::{Boundary, Catalog, Finding};
use cstspec_runtime::boundary::{BoundaryError, Projector};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlan, Statement};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use crate::args::{Common, Query, RowFormat};
use crate::catalog_source::CatalogSource;
use crate::console::Console;
use crate::data::DataLocations;
use crate::encode::{self, Encoder, Format};
use crate::engine_message::sentence;
use crate::error::CommandError;
use crate::outcome::Form;
use crate::output::{self, Output};
use crate::paint::Paint;
use crate::preview::{self, Preview};
use crate::query_error::{QueryContext, QueryError};
use crate::session::{self, Engine};
use crate::{report, report_output, suggestion};

/// Runs the query.
pub fn run(args: &Query, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let format = args.format.map_or_else(|| by_ending(args.output.as_deref()), Ok)?;
    if matches!(format, RowFormat::Arrow | RowFormat::Parquet) && args.output.is_none() && output::stdout_is_terminal()
    {
        return Err(CommandError::usage("refusing to write binary output to a terminal: use -o FILE or a pipe"));
    }
    let sql = text(&args.sql)?;
    let mut source = CatalogSource::choose(common, console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let form = Form::of_rows(args.format);
    let Some(catalog) = &source.catalog else {
        return Ok(report_output::refuse(console, form, &source, &mut findings));
    };
    report_output::print_findings(console, &source, &mut findings);
    let boundary = args.boundary.as_deref().map(|name| named(name, catalog)).transpose()?;
    let placement = DataLocations::read(&args.data, catalog)?;
    console.log(&source.title());
    let output = args.output.as_deref().map(Output::file).transpose()?.unwrap_or_else(Output::stdout);
    let target = args.output.as_deref();
    let query = Rows { sql: &sql, format, target, boundary, catalog };
    let engine = Engine::start(&args.engine, catalog, console, form)?;
    match engine.run(query.stream(&engine, output, &placement, console)) {
        Ok(mut warnings) => {
            report_output::print_findings(console, &source, &mut warnings);
            findings.append(&mut warnings);
            if report::fails(&findings, common.fail_on) {
                form.find(&findings);
            }
            Ok(report_output::exit(&findings, common.fail_on))
        }
        Err(Stopped::Found(mut refusals)) => Ok(report_output::refuse(console, form, &source, &mut refusals)),
        Err(Stopped::Failed(failure)) => Err(failure),
    }
}

/// Why rows did not reach their end.
enum Stopped {
    /// A boundary does not let them pass, or data breaks its contract.
    Found(Vec<Finding>),
    /// Anything else.
    Failed(CommandError),
}

impl From<CommandError> for Stopped {
    fn from(failure: CommandError) -> Self {
        Self::Failed(failure)
    }
}

impl From<BoundaryError> for Stopped {
    fn from(error: BoundaryError) -> Self {
        match error.findings() {
            [] => Self::Failed(CommandError::Engine(error.to_string())),
            findings => Self::Found(findings.to_vec()),
        }
    }
}

/// What an error of the engine means for the query that was asked. An error of the data is a finding, as `verify` has it.
struct Judge<'a> {
    engine: &'a Engine,
    query: QueryContext<'a>,
}

impl Judge<'_> {
    fn stopped(&self, error: &DataFusionError) -> Stopped {
        if let Some(findings) =
            BoundaryError::inside(error).map(BoundaryError::findings).filter(|found| !found.is_empty())
        {
            return Stopped::Found(findings.to_vec());
        }
        if let Some(finding) = cstspec_verify::broken(self.query.catalog, error) {
            return Stopped::Found(vec![finding]);
        }
        let exhausted = self.engine.exhausted(error);
        Stopped::Failed(exhausted.unwrap_or_else(|| CommandError::Query(Box::new(QueryError::new(&self.query, error)))))
    }
}

/// The boundary of that name.
fn named<'a>(name: &str, catalog: &'a Catalog) -> Result<&'a Boundary, CommandError> {
    catalog.boundaries.iter().find(|boundary| boundary.name == name).ok_or_else(|| {
        let known = catalog.boundaries.iter().map(|boundary| boundary.name.as_str());
        let all: Vec<&str> = known.clone().collect();
        let otherwise = match &*all {
            [] => "the catalog has no boundaries".to_owned(),
            all => format!("the boundaries are {}", all.join(", ")),
        };
        let help = suggestion::help(name, known, &otherwise);
        CommandError::usage_with_help(format!("--boundary names an unknown boundary `{name}`"), Some(help))
    })
}

/// The query itself, which `-` asks to be read from standard input.
fn text(sql: &str) -> Result<String, CommandError> {
    if sql == "-" {
        return io::read_to_string(io::stdin()).map_err(|source| CommandError::read("standard input", source));
    }
    Ok(sql.to_owned())
}

/// The format that the ending of the output file names. A file without an ending is for people, as standard output is.
fn by_ending(output: Option<&Path>) -> Result<RowFormat, CommandError> {
    let Some(ending) = output.and_then(Path::extension) else { return Ok(RowFormat::Table) };
    match ending.to_string_lossy().to_lowercase().as_str() {
        "parquet" => Ok(RowFormat::Parquet),
        "arrow" | "arrows" | "ipc" | "feather" => Ok(RowFormat::Arrow),
        "csv" => Ok(RowFormat::Csv),
        "json" | "jsonl" | "ndjson" => Ok(RowFormat::Json),
        "txt" => Ok(RowFormat::Table),
        other => {
            let help = "the extensions are .parquet, .arrow, .arrows, .ipc, .feather, .csv, .json, .jsonl, .ndjson and \
                        .txt; with --format the file may have any name";
            Err(CommandError::usage_with_help(format!("unknown file extension `.{other}`"), Some(help.to_owned())))
        }
    }
}

/// How rows are encoded; `None` for the table. Files of Arrow can be read from any place; a stream, and what is named as one, are not.
fn encoding(format: RowFormat, target: Option<&Path>) -> Option<Format> {
    let stream = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("arrows"));
    Some(match format {
        RowFormat::Table => return None,
        RowFormat::Json => Format::Json,
        RowFormat::Csv => Format::Csv,
        RowFormat::Arrow if target.is_none_or(stream) => Format::ArrowStream,
        RowFormat::Arrow => Format::ArrowFile,
        RowFormat::Parquet => Format::Parquet,
    })
}

/// A query, and what becomes of its rows.
struct Rows<'a> {
    sql: &'a str,
    format: RowFormat,
    target: Option<&'a Path>,
    boundary: Option<&'a Boundary>,
    catalog: &'a Catalog,
}

impl Rows<'_> {
    /// Runs the query. What comes back is what somebody should know of the boundary.
    async fn stream(
        &self,
        engine: &Engine,
        output: Output,
        placement: &DataLocations,
        console: &Console,
    ) -> Result<Vec<Finding>, Stopped> {
        let (context, registered) = engine.open(self.catalog, placement, console).await?;
        session::warn_unregistered(&registered, console);
        let query = QueryContext { sql: self.sql, catalog: self.catalog, registered: &registered, context: &context };
        let judge = Judge { engine, query };
        let frame = plan(&judge).await?;
        let explains = matches!(frame.logical_plan(), LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
        if explains && self.boundary.is_some() {
            return Err(
                CommandError::usage("EXPLAIN prints a plan, which has no boundary: run it without --boundary").into()
            );
        }
        for words in placement.assumed(self.catalog, &context).await {
            console.note(&format!("data of {words}"));
        }
        let planned = Arc::clone(frame.schema().inner());
        let mut rows = typed(&planned, frame.execute_stream().await.map_err(|error| judge.stopped(&error))?);
        let mut warnings = Vec::new();
        if let Some(boundary) = self.boundary {
            let projector = Projector::plan(boundary, &rows.schema())?;
            projector.record(&context);
            warnings = projector.warnings();
            rows = projector.stream(rows);
        }
        let mut rows = Judged { rows, judge: &judge };
        match encoding(self.format, self.target) {
            Some(format) => encode(&mut rows, format, &output, self.target).await?,
            None if explains => explain(&mut rows, &output, console).await?,
            None => show(&mut rows, &output, self.target, console).await?,
        }
        output.keep()?;
        warnings.extend(cstspec_verify::ignored(&context).await);
        Ok(warnings)
    }
}

/// Rows on their way out.
struct Judged<'a> {
    rows: SendableRecordBatchStream,
    judge: &'a Judge<'a>,
}

impl Judged<'_> {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// The next rows, if there are any.
    async fn next(&mut self) -> Result<Option<RecordBatch>, Stopped> {
        self.rows.next().await.transpose().map_err(|error| self.judge.stopped(&error))
    }
}

/// Plans the query, and sees that it only reads.
async fn plan(judge: &Judge<'_>) -> Result<DataFrame, Stopped> {
    let QueryContext { sql, context, .. } = &judge.query;
    let mut state = context.state();
    // Errors have their place then.
    state.config_mut().options_mut().sql_parser.collect_spans = true;
    let plan = cstspec_runtime::limits::plan(&state, sql)
        .await
        .map_err(|error| several(&error).unwrap_or_else(|| judge.stopped(&error)))?;
    only_reads(&plan)?;
    let frame = context.execute_logical_plan(plan).await.map_err(|error| judge.stopped(&error))?;
    // What EXECUTE runs was planned before.
    only_reads(frame.logical_plan())?;
    Ok(frame)
}

/// What is told to somebody who asks no query, or several.
fn several(error: &DataFusionError) -> Option<Stopped> {
    let text = sentence(error);
    if text.contains("only supports a single SQL statement") {
        let help = "run them one by one; --set KEY=VALUE sets a setting for a query".to_owned();
        return Some(
            CommandError::usage_with_help("query runs one statement, but the text has several", Some(help)).into(),
        );
    }
    text.contains("o SQL statements were provided").then(|| CommandError::usage("the text has no statement").into())
}

fn only_reads(plan: &LogicalPlan) -> Result<(), CommandError> {
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(true);
    let what = match plan {
        LogicalPlan::Statement(Statement::Execute(_)) => return Ok(()),
        LogicalPlan::Statement(statement) => statement.name().to_owned(),
        _ => match options.verify_plan(plan) {
            Ok(()) => return Ok(()),
            Err(error) => sentence(&error).rsplit(": ").next().unwrap_or_default().to_owned(),
        },
    };
    let what = as_sql(&what);
    let message = format!("query is read-only and refuses {what}: use SELECT, EXECUTE, DESCRIBE, SHOW or EXPLAIN");
    let help = what.starts_with("SET").then(|| "--set KEY=VALUE sets a setting for the query".to_owned());
    Err(CommandError::usage_with_help(message, help))
}

/// `CreateMemoryTable` as `CREATE MEMORY TABLE`.
fn as_sql(name: &str) -> String {
    let mut words = String::new();
    let mut after_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_small {
            words.push(' ');
        }
        after_small = letter.is_lowercase();
        words.extend(letter.to_uppercase());
    }
    words
}

/// Writes the first rows as a table.
async fn show(rows: &mut Judged<'_>, output: &Output, target: Option<&Path>, console: &Console) -> Result<(), Stopped> {
    let mut preview = Preview::new(&rows.schema());
    while let Some(batch) = rows.next().await? {
        preview.push(&batch).map_err(|error| CommandError::Engine(error.to_string()))?;
        if preview.is_full() {
            break;
        }
    }
    let (paint, width) = if target.is_some() { (Paint::Plain, None) } else { (console.paint, console.width) };
    Ok(put(output, &preview.render(paint, width))?)
}

/// Writes the plans of EXPLAIN.
async fn explain(rows: &mut Judged<'_>, output: &Output, console: &Console) -> Result<(), Stopped> {
    while let Some(batch) = rows.next().await? {
        put(output, &preview::plans(&batch, console.paint))?;
    }
    Ok(())
}

fn put(output: &Output, text: &str) -> Result<(), CommandError> {
    let mut writer = output.writer()?;
    writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).map_err(|error| output.write_error(&error))
}

/// Writes every row as it comes. Nothing is written before the first rows are there.
async fn encode(rows: &mut Judged<'_>, format: Format, output: &Output, target: Option<&Path>) -> Result<(), Stopped> {
    encode::check(format, &rows.schema())?;
    let mut next = rows.next().await?;
    let writer = output.writer()?;
    let mut encoder =
        Encoder::new(format, &rows.schema(), writer, target).map_err(|error| output.write_error(&error))?;
    while let Some(batch) = next {
        encoder.write(&batch).map_err(|error| output.write_error(&error))?;
        next = rows.next().await?;
    }
    Ok(encoder.finish().map_err(|error| output.write_error(&error))?)
}

/// The rows under the schema that was planned.
fn typed(planned: &Schema, rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let schema = declared(planned, &rows.schema());
    let under = Arc::clone(&schema);
    let typed = rows.map(move |batch| {
        let batch = batch?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&under), batch.columns().to_vec(), &options).map_err(|error| {
            DataFusionError::Execution(format!("the rows of the engine do not have the planned schema: {error}"))
        })
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, typed))
}

/// The schema that rows are written with: what was planned, and what runs where the engine has coerced a type since.
///
/// The plan knows best what is promised (nullability, metadata), but its types are those of before coercion.
fn declared(planned: &Schema, running: &Schema) -> SchemaRef {
    let fields = planned.fields().iter().zip(running.fields()).map(|(planned, running)| {
        if planned.data_type() == running.data_type() { Arc::clone(planned) } else { Arc::clone(running) }
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), planned.metadata().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_sql() {
        assert_eq!(as_sql("CreateMemoryTable"), "CREATE MEMORY TABLE");
        assert_eq!(as_sql("Insert Into"), "INSERT INTO");
        assert_eq!(as_sql("COPY"), "COPY");
    }

    /// The ending of a file names its format.
    #[test]
    fn format_by_file_ending() {
        let of = |path: &str| by_ending(Some(Path::new(path))).unwrap();
        assert_eq!(of("a/b.parquet"), RowFormat::Parquet);
        assert_eq!(of("b.ndjson"), RowFormat::Json);
        assert_eq!(of("B.CSV"), RowFormat::Csv);
        assert_eq!(of("b.d/b"), RowFormat::Table);
        assert_eq!(by_ending(None).unwrap(), RowFormat::Table);
        for unknown in ["x.xlsx", "x.csv.gz", "x."] {
            assert!(matches!(by_ending(Some(Path::new(unknown))), Err(CommandError::Usage { .. })), "{unknown}");
        }
    }
}
