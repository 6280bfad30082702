//! Text to tree.

use std::collections::HashMap;

use cstspec_contract::Finding;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::node::{Entry, Node, Place, Scalar, Style, Tree};
use crate::finding::Found;
use crate::rules;

/// How deep collections may nest. The deepest shipped spec needs six.
pub const MAX_DEPTH: usize = 64;

/// Reads one document from `text`. Findings carry places but no file.
///
/// Broken syntax ends the reading; repeated keys, aliases, anchors and tags are each reported and read on over.
pub fn read(text: &str) -> (Option<Tree>, Vec<Found>) {
    let mut reader = Reader { findings: Vec::new(), open: Vec::new(), root: None, documents: 0 };
    // A byte-order mark is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for event in Parser::new_from_str(text) {
        let flow = match event {
            Ok((event, span)) => reader.take(event, span),
            Err(error) => {
                let finding = Finding::new(&rules::YAML_SYNTAX, format!("not valid YAML: {}", error.info()))
                    .remedy("check the indentation and quoting around this place");
                reader.findings.push(Found::at_place(finding, place(*error.marker())));
                Flow::Stop
            }
        };
        if matches!(flow, Flow::Stop) {
            return (None, reader.findings);
        }
    }
    // An empty file is a document that says nothing.
    let start = Place { line: 1, column: 1, index: 0 };
    let root = reader.root.unwrap_or(Tree { place: start, node: empty() });
    (Some(root), reader.findings)
}

enum Flow {
    Continue,
    Stop,
}

/// A collection whose end has not been seen.
enum Open {
    Sequence(Place, Vec<Tree>),
    Mapping(Place, Vec<Entry>, Option<(Scalar, Place)>, HashMap<String, u32>),
}

struct Reader {
    findings: Vec<Found>,
    open: Vec<Open>,
    root: Option<Tree>,
    documents: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Flow {
        let here = place(span.start);
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
                self.push(Tree { place: here, node: empty() });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.push(Tree { place: here, node: Node::Scalar(Scalar { text: text.into_owned(), style }) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                self.open.push(Open::Sequence(here, Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), here);
                self.open.push(Open::Mapping(here, Vec::new(), None, HashMap::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = match self.open.pop() {
                    Some(Open::Sequence(place, items)) => Some(Tree { place, node: Node::Sequence(items) }),
                    Some(Open::Mapping(place, entries, _, _)) => Some(Tree { place, node: Node::Mapping(entries) }),
                    None => None,
                };
                if let Some(tree) = closed {
                    self.push(tree);
                }
            }
        }
        if self.open.len() > MAX_DEPTH {
            let finding =
                Finding::new(&rules::TOO_DEEP, format!("more than {MAX_DEPTH} collections inside one another"))
                    .remedy("name the inner types in types/ and refer to them");
            self.findings.push(Found::at_place(finding, here));
            return Flow::Stop;
        }
        Flow::Continue
    }

    /// Hands a finished node to the collection that it stands in.
    fn push(&mut self, tree: Tree) {
        match self.open.last_mut() {
            None => self.root = Some(tree),
            Some(Open::Sequence(_, items)) => items.push(tree),
            Some(Open::Mapping(_, entries, waiting, lines)) => match waiting.take() {
                None => {
                    let key = if let Node::Scalar(scalar) = tree.node {
                        scalar
                    } else {
                        let finding = Finding::new(&rules::WRONG_TYPE, "a key that is no word")
                            .differing("a word", "a collection")
                            .remedy("write a word before the colon");
                        self.findings.push(Found::at_place(finding, tree.place));
                        Scalar { text: "?".to_owned(), style: Style::Quoted }
                    };
                    *waiting = Some((key, tree.place));
                }
                Some((key, place)) => {
                    if let Some(line) = lines.get(&key.text) {
                        let finding =
                            Finding::new(&rules::DUPLICATE_KEY, format!("the key `{}` is written twice", key.text))
                                .differing("each key once", format!("first written on line {line}"))
                                .remedy("remove one of the two, or rename it");
                        self.findings.push(Found::at_place(finding, place));
                    } else {
                        lines.insert(key.text.clone(), place.line);
                        entries.push(Entry { key, place, value: tree });
                    }
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
        let finding = Finding::new(&rules::YAML_ALIAS, format!("{what}, which specs do not use"))
            .remedy("write the value out, or name a type in types/ and refer to it by name");
        self.findings.push(Found::at_place(finding, here));
    }
}

fn empty() -> Node {
    Node::Scalar(Scalar { text: String::new(), style: Style::Plain })
}

fn place(marker: Marker) -> Place {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: narrow(marker.line()), column: narrow(marker.col() + 1), index: marker.index() }
}
