//! Text to tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use cstspec_contract::Finding;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::MOST_MISTAKES;
use super::cause;
use super::lost::Lost;
use super::node::{Entry, Mapping, Node, Place, Scalar, Style, Tree};
use super::outline;
use super::written::{Brackets, in_quotes};
use crate::finding::Found;
use crate::rules;

/// How deep collections may nest. The deepest shipped spec needs six.
pub const MAX_DEPTH: usize = 64;

/// How many mistakes of syntax are read on over, and in how many bytes all in all.
const MOST_LOST: usize = 32;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A longer text, in bytes, is no beginning of a value that commas have cut, and one of more pieces is none.
const LONGEST_PIECE: usize = 4 * 1024;
const MOST_PIECES: usize = 256;

/// What a text is.
#[derive(Debug)]
pub struct Reading {
    /// The document, where there is one.
    pub tree: Option<Tree>,
    /// What is wrong, with places but without a file.
    pub findings: Vec<Found>,
    /// The parts of the text that mistakes of syntax have made unreadable, in bytes: they are not in the tree.
    pub lost: Vec<Range<usize>>,
}

/// Reads one document from `text`.
///
/// What is no YAML is masked, where it can be told from what is around it, and the rest is read. Repeated keys, aliases, anchors and
/// tags are each reported and read on over.
pub fn read(text: &str) -> Reading {
    let mut syntax = Vec::new();
    let mut lost: Vec<Lost> = Vec::new();
    let mut masked = Cow::Borrowed(text);
    loop {
        let Attempt { tree, mut findings, stopped } = attempt(text, &masked, &lost);
        let mut next = None;
        if let Some((info, at)) = stopped {
            // The parser has a limit of its own, of collections that are only opened yet.
            let (finding, place, mistake) = if info.contains("recursion limit") {
                (too_deep(), Place::seen_at(text, at), None)
            } else {
                cause::find(&masked, &info, at)
            };
            // A mistake in what another has made unreadable is a consequence of it.
            if !lost.iter().any(|lost| lost.bytes.contains(&place.offset)) {
                syntax.push((place.offset, Found::at_place(finding, place)));
                next = mistake.and_then(|mistake| Lost::of(&masked, &outline::pairs(&masked), mistake));
            }
        }
        let affordable = lost.len() < MOST_LOST && (lost.len() + 1) * text.len() < MOST_BYTES;
        let apart = |one: &Range<usize>, other: &Range<usize>| one.end <= other.start || other.end <= one.start;
        let next = next.filter(|next| affordable && lost.iter().all(|lost| apart(&lost.bytes, &next.bytes)));
        match next {
            Some(next) if tree.is_none() && next.mask(masked.to_mut()) => lost.push(next),
            _ => {
                syntax.sort_by_key(|(offset, _)| *offset);
                findings.extend(syntax.into_iter().map(|(_, found)| found));
                lost.sort_by_key(|lost| lost.bytes.start);
                return Reading { tree, findings, lost: lost.into_iter().map(|lost| lost.bytes).collect() };
            }
        }
    }
}

/// What a parser makes of a text.
struct Attempt {
    tree: Option<Tree>,
    findings: Vec<Found>,
    /// Why the parser stopped, and at which byte.
    stopped: Option<(String, usize)>,
}

/// Parses `masked`, which is `text` but for what is lost of it.
fn attempt(text: &str, masked: &str, lost: &[Lost]) -> Attempt {
    let mut reader =
        Reader { places: Places::new(text), lost, findings: Vec::new(), open: Vec::new(), root: None, documents: 0 };
    for event in Parser::new_from_str(masked) {
        match event.map(|(event, span)| reader.take(event, span)) {
            Ok(Flow::Continue) => {}
            Ok(Flow::End) => break,
            Ok(Flow::Stop) => return Attempt { tree: None, findings: reader.findings, stopped: None },
            Err(error) => {
                let at = reader.places.place(*error.marker()).offset;
                return Attempt { tree: None, findings: reader.findings, stopped: Some((error.info().to_owned(), at)) };
            }
        }
    }
    // An empty file is a document that says nothing.
    let start = Place { line: 1, column: 1, offset: 0 };
    let tree = Some(reader.root.unwrap_or_else(|| Tree::nothing(start)));
    Attempt { tree, findings: reader.findings, stopped: None }
}

enum Flow {
    Continue,
    /// What follows is none of the document's.
    End,
    Stop,
}

/// A collection whose end has not been seen.
enum Open {
    Sequence(Place, Vec<Tree>),
    Mapping(Place, OpenMapping),
}

#[derive(Default)]
struct OpenMapping {
    entries: Vec<Entry>,
    waiting: Waiting,
    /// The line of each key.
    lines: HashMap<String, u32>,
    /// It is written in braces, where a comma ends a value.
    in_braces: bool,
    /// Keys without a value that may be the rest of the value before them, which a comma has cut.
    pieces: Vec<Tree>,
}

