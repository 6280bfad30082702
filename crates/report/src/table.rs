//! Aligned columns.

use std::fmt::Write as _;

use anstyle::Style;
use cstspec_contract::text::{counted, printable};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::paint::{DIM, Paint};

/// The narrowest that a column is cut to.
const NARROWEST: usize = 6;
/// Between two columns.
const GAP: &str = "  ";

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left, as text.
    Left,
    /// At the right, as numbers.
    Right,
}

/// A cell: text on one line, and its style.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// `text`, which may come from data: whatever would disturb a terminal is escaped.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: printable(text.as_ref()).into_owned(), style: Style::new() }
    }

    /// The same in `style`.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Rows of cells under a header.
#[derive(Debug)]
pub struct Table {
    header: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    last: Last,
}

/// Treatment of the last column where there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// It is cut, as the others are: it holds data.
    Cut,
    /// It goes on in the next line: it holds sentences.
    Wrapped,
}

impl Table {
    /// A table with these columns and no row yet.
    pub fn new(header: impl IntoIterator<Item = (String, Align)>) -> Self {
        let header = header.into_iter().map(|(name, align)| (printable(&name).into_owned(), align)).collect();
        Self { header, rows: Vec::new(), last: Last::Cut }
    }

    /// The same, with sentences in the last column.
    #[must_use]
    pub fn of_sentences(mut self) -> Self {
        self.last = Last::Wrapped;
        self
    }

    /// Adds a row; it has one cell per column.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The table as text, cut to `width` columns of a terminal where there is one.
    pub fn render(&self, paint: Paint, width: Option<usize>) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        let header = self.header.iter().map(|(name, align)| (name.as_str(), *align, DIM));
        line(&mut text, paint, &widths, header);
        for row in &self.rows {
            let sentence = row.last().filter(|_| self.last == Last::Wrapped).zip(widths.last());
            let lines = sentence.map(|(cell, width)| wrapped(&cell.text, *width)).unwrap_or_default();
            for index in 0..lines.len().max(1) {
                let cells = row.iter().zip(&self.header).enumerate().map(|(column, (cell, (_, align)))| {
                    let shown = match lines.get(index) {
                        Some(line) if column + 1 == row.len() => line.as_str(),
                        _ if index > 0 => "",
                        _ => cell.text.as_str(),
                    };
                    (shown, *align, cell.style)
                });
                line(&mut text, paint, &widths, cells);
            }
        }
        text
    }

    /// The width of each column: that of its widest text, and less for the widest ones where the terminal is narrow.
    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|(name, _)| name.width()).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(cell.text.width());
            }
        }
        let Some(width) = width else { return widths };
        if self.last == Last::Wrapped {
            let before = widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum::<usize>();
            if let Some(last) = widths.last_mut() {
                *last = (*last).min(width.saturating_sub(before).max(NARROWEST));
            }
            return widths;
        }
        let room = width.saturating_sub(GAP.len() * widths.len().saturating_sub(1));
        let narrow = share(&widths, room);
        widths.into_iter().map(|widest| widest.min(narrow)).collect()
    }
}

/// The widest that a column may be for all to fit into `room`, and [`NARROWEST`] if they never do.
fn share(widths: &[usize], room: usize) -> usize {
    let fits = |limit: usize| widths.iter().map(|width| (*width).min(limit)).sum::<usize>() <= room;
    let (mut low, mut high) = (NARROWEST, widths.iter().copied().max().unwrap_or(0).max(NARROWEST));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn line<'a>(text: &mut String, paint: Paint, widths: &[usize], cells: impl Iterator<Item = (&'a str, Align, Style)>) {
    let mut written = String::new();
    for (index, ((cell, align, style), width)) in cells.zip(widths).enumerate() {
        if index > 0 {
            written.push_str(GAP);
        }
        let cell = cut(cell, *width);
        let blank = " ".repeat(width.saturating_sub(cell.width()));
        let cell = if style == Style::new() { cell } else { paint.paint(style, &cell) };
        let _ = match align {
            Align::Left => write!(written, "{cell}{blank}"),
            Align::Right => write!(written, "{blank}{cell}"),
        };
    }
    text.push_str(written.trim_end());
    text.push('\n');
}

/// `text` in lines of at most `width` columns, broken between words; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `text` in at most `width` columns, with a mark where something was cut off.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(character);
    }
    out.push('…');
    out
}

/// `1 view`, `2 views`.
pub fn count(number: usize, noun: &str) -> String {
    counted(number as u64, noun)
}

#[cfg(test)]
mod tests {
    use cstspec_contract::text::thousands;

    use super::*;

    fn table() -> Table {
        let mut table = Table::new([("name".to_owned(), Align::Left), ("rows".to_owned(), Align::Right)]);
        table.push(vec![Cell::new("a long name of a relation"), Cell::new("1")]);
        table.push(vec![Cell::new("漢字\u{1b}[0m"), Cell::new("23,456")]);
        table
    }

    /// Columns line up by what is seen.
    #[test]
    fn columns_aligned_by_width() {
        assert_eq!(
            table().render(Paint::Plain, None),
            "name                         rows\na long name of a relation       1\n漢字\\u{1b}[0m              23,456\n"
        );
    }

    /// The widest column gives way on a narrow terminal.
    #[test]
    fn widest_column_shrinks() {
        let text = table().render(Paint::Plain, Some(20));
        assert!(text.lines().all(|line| line.width() <= 20), "{text}");
        assert!(text.contains("a long name…"), "{text}");
        assert!(text.contains("23,456"), "{text}");
    }

    /// Sentences go on in the next line.
    #[test]
    fn sentences_wrapped() {
        let mut table = Table::new([("checked".to_owned(), Align::Left), (String::new(), Align::Left)]).of_sentences();
        table.push(vec![Cell::new("keys"), Cell::new("7 promises: none twice in 19,394 rows")]);
        assert_eq!(
            table.render(Paint::Plain, Some(30)),
            "checked\nkeys     7 promises: none\n         twice in 19,394 rows\n"
        );
        assert!(!table.render(Paint::Plain, Some(20)).contains('…'));
        assert!(table.render(Paint::Plain, None).contains("none twice in 19,394 rows\n"));
    }

    #[test]
    fn numbers_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1, "view"), "1 view");
        assert_eq!(count(0, "view"), "0 views");
    }
}
