//! Objects and properties of a contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use cstspec_contract::{Finding, Path, types};
use cstspec_spec::rules;
use serde_yaml::Value;

use super::key::{Keys, text};
use super::{Reading, physical, quality};
use crate::document::{ALLOWED, DOC};

/// The logical types.
const LOGICAL: [&str; 10] =
    ["string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map"];
/// The keys of an object that specs have, or that are read with others.
const OF_OBJECT: [&str; 9] = [
    "name",
    "id",
    "logicalType",
    "physicalType",
    "physicalName",
    "description",
    "properties",
    "quality",
    "relationships",
];
/// Those of a property.
const OF_PROPERTY: [&str; 18] = [
    "name",
    "id",
    "logicalType",
    "physicalType",
    "physicalName",
    "description",
    "properties",
    "items",
    "map",
    "required",
    "unique",
    "primaryKey",
    "primaryKeyPosition",
    "partitioned",
    "partitionKeyPosition",
    "quality",
    "relationships",
    "enum",
];

/// An object or a property.
#[derive(Clone, Debug)]
pub struct Element {
    /// The name in files.
    pub name: String,
    /// The name in the contract.
    pub label: String,
    /// Its key path in the contract.
    pub key: String,
    /// Its meaning.
    pub doc: String,
    /// The type; that of an object is a struct.
    pub data_type: DataType,
    /// NULL is no value of it.
    pub required: bool,
    /// No two rows have the same value.
    pub unique: bool,
    /// The place in the primary key.
    pub primary: Option<i64>,
    /// The place among the partition columns.
    pub partition: Option<i64>,
    /// The values that it may have.
    pub allowed: Vec<Value>,
    /// Values without NULL, which a rule checks and the schema does not declare.
    pub not_null: bool,
    /// Columns of which no two rows have the same.
    pub distinct: Vec<Vec<String>>,
    /// References, as the contract has them: columns, and what they refer to.
    pub references: Vec<(Vec<String>, Vec<String>)>,
    /// The properties.
    pub children: Vec<Element>,
}

impl Element {
    /// The object at the key path `at`.
    pub fn object(value: &Value, at: &str, reading: &mut Reading<'_>) -> Option<Self> {
        let keys = Keys::of(value, at, reading)?;
        let label = name(&keys, at, "object", reading)?;
        let mut object = Self::empty(&label, at);
        object.doc = keys.text("description").unwrap_or_default();
        let physical = keys.text("physicalName").filter(|physical| *physical != label);
        if let Some(physical) = physical {
            reading.unsaid(label.clone(), format!("the physical name `{physical}`: a dataset has one name"));
        }
        if keys.text("logicalType").is_some_and(|logical| logical != "object") {
            let logical = keys.text("logicalType").unwrap_or_default();
            reading.unknown(&format!("{at}.logicalType"), "logicalType of an object", &logical, &["object"]);
        }
        for left in keys.left(&OF_OBJECT) {
            reading.unsaid(label.clone(), format!("`{left}`"));
        }
        object.children = children(&keys, at, &label, reading);
        if object.children.is_empty() {
            no_children(at, "object", "properties", reading);
        }
        quality::of_object(&keys, at, &mut object, reading);
        object.references = super::relationship::of_object(&keys, at, &label, reading);
        Some(object)
    }