/// What the next node of a mapping is.
#[derive(Default)]
enum Waiting {
    #[default]
    Key,
    Value(Scalar, Place),
    /// What stands for a key that may be a piece of the value before it.
    Piece(Tree),
    /// The value of a key that was reported.
    Nothing,
}

struct Reader<'t> {
    places: Places<'t>,
    lost: &'t [Lost],
    findings: Vec<Found>,
    open: Vec<Open>,
    root: Option<Tree>,
    documents: usize,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Flow {
        let here = self.places.place(span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let finding = Finding::new(&rules::YAML_SYNTAX, "a second document in one file")
                        .remedy("put each spec into a file of its own");
                    self.findings.push(Found::at_place(finding, here));
                    return Flow::End;
                }
            }
            Event::Alias(_) => {
                self.report_alias("an alias", here);
                self.push(Tree { place: here, node: Node::Refused });
            }
            Event::Scalar(..) if self.lost.iter().any(|lost| lost.is_value(here.offset)) => {
                self.push(Tree { place: here, node: Node::Refused });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                self.push(Tree { place: here, node: Node::Scalar(Scalar { text: text.into_owned(), style }) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                self.open.push(Open::Sequence(here, Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                let in_braces = self.places.text[here.offset..].starts_with('{');
                self.open.push(Open::Mapping(here, OpenMapping { in_braces, ..OpenMapping::default() }));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = self.open.pop().map(|open| match open {
                    Open::Sequence(place, items) if self.places.text[place.offset..].starts_with('[') => {
                        Tree { place, node: Node::Sequence(self.whole_items(items)) }
                    }
                    Open::Sequence(place, items) => Tree { place, node: Node::Sequence(items) },
                    Open::Mapping(place, mut open) => {
                        let found = open.take_pieces_for_keys();
                        self.keep(found);
                        Tree { place, node: Node::Mapping(Mapping::new(open.entries)) }
                    }
                });
                if let Some(tree) = closed {
                    self.push(tree);
                }
            }
        }
        if self.open.len() > MAX_DEPTH {
            self.findings.push(Found::at_place(too_deep(), here));
            return Flow::Stop;
        }
        Flow::Continue
    }

    /// Hands a finished node to the collection that it stands in.
    fn push(&mut self, mut tree: Tree) {
        let found = match self.open.last_mut() {
            None => {
                self.root = Some(tree);
                return;
            }
            Some(Open::Sequence(_, items)) => {
                items.push(tree);
                return;
            }
            Some(Open::Mapping(_, open)) => match std::mem::take(&mut open.waiting) {
                Waiting::Nothing => return,
                // The key of what is lost.
                Waiting::Key if self.lost.iter().any(|lost| lost.is_key(tree.place.offset)) => {
                    open.waiting = Waiting::Nothing;
                    open.take_pieces_for_keys()
                }
                Waiting::Value(key, place) => {
                    // The parser has what is not written where it looked for it, which may be lines below.
                    if tree.is_nothing() && tree.place.line != place.line {
                        tree.place = place;
                    }
                    let merges = matches!(tree.node, Node::Mapping(_) | Node::Sequence(_));
                    if merges && key.text == "<<" && key.style == Style::Plain {
                        tree.node = Node::Refused;
                        open.entries.push(Entry { key, place, value: tree });
                        self.report_alias("a key that merges", place);
                        return;
                    }
                    open.entries.push(Entry { key, place, value: tree });
                    return;
                }
                Waiting::Piece(key) if tree.is_nothing() => open.add_piece(key),
                Waiting::Piece(key) => {
                    let mut found = open.take_pieces_for_keys();
                    let (waiting, finding) = open.key(key);
                    if let Waiting::Value(key, place) = waiting {
                        open.entries.push(Entry { key, place, value: tree });
                    }
                    found.extend(finding);
                    found
                }
                Waiting::Key if open.may_be_piece(&tree) => {
                    open.waiting = Waiting::Piece(tree);
                    return;
                }
                Waiting::Key => {
                    let mut found = open.take_pieces_for_keys();
                    let (waiting, finding) = open.key(tree);
                    open.waiting = waiting;
                    found.extend(finding);
                    found
                }
            },
        };
        self.keep(found);
    }

    fn keep(&mut self, found: Vec<Found>) {
        let room = MOST_MISTAKES.saturating_sub(self.findings.len());
        self.findings.extend(found.into_iter().take(room));
    }

    /// The items of a sequence in brackets, with those put together that a comma inside a type or a call has cut.
    fn whole_items(&mut self, items: Vec<Tree>) -> Vec<Tree> {
        let mut whole: Vec<Tree> = Vec::new();
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
                self.keep(vec![split(item.place, &joined, None)]);
                whole.push(Tree::text(item.place, joined));
            } else {
                whole.push(item);
                whole.extend(pieces);
            }
        }
        whole
    }

    fn refuse(&mut self, anchor: usize, tagged: bool, here: Place) {
        if anchor != 0 {
            self.report_alias("an anchor", here);
        }
        if tagged {
            self.report_alias("a tag", here);
        }
    }

    fn report_alias(&mut self, what: &str, here: Place) {
        if self.findings.len() < MOST_MISTAKES {
            let quoted = cause::quoted_word(self.places.text, here.offset);
            let advice = "write the value out, or name a type in types/ and refer to it by name";
            let finding =
                Finding::new(&rules::YAML_ALIAS, format!("{what}, which specs do not use")).remedy(quoted.map_or_else(
                    || advice.to_owned(),
                    |line| format!("{advice}; if it is meant as text, write {line}"),
                ));
            self.findings.push(Found::at_place(finding, here));
        }
    }
}

