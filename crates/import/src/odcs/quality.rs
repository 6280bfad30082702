//! Rules of quality that specs can have.

use serde_yaml::Value;

use super::Reading;
use super::element::Element;
use super::key::{Keys, text};

/// The keys of a rule that are read.
const READ: [&str; 9] = ["type", "metric", "rule", "mustBe", "validValues", "arguments", "unit", "name", "id"];

/// A rule of quality.
struct Rule<'v> {
    keys: Keys<'v>,
    metric: String,
}

impl<'v> Rule<'v> {
    fn all(keys: &Keys<'v>, at: &str, reading: &mut Reading<'_>) -> Vec<Self> {
        let mut rules = Vec::new();
        for (number, value) in keys.list("quality").into_iter().enumerate() {
            let Some(keys) = Keys::of(value, &format!("{at}.quality.{number}"), reading) else { continue };
            let metric = keys.text("metric").or_else(|| keys.text("rule"));
            let metric = metric.or_else(|| keys.text("type")).unwrap_or_else(|| "text".to_owned());
            rules.push(Self { keys, metric });
        }
        rules
    }

    /// Whether no row may break the rule.
    fn is_strict(&self) -> bool {
        let has_other = self
            .keys
            .left(&READ)
            .iter()
            .any(|key| key.starts_with("mustNot") || (key.starts_with("mustBe") && key != "mustBe"));
        let must = self.keys.get("mustBe").map(|value| value.as_f64() == Some(0.0));
        // Early rules of this kind have no operator.
        let early = self.keys.get("metric").is_none() && self.keys.get("validValues").is_some();
        !has_other && must.unwrap_or(early)
    }

    fn argument(&self, name: &str) -> Option<&'v Value> {
        self.keys.get(name).or_else(|| self.keys.get("arguments").and_then(|arguments| arguments.get(name)))
    }

    fn has_other_arguments(&self, known: &str) -> bool {
        let arguments = self.keys.get("arguments").and_then(Value::as_mapping);
        arguments.is_some_and(|arguments| arguments.keys().filter_map(text).any(|key| key != known))
    }

    /// Lists the rule as one without a counterpart.
    fn unsaid(&self, path: &str, reading: &mut Reading<'_>) {
        let name = self.keys.text("name").map_or_else(String::new, |name| format!(" `{name}`"));
        reading.unsaid(path.to_owned(), format!("the quality rule{name}: `{}`", self.metric));
    }

    /// Lists what a rule says beside what specs have of it.
    fn rest(&self, path: &str, reading: &mut Reading<'_>) {
        for left in self.keys.left(&READ) {
            reading.unsaid(path.to_owned(), format!("`quality.{left}` of `{}`", self.metric));
        }
    }
}

/// The rules of a property.
pub fn of_property(keys: &Keys<'_>, path: &str, is_nested: bool, property: &mut Element, reading: &mut Reading<'_>) {
    for rule in Rule::all(keys, &property.key.clone(), reading) {
        let is_said = rule.is_strict()
            && match rule.metric.as_str() {
                "nullValues" | "nullCheck" if !is_nested => {
                    property.not_null = true;
                    true
                }
                "duplicateValues" | "duplicateCount" if !is_nested && property.required => {
                    property.unique = true;
                    true
                }
                "invalidValues" | "validValues" if !rule.has_other_arguments("validValues") => {
                    let values = rule.argument("validValues").and_then(Value::as_sequence);
                    property.allowed.extend(values.into_iter().flatten().cloned());
                    values.is_some()
                }
                _ => false,
            };
        if is_said { rule.rest(path, reading) } else { rule.unsaid(path, reading) }
    }
    if property.unique && !property.required && property.primary.is_none() {
        reading.unsaid(path.to_owned(), "`unique` of a property that is not `required`: a key has no NULL");
    }
}

/// The rules of an object.
pub fn of_object(keys: &Keys<'_>, at: &str, object: &mut Element, reading: &mut Reading<'_>) {
    for rule in Rule::all(keys, at, reading) {
        let columns = rule.argument("properties").and_then(Value::as_sequence);
        let columns: Option<Vec<String>> = columns.map(|columns| {
            let named = |column: &Value| {
                let name = text(column).unwrap_or_default();
                let child = object.children.iter().find(|child| child.label == name);
                child.filter(|child| child.required || child.primary.is_some()).map(|child| child.name.clone())
            };
            columns.iter().map_while(named).collect()
        });
        let count = rule.argument("properties").and_then(Value::as_sequence).map_or(0, Vec::len);
        match columns {
            Some(columns)
                if rule.is_strict()
                    && count > 0
                    && columns.len() == count
                    && ["duplicateValues", "duplicateCount"].contains(&rule.metric.as_str()) =>
            {
                object.distinct.push(columns);
                rule.rest(&object.label.clone(), reading);
            }
            _ => rule.unsaid(&object.label.clone(), reading),
        }
    }
}
