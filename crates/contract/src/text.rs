//! Characters that do not show: which ones they are, and how a text is written that may hold them.
//!
//! Names, values and messages come from specs, files and the engine, and hold any character. Every place that writes one for a person
//! escapes the same set in the same form.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether `c` has no shape, or changes how the text around it is shown: control characters, marks that turn the direction of text, and
/// characters without a width.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// `text` on one line, with every hidden character escaped: `\n`, `\t`, `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// `text` with every hidden character escaped but the ends of its lines.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_hidden(c))
}

/// `text` with the characters that `escapes` picks written as in a literal of Rust. The form depends on no version of Unicode.
pub fn escaped(text: &str, escapes: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&escapes) else { return Cow::Borrowed(text) };
    let mut written = String::with_capacity(text.len() + 8);
    written.push_str(&text[..first]);
    for c in text[first..].chars() {
        if escapes(c) {
            written.extend(c.escape_default());
        } else {
            written.push(c);
        }
    }
    Cow::Owned(written)
}

/// Names as a sentence lists them.
pub fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

/// Names as a sentence lists them: the `first`, and how many more there are. Empty for none.
pub fn first_names(names: impl IntoIterator<Item = impl AsRef<str>>, first: usize) -> String {
    let mut names = names.into_iter();
    let listed: Vec<String> = names.by_ref().take(first).map(|name| format!("`{}`", name.as_ref())).collect();
    let mut text = listed.join(", ");
    let more = names.count();
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// A number with a comma after each three digits: `3,627,982`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `3,627,982 values`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_first_counted() {
        let names = ["a", "b", "c"];
        assert_eq!(first_names(names, 1), "`a` and 2 more");
        assert_eq!(first_names(names, 3), "`a`, `b`, `c`");
        assert_eq!(first_names([""; 0], 3), "");
    }

    /// Hidden characters are escaped and others kept.
    #[test]
    fn hidden_characters_escaped() {
        let text = "a\u{1b}[31m\0\r\n\tb \u{202e}\u{9b}ä\u{feff}\u{61c}日\u{e0041}\\\"'";
        let shown = "a\\u{1b}[31m\\u{0}\\r\\n\\tb \\u{202e}\\u{9b}ä\\u{feff}\\u{61c}日\\u{e0041}\\\"'";
        assert_eq!(printable(text), shown);
        assert_eq!(printable_lines(text), shown.replace("\\n", "\n"));
        assert!(matches!(printable("größe 日 \\ \"x\""), Cow::Borrowed("größe 日 \\ \"x\"")));
        assert_eq!(escaped("a\"b\\c", |c| matches!(c, '"' | '\\')), "a\\\"b\\\\c");
    }
}
