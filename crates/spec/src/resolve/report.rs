//! Findings as they are collected.

use std::collections::BTreeSet;

use cstspec_contract::sql::ident;
use cstspec_contract::{Finding, NestedOrigins, Origin, Path, PathError, did_you_mean, likeness};

use crate::documents::Documents;
use crate::engine::Values;
use crate::expr::{ExprError, ExprErrorKind};
use crate::rules;
use crate::sources::Sources;
use crate::types::{MAX_DEPTH, MAX_FIELDS, MAX_FIXED_BYTES, TypeError};
use crate::yaml::KeyPath;
use crate::yaml::Located;

/// Findings beyond this many are not kept: whoever has so many mends the first and looks again.
pub const MOST_FINDINGS: usize = 1_000;
/// The most columns and named fields that the relations of one catalog may have together.
const MOST_FIELDS: usize = 1_000_000;
/// For so many unknown names a known one is looked for.
const MOST_HINTS: usize = 300;
/// With so many known names an unknown one is compared.
const MOST_COMPARED: usize = 2_000;

/// A collector of findings that knows the files they point into.
pub struct Report<'a> {
    sources: &'a Sources,
    undecoded: &'a BTreeSet<String>,
    /// Functions with a signature that could not be read: what calls them is not judged.
    unreadable: BTreeSet<String>,
    findings: Vec<Finding>,
    hints: usize,
    fields: usize,
}

impl<'a> Report<'a> {
    /// An empty report about `documents` and the `sources` they were read from.
    pub fn new(documents: &'a Documents, sources: &'a Sources) -> Self {
        Self {
            sources,
            undecoded: &documents.undecoded,
            unreadable: BTreeSet::new(),
            findings: Vec::new(),
            hints: 0,
            fields: 0,
        }
    }

    /// Everything found.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Whether further findings are not kept.
    pub fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    /// Counts the fields of a relation. False, after a report at `origin`, when the catalog has become too large to work with.
    pub fn afford(&mut self, origin: &Origin, columns: usize, nested: &NestedOrigins) -> bool {
        let before = self.fields;
        self.fields += columns + nested.below.len() + nested.fields.len();
        if before <= MOST_FIELDS && self.fields > MOST_FIELDS {
            let finding = Finding::new(
                &rules::TOO_LARGE,
                format!("more than {MOST_FIELDS} fields in the relations of a catalog"),
            )
            .remedy("split the catalog");
            self.key(origin, finding);
        }
        self.fields <= MOST_FIELDS
    }

