//! Entries and items as they stand in a text that may be no YAML, to say how they should be written.

use cstspec_contract::Rule;

use super::outline::{self, Pair};
use crate::rules;

/// A longer value is not shown again in quotes, in characters.
const LONGEST_VALUE: usize = 400;
/// A value that continues over more lines than this is none that somebody forgot to quote.
const MOST_LINES: usize = 50;

/// An entry of a mapping, or an item of a sequence, as it stands in the text.
pub struct Written<'t> {
    /// The key, as it is written.
    pub key: Option<&'t str>,
    /// What stands for it: on one line, whatever it was written on.
    pub value: String,
    /// Where the value starts, in bytes.
    pub start: usize,
    /// It is inside brackets.
    pub in_flow: bool,
}

impl<'t> Written<'t> {
    /// What the byte at `offset` belongs to.
    pub fn at(text: &'t str, pairs: &[Pair], offset: usize) -> Option<Self> {
        let around = pairs.iter().rfind(|pair| !pair.is_quote() && pair.encloses(offset));
        let written = match around {
            Some(pair) => Self::in_brackets(text, *pair, offset),
            None => Self::on_line(text, offset),
        };
        Some(written).filter(|written| !written.value.is_empty())
    }

    /// In a block: the line, and those below it while a bracket of a type is open.
    fn on_line(text: &'t str, offset: usize) -> Self {
        let start = line_start(text, offset);
        let mut lines = text[start..].lines();
        let first = lines.next().unwrap_or_default();
        let mut written = Self::of_line(first, start);
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        for line in lines.take(MOST_LINES) {
            if Brackets::of(&written.value).are_closed() || line.trim().is_empty() || indent(line) <= indent(first) {
                break;
            }
            written.value = format!("{} {}", written.value, line.trim());
        }
        written
    }

    pub fn of_line(line: &'t str, start: usize) -> Self {
        let mut rest = line.trim_start();
        while let Some(item) = rest.strip_prefix("- ") {
            rest = item.trim_start();
        }
        let comment = rest.match_indices('#').find(|(at, _)| *at > 0 && is_blank_before(rest, *at));
        let rest = rest[..comment.map_or(rest.len(), |(at, _)| at)].trim_end();
        let start = start + (rest.as_ptr().addr() - line.as_ptr().addr());
        Self::of_entry(rest, start, false)
    }

    /// Inside brackets: from one comma to the next, but for those inside the brackets of a type or a call.
    fn in_brackets(text: &'t str, pair: Pair, offset: usize) -> Self {
        let end = pair.close.map_or(text.len(), |(close, _)| close);
        let inside = &text[pair.open + 1..end];
        let (mut from, mut brackets) = (0, Brackets::default());
        let mut until = inside.len();
        for (at, sign) in inside.char_indices() {
            if sign == ',' && brackets.are_closed() {
                if pair.open + 1 + at >= offset {
                    until = at;
                    break;
                }
                from = at + 1;
            }
            brackets.step(sign);
        }
        let entry = inside[from..until].trim_end();
        let blanks = entry.len() - entry.trim_start().len();
        Self::of_entry(entry.trim_start(), pair.open + 1 + from + blanks, true)
    }

    fn of_entry(entry: &'t str, start: usize, in_flow: bool) -> Self {
        let after_quotes = match outline::pairs(entry).first() {
            Some(Pair { open: 0, close: Some((close, _)), sign: '"' | '\'' }) => close + 1,
            _ => 0,
        };
        let colon = entry[after_quotes..].match_indices(':').map(|(at, _)| after_quotes + at);
        let colon = colon.into_iter().find(|at| outline::is_blank(entry.as_bytes().get(at + 1)));
        let (key, value) = match colon {
            Some(at) => (Some(&entry[..at]), entry[at + 1..].trim_start()),
            None => (None, entry),
        };
        let lead = value.as_ptr().addr() - entry.as_ptr().addr();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { key, value, start: start + lead, in_flow }
    }

