//! `generate`: the artifacts of a catalog, written, checked, or shown as a diff.

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::Style;
use cstspec_codegen::{Change, ChangeKind, CodegenError, Mode, Outcome, Roots};
use cstspec_contract::Finding;
use cstspec_contract::text::printable;
use cstspec_report::render::Specs;
use cstspec_report::table::{Align, Cell, Table, count};

use crate::args::{Common, Generate, ReportFormat};
use crate::catalog_source::CatalogSource;
use crate::console::{Console, Verbosity};
use crate::error::CommandError;
use crate::paint::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
use crate::report_output;

/// The most lines of a difference that `--check` shows of one file, in whole hunks; `--diff` shows them all.
const EXCERPT: usize = 30;

/// Plans the artifacts, and does with them what was asked.
pub fn run(args: &Generate, common: &Common, console: &Console) -> Result<ExitCode, CommandError> {
    let mut source = CatalogSource::choose(common, console)?;
    let mut findings = std::mem::take(&mut source.findings);
    let Some(catalog) = &source.catalog else {
        if args.format == ReportFormat::Json {
            report_output::json(console, &source, None, &mut findings)?;
        } else {
            let text =
                report_output::title(console, &source) + &report_output::findings(console, &source, &mut findings, 0);
            report_output::text(&text)?;
        }
        return Ok(ExitCode::from(report_output::FOUND));
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
            report_output::json(console, &source, None, &mut findings)?;
        }
        (ReportFormat::Human, Mode::Diff) => difference(console, &outcome)?,
        (ReportFormat::Human, _) => {
            let mut text = report_output::title(console, &source);
            findings.extend(in_the_way(&outcome));
            let found = report_output::findings(console, &source, &mut findings, 0);
            let gap = if found.is_empty() { "" } else { "\n" };
            text.extend([found.as_str(), gap, &changes(console, &source, &outcome)]);
            if console.verbosity > Verbosity::Quiet {
                text.push_str(&summary(console, &outcome));
            }
            report_output::text(&text)?;
        }
    }
    Ok(exit)
}

fn failure(error: CodegenError) -> CommandError {
    match error {
        CodegenError::Read { path, source } => CommandError::read(path.display().to_string(), source),
        CodegenError::Write { path, source } => CommandError::write(path.display().to_string(), source),
        other => CommandError::Tool(other.to_string()),
    }
}

/// Stale artifacts fail whatever `--fail-on` says; a dry run only tells.
fn exit(outcome: &Outcome, findings: &[Finding], common: &Common) -> ExitCode {
    if !outcome.fresh() && outcome.mode != Mode::DryRun {
        return ExitCode::from(report_output::FOUND);
    }
    report_output::exit(findings, common.fail_on)
}

fn mode(args: &Generate) -> Mode {
    match args {
        Generate { diff: true, .. } => Mode::Diff,
        Generate { check: true, .. } => Mode::Check,
        Generate { dry_run: true, .. } => Mode::DryRun,
        Generate { force: true, .. } => Mode::Force,
        _ => Mode::Write,
    }
}

/// The findings about what keeps artifacts from being written, which another run alone does not mend.
fn in_the_way(outcome: &Outcome) -> Vec<Finding> {
    let rules = [&cstspec_codegen::rules::ARTIFACT_PATH_TAKEN, &cstspec_codegen::rules::ARTIFACT_OF_ANOTHER_CATALOG];
    let mut findings = cstspec_codegen::rules::findings(outcome);
    findings.retain(|finding| rules.iter().any(|rule| rule.code == finding.code));
    findings
}

fn roots(source: &CatalogSource) -> Result<Roots, CommandError> {
    match (&source.out, &source.folder) {
        (Some(out), Some(specs)) => Ok(Roots::new(specs, out)),
        (_, None) => Err(CommandError::usage_with_help(
            "the built-in catalog has no artifact folder",
            Some("run it without --built-in in a folder with `specs`, or select one with --specs".to_owned()),
        )),
        (None, Some(specs)) => Err(CommandError::usage_with_help(
            format!("{} has no artifact folder", specs.join("catalog.yaml").display()),
            Some("add `out:` with a folder relative to the specs folder".to_owned()),
        )),
    }
}

