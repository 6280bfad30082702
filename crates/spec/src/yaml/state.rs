//! The state between the passes over one document: findings, nodes that are left out, keys that are supplied.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de;

use super::key::KeyPath;
use super::located::{Located, MOST_MISTAKES};
use super::node::Tree;

/// The identity of a node while its document is decoded.
fn identity(tree: &Tree) -> usize {
    std::ptr::from_ref(tree).addr()
}

/// The state of decoding one document.
pub struct State<'a> {
    /// The kind of document, for messages: `dataset`.
    pub what: &'static str,
    /// The words of what could not be read.
    lost: &'a BTreeSet<String>,
    findings: RefCell<Vec<Located>>,
    /// Nodes that are left out because a finding names them.
    left_out: RefCell<BTreeMap<usize, KeyPath>>,
    /// Keys that are written otherwise.
    misspelt: RefCell<BTreeSet<KeyPath>>,
    /// Keys that mappings lack, and get in the next pass.
    supplied: RefCell<BTreeMap<usize, Supplied>>,
    /// Nodes were found to be wrong in this pass, and stand-ins were decoded in their place.
    stood_in: RefCell<bool>,
}

/// The keys that a mapping lacks.
struct Supplied {
    path: KeyPath,
    keys: BTreeSet<&'static str>,
}

impl Supplied {
    /// Whether it is the version of a document and nothing more: whatever it is, the rest can be judged.
    fn is_a_number_alone(&self) -> bool {
        self.path == KeyPath::root() && self.keys.iter().eq(&["version"])
    }
}

impl<'a> State<'a> {
    /// The state before the first pass.
    pub fn new(what: &'static str, lost: &'a BTreeSet<String>) -> Self {
        Self {
            what,
            lost,
            findings: RefCell::default(),
            left_out: RefCell::default(),
            misspelt: RefCell::default(),
            supplied: RefCell::default(),
            stood_in: RefCell::default(),
        }
    }

    /// The findings, and the paths that the document lacks for them.
    pub fn into_parts(self) -> (Vec<Located>, BTreeSet<KeyPath>) {
        let left_out = self.left_out.into_inner().into_values().chain(self.misspelt.into_inner()).collect();
        (self.findings.into_inner(), left_out)
    }

    /// Adds a finding, once.
    pub fn report(&self, found: Located) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < MOST_MISTAKES && !findings.contains(&found) {
            findings.push(found);
        }
    }

    /// Whether further findings are not kept.
    pub fn is_full(&self) -> bool {
        self.findings.borrow().len() >= MOST_MISTAKES
    }

    /// Whether `tree` is left out from now on.
    pub fn hides(&self, tree: &Tree) -> bool {
        let left_out = self.left_out.borrow();
        !left_out.is_empty() && left_out.contains_key(&identity(tree))
    }

    /// Leaves out `tree` from now on.
    pub fn leave_out(&self, tree: &Tree, path: KeyPath) {
        self.left_out.borrow_mut().insert(identity(tree), path);
        *self.stood_in.borrow_mut() = true;
    }

    /// Notes that the key at `path` was meant by another one, and is missing for that reason.
    pub fn note_misspelt(&self, path: KeyPath) {
        self.misspelt.borrow_mut().insert(path);
    }

    /// Whether the key at `path` is missing because of a mistake that was reported.
    pub fn lacks(&self, path: &KeyPath, key: &str) -> bool {
        let path = &path.join(key);
        self.lost.contains(key)
            || self.misspelt.borrow().contains(path)
            || self.left_out.borrow().values().any(|known| known == path)
    }

    /// Supplies `key` to the mapping `tree` in the next pass. False if it was supplied already and is missing all the same.
    pub fn supply(&self, tree: &Tree, path: KeyPath, key: &'static str) -> bool {
        let mut supplied = self.supplied.borrow_mut();
        let entry = supplied.entry(identity(tree)).or_insert_with(|| Supplied { path, keys: BTreeSet::new() });
        entry.keys.insert(key)
    }

    /// The keys that `tree` lacks.
    pub fn supplied(&self, tree: &Tree) -> Vec<&'static str> {
        let supplied = self.supplied.borrow();
        supplied.get(&identity(tree)).map(|supplied| supplied.keys.iter().copied().collect()).unwrap_or_default()
    }

    /// Whether the pass that has just ended had no stand-ins, but for what nothing else of a document depends on.
    pub fn is_settled(&self) -> bool {
        self.supplied.borrow().values().all(Supplied::is_a_number_alone) && !*self.stood_in.borrow()
    }

    /// Leaves out the mappings with missing keys. False when the document itself is one.
    pub fn leave_out_what_was_supplied(&self) -> bool {
        *self.stood_in.borrow_mut() = false;
        let mut supplied = std::mem::take(&mut *self.supplied.borrow_mut());
        let kept = supplied.extract_if(.., |_, supplied| supplied.is_a_number_alone());
        *self.supplied.borrow_mut() = kept.collect();
        let whole = supplied.values().any(|supplied| supplied.path == KeyPath::root());
        self.left_out.borrow_mut().extend(supplied.into_iter().map(|(identity, supplied)| (identity, supplied.path)));
        !whole
    }
}

/// Why a node could not be decoded.
#[derive(Debug)]
pub enum DecodeError {
    /// A finding says so, and another pass will do without the mistake.
    Again,
    /// A finding says so, and nothing is left of the document.
    Stop,
    /// A key is missing, from the node that is being decoded.
    MissingKey(&'static str),
    /// A message of a visitor, about the node that is being decoded.
    Custom(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Again | Self::Stop => f.write_str("a mistake that was reported"),
            Self::MissingKey(key) => write!(f, "missing key `{key}`"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingKey(field)
    }
}
