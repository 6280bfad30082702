//! Findings as they are collected.

use cstspec_contract::{Finding, Origin};

use crate::expr::{ExprError, ExprErrorKind};
use crate::finding::Found;
use crate::rules;
use crate::sources::Sources;
use crate::suggest::did_you_mean;
use crate::types::TypeError;
use crate::yaml::KeyPath;

/// A collector of findings that knows the files they point into.
pub struct Report<'a> {
    sources: &'a Sources,
    findings: Vec<Finding>,
}

/// A place in a spec: a file, and a key path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, relative to the specs folder.
    pub file: String,
    /// The key path.
    pub key: KeyPath,
}

impl Spot {
    /// The root of a file.
    pub fn root(file: &str) -> Self {
        Self { file: file.to_owned(), key: KeyPath::root() }
    }

    /// The place of `key` below this one.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        Self { file: self.file.clone(), key: self.key.join(key) }
    }

    /// The place of an item below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self { file: self.file.clone(), key: self.key.index(index) }
    }

    /// The place as a catalog carries it.
    pub fn origin(&self) -> Origin {
        Origin::new(self.file.as_str(), self.key.as_str())
    }
}

impl<'a> Report<'a> {
    /// An empty report about `sources`.
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, findings: Vec::new() }
    }

    /// Everything found.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Reports a finding about the key at `spot`.
    pub fn key(&mut self, spot: &Spot, finding: Finding) {
        self.push(spot, Found::at_key(finding, spot.key.clone()));
    }

    /// Reports a finding about what the key at `spot` maps to.
    pub fn value(&mut self, spot: &Spot, finding: Finding) {
        self.push(spot, Found::at_value(finding, spot.key.clone()));
    }

    /// Reports a finding about a place inside the text at `spot`.
    pub fn inside(&mut self, spot: &Spot, offset: usize, finding: Finding) {
        self.push(spot, Found::inside(finding, spot.key.clone(), offset));
    }

    fn push(&mut self, spot: &Spot, found: Found) {
        let finding = self.sources.settle(&spot.file, found);
        self.findings.push(finding);
    }

    /// Line of a place, to name it in a finding about another.
    pub fn line(&self, spot: &Spot) -> String {
        let line = self.sources.place(&spot.origin()).map_or(String::new(), |(line, _)| format!(":{line}"));
        format!("{}{line}", spot.file)
    }

    /// Reports why the text at `spot` is no type.
    pub fn type_error(&mut self, spot: &Spot, error: TypeError) {
        match error {
            TypeError::Syntax(error) => {
                let finding = Finding::new(&rules::TYPE_SYNTAX, format!("not a type: {}", error.message))
                    .remedy("write for example `utf8`, `list<int64>` or `map<utf8, utf8>`");
                self.inside(spot, error.offset, finding);
            }
            TypeError::Unknown { name, offset, suggestion } => {
                let finding = Finding::new(&rules::UNKNOWN_TYPE, format!("unknown type `{name}`"))
                    .differing("a type of specs/README.md or of types/", format!("`{name}`"))
                    .remedy(
                        suggestion.unwrap_or_else(|| format!("define `type: {name}` in types/, or correct the name")),
                    );
                self.inside(spot, offset, finding);
            }
            TypeError::Arguments { name, offset, form } => {
                let finding = Finding::new(&rules::TYPE_ARGUMENTS, format!("`{name}` does not take these parameters"))
                    .differing(form.clone(), "other parameters")
                    .remedy(format!("write {form}"));
                self.inside(spot, offset, finding);
            }
            TypeError::TooLarge => {
                let finding = Finding::new(
                    &rules::TOO_LARGE,
                    "a type with more than 20000 fields, or 64 of them inside one another",
                )
                .remedy("split it into several columns or relations");
                self.value(spot, finding);
            }
            TypeError::Broken => {}
        }
    }

    /// Reports a mistake in the expression at `spot`.
    pub fn expression_error(&mut self, spot: &Spot, error: &ExprError) {
        let rule = match error.kind {
            ExprErrorKind::Parse => &rules::EXPRESSION_SYNTAX,
            ExprErrorKind::TooComplex => &rules::TOO_LARGE,
            ExprErrorKind::UnknownColumn | ExprErrorKind::UnknownField => &rules::UNKNOWN_COLUMN,
            ExprErrorKind::UnknownFunction => &rules::UNKNOWN_FUNCTION,
            ExprErrorKind::ArgumentCount => &rules::ARGUMENT_COUNT,
            ExprErrorKind::UnknownType => &rules::UNKNOWN_TYPE,
            ExprErrorKind::ArgumentType | ExprErrorKind::ArgumentValue | ExprErrorKind::TypeMismatch => {
                &rules::ARGUMENT_TYPE
            }
            ExprErrorKind::WrongSignature => &rules::SIGNATURE_SYNTAX,
            ExprErrorKind::Unsupported => &rules::NEEDS_TYPE,
        };
        let mut finding = Finding::new(rule, error.message.clone()).remedy(error.help.clone());
        finding.expected.clone_from(&error.expected);
        finding.observed.clone_from(&error.observed);
        self.inside(spot, error.start, finding);
    }

    /// Reports that `name` is no column of `relation`.
    pub fn unknown_column<'n>(
        &mut self,
        spot: &Spot,
        relation: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{relation}` has no column `{name}`"))
            .differing(format!("one of {}", list(&known)), format!("`{name}`"))
            .remedy(did_you_mean(name, known.iter().copied()).unwrap_or_else(|| "correct the name".to_owned()))
            .relation(relation);
        self.value(spot, finding);
    }

    /// Reports that `name` is no relation.
    pub fn unknown_relation<'n>(
        &mut self,
        spot: &Spot,
        offset: usize,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let finding = Finding::new(&rules::UNKNOWN_RELATION, format!("unknown relation `{name}`"))
            .differing("a dataset or view of this catalog", format!("`{name}`"))
            .remedy(
                did_you_mean(name, known)
                    .unwrap_or_else(|| "correct the name, or include the folder that defines it".to_owned()),
            );
        self.inside(spot, offset, finding);
    }

    /// Reports that `name` is defined twice, here and at `first`.
    pub fn duplicate_name(&mut self, spot: &Spot, what: &str, name: &str, first: &Spot) {
        let first = self.line(first);
        let finding = Finding::new(&rules::DUPLICATE_NAME, format!("the {what} `{name}` is defined twice"))
            .differing("each name once", format!("first defined at {first}"))
            .remedy("rename or remove one of the two");
        self.key(spot, finding);
    }

    /// Reports a circle of needs.
    pub fn circle(&mut self, spot: &Spot, rule: &'static cstspec_contract::Rule, what: &str, names: &[&str]) {
        let mut steps = names.to_vec();
        steps.extend(names.first());
        let finding = Finding::new(rule, format!("{what} in a circle: {}", steps.join(" -> ")))
            .remedy("take one of the steps out");
        self.key(spot, finding);
    }
}

/// Names for a person: in backticks, the first dozen of them.
pub fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more =
        if names.len() > shown.len() { format!(" and {} more", names.len() - shown.len()) } else { String::new() };
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") + &more }
}
