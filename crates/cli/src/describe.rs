//! `describe`: the schema of relations, as the specs declare it or as the engine reports it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use arrow::datatypes::{FieldRef, SchemaRef};
use cstspec_contract::artifact::one_line;
use cstspec_contract::describe::{self, DescribeRow};
use cstspec_contract::text::printable_lines;
use cstspec_contract::{Catalog, Finding, Relation, View, ViewBody};
use cstspec_report::table::{Align, Cell, Table};
use serde::Serialize;

use crate::args::{Common, Describe, DescribeFormat};
use crate::catalog_source::CatalogSource;
use crate::console::{Console, Verbosity};
use crate::data::DataLocations;
use crate::error::CommandError;
use crate::outcome::Form;
use crate::paint::{BOLD, DIM};
use crate::report::{self, ReportedFinding};
use crate::report_output;
use crate::session::{self, Engine};
use crate::suggestion;

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum SchemaSource {
    /// The specs.
    Expected,
    /// The engine.
    Observed,
}

/// A relation and its schema.
struct Described<'a> {
    relation: Relation<'a>,
    rows: Vec<DescribeRow>,
    schema: SchemaRef,
}

/// Shows the relations asked for, or all.
pub fn run(args: &Describe, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let mut source = CatalogSource::choose(common, console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let Some(catalog) = &source.catalog else {
        return Ok(report_output::refuse(console, Form::of_schemas(args.format), &source, &mut findings));
    };
    report_output::print_findings(console, &source, &mut findings);
    if !args.observed && !args.data.locations.is_empty() {
        return Err(CommandError::usage("--data requires --observed"));
    }
    if !args.observed && !args.engine.is_default() {
        return Err(CommandError::usage("--session, --set, --memory-limit and --timeout require --observed"));
    }
    let relations = select(catalog, &args.relations)?;
    let (described, witness) = if args.observed {
        (observe(args, catalog, relations, console)?, SchemaSource::Observed)
    } else {
        (relations.into_iter().map(declared).collect(), SchemaSource::Expected)
    };
    let text = match args.format {
        DescribeFormat::Json => json(&described, witness, &findings)?,
        DescribeFormat::Tree => report_output::title(console, &source) + &blocks(&described, console, tree),
        DescribeFormat::Table => report_output::title(console, &source) + &blocks(&described, console, table),
    };
    report_output::text(&text).map(|()| report_output::exit(&findings, common.fail_on))
}

fn select<'a>(catalog: &'a Catalog, names: &[String]) -> Result<Vec<Relation<'a>>, CommandError> {
    if names.is_empty() {
        return Ok(catalog.relations().collect());
    }
    names
        .iter()
        .map(|name| {
            catalog.relation(name).ok_or_else(|| {
                let known: Vec<&str> = catalog.relations().map(|relation| relation.name()).collect();
                let help = suggestion::help(name, known, "`cstspec describe` without a name shows all relations");
                CommandError::usage_with_help(format!("there is no relation `{name}`"), Some(help))
            })
        })
        .collect()
}

fn declared(relation: Relation<'_>) -> Described<'_> {
    let schema = relation.schema();
    Described { relation, rows: describe::rows(&schema), schema }
}

fn observe<'a>(
    args: &Describe,
    catalog: &Catalog,
    relations: Vec<Relation<'a>>,
    console: &Console,
) -> Result<Vec<Described<'a>>, CommandError> {
    let placement = DataLocations::read(&args.data, catalog)?;
    let engine = Engine::start(&args.engine, catalog, console, Form::of_schemas(args.format))?;
    engine.run(async {
        let (context, registered) = engine.open(catalog, &placement, console).await?;
        session::warn_unregistered(&registered, console);
        let mut described = Vec::new();
        for relation in relations {
            if let Some(failure) = session::unregistered(&registered, relation.name()) {
                return Err(failure);
            }
            let observed =
                cstspec_runtime::observe(&context, relation.name()).await.map_err(|error| session::error_of(&error))?;
            described.push(Described { relation, rows: observed.rows, schema: observed.schema });
        }
        Ok(described)
    })
}

