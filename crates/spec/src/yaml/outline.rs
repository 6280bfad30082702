//! Brackets and quotes of a text that is no YAML, to find the one that is at fault.
//!
//! The parser stops where a text stops making sense, which may be pages behind the bracket or quote that was never closed. Here the
//! text is walked through once, without judging it.

use std::ops::Range;

/// A bracket or a quote, and where it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// `[`, `{`, `"` or `'`.
    pub sign: char,
    /// Where it is opened, in bytes.
    pub open: usize,
    /// Where it is closed, in bytes, and by which sign; `None` where it is not.
    pub close: Option<(usize, char)>,
}

impl Pair {
    /// Whether it is a quote.
    pub fn is_quote(&self) -> bool {
        matches!(self.sign, '"' | '\'')
    }

    /// The sign that closes it.
    pub fn closing(&self) -> char {
        match self.sign {
            '[' => ']',
            '{' => '}',
            quote => quote,
        }
    }

    /// Whether the byte at `offset` is between the two signs.
    pub fn encloses(&self, offset: usize) -> bool {
        self.open < offset && self.close.is_none_or(|(close, _)| offset <= close)
    }
}

/// The brackets and quotes of `text` that have a meaning to YAML, in the order in which they are opened.
pub fn pairs(text: &str) -> Vec<Pair> {
    walk(text).pairs
}

/// The bytes of the texts after `|` and `>`, in their order.
pub fn blocks(text: &str) -> Vec<Range<usize>> {
    walk(text).blocks
}

fn walk(text: &str) -> Walk<'_> {
    let bytes = text.as_bytes();
    let mut walk = Walk { bytes, at: 0, pairs: Vec::new(), blocks: Vec::new(), open: Vec::new(), column: 0 };
    while walk.at < walk.bytes.len() {
        walk.token();
    }
    walk
}

/// Whether a byte ends a word.
pub fn is_blank(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    pairs: Vec<Pair>,
    blocks: Vec<Range<usize>>,
    /// The numbers of the brackets that are open.
    open: Vec<usize>,
    /// The column of the node that a block would belong to.
    column: usize,
}

impl Walk<'_> {
    fn token(&mut self) {
        let byte = self.bytes[self.at];
        let in_flow = !self.open.is_empty();
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
            b'#' if self.at == 0 || is_blank(self.bytes.get(self.at - 1)) => self.skip_line(),
            b'[' | b'{' => {
                self.open.push(self.pairs.len());
                self.pairs.push(Pair { sign: char::from(byte), open: self.at, close: None });
                self.at += 1;
            }
            b']' | b'}' | b',' if in_flow => {
                if byte != b','
                    && let Some(number) = self.open.pop()
                {
                    self.pairs[number].close = Some((self.at, char::from(byte)));
                }
                self.at += 1;
            }
            b'"' | b'\'' => self.quoted(byte),
            b'|' | b'>' if !in_flow && self.opens_block() => {
                let start = self.at;
                self.block();
                self.blocks.push(start..self.at);
            }
            b'-' | b'?' | b':' if is_blank(self.bytes.get(self.at + 1)) => {
                if byte != b':' {
                    self.column = self.column_here();
                }
                self.at += 1;
            }
            _ => self.plain(in_flow),
        }
    }

    fn skip_line(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The bytes between the start of the line and this one.
    fn column_here(&self) -> usize {
        self.bytes[..self.at].iter().rev().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count()
    }

    fn quoted(&mut self, quote: u8) {
        let open = self.at;
        self.at += 1;
        let mut close = None;
        while let Some(byte) = self.bytes.get(self.at) {
            match (*byte, quote) {
                (b'\\', b'"') => self.at += 1,
                (b'\'', b'\'') if self.bytes.get(self.at + 1) == Some(&b'\'') => self.at += 1,
                (found, _) if found == quote => {
                    close = Some((self.at, char::from(quote)));
                    self.at += 1;
                    break;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        self.pairs.push(Pair { sign: char::from(quote), open, close });
    }

    /// Whether nothing but the head of a block follows on the line.
    fn opens_block(&self) -> bool {
        let rest = &self.bytes[self.at + 1..];
        let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let head = line.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-')).unwrap_or(line.len());
        line[head..].trim_ascii_start().first().is_none_or(|first| *first == b'#' && is_blank(line.get(head)))
    }

    /// Steps over the lines of a block: those that are further in than what it belongs to.
    fn block(&mut self) {
        self.skip_line();
        while self.at < self.bytes.len() {
            let line = self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let indent = self.bytes[self.at + line..].iter().take_while(|byte| **byte == b' ').count();
            let first = self.bytes.get(self.at + line + indent);
            if !is_blank(first) && indent <= self.column {
                return;
            }
            self.at += line + indent;
            self.skip_line();
        }
    }

    fn plain(&mut self, in_flow: bool) {
        self.column = self.column_here();
        while let Some(byte) = self.bytes.get(self.at) {
            let next = self.bytes.get(self.at + 1);
            match byte {
                b'\n' | b'\r' => return,
                b':' if is_blank(next) || (in_flow && next.is_some_and(|next| b",[]{}".contains(next))) => {
                    self.at += 1;
                    return;
                }
                b'#' if is_blank(self.bytes.get(self.at - 1)) => return,
                b',' | b'[' | b']' | b'{' | b'}' if in_flow => return,
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signs count where they mean something.
    #[test]
    fn signs_significant() {
        let found = |text: &str| -> Vec<String> {
            let name = |pair: &Pair| match pair.close {
                Some((close, sign)) => format!("{}{}-{close}{sign}", pair.sign, pair.open),
                None => format!("{}{}", pair.sign, pair.open),
            };
            pairs(text).iter().map(name).collect()
        };
        assert_eq!(found("a: [b, {c: 'd'}]"), ["[3-15]", "{7-14}", "'11-13'"]);
        assert_eq!(found("a: b[1] 'c' \"d # [\n# [ '\n- e: it's"), Vec::<String>::new());
        assert_eq!(found("a: |\n  [ '\n\n   {\nb: ["), ["[20"]);
        assert_eq!(found("- a: >-\n    [\n  b: ["), ["[19"]);
        assert_eq!(found("- |\n  [\n- ["), ["[10"]);
        assert_eq!(found("a: \"x\\\"y\" 'it''s'"), ["\"3-8\"", "'10-16'"]);
        assert_eq!(found("a: [b}"), ["[3-5}"]);
        assert_eq!(found("a: 'b"), ["'3"]);
        assert_eq!(found("a: | [\nb: {"), ["{10"]);
    }
}
