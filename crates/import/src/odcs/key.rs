//! The keys of a mapping of a contract.

use cstspec_contract::Finding;
use cstspec_spec::rules;
use serde_yaml::{Mapping, Value};

use super::Reading;

/// A mapping with texts as keys.
pub struct Keys<'v>(&'v Mapping);

impl<'v> Keys<'v> {
    /// `value` as a mapping; a finding if it is something else.
    pub fn of(value: &'v Value, at: &str, reading: &mut Reading<'_>) -> Option<Self> {
        if let Value::Mapping(mapping) = value {
            return Some(Self(mapping));
        }
        let finding = Finding::new(&rules::WRONG_TYPE, format!("{} where a mapping belongs", described(value)))
            .differing("a mapping", described(value))
            .remedy("write keys with values");
        reading.wrong(at, finding);
        None
    }

    /// The value of `key`, unless it is null.
    pub fn get(&self, key: &str) -> Option<&'v Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The text of `key`; a number or a boolean as it is written.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(text)
    }

    /// Whether `key` is `true`.
    pub fn is(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// The number of `key`.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_i64)
    }

    /// The items of the list of `key`; one that is no list is the only item.
    pub fn list(&self, key: &str) -> Vec<&'v Value> {
        match self.get(key) {
            None => Vec::new(),
            Some(Value::Sequence(items)) => items.iter().collect(),
            Some(other) => vec![other],
        }
    }

    /// The keys that have a value and are not among `said`.
    pub fn left(&self, said: &[&str]) -> Vec<String> {
        let has_value = |value: &Value| match value {
            Value::Null => false,
            Value::Sequence(items) => !items.is_empty(),
            Value::Mapping(entries) => !entries.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => true,
        };
        let left = self.0.iter().filter(|(_, value)| has_value(value));
        let left = left.map(|(key, _)| text(key).unwrap_or_else(|| described(key).to_owned()));
        left.filter(|key| !said.contains(&key.as_str())).collect()
    }
}

/// A scalar as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Tagged(_) => "a tag",
    }
}
