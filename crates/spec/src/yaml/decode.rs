//! Tree to typed specs, with all mistakes reported and not only the first.
//!
//! serde gives up at the first error. Here a wrong scalar is reported and replaced by one that serde takes, a missing key is
//! reported and supplied, and the document is decoded again until nothing new is found. A last pass leaves out what was wrong, so
//! that no stand-in reaches a spec.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cstspec_contract::Finding;
use serde::de::{self, Deserialize};

use super::MOST_MISTAKES;
use super::decoder::Decoder;
use super::key::KeyPath;
use super::node::{Scalar, Tree};
use super::scalar;
use crate::finding::Found;
use crate::rules;

/// The enum name that asks for variant `word` on scalars and `mapping` on everything else.
pub const WORD_OR_MAPPING: &str = "$word_or_mapping";
/// The enum name that asks for variant `word` on scalars and `list` on sequences.
pub const WORD_OR_LIST: &str = "$word_or_list";

/// The enum name that asks for a variant by what a value is: `null`, `bool`, `int`, `decimal`, `text`, `list`, `entries`.
pub const VALUE: &str = "$value";

/// What decoding a document gives.
#[derive(Debug)]
pub struct Decoded<T> {
    /// The spec, without the nodes at fault; `None` where a mistake leaves nothing to work with.
    pub spec: Option<T>,
    /// What is wrong, without the file.
    pub findings: Vec<Found>,
    /// The nodes that are left out. Whatever looks for them must not be blamed for their absence.
    pub left_out: BTreeSet<KeyPath>,
}

/// Decodes `tree` into a spec of the kind `what`. Keys among the words `lost` are not missing: they are in a part of the text that could
/// not be read.
pub fn decode<T: for<'de> Deserialize<'de>>(tree: &Tree, what: &'static str, lost: &BTreeSet<String>) -> Decoded<T> {
    let state = State::new(what, lost);
    let mut spec = None;
    for _ in 0..MOST_MISTAKES {
        let root = Decoder::root(tree, &state);
        match root.settle(T::deserialize(root)) {
            Ok(decoded) if state.is_settled() => {
                spec = Some(decoded);
                break;
            }
            Ok(_) => {
                if !state.leave_out_what_was_supplied() {
                    break;
                }
            }
            Err(DecodeError::Again) if !state.is_full() => {}
            Err(_) => break,
        }
    }
    let State { findings, left_out, misspelt, .. } = state;
    let left_out = left_out.into_inner().into_values().chain(misspelt.into_inner()).collect();
    Decoded { spec, findings: findings.into_inner(), left_out }
}

/// The identity of a node while its document is decoded.
pub fn identity(tree: &Tree) -> usize {
    std::ptr::from_ref(tree).addr()
}

/// What the decoding of one document has found so far.
pub struct State<'a> {
    /// The kind of document, for messages: `dataset`.
    pub what: &'static str,
    /// The words of what could not be read.
    lost: &'a BTreeSet<String>,
    findings: RefCell<Vec<Found>>,
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
    fn new(what: &'static str, lost: &'a BTreeSet<String>) -> Self {
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

    /// Adds a finding, once.
    pub fn report(&self, found: Found) {
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
    fn is_settled(&self) -> bool {
        self.supplied.borrow().values().all(Supplied::is_a_number_alone) && !*self.stood_in.borrow()
    }

    /// Leaves out the mappings with missing keys. False when the document itself is one.
    fn leave_out_what_was_supplied(&self) -> bool {
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

/// The finding that other readers of YAML do not take `key` for the name that it is here.
pub fn ambiguous_key(key: &Scalar) -> Option<Finding> {
    let other = scalar::key_elsewhere(key)?;
    let message = format!("the key `{}` is that name here, and {other} to other readers of YAML", key.text);
    let finding = Finding::new(&rules::AMBIGUOUS_SCALAR, message);
    let finding =
        finding.differing("a word that every reader of YAML reads alike", format!("`{}` without quotes", key.text));
    Some(finding.remedy(format!("put it in quotes: \"{}\"", key.text)))
}

/// The finding that versions of YAML read `scalar` differently, where they do.
pub fn ambiguous(scalar: &Scalar) -> Option<Finding> {
    let other = scalar::disagreement(scalar)?;
    let here = match scalar::meaning(scalar) {
        scalar::Meaning::Int(value) => format!("the number {value}"),
        _ => "text".to_owned(),
    };
    let finding = Finding::new(
        &rules::AMBIGUOUS_SCALAR,
        format!("`{}` is {here} to YAML 1.2 and {other} to YAML 1.1", scalar.text),
    );
    let finding =
        finding.differing("a word that every reader of YAML reads alike", format!("`{}` without quotes", scalar.text));
    let remedy = match scalar::meaning(scalar) {
        scalar::Meaning::Int(value) => format!("write {value}, or put it in quotes: \"{}\"", scalar.text),
        _ => format!("put it in quotes: \"{}\"", scalar.text),
    };
    Some(finding.remedy(remedy))
}
