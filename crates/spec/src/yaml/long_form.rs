//! Whether a mapping in the place of a type is its long form, or the fields of a struct.

use cstspec_contract::nearest;

use super::foreign_key::meant_by;
use super::node::{Entry, Mapping, Node};
use super::scalar::{self, Meaning};

/// The key that makes a mapping a long form.
const TYPE: &str = "type";

/// Whether `mapping` is a long form, which has the keys `keys`, and no struct whose fields are its entries.
///
/// The key `type` decides. A mapping without it is a long form at fault if it cannot be a struct or is hardly meant as one: something in
/// it is none of a field, or a slip of `type` stands alone or beside keys of the long form.
pub fn is_long_form(mapping: &Mapping, keys: &[&str]) -> bool {
    let entries = mapping.entries();
    let is_key = |entry: &&Entry| keys.contains(&entry.key.text.as_str()) || meant_by(&entry.key.text).is_some();
    let slips = entries.iter().filter(|entry| is_slip(&entry.key.text)).count();
    // `{ type:int64 }` has a key `type:int64` without a value.
    let runs_together = |entry: &Entry| {
        entry.value.is_nothing() && entry.key.text.split_once(':').is_some_and(|(key, _)| keys.contains(&key))
    };
    entries.is_empty()
        || mapping.get(TYPE).is_some()
        || entries.iter().any(runs_together)
        || entries.iter().filter(is_key).any(is_no_type)
        || (slips == 1
            && (entries.len() == 1 || entries.iter().any(|entry| !is_slip(&entry.key.text) && is_key(&entry))))
}

/// Whether `key` is a slip of `type`, or the word of another system for it.
fn is_slip(key: &str) -> bool {
    // A plural is a likely name of a field.
    key != "types" && (nearest(key, [TYPE]).is_some() || meant_by(key) == Some(TYPE))
}

/// Whether the value is none that a field has: a number, a boolean, nothing, or a list.
fn is_no_type(entry: &Entry) -> bool {
    match &entry.value.node {
        Node::Scalar(scalar) => !matches!(scalar::meaning(scalar), Meaning::Text),
        Node::Sequence(_) => true,
        Node::Mapping(_) | Node::Refused => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Node, read};
    use super::is_long_form;

    const KEYS: [&str; 6] = ["type", "items", "nullable", "doc", "default", "allowed"];

    fn is_long(text: &str) -> bool {
        let tree = read(text).tree.unwrap();
        let Node::Mapping(mapping) = tree.node else { panic!("no mapping in {text}") };
        is_long_form(&mapping, &KEYS)
    }

    /// The key `type` makes a long form, whatever is beside it.
    #[test]
    fn type_makes_a_long_form() {
        for text in [
            "{ type: utf8 }",
            "{ type: { type: utf8 }, doc: d }",
            "{ type: utf8, start: int32 }",
            "{ typ: utf8 }",
            "{ tpye: utf8, nullable: false }",
            "{ typ: utf8, doc: word }",
            "{ nullable: false }",
            "{ allowed: [a] }",
            "{ default: 0, start: int32 }",
            "{ data_type: bigint, description: word }",
            "{ logicalType: string }",
            "{ type:int64 }",
            "{}",
        ] {
            assert!(is_long(text), "{text}");
        }
    }

    /// Fields may have any other name, that of a key included.
    #[test]
    fn other_mappings_are_structs() {
        for text in [
            "{ start: int32, end: int32 }",
            "{ types: \"list<utf8>\" }",
            "{ doc: utf8, default: utf8, title: utf8 }",
            "{ key: utf8, value: { low: int32 } }",
            "{ items: \"list<utf8>\" }",
            "{ data_type: utf8, ordinal: int32 }",
            "{ span: { start: int32 } }",
        ] {
            assert!(!is_long(text), "{text}");
        }
    }
}