    /// Reports every name in a list that is there already, and returns the others with their numbers.
    pub fn distinct<'n>(
        &mut self,
        origin: &Origin,
        what: &str,
        names: impl IntoIterator<Item = &'n String>,
    ) -> Vec<(usize, &'n str)> {
        let mut distinct = Vec::new();
        let mut seen = BTreeSet::new();
        for (number, name) in names.into_iter().enumerate() {
            if seen.insert(name) {
                distinct.push((number, name.as_str()));
                continue;
            }
            let finding = Finding::new(&rules::DUPLICATE_NAME, format!("the {what} `{name}` is listed twice"))
                .differing("each name once", format!("`{name}` again"))
                .remedy("remove one of the two");
            self.value(&origin.index(number), finding);
        }
        distinct
    }

    /// Whether `name`, which nothing defines, may be defined by what could not be read or decoded. That has its own finding. Where a whole
    /// file or folder is missing any name may be in it, but one that is a slip of a `known` one.
    pub fn may_be_defined<'n>(&mut self, name: &str, known: impl IntoIterator<Item = &'n str>) -> bool {
        if self.undecoded.contains(name) || !self.sources.is_incomplete() {
            return self.undecoded.contains(name);
        }
        self.hints += 1;
        self.hints > MOST_HINTS || !known.into_iter().take(MOST_COMPARED).any(|known| likeness(name, known).is_some())
    }

    /// The advice to use the known name nearest to `name`, or else to do `otherwise`.
    pub fn advise<'n>(&mut self, name: &str, known: impl IntoIterator<Item = &'n str>, otherwise: &str) -> String {
        self.hints += 1;
        let hint = if self.hints <= MOST_HINTS { did_you_mean(name, known) } else { None };
        hint.unwrap_or_else(|| otherwise.to_owned())
    }

    /// The path that `text` spells, which the key at `origin` maps to. A text that spells none is reported.
    pub fn path(&mut self, origin: &Origin, text: &str) -> Option<Path> {
        spelled(text).map_err(|finding| self.value(origin, *finding)).ok()
    }

    /// The path that `text`, the last key of `origin`, spells. A text that spells none is reported.
    pub fn key_path(&mut self, origin: &Origin, text: &str) -> Option<Path> {
        spelled(text).map_err(|finding| self.key(origin, *finding)).ok()
    }

    /// Reports a finding about the key at `origin`.
    pub fn key(&mut self, origin: &Origin, finding: Finding) {
        self.push(origin, Located::at_key(finding, KeyPath::from(origin.key.as_str())));
    }

    /// Reports a finding about what the key at `origin` maps to.
    pub fn value(&mut self, origin: &Origin, finding: Finding) {
        self.push(origin, Located::at_value(finding, KeyPath::from(origin.key.as_str())));
    }

    /// Reports a finding about a place inside the text at `origin`.
    pub fn inside(&mut self, origin: &Origin, offset: usize, finding: Finding) {
        self.push(origin, Located::inside(finding, KeyPath::from(origin.key.as_str()), offset));
    }

    fn push(&mut self, origin: &Origin, found: Located) {
        if self.is_full() {
            return;
        }
        let finding = self.sources.resolve_place(&origin.file, found);
        self.findings.push(finding);
    }

    /// Line of a place, to name it in a finding about another.
    pub fn line(&self, origin: &Origin) -> String {
        let line = self.sources.place(origin).map_or(String::new(), |(line, _)| format!(":{line}"));
        format!("{}{line}", origin.file)
    }

    /// Whether an empty mapping is written at `origin`.
    pub fn is_empty_mapping(&self, origin: &Origin) -> bool {
        self.sources.is_empty_mapping(origin)
    }

    /// Reports why the text at `origin` is no type.
    pub fn type_error(&mut self, origin: &Origin, error: TypeError) {
        match error {
            TypeError::Syntax(error) => {
                let finding = Finding::new(&rules::TYPE_SYNTAX, format!("not a type: {}", error.message))
                    .remedy("write for example `utf8`, `list<int64>` or `map<utf8, utf8>`");
                self.inside(origin, error.offset, finding);
            }
            TypeError::Foreign { offset, message, meant } => {
                let finding = Finding::new(&rules::UNKNOWN_TYPE, message)
                    .differing("a type of specs/README.md or of types/", "one as another system spells it")
                    .remedy(format!("write {meant}"));
                self.inside(origin, offset, finding);
            }
            TypeError::Unknown { name, suggestion: None, .. } if self.may_be_defined(&name, []) => {}
            TypeError::Unknown { name, .. } if self.undecoded.contains(&name) => {}
            TypeError::Unknown { name, offset, suggestion } => {
                let finding = Finding::new(&rules::UNKNOWN_TYPE, format!("unknown type `{name}`"))
                    .differing("a type of specs/README.md or of types/", format!("`{name}`"))
                    .remedy(
                        suggestion.unwrap_or_else(|| format!("define `type: {name}` in types/, or correct the name")),
                    );
                self.inside(origin, offset, finding);
            }
            TypeError::Arguments { name, offset, form, meant } => {
                let finding = Finding::new(&rules::TYPE_ARGUMENTS, format!("invalid parameters of `{name}`"))
                    .differing(form.clone(), "other parameters")
                    .remedy(format!("write {}", meant.unwrap_or(form)));
                self.inside(origin, offset, finding);
            }
            TypeError::SameField { name, offset } => {
                let finding =
                    Finding::new(&rules::NAME_COLLISION, format!("two fields of one struct have the name `{name}`"))
                        .differing("each name once", format!("`{name}` again"))
                        .remedy("rename or remove one of the two");
                self.inside(origin, offset, finding);
            }
            TypeError::Zone { zone, offset, suggestion } => {
                let finding = Finding::new(&rules::UNKNOWN_TIME_ZONE, format!("unknown time zone `{zone}`"))
                    .differing(Values::Zone.to_string(), format!("`{zone}`"))
                    .remedy(suggestion.unwrap_or_else(|| "write a name of the IANA database, or an offset".to_owned()));
                self.inside(origin, offset, finding);
            }
            TypeError::TooWide { bytes } => {
                let finding = Finding::new(&rules::TOO_LARGE, format!("each value takes {bytes} bytes, NULL too"))
                    .differing(
                        format!("at most {MAX_FIXED_BYTES} bytes in a type of fixed size"),
                        format!("{bytes} bytes"),
                    )
                    .remedy("write `binary` or `list<T>`, whose values have their own lengths");
                self.value(origin, finding);
            }
            TypeError::TooLarge => {
                let finding = Finding::new(
                    &rules::TOO_LARGE,
                    format!("more than {MAX_FIELDS} fields in all, or {MAX_DEPTH} of them inside one another"),
                )
                .remedy("split it into several columns or relations");
                self.value(origin, finding);
            }
            TypeError::Broken => {}
        }
    }

    /// Notes that a signature of the function `name` could not be read.
    pub fn note_unreadable(&mut self, name: &str) {
        self.unreadable.insert(name.to_owned());
    }

    /// Whether `text` calls a function that cannot be judged, because what should declare it could not be read.
    fn calls_unreadable(&self, text: &str) -> bool {
        let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
        !self.unreadable.is_empty() && words.map(str::to_lowercase).any(|word| self.unreadable.contains(&word))
    }

    /// Reports a mistake in the expression `text` at `origin`.
    pub fn expression_error(&mut self, origin: &Origin, text: &str, error: &ExprError) {
        let at_fault = text.get(error.start..error.end).unwrap_or(text);
        let name = at_fault.split(|character: char| !character.is_alphanumeric() && character != '_').next();
        let named = name.map(str::to_lowercase).unwrap_or_default();
        let near = error.help.starts_with("did you mean") && !self.undecoded.contains(&named);
        let undecoded = error.kind == ExprErrorKind::UnknownFunction && !near && self.may_be_defined(&named, []);
        if undecoded || self.calls_unreadable(at_fault) {
            return;
        }
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
        self.inside(origin, error.start, finding);
    }

    /// Reports that `name` is no column of `relation`.
    pub fn unknown_column<'n>(
        &mut self,
        origin: &Origin,
        relation: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let advice = self.advise(name, known.iter().copied(), "correct the name");
        let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{relation}` has no column `{name}`"))
            .differing(one_of(&known), format!("`{name}`"))
            .remedy(advice)
            .relation(relation);
        self.value(origin, finding);
    }

    /// Reports that `path`, as a query or a key names it, is no relation.
    pub fn unknown_relation<'n>(
        &mut self,
        origin: &Origin,
        offset: usize,
        path: &Path,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let name = path.only().map_or_else(|| path.to_string(), str::to_owned);
        let known: Vec<&str> = known.into_iter().collect();
        if self.may_be_defined(&name, known.iter().copied()) {
            return;
        }
        let advice = if path.only().is_none() && known.contains(&name.as_str()) {
            format!("write {}: without quotes it is the table `{}` of another schema", ident(&name), path.leaf())
        } else {
            self.advise(&name, known, "correct the name, or include the folder that defines it")
        };
        let finding = Finding::new(&rules::UNKNOWN_RELATION, format!("unknown relation `{name}`"))
            .differing("a dataset or view of this catalog", format!("`{name}`"))
            .remedy(advice);
        self.inside(origin, offset, finding);
    }

    /// Reports that `name` is defined twice, here and at `first`.
    pub fn duplicate_name(&mut self, origin: &Origin, what: &str, name: &str, first: &Origin) {
        let first = self.line(first);
        let finding = Finding::new(&rules::DUPLICATE_NAME, format!("the {what} `{name}` is defined twice"))
            .differing("each name once", format!("first defined at {first}"))
            .remedy("rename or remove one of the two");
        self.key(origin, finding);
    }

    /// Reports a circle of needs.
    pub fn circle(&mut self, origin: &Origin, rule: &'static cstspec_contract::Rule, what: &str, names: &[&str]) {
        let mut steps = names.to_vec();
        steps.extend(names.first());
        let finding = Finding::new(rule, format!("{what} in a circle: {}", steps.join(" -> ")))
            .remedy("take one of the steps out");
        self.key(origin, finding);
    }
}

/// The path that `text` spells, or the finding that it spells none.
fn spelled(text: &str) -> Result<Path, Box<Finding>> {
    let path = if text.is_empty() { Err(PathError::EmptyName) } else { Path::parse(text) };
    path.map_err(|error| {
        Finding::new(&rules::PATH_SYNTAX, format!("`{text}` is not a path: {error}"))
            .differing(
                "names with dots between them, such as `refs.ref_id` or `\"service.name\".x`",
                format!("`{text}`"),
            )
            .remedy("put a name that holds a dot in double quotes, and double the quotes inside it")
            .into()
    })
}

/// The expectation that a name is one of `names`.
pub fn one_of(names: &[&str]) -> String {
    match names {
        [] => "no name: there is none to choose from".to_owned(),
        [only] => format!("`{only}`"),
        _ => format!("one of {}", list(names)),
    }
}

/// Names for a person: in backticks, the first dozen of them, none longer than names can be.
pub fn list(names: &[&str]) -> String {
    let cut = |name: &str| name.chars().take(128).collect::<String>();
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{}`", cut(name))).collect();
    let more =
        if names.len() > shown.len() { format!(" and {} more", names.len() - shown.len()) } else { String::new() };
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") + &more }
}
