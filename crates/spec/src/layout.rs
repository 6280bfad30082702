//! Documents as they are written, with the bytes of each value: for edits that leave everything else as it is.

use std::ops::Range;

use crate::yaml::{Entry, Node, Style, Tree};

/// A value of a document, with the text that it is a part of.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    tree: &'a Tree,
    source: &'a str,
}

/// An entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct WrittenEntry<'a> {
    entry: &'a Entry,
    source: &'a str,
}

/// Where an entry is: the mapping that has it, and its number there.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// The mapping.
    pub mapping: Written<'a>,
    /// The number of the entry in it.
    pub number: usize,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// Without quotes.
    None,
    /// In single quotes: a quote inside is doubled.
    Single,
    /// In double quotes: a quote or backslash inside is escaped.
    Double,
    /// As lines after `|` or `>`.
    Block,
}

impl<'a> Written<'a> {
    /// The document `tree` of the text `source`.
    pub(crate) fn new(tree: &'a Tree, source: &'a str) -> Self {
        Self { tree, source }
    }

    /// The text of the file.
    pub fn source(self) -> &'a str {
        self.source
    }

    /// The bytes of the value: for a collection without brackets, from its first key or item to the end of its last value.
    pub fn range(self) -> Range<usize> {
        let end = self.entries().last().filter(|_| !self.is_in_brackets()).map(|entry| entry.range().end);
        let start = self.tree.place.offset;
        start..end.unwrap_or(self.tree.end).max(start)
    }

    /// The text of a scalar, without its quotes.
    pub fn text(self) -> Option<&'a str> {
        if let Node::Scalar(scalar) = &self.tree.node { Some(&scalar.text) } else { None }
    }

    /// How a scalar is written.
    pub fn quotes(self) -> Quotes {
        match &self.tree.node {
            Node::Scalar(scalar) => match scalar.style {
                Style::Plain => Quotes::None,
                Style::SingleQuoted => Quotes::Single,
                Style::DoubleQuoted => Quotes::Double,
                Style::Literal | Style::Folded => Quotes::Block,
            },
            _ => Quotes::None,
        }
    }

    /// Where in the file the byte at `offset` of a scalar's text is.
    pub fn inside(self, offset: usize) -> usize {
        self.tree.place_inside(self.source, offset).offset
    }

    /// Whether it is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.tree.node, Node::Mapping(_))
    }

    /// Whether it is a collection in brackets or braces.
    pub fn is_in_brackets(self) -> bool {
        let opens = self.source[self.tree.place.offset..].starts_with(['{', '[']);
        opens && !matches!(self.tree.node, Node::Scalar(_))
    }

    /// The entries of a mapping, in the order written.
    pub fn entries(self) -> impl DoubleEndedIterator<Item = WrittenEntry<'a>> + ExactSizeIterator {
        let entries = if let Node::Mapping(mapping) = &self.tree.node { mapping.entries() } else { &[] };
        entries.iter().map(move |entry| WrittenEntry { entry, source: self.source })
    }

    /// The items of a sequence.
    pub fn items(self) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        let items: &[Tree] = if let Node::Sequence(items) = &self.tree.node { items } else { &[] };
        items.iter().map(move |tree| Self { tree, source: self.source })
    }

    /// The value of the entry `name` of a mapping.
    pub fn get(self, name: &str) -> Option<Self> {
        let Node::Mapping(mapping) = &self.tree.node else { return None };
        mapping.get(name).map(|entry| Self { tree: &entry.value, source: self.source })
    }

    /// The value at the key path `key`, as an [`Origin`](cstspec_contract::Origin) has it.
    pub fn find(self, key: &str) -> Option<Self> {
        self.tree.find(key).map(|(tree, _)| Self { tree, source: self.source })
    }

    /// The entry at the key path `key`.
    pub fn spot(self, key: &str) -> Option<Spot<'a>> {
        let (tree, number) = self.tree.find_entry(key)?;
        Some(Spot { mapping: Self { tree, source: self.source }, number })
    }
}

impl<'a> WrittenEntry<'a> {
    /// The text of the key.
    pub fn name(self) -> &'a str {
        &self.entry.key.text
    }

    /// The bytes of the key.
    pub fn key(self) -> Range<usize> {
        let start = self.entry.place.offset;
        let scalar = &self.entry.key;
        let end = match scalar.style {
            Style::Plain => start + scalar.text.len(),
            _ => crate::yaml::place_inside(scalar, self.entry.place, self.source, scalar.text.len()).offset + 1,
        };
        start..end.min(self.source.len())
    }

    /// The value.
    pub fn value(self) -> Written<'a> {
        Written { tree: &self.entry.value, source: self.source }
    }

    /// The bytes from the key to the end of the value.
    pub fn range(self) -> Range<usize> {
        let key = self.key();
        // Where nothing stands for a key, the colon ends the entry.
        let rest = &self.source[key.end..];
        let colon = key.end + rest.len() - rest.trim_start().len();
        let colon = if self.source[colon..].starts_with(':') { colon + 1 } else { key.end };
        key.start..self.value().range().end.max(colon)
    }
}

impl<'a> Spot<'a> {
    /// The entry.
    pub fn entry(self) -> Option<WrittenEntry<'a>> {
        self.mapping.entries().nth(self.number)
    }
}

#[cfg(test)]
mod tests {
    use crate::Sources;

    fn range_of(text: &str, key: &str) -> String {
        let (sources, _) = Sources::embedded(&[("catalog.yaml", text)]);
        let document = sources.layout("catalog.yaml").unwrap();
        let spot = document.spot(key).unwrap_or_else(|| panic!("{key} in {text:?}"));
        text[spot.entry().unwrap().range()].to_owned()
    }

    /// An entry ends where its value does, in every style.
    #[test]
    fn bytes_of_entries() {
        for (text, key, expected) in [
            ("a: 1\nb: two words # why\n", "b", "b: two words"),
            ("a: 'it''s' \nb: 2\n", "a", "a: 'it''s'"),
            ("\"ä b\" : \"x\\ty\"\nb: 2\n", "ä b", "\"ä b\" : \"x\\ty\""),
            ("a: { b: 1, c: [2, 3] } # why\n", "a", "a: { b: 1, c: [2, 3] }"),
            ("a: { b: 1, c: [2, 3] } # why\n", "a.c", "c: [2, 3]"),
            ("a:\n  b: 1\n  c:\n    - 2\n    - 3\n\n# of d\nd: 4\n", "a", "a:\n  b: 1\n  c:\n    - 2\n    - 3"),
            ("a: |\n  one\n  two\n\nb: 2\n", "a", "a: |\n  one\n  two"),
            ("a: >-\n  one\n  two\n\n\nb: 2\n", "a", "a: >-\n  one\n  two"),
            ("a:\nb: 2\n", "a", "a:"),
            ("a: { b: , c }\n", "a.b", "b:"),
            ("a: { b: map<c, d>, e: 1 }\n", "a.b", "b: map<c, d>"),
            ("a:\r\n  b: 1\r\n  c: é # x\r\n", "a.c", "c: é"),
            ("a: one\n  two\nb: 2", "a", "a: one\n  two"),
            ("a.b: 1\na:\n  b: 2", "a.b", "a.b: 1"),
            ("a: [{ b: 1 }, { b: 2 }]", "a.1.b", "b: 2"),
        ] {
            assert_eq!(range_of(text, key), expected, "{text:?}");
        }
    }
}
