//! What `verify` held against what, line by line: the part of its report that says what "clean" means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cstspec_contract::report::{ContractReport, Report as Verification, RowConstraintKind};
use cstspec_contract::text::thousands;
use cstspec_contract::{Catalog, Finding, Rule, Severity};
use cstspec_report::table::{Align, Cell, Table, count};
use cstspec_runtime::constraint::{self, ConstraintKind};
use cstspec_verify::{Checks, rules};

use crate::console::Console;
use crate::paint::{DIM, GREEN, RED, YELLOW};

/// The subject of a finding.
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
const FUNCTIONS: [&Rule; 5] = [
    &rules::FUNCTION_MISSING,
    &rules::HOST_FUNCTION_UNCHECKED,
    &rules::FUNCTION_OF_ANOTHER_KIND,
    &rules::SIGNATURE_DIFFERS,
    &rules::UNDECLARED_ARGUMENTS_TAKEN,
];

/// The title of a kind of constraints, and the text of those that hold, before and after the number of values or rows.
fn wording(kind: RowConstraintKind) -> (&'static str, (&'static str, &'static str)) {
    match kind {
        RowConstraintKind::NotNull => ("NOT NULL", ("(", " values checked)")),
        RowConstraintKind::Key => ("keys", ("(no duplicates in ", " rows without a NULL in the key)")),
        RowConstraintKind::Reference => ("references", ("(no dangling references in ", " rows)")),
        RowConstraintKind::Order => ("order", ("(no rows out of order in ", " rows)")),
        RowConstraintKind::Identity => ("copies", ("(", " copies equal the value of their row)")),
        RowConstraintKind::Allowed => ("allowed", ("(", " values checked)")),
    }
}