/// One block per relation, an empty line between two.
fn blocks(described: &[Described<'_>], console: &Console, body: fn(&Described<'_>, &Console) -> String) -> String {
    let blocks: Vec<String> = described
        .iter()
        .map(|one| {
            let mut block = String::new();
            if console.verbosity > Verbosity::Quiet {
                let name = console.paint.paint(BOLD, one.relation.name());
                let doc = one.relation.doc().lines().next().unwrap_or_default();
                let _ = writeln!(block, "{name} ({})", one.relation.kind());
                if !doc.is_empty() {
                    let _ = writeln!(block, "{}", console.paint.paint(DIM, &printable_lines(doc)));
                }
                if let Some(condition) = condition(one.relation) {
                    let condition = format!("WHERE {}", one_line(condition));
                    let _ = writeln!(block, "{}", console.paint.paint(DIM, &printable_lines(&condition)));
                }
            }
            block + &body(one, console)
        })
        .collect();
    blocks.join("\n")
}

/// What the rows of a row view meet.
fn condition(relation: Relation<'_>) -> Option<&str> {
    match relation {
        Relation::View(View { body: ViewBody::Rows { condition, .. }, .. }) => condition.as_deref(),
        _ => None,
    }
}

fn tree(described: &Described<'_>, _: &Console) -> String {
    let mut text = String::new();
    for line in describe::tree(&described.schema).lines() {
        let _ = writeln!(text, "  {}", printable_lines(line));
    }
    text
}

/// The three columns as the engine prints them; a nested type is cut to the width of a terminal, and whole elsewhere.
fn table(described: &Described<'_>, console: &Console) -> String {
    let header = ["column_name", "data_type", "is_nullable"].map(|name| (name.to_owned(), Align::Left));
    let mut table = Table::new(header);
    for row in &described.rows {
        table.push(vec![Cell::new(&row.column_name), Cell::new(&row.data_type), Cell::new(&row.is_nullable)]);
    }
    table.render(console.paint, console.width)
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Listing<'a> {
    schema_version: u32,
    tool: &'a str,
    witness: SchemaSource,
    /// What is wrong with the specs all the same, as a report has it.
    findings: Vec<ReportedFinding>,
    relations: Vec<ListedRelation<'a>>,
}

#[derive(Serialize)]
struct ListedRelation<'a> {
    name: &'a str,
    kind: &'a str,
    doc: &'a str,
    /// What the rows of a row view meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
    describe: Vec<ListedRow<'a>>,
    fields: Vec<ListedField>,
}

#[derive(Serialize)]
struct ListedRow<'a> {
    column_name: &'a str,
    data_type: &'a str,
    is_nullable: &'a str,
}

/// A field and those below it, at any depth.
#[derive(Serialize)]
struct ListedField {
    name: String,
    data_type: String,
    nullable: bool,
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<ListedField>,
}

fn json(described: &[Described<'_>], witness: SchemaSource, findings: &[Finding]) -> Result<String, CommandError> {
    let relations = described
        .iter()
        .map(|one| ListedRelation {
            name: one.relation.name(),
            kind: one.relation.kind(),
            doc: one.relation.doc(),
            condition: condition(one.relation),
            describe: one
                .rows
                .iter()
                .map(|row| ListedRow {
                    column_name: &row.column_name,
                    data_type: &row.data_type,
                    is_nullable: &row.is_nullable,
                })
                .collect(),
            fields: one.schema.fields().iter().map(listed).collect(),
        })
        .collect();
    let findings = findings.iter().map(ReportedFinding::from).collect();
    report::json(&Listing { schema_version: report::SCHEMA_VERSION, tool: report::TOOL, witness, findings, relations })
}

fn listed(field: &FieldRef) -> ListedField {
    ListedField {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
        metadata: field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        fields: children(field).into_iter().map(listed).collect(),
    }
}

fn children(field: &FieldRef) -> Vec<&FieldRef> {
    use arrow::datatypes::DataType;
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().collect(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => vec![item],
        DataType::RunEndEncoded(run_ends, values) => vec![run_ends, values],
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field).collect(),
        _ => Vec::new(),
    }
}
