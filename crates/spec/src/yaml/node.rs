//! The tree of a document.

use super::scalar;

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
    pub fn seen_at(text: &str, offset: usize) -> Self {
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

/// A node and where it starts.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where the node starts.
    pub place: Place,
    /// The node itself.
    pub node: Node,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub enum Node {
    /// A word, number or quoted text.
    Scalar(Scalar),
    /// Items in order.
    Sequence(Vec<Tree>),
    /// Entries by key.
    Mapping(Mapping),
    /// Something that specs do not use; a finding says so.
    Refused,
}

/// Entries in the order written, each key once.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
    /// The numbers of the entries, sorted by key: mappings may be large, and findings look up many of their keys.
    by_key: Vec<usize>,
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: Scalar,
    /// Where the key starts.
    pub place: Place,
    /// What it maps to.
    pub value: Tree,
}

/// A scalar as it was written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its text, unquoted.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: it may mean a number, a boolean or NULL.
    Plain,
    /// In single quotes: always text.
    SingleQuoted,
    /// In double quotes: always text.
    DoubleQuoted,
    /// As a block after `|`: always text.
    Literal,
    /// As a block after `>`: always text.
    Folded,
}

impl Mapping {
    /// A mapping of entries whose keys differ.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut by_key: Vec<usize> = (0..entries.len()).collect();
        by_key.sort_by(|left, right| entries[*left].key.text.cmp(&entries[*right].key.text));
        Self { entries, by_key }
    }

    /// The entries in the order written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        let found = self.by_key.binary_search_by(|number| self.entries[*number].key.text.as_str().cmp(key));
        found.ok().map(|position| &self.entries[self.by_key[position]])
    }
}

impl Entry {
    /// Whether it may be a piece of the value before it, which a comma has cut: a key without quotes that nothing stands for.
    pub fn is_piece(&self) -> bool {
        self.key.style == Style::Plain && self.value.is_nothing()
    }
}

impl Tree {
    /// A text that was written in pieces.
    pub fn text(place: Place, text: String) -> Self {
        Self { place, node: Node::Scalar(Scalar { text, style: Style::Plain }) }
    }

    /// The text of a scalar without quotes.
    pub fn plain(&self) -> Option<&str> {
        match &self.node {
            Node::Scalar(Scalar { text, style: Style::Plain }) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing was written here.
    pub fn is_nothing(&self) -> bool {
        self.plain().is_some_and(str::is_empty)
    }

    /// An empty plain scalar: what stands where nothing was written.
    pub fn nothing(place: Place) -> Self {
        Self { place, node: Node::Scalar(Scalar { text: String::new(), style: Style::Plain }) }
    }

    /// The node at `key`, and where its key stands (its own place for items and the root). Where a key path can be read in more
    /// than one way, because keys hold dots themselves, the longest keys count.
    pub fn find(&self, key: &str) -> Option<(&Tree, Place)> {
        if key.is_empty() {
            return Some((self, self.place));
        }
        match &self.node {
            Node::Scalar(_) | Node::Refused => None,
            Node::Sequence(items) => {
                let (head, rest) = key.split_once('.').unwrap_or((key, ""));
                items.get(head.parse::<usize>().ok()?)?.find(rest)
            }
            Node::Mapping(mapping) => {
                if let Some(entry) = mapping.get(key) {
                    return Some((&entry.value, entry.place));
                }
                key.rmatch_indices('.').find_map(|(dot, _)| mapping.get(&key[..dot])?.value.find(&key[dot + 1..]))
            }
        }
    }

    /// What the node is, for a person: `a mapping`, `the number 3`.
    pub fn describe(&self) -> String {
        match &self.node {
            Node::Mapping(_) => "a mapping".to_owned(),
            Node::Sequence(_) => "a sequence".to_owned(),
            Node::Refused => "an alias".to_owned(),
            Node::Scalar(scalar) => scalar::describe(scalar),
        }
    }

    /// Where in `source`, the text of the file, the character stands that has `offset` bytes of this scalar's text before it.
    pub fn place_inside(&self, source: &str, offset: usize) -> Place {
        match &self.node {
            Node::Scalar(scalar) => super::inside::place_inside(scalar, self.place, source, offset),
            Node::Sequence(_) | Node::Mapping(_) | Node::Refused => self.place,
        }
    }
}
