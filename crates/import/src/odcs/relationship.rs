//! Relationships as references.

use std::collections::BTreeMap;

use super::Reading;
use super::element::Element;
use super::key::{Keys, text};
use crate::draft::Reference;

/// The keys of a relationship that are read.
const READ: [&str; 4] = ["type", "from", "to", "id"];

/// Columns, and what they refer to, as the contract has both.
type Written = (Vec<String>, Vec<String>);

fn all(keys: &Keys<'_>, at: &str, path: &str, from: Option<&str>, reading: &mut Reading<'_>) -> Vec<Written> {
    let mut written = Vec::new();
    for (number, value) in keys.list("relationships").into_iter().enumerate() {
        let Some(keys) = Keys::of(value, &format!("{at}.relationships.{number}"), reading) else { continue };
        let names = |key: &str| -> Vec<String> { keys.list(key).into_iter().filter_map(text).collect() };
        let columns = if let Some(from) = from { vec![from.to_owned()] } else { names("from") };
        let to = names("to");
        let kind = keys.text("type").unwrap_or_else(|| "foreignKey".to_owned());
        if kind != "foreignKey" || columns.is_empty() || columns.len() != to.len() {
            reading.unsaid(path.to_owned(), format!("the relationship to `{}`", to.join(", ")));
            continue;
        }
        for left in keys.left(&READ) {
            reading.unsaid(path.to_owned(), format!("`{left}` of the relationship to `{}`", to.join(", ")));
        }
        written.push((columns, to));
    }
    written
}

/// The relationships of a property called `name` in files.
pub fn of_property(
    keys: &Keys<'_>,
    at: &str,
    path: &str,
    name: &str,
    is_nested: bool,
    reading: &mut Reading<'_>,
) -> Vec<Written> {
    let written = all(keys, at, path, Some(name), reading);
    if is_nested {
        for (_, to) in &written {
            reading.unsaid(path.to_owned(), format!("the relationship of a nested property to `{}`", to.join(", ")));
        }
        return Vec::new();
    }
    written
}

/// The relationships of an object.
pub fn of_object(keys: &Keys<'_>, at: &str, label: &str, reading: &mut Reading<'_>) -> Vec<Written> {
    let own = |name: &String| name.strip_prefix(&format!("{label}.")).unwrap_or(name).to_owned();
    let written = all(keys, at, label, None, reading);
    written.into_iter().map(|(columns, to)| (columns.iter().map(own).collect(), to)).collect()
}

/// The references of `table`, whose contract has objects with these keys.
pub fn references(
    table: &Element,
    keys: &BTreeMap<String, Vec<Vec<String>>>,
    reading: &mut Reading<'_>,
) -> Vec<Reference> {
    let of_children = table.children.iter().flat_map(|child| child.references.iter());
    let mut references = Vec::new();
    for (columns, to) in of_children.chain(&table.references) {
        let split: Option<Vec<(&str, &str)>> = to.iter().map(|to| to.split_once('.')).collect();
        let split = split.unwrap_or_default();
        let relation = split.first().map_or("", |(relation, _)| relation);
        let target: Vec<String> = split.iter().map(|(_, column)| (*column).to_owned()).collect();
        let is_one = !split.is_empty() && split.iter().all(|(one, _)| *one == relation);
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        let is_key = keys.get(relation).is_some_and(|keys| keys.iter().any(|key| sorted(key) == sorted(&target)));
        let is_known = columns.iter().all(|column| table.children.iter().any(|child| child.name == *column));
        if is_one && is_key && is_known {
            references.push(Reference { columns: columns.clone(), relation: relation.to_owned(), to: target });
        } else {
            let why =
                if is_one && keys.contains_key(relation) { "which is no key" } else { "which is not in the contract" };
            reading.unsaid(
                format!("{}.{}", table.label, columns.join(", ")),
                format!("the relationship to `{}`, {why}", to.join(", ")),
            );
        }
    }
    references
}
