//! Text to tree.

use std::borrow::Cow;
use std::ops::Range;

use cstspec_contract::Finding;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::cause;
use super::located::{Located, MOST_MISTAKES};
use super::mapping::{OpenMapping, Waiting, join_items};
use super::node::{Entry, Mapping, Node, Tree};
use super::outline;
use super::place::Place;
use super::scalar::{Scalar, Style};
use super::unreadable::Unreadable;
use crate::rules;

/// How deep collections may nest. The deepest shipped spec needs six.
pub const MAX_DEPTH: usize = 64;

/// How many mistakes of syntax are read on over, and in how many bytes all in all.
const MOST_LOST: usize = 32;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The result of reading a text.
#[derive(Debug)]
pub struct Reading {
    /// The document, where there is one.
    pub tree: Option<Tree>,
    /// Findings with places, without a file.
    pub findings: Vec<Located>,
    /// The parts of the text that mistakes of syntax have made unreadable, in bytes: they are not in the tree.
    pub lost: Vec<Range<usize>>,
}

/// Reads one document from `text`.
///
/// What is no YAML is masked, where it can be told from what is around it, and the rest is read. Repeated keys, aliases, anchors and
/// tags are each reported and read on over.
pub fn read(text: &str) -> Reading {
    let mut syntax = Vec::new();
    let mut lost: Vec<Unreadable> = Vec::new();
    let mut masked = Cow::Borrowed(text);
    loop {
        let Attempt { tree, mut findings, stopped } = attempt(text, &masked, &lost);
        let mut next = None;
        if let Some((info, at)) = stopped {
            // The parser has a limit of its own, of collections that are only opened yet.
            let (finding, place, mistake) = if info.contains("recursion limit") {
                (too_deep(), Place::visible_at(text, at), None)
            } else {
                cause::find(&masked, &info, at)
            };
            // A mistake in what another has made unreadable is a consequence of it.
            if !lost.iter().any(|lost| lost.bytes.contains(&place.offset)) {
                syntax.push((place.offset, Located::at_place(finding, place)));
                next = mistake.and_then(|mistake| Unreadable::of(&masked, &outline::pairs(&masked), mistake));
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

/// The result of one pass of the parser.
struct Attempt {
    tree: Option<Tree>,
    findings: Vec<Located>,
    /// Why the parser stopped, and at which byte.
    stopped: Option<(String, usize)>,
}

/// Parses `masked`, which is `text` but for what is lost of it.
fn attempt(text: &str, masked: &str, lost: &[Unreadable]) -> Attempt {
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
    /// The document has ended.
    End,
    Stop,
}

/// A collection whose end has not been seen.
enum Open {
    Sequence(Place, Vec<Tree>),
    Mapping(Place, OpenMapping),
}

struct Reader<'t> {
    places: Places<'t>,
    lost: &'t [Unreadable],
    findings: Vec<Located>,
    open: Vec<Open>,
    root: Option<Tree>,
    documents: usize,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Flow {
        let here = self.places.place(span.start);
        // The parser counts the blanks behind a scalar, and what is not there ends where it starts.
        let end = self.places.place(span.end).offset.max(here.offset);
        let end = match self.places.text.get(here.offset..end).unwrap_or_default() {
            // It counts what follows a bracket, too.
            seen if matches!(event, Event::SequenceEnd | Event::MappingEnd) => {
                here.offset + usize::from(seen.starts_with([']', '}']))
            }
            seen => here.offset + seen.trim_end().len(),
        };
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let finding = Finding::new(&rules::YAML_SYNTAX, "a second document in one file")
                        .remedy("put each spec into a file of its own");
                    self.findings.push(Located::at_place(finding, here));
                    return Flow::End;
                }
            }
            Event::Alias(_) => {
                self.report_alias("an alias", here);
                self.push(Tree { place: here, end, node: Node::Refused });
            }
            Event::Scalar(..) if self.lost.iter().any(|lost| lost.is_value(here.offset)) => {
                self.push(Tree { place: here, end, node: Node::Refused });
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
                self.push(Tree { place: here, end, node: Node::Scalar(Scalar { text: text.into_owned(), style }) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                self.open.push(Open::Sequence(here, Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                let in_braces = self.places.text[here.offset..].starts_with('{');
                self.open.push(Open::Mapping(here, OpenMapping::new(in_braces)));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = self.open.pop().map(|open| match open {
                    Open::Sequence(place, items) if self.places.text[place.offset..].starts_with('[') => {
                        let (items, found) = join_items(items);
                        self.keep(found);
                        Tree { place, end, node: Node::Sequence(items) }
                    }
                    Open::Sequence(place, items) => {
                        let end = items.last().map_or(place.offset, |item| item.end);
                        Tree { place, end, node: Node::Sequence(items) }
                    }
                    Open::Mapping(place, mut open) => {
                        let found = open.take_pieces_for_keys();
                        self.keep(found);
                        let last = open.entries.last().map(|entry| entry.value.end);
                        let end = if open.in_braces { end } else { last.unwrap_or(place.offset) };
                        Tree { place, end, node: Node::Mapping(Mapping::new(open.entries)) }
                    }
                });
                if let Some(tree) = closed {
                    self.push(tree);
                }
            }
        }
        if self.open.len() > MAX_DEPTH {
            self.findings.push(Located::at_place(too_deep(), here));
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
                        tree.end = place.offset;
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

    fn keep(&mut self, found: Vec<Located>) {
        let room = MOST_MISTAKES.saturating_sub(self.findings.len());
        self.findings.extend(found.into_iter().take(room));
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
            self.findings.push(Located::at_place(finding, here));
        }
    }
}

fn too_deep() -> Finding {
    Finding::new(&rules::TOO_DEEP, format!("more than {MAX_DEPTH} collections inside one another"))
        .remedy("name the inner types in types/ and refer to them")
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
