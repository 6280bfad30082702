//! What stands inside a node, as serde asks for it: items, entries, variants.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::decode::{DecodeError, ambiguous, ambiguous_key};
use super::decoder::{Decoded, Decoder, Step, Written};
use super::node::{Entry, Tree};
use crate::finding::Found;

/// The items of a sequence that are not left out.
pub struct Items<'p> {
    pub parent: &'p Decoder<'p>,
    pub items: std::iter::Enumerate<std::slice::Iter<'p, Tree>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<Option<T::Value>> {
        for (index, tree) in self.items.by_ref() {
            let child = self.parent.child(Written::Node(tree), Step::Index(index));
            if !child.is_left_out(tree) {
                return child.settle(seed.deserialize(child)).map(Some);
            }
        }
        Ok(None)
    }
}

/// The entries of a mapping that are not left out, and those that are missing.
pub struct Entries<'p> {
    parent: &'p Decoder<'p>,
    written: std::slice::Iter<'p, Entry>,
    /// The keys of a struct; others have been reported and are passed over. `None` where every key is somebody's name.
    known: Option<&'static [&'static str]>,
    /// Keys that are missing.
    supplied: std::vec::IntoIter<&'static str>,
    /// The entry whose value comes next; `None` for one that is missing.
    current: Option<&'p Entry>,
}

impl<'p> Entries<'p> {
    pub fn new(
        parent: &'p Decoder<'p>,
        written: std::slice::Iter<'p, Entry>,
        known: Option<&'static [&'static str]>,
        supplied: Vec<&'static str>,
    ) -> Self {
        Self { parent, written, known, supplied: supplied.into_iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Decoded<Option<K::Value>> {
        let state = self.parent.state;
        for entry in self.written.by_ref() {
            let key = entry.key.text.as_str();
            let child = self.parent.child(Written::Node(&entry.value), Step::Key(key));
            if self.known.is_some_and(|known| !known.contains(&key)) || child.is_left_out(&entry.value) {
                continue;
            }
            // In a constant a key may well be a number.
            let ambiguous = if self.parent.is_constant() { ambiguous(&entry.key) } else { ambiguous_key(&entry.key) };
            if let (None, Some(finding)) = (self.known, ambiguous) {
                state.report(Found::at_key(finding, self.parent.path().join(key)));
            }
            self.current = Some(entry);
            return seed.deserialize(StrDeserializer::new(key)).map(Some);
        }
        self.current = None;
        self.supplied.next().map(|key| seed.deserialize(StrDeserializer::new(key))).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<T::Value> {
        let child = match self.current {
            Some(entry) => self.parent.child(Written::Node(&entry.value), Step::Key(&entry.key.text)),
            None => self.parent.nothing(),
        };
        child.settle(seed.deserialize(child))
    }
}

/// A variant chosen by what its node is, or by its word.
pub struct Variant<'a> {
    pub name: &'static str,
    pub content: Decoder<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = DecodeError;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Decoded<(V::Value, Content<'a>)> {
        let variant = seed.deserialize(StrDeserializer::<DecodeError>::new(self.name))?;
        Ok((variant, Content { name: self.name, node: self.content }))
    }
}

/// What stands inside a variant.
pub struct Content<'a> {
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
        let scalar = if self.name == "decimal" { self.node.scalar("a number") } else { None };
        match scalar {
            Some((_, scalar)) => seed.deserialize(StrDeserializer::new(&scalar.text)),
            None => seed.deserialize(self.node),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Decoded<V::Value> {
        self.node.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Decoded<V::Value> {
        self.node.deserialize_struct("", fields, visitor)
    }
}
