//! Scalars and keys that other readers of YAML read otherwise.

use cstspec_contract::Finding;

use super::scalar::{self, Scalar};
use crate::rules;

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
