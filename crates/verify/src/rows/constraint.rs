//! One constraint about rows, what was seen of it, and the finding that it becomes once it is broken.

use cstspec_contract::report::{ContractReport, RowConstraintKind};
use cstspec_contract::{DataPlace, Finding, Origin, Path, Rule};

use crate::rules;

/// How many places of a broken constraint are shown.
pub const MOST_VIOLATIONS: usize = 5;

fn rule(kind: RowConstraintKind) -> &'static Rule {
    match kind {
        RowConstraintKind::NotNull => &rules::NULL_IN_NOT_NULL,
        RowConstraintKind::Key => &rules::KEY_NOT_UNIQUE,
        RowConstraintKind::Reference => &rules::REFERENCE_DANGLING,
        RowConstraintKind::Order => &rules::ORDER_BROKEN,
        RowConstraintKind::Identity => &rules::IDENTITY_DIFFERS,
        RowConstraintKind::Allowed => &rules::VALUE_NOT_ALLOWED,
    }
}

fn remedy(kind: RowConstraintKind) -> &'static str {
    match kind {
        RowConstraintKind::NotNull => "correct the rows in the producer, or declare the field nullable",
        RowConstraintKind::Key => "remove the duplicate rows, or add columns to the key",
        RowConstraintKind::Reference => "add the referenced rows, or set the reference to NULL",
        RowConstraintKind::Order => {
            "write the rows in their declared order, or change `ordering` to their actual order"
        }
        RowConstraintKind::Identity => {
            "write the value of the row into its elements, or take the column from the element"
        }
        RowConstraintKind::Allowed => "correct the rows in the producer, or add the values to `allowed`",
    }
}

/// One constraint about rows.
#[derive(Clone, Debug)]
pub struct RowConstraint {
    /// The relation that it is about.
    pub relation: String,
    /// The kind of the constraint.
    pub kind: RowConstraintKind,
    /// The columns, or the path of the one field as text.
    pub columns: Vec<String>,
    /// The one field; `None` where it is about columns.
    pub field: Option<Path>,
    /// The relation referred to.
    pub target: Option<String>,
    /// The constraint in words.
    pub expected: String,
    /// Where it was written.
    pub origin: Origin,
}

/// The results of a constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConstraintCount {
    /// Values or rows looked at.
    pub checked: u64,
    /// How many of them break it.
    pub broken: u64,
    /// The first of those.
    pub violations: Vec<Violation>,
}

/// A place where a constraint is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The file, where the rows come from files.
    pub file: Option<String>,
    /// The row in the file, from 0.
    pub row: Option<u64>,
    /// The place inside the row, with elements counted from 0; `None` where the columns say it.
    pub inside: Option<String>,
    /// The values at that place.
    pub values: String,
}

impl ConstraintCount {
    /// Whether more places would be shown.
    pub fn wants_violations(&self) -> bool {
        self.violations.len() < MOST_VIOLATIONS
    }

    /// Adds what was seen further on.
    pub fn absorb(&mut self, later: Self) {
        self.checked += later.checked;
        self.broken += later.broken;
        self.violations.extend(later.violations);
        self.violations.truncate(MOST_VIOLATIONS);
    }
}

impl RowConstraint {
    /// The one column or field that it is about.
    pub fn path(&self) -> Option<Path> {
        match (&self.field, self.columns.as_slice()) {
            (Some(field), _) => Some(field.clone()),
            (None, [column]) => Some(Path::top(column.as_str())),
            (None, _) => None,
        }
    }

    /// The entry of the report.
    pub fn report(&self, counts: &ConstraintCount) -> ContractReport {
        ContractReport {
            relation: self.relation.clone(),
            kind: self.kind,
            columns: self.columns.clone(),
            target: self.target.clone(),
            checked: counts.checked,
            broken: counts.broken,
        }
    }

    /// The finding of a constraint that is broken.
    pub fn finding(&self, counts: &ConstraintCount) -> Option<Finding> {
        if counts.broken == 0 {
            return None;
        }
        let mut finding = Finding::new(rule(self.kind), self.message())
            .differing(self.expected.clone(), self.observed(counts))
            .remedy(remedy(self.kind))
            .relation(self.relation.as_str())
            .at(&self.origin);
        if let Some(path) = self.path() {
            finding = finding.path(path.to_string());
        }
        if let Some(Violation { file: Some(file), row, .. }) = counts.violations.first() {
            finding.data = Some(DataPlace { file: file.clone(), row: *row });
        }
        Some(finding)
    }

    fn message(&self) -> String {
        let relation = &self.relation;
        let columns = tuple(&self.columns);
        match self.kind {
            RowConstraintKind::NotNull => format!("`{relation}` has NULL in {columns}"),
            RowConstraintKind::Key => format!("`{relation}` has several rows with the same {columns}"),
            RowConstraintKind::Reference => {
                let target = self.target.as_deref().unwrap_or_default();
                format!("`{relation}` has dangling references: {columns} is not in `{target}`")
            }
            RowConstraintKind::Order => format!("the rows of `{relation}` are not in their declared order"),
            RowConstraintKind::Identity => format!("{columns} of elements of `{relation}` differs from their row"),
            RowConstraintKind::Allowed => format!("`{relation}` has values in {columns} that are not allowed"),
        }
    }

    /// `2 of 40 values: row 3 of /data/a.parquet (file_id = f1); ...`
    fn observed(&self, counts: &ConstraintCount) -> String {
        let ConstraintCount { checked, broken, violations } = counts;
        let mut text = format!("{broken} of {checked} {}", self.kind.unit());
        for (index, violation) in violations.iter().enumerate() {
            text.push_str(if index == 0 { ": " } else { "; " });
            text.push_str(&violation.shown());
        }
        if *broken > violations.len() as u64 && !violations.is_empty() {
            text.push_str("; ...");
        }
        match (
            violations.iter().any(|violation| violation.inside.is_some()),
            violations.iter().any(|violation| violation.row.is_some()),
        ) {
            (true, _) => text.push_str("; rows and elements count from 0"),
            (false, true) => text.push_str("; rows count from 0"),
            (false, false) => {}
        }
        text
    }
}

impl Violation {
    fn shown(&self) -> String {
        let inside = self.inside.as_ref().map(|place| format!("{place} in ")).unwrap_or_default();
        let values = if self.values.is_empty() { String::new() } else { format!(" ({})", self.values) };
        match (&self.file, self.row) {
            (Some(file), Some(row)) => format!("{inside}row {row} of {file}{values}"),
            (Some(file), None) => format!("{inside}{file}{values}"),
            (None, _) if inside.is_empty() => values.trim_start().to_owned(),
            (None, _) => format!("{inside}a row{values}"),
        }
    }
}

/// `` `a` `` or `` (`a`, `b`) ``
pub fn tuple(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    match quoted.as_slice() {
        [column] => column.clone(),
        columns => format!("({})", columns.join(", ")),
    }
}
