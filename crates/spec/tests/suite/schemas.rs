//! The JSON Schemas that editors use, held against every spec of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cstspec_spec::json_schemas;
use jsonschema::Validator;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of specs that are meant to be right.
fn catalogs() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("tests/catalogs")).unwrap().map(|entry| entry.unwrap().path());
    let mut catalogs: Vec<PathBuf> = folders.filter(|folder| folder.join("catalog.yaml").exists()).collect();
    catalogs.push(root().join("specs"));
    catalogs.sort();
    catalogs
}

/// The spec files below `folder`, as paths from it.
pub fn spec_files(folder: &Path) -> Vec<String> {
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    files.sort();
    files
}

/// YAML as JSON under the core schema of YAML 1.2, read without the crate under test. `None` where it is none.
fn json(text: &str) -> Option<Value> {
    enum Open {
        Items(Vec<Value>),
        Entries(Map<String, Value>, Option<String>),
    }
    let mut open = Vec::new();
    let mut done = Value::Null;
    for event in Parser::new_from_str(text) {
        let value = match event.ok()?.0 {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => {
                open.push(Open::Items(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Entries(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::Items(items) => Value::Array(items),
                Open::Entries(entries, _) => Value::Object(entries),
            },
            Event::Alias(_) => return None,
            _ => continue,
        };
        match open.last_mut() {
            None => done = value,
            Some(Open::Items(items)) => items.push(value),
            Some(Open::Entries(entries, key)) => match key.take() {
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                Some(key) => drop(entries.insert(key, value)),
            },
        }
    }
    Some(done)
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            let number = text.parse::<i64>().ok().map(Value::from);
            let starts = text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '.');
            let fraction = || text.parse::<f64>().ok().filter(|_| starts).map(Value::from);
            number.or_else(fraction).unwrap_or_else(|| Value::from(text))
        }
    }
}

fn validators() -> BTreeMap<String, Validator> {
    let validator = |text: &str| jsonschema::draft7::new(&serde_json::from_str(text).unwrap()).unwrap();
    json_schemas().iter().map(|(file, text)| (file.clone(), validator(text))).collect()
}

/// The schema that the first line of a spec names, as it is written there.
fn named_schema(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("# yaml-language-server: $schema=")
}

/// Every spec names the schema of its kind and fits it.
#[test]
fn specs_fit_schemas() {
    let validators = validators();
    let mut seen = BTreeSet::new();
    for catalog in catalogs() {
        for file in spec_files(&catalog) {
            let shown = catalog.join(&file).display().to_string();
            let text = fs::read_to_string(catalog.join(&file)).unwrap();
            let schema = named_schema(&text).unwrap_or_else(|| panic!("{shown} names no schema"));
            let up = "../".repeat(file.matches('/').count());
            let name = schema.strip_prefix(&format!("{up}schema/")).unwrap_or_else(|| panic!("{shown}: {schema}"));
            let value = json(&text).unwrap();
            let first = text.lines().find(|line| !line.starts_with('#')).unwrap().split(':').next().unwrap();
            assert_eq!(name, format!("{first}.schema.json"), "{shown}");
            let validator = validators.get(name).unwrap_or_else(|| panic!("{shown}: no schema {name}"));
            let errors: Vec<String> =
                validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{shown}: {errors:#?}");
            seen.insert(name.to_owned());
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), validators.into_keys().collect::<Vec<_>>());
    for schema in json_schemas().keys() {
        assert!(root().join("specs/schema").join(schema).exists(), "{schema}");
    }
}

/// Every object with known keys below `schema`.
fn closed<'s>(schema: &'s Value, found: &mut Vec<&'s Map<String, Value>>) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                found.push(object);
            }
            object.values().for_each(|value| closed(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| closed(value, found)),
        _ => {}
    }
}

/// Schemas are draft 07 closed and described.
#[test]
fn schemas_closed_and_described() {
    for (file, text) in json_schemas() {
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "{file}");
        assert!(text.ends_with("}\n"));
        let mut objects = Vec::new();
        closed(&schema, &mut objects);
        assert!(!objects.is_empty(), "{file}");
        for object in objects {
            assert_eq!(object.get("additionalProperties"), Some(&Value::Bool(false)), "{file}: {object:?}");
            for (key, property) in object["properties"].as_object().unwrap() {
                assert!(property.get("description").is_some(), "{file}: `{key}` is not described");
            }
        }
    }
}

/// The cases of the rules that are about the form of a document alone.
const FORMAL: [&str; 3] = ["unknown-key", "missing-key", "wrong-type"];

/// What has the wrong form is refused by the schemas too.
#[test]
fn wrong_forms_refused() {
    let validators = validators();
    let check = root().join("tests/cases/check");
    for case in fs::read_dir(&check).unwrap().map(|entry| entry.unwrap().path()) {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
        for file in spec_files(&case) {
            let text = fs::read_to_string(case.join(&file)).unwrap();
            let Some(value) = json(&text) else { continue };
            let Some(kind) = text.lines().find(|line| !line.starts_with('#')).and_then(|line| line.split(':').next())
            else {
                continue;
            };
            let Some(validator) = validators.get(&format!("{kind}.schema.json")) else { continue };
            let at_fault = expected.lines().any(|line| line.starts_with(&format!("{file}:")));
            if FORMAL.contains(&name.as_str()) && at_fault {
                assert!(!validator.is_valid(&value), "{name}/{file}");
            } else if !at_fault {
                assert!(validator.is_valid(&value), "{name}/{file}");
            }
        }
    }
}
