//! What `verify` held against what, line by line: the part of its report that says what "clean" means.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cstspec_contract::{Catalog, Finding, Rule, Severity};
use cstspec_runtime::constraint::{self, ConstraintKind};
use cstspec_runtime::{Depth, Report as Answer, rules};

use crate::console::{Console, DIM, GREEN, RED};
use crate::table::{Align, Cell, Table, count, thousands};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Settings,
    Functions,
    Definitions,
    Files,
    Relations,
    Rows,
}

/// Rules about the session's settings.
const SETTINGS: [&Rule; 4] =
    [&rules::SETTING_NOT_PINNED, &rules::SETTING_REFUSED, &rules::SETTING_UNKNOWN, &rules::ENGINE_DIFFERS];
/// Rules about functions.
const FUNCTIONS: [&Rule; 4] = [
    &rules::FUNCTION_MISSING,
    &rules::FUNCTION_OF_ANOTHER_KIND,
    &rules::SIGNATURE_DIFFERS,
    &rules::UNDECLARED_ARGUMENTS_TAKEN,
];

/// A kind of promises about rows: as reports call it, as people do, and what was seen where it is kept, before and after the number
/// of what was looked at.
struct Kind {
    name: &'static str,
    title: &'static str,
    seen: (&'static str, &'static str),
}

const KINDS: [Kind; 6] = [
    Kind { name: "not_null", title: "NOT NULL", seen: ("no NULL in the place of ", " values") },
    Kind { name: "key", title: "keys", seen: ("none twice in ", " rows") },
    Kind { name: "reference", title: "references", seen: ("none of ", " rows refers to what is not there") },
    Kind { name: "order", title: "order", seen: ("none of ", " rows before its predecessor") },
    Kind { name: "identity", title: "identity", seen: ("each of ", " copies is equal to the row's own value") },
    Kind { name: "allowed", title: "allowed", seen: ("none of ", " values is another") },
];

/// One line per kind of promise: whether it holds, and on what that is founded.
pub fn lines(console: &Console, catalog: &Catalog, depth: Depth, answer: &Answer, findings: &[Finding]) -> String {
    let holds = |topic| {
        let bad =
            |finding: &Finding| finding.severity >= Severity::Warning && self::topic(&finding.code) == Some(topic);
        if findings.iter().any(bad) { Mark::Broken } else { Mark::Kept }
    };
    let mut table =
        Table::new([("checked".to_owned(), Align::Left), (String::new(), Align::Left), (String::new(), Align::Left)]);
    let mut line = |name: &str, mark: Mark, text: String| {
        table.push(vec![Cell::new(name), mark.cell(), Cell::new(text)]);
    };
    if let Some(preset) = catalog.session(&catalog.session) {
        let settings = count(preset.settings.len(), "setting");
        line(
            "settings",
            holds(Topic::Settings),
            format!("{settings} pinned by `{}`, read back from the engine", preset.name),
        );
    }
    if !answer.functions.is_empty() {
        line("functions", holds(Topic::Functions), functions(answer));
    }
    line("definitions", holds(Topic::Definitions), definitions(catalog));
    if !answer.sources.is_empty() {
        line("files", holds(Topic::Files), files(answer));
    }
    line("relations", holds(Topic::Relations), relations(answer));
    match depth {
        Depth::Plain => line(
            "rows",
            Mark::Unknown,
            "read and counted; --deep proves NOT NULL, keys, references, order, identity and allowed values".to_owned(),
        ),
        Depth::Deep => {
            for kind in &KINDS {
                if let Some((mark, text)) = promises(answer, kind) {
                    line(kind.title, mark, text);
                }
            }
            let unproven = findings.iter().filter(|finding| finding.code == rules::CONTRACT_UNPROVEN.code).count();
            if unproven > 0 {
                line("unproven", Mark::Broken, count(unproven, "promise"));
            } else if answer.contracts.is_empty() {
                line("rows", Mark::Kept, "nothing is promised of them".to_owned());
            }
        }
    }
    table.render(console.paint, console.width)
}

