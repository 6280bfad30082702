//! `rules` and `explain`: what can be found, and what each finding means.

use std::fmt::Write as _;

use cstspec_contract::{Rule, Severity};
use cstspec_report::table::{Align, Cell, Table, count};
use serde::Serialize;

use crate::args::{Explain, ReportFormat, Rules};
use crate::console::{self, Console};
use crate::error::CommandError;
use crate::paint::{BOLD, CYAN, RED, YELLOW};
use crate::{report, suggestion};

/// A rule as `rules --format json` prints it.
#[derive(Debug, Serialize)]
struct ListedRule {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    summary: &'static str,
}

/// Every rule of the compiler, the generator and the runtime, by code.
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    rules.extend(cstspec_spec::rules::ALL);
    rules.extend(cstspec_codegen::rules::ALL);
    rules.extend(cstspec_verify::rules::all());
    rules.extend(cstspec_runtime::boundary::rules::ALL);
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// Lists the rules.
pub fn list(args: &Rules, console: &Console) -> Result<(), CommandError> {
    let rules = all();
    if args.format == ReportFormat::Json {
        let listed: Vec<ListedRule> = rules
            .iter()
            .map(|rule| ListedRule { code: rule.code, name: rule.name, severity: rule.severity, summary: rule.summary })
            .collect();
        return console::print(&report::json(&listed)?);
    }
    let header = ["code", "severity", "name", "summary"].map(|name| (name.to_owned(), Align::Left));
    let mut table = Table::new(header);
    for rule in &rules {
        table.push(vec![
            Cell::new(rule.code).styled(BOLD),
            severity(rule.severity),
            Cell::new(rule.name),
            Cell::new(rule.summary),
        ]);
    }
    let mut text = table.render(console.paint, console.width);
    let _ = writeln!(text, "\n{}; `cstspec explain CODE` prints the page of a rule", count(rules.len(), "rule"));
    console::print(&text)
}

/// Prints the page of one rule.
pub fn explain(args: &Explain, console: &Console) -> Result<(), CommandError> {
    let rules = all();
    let asked = args.rule.trim();
    let found = rules.iter().find(|rule| rule.code.eq_ignore_ascii_case(asked) || rule.name == asked);
    let Some(rule) = found else {
        let known: Vec<&str> = rules.iter().flat_map(|rule| [rule.code, rule.name]).collect();
        let help = suggestion::help(asked, known.iter().copied(), "`cstspec rules` lists all rules");
        return Err(CommandError::usage_with_help(format!("there is no rule `{asked}`"), Some(help)));
    };
    let paint = console.paint;
    let title = paint.paint(BOLD, &format!("{} {}", rule.code, rule.name));
    let explanation = rule.explanation.trim();
    let mut text = format!("{title} ({})\n\n{}\n", rule.severity, paint.paint(CYAN, rule.summary));
    if !explanation.is_empty() {
        let _ = writeln!(text, "\n{explanation}");
    }
    console::print(&text)
}

fn severity(severity: Severity) -> Cell {
    let cell = Cell::new(severity.to_string());
    match severity {
        Severity::Error => cell.styled(RED),
        Severity::Warning => cell.styled(YELLOW),
        Severity::Info => cell,
    }
}
