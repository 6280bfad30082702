//! The tree of a document.

use super::inside::place_inside;
use super::place::Place;
use super::scalar::{self, Scalar, Style};

/// A node and where it starts.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where the node starts.
    pub place: Place,
    /// Where it ends, in bytes: behind the last character of a scalar, behind the bracket that closes a collection, and where the last
    /// node inside ends for one without brackets.
    pub end: usize,
    /// The node itself.
    pub node: Node,
}

/// Kinds of nodes.
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
    /// Its value.
    pub value: Tree,
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
        self.position(key).map(|number| &self.entries[number])
    }

    /// The number of the entry of `key`.
    fn position(&self, key: &str) -> Option<usize> {
        let found = self.by_key.binary_search_by(|number| self.entries[*number].key.text.as_str().cmp(key));
        found.ok().map(|position| self.by_key[position])
    }
}

impl Entry {
    /// Whether it may be a piece of the value before it, which a comma has cut: a key without quotes that nothing stands for.
    pub fn is_piece(&self) -> bool {
        self.key.style == Style::Plain && self.value.is_nothing()
    }
}

impl Tree {
    /// A text that was written in pieces, the last of which ends at `end`.
    pub fn text(place: Place, end: usize, text: String) -> Self {
        Self { place, end, node: Node::Scalar(Scalar { text, style: Style::Plain }) }
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
        Self { place, end: place.offset, node: Node::Scalar(Scalar { text: String::new(), style: Style::Plain }) }
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

    /// The mapping that has the entry at `key`, and the number of the entry, as [`Self::find`] finds it.
    pub fn find_entry(&self, key: &str) -> Option<(&Self, usize)> {
        match &self.node {
            Node::Scalar(_) | Node::Refused => None,
            Node::Sequence(items) => {
                let (head, rest) = key.split_once('.')?;
                items.get(head.parse::<usize>().ok()?)?.find_entry(rest)
            }
            Node::Mapping(mapping) => mapping.position(key).map(|number| (self, number)).or_else(|| {
                key.rmatch_indices('.').find_map(|(dot, _)| mapping.get(&key[..dot])?.value.find_entry(&key[dot + 1..]))
            }),
        }
    }

    /// Describes the node for a person: `a mapping`, `the number 3`.
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
            Node::Scalar(scalar) => place_inside(scalar, self.place, source, offset),
            Node::Sequence(_) | Node::Mapping(_) | Node::Refused => self.place,
        }
    }
}