    fn empty(label: &str, at: &str) -> Self {
        Self {
            name: label.to_owned(),
            label: label.to_owned(),
            key: at.to_owned(),
            doc: String::new(),
            data_type: DataType::Null,
            required: false,
            unique: false,
            primary: None,
            partition: None,
            allowed: Vec::new(),
            not_null: false,
            distinct: Vec::new(),
            references: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The property at the key path `at` of the element `above`; `name` is the one of an element of a list or a map.
    fn property(value: &Value, at: &str, above: &str, fixed: Option<&str>, reading: &mut Reading<'_>) -> Option<Self> {
        let keys = Keys::of(value, at, reading)?;
        let label = match fixed {
            Some(fixed) => keys.text("name").unwrap_or_else(|| fixed.to_owned()),
            None => name(&keys, at, "property", reading)?,
        };
        let path = if fixed.is_some() { above.to_owned() } else { format!("{above}.{label}") };
        let mut property = Self::empty(&label, at);
        property.name = match (fixed, keys.text("physicalName")) {
            (Some(fixed), _) => fixed.to_owned(),
            (None, Some(physical)) if physical != label => {
                reading.unsaid(path.clone(), format!("the name `{label}`: files have the physical name `{physical}`"));
                physical
            }
            _ => label.clone(),
        };
        property.doc = keys.text("description").unwrap_or_default();
        property.required = keys.is("required");
        property.unique = keys.is("unique");
        property.primary = keys.is("primaryKey").then(|| keys.number("primaryKeyPosition").unwrap_or(i64::MAX));
        property.partition = keys.is("partitioned").then(|| keys.number("partitionKeyPosition").unwrap_or(i64::MAX));
        let is_nested = fixed.is_some() || above.contains('.');
        for (key, is_set) in [
            ("unique", property.unique),
            ("primaryKey", property.primary.is_some()),
            ("partitioned", property.partition.is_some()),
        ] {
            if is_nested && is_set {
                reading.unsaid(path.clone(), format!("`{key}` of a nested property"));
            }
        }
        if let Some(options) = keys.get("logicalTypeOptions")
            && let Some(options) = Keys::of(options, &format!("{at}.logicalTypeOptions"), reading)
        {
            for left in options.left(&["format", "timezone", "defaultTimezone"]) {
                reading.unsaid(path.clone(), format!("`logicalTypeOptions.{left}`"));
            }
        }
        for left in keys.left(&OF_PROPERTY).into_iter().filter(|left| left != "logicalTypeOptions") {
            reading.unsaid(path.clone(), format!("`{left}`"));
        }
        property.data_type = property.read_type(&keys, at, &path, reading)?;
        property.allowed = enumeration(&keys, &path, reading);
        quality::of_property(&keys, &path, is_nested, &mut property, reading);
        if fixed.is_some() && !property.allowed.is_empty() {
            reading.unsaid(path.clone(), "the allowed values of elements, keys or values");
            property.allowed.clear();
        }
        property.keep_allowed(&path, reading);
        property.references = super::relationship::of_property(&keys, at, &path, &property.name, is_nested, reading);
        Some(property)
    }

    fn read_type(&mut self, keys: &Keys<'_>, at: &str, path: &str, reading: &mut Reading<'_>) -> Option<DataType> {
        let physical = keys.text("physicalType");
        let logical = match keys.text("logicalType") {
            Some(logical) => logical,
            None if keys.get("properties").is_some() => "object".to_owned(),
            None if keys.get("items").is_some() => "array".to_owned(),
            None if keys.get("map").is_some() => "map".to_owned(),
            None => {
                if let Some(data_type) = physical.as_deref().and_then(physical::data_type) {
                    return Some(data_type);
                }
                let what =
                    physical.map_or_else(|| "none".to_owned(), |physical| format!("the physicalType `{physical}`"));
                let finding = Finding::new(&rules::MISSING_KEY, format!("the property `{path}` has no logicalType"))
                    .differing("`logicalType`, or a `physicalType` that is known", what)
                    .remedy(format!("add `logicalType`: {}", LOGICAL.join(", ")));
                reading.wrong(at, finding);
                return None;
            }
        };
        match logical.as_str() {
            "object" => {
                self.children = children(keys, at, path, reading);
                if self.children.is_empty() {
                    no_children(at, path, "properties", reading);
                    return None;
                }
                Some(DataType::Struct(self.children.iter().map(Self::field).collect()))
            }
            "array" => {
                let Some(items) = keys.get("items") else {
                    no_children(at, path, "items", reading);
                    return None;
                };
                let item = Self::property(items, &format!("{at}.items"), path, Some("item"), reading)?;
                Some(DataType::List(item.field()))
            }
            "map" => {
                let Some(map) = keys.get("map") else {
                    no_children(at, path, "map", reading);
                    return None;
                };
                let at = format!("{at}.map");
                let map = Keys::of(map, &at, reading)?;
                let mut entry = |name: &str| {
                    let Some(value) = map.get(name) else {
                        no_children(&at, path, name, reading);
                        return None;
                    };
                    Self::property(value, &format!("{at}.{name}"), path, Some(name), reading)
                };
                let (key, value) = (entry("key"), entry("value"));
                let (mut key, value) = (key?, value?);
                key.required = true;
                Some(types::map_of(key.field(), value.field()))
            }
            other if LOGICAL.contains(&other) => Some(physical::of_logical(keys, other, path, reading)),
            other => {
                reading.unknown(&format!("{at}.logicalType"), "logicalType", other, &LOGICAL);
                None
            }
        }
    }

    /// Keeps the allowed values if a spec can have them.
    fn keep_allowed(&mut self, path: &str, reading: &mut Reading<'_>) {
        let fits = |value: &Value| match &self.data_type {
            DataType::Utf8 => value.is_string(),
            data_type if data_type.is_integer() => value.is_i64() || value.is_u64(),
            DataType::Boolean => value.is_bool(),
            _ => false,
        };
        if !self.allowed.iter().all(fits) {
            reading.unsaid(path.to_owned(), "the allowed values, which are not values of the type");
            self.allowed.clear();
        }
    }

    /// The Arrow field, with the doc and the allowed values in its metadata.
    pub fn field(&self) -> FieldRef {
        let mut metadata = Vec::new();
        if !self.doc.is_empty() {
            metadata.push((DOC.to_owned(), self.doc.clone()));
        }
        if !self.allowed.is_empty() {
            metadata.push((ALLOWED.to_owned(), serde_json::to_string(&self.allowed).unwrap_or_default()));
        }
        let field = Field::new(self.name.as_str(), self.data_type.clone(), !self.required);
        Arc::new(field.with_metadata(metadata.into_iter().collect()))
    }

    /// Whether properties are the primary key.
    pub fn has_primary_key(&self) -> bool {
        self.children.iter().any(|child| child.primary.is_some())
    }

    /// The keys of an object: the primary key first, and the others.
    pub fn keys(&self) -> Vec<Vec<String>> {
        let mut primary: Vec<(i64, &str)> =
            self.children.iter().filter_map(|child| Some((child.primary?, child.name.as_str()))).collect();
        primary.sort_by_key(|(position, _)| *position);
        let mut keys: Vec<Vec<String>> = Vec::new();
        if !primary.is_empty() {
            keys.push(primary.into_iter().map(|(_, name)| name.to_owned()).collect());
        }
        // The columns of other keys are NOT NULL.
        let is_required = |name: &String| self.children.iter().any(|child| child.name == *name && child.required);
        let unique = self.children.iter().filter(|child| child.unique).map(|child| vec![child.name.clone()]);
        for key in unique.chain(self.distinct.iter().cloned()) {
            if key.iter().all(is_required) && !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The partition columns, in their order.
    pub fn partitions(&self, reading: &mut Reading<'_>) -> Vec<String> {
        let mut columns: Vec<(i64, &Self)> =
            self.children.iter().filter_map(|child| Some((child.partition?, child))).collect();
        columns.sort_by_key(|(position, _)| *position);
        let (nested, flat): (Vec<_>, Vec<_>) =
            columns.into_iter().map(|(_, child)| child).partition(|child| child.data_type.is_nested());
        for child in nested {
            reading.unsaid(
                format!("{}.{}", self.label, child.label),
                "`partitioned`: a partition column is no list, map or object",
            );
        }
        flat.into_iter().map(|child| child.name.clone()).collect()
    }

    /// The paths that a rule says are without NULLs.
    pub fn not_null(&self) -> BTreeSet<Path> {
        let mut paths = BTreeSet::new();
        for child in &self.children {
            if child.not_null && !child.required {
                paths.insert(Path::top(child.name.as_str()));
            }
        }
        paths
    }
}

/// The name of an element; a finding if it has none.
fn name(keys: &Keys<'_>, at: &str, what: &str, reading: &mut Reading<'_>) -> Option<String> {
    let name = keys.text("name").filter(|name| !name.is_empty());
    if name.is_none() {
        let finding = Finding::new(&rules::MISSING_KEY, format!("a {what} without a name"))
            .differing("`name`", "none")
            .remedy("add `name`");
        reading.wrong(at, finding);
    }
    name
}

fn no_children(at: &str, path: &str, key: &str, reading: &mut Reading<'_>) {
    let finding = Finding::new(&rules::MISSING_KEY, format!("`{path}` has no `{key}`"))
        .differing(format!("`{key}`"), "none")
        .remedy(format!("add `{key}`, or write another logicalType"));
    reading.wrong(at, finding);
}

/// The properties of an element.
fn children(keys: &Keys<'_>, at: &str, path: &str, reading: &mut Reading<'_>) -> Vec<Element> {
    let mut children: Vec<Element> = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (number, value) in keys.list("properties").into_iter().enumerate() {
        let at = format!("{at}.properties.{number}");
        let Some(child) = Element::property(value, &at, path, None, reading) else { continue };
        if let Some(first) = seen.insert(child.name.clone(), at.clone()) {
            let finding = Finding::new(
                &rules::NAME_COLLISION,
                format!("two properties of `{path}` have the name `{}`", child.name),
            )
            .differing("each name once", format!("`{}` again, after `{first}`", child.name))
            .remedy("rename or remove one of the two");
            reading.wrong(&format!("{at}.name"), finding);
            continue;
        }
        children.push(child);
    }
    children
}

/// The values of `enum`.
fn enumeration(keys: &Keys<'_>, path: &str, reading: &mut Reading<'_>) -> Vec<Value> {
    let mut values = Vec::new();
    let mut left = BTreeSet::new();
    for item in keys.list("enum") {
        match item {
            Value::Mapping(entry) => {
                left.extend(entry.keys().filter_map(text).filter(|key| key != "value"));
                values.extend(entry.get("value").cloned());
            }
            value => values.push(value.clone()),
        }
    }
    for key in left {
        reading.unsaid(path.to_owned(), format!("`{key}` of the values of `enum`"));
    }
    values
}