    /// Why YAML does not read the value as text, and the rule that it breaks.
    pub fn trouble(&self, pairs: &[Pair]) -> Option<(&'static Rule, String)> {
        let first = self.value.chars().next()?;
        let syntax = |why: &str| Some((&rules::YAML_SYNTAX, why.to_owned()));
        match first {
            '*' => return Some((&rules::YAML_ALIAS, "begins with `*`, which names an anchor".to_owned())),
            '&' => return Some((&rules::YAML_ALIAS, "begins with `&`, which makes an anchor".to_owned())),
            '!' => return Some((&rules::YAML_ALIAS, "begins with `!`, which makes a tag".to_owned())),
            '@' | '`' | '%' | '|' | '>' | ',' | ']' | '}' => {
                return syntax(&format!("begins with `{first}`, which means something else in YAML"));
            }
            '-' | '?' if self.value[1..].starts_with([' ', ',', '[', ']', '{', '}']) || self.value.len() == 1 => {
                return syntax(&format!("begins with `{first}`, which means something else in YAML"));
            }
            '"' | '\'' | '[' | '{' => {
                let pair = pairs.iter().find(|pair| pair.open == self.start)?;
                let (close, sign) = pair.close?;
                let whole = self.value.len() <= close - self.start + 1;
                return if whole { None } else { syntax(&format!("goes on after the `{sign}` that ends it")) };
            }
            _ => {}
        }
        if self.value.contains(": ") || self.value.ends_with(':') {
            return syntax("holds `: `, which ends a key");
        }
        if self.in_flow && self.value.contains(['[', ']', '{', '}']) {
            return syntax("holds brackets, which end a value inside `{ }` and `[ ]`");
        }
        None
    }

    /// The text between quotes that hold one of their own kind: `it's` of `'it's'`.
    fn inner(&self) -> Option<&str> {
        let quote = self.value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        let inner = self.value.strip_prefix(quote)?.strip_suffix(quote)?;
        let (_, after) = inner.split_once(quote)?;
        after.starts_with(char::is_alphanumeric).then_some(inner)
    }

    /// The key with the value in quotes, to be put in the place of what was written.
    pub fn quoted(&self) -> Option<String> {
        if self.value.chars().count() > LONGEST_VALUE {
            return None;
        }
        let value = in_quotes(self.inner().unwrap_or(&self.value));
        Some(self.key.map_or_else(|| value.clone(), |key| format!("{key}: {value}")))
    }
}

/// `value` as YAML in quotes.
pub fn in_quotes(value: &str) -> String {
    if value.contains(['"', '\\']) { format!("'{}'", value.replace('\'', "''")) } else { format!("\"{value}\"") }
}

/// The brackets of types and calls that are open: `<` and `(`.
#[derive(Clone, Debug, Default)]
pub struct Brackets {
    open: Vec<char>,
    before: char,
}

impl Brackets {
    /// Those that `text` leaves open.
    pub fn of(text: &str) -> Self {
        let mut brackets = Self::default();
        brackets.read(text);
        brackets
    }

    /// Goes on with `text`.
    pub fn read(&mut self, text: &str) {
        text.chars().for_each(|sign| self.step(sign));
    }

    fn step(&mut self, sign: char) {
        match sign {
            '<' | '(' => self.open.push(sign),
            // `->` is an arrow, and after a blank `>` compares.
            '>' if self.open.last() == Some(&'<') && !matches!(self.before, '-' | ' ') => drop(self.open.pop()),
            ')' => {
                // `<` inside a call that ends was a comparison.
                let opened = self.open.iter().rposition(|open| *open == '(');
                self.open.truncate(opened.unwrap_or(self.open.len()));
            }
            _ => {}
        }
        self.before = sign;
    }

    /// Whether none is open.
    pub fn are_closed(&self) -> bool {
        self.open.is_empty()
    }
}

/// The byte that the line of the byte at `offset` starts at.
pub fn line_start(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1)
}

fn is_blank_before(text: &str, at: usize) -> bool {
    text[..at].ends_with([' ', '\t'])
}
