//! Findings: broken promises, and the rules that they break.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::spelling;

/// A kind of finding: one rule has one code, one function that reports it, one fixture and one page for `cstspec explain`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code: `C103`.
    pub code: &'static str,
    /// The stable name of the bad thing: `partition-not-in-schema`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what is wrong.
    pub summary: &'static str,
    /// Some paragraphs in Markdown: why it matters, and what to do.
    pub explanation: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something is likely wrong.
    Warning,
    /// A promise is broken.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Finding {
    /// Where it was promised. `None` when nothing in the specs is at fault.
    pub spec: Option<SpecPlace>,
    /// The rule's code.
    pub code: Cow<'static, str>,
    /// The rule's name.
    pub name: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// The relation concerned.
    pub relation: Option<String>,
    /// The column or nested field concerned, as a dotted path.
    pub path: Option<String>,
    /// What is wrong, as a lowercase fragment that names the thing.
    pub message: String,
    /// What was promised.
    pub expected: Option<String>,
    /// What was seen.
    pub observed: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// Where in the data it was seen.
    pub data: Option<DataPlace>,
    /// Other relations that are wrong for this cause and have no finding of their own, sorted.
    pub follows: Vec<String>,
}

/// A place in the specs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct SpecPlace {
    /// The file, relative to the specs folder.
    pub file: String,
    /// The line, from 1; `None` where the file has no text to point into.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// The key path: `columns.refs.type`.
    pub key: String,
}

/// A place in the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataPlace {
    /// The file or folder.
    pub file: String,
    /// The row in the file, from 0.
    pub row: Option<u64>,
}

/// The most characters that a finding has for what was promised, and for what was seen.
const MOST_SAID: usize = 600;
/// The most characters that a finding has for what to do: lines to paste are among it.
const MOST_ADVICE: usize = 1200;
/// By how much a text of several lines, which is a query or a statement, may be longer.
const MOST_LINES: usize = 6;

fn bounded(text: String, most: usize) -> String {
    let most = if text.contains('\n') { MOST_LINES * most } else { most };
    if text.len() <= most { text } else { spelling::cut(&text, most) }
}

impl Finding {
    /// A finding of `rule` that says `message`, and nothing else yet.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            spec: None,
            code: Cow::Borrowed(rule.code),
            name: Cow::Borrowed(rule.name),
            severity: rule.severity,
            relation: None,
            path: None,
            message: message.into(),
            expected: None,
            observed: None,
            remedy: None,
            data: None,
            follows: Vec::new(),
        }
    }

    /// Names another relation that is wrong for this cause.
    pub fn followed_by(&mut self, relation: impl Into<String>) {
        let relation = relation.into();
        if self.relation.as_ref() != Some(&relation) && !self.follows.contains(&relation) {
            self.follows.push(relation);
            self.follows.sort();
        }
    }

    /// Says what was promised and what was seen. Of a long text the beginning is kept.
    #[must_use]
    pub fn differing(mut self, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        self.expected = Some(bounded(expected.into(), MOST_SAID));
        self.observing(observed)
    }

    /// Says what was seen. Of a long text the beginning is kept.
    #[must_use]
    pub fn observing(mut self, observed: impl Into<String>) -> Self {
        self.observed = Some(bounded(observed.into(), MOST_SAID));
        self
    }

    /// Says what to do. Of a long text the beginning is kept.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(bounded(remedy.into(), MOST_ADVICE));
        self
    }

    /// Names the relation concerned.
    #[must_use]
    pub fn relation(mut self, relation: impl Into<String>) -> Self {
        self.relation = Some(relation.into());
        self
    }

    /// Names the field concerned.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says where it was promised, by key path alone.
    #[must_use]
    pub fn at(mut self, origin: &crate::Origin) -> Self {
        self.spec = Some(SpecPlace { file: origin.file.clone(), key: origin.key.clone(), line: None, column: None });
        self
    }

    /// Names the file it was seen in.
    #[must_use]
    pub fn seen_in(mut self, file: impl Into<String>) -> Self {
        self.data = Some(DataPlace { file: file.into(), row: None });
        self
    }
}
