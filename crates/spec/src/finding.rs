//! Texts of findings in a form that can be printed.

use std::borrow::Cow;

use cstspec_contract::{Finding, text};

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

    /// Texts of findings can be printed.
    #[test]
    fn texts_printable() {
        let of = |message: &str| printable(Finding::new(&rules::INVALID_NAME, message)).message;
        assert_eq!(of("a\u{1b}[31m\0\nb \u{202e}ä"), "a\\u{1b}[31m\\u{0}\\nb \\u{202e}ä");
        assert_eq!(of(&"x".repeat(5_000)).chars().count(), 2_001);
    }
}
