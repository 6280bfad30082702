//! `verify`: the main job. What the engine says is held against what the specs say.

use std::fmt::Write as _;
use std::process::ExitCode;

use cstspec_contract::{Catalog, Finding};
use cstspec_runtime::manifest::{Manifest, Stopwatch};
use cstspec_runtime::{Depth, Report as Answer};

use crate::args::{Common, ReportFormat, Verify};
use crate::console::{Console, GREEN, RED, Talk};
use crate::data::Placement;
use crate::engine;
use crate::failure::Failure;
use crate::manifest;
use crate::progress::Bar;
use crate::publish;
use crate::render;
use crate::report::ReportedRelation;
use crate::source::Source;
use crate::table::{Align, Cell, Table, count, thousands};

/// Registers everything, executes every view, and reports.
pub fn run(args: &Verify, common: &Common, console: &Console) -> Result<ExitCode, Failure> {
    let mut source = Source::choose(common.specs.as_deref(), console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let Some(catalog) = &source.catalog else {
        let exit = publish::exit(&findings, common.fail_on);
        if args.format == ReportFormat::Json {
            return publish::json(console, &source, None, &mut findings, Vec::new()).map(|()| exit);
        }
        let text = publish::title(console, &source) + &publish::findings(console, &source, &mut findings);
        return publish::text(&text).map(|()| exit);
    };
    let placement = Placement::read(&args.data, catalog)?;
    // A place that cannot be written is told before the work, not after it.
    let target = args.manifest.as_deref().map(manifest::target).transpose()?;
    let (answer, written) = ask(args, &source, catalog, &placement, &mut findings, console)?;
    if let (Some(target), Some(written)) = (target, written) {
        manifest::write(&written, target)?;
    }
    let exit = publish::exit(&findings, common.fail_on);
    if args.format == ReportFormat::Json {
        let engine = Some(engine(&answer));
        return publish::json(console, &source, engine, &mut findings, reported(&answer)).map(|()| exit);
    }
    let mut text = String::new();
    if console.talk > Talk::Quiet {
        text.push_str(&head(console, &source, &placement, &answer));
        text.push_str(&relations(console, &answer));
        text.push('\n');
    }
    if !findings.is_empty() {
        text.push_str(&render::findings(&findings, &source, console.paint, console.width));
        if console.talk == Talk::Quiet {
            text.push_str(&render::summary(&findings, console.paint));
        }
    }
    if console.talk > Talk::Quiet {
        let outcome = if findings.is_empty() {
            format!("{}\n", console.paint.paint(GREEN, "clean"))
        } else {
            render::summary(&findings, console.paint)
        };
        let _ = write!(text, "{} — {outcome}", totals(&answer));
        if let Some(path) = &args.manifest {
            let _ = writeln!(text, "manifest: {}", crate::console::one_line(&path.display().to_string()));
        }
    }
    publish::text(&text).map(|()| exit)
}

/// Verifies, adds to `findings` what is found, and collects the manifest where one is asked for.
fn ask(
    args: &Verify,
    source: &Source,
    catalog: &Catalog,
    placement: &Placement,
    findings: &mut Vec<Finding>,
    console: &Console,
) -> Result<(Answer, Option<Manifest>), Failure> {
    let stopwatch = Stopwatch::start();
    let depth = if args.deep { Depth::Deep } else { Depth::Plain };
    engine::threads()?.block_on(async {
        let (context, _) = engine::open(catalog, placement, console).await?;
        let bar = Bar::new(console);
        let answer = cstspec_runtime::verify(&context, catalog, depth, &bar).await;
        drop(bar);
        findings.extend(answer.findings.iter().cloned());
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

fn head(console: &Console, source: &Source, placement: &Placement, answer: &Answer) -> String {
    let mut text = publish::title(console, source);
    text.truncate(text.trim_end().len());
    let _ = writeln!(text, "\n{}", engine(answer));
    for words in &placement.words {
        let _ = writeln!(text, "data of {}", crate::console::one_line(words));
    }
    text.push('\n');
    text
}

/// `DataFusion 55.2.0`
fn engine(answer: &Answer) -> String {
    format!("DataFusion {}", answer.engine)
}

/// One line per relation, with what the engine made of it.
fn relations(console: &Console, answer: &Answer) -> String {
    let mut table = Table::new([
        ("relation".to_owned(), Align::Left),
        ("kind".to_owned(), Align::Left),
        ("rows".to_owned(), Align::Right),
        ("described".to_owned(), Align::Left),
        ("executed".to_owned(), Align::Left),
    ]);
    for relation in reported(answer) {
        table.push(vec![
            Cell::new(&relation.name),
            Cell::new(&relation.kind),
            Cell::new(relation.rows.map_or_else(|| "-".to_owned(), thousands)),
            mark(relation.describe_equal),
            mark(relation.executed),
        ]);
    }
    table.render(console.paint, console.width)
}

fn mark(good: bool) -> Cell {
    if good { Cell::new("✓").styled(GREEN) } else { Cell::new("✗").styled(RED) }
}

/// `32 relations: 32 described as declared, 32 executed, 12,345 rows`
fn totals(answer: &Answer) -> String {
    let relations = &answer.relations;
    let described = relations.iter().filter(|relation| relation.describe_equal).count();
    let executed = relations.iter().filter(|relation| relation.executed).count();
    let rows: u64 = relations.iter().filter_map(|relation| relation.rows).sum();
    format!(
        "{}: {described} described as declared, {executed} executed, {} rows",
        count(relations.len(), "relation"),
        thousands(rows)
    )
}

fn reported(answer: &Answer) -> Vec<ReportedRelation> {
    answer
        .relations
        .iter()
        .map(|relation| ReportedRelation {
            name: relation.name.clone(),
            kind: relation.kind.clone(),
            rows: relation.rows,
            describe_equal: relation.describe_equal,
            executed: relation.executed,
        })
        .collect()
}
