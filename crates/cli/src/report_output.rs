//! How a report leaves the command: its first line, its findings, its JSON, and the exit code.

use std::process::ExitCode;

use cstspec_contract::report::Report as Verification;
use cstspec_contract::{Finding, Severity};
use cstspec_report::render::{self, Extent};

use crate::args::FailOn;
use crate::catalog_source::CatalogSource;
use crate::console::{self, Console, Verbosity};
use crate::error::CommandError;
use crate::outcome::Form;
use crate::paint::BOLD;
use crate::report::{self, Report};

/// Exit code of findings at or above `--fail-on`, and of stale artifacts.
pub const FOUND: u8 = 1;
/// Exit code of wrong usage and of a failure of the tool.
pub const FAILED: u8 = 2;

/// The exit code of these findings.
pub fn exit(findings: &[Finding], fail_on: FailOn) -> ExitCode {
    if report::fails(findings, fail_on) { ExitCode::from(FOUND) } else { ExitCode::SUCCESS }
}

/// How many of the findings are shown.
fn extent(console: &Console) -> Extent {
    if console.verbosity == Verbosity::Verbose { Extent::All } else { Extent::Excerpt }
}

/// The first line of a report for people: which catalog it is about.
pub fn title(console: &Console, source: &CatalogSource) -> String {
    if console.verbosity == Verbosity::Quiet {
        return String::new();
    }
    format!("{}\n\n", console.paint.paint(BOLD, &source.title()))
}

/// The findings for people, how many there are of which, and how many more they explain; nothing when there are none.
pub fn findings(console: &Console, source: &CatalogSource, findings: &mut [Finding], explained: u64) -> String {
    if findings.is_empty() {
        return String::new();
    }
    render::locate(findings, source);
    let mut text = render::findings(findings, source, console.paint, console.width, extent(console));
    text.push_str(&render::summary(findings, explained, console.paint));
    text
}

/// Prints a report as JSON. Which catalog it is about is said on standard error.
pub fn json(
    console: &Console,
    source: &CatalogSource,
    answer: Option<&Verification>,
    findings: &mut [Finding],
) -> Result<(), CommandError> {
    console.log(&source.title());
    render::locate(findings, source);
    text(&report::json(&Report::new(answer, findings))?)
}

/// Prints a report. Its reader may leave early: the exit code tells the rest.
pub fn text(text: &str) -> Result<(), CommandError> {
    match console::print(text) {
        Err(CommandError::ClosedPipe) => Ok(()),
        printed => printed,
    }
}

/// Says on standard error what is wrong with specs that a command cannot work with, or would rather not. Advice about specs is for
/// the commands that are about them.
pub fn print_findings(console: &Console, source: &CatalogSource, findings: &mut Vec<Finding>) {
    findings.retain(|finding| finding.severity > Severity::Info);
    if findings.is_empty() {
        return;
    }
    render::locate(findings, source);
    let paint = console.error_paint();
    let text = render::findings(findings, source, paint, console.width, extent(console));
    console::eprint(&(text + &render::summary(findings, 0, paint)));
}

/// The exit code of a command that has nothing to show but `findings`. They are on standard error, and in the form that was asked for.
pub fn refuse(console: &Console, form: Form, source: &CatalogSource, findings: &mut Vec<Finding>) -> ExitCode {
    print_findings(console, source, findings);
    form.find(findings);
    ExitCode::from(FOUND)
}
