//! The decoder as serde's deserializer: its requests for scalars, items, entries and variants.

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use cstspec_contract::{Finding, did_you_mean};

use super::ambiguous::{ambiguous, ambiguous_key};
use super::decoder::{Decoded, Decoder, Input, Step};
use super::located::Located;
use super::long_form::is_long_form;
use super::node::{Entry, Node, Tree};
use super::scalar::{self, Meaning};
use super::state::DecodeError;
use super::suggestion::cut_by_a_colon;
use crate::rules;

/// The enum name that asks for variant `word` on scalars and `mapping` on everything else.
pub const WORD_OR_MAPPING: &str = "$word_or_mapping";
/// The enum name that asks for variant `word` on scalars, and on mappings for `long` or `fields`: the variants that it has are the keys
/// of the long form.
pub const TYPE_OR_MAPPING: &str = "$type_or_mapping";
/// The enum name that asks for variant `word` on scalars and `list` on sequences.
pub const WORD_OR_LIST: &str = "$word_or_list";

/// The enum name that asks for a variant by what a value is: `null`, `bool`, `int`, `decimal`, `text`, `list`, `entries`.
pub const VALUE: &str = "$value";

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let Input::Node(tree) = self.node else { return visitor.visit_unit() };
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
        if let Input::Node(tree) = self.node {
            if let Node::Sequence(items) = &tree.node {
                return visitor.visit_seq(Items { parent: &self, items: items.iter().enumerate() });
            }
            self.wrong(tree, "a sequence");
        }
        visitor.visit_seq(SeqDeserializer::<_, DecodeError>::new(std::iter::empty::<()>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        if let Input::Node(tree) = self.node {
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
        let Input::Node(tree) = self.node else { return Err(DecodeError::Stop) };
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
        let Input::Node(tree) = self.node else {
            // What may be a word is an empty one where it is missing.
            let is_word = matches!(name, WORD_OR_MAPPING | WORD_OR_LIST | TYPE_OR_MAPPING);
            return if is_word {
                visitor.visit_enum(Variant { name: "word", content: self })
            } else {
                Err(DecodeError::Stop)
            };
        };
        let variant = match (name, &tree.node) {
            (WORD_OR_MAPPING | WORD_OR_LIST | TYPE_OR_MAPPING, Node::Scalar(_)) => "word",
            (WORD_OR_MAPPING, Node::Mapping(_)) => "mapping",
            (TYPE_OR_MAPPING, Node::Mapping(_)) if cut_by_a_colon(tree).is_some() => {
                self.wrong(tree, "a type");
                return self.retry();
            }
            (TYPE_OR_MAPPING, Node::Mapping(mapping)) => {
                if is_long_form(mapping, variants) {
                    "long"
                } else {
                    "fields"
                }
            }
            (VALUE | WORD_OR_LIST, Node::Sequence(_)) => "list",
            (_, Node::Refused) => return Err(DecodeError::Stop),
            (WORD_OR_MAPPING | TYPE_OR_MAPPING, Node::Sequence(_)) => {
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
        let content = self.with_constant(name == VALUE);
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

/// The items of a sequence that are not left out.
struct Items<'p> {
    parent: &'p Decoder<'p>,
    items: std::iter::Enumerate<std::slice::Iter<'p, Tree>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<Option<T::Value>> {
        for (index, tree) in self.items.by_ref() {
            let child = self.parent.child(Input::Node(tree), Step::Index(index));
            if !child.is_left_out(tree) {
                return child.located(seed.deserialize(child)).map(Some);
            }
        }
        Ok(None)
    }
}

/// The entries of a mapping that are not left out, and those that are missing.
struct Entries<'p> {
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
    fn new(
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
            let child = self.parent.child(Input::Node(&entry.value), Step::Key(key));
            if self.known.is_some_and(|known| !known.contains(&key)) || child.is_left_out(&entry.value) {
                continue;
            }
            // In a constant a key may well be a number.
            let ambiguous = if self.parent.constant { ambiguous(&entry.key) } else { ambiguous_key(&entry.key) };
            if let (None, Some(finding)) = (self.known, ambiguous) {
                state.report(Located::at_key(finding, self.parent.path().join(key)));
            }
            self.current = Some(entry);
            return seed.deserialize(StrDeserializer::new(key)).map(Some);
        }
        self.current = None;
        self.supplied.next().map(|key| seed.deserialize(StrDeserializer::new(key))).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<T::Value> {
        let child = match self.current {
            Some(entry) => self.parent.child(Input::Node(&entry.value), Step::Key(&entry.key.text)),
            None => self.parent.nothing(),
        };
        child.located(seed.deserialize(child))
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
        let variant = seed.deserialize(StrDeserializer::<DecodeError>::new(self.name))?;
        Ok((variant, Content { name: self.name, node: self.content }))
    }
}

/// The content of a variant.
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
