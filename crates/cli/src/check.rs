//! `check`: what the specs alone tell.

use std::fmt::Write as _;
use std::process::ExitCode;

use cstspec_contract::Catalog;

use crate::args::{Check, Common, ReportFormat};
use crate::console::{Console, GREEN, Talk};
use crate::failure::Failure;
use crate::publish;
use crate::source::Source;
use crate::table::count;

/// Checks the specs, and reports.
pub fn run(args: &Check, common: &Common, console: &Console) -> Result<ExitCode, Failure> {
    let mut source = Source::choose(common, console)?;
    source.check()?;
    let mut findings = std::mem::take(&mut source.findings);
    let exit = publish::exit(&findings, common.fail_on);
    if args.format == ReportFormat::Json {
        return publish::json(console, &source, None, &mut findings).map(|()| exit);
    }
    let mut text = publish::title(console, &source);
    text.push_str(&publish::findings(console, &source, &mut findings));
    if findings.is_empty() && console.talk > Talk::Quiet {
        let made: Vec<String> = source.catalog.iter().flat_map(parts).collect();
        let clean = console.paint.paint(GREEN, "clean");
        let _ = writeln!(text, "{}: {clean}", made.join(", "));
    }
    publish::text(&text).map(|()| exit)
}

/// What a catalog is made of, without what it has none of.
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
