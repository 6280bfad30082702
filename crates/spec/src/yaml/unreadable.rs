//! Reading on after a mistake of syntax: what is lost to it is masked, and all around it keeps its place.
//!
//! One mistake would otherwise hide all others of its file, and the file all that others say of it.

use std::ops::Range;

use super::outline::Pair;
use super::written::line_start;

/// The part of a text that a mistake of syntax makes unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableKind {
    /// The value that the byte belongs to, with all collections in brackets around it.
    Value(usize),
    /// The line of the byte, which is an entry without a colon, and what belongs to it.
    Line(usize),
    /// The line of the byte, and those below it that are as far in.
    Rest(usize),
}

/// Lines, or a value, that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The bytes of it.
    pub bytes: Range<usize>,
    /// What stands for it on its first line.
    stand_in: StandIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StandIn {
    Word,
    Key,
    Nothing,
}

impl Unreadable {
    /// What `loss` is of `text`, the brackets and quotes of which are `pairs`. `None` where nothing can stand in for it.
    pub fn of(text: &str, pairs: &[Pair], loss: UnreadableKind) -> Option<Self> {
        let (start, outside, stand_in) = match loss {
            UnreadableKind::Value(offset) => {
                let outermost = pairs.iter().find(|pair| !pair.is_quote() && pair.encloses(offset));
                let start = outermost.map_or(offset, |pair| pair.open);
                (start, owner(text, start), StandIn::Word)
            }
            UnreadableKind::Line(offset) | UnreadableKind::Rest(offset) => {
                let begin = line_start(text, offset);
                let column = indent(&text[begin..]);
                match loss {
                    UnreadableKind::Line(_) => (begin + column, Some(column), StandIn::Key),
                    _ => (begin + column, column.checked_sub(1), StandIn::Nothing),
                }
            }
        };
        let head = line(&text[start..]).trim_end().len();
        let mut end = start + line(&text[start..]).len();
        let mut next = end;
        while next < text.len() {
            let begin = next + text[next..].chars().take_while(|sign| matches!(sign, '\n' | '\r')).count();
            let below = line(&text[begin..]);
            next = begin + below.len();
            let inside = outside.is_none_or(|outside| indent(below) > outside);
            if below.trim().is_empty() {
                continue;
            }
            if !inside && !below.trim_start().starts_with([']', '}']) {
                break;
            }
            end = next;
        }
        let stand_in = match stand_in {
            // A key has at most 1,024 characters, and a colon after it.
            StandIn::Key if !(2..=1_000).contains(&head) || !text.as_bytes()[start + head - 1].is_ascii() => {
                return None;
            }
            stand_in => stand_in,
        };
        let found = Self { bytes: start..end, stand_in };
        (head > 0 && found.mask(&mut text.to_owned())).then_some(found)
    }

    /// Whether a scalar that starts at the byte `offset` stands in for a value.
    pub fn is_value(&self, offset: usize) -> bool {
        self.stand_in == StandIn::Word && self.bytes.contains(&offset)
    }

    /// Whether a scalar that starts at the byte `offset` stands in for a key.
    pub fn is_key(&self, offset: usize) -> bool {
        self.stand_in == StandIn::Key && self.bytes.contains(&offset)
    }

    /// Puts its stand-in into `text`, a character of as many bytes for each. False where that cannot be done.
    pub fn mask(&self, text: &mut String) -> bool {
        let mut masked = String::with_capacity(self.bytes.len());
        let mut first = true;
        for piece in text[self.bytes.clone()].split_inclusive(['\n', '\r']) {
            let content = piece.trim_end_matches(['\n', '\r']);
            let from = masked.len();
            if first && self.stand_in != StandIn::Nothing {
                masked.extend(content.trim_end().chars().map(same_length));
                if self.stand_in == StandIn::Key {
                    masked.pop();
                    masked.push(':');
                }
                masked.push_str(&content[content.trim_end().len()..]);
            } else if !content.trim().is_empty() {
                let blanks = indent(content);
                let mut rest = content[blanks..].chars();
                // A comment: its sign is put in the place of the first sign, or of the blank before it.
                match rest.next() {
                    Some(sign) if sign.is_ascii() => {
                        masked.push_str(&content[..blanks]);
                        masked.push('#');
                    }
                    Some(sign) if blanks > 0 => {
                        masked.push_str(&content[1..blanks]);
                        masked.push('#');
                        masked.push(same_length(sign));
                    }
                    _ => return false,
                }
                masked.extend(rest.map(same_length));
            } else {
                masked.push_str(content);
            }
            debug_assert_eq!(masked.len() - from, content.len());
            masked.push_str(&piece[content.len()..]);
            first = false;
        }
        text.replace_range(self.bytes.clone(), &masked);
        true
    }
}

/// A letter of as many bytes.
fn same_length(sign: char) -> char {
    match sign.len_utf8() {
        1 => 'x',
        2 => 'é',
        3 => '中',
        _ => '𐐀',
    }
}

/// The column of the key or dash that the value at the byte `start` belongs to; `None` for a whole document.
fn owner(text: &str, start: usize) -> Option<usize> {
    let before = &text[line_start(text, start)..start];
    let mut rest = before.trim_start_matches(' ');
    let mut dash = None;
    while let Some(item) = rest.strip_prefix("- ") {
        dash = Some(before.len() - rest.len());
        rest = item.trim_start_matches(' ');
    }
    if rest.is_empty() { dash.or_else(|| before.len().checked_sub(1)) } else { Some(before.len() - rest.len()) }
}

fn line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
