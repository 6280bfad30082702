//! For build scripts: after an edit of the specs, `cargo build` refreshes the checked-in artifacts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use cstspec_contract::artifact::one_line;
use cstspec_contract::{Catalog, Finding, Severity};

use crate::{ChangeKind, Mode, Outcome, Roots, apply, disk, excerpt, plan, rules};

/// The generated folder inside the specs: a script that watched what it writes would run twice.
const GENERATED: &str = "schema";

/// The most lines of differences that a failing check prints.
const EXCERPT: usize = 60;

/// Compiles `specs` and writes the artifacts whose bytes change; with `CI` set, checks them and never writes. Prints what cargo must
/// watch: the files and folders of `specs`. A `build.rs` is a call of it:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     cstspec_codegen::build::run("specs".as_ref())
/// }
/// ```
///
/// Where there is no specs folder (a packaged crate brings its artifacts and no specs) it does nothing. Mistakes in the specs are
/// printed with file, line and column, and fail the build; so does a stale artifact where `CI` is set.
pub fn run(specs: &Path) -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CI");
    if !specs.is_dir() {
        return ExitCode::SUCCESS;
    }
    match watched(specs).and_then(|paths| {
        for path in paths {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        refresh(specs, mode(env::var("CI").ok().as_deref()))
    }) {
        Ok(warnings) => {
            for warning in warnings {
                println!("cargo::warning={}", one_line(&warning));
            }
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// `CI` set to anything but nothing, `0` or `false` asks for a check.
fn mode(ci: Option<&str>) -> Mode {
    match ci {
        None | Some("" | "0" | "false") => Mode::Write,
        Some(_) => Mode::Check,
    }
}

/// The files and folders that cargo must watch, sorted: all of `specs` but the generated one. Cargo looks through a watched folder at any
/// depth, so the specs folder itself is not named, only what is in it.
fn watched(specs: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for file in disk::files(specs).map_err(|error| error.to_string())? {
        if file.strip_prefix(specs).unwrap_or(&file).starts_with(GENERATED) {
            continue;
        }
        paths.extend(file.ancestors().skip(1).take_while(|parent| *parent != specs).map(Path::to_owned));
        paths.push(file);
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Brings the artifacts up to date, or holds them to be. `Ok` are warnings, one line each; `Err` is the text of the failure.
fn refresh(specs: &Path, mode: Mode) -> Result<Vec<String>, String> {
    let compiled = cstspec_spec::compile(specs);
    let (errors, others): (Vec<Finding>, Vec<Finding>) =
        compiled.findings.into_iter().partition(|finding| finding.severity == Severity::Error);
    let (Some(catalog), []) = (compiled.catalog, errors.as_slice()) else {
        return Err(failure(specs, &errors));
    };
    let Some(out) = compiled.out else {
        return Err(format!("error: {} has no artifact folder: add `out:`", specs.join("catalog.yaml").display()));
    };
    let outcome = generate(&catalog, &Roots::resolve(specs, &out), mode).map_err(|error| format!("error: {error}"))?;
    let left = rules::findings(&outcome);
    // What is in the place of an artifact would be compiled instead of it.
    let in_the_way = |kind| matches!(kind, ChangeKind::Taken | ChangeKind::Claimed);
    let broken = outcome.changes.iter().any(|change| !change.mended && in_the_way(change.kind));
    if broken || (mode == Mode::Check && !left.is_empty()) {
        return Err(format!("{}{}", failure(specs, &left), differences(&outcome)));
    }
    let warnings = others.iter().filter(|finding| finding.severity == Severity::Warning).chain(&left);
    Ok(warnings.map(|finding| finding_line(specs, finding)).collect())
}

fn generate(catalog: &Catalog, roots: &Roots, mode: Mode) -> Result<Outcome, crate::CodegenError> {
    apply(&plan(catalog, &cstspec_spec::json_schemas())?, roots, mode)
}

/// The findings as paragraphs, and how many there are.
fn failure(specs: &Path, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let Finding { code, severity, message, expected, observed, remedy, .. } = finding;
        let _ = writeln!(text, "{severity}[{code}]: {message}");
        if let Some(place) = place(specs, finding) {
            let _ = writeln!(text, "  --> {place}");
        }
        for (label, value) in [("expected", expected), ("observed", observed), ("help", remedy)] {
            if let Some(value) = value {
                let _ = writeln!(text, "  {label}: {value}");
            }
        }
        text.push('\n');
    }
    let count = findings.len();
    let _ = writeln!(text, "{count} {} in {}", if count == 1 { "error" } else { "errors" }, specs.display());
    text
}

/// A finding on one line.
fn finding_line(specs: &Path, finding: &Finding) -> String {
    let place = place(specs, finding).map(|place| format!("{place}: ")).unwrap_or_default();
    let remedy = finding.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
    format!("{place}{}{remedy} [{}]", finding.message, finding.code)
}

/// `file:line:column`, in a form that terminals and editors open.
fn place(specs: &Path, finding: &Finding) -> Option<String> {
    let place = finding.spec.as_ref()?;
    let file = specs.join(&place.file);
    let file = fs::canonicalize(&file).unwrap_or(file).display().to_string();
    Some(match (place.line, place.column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (Some(line), None) => format!("{file}:{line}"),
        _ => file,
    })
}

/// The differences, in whole hunks: a patch that ends inside one does not apply.
fn differences(outcome: &Outcome) -> String {
    let mut text = String::from("\n");
    let (mut room, mut left) = (EXCERPT, 0);
    for diff in outcome.changes.iter().filter_map(|change| change.diff.as_deref()) {
        let (shown, rest) = excerpt(diff, room);
        room -= shown.lines().count();
        left += rest;
        text.push_str(shown);
    }
    if left > 0 {
        let _ = write!(text, "... {left} more lines: `cstspec generate --diff` shows them");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CI asks for a check.
    #[test]
    fn ci_checks() {
        assert_eq!([None, Some(""), Some("false"), Some("0")].map(mode), [Mode::Write; 4]);
        assert_eq!([Some("true"), Some("1"), Some("yes")].map(mode), [Mode::Check; 3]);
    }

    /// Everything is watched but what is generated.
    #[test]
    fn specs_watched_artifacts_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let specs = folder.path().join("specs");
        for file in ["catalog.yaml", "views/deep/a.yaml", "views/b.yaml", "schema/view.schema.json"] {
            let file = specs.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let watched = watched(&specs).unwrap();
        let watched: Vec<_> = watched.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        let expected =
            ["specs/catalog.yaml", "specs/views", "specs/views/b.yaml", "specs/views/deep", "specs/views/deep/a.yaml"];
        assert_eq!(watched, expected.map(Path::new));
    }

    const CATALOG: &str = "\
catalog: small
doc: A small catalog.
version: 1
engine: \"55.2.0\"
session: plain
out: ../package
include: [datasets, sessions]
";
    const SESSION: &str = "session: plain\ndoc: Nothing is pinned.\nsettings: {}\n";
    const DATASET: &str = "\
dataset: files
doc: One row per file.
version: 1
columns:
  path: { type: utf8, nullable: false }
  lines: { type: int64 }
";

    fn small() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::TempDir::new().unwrap();
        let specs = folder.path().join("specs");
        for (file, text) in
            [("catalog.yaml", CATALOG), ("sessions/plain.yaml", SESSION), ("datasets/files.yaml", DATASET)]
        {
            let file = specs.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        (folder, specs)
    }

    /// An edit of a spec is carried into the artifacts and a comment is not.
    #[test]
    fn edit_regenerates_and_comment_does_not() {
        let (folder, specs) = small();
        assert_eq!(refresh(&specs, Mode::Write), Ok(vec![]));
        let module = folder.path().join("package/src/generated/files.rs");
        let first = fs::metadata(&module).unwrap().modified().unwrap();

        fs::write(specs.join("datasets/files.yaml"), format!("# A comment.\n{DATASET}")).unwrap();
        assert_eq!(refresh(&specs, Mode::Check), Ok(vec![]));
        assert_eq!(refresh(&specs, Mode::Write), Ok(vec![]));
        assert_eq!(fs::metadata(&module).unwrap().modified().unwrap(), first);

        fs::write(specs.join("datasets/files.yaml"), DATASET.replace("lines", "rows")).unwrap();
        let refused = refresh(&specs, Mode::Check).unwrap_err();
        assert!(refused.contains("error[G002]: ") && refused.contains(rules::REMEDY), "{refused}");
        assert!(refused.contains("\n-lines | Int64 | YES\n+rows | Int64 | YES\n"), "{refused}");
        assert!(refused.contains("3 errors in "), "{refused}");
        assert_eq!(fs::metadata(&module).unwrap().modified().unwrap(), first, "a check writes nothing");

        assert_eq!(refresh(&specs, Mode::Write), Ok(vec![]));
        assert!(fs::read_to_string(&module).unwrap().contains("pub const ROWS: &str = \"rows\";"));
    }

    /// A mistake in a spec has its file line and column and leaves the artifacts.
    #[test]
    fn mistake_keeps_artifacts() {
        let (folder, specs) = small();
        refresh(&specs, Mode::Write).unwrap();
        fs::write(specs.join("datasets/files.yaml"), DATASET.replace("int64", "int65")).unwrap();
        let refused = refresh(&specs, Mode::Write).unwrap_err();
        assert!(refused.contains("datasets/files.yaml:6:"), "{refused}");
        assert!(refused.contains("1 error in "), "{refused}");
        assert!(folder.path().join("package/describe/files.txt").is_file());
    }

    /// A foreign file is a warning to a person and an error to CI.
    #[test]
    fn foreign_file_warns_and_fails_in_ci() {
        let (folder, specs) = small();
        refresh(&specs, Mode::Write).unwrap();
        fs::write(folder.path().join("package/describe/notes.md"), "mine").unwrap();
        let warnings = refresh(&specs, Mode::Write).unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].ends_with("; move or delete it [G004]"), "{warnings:?}");
        assert!(refresh(&specs, Mode::Check).unwrap_err().contains("error[G004]"));
    }

    /// A file in the place of an artifact stays and fails the build.
    #[test]
    fn file_in_place_of_artifact_kept() {
        let (folder, specs) = small();
        refresh(&specs, Mode::Write).unwrap();
        let path = folder.path().join("package/describe/files.txt");
        let work = "files here are @generated by `cstspec generate`\nsix months of work\n";
        fs::write(&path, work).unwrap();
        fs::write(specs.join("datasets/files.yaml"), DATASET.replace("lines", "rows")).unwrap();
        for mode in [Mode::Write, Mode::Check] {
            let refused = refresh(&specs, mode).unwrap_err();
            assert!(refused.contains("error[G005]: ") && refused.contains("--force"), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), work);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(refresh(&specs, Mode::Write), Ok(vec![]));
    }

    /// Another catalog in the folder fails the build and keeps its files.
    #[test]
    fn other_catalog_kept() {
        let (folder, specs) = small();
        refresh(&specs, Mode::Write).unwrap();
        let module = folder.path().join("package/src/generated/mod.rs");
        let theirs = fs::read_to_string(&module).unwrap();
        fs::write(specs.join("catalog.yaml"), CATALOG.replace("catalog: small", "catalog: other")).unwrap();
        let refused = refresh(&specs, Mode::Write).unwrap_err();
        assert!(refused.contains("error[G006]: ") && refused.contains("the catalog `small`"), "{refused}");
        assert_eq!(fs::read_to_string(&module).unwrap(), theirs);
    }

    /// Without specs nothing is done.
    #[test]
    fn specs_missing() {
        let folder = tempfile::TempDir::new().unwrap();
        assert_eq!(run(&folder.path().join("specs")), ExitCode::SUCCESS);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
