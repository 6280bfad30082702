//! `verify`: the main job. What the engine says is held against what the specs say.

use std::fmt::Write as _;
use std::process::ExitCode;

use cstspec_contract::report::Report as Verification;
use cstspec_contract::text::{printable, thousands};
use cstspec_contract::{Catalog, Finding, Path, Relation};
use cstspec_report::render;
use cstspec_report::table::{Align, Cell, Table, count};
use cstspec_runtime::manifest::{Manifest, Stopwatch};
use cstspec_verify::{Checks, rules};

use crate::args::{Common, ReportFormat, Verify};
use crate::catalog_source::CatalogSource;
use crate::console::{Console, Verbosity};
use crate::data::{DataLocations, mount_label};
use crate::error::CommandError;
use crate::outcome::Form;
use crate::paint::{DIM, GREEN, RED};
use crate::progress::Bar;
use crate::session::Engine;
use crate::{manifest, report, report_output, verify_summary};

/// More relations than this fit no page: then only those with trouble are listed.
const MOST_RELATIONS: usize = 40;

/// Registers everything, executes every view, and reports.
pub fn run(args: &Verify, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let mut source = CatalogSource::choose(common, console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let Some(catalog) = &source.catalog else {
        let exit = report_output::exit(&findings, common.fail_on);
        if args.format == ReportFormat::Json {
            return report_output::json(console, &source, None, &mut findings).map(|()| exit);
        }
        let text =
            report_output::title(console, &source) + &report_output::findings(console, &source, &mut findings, 0);
        return report_output::text(&text).map(|()| exit);
    };
    let placement = DataLocations::read(&args.data, catalog)?;
    // A place that cannot be written is told before the work, not after it.
    let target = args.manifest.as_deref().map(manifest::target).transpose()?;
    let (answer, written) = ask(args, &source, catalog, &placement, &mut findings, console)?;
    if let (Some(target), Some(written)) = (target, written) {
        manifest::write(&written, target)?;
    }
    let exit = report_output::exit(&findings, common.fail_on);
    if args.format == ReportFormat::Json {
        return report_output::json(console, &source, Some(&answer), &mut findings).map(|()| exit);
    }
    let mut text = String::new();
    if console.verbosity > Verbosity::Quiet {
        text.push_str(&head(console, &source, catalog, &placement, &answer));
        text.push_str(&relations(console, &answer));
        text.push('\n');
        let preset = args.engine.session.as_ref().unwrap_or(&catalog.session);
        text.push_str(&verify_summary::lines(console, catalog, preset, checks(args), &answer, &findings));
        text.push('\n');
    }
    text.push_str(&report_output::findings(console, &source, &mut findings, answer.explained));
    if console.verbosity > Verbosity::Quiet {
        if findings.is_empty() {
            let _ = writeln!(text, "{}", console.paint.paint(GREEN, "clean"));
        }
        if let Some(path) = &args.manifest {
            let _ = writeln!(text, "manifest: {}", printable(&path.display().to_string()));
        }
    }
    report_output::text(&text).map(|()| exit)
}

fn checks(args: &Verify) -> Checks {
    if args.deep { Checks::Rows } else { Checks::Schema }
}

/// Verifies, adds to `findings` what is found, and collects the manifest where one is asked for.
fn ask(
    args: &Verify,
    source: &CatalogSource,
    catalog: &Catalog,
    placement: &DataLocations,
    findings: &mut Vec<Finding>,
    console: &Console,
) -> Result<(Verification, Option<Manifest>), CommandError> {
    let stopwatch = Stopwatch::start();
    let engine = Engine::start(&args.engine, catalog, console, Form::of_report(args.format))?;
    engine.run(async {
        let (context, _) = engine.open(catalog, placement, console).await?;
        let bar = Bar::new(console);
        let answer = cstspec_verify::verify(&context, catalog, checks(args), &bar).await;
        drop(bar);
        findings.extend(answer.findings.iter().filter(|finding| !said_of_specs(catalog, finding)).cloned());
        findings.sort();
        findings.dedup();
        render::locate(findings, source);
        let written = match &args.manifest {
            Some(_) => Some(manifest::collect(&context, source, catalog, &answer, findings, stopwatch).await?),
            None => None,
        };
        Ok((answer, written))
    })
}

/// Whether `finding` is about a name that the specs declare: reading them said so of the names of a relation together (C115).
fn said_of_specs(catalog: &Catalog, finding: &Finding) -> bool {
    let declared = |relation: Relation<'_>| {
        finding
            .path
            .as_ref()
            .is_none_or(|path| relation.columns().iter().any(|column| Path::top(column.name()).to_string() == *path))
    };
    finding.code == rules::NAME_NEEDS_QUOTES.code
        && finding.relation.as_deref().and_then(|name| catalog.relation(name)).is_some_and(declared)
}

fn head(
    console: &Console,
    source: &CatalogSource,
    catalog: &Catalog,
    placement: &DataLocations,
    answer: &Verification,
) -> String {
    let mut text = report_output::title(console, source);
    text.truncate(text.trim_end().len());
    let _ = writeln!(text, "\n{}", report::engine(answer));
    for (dataset, words) in catalog.datasets.iter().zip(&placement.labels) {
        let source = answer.sources.iter().find(|source| source.dataset == dataset.name);
        let found = source.and_then(|source| source.location.as_deref());
        let found = found.filter(|_| !placement.locations.contains_key(&dataset.name));
        let mounted = found.map(|location| mount_label(&dataset.name, location));
        let _ = writeln!(text, "data of {}", printable(mounted.as_ref().unwrap_or(words)));
    }
    text.push('\n');
    text
}

/// One line per relation, with what the engine made of it; in a large catalog only for those with trouble.
fn relations(console: &Console, answer: &Verification) -> String {
    let mut table = Table::new([
        ("relation".to_owned(), Align::Left),
        ("kind".to_owned(), Align::Left),
        ("rows".to_owned(), Align::Right),
        ("described".to_owned(), Align::Left),
        ("executed".to_owned(), Align::Left),
    ]);
    let all = answer.relations.len() <= MOST_RELATIONS || console.verbosity == Verbosity::Verbose;
    let shown = answer.relations.iter().filter(|relation| all || !(relation.describe_equal && relation.executed));
    let mut left_out = answer.relations.len();
    for relation in shown {
        left_out -= 1;
        table.push(vec![
            Cell::new(&relation.name),
            Cell::new(&relation.kind),
            Cell::new(relation.rows.map_or_else(|| "-".to_owned(), thousands)),
            mark(relation.describe_equal, relation.unchecked),
            mark(relation.executed, relation.unchecked),
        ]);
    }
    let mut text = table.render(console.paint, console.width);
    if left_out > 0 {
        let _ = writeln!(text, "... and {} without findings; -v shows them", count(left_out, "relation"));
    }
    text
}

fn mark(good: bool, unchecked: bool) -> Cell {
    match (good, unchecked) {
        (true, _) => Cell::new("✓").styled(GREEN),
        (false, true) => Cell::new("-").styled(DIM),
        (false, false) => Cell::new("✗").styled(RED),
    }
}
