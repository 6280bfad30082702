//! `check`: what the specs alone tell.

use std::process::ExitCode;

use crate::args::{Check, Common, ReportFormat};
use crate::console::{Console, GREEN, Talk};
use crate::failure::Failure;
use crate::publish;
use crate::source::Source;
use crate::table::count;

/// Checks the specs, and reports.
pub fn run(args: &Check, common: &Common, console: &Console) -> Result<ExitCode, Failure> {
    let mut source = Source::choose(common.specs.as_deref(), console)?;
    source.check();
    let mut findings = std::mem::take(&mut source.findings);
    let exit = publish::exit(&findings, common.fail_on);
    if args.format == ReportFormat::Json {
        return publish::json(console, &source, None, &mut findings, Vec::new()).map(|()| exit);
    }
    let mut text = publish::title(console, &source);
    text.push_str(&publish::findings(console, &source, &mut findings));
    if findings.is_empty() && console.talk > Talk::Quiet {
        let made = source.catalog.as_ref().map(|catalog| {
            [
                count(catalog.datasets.len(), "dataset"),
                count(catalog.views.len(), "view"),
                count(catalog.functions.len(), "function"),
                count(catalog.statements.len(), "statement"),
            ]
            .join(", ")
        });
        let clean = console.paint.paint(GREEN, "clean");
        text.push_str(&format!("{}: {clean}\n", made.unwrap_or_default()));
    }
    publish::text(console, &text).map(|()| exit)
}
