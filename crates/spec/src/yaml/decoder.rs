//! A tree as serde reads it.

use serde::Deserializer;
use serde::de::Visitor;
use serde::de::value::{MapDeserializer, SeqDeserializer};

use cstspec_contract::{Finding, did_you_mean, nearest};

use super::access::{Entries, Items, Variant};
use super::decode::{DecodeError, State, VALUE, WORD_OR_LIST, WORD_OR_MAPPING, ambiguous};
use super::key::KeyPath;
use super::meant::{cut_by_a_comma, meant, with_a_blank};
use super::node::{Entry, Node, Scalar, Style, Tree};
use super::scalar::{self, Meaning};
use crate::finding::Found;
use crate::rules;

/// What decoding a node gives.
pub type Decoded<T> = Result<T, DecodeError>;

/// A node on its way into a spec.
#[derive(Clone, Copy)]
pub struct Decoder<'a> {
    node: Written<'a>,
    step: Step<'a>,
    /// Paths are put together when a finding needs one: documents may be wide, deep and have long keys.
    parent: Option<&'a Decoder<'a>>,
    /// It is a constant, or a part of one.
    constant: bool,
    pub state: &'a State<'a>,
}

/// What there is to decode.
#[derive(Clone, Copy)]
pub enum Written<'a> {
    Node(&'a Tree),
    /// A stand-in for a node that is missing or wrong: whatever is asked of it, it is empty.
    Nothing,
}

