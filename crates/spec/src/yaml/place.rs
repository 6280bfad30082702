//! Places in a text.

/// A place in a text: line from 1, column in characters from 1, and where that is in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Bytes before the place.
    pub offset: usize,
}

impl Place {
    /// The place of the byte at `offset` in `text`, or of the character that it is a part of.
    pub fn at(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        Self { offset, ..Self::end_of(&text[..offset]) }
    }

    /// The place of the byte at `offset` in `text`; on an empty line, the end of the last line before it that has something to show.
    pub fn visible_at(text: &str, offset: usize) -> Self {
        let place = Self::at(text, offset);
        let ends = |character: char| matches!(character, '\n' | '\r');
        let start = text[..place.offset].rfind(ends).map_or(0, |at| at + 1);
        let line = text[start..].split(ends).next().unwrap_or_default();
        let before = text[..start].trim_end();
        if !line.trim().is_empty() || before.is_empty() {
            return place;
        }
        let last = before.chars().next_back().map_or(0, char::len_utf8);
        Self::at(text, before.len() - last)
    }

    /// The place after the last character of `text`.
    pub fn end_of(text: &str) -> Self {
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let (line, last) = lines.split('\n').enumerate().last().unwrap_or((0, ""));
        let narrow = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Self { line: narrow(line), column: narrow(last.chars().count()), offset: text.len() }
    }
}
