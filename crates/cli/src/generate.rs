//! `generate`: the artifacts of a catalog, written, checked, or shown as a diff.

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::Style;
use cstspec_codegen::{ChangeKind, CodegenError, Mode, Outcome, Roots};
use cstspec_contract::Finding;

use crate::args::{Common, Generate, ReportFormat};
use crate::console::{BOLD, CYAN, Console, DIM, GREEN, RED, Talk, YELLOW, one_line};
use crate::failure::Failure;
use crate::publish;
use crate::source::Source;
use crate::table::{Align, Cell, Table, count};

/// The most lines of a difference that `--check` shows of one file; `--diff` shows them all.
const EXCERPT: usize = 30;

/// Plans the artifacts, and does with them what was asked.
pub fn run(args: &Generate, common: &Common, console: &Console) -> Result<ExitCode, Failure> {
    let mut source = Source::choose(common, console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let Some(catalog) = &source.catalog else {
        if args.format == ReportFormat::Json {
            publish::json(console, &source, None, &mut findings)?;
        } else {
            let text = publish::title(console, &source) + &publish::findings(console, &source, &mut findings);
            publish::text(&text)?;
        }
        return Ok(ExitCode::from(publish::FOUND));
    };
    let roots = roots(&source)?;
    let artifacts = cstspec_codegen::plan(catalog, &cstspec_spec::json_schemas()).map_err(failure)?;
    console.log(&format!("{} planned for {}", count(artifacts.len(), "artifact"), roots.out.display()));
    let outcome = cstspec_codegen::apply(&artifacts, &roots, mode(args)).map_err(failure)?;
    let exit = exit(&outcome, &findings, common);
    match (args.format, outcome.mode) {
        (ReportFormat::Json, mode) => {
            if mode != Mode::DryRun {
                findings.extend(cstspec_codegen::rules::findings(&outcome));
            }
            publish::json(console, &source, None, &mut findings)?;
        }
        (ReportFormat::Human, Mode::Diff) => difference(console, &outcome)?,
        (ReportFormat::Human, _) => {
            let mut text = publish::title(console, &source);
            text.push_str(&publish::findings(console, &source, &mut findings));
            text.push_str(&changes(console, &source, &outcome));
            if console.talk > Talk::Quiet {
                text.push_str(&summary(console, &outcome));
            }
            publish::text(&text)?;
        }
    }
    Ok(exit)
}

fn failure(error: CodegenError) -> Failure {
    match error {
        CodegenError::Read { path, source } => Failure::read(path.display().to_string(), source),
        CodegenError::Write { path, source } => Failure::write(path.display().to_string(), source),
        other => Failure::Tool(other.to_string()),
    }
}

/// Stale artifacts fail whatever `--fail-on` says; a dry run only tells.
fn exit(outcome: &Outcome, findings: &[Finding], common: &Common) -> ExitCode {
    if !outcome.fresh() && outcome.mode != Mode::DryRun {
        return ExitCode::from(publish::FOUND);
    }
    publish::exit(findings, common.fail_on)
}

fn mode(args: &Generate) -> Mode {
    match (args.diff, args.check, args.dry_run) {
        (true, _, _) => Mode::Diff,
        (_, true, _) => Mode::Check,
        (_, _, true) => Mode::DryRun,
        _ => Mode::Write,
    }
}

fn roots(source: &Source) -> Result<Roots, Failure> {
    match (&source.out, &source.folder) {
        (Some(out), Some(specs)) => Ok(Roots { out: out.clone(), specs: specs.clone() }),
        (_, None) => Err(Failure::usage_with_help(
            "the built-in catalog has no folder for artifacts",
            Some("leave out --built-in where a folder `specs` is, or name one with --specs".to_owned()),
        )),
        (None, Some(specs)) => Err(Failure::usage_with_help(
            format!("{} names no folder for artifacts", specs.join("catalog.yaml").display()),
            Some("add `out:` with a folder relative to the specs folder".to_owned()),
        )),
    }
}

/// What was done to each file, what would be done, or what is wrong with it and where it differs.
fn changes(console: &Console, source: &Source, outcome: &Outcome) -> String {
    if outcome.changes.is_empty() || (console.talk == Talk::Quiet && outcome.mode == Mode::Write) {
        return String::new();
    }
    let header = ["state", "file", "made from"].map(|name| (name.to_owned(), Align::Left));
    let mut table = Table::new(header);
    for change in &outcome.changes {
        let (words, style) = words(change.kind, outcome.mode);
        let from = change.source.as_ref().map_or_else(String::new, |file| source.display(file));
        table.push(vec![
            Cell::new(words).styled(style),
            Cell::new(change.path.display().to_string()),
            Cell::new(from).styled(DIM),
        ]);
    }
    let mut text = table.render(console.paint, console.width) + "\n";
    for diff in outcome.changes.iter().filter_map(|change| change.diff.as_deref()) {
        text.push_str(&excerpt(console, diff));
    }
    text
}

fn words(kind: ChangeKind, mode: Mode) -> (&'static str, Style) {
    let (wrong, planned, done, style) = match kind {
        ChangeKind::Missing => ("missing", "would create", "created", GREEN),
        ChangeKind::Stale => ("stale", "would update", "updated", YELLOW),
        ChangeKind::Orphaned => ("orphaned", "would remove", "removed", RED),
        ChangeKind::Foreign => ("no artifact", "would leave", "left alone", RED),
    };
    match mode {
        Mode::Check | Mode::Diff => (wrong, style),
        Mode::DryRun => (planned, style),
        Mode::Write => (done, style),
    }
}

fn excerpt(console: &Console, diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    let mut text: String = lines.iter().take(EXCERPT).map(|line| painted(console, line)).collect();
    if lines.len() > EXCERPT {
        let rest = count(lines.len() - EXCERPT, "more line");
        let _ = writeln!(text, "... {rest}; `cstspec generate --diff` shows them");
    }
    text.push('\n');
    text
}

/// The differences alone, as a patch that turns what is there into what should be.
fn difference(console: &Console, outcome: &Outcome) -> Result<(), Failure> {
    let text: String = outcome
        .changes
        .iter()
        .filter_map(|change| change.diff.as_deref())
        .flat_map(str::lines)
        .map(|line| painted(console, line))
        .collect();
    publish::text(&text)?;
    for change in outcome.changes.iter().filter(|change| change.kind == ChangeKind::Foreign) {
        console.note(&format!("{} is in a folder of artifacts and is none", change.path.display()));
    }
    if !outcome.fresh() {
        console.note("run `cstspec generate` to write this");
    }
    Ok(())
}

fn painted(console: &Console, line: &str) -> String {
    // A patch is exact where a program may read it.
    let shown = if console.width.is_some() { one_line(line) } else { line.to_owned() };
    let style = match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") => BOLD,
        Some(b'+') => GREEN,
        Some(b'-') => RED,
        Some(b'@') => CYAN,
        _ => return shown + "\n",
    };
    format!("{}\n", console.paint.paint(style, &shown))
}

fn summary(console: &Console, outcome: &Outcome) -> String {
    let artifacts = count(outcome.artifacts, "artifact");
    let differing = outcome.changes.len();
    match outcome.mode {
        _ if differing == 0 => format!("{artifacts}: {}\n", console.paint.paint(GREEN, "fresh")),
        Mode::Write => {
            let Outcome { written, removed, .. } = outcome;
            format!("{artifacts}: {written} written, {removed} removed\n")
        }
        Mode::DryRun => format!("{artifacts}: {differing} would change\n"),
        Mode::Check | Mode::Diff => {
            let what = console.paint.paint(RED, &format!("{differing} not as the specs say"));
            let foreign = outcome.changes.iter().all(|change| change.kind == ChangeKind::Foreign);
            let remedy = if foreign { "move or delete what is no artifact" } else { "run `cstspec generate`" };
            format!("{artifacts}: {what}; {remedy}\n")
        }
    }
}
