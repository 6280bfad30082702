//! Tree to typed specs, with all mistakes reported and not only the first.
//!
//! serde gives up at the first error. Here a wrong scalar is reported and replaced by one that serde takes, a missing key is
//! reported and supplied, and the document is decoded again until nothing new is found. A last pass leaves out what was wrong, so
//! that no stand-in reaches a spec.

use std::collections::BTreeSet;

use serde::de::Deserialize;

use super::decoder::Decoder;
use super::key::KeyPath;
use super::located::{Located, MOST_MISTAKES};
use super::node::Tree;
use super::state::{DecodeError, State};

/// The result of decoding a document.
#[derive(Debug)]
pub struct Decoded<T> {
    /// The spec, without the nodes at fault; `None` where a mistake leaves nothing to work with.
    pub spec: Option<T>,
    /// Findings, without the file.
    pub findings: Vec<Located>,
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
        match root.located(T::deserialize(root)) {
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
    let (findings, left_out) = state.into_parts();
    Decoded { spec, findings, left_out }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    use super::super::read;
    use super::decode;

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

    /// All mistakes of a document are found.
    #[test]
    fn document_mistakes_found() {
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

    /// What is wrong is left out and the rest is there.
    #[test]
    fn wrong_parts_skipped() {
        let (spec, findings, left_out) = found("name: m\nversion: 1\nitems: [{ id: a }, { of: a, id: b }]\nflag: 1\n");
        let spec = spec.unwrap();
        assert_eq!((spec.name.as_str(), spec.version, spec.flag), ("m", 1, None));
        assert_eq!(spec.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(spec.items[0].of, "a");
        assert_eq!(findings, ["`items.0` lacks the key `of`", "the number `1` where `true` or `false` belongs"]);
        assert_eq!(left_out, ["flag", "items.0"]);
    }
}