/// What a rule is about; `None` for what concerns no promise of the catalog.
fn topic(code: &str) -> Option<Topic> {
    let among = |rules: &[&Rule]| rules.iter().any(|rule| rule.code == code);
    match code.get(..2)? {
        "R0" if among(&SETTINGS) => Some(Topic::Settings),
        "R0" if among(&FUNCTIONS) => Some(Topic::Functions),
        "R0" => Some(Topic::Relations),
        "R1" | "R4" => Some(Topic::Files),
        "R2" => Some(Topic::Rows),
        "R5" => Some(Topic::Definitions),
        _ => None,
    }
}

/// Whether promises are kept.
#[derive(Clone, Copy)]
enum Mark {
    Kept,
    Broken,
    Unknown,
}

impl Mark {
    fn cell(self) -> Cell {
        match self {
            Self::Kept => Cell::new("✓").styled(GREEN),
            Self::Broken => Cell::new("✗").styled(RED),
            Self::Unknown => Cell::new("-").styled(DIM),
        }
    }
}

fn functions(answer: &Answer) -> String {
    let accepted = answer.functions.iter().map(|function| function.accepted).sum();
    let refused = answer.functions.iter().map(|function| function.refused).sum();
    format!(
        "{}: {} fitting calls planned, {} others refused as they should be",
        count(answer.functions.len(), "signature"),
        thousands(accepted),
        thousands(refused)
    )
}

fn definitions(catalog: &Catalog) -> String {
    let relations: Vec<_> = catalog.relations().collect();
    let constraints = relations.iter().flat_map(|relation| constraint::constraints(catalog, *relation));
    let (references, keys): (Vec<_>, Vec<_>) =
        constraints.partition(|constraint| constraint.kind == ConstraintKind::ForeignKey);
    format!(
        "{} with a statement that recreates them, {} and {} in information_schema",
        count(relations.len(), "relation"),
        count(keys.len(), "key"),
        count(references.len(), "reference")
    )
}

fn files(answer: &Answer) -> String {
    let read: u64 = answer.sources.iter().map(|source| source.files).sum();
    let refused: u64 = answer.sources.iter().map(|source| source.refused).sum();
    let converted: BTreeSet<_> =
        answer.conversions.iter().map(|conversion| (&conversion.dataset, &conversion.file)).collect();
    let mut text = match (read, converted.len()) {
        (1, 0) => "1 file read as it is".to_owned(),
        (read, 0) => format!("{} files read as they are", thousands(read)),
        (1, _) => "1 file read, converted as the specs allow".to_owned(),
        (read, some) => {
            format!("{} files read, {} of them converted as the specs allow", thousands(read), thousands(some as u64))
        }
    };
    if refused > 0 {
        let _ = write!(text, ", {} refused", thousands(refused));
    }
    text
}

fn relations(answer: &Answer) -> String {
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

/// What became of the promises of one kind; `None` where there are none.
fn promises(answer: &Answer, kind: &Kind) -> Option<(Mark, String)> {
    let promises: Vec<_> = answer.contracts.iter().filter(|contract| contract.kind == kind.name).collect();
    if promises.is_empty() {
        return None;
    }
    let number = count(promises.len(), "promise");
    let checked = thousands(promises.iter().map(|contract| contract.checked).sum());
    let broken = promises.iter().filter(|contract| contract.broken > 0).count();
    if broken > 0 {
        return Some((Mark::Broken, format!("{number} over {checked}, {} broken", thousands(broken as u64))));
    }
    let (before, after) = kind.seen;
    Some((Mark::Kept, format!("{number}: {before}{checked}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_about_a_promise_shows_up_in_a_line() {
        for rule in rules::all() {
            let about = topic(rule.code);
            assert!(about.is_some() || matches!(&rule.code[..2], "R3" | "R6"), "{} {}", rule.code, rule.name);
        }
        assert_eq!(topic(rules::SIGNATURE_DIFFERS.code), Some(Topic::Functions));
        assert_eq!(topic(rules::VIEW_FAILS.code), Some(Topic::Relations));
        assert_eq!(topic("C101"), None);
    }
}
