//! Tree to typed specs, with all mistakes reported and not only the first.
//!
//! serde gives up at the first error. Here each error is recorded with its key path, the node at fault is left out, and the
//! document is decoded again: unknown keys never stop the decoding, and a wrong node costs one more pass.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use cstspec_contract::Finding;
use serde::de::{self, Deserialize, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::key::KeyPath;
use super::node::{Entry, Node, Scalar, Style, Tree};
use super::scalar::{self, Meaning};
use crate::finding::Found;
use crate::rules;
use crate::suggest::did_you_mean;

/// The enum name that asks for variant `word` on scalars and `mapping` on everything else.
pub const WORD_OR_MAPPING: &str = "$word_or_mapping";

/// The enum name that asks for a variant by what a value is: `null`, `bool`, `int`, `decimal`, `text`, `list`, `entries`.
pub const VALUE: &str = "$value";

/// Documents with more mistakes than this are reported up to here.
const MOST_MISTAKES: usize = 100;

/// Decodes `tree` into a spec. `None` when a mistake leaves nothing to work with; findings carry key paths but no file.
pub fn decode<T: for<'de> Deserialize<'de>>(tree: &Tree, what: &'static str) -> (Option<T>, Vec<Found>) {
    let state = State { what, findings: RefCell::default(), hidden: RefCell::default() };
    for _ in 0..MOST_MISTAKES {
        let node = Decoder { tree, path: KeyPath::root(), state: &state };
        match T::deserialize(node) {
            Ok(spec) => return (Some(spec), state.into_findings()),
            Err(DecodeError::At(path)) if path != KeyPath::root() => {
                state.hidden.borrow_mut().insert(path);
            }
            Err(DecodeError::At(_)) => return (None, state.into_findings()),
            Err(DecodeError::MissingKey(_) | DecodeError::Custom(_)) => break,
        }
    }
    (None, state.into_findings())
}

/// What one decoding has found so far.
struct State {
    /// The kind of document, for messages: `dataset`.
    what: &'static str,
    findings: RefCell<Vec<Found>>,
    /// Nodes that are left out because a finding names them.
    hidden: RefCell<BTreeSet<KeyPath>>,
}

impl State {
    fn report(&self, found: Found) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < MOST_MISTAKES && !findings.contains(&found) {
            findings.push(found);
        }
    }

    fn is_full(&self) -> bool {
        self.findings.borrow().len() >= MOST_MISTAKES
    }

    fn hides(&self, path: &KeyPath) -> bool {
        self.hidden.borrow().contains(path)
    }

    fn into_findings(self) -> Vec<Found> {
        self.findings.into_inner()
    }
}