/// What was done to each file, what would be done, or what is wrong with it and where it differs.
fn changes(console: &Console, source: &CatalogSource, outcome: &Outcome) -> String {
    // The files of another catalog are one finding.
    let shown = |change: &&Change| change.kind != ChangeKind::Claimed || change.mended;
    let writes = matches!(outcome.mode, Mode::Write | Mode::Force);
    if !outcome.changes.iter().any(|change| shown(&change)) || (console.verbosity == Verbosity::Quiet && writes) {
        return String::new();
    }
    let header = ["state", "file", "made from"].map(|name| (name.to_owned(), Align::Left));
    let mut table = Table::new(header);
    for change in outcome.changes.iter().filter(shown) {
        let (words, style) = label(change, outcome);
        let from = change.source.as_ref().map_or_else(String::new, |file| source.display(file));
        table.push(vec![
            Cell::new(words).styled(style),
            Cell::new(change.path.display().to_string()),
            Cell::new(from).styled(DIM),
        ]);
    }
    let mut text = table.render(console.paint, console.width) + "\n";
    for change in &outcome.changes {
        if let Some(diff) = &change.diff {
            text.push_str(&excerpt(console, change, diff));
        }
    }
    text
}

fn label(change: &Change, outcome: &Outcome) -> (&'static str, Style) {
    let (wrong, planned, done, style) = match change.kind {
        ChangeKind::Missing => ("missing", "would create", "created", GREEN),
        ChangeKind::Stale => ("stale", "would update", "updated", YELLOW),
        ChangeKind::Orphaned => ("orphaned", "would remove", "removed", RED),
        ChangeKind::Foreign => ("no artifact", "would leave", "left alone", RED),
        ChangeKind::Taken | ChangeKind::Claimed if change.mended => ("taken", "taken", "replaced", RED),
        ChangeKind::Taken | ChangeKind::Claimed => ("taken", "would leave", "left alone", RED),
        ChangeKind::Litter => ("left behind", "would clear", "cleared", YELLOW),
    };
    // Where the folder is another catalog's, nothing is written to it.
    let kept = outcome.claimed() && !change.mended && change.kind != ChangeKind::Litter;
    match outcome.mode {
        Mode::Check | Mode::Diff => (wrong, style),
        _ if kept => (wrong, style),
        Mode::DryRun => (planned, style),
        Mode::Write | Mode::Force => (done, style),
    }
}

fn excerpt(console: &Console, change: &Change, diff: &str) -> String {
    let (shown, left) = cstspec_codegen::excerpt(diff, EXCERPT);
    let mut text: String = shown.split_inclusive('\n').map(|line| painted(console, line)).collect();
    if left > 0 {
        let (more, path) = (count(left, "more line"), change.path.display());
        let _ = writeln!(text, "... {more} of {path}; `cstspec generate --diff` shows them");
    }
    text.push('\n');
    text
}

/// The differences alone, as a patch that turns what is there into what should be.
fn difference(console: &Console, outcome: &Outcome) -> Result<(), CommandError> {
    let text: String = outcome
        .changes
        .iter()
        .filter_map(|change| change.diff.as_deref())
        .flat_map(|diff| diff.split_inclusive('\n'))
        .map(|line| painted(console, line))
        .collect();
    report_output::text(&text)?;
    let known = |change: &Change| change.diff.is_some();
    let mut findings = cstspec_codegen::rules::findings(outcome);
    findings.retain(|finding| {
        let file = finding.data.as_ref().map(|place| place.file.as_str());
        !outcome.changes.iter().any(|change| known(change) && change.path.to_str() == file)
    });
    for finding in findings {
        console.note(&finding.message);
    }
    if outcome.changes.iter().any(known) {
        console.note("run `cstspec generate` to write this");
    }
    Ok(())
}

fn painted(console: &Console, line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    // A patch is exact where a program may read it.
    let shown = match console.width {
        Some(_) => printable(line.strip_suffix('\r').unwrap_or(line)).into_owned(),
        None => line.to_owned(),
    };
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
    let differing = outcome.changes.iter().filter(|change| change.kind != ChangeKind::Litter).count();
    let left = outcome.changes.iter().filter(|change| !change.mended).count();
    match outcome.mode {
        _ if outcome.changes.is_empty() => format!("{artifacts}: {}\n", console.paint.paint(GREEN, "up to date")),
        _ if outcome.claimed() => {
            format!(
                "{artifacts}: {}\n",
                console.paint.paint(RED, "none written, because the folder belongs to another catalog")
            )
        }
        Mode::Write | Mode::Force => {
            let Outcome { written, removed, .. } = outcome;
            let kept = if left > 0 { format!(", {left} kept") } else { String::new() };
            format!("{artifacts}: {written} written, {removed} removed{kept}\n")
        }
        Mode::DryRun => format!("{artifacts}: {differing} would change\n"),
        Mode::Check | Mode::Diff => {
            let what = console.paint.paint(RED, &format!("{left} out of date"));
            let kept = |change: &Change| matches!(change.kind, ChangeKind::Foreign | ChangeKind::Taken);
            let remedy = if outcome.changes.iter().all(kept) {
                "move or delete the files that are not artifacts"
            } else {
                "run `cstspec generate`"
            };
            format!("{artifacts}: {what}; {remedy}\n")
        }
    }
}
