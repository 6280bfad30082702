//! Findings as plain text.

use std::fmt::Write as _;

use cstspec_contract::Finding;

/// Findings as `file:line:column CODE name: message`, each followed by what was expected, what was observed and what helps.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.spec.clone().unwrap_or_default();
        let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let (line, column) = (number(place.line), number(place.column));
        let _ = writeln!(text, "{}:{line}:{column} {} {}: {}", place.file, finding.code, finding.name, finding.message);
        for (label, line) in
            [("expected", &finding.expected), ("observed", &finding.observed), ("help", &finding.remedy)]
        {
            if let Some(line) = line {
                let _ = writeln!(text, "  {label}: {line}");
            }
        }
    }
    text
}
