//! `check`: what the specs alone tell.

use std::fmt::Write as _;
use std::process::ExitCode;

use cstspec_contract::Catalog;
use cstspec_report::table::count;

use crate::args::{Check, Common, ReportFormat};
use crate::catalog_source::CatalogSource;
use crate::console::{Console, Verbosity};
use crate::error::CommandError;
use crate::paint::GREEN;
use crate::report_output;

/// Checks the specs, and reports.
pub fn run(args: &Check, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let mut source = CatalogSource::choose(common, console)?;
    source.check()?;
    let mut findings = std::mem::take(&mut source.findings);
    let exit = report_output::exit(&findings, common.fail_on);
    if args.format == ReportFormat::Json {
        return report_output::json(console, &source, None, &mut findings).map(|()| exit);
    }
    let mut text = report_output::title(console, &source);
    text.push_str(&report_output::findings(console, &source, &mut findings, 0));
    if findings.is_empty() && console.verbosity > Verbosity::Quiet {
        let made: Vec<String> = source.catalog.iter().flat_map(parts).collect();
        let clean = console.paint.paint(GREEN, "clean");
        let _ = writeln!(text, "{}: {clean}", made.join(", "));
    }
    report_output::text(&text).map(|()| exit)
}

/// Counts of a catalog's parts, zeros left out.
fn parts(catalog: &Catalog) -> Vec<String> {
    [
        (catalog.datasets.len(), "dataset"),
        (catalog.views.len(), "view"),
        (catalog.functions.len(), "function"),
        (catalog.sessions.len(), "session preset"),
        (catalog.statements.len(), "statement"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, noun)| count(number, noun))
    .collect()
}
