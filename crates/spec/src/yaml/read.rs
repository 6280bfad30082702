//! Text to tree.

use std::collections::HashMap;

use cstspec_contract::Finding;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::MOST_MISTAKES;
use super::node::{Entry, Mapping, Node, Place, Scalar, Style, Tree};
use crate::finding::Found;
use crate::rules;

/// How deep collections may nest. The deepest shipped spec needs six.
pub const MAX_DEPTH: usize = 64;

/// Reads one document from `text`. Findings carry places but no file.
///
/// Broken syntax ends the reading; repeated keys, aliases, anchors and tags are each reported and read on over.
pub fn read(text: &str) -> (Option<Tree>, Vec<Found>) {
    let mut reader =
        Reader { places: Places::new(text), findings: Vec::new(), open: Vec::new(), root: None, documents: 0 };
    for event in Parser::new_from_str(text) {
        let flow = match event {
            Ok((event, span)) => reader.take(event, span),
            Err(error) => {
                let place = reader.places.place(*error.marker());
                // The parser has the end of a text on a line of its own.
                let place = if place.offset < text.len() { place } else { Place::end_of(text) };
                // The parser has a limit of its own, of collections that are only opened yet.
                let finding = if error.info().contains("recursion limit") {
                    too_deep()
                } else {
                    Finding::new(&rules::YAML_SYNTAX, format!("not valid YAML: {}", error.info()))
                        .remedy("check the indentation and quoting around this place")
                };
                reader.findings.push(Found::at_place(finding, place));
                Flow::Stop
            }
        };
        if matches!(flow, Flow::Stop) {
            return (None, reader.findings);
        }
    }
    // An empty file is a document that says nothing.
    let start = Place { line: 1, column: 1, offset: 0 };
    (Some(reader.root.unwrap_or_else(|| Tree::nothing(start))), reader.findings)
}

enum Flow {
    Continue,
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
}

/// What the next node of a mapping is.
#[derive(Default)]
enum Waiting {
    #[default]
    Key,
    Value(Scalar, Place),
    /// The value of a key that was reported.
    Nothing,
}

struct Reader<'t> {
    places: Places<'t>,
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
                    return Flow::Stop;
                }
            }
            Event::Alias(_) => {
                self.report_alias("an alias", here);
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
                self.open.push(Open::Mapping(here, OpenMapping::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = self.open.pop().map(|open| match open {
                    Open::Sequence(place, items) => Tree { place, node: Node::Sequence(items) },
                    Open::Mapping(place, open) => Tree { place, node: Node::Mapping(Mapping::new(open.entries)) },
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
    fn push(&mut self, tree: Tree) {
        match self.open.last_mut() {
            None => self.root = Some(tree),
            Some(Open::Sequence(_, items)) => items.push(tree),
            Some(Open::Mapping(_, open)) => match std::mem::take(&mut open.waiting) {
                Waiting::Nothing => {}
                Waiting::Value(key, place) => open.entries.push(Entry { key, place, value: tree }),
                Waiting::Key => {
                    let (waiting, finding) = open.key(tree);
                    open.waiting = waiting;
                    self.findings.extend(finding.filter(|_| self.findings.len() < MOST_MISTAKES));
                }
            },
        }
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
            let finding = Finding::new(&rules::YAML_ALIAS, format!("{what}, which specs do not use"))
                .remedy("write the value out, or name a type in types/ and refer to it by name");
            self.findings.push(Found::at_place(finding, here));
        }
    }
}

fn too_deep() -> Finding {
    Finding::new(&rules::TOO_DEEP, format!("more than {MAX_DEPTH} collections inside one another"))
        .remedy("name the inner types in types/ and refer to them")
}

impl OpenMapping {
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
