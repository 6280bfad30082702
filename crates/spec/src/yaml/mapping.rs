//! Mappings while they are read: repeated keys, and values that a comma inside brackets has cut.

use std::collections::HashMap;

use cstspec_contract::Finding;

use super::located::Located;
use super::node::{Entry, Node, Tree};
use super::place::Place;
use super::scalar::Scalar;
use super::written::{Brackets, in_quotes};
use crate::rules;

/// A longer text, in bytes, is no beginning of a value that commas have cut, and one of more pieces is none.
const LONGEST_PIECE: usize = 4 * 1024;
const MOST_PIECES: usize = 256;

/// A mapping whose end has not been seen.
#[derive(Default)]
pub struct OpenMapping {
    pub entries: Vec<Entry>,
    pub waiting: Waiting,
    /// The line of each key.
    lines: HashMap<String, u32>,
    /// It is written in braces, where a comma ends a value.
    pub in_braces: bool,
    /// Keys without a value that may be the rest of the value before them, which a comma has cut.
    pieces: Vec<Tree>,
}

/// The role of the next node of a mapping.
#[derive(Default)]
pub enum Waiting {
    #[default]
    Key,
    Value(Scalar, Place),
    /// What stands for a key that may be a piece of the value before it.
    Piece(Tree),
    /// The value of a key that was reported.
    Nothing,
}

impl OpenMapping {
    /// A mapping without entries.
    pub fn new(in_braces: bool) -> Self {
        Self { in_braces, ..Self::default() }
    }

    /// Whether the key `tree`, if nothing stands for it, may be the rest of the value before it: `utf8>` of `map<utf8, utf8>`.
    pub fn may_be_piece(&self, tree: &Tree) -> bool {
        let last = self.entries.last().and_then(|entry| entry.value.plain());
        self.in_braces && tree.plain().is_some() && self.pieces.len() < MOST_PIECES && last.is_some_and(is_cut)
    }

    /// Adds a piece of the last value, and puts the value together when it is whole.
    pub fn add_piece(&mut self, piece: Tree) -> Vec<Located> {
        self.pieces.push(piece);
        let Some(entry) = self.entries.last_mut() else { return Vec::new() };
        let texts: Vec<&str> = std::iter::once(&entry.value).chain(&self.pieces).filter_map(Tree::plain).collect();
        let whole = texts.join(", ");
        if !Brackets::of(&whole).are_closed() {
            return Vec::new();
        }
        let end = self.pieces.last().map_or(entry.value.end, |piece| piece.end);
        self.pieces.clear();
        let place = entry.value.place;
        let found = split(place, &whole, Some(&entry.key.text));
        entry.value = Tree::text(place, end, whole);
        vec![found]
    }

    /// Takes what looked like pieces of a value, and made no whole one, for the keys without a value that they are.
    pub fn take_pieces_for_keys(&mut self) -> Vec<Located> {
        let mut found = Vec::new();
        for piece in std::mem::take(&mut self.pieces) {
            let nothing = Tree::nothing(piece.place);
            let (waiting, finding) = self.key(piece);
            found.extend(finding);
            if let Waiting::Value(key, place) = waiting {
                self.entries.push(Entry { key, place, value: nothing });
            }
        }
        found
    }

    /// The state after the key `tree`, and the finding about it.
    pub fn key(&mut self, tree: Tree) -> (Waiting, Option<Located>) {
        let place = tree.place;
        let observed = tree.describe();
        let Node::Scalar(key) = tree.node else {
            let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where a key belongs"))
                .differing("a word", observed)
                .remedy("write a word before the colon, in quotes if it holds brackets");
            return (Waiting::Nothing, Some(Located::at_place(finding, place)));
        };
        if let Some(line) = self.lines.get(&key.text) {
            let finding = Finding::new(&rules::DUPLICATE_KEY, format!("the key `{}` is written twice", key.text))
                .differing("each key once", format!("first written on line {line}"))
                .remedy("remove one of the two, or rename it");
            return (Waiting::Nothing, Some(Located::at_place(finding, place)));
        }
        self.lines.insert(key.text.clone(), place.line);
        (Waiting::Value(key, place), None)
    }
}

/// The items of a sequence in brackets, with those put together that a comma inside a type or a call has cut.
pub fn join_items(items: Vec<Tree>) -> (Vec<Tree>, Vec<Located>) {
    let mut whole: Vec<Tree> = Vec::new();
    let mut found = Vec::new();
    let mut items = items.into_iter().peekable();
    while let Some(item) = items.next() {
        let Some(text) = item.plain().filter(|text| is_cut(text)) else {
            whole.push(item);
            continue;
        };
        let (mut joined, mut brackets, mut pieces) = (text.to_owned(), Brackets::of(text), Vec::new());
        while !brackets.are_closed()
            && pieces.len() < MOST_PIECES
            && let Some(piece) = items.next_if(|next| next.plain().is_some())
        {
            let text = piece.plain().unwrap_or_default();
            brackets.read(text);
            joined = format!("{joined}, {text}");
            pieces.push(piece);
        }
        if brackets.are_closed() {
            found.push(split(item.place, &joined, None));
            let end = pieces.last().map_or(item.end, |piece| piece.end);
            whole.push(Tree::text(item.place, end, joined));
        } else {
            whole.push(item);
            whole.extend(pieces);
        }
    }
    (whole, found)
}

/// Whether a value may go on after the comma that ends it.
fn is_cut(text: &str) -> bool {
    text.len() <= LONGEST_PIECE && !Brackets::of(text).are_closed()
}

/// The finding that commas have cut `whole`, the value of `key` or an item.
fn split(place: Place, whole: &str, key: Option<&str>) -> Located {
    let line = key.map_or_else(|| in_quotes(whole), |key| format!("{key}: {}", in_quotes(whole)));
    let finding = Finding::new(&rules::SPLIT_VALUE, format!("a comma inside brackets cuts `{whole}`"))
        .differing("a value with commas in quotes", "one without quotes")
        .remedy(format!("write {line}"));
    Located::at_place(finding, place)
}
