//! The files of a catalog, with their texts, trees and places.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cstspec_contract::{Finding, Origin, SpecPlace};

use crate::finding::printable;
use crate::layout::Written;
use crate::rules;
use crate::yaml::{self, Anchor, KeyPath, Located, Node, Place, Reading, Tree};

/// The file that every specs folder has.
pub const CATALOG: &str = "catalog.yaml";

/// The files of one catalog with their texts and trees.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Source>,
    /// Something that belongs to the catalog could not be read at all.
    incomplete: bool,
    /// The folder that they were read from, without links.
    root: Option<PathBuf>,
}

/// One file.
#[derive(Clone, Debug)]
struct Source {
    /// Without a byte-order mark, which is no part of the text.
    text: String,
    /// `None` where the text is no YAML.
    tree: Option<Tree>,
    /// The parts of the text that could not be read for mistakes of syntax in them, in bytes.
    lost: Vec<Range<usize>>,
}

impl Sources {
    /// Takes specs that are in memory, as pairs of path and text.
    pub fn embedded(files: &[(&str, &str)]) -> (Self, Vec<Finding>) {
        let mut sources = Self::default();
        let mut findings = Vec::new();
        for (path, text) in files {
            sources.add(path, (*text).to_owned(), &mut findings);
        }
        if !sources.contains(CATALOG) {
            let finding = Finding::new(&rules::CATALOG_MISSING, format!("no {CATALOG} among the specs"))
                .remedy("write one, or use the folder that contains it");
            findings.push(sources.resolve_place(CATALOG, Located::in_file(finding)));
        }
        (sources, findings)
    }

    /// Adds a file; what is wrong with its spelling goes to `findings`.
    pub(crate) fn add(&mut self, path: &str, mut text: String, findings: &mut Vec<Finding>) {
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let Reading { tree, findings: found, lost } = yaml::read(&text);
        self.files.insert(path.to_owned(), Source { text, tree, lost });
        findings.extend(found.into_iter().map(|found| self.resolve_place(path, found)));
    }

    /// Notes the folder that the files are read from.
    pub(crate) fn note_root(&mut self, root: &Path) {
        self.root = Some(root.to_owned());
    }

    /// The folder that the files were read from, without links; `None` where they are in memory.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Notes that something of the catalog could not be read: whatever seems to be missing may be there.
    pub(crate) fn note_gap(&mut self) {
        self.incomplete = true;
    }

    /// Whether something that belongs to the catalog could not be read at all.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Whether there is a file of this path.
    pub(crate) fn contains(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// Whether there is a file below the folder `name`.
    pub(crate) fn has_below(&self, name: &str) -> bool {
        self.files.keys().any(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
    }

    /// How many files there are.
    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    /// The files that are YAML, sorted by path.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.files.iter().filter_map(|(path, source)| Some((path.as_str(), source.tree.as_ref()?)))
    }

    /// The files that are no YAML, sorted by path.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|(_, source)| source.tree.is_none()).map(|(path, _)| path.as_str())
    }

    /// The parts of a file's text that are in no tree, since mistakes of syntax made them unreadable.
    pub(crate) fn lost(&self, file: &str) -> impl Iterator<Item = &str> {
        let source = self.files.get(file);
        source.into_iter().flat_map(|source| source.lost.iter().map(|bytes| &source.text[bytes.clone()]))
    }

    /// The entries of `include` in the catalog, whatever else may be wrong with it, each with its number.
    pub(crate) fn includes(&self) -> Vec<(usize, String)> {
        let tree = self.files.get(CATALOG).and_then(|source| source.tree.as_ref());
        let items = match tree.and_then(|tree| tree.find("include")).map(|(value, _)| &value.node) {
            Some(Node::Sequence(items)) => items.as_slice(),
            _ => &[],
        };
        let text = |item: &Tree| match &item.node {
            Node::Scalar(scalar) if !scalar.text.is_empty() => Some(scalar.text.clone()),
            _ => None,
        };
        items.iter().enumerate().filter_map(|(number, item)| Some((number, text(item)?))).collect()
    }

    /// The words of the catalog that mistakes of syntax have made unreadable: what it includes may be among them.
    pub(crate) fn lost_includes(&self) -> Vec<String> {
        let whole = self.files.get(CATALOG).filter(|source| source.tree.is_none()).map(|source| source.text.as_str());
        let ends = |sign: char| sign.is_whitespace() || "[]{},:'\"#".contains(sign);
        let words = self.lost(CATALOG).chain(whole).flat_map(|text| text.split(ends));
        let mut words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        words.sort();
        words.dedup();
        words
    }

    /// Every file that was read, with its text, sorted by path.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, source)| (path.as_str(), source.text.as_str()))
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(|source| source.text.as_str())
    }

    /// A file that is YAML as it is written.
    pub fn layout(&self, file: &str) -> Option<Written<'_>> {
        let source = self.files.get(file)?;
        Some(Written::new(source.tree.as_ref()?, &source.text))
    }

    /// Line and column, both from 1, of the promise at `origin`. Where the key itself was not written (a column that a named type
    /// brought in), the nearest key above it.
    pub fn place(&self, origin: &Origin) -> Option<(u32, u32)> {
        let tree = self.files.get(&origin.file)?.tree.as_ref()?;
        let (_, place) = nearest(tree, &origin.key);
        Some((place.line, place.column))
    }

    /// Whether the key at `origin` was written, so that [`Self::place`] is its own place and no other's.
    pub fn is_written(&self, origin: &Origin) -> bool {
        let tree = self.files.get(&origin.file).and_then(|source| source.tree.as_ref());
        tree.is_some_and(|tree| tree.find(&origin.key).is_some())
    }

    /// Whether an empty mapping is written at `origin`.
    pub(crate) fn is_empty_mapping(&self, origin: &Origin) -> bool {
        let tree = self.files.get(&origin.file).and_then(|source| source.tree.as_ref());
        let found = tree.and_then(|tree| tree.find(&origin.key));
        found.is_some_and(|(tree, _)| matches!(&tree.node, Node::Mapping(mapping) if mapping.entries().is_empty()))
    }

    /// Gives a finding its place in `file`, and its texts a form that can be printed.
    pub(crate) fn resolve_place(&self, file: &str, found: Located) -> Finding {
        let Located { finding, anchor } = found;
        let source = self.files.get(file);
        let tree = source.and_then(|source| source.tree.as_ref());
        let (key, place) = match anchor {
            Anchor::File => (KeyPath::root(), None),
            Anchor::Place(place) => (KeyPath::root(), Some(place)),
            Anchor::Key(key) => {
                let place = tree.map(|tree| nearest(tree, key.as_str()).1);
                (key, place)
            }
            Anchor::Value(key) => {
                let place = tree.map(|tree| nearest(tree, key.as_str()).0.place);
                (key, place)
            }
            Anchor::Inside(key, offset) => {
                let text = source.map_or("", |source| source.text.as_str());
                let place = tree.map(|tree| nearest(tree, key.as_str()).0.place_inside(text, offset));
                (key, place)
            }
        };
        let mut finding = printable(finding);
        finding.spec = Some(SpecPlace {
            file: file.to_owned(),
            key: key.as_str().to_owned(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
        });
        finding
    }
}

/// The node at `key`, or the nearest one above it, and where its key stands.
fn nearest<'a>(tree: &'a Tree, key: &str) -> (&'a Tree, Place) {
    let mut key = key;
    loop {
        if let Some(found) = tree.find(key) {
            return found;
        }
        key = key.rsplit_once('.').map_or("", |(above, _)| above);
    }
}
