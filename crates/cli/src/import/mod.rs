//! `import`: the specs of a table, from its schema and from what holds on all its rows.
//!
//! ```text
//! location -> survey (schema, partitions) -> draft -> search (candidates) -> proof (verify --deep, until all hold) -> files
//! ```
//!
//! A search proposes; the proof alone decides. `cstspec_import` writes the text.

mod contract;
mod into;
mod merge;
pub mod place;
mod proof;
mod search;
pub mod summary;
mod survey;
pub mod table;
mod target;
mod unchanged;
pub mod write;

use std::process::ExitCode;

use cstspec_contract::{Finding, Severity};
use cstspec_import::{Proofs, Unsaid};
use cstspec_runtime::Locations;
use cstspec_spec::Compiled;
use cstspec_verify::Checks;

use crate::args::{Common, Import};
use crate::catalog_source::CatalogSource;
use crate::console::Console;
use crate::error::CommandError;
use crate::outcome::Form;
use crate::report_output;
use crate::session::Engine;
use place::SpecsPlace;
use table::Table;
use target::Target;

/// The most columns and nested fields of a table that is searched for constraints: every question costs the engine time for each of them.
const MOST_PATHS: usize = 2_000;

/// Why an import writes nothing.
pub enum Stopped {
    /// The command cannot do its work.
    Failed(CommandError),
    /// The table, or what specs would say of it, has faults. The specs are those that the findings point into, if they do.
    Found(Vec<Finding>, Option<Box<Compiled>>),
}

impl From<CommandError> for Stopped {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

/// The errors among `findings`.
pub fn errors(findings: &[Finding]) -> Vec<Finding> {
    findings.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect()
}

/// Whether one of `findings` is an error.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// An import that is proven and not written yet.
pub struct Imported {
    /// The specs.
    pub table: Table,
    /// Numbers of proven values and rows.
    pub proofs: Proofs,
    /// What the specs do not have.
    pub unsaid: Vec<Unsaid>,
    /// Warnings and advice about the table.
    pub findings: Vec<Finding>,
}

/// Imports the table, and writes its specs.
pub fn run(args: &Import, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    if common.built_in {
        return Err(CommandError::usage(
            "--built-in selects a catalog that cannot be changed: use --specs, or neither",
        ));
    }
    if contract::is_contract(&args.location) {
        if args.into.is_some() {
            return Err(CommandError::usage("--into requires a table, and a contract has no data"));
        }
        return contract::run(args, common, console);
    }
    let location = table::location(&args.location)?;
    if let Some(file) = &args.into {
        return refreshed(args, file, &location, common, console);
    }
    let place = SpecsPlace::open(common.specs.as_deref())?;
    match import(args, &place, &location, console) {
        Ok(imported) => {
            let files = cstspec_import::files(&imported.table.draft, &imported.proofs);
            if let Err(findings) = place.accepts(&files) {
                return refuse(console, findings, None);
            }
            write::all(&place, &files)?;
            summary::print(console, args, &place, &imported, &files)?;
            Ok(report_output::exit(&imported.findings, common.fail_on))
        }
        Err(Stopped::Failed(error)) => Err(error),
        Err(Stopped::Found(findings, compiled)) => refuse(console, findings, compiled.map(|compiled| *compiled)),
    }
}

/// Refreshes the specs that have a table already.
fn refreshed(
    args: &Import,
    file: &std::path::Path,
    location: &cstspec_runtime::Location,
    common: &Common,
    console: &Console,
) -> Result<ExitCode, CommandError> {
    let target = Target::open(file, common.specs.as_deref())?;
    match into::refresh(args, &target, location, console) {
        Ok(refreshed) => {
            let is_written = !refreshed.is_stuck() && (args.accept || !refreshed.is_asked());
            if is_written {
                write::changes(&target, &refreshed)?;
            }
            summary::print_refreshed(console, args, &target, &refreshed, is_written)?;
            if is_written {
                return Ok(report_output::exit(&refreshed.findings, common.fail_on));
            }
            Ok(ExitCode::from(report_output::FOUND))
        }
        Err(Stopped::Failed(error)) => Err(error),
        Err(Stopped::Found(findings, compiled)) => refuse(console, findings, compiled.map(|compiled| *compiled)),
    }
}

/// The specs of a table, proven and not written.
pub fn import(
    args: &Import,
    place: &SpecsPlace,
    location: &cstspec_runtime::Location,
    console: &Console,
) -> Result<Imported, Stopped> {
    let name = table::name(args)?;
    if place.has_relation(&name) {
        return Err(Stopped::Failed(CommandError::usage_with_help(
            format!("the catalog in {} has a relation `{name}` already", place.folder.display()),
            Some("choose another name with --name".to_owned()),
        )));
    }
    let preset = table::preset();
    let engine = Engine::start(&args.engine, &preset, console, Form::Text)?;
    engine.run(async {
        console.log(&format!("reading the footers of {location}"));
        let surveyed = survey::take(&name, location).await?;
        let mut unsaid = surveyed.unsaid.clone();
        let mut table = Table::new(&name, place, surveyed, &mut unsaid);
        let locations = Locations::from([(name.clone(), location.clone())]);
        let compiled = table.compile(&mut unsaid)?;
        let context = engine.open_at(&compiled, &locations).await?;
        let mut checks = Checks::Rows;
        if table.draft.nullable_paths().len() > MOST_PATHS {
            let reason = format!("constraints beyond those of the schema, and proofs: there are more than {MOST_PATHS} columns and fields");
            unsaid.push(Unsaid::new("", reason));
            checks = Checks::Schema;
        } else {
            console.log("searching for keys and sets of values");
            search::of_rows(&context, &mut table).await;
            search::of_order(&engine, &compiled, &locations, &mut table, console).await?;
            let compiled = table.compile(&mut unsaid)?;
            let context = engine.open_at(&compiled, &locations).await?;
            search::of_elements(&context, &mut table).await;
            table.draft.not_null = table.draft.nullable_paths();
        }
        let (proofs, findings) = proof::until_clean(&engine, &locations, &mut table, &mut unsaid, checks, console).await?;
        unsaid.sort();
        unsaid.dedup();
        Ok(Imported { table, proofs, unsaid, findings })
    })
}

/// Shows why nothing is written.
pub fn refuse(
    console: &Console,
    mut findings: Vec<Finding>,
    compiled: Option<Compiled>,
) -> Result<ExitCode, CommandError> {
    let is_placed = compiled.is_some();
    for finding in findings.iter_mut().filter(|_| !is_placed) {
        // The specs that it would point into are not written.
        finding.spec = None;
    }
    findings.retain(|finding| finding.severity > Severity::Info);
    findings.sort();
    findings.dedup();
    let source = CatalogSource::in_memory(compiled.unwrap_or_else(|| cstspec_spec::compile_embedded(&[])));
    let mut text = report_output::findings(console, &source, &mut findings, 0);
    text.push_str("nothing is written\n");
    report_output::text(&text)?;
    Ok(ExitCode::from(report_output::FOUND))
}
