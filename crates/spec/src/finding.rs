//! Findings on their way: with a place in a document, not yet with line and column.

use std::borrow::Cow;

use cstspec_contract::{Finding, text};

use crate::yaml::{KeyPath, Place};

/// A finding and where in its document it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The finding, without its place.
    pub finding: Finding,
    /// Where it points.
    pub at: At,
}

/// Where in a document a finding points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// A place that no key leads to.
    Place(Place),
    /// A key.
    Key(KeyPath),
    /// What a key maps to.
    Value(KeyPath),
    /// So many bytes into the scalar that a key maps to.
    Inside(KeyPath, usize),
}

impl Found {
    /// A finding about the file as a whole.
    pub fn in_file(finding: Finding) -> Self {
        Self { finding, at: At::File }
    }

    /// A finding at a place that no key leads to.
    pub fn at_place(finding: Finding, place: Place) -> Self {
        Self { finding, at: At::Place(place) }
    }

    /// A finding about a key.
    pub fn at_key(finding: Finding, key: KeyPath) -> Self {
        Self { finding, at: At::Key(key) }
    }

    /// A finding about what a key maps to.
    pub fn at_value(finding: Finding, key: KeyPath) -> Self {
        Self { finding, at: At::Value(key) }
    }

    /// A finding about a place inside a scalar.
    pub fn inside(finding: Finding, key: KeyPath, offset: usize) -> Self {
        Self { finding, at: At::Inside(key, offset) }
    }
}

/// The longest text in a finding, in characters. Names in specs may be far longer.
const MAX_LENGTH: usize = 2_000;

/// The finding with texts that a terminal shows as they are: cut off when too long, control characters escaped.
pub fn printable(mut finding: Finding) -> Finding {
    let texts = [&mut finding.relation, &mut finding.path, &mut finding.expected, &mut finding.observed];
    for text in texts.into_iter().chain([&mut finding.remedy]).flatten().chain([&mut finding.message]) {
        if let Cow::Owned(shortened) = shortened(text) {
            *text = shortened;
        }
    }
    finding
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => Cow::Owned(format!("{}…", text::printable(&text[..end]))),
        None => text::printable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn texts_of_findings_can_be_printed() {
        let of = |message: &str| printable(Finding::new(&rules::INVALID_NAME, message)).message;
        assert_eq!(of("a\u{1b}[31m\0\nb \u{202e}ä"), "a\\u{1b}[31m\\u{0}\\nb \\u{202e}ä");
        assert_eq!(of(&"x".repeat(5_000)).chars().count(), 2_001);
    }
}
