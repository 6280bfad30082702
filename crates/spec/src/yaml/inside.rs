//! Places inside scalars: from bytes of what a scalar means to a line and column of how it was written.

use super::place::Place;
use super::scalar::{Scalar, Style};

/// Where in `source` the character stands that has `offset` bytes of the scalar's text before it. `start` is where the scalar
/// starts: at its quote, or at its first character.
pub fn place_inside(scalar: &Scalar, start: Place, source: &str, offset: usize) -> Place {
    let text = scalar.text.get(..offset).unwrap_or(&scalar.text);
    let mut cursor = Cursor { rest: source.get(start.offset..).unwrap_or(""), place: start };
    let mut wanted = text.chars().peekable();
    match scalar.style {
        Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => cursor.walk_flow(scalar.style, &mut wanted),
        Style::Literal | Style::Folded => cursor.walk_block(scalar.style, &mut wanted),
    }
    cursor.place
}

type Wanted<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// A place in a source, and what follows it.
struct Cursor<'a> {
    rest: &'a str,
    place: Place,
}

impl Cursor<'_> {
    /// Steps over one character; CR and LF together are one.
    fn step(&mut self) -> Option<char> {
        let seen = self.rest.chars().next()?;
        let length = if self.rest.starts_with("\r\n") { 2 } else { seen.len_utf8() };
        self.rest = &self.rest[length..];
        self.place.offset += length;
        if matches!(seen, '\n' | '\r') {
            self.place.line += 1;
            self.place.column = 1;
            return Some('\n');
        }
        self.place.column += 1;
        Some(seen)
    }

    fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.step();
        }
    }

    fn skip_blanks(&mut self) {
        while self.rest.starts_with([' ', '\t']) {
            self.step();
        }
    }

    fn at_break(&self) -> bool {
        self.rest.starts_with(['\n', '\r'])
    }

    /// Whether nothing but blanks is left of the line.
    fn before_break(&self) -> bool {
        self.rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r'])
    }

    /// Steps over line breaks with the blanks around them, and says how many there were.
    fn skip_breaks(&mut self) -> usize {
        let mut breaks = 0;
        while self.before_break() {
            self.skip_blanks();
            self.step();
            breaks += 1;
        }
        self.skip_blanks();
        breaks
    }

    /// Plain and quoted scalars: one line break is a space, more of them are all but one.
    fn walk_flow(&mut self, style: Style, wanted: &mut Wanted<'_>) {
        if style != Style::Plain {
            self.step();
        }
        loop {
            if style == Style::DoubleQuoted && (self.rest.starts_with("\\\n") || self.rest.starts_with("\\\r")) {
                // An escaped line break is nothing at all.
                self.step();
                self.skip_breaks();
                continue;
            }
            if wanted.peek().is_none() {
                return;
            }
            if self.before_break() {
                let breaks = self.skip_breaks();
                for _ in 0..breaks.saturating_sub(1).max(1) {
                    wanted.next();
                }
                continue;
            }
            wanted.next();
            match style {
                Style::DoubleQuoted if self.rest.starts_with('\\') => {
                    self.step();
                    let digits = match self.rest.chars().next() {
                        Some('x') => 2,
                        Some('u') => 4,
                        Some('U') => 8,
                        _ => 0,
                    };
                    self.steps(1 + digits);
                }
                Style::SingleQuoted if self.rest.starts_with("''") => self.steps(2),
                _ => self.steps(1),
            }
            if self.rest.is_empty() {
                return;
            }
        }
    }

    /// Block scalars: the parser has them start at the first character of the first line that has one, after the indentation,
    /// which is no part of any line.
    fn walk_block(&mut self, style: Style, wanted: &mut Wanted<'_>) {
        let indent = self.place.column - 1;
        while wanted.next_if_eq(&'\n').is_some() {}
        while let Some(want) = wanted.next() {
            if !self.at_break() {
                if self.step().is_none() {
                    return;
                }
                continue;
            }
            let mut breaks = 0;
            while self.at_break() {
                self.step();
                breaks += 1;
                while self.place.column <= indent && self.rest.starts_with(' ') {
                    self.step();
                }
                if style == Style::Literal {
                    break;
                }
            }
            // Folded: a space for one break, and otherwise no more line breaks than there were.
            if want == '\n' {
                for _ in 1..breaks {
                    wanted.next_if_eq(&'\n');
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::read;

    /// Every character of the needle's word is found where it stands in the source.
    fn check(source: &str, needle: &str) {
        let reading = read(source);
        assert!(reading.findings.is_empty(), "{source:?}: {reading:?}");
        let tree = reading.tree.unwrap();
        let (scalar, _) = tree.find("k").unwrap();
        let crate::yaml::Node::Scalar(written) = &scalar.node else { panic!("no scalar in {source:?}") };
        let offset = written.text.find(needle).unwrap_or_else(|| panic!("{needle} in {:?}", written.text));
        let place = scalar.place_inside(source, offset);
        let wanted = source.find(needle).unwrap();
        let line = source[..wanted].matches('\n').count() + 1;
        let column = source[..wanted].chars().rev().take_while(|seen| *seen != '\n').count() + 1;
        assert_eq!(
            (place.line as usize, place.column as usize, place.offset),
            (line, column, wanted),
            "{source:?} from {:?}",
            scalar.place
        );
    }

    /// Places are exact in every style.
    #[test]
    fn places_in_every_style() {
        for source in [
            "k: here",
            "k: a here b",
            "k: 'it''s here'",
            "k: \"tab\\t here\"",
            "k: \"\\\\ \\x41\\u00e9\\U0001f40d here\"",
            "k: \"one \\\n   here\"",
            "k: 'ä ö here'",
            "é: 1\nk: ü here",
            "k: one\n  two\n  here",
            "k: one\n\n\n  two here",
            "k: 'one\n  two\n\n  here'",
            "k: |\n  one\n    two\n\n  here\n",
            "k: |\n    one\n\n      here\n    two\n",
            "k: |2\n   one\n  here\n",
            "k: >-\n  one\n  two\n  here\n",
            "k: >-\n  one\n\n  two\n    more\n    more\n\n  here it is\n",
            "k: > # why\n\n  one\n\n\n  two   \n  here\n",
            "j: 1\nk:\n  here\n",
            "k: { }\nk2: 1".replace("{ }", "a here").as_str(),
            "{ k: [ ], j: 2 }".replace("[ ]", "a 'b' here").as_str(),
        ] {
            check(source, "here");
            let windows = source.replace('\n', "\r\n");
            check(&windows, "here");
        }
    }
}