/// One line per kind of promise: whether it holds, and on what that is founded.
pub fn lines(
    console: &Console,
    catalog: &Catalog,
    preset: &str,
    checks: Checks,
    answer: &Verification,
    findings: &[Finding],
) -> String {
    let holds = |topic| {
        let about = findings.iter().filter(|finding| self::topic(&finding.code) == Some(topic));
        Mark::of(about.map(|finding| finding.severity).max())
    };
    let header = ["checked", "", ""].map(|name| (name.to_owned(), Align::Left));
    let mut table = Table::new(header).of_sentences();
    let mut line = |name: &str, mark: Mark, text: String| {
        table.push(vec![Cell::new(name), mark.cell(), Cell::new(text)]);
    };
    if let Some(preset) = catalog.session(preset) {
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
    let all = match holds(Topic::Relations) {
        Mark::Kept if answer.relations.iter().any(|relation| relation.unchecked) => Mark::Unknown,
        mark => mark,
    };
    line("relations", all, relations(answer));
    match checks {
        Checks::Schema => line(
            "rows",
            Mark::Unknown,
            "read and counted; --deep checks NOT NULL, keys, references, order, copies and allowed values".to_owned(),
        ),
        Checks::Rows => {
            let partial = Partial::of(catalog, answer);
            for kind in RowConstraintKind::ALL {
                if let Some((mark, text)) = constraints(answer, kind, &partial) {
                    line(wording(kind).0, mark, text);
                }
            }
            let stopped = findings.iter().any(|finding| finding.code == rules::CONTRACT_UNPROVEN.code);
            if !answer.unproven.is_empty() {
                let mark = if stopped { Mark::Broken } else { Mark::Unknown };
                line("not proven", mark, unproven(answer));
            } else if stopped {
                line("not proven", Mark::Broken, "some constraints, in part of the rows".to_owned());
            } else if answer.contracts.is_empty() {
                line("rows", Mark::Unknown, "no constraints are declared".to_owned());
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
    Doubtful,
    Broken,
    Unknown,
}

impl Mark {
    /// What the worst finding of a topic says of it.
    fn of(worst: Option<Severity>) -> Self {
        match worst {
            Some(Severity::Error) => Self::Broken,
            Some(Severity::Warning) => Self::Doubtful,
            Some(Severity::Info) | None => Self::Kept,
        }
    }

    fn cell(self) -> Cell {
        match self {
            Self::Kept => Cell::new("✓").styled(GREEN),
            Self::Doubtful => Cell::new("!").styled(YELLOW),
            Self::Broken => Cell::new("✗").styled(RED),
            Self::Unknown => Cell::new("-").styled(DIM),
        }
    }
}

fn functions(answer: &Verification) -> String {
    let accepted = answer.functions.iter().map(|function| function.accepted).sum();
    let refused = answer.functions.iter().map(|function| function.refused).sum();
    format!(
        "{}: {} valid calls planned, {} invalid calls rejected",
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

fn files(answer: &Verification) -> String {
    let read: u64 = answer.sources.iter().map(|source| source.files).sum();
    let refused: u64 = answer.sources.iter().map(|source| source.refused).sum();
    let converted: BTreeSet<_> =
        answer.conversions.iter().map(|conversion| (&conversion.dataset, &conversion.file)).collect();
    let mut text = match (read, converted.len()) {
        (1, 0) => "1 file read without conversion".to_owned(),
        (read, 0) => format!("{} files read without conversion", thousands(read)),
        (1, _) => "1 file read, converted as the contract allows".to_owned(),
        (read, some) => {
            format!(
                "{} files read, {} of them converted as the contract allows",
                thousands(read),
                thousands(some as u64)
            )
        }
    };
    if refused > 0 {
        let _ = write!(text, ", {} refused", thousands(refused));
    }
    text
}

fn relations(answer: &Verification) -> String {
    let relations = &answer.relations;
    let described = relations.iter().filter(|relation| relation.describe_equal).count();
    let executed = relations.iter().filter(|relation| relation.executed).count();
    let rows: u64 = relations.iter().filter_map(|relation| relation.rows).sum();
    let mut text = format!(
        "{}: {described} with the declared schema, {executed} executed, {} rows",
        count(relations.len(), "relation"),
        thousands(rows)
    );
    let unchecked = relations.iter().filter(|relation| relation.unchecked).count();
    if unchecked > 0 {
        let _ = write!(text, "; {unchecked} not checked, because host functions are missing");
    }
    text
}

/// Datasets of which some files are not read, each with how many of how many are.
struct Partial<'a> {
    catalog: &'a Catalog,
    files: BTreeMap<&'a str, (u64, u64)>,
}

impl<'a> Partial<'a> {
    fn of(catalog: &'a Catalog, answer: &'a Verification) -> Self {
        let partial = answer.sources.iter().filter(|source| source.refused > 0);
        let files = partial.map(|source| (source.dataset.as_str(), (source.files, source.files + source.refused)));
        Self { catalog, files: files.collect() }
    }

    /// The datasets among these that `relation` is made from.
    fn behind(&self, relation: &str) -> BTreeSet<&'a str> {
        match self.catalog.view(relation) {
            Some(view) => view.depends_on.iter().flat_map(|read| self.behind(read)).collect(),
            None => self.files.get_key_value(relation).map(|(name, _)| *name).into_iter().collect(),
        }
    }

    /// `7 of 9 files`, if some rows that `promises` are about were not read.
    fn coverage(&self, promises: &[&ContractReport]) -> Option<String> {
        let behind = promises.iter().flat_map(|promise| std::iter::once(&promise.relation).chain(&promise.target));
        let behind: BTreeSet<&str> = behind.flat_map(|relation| self.behind(relation)).collect();
        let files = behind.iter().filter_map(|dataset| self.files.get(dataset));
        let (read, all) = files.fold((0, 0), |(read, all), (more, of)| (read + more, all + of));
        (all > 0).then(|| format!("{} of {} files", thousands(read), thousands(all)))
    }
}

/// How many promises were held against nothing, by the reason.
fn unproven(answer: &Verification) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for promise in &answer.unproven {
        *reasons.entry(&promise.reason).or_default() += 1;
    }
    let reasons: Vec<String> = match reasons.len() {
        1 => reasons.keys().map(|reason| (*reason).to_owned()).collect(),
        _ => reasons.iter().map(|(reason, number)| format!("{number}: {reason}")).collect(),
    };
    format!("{}: {}", count(answer.unproven.len(), "constraint"), reasons.join("; "))
}

/// The results of the constraints of one kind that were checked on some rows; `None` without any.
fn constraints(answer: &Verification, kind: RowConstraintKind, partial: &Partial<'_>) -> Option<(Mark, String)> {
    let held = |contract: &&ContractReport| contract.kind == kind && contract.checked > 0;
    let constraints: Vec<_> = answer.contracts.iter().filter(held).collect();
    if constraints.is_empty() {
        return None;
    }
    let number = count(constraints.len(), "constraint");
    let checked = thousands(constraints.iter().map(|contract| contract.checked).sum());
    let broken = constraints.iter().filter(|contract| contract.broken > 0).count();
    if broken > 0 {
        return Some((Mark::Broken, format!("{number}, {} broken ({checked} checked)", thousands(broken as u64))));
    }
    let (_, (before, after)) = wording(kind);
    let verb = if constraints.len() == 1 { "holds" } else { "hold" };
    let text = format!("{number} {verb} {before}{checked}{after}");
    Some(match partial.coverage(&constraints) {
        Some(files) => (Mark::Unknown, format!("{text}, checked in {files}")),
        None => (Mark::Kept, text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every rule about a promise shows up in a line.
    #[test]
    fn constraint_rules_shown() {
        for rule in rules::all() {
            let about = topic(rule.code);
            assert!(about.is_some() || matches!(&rule.code[..2], "R3" | "R6"), "{} {}", rule.code, rule.name);
        }
        assert_eq!(topic(rules::SIGNATURE_DIFFERS.code), Some(Topic::Functions));
        assert_eq!(topic(rules::VIEW_FAILS.code), Some(Topic::Relations));
        assert_eq!(topic("C101"), None);
    }
}