/// Whether a value may go on after the comma that ends it.
fn is_cut(text: &str) -> bool {
    text.len() <= LONGEST_PIECE && !Brackets::of(text).are_closed()
}

fn too_deep() -> Finding {
    Finding::new(&rules::TOO_DEEP, format!("more than {MAX_DEPTH} collections inside one another"))
        .remedy("name the inner types in types/ and refer to them")
}

/// The finding that commas have cut `whole`, the value of `key` or an item.
fn split(place: Place, whole: &str, key: Option<&str>) -> Found {
    let line = key.map_or_else(|| in_quotes(whole), |key| format!("{key}: {}", in_quotes(whole)));
    let finding = Finding::new(&rules::SPLIT_VALUE, format!("a comma inside brackets cuts `{whole}`"))
        .differing("a value with commas in quotes", "one without quotes")
        .remedy(format!("write {line}"));
    Found::at_place(finding, place)
}

impl OpenMapping {
    /// Whether the key `tree`, if nothing stands for it, may be the rest of the value before it: `utf8>` of `map<utf8, utf8>`.
    fn may_be_piece(&self, tree: &Tree) -> bool {
        let last = self.entries.last().and_then(|entry| entry.value.plain());
        self.in_braces && tree.plain().is_some() && self.pieces.len() < MOST_PIECES && last.is_some_and(is_cut)
    }

    /// Adds a piece of the last value, and puts the value together when it is whole.
    fn add_piece(&mut self, piece: Tree) -> Vec<Found> {
        self.pieces.push(piece);
        let Some(entry) = self.entries.last_mut() else { return Vec::new() };
        let texts: Vec<&str> = std::iter::once(&entry.value).chain(&self.pieces).filter_map(Tree::plain).collect();
        let whole = texts.join(", ");
        if !Brackets::of(&whole).are_closed() {
            return Vec::new();
        }
        self.pieces.clear();
        let place = entry.value.place;
        let found = split(place, &whole, Some(&entry.key.text));
        entry.value = Tree::text(place, whole);
        vec![found]
    }

    /// Takes what looked like pieces of a value, and made no whole one, for the keys without a value that they are.
    fn take_pieces_for_keys(&mut self) -> Vec<Found> {
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

    /// What waits for a value after the key `tree`, and what is wrong with it.
    fn key(&mut self, tree: Tree) -> (Waiting, Option<Found>) {
        let place = tree.place;
        let observed = tree.describe();
        let Node::Scalar(key) = tree.node else {
            let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where a key belongs"))
                .differing("a word", observed)
                .remedy("write a word before the colon, in quotes if it holds brackets");
            return (Waiting::Nothing, Some(Found::at_place(finding, place)));
        };
        if let Some(line) = self.lines.get(&key.text) {
            let finding = Finding::new(&rules::DUPLICATE_KEY, format!("the key `{}` is written twice", key.text))
                .differing("each key once", format!("first written on line {line}"))
                .remedy("remove one of the two, or rename it");
            return (Waiting::Nothing, Some(Found::at_place(finding, place)));
        }
        self.lines.insert(key.text.clone(), place.line);
        (Waiting::Value(key, place), None)
    }
}

/// The parser counts characters; texts are cut at bytes.
struct Places<'t> {
    text: &'t str,
    /// A place that both counts are known of.
    characters: usize,
    bytes: usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, characters: 0, bytes: 0 }
    }

    fn place(&mut self, marker: Marker) -> Place {
        let wanted = marker.index();
        // Marks hardly ever go back, and never far: all of them together cost one walk over the text.
        while self.characters > wanted {
            let before = self.text[..self.bytes].chars().next_back();
            self.bytes -= before.map_or(0, char::len_utf8);
            self.characters -= 1;
        }
        while self.characters < wanted {
            let Some(next) = self.text[self.bytes..].chars().next() else { break };
            self.bytes += next.len_utf8();
            self.characters += 1;
        }
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { line: narrow(marker.line()), column: narrow(marker.col() + 1), offset: self.bytes }
    }
}