/// Why a node could not be decoded.
#[derive(Debug)]
enum DecodeError {
    /// The node at this path is at fault, and a finding says so.
    At(KeyPath),
    /// A key is missing, from the node that is being decoded.
    MissingKey(&'static str),
    /// A message of a visitor, about the node that is being decoded.
    Custom(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(path) => write!(f, "mistake at `{path}`"),
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

type Decoded<T> = Result<T, DecodeError>;

#[derive(Clone)]
struct Decoder<'a> {
    tree: &'a Tree,
    path: KeyPath,
    state: &'a State,
}

impl<'a> Decoder<'a> {
    /// Reports that something else was expected here.
    fn wrong<T>(&self, expected: &str) -> Decoded<T> {
        let observed = self.tree.describe();
        let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where {expected} belongs"))
            .differing(expected, observed)
            .remedy(format!("write {expected} here"));
        self.state.report(Found::at_value(finding, self.path.clone()));
        Err(DecodeError::At(self.path.clone()))
    }

    /// Gives a visitor's own message a place.
    fn settle<T>(&self, result: Decoded<T>) -> Decoded<T> {
        result.map_err(|error| match error {
            DecodeError::At(path) => DecodeError::At(path),
            DecodeError::Custom(message) => {
                let finding =
                    Finding::new(&rules::WRONG_TYPE, message).remedy("see specs/README.md for what belongs here");
                self.state.report(Found::at_value(finding, self.path.clone()));
                DecodeError::At(self.path.clone())
            }
            DecodeError::MissingKey(key) => {
                // A key that was left out because it is wrong has been reported already.
                if !self.state.hides(&self.path.join(key)) {
                    let place = if self.path == KeyPath::root() {
                        format!("the {}", self.state.what)
                    } else {
                        format!("`{}`", self.path)
                    };
                    let finding = Finding::new(&rules::MISSING_KEY, format!("{place} lacks the key `{key}`"))
                        .differing(format!("a key `{key}`"), "none")
                        .remedy(format!("add `{key}:` here"));
                    self.state.report(Found::at_key(finding, self.path.clone()));
                }
                DecodeError::At(self.path.clone())
            }
        })
    }

    fn scalar(&self, expected: &str) -> Decoded<&'a Scalar> {
        match &self.tree.node {
            Node::Scalar(scalar) => Ok(scalar),
            Node::Mapping(_) | Node::Sequence(_) => self.wrong(expected),
        }
    }

    /// The text of a scalar that is meant as text.
    fn text(&self, scalar: &'a Scalar) -> Decoded<&'a str> {
        check_spelling(scalar, &Found::at_value(ambiguous(scalar), self.path.clone()), self.state);
        match scalar::meaning(scalar) {
            Meaning::Text => Ok(&scalar.text),
            Meaning::Null => self.wrong("text"),
            // A version or a name may look like a number: with quotes it is text.
            Meaning::Bool(_) | Meaning::Int(_) | Meaning::Float if scalar.style == Style::Plain => {
                let observed = self.tree.describe();
                let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where text belongs"))
                    .differing("text", observed)
                    .remedy(format!("put it in quotes: \"{}\"", scalar.text));
                self.state.report(Found::at_value(finding, self.path.clone()));
                Err(DecodeError::At(self.path.clone()))
            }
            Meaning::Bool(_) | Meaning::Int(_) | Meaning::Float => Ok(&scalar.text),
        }
    }

    fn integer(&self) -> Decoded<i128> {
        match scalar::meaning(self.scalar("a whole number")?) {
            Meaning::Int(value) => Ok(value),
            _ => self.wrong("a whole number"),
        }
    }

    fn unsigned<T: TryFrom<i128>>(&self) -> Decoded<T> {
        let value = self.integer()?;
        T::try_from(value).or_else(|_| self.wrong("a whole number from 0 that is not too large"))
    }

    fn child(&self, key: &str, tree: &'a Tree) -> Decoder<'a> {
        Decoder { tree, path: self.path.join(key), state: self.state }
    }
}

/// Reports a scalar that versions of YAML read differently.
fn check_spelling(scalar: &Scalar, found: &Found, state: &State) {
    if scalar::disagreement(scalar).is_some() {
        state.report(found.clone());
    }
}

fn ambiguous(scalar: &Scalar) -> Finding {
    let other = scalar::disagreement(scalar).unwrap_or("something else");
    Finding::new(&rules::AMBIGUOUS_SCALAR, format!("`{}` is text to YAML 1.2 and {other} to YAML 1.1", scalar.text))
        .differing("text that every reader of YAML reads alike", format!("`{}` without quotes", scalar.text))
        .remedy(format!("put it in quotes: \"{}\"", scalar.text))
}

impl<'de> de::Deserializer<'de> for Decoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.tree.node {
            Node::Mapping(_) => self.deserialize_map(visitor),
            Node::Sequence(_) => self.deserialize_seq(visitor),
            Node::Scalar(scalar) => {
                let result = match scalar::meaning(scalar) {
                    Meaning::Null => visitor.visit_unit(),
                    Meaning::Bool(value) => visitor.visit_bool(value),
                    Meaning::Int(value) => visitor.visit_i128(value),
                    Meaning::Float | Meaning::Text => visitor.visit_str(&scalar.text),
                };
                self.settle(result)
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match scalar::meaning(self.scalar("`true` or `false`")?) {
            Meaning::Bool(value) => visitor.visit_bool(value),
            _ => self.wrong("`true` or `false`"),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.unsigned()?;
        visitor.visit_u32(value)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.unsigned()?;
        visitor.visit_u64(value)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.integer()?;
        visitor.visit_i128(value)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let scalar = self.scalar("text")?;
        let text = self.text(scalar)?;
        let result = visitor.visit_str(text);
        self.settle(result)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Decoded<V::Value> {
        let node = self.clone();
        let result = visitor.visit_newtype_struct(self);
        node.settle(result)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let Node::Sequence(items) = &self.tree.node else { return self.wrong("a sequence") };
        let result = visitor.visit_seq(Items { parent: &self, items: items.iter().enumerate() });
        self.settle(result)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let Node::Mapping(entries) = &self.tree.node else { return self.wrong("a mapping") };
        let result = visitor.visit_map(Entries { parent: &self, entries: entries.iter(), known: None, current: None });
        self.settle(result)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let Node::Mapping(entries) = &self.tree.node else { return self.wrong("a mapping") };
        for entry in entries {
            let key = entry.key.text.as_str();
            if !fields.contains(&key) && !self.state.is_full() {
                let suggestion = did_you_mean(key, fields.iter().copied());
                let known = fields.join(", ");
                let finding = Finding::new(&rules::UNKNOWN_KEY, format!("unknown key `{key}`"))
                    .differing(format!("one of {known}"), format!("`{key}`"))
                    .remedy(suggestion.unwrap_or_else(|| "remove it".to_owned()));
                self.state.report(Found::at_key(finding, self.path.join(key)));
            }
        }
        let result =
            visitor.visit_map(Entries { parent: &self, entries: entries.iter(), known: Some(fields), current: None });
        self.settle(result)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let variant = match (name, &self.tree.node) {
            (WORD_OR_MAPPING, Node::Scalar(_)) => "word",
            (WORD_OR_MAPPING, _) => "mapping",
            (VALUE, Node::Sequence(_)) => "list",
            (VALUE, Node::Mapping(_)) => "entries",
            (VALUE, Node::Scalar(scalar)) => match scalar::meaning(scalar) {
                Meaning::Null => "null",
                Meaning::Bool(_) => "bool",
                Meaning::Int(_) => "int",
                Meaning::Float => "decimal",
                Meaning::Text => {
                    check_spelling(scalar, &Found::at_value(ambiguous(scalar), self.path.clone()), self.state);
                    "text"
                }
            },
            (_, Node::Scalar(scalar)) => {
                let Some(known) = variants.iter().find(|variant| **variant == scalar.text) else {
                    let known = variants.iter().map(|variant| format!("`{variant}`")).collect::<Vec<_>>().join(", ");
                    let finding = Finding::new(&rules::WRONG_TYPE, format!("unknown word `{}`", scalar.text))
                        .differing(format!("one of {known}"), format!("`{}`", scalar.text))
                        .remedy(
                            did_you_mean(&scalar.text, variants.iter().copied())
                                .unwrap_or_else(|| format!("write one of {known}")),
                        );
                    self.state.report(Found::at_value(finding, self.path.clone()));
                    return Err(DecodeError::At(self.path));
                };
                known
            }
            (_, _) => return self.wrong("a word"),
        };
        let node = self.clone();
        let result = visitor.visit_enum(Variant { name: variant, content: self });
        node.settle(result)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

/// The items of a sequence that are not left out.
struct Items<'p, 'a> {
    parent: &'p Decoder<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Tree>>,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<Option<T::Value>> {
        for (index, tree) in self.items.by_ref() {
            let path = self.parent.path.index(index);
            if !self.parent.state.hides(&path) {
                return seed.deserialize(Decoder { tree, path, state: self.parent.state }).map(Some);
            }
        }
        Ok(None)
    }
}

/// The entries of a mapping that are not left out.
struct Entries<'p, 'a> {
    parent: &'p Decoder<'a>,
    entries: std::slice::Iter<'a, Entry>,
    /// The keys of a struct; others have been reported and are passed over. `None` where every key is somebody's name.
    known: Option<&'static [&'static str]>,
    current: Option<&'a Entry>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Decoded<Option<K::Value>> {
        for entry in self.entries.by_ref() {
            let key = entry.key.text.as_str();
            let path = self.parent.path.join(key);
            if self.parent.state.hides(&path) || self.known.is_some_and(|known| !known.contains(&key)) {
                continue;
            }
            if self.known.is_none() {
                check_spelling(&entry.key, &Found::at_key(ambiguous(&entry.key), path), self.parent.state);
            }
            self.current = Some(entry);
            return seed.deserialize(de::value::StrDeserializer::new(key)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<T::Value> {
        let entry = self.current.take().expect("serde asks for a key before its value");
        seed.deserialize(self.parent.child(&entry.key.text, &entry.value))
    }
}

/// A variant chosen by what its node is, or by its word.
struct Variant<'a> {
    name: &'static str,
    content: Decoder<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = DecodeError;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Decoded<(V::Value, Content<'a>)> {
        let variant = seed.deserialize(de::value::StrDeserializer::new(self.name))?;
        Ok((variant, Content { name: self.name, node: self.content }))
    }
}

/// What stands inside a variant.
struct Content<'a> {
    name: &'static str,
    node: Decoder<'a>,
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Decoded<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Decoded<T::Value> {
        // A decimal is handed on as it was written: a float would lose digits.
        if let ("decimal", Node::Scalar(scalar)) = (self.name, &self.node.tree.node) {
            return seed.deserialize(de::value::StrDeserializer::new(&scalar.text));
        }
        seed.deserialize(self.node)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Decoded<V::Value> {
        self.node.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Decoded<V::Value> {
        self.node.deserialize_struct("", fields, visitor)
    }
}

use serde::Deserializer as _;
