//! The loader of specs: every text ends in findings that have a place, or in a catalog.
//!
//! An input is the text of one spec beside a catalog that includes it, or several files, each after a line `=== path`.

use cstspec_contract::{Finding, Severity};
use cstspec_spec::{Compiled, compile_embedded};

/// The catalog that stands beside an input which has none of its own.
const CATALOG: &str = "catalog: fuzzed\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";

/// Runs the target.
pub fn run(data: &[u8]) {
    let compiled = compiled(&String::from_utf8_lossy(data));
    if let Err(fault) = sound(&compiled) {
        panic!("{fault}");
    }
}

/// What compiling an input gives.
pub fn compiled(text: &str) -> Compiled {
    let mut files: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("=== ") {
        let (path, after) = rest[at + 4..].split_once('\n').unwrap_or((&rest[at + 4..], ""));
        let end = after.find("\n=== ").map_or(after.len(), |end| end + 1);
        files.push((path.trim(), &after[..end]));
        rest = &after[end..];
    }
    if files.is_empty() {
        files.push(("case.yaml", text));
    }
    for (path, text) in [("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")] {
        if !files.iter().any(|(known, _)| *known == path) {
            files.push((path, text));
        }
    }
    files.sort_by_key(|(path, _)| *path);
    files.dedup_by_key(|(path, _)| *path);
    compile_embedded(&files)
}

/// Every error points to a place in a file and says what to do; without a catalog there is an error.
///
/// # Errors
///
/// What of that does not hold.
pub fn sound(compiled: &Compiled) -> Result<(), String> {
    let errors: Vec<&Finding> =
        compiled.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    if compiled.catalog.is_none() && errors.is_empty() {
        return Err("no catalog, and no error that says why".to_owned());
    }
    for finding in errors {
        placed(finding, compiled)?;
        let texts =
            [Some(&finding.message), finding.expected.as_ref(), finding.observed.as_ref(), finding.remedy.as_ref()];
        if texts.into_iter().flatten().any(|text| text.contains(char::is_control) || text.is_empty()) {
            return Err(format!("texts that cannot be shown: {finding:?}"));
        }
        if finding.remedy.is_none() {
            return Err(format!("no help: {finding:?}"));
        }
    }
    if compiled.findings.is_sorted() { Ok(()) } else { Err("not sorted".to_owned()) }
}

/// The place of a finding is in its file.
fn placed(finding: &Finding, compiled: &Compiled) -> Result<(), String> {
    let place = finding.spec.as_ref().ok_or_else(|| format!("no place: {finding:?}"))?;
    let text = compiled.sources.text(&place.file).ok_or_else(|| format!("no file: {finding:?}"))?;
    let (Some(line), Some(column)) = (place.line, place.column) else {
        return Err(format!("no line: {finding:?}"));
    };
    // YAML has three line ends.
    let lines: Vec<&str> = text.split('\n').flat_map(|line| line.trim_end_matches('\r').split('\r')).collect();
    let there = lines.get(line as usize - 1).ok_or_else(|| format!("no such line: {finding:?}"))?;
    if column as usize > there.chars().count() + 1 {
        return Err(format!("no such column in {there:?}: {finding:?}"));
    }
    Ok(())
}
