//! One promise about rows, what was seen of it, and the finding that it becomes once it is broken.

use cstspec_contract::report::ContractReport;
use cstspec_contract::{DataPlace, Finding, Origin, Path, Rule};

use crate::rules;

/// How many places of a broken promise are shown.
pub const MOST_SAMPLES: usize = 5;

/// The kind of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No NULL where the parent is present.
    NotNull,
    /// No two rows with the same values.
    Key,
    /// The values are a key of another relation.
    Reference,
    /// The rows are sorted.
    Order,
    /// An element repeats a column of its row.
    Identity,
    /// The value is one of a list.
    Allowed,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::NotNull => "not_null",
            Self::Key => "key",
            Self::Reference => "reference",
            Self::Order => "order",
            Self::Identity => "identity",
            Self::Allowed => "allowed",
        }
    }

    fn rule(self) -> &'static Rule {
        match self {
            Self::NotNull => &rules::NULL_IN_NOT_NULL,
            Self::Key => &rules::KEY_NOT_UNIQUE,
            Self::Reference => &rules::REFERENCE_DANGLING,
            Self::Order => &rules::ORDER_BROKEN,
            Self::Identity => &rules::IDENTITY_DIFFERS,
            Self::Allowed => &rules::VALUE_NOT_ALLOWED,
        }
    }

    /// The unit of the count.
    fn unit(self) -> &'static str {
        match self {
            Self::NotNull | Self::Identity | Self::Allowed => "values",
            Self::Key | Self::Reference | Self::Order => "rows",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::NotNull => "correct the rows in the producer, or declare the field nullable",
            Self::Key => "remove the duplicate rows, or add columns to the key",
            Self::Reference => "add the referenced rows, or set the reference to NULL",
            Self::Order => "write the rows in their declared order, or change `ordering` to their actual order",
            Self::Identity => "write the value of the row into its elements, or take the column from the element",
            Self::Allowed => "correct the rows in the producer, or add the values to `allowed`",
        }
    }
}

/// One promise about rows.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The relation that it is about.
    pub relation: String,
    /// The kind of the promise.
    pub kind: Kind,
    /// The columns, or the path of the one field as text.
    pub columns: Vec<String>,
    /// The one field; `None` where it is about columns.
    pub field: Option<Path>,
    /// The relation referred to.
    pub target: Option<String>,
    /// The promise in words.
    pub expected: String,
    /// Where it was written.
    pub origin: Origin,
}

/// The results of a promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Values or rows looked at.
    pub checked: u64,
    /// How many of them break it.
    pub broken: u64,
    /// The first of those.
    pub samples: Vec<Sample>,
}

/// A place where a promise is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file, where the rows come from files.
    pub file: Option<String>,
    /// The row in the file, from 0.
    pub row: Option<u64>,
    /// The place inside the row, with elements counted from 0; `None` where the columns say it.
    pub inside: Option<String>,
    /// The values at that place.
    pub values: String,
}

impl Tally {
    /// Whether more places would be shown.
    pub fn wants_samples(&self) -> bool {
        self.samples.len() < MOST_SAMPLES
    }

    /// Adds what was seen further on.
    pub fn absorb(&mut self, later: Self) {
        self.checked += later.checked;
        self.broken += later.broken;
        self.samples.extend(later.samples);
        self.samples.truncate(MOST_SAMPLES);
    }
}

impl Promise {
    /// The one column or field that it is about.
    pub fn path(&self) -> Option<Path> {
        match (&self.field, self.columns.as_slice()) {
            (Some(field), _) => Some(field.clone()),
            (None, [column]) => Some(Path::top(column.as_str())),
            (None, _) => None,
        }
    }

    /// The entry of the report.
    pub fn report(&self, tally: &Tally) -> ContractReport {
        ContractReport {
            relation: self.relation.clone(),
            kind: self.kind.name().to_owned(),
            columns: self.columns.clone(),
            target: self.target.clone(),
            checked: tally.checked,
            broken: tally.broken,
        }
    }

    /// The finding of a promise that is broken.
    pub fn finding(&self, tally: &Tally) -> Option<Finding> {
        if tally.broken == 0 {
            return None;
        }
        let mut finding = Finding::new(self.kind.rule(), self.message())
            .differing(self.expected.clone(), self.observed(tally))
            .remedy(self.kind.remedy())
            .relation(self.relation.as_str())
            .at(&self.origin);
        if let Some(path) = self.path() {
            finding = finding.path(path.to_string());
        }
        if let Some(Sample { file: Some(file), row, .. }) = tally.samples.first() {
            finding.data = Some(DataPlace { file: file.clone(), row: *row });
        }
        Some(finding)
    }

    fn message(&self) -> String {
        let relation = &self.relation;
        let columns = tuple(&self.columns);
        match self.kind {
            Kind::NotNull => format!("`{relation}` has NULL in {columns}"),
            Kind::Key => format!("`{relation}` has several rows with the same {columns}"),
            Kind::Reference => {
                let target = self.target.as_deref().unwrap_or_default();
                format!("`{relation}` has dangling references: {columns} is not in `{target}`")
            }
            Kind::Order => format!("the rows of `{relation}` are not in their declared order"),
            Kind::Identity => format!("{columns} of elements of `{relation}` differs from their row"),
            Kind::Allowed => format!("`{relation}` has values in {columns} that are not allowed"),
        }
    }

    /// `2 of 40 values: row 3 of /data/a.parquet (file_id = f1); ...`
    fn observed(&self, tally: &Tally) -> String {
        let Tally { checked, broken, samples } = tally;
        let mut text = format!("{broken} of {checked} {}", self.kind.unit());
        for (index, sample) in samples.iter().enumerate() {
            text.push_str(if index == 0 { ": " } else { "; " });
            text.push_str(&sample.shown());
        }
        if *broken > samples.len() as u64 && !samples.is_empty() {
            text.push_str("; ...");
        }
        match (samples.iter().any(|sample| sample.inside.is_some()), samples.iter().any(|sample| sample.row.is_some()))
        {
            (true, _) => text.push_str("; rows and elements count from 0"),
            (false, true) => text.push_str("; rows count from 0"),
            (false, false) => {}
        }
        text
    }
}

impl Sample {
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
