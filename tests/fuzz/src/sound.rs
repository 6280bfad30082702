//! Properties of every compilation, whatever the specs are. The suite of `cstspec-spec` holds the same over its mutations.

use cstspec_contract::{Finding, Severity};
use cstspec_spec::Compiled;

/// Every error points to a place in a file and says what to do; without a catalog there is an error.
///
/// # Errors
///
/// The property that does not hold.
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