/// The last step on the way to a node.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Decoder<'a> {
    /// A decoder of a whole document.
    pub fn root(tree: &'a Tree, state: &'a State<'a>) -> Self {
        Self { node: Written::Node(tree), step: Step::Root, parent: None, constant: false, state }
    }

    /// The decoder of a node inside this one.
    pub fn child(&'a self, node: Written<'a>, step: Step<'a>) -> Self {
        Self { node, step, parent: Some(self), constant: false, state: self.state }
    }

    /// A stand-in for something that this node lacks.
    pub fn nothing(self) -> Self {
        Self { node: Written::Nothing, ..self }
    }

    /// Whether it is a constant, or a part of one.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// The keys that lead to this node.
    pub fn path(&self) -> KeyPath {
        let mut steps = vec![self.step];
        let mut at = self.parent;
        while let Some(decoder) = at {
            steps.push(decoder.step);
            at = decoder.parent;
        }
        steps.into_iter().rev().fold(KeyPath::root(), |path, step| match step {
            Step::Root => path,
            Step::Key(key) => path.join(key),
            Step::Index(index) => path.index(index),
        })
    }

    /// Whether this node has been found to be wrong.
    pub fn is_left_out(&self, tree: &Tree) -> bool {
        let known = self.state.hides(tree);
        if !known && matches!(tree.node, Node::Refused) {
            self.leave_out(tree);
            return true;
        }
        known
    }

    /// Reports `finding` about this node, and leaves it out.
    fn refuse(&self, tree: &Tree, finding: Finding) {
        self.state.report(Found::at_value(finding, self.path()));
        self.leave_out(tree);
    }

    /// Leaves out this node, with all of the constant that it may be a part of: half a constant is another one.
    fn leave_out(&self, tree: &Tree) {
        let mut whole = (self, tree);
        while let Some(parent @ Decoder { constant: true, node: Written::Node(tree), .. }) = whole.0.parent {
            whole = (parent, tree);
        }
        self.state.leave_out(whole.1, whole.0.path());
    }

    /// Reports that something else was expected here.
    fn wrong(&self, tree: &Tree, expected: &str) {
        let observed = tree.describe();
        let remedy = meant(tree, expected).unwrap_or_else(|| format!("write {expected} here"));
        let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where {expected} belongs"))
            .differing(expected, observed)
            .remedy(remedy);
        self.refuse(tree, finding);
    }

    /// After a node was refused that nothing can stand in for: the next pass goes without it.
    fn retry<T>(&self) -> Decoded<T> {
        Err(if self.parent.is_some() { DecodeError::Again } else { DecodeError::Stop })
    }

    /// Gives a visitor's own message a place, and a missing key a stand-in.
    pub fn settle<T>(&self, result: Decoded<T>) -> Decoded<T> {
        result.or_else(|error| match (error, self.node) {
            (DecodeError::Custom(message), Written::Node(tree)) => {
                let observed = tree.describe();
                let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where {message} belongs"))
                    .differing(message.as_str(), observed)
                    .remedy(format!("write {message} here"));
                self.refuse(tree, finding);
                self.retry()
            }
            (DecodeError::MissingKey(key), Written::Node(tree)) => {
                let path = self.path();
                if !self.state.lacks(&path, key) {
                    let place = match self.step {
                        Step::Root => format!("the {}", self.state.what),
                        Step::Key(_) | Step::Index(_) => format!("`{path}`"),
                    };
                    let finding = Finding::new(&rules::MISSING_KEY, format!("{place} lacks the key `{key}`"))
                        .differing(format!("a key `{key}`"), "none")
                        .remedy(format!("add `{key}:` here"));
                    self.state.report(Found::at_key(finding, path.clone()));
                }
                Err(if self.state.supply(tree, path, key) { DecodeError::Again } else { DecodeError::Stop })
            }
            (DecodeError::Custom(_) | DecodeError::MissingKey(_), Written::Nothing) => Err(DecodeError::Stop),
            (error @ (DecodeError::Again | DecodeError::Stop), _) => Err(error),
        })
    }

    /// The scalar here; `None` after a report where there is none, or where nothing was written.
    pub fn scalar(&self, expected: &str) -> Option<(&'a Tree, &'a Scalar)> {
        let Written::Node(tree) = self.node else { return None };
        if let Node::Scalar(scalar) = &tree.node {
            return Some((tree, scalar));
        }
        self.wrong(tree, expected);
        None
    }

    /// The text of a scalar that is meant as text; empty after a report.
    fn text(&self) -> &'a str {
        let Some((tree, scalar)) = self.scalar("text") else { return "" };
        if scalar.text.is_empty() && scalar.style == Style::Plain {
            self.wrong(tree, "text");
            return "";
        }
        match scalar::meaning(scalar) {
            Meaning::Text => {
                self.warn_of(scalar);
                &scalar.text
            }
            // A version or a name may look like a number: with quotes it is text.
            Meaning::Null | Meaning::Bool(_) | Meaning::Int(_) | Meaning::Float => {
                let observed = tree.describe();
                let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where text belongs"))
                    .differing("text", observed)
                    .remedy(format!("put it in quotes: \"{}\"", scalar.text));
                self.refuse(tree, finding);
                ""
            }
        }
    }

    /// Warns of a scalar that YAML 1.1 reads otherwise.
    fn warn_of(&self, scalar: &Scalar) {
        if let Some(finding) = ambiguous(scalar) {
            self.state.report(Found::at_value(finding, self.path()));
        }
    }

    /// The whole number here; one after a report.
    fn integer<T: TryFrom<i128> + From<u8>>(&self, expected: &str) -> T {
        let stand_in = T::from(1);
        let Some((tree, scalar)) = self.scalar(expected) else { return stand_in };
        let value = match scalar::meaning(scalar) {
            Meaning::Int(value) => {
                self.warn_of(scalar);
                T::try_from(value).ok()
            }
            _ => None,
        };
        value.unwrap_or_else(|| {
            self.wrong(tree, expected);
            stand_in
        })
    }

    /// Reports the keys that a struct with `fields` does not have.
    fn check_keys(&self, entries: &[Entry], fields: &'static [&'static str]) {
        let written = |key: &str| entries.iter().any(|entry| entry.key.text == key);
        // Further pieces of one value have one cause.
        let mut is_cut = false;
        let mut empty = None;
        for (number, entry) in entries.iter().enumerate() {
            let key = entry.key.text.as_str();
            is_cut &= entry.is_piece();
            let refused = matches!(entry.value.node, Node::Refused);
            if fields.contains(&key) {
                empty = Some(key).filter(|_| entry.value.is_nothing());
            }
            if fields.contains(&key) || refused || is_cut || self.state.is_full() {
                continue;
            }
            let whole = cut_by_a_comma(entries, number);
            is_cut = whole.is_some();
            // A key that is there already is not the one that was meant.
            let meant = nearest(key, fields.iter().copied()).filter(|meant| !written(meant));
            // `{ doc: one, two }` has a key `two` without a value.
            let run_together = with_a_blank(key).filter(|_| entry.value.is_nothing());
            let before_colon = run_together.as_ref().and_then(|_| key.split(':').next());
            let meant = before_colon.filter(|before| fields.contains(before)).or(meant);
            let foreign = key.chars().find(|sign| sign.is_whitespace() && *sign != ' ');
            let remedy = match (run_together, whole, meant) {
                _ if foreign.is_some() => {
                    format!("write spaces in the place of U+{:04X}", foreign.map_or(0, u32::from))
                }
                (Some(mended), ..) => format!("write {mended}: a blank belongs after the colon"),
                (_, Some(whole), _) => {
                    format!("write {whole}: inside braces a comma ends a value that is not in quotes")
                }
                (_, _, Some(meant)) => format!("did you mean `{meant}`?"),
                _ => empty.map_or_else(
                    || "remove it".to_owned(),
                    |above| format!("indent it, if it belongs to `{above}`, or remove it"),
                ),
            };
            let finding = Finding::new(&rules::UNKNOWN_KEY, format!("unknown key `{key}`"))
                .differing(format!("one of {}", fields.join(", ")), format!("`{key}`"))
                .remedy(remedy);
            let path = self.path();
            self.state.report(Found::at_key(finding, path.join(key)));
            if let Some(meant) = meant {
                self.state.note_misspelt(path.join(meant));
            }
        }
    }
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let Written::Node(tree) = self.node else { return visitor.visit_unit() };
        match &tree.node {
            Node::Mapping(_) => self.deserialize_map(visitor),
            Node::Sequence(_) => self.deserialize_seq(visitor),
            Node::Refused => visitor.visit_unit(),
            Node::Scalar(scalar) => match scalar::meaning(scalar) {
                Meaning::Null => visitor.visit_unit(),
                Meaning::Bool(value) => visitor.visit_bool(value),
                Meaning::Int(value) => visitor.visit_i128(value),
                Meaning::Float | Meaning::Text => visitor.visit_str(&scalar.text),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let expected = "`true` or `false`";
        let Some((tree, scalar)) = self.scalar(expected) else { return visitor.visit_bool(false) };
        if let Meaning::Bool(value) = scalar::meaning(scalar) {
            return visitor.visit_bool(value);
        }
        self.wrong(tree, expected);
        visitor.visit_bool(false)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.integer("a whole number from 0 to 4294967295");
        visitor.visit_u32(value)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.integer("a whole number from 0");
        visitor.visit_u64(value)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let value = self.integer("a whole number");
        visitor.visit_i128(value)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Decoded<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        if let Written::Node(tree) = self.node {
            if let Node::Sequence(items) = &tree.node {
                return visitor.visit_seq(Items { parent: &self, items: items.iter().enumerate() });
            }
            self.wrong(tree, "a sequence");
        }
        visitor.visit_seq(SeqDeserializer::<_, DecodeError>::new(std::iter::empty::<()>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        if let Written::Node(tree) = self.node {
            if let Node::Mapping(mapping) = &tree.node {
                let entries = mapping.entries().iter();
                return visitor.visit_map(Entries::new(&self, entries, None, Vec::new()));
            }
            self.wrong(tree, "a mapping");
        }
        visitor.visit_map(MapDeserializer::<_, DecodeError>::new(std::iter::empty::<((), ())>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let Written::Node(tree) = self.node else { return Err(DecodeError::Stop) };
        let Node::Mapping(mapping) = &tree.node else {
            self.wrong(tree, "a mapping");
            return self.retry();
        };
        self.check_keys(mapping.entries(), fields);
        let supplied = self.state.supplied(tree);
        visitor.visit_map(Entries::new(&self, mapping.entries().iter(), Some(fields), supplied))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let Written::Node(tree) = self.node else { return Err(DecodeError::Stop) };
        let variant = match (name, &tree.node) {
            (WORD_OR_MAPPING | WORD_OR_LIST, Node::Scalar(_)) => "word",
            (WORD_OR_MAPPING, Node::Mapping(_)) => "mapping",
            (VALUE | WORD_OR_LIST, Node::Sequence(_)) => "list",
            (_, Node::Refused) => return Err(DecodeError::Stop),
            (WORD_OR_MAPPING, Node::Sequence(_)) => {
                self.wrong(tree, "a word or a mapping");
                return self.retry();
            }
            (WORD_OR_LIST, Node::Mapping(_)) => {
                self.wrong(tree, "a word or a list");
                return self.retry();
            }
            (VALUE, Node::Mapping(_)) => "entries",
            (VALUE, Node::Scalar(scalar)) => {
                self.warn_of(scalar);
                match scalar::meaning(scalar) {
                    Meaning::Null => "null",
                    Meaning::Bool(_) => "bool",
                    Meaning::Int(_) => "int",
                    Meaning::Float => "decimal",
                    Meaning::Text => "text",
                }
            }
            (_, Node::Scalar(scalar)) => {
                let Some(known) = variants.iter().find(|variant| **variant == scalar.text) else {
                    let known = variants.iter().map(|variant| format!("`{variant}`")).collect::<Vec<_>>().join(", ");
                    let finding = Finding::new(&rules::WRONG_TYPE, format!("unknown word `{}`", scalar.text))
                        .differing(format!("one of {known}"), format!("`{}`", scalar.text))
                        .remedy(
                            did_you_mean(&scalar.text, variants.iter().copied())
                                .unwrap_or_else(|| format!("write one of {known}")),
                        );
                    self.refuse(tree, finding);
                    return self.retry();
                };
                known
            }
            (_, Node::Mapping(_) | Node::Sequence(_)) => {
                self.wrong(tree, "a word");
                return self.retry();
            }
        };
        let content = Decoder { constant: name == VALUE, ..self };
        visitor.visit_enum(Variant { name: variant, content })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    use super::super::{decode, read};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Spec {
        name: String,
        version: u32,
        #[serde(default)]
        items: Vec<Item>,
        flag: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        id: String,
        of: String,
    }

    fn found(text: &str) -> (Option<Spec>, Vec<String>, Vec<String>) {
        let decoded = decode::<Spec>(&read(text).tree.unwrap(), "spec", &BTreeSet::new());
        let findings = decoded.findings.iter().map(|found| found.finding.message.clone()).collect();
        (decoded.spec, findings, decoded.left_out.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn all_mistakes_of_a_document_are_found() {
        let (spec, findings, _) = found("version: x\nitems: [{ id: 5 }, [], { of: a, id: b }]\nnam: m\nflag: maybe\n");
        assert!(spec.is_none());
        assert_eq!(
            findings,
            [
                "unknown key `nam`",
                "the text `x` where a whole number from 0 to 4294967295 belongs",
                "the number `5` where text belongs",
                "`items.0` lacks the key `of`",
                "a sequence where a mapping belongs",
                "the text `maybe` where `true` or `false` belongs",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_left_out_and_the_rest_is_there() {
        let (spec, findings, left_out) = found("name: m\nversion: 1\nitems: [{ id: a }, { of: a, id: b }]\nflag: 1\n");
        let spec = spec.unwrap();
        assert_eq!((spec.name.as_str(), spec.version, spec.flag), ("m", 1, None));
        assert_eq!(spec.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(spec.items[0].of, "a");
        assert_eq!(findings, ["`items.0` lacks the key `of`", "the number `1` where `true` or `false` belongs"]);
        assert_eq!(left_out, ["flag", "items.0"]);
    }
}
