//! Random views over what is nested in a dataset: of every list, with positions and conditions, and with accessors.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_contract::map_fields;
use fastrand::Rng;

use super::chance;

/// A list or map that a view can unnest.
struct Nested {
    path: String,
    item: FieldRef,
    /// The structs on the way: path, fields, and whether they are in a list.
    levels: Vec<(String, Fields, bool)>,
    /// The paths of the lists on the way, outermost first.
    around: Vec<String>,
}

/// Every list and map under a field that a path leads to.
fn lists(inside: &str, levels: &[(String, Fields, bool)], around: &[String], field: &Field, found: &mut Vec<Nested>) {
    let path = format!("{inside}{}", field.name());
    let (fields, listed, item) = match field.data_type() {
        DataType::Struct(fields) => (fields.clone(), levels.last().is_some_and(|level| level.2), None),
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(fields) => (fields.clone(), true, Some(Arc::clone(item))),
            _ => (Fields::empty(), true, Some(Arc::clone(item))),
        },
        DataType::Map(entries, _) => {
            let (key, value) = map_fields(entries).expect("a map has keys and values");
            let named = |field: &FieldRef, name: &str| Field::clone(field).with_name(name);
            let fields = Fields::from(vec![named(key, "key"), named(value, "value")]);
            let entry = Field::new("entry", DataType::Struct(fields.clone()), true);
            (fields, true, Some(Arc::new(entry)))
        }
        _ => return,
    };
    let mut around = around.to_vec();
    if let Some(item) = item {
        found.push(Nested { path: path.clone(), item, levels: levels.to_vec(), around: around.clone() });
        around.push(path.clone());
    }
    let mut levels = levels.to_vec();
    levels.push((path.clone(), fields.clone(), listed));
    for field in &fields {
        lists(&format!("{path}."), &levels, &around, field, found);
    }
}

/// Writes views over what is nested in a dataset, and over those views.
pub fn write(random: &mut Rng, specs: &Path, dataset: &str, schema: &Schema) {
    let mut found = Vec::new();
    for field in schema.fields() {
        lists("", &[], &[], field, &mut found);
    }
    random.shuffle(&mut found);
    let mut readable = String::new();
    for (number, list) in found.iter().take(4).enumerate() {
        let name = format!("{dataset}_v{number}");
        fs::write(specs.join(format!("views/{name}.yaml")), view(random, &name, dataset, schema, list)).unwrap();
        if let DataType::Struct(fields) = list.item.data_type() {
            for field in fields.iter().filter(|field| field.name() != "row_id") {
                let (DataType::List(item) | DataType::LargeList(item)) = field.data_type() else { continue };
                if chance(random, 1, 2) {
                    let path = field.name().clone();
                    let inner = Nested { path, item: item.clone(), levels: Vec::new(), around: Vec::new() };
                    let over = format!("{name}_{}", field.name());
                    let none = Schema::empty();
                    fs::write(specs.join(format!("views/{over}.yaml")), view(random, &over, &name, &none, &inner))
                        .unwrap();
                    readable = over;
                    break;
                }
            }
        }
        if readable.is_empty() {
            readable = name;
        }
    }
    if !readable.is_empty() {
        let text = format!(
            "view: {dataset}_counts\nsql: SELECT row_id, count(*) AS row_count FROM {readable} GROUP BY row_id\n\
             output:\n  row_id: {{ type: int64, nullable: false }}\n  row_count: {{ type: int64, nullable: false }}\n"
        );
        fs::write(specs.join(format!("views/{dataset}_counts.yaml")), text).unwrap();
    }
}

/// The positions that a view over `list` may have: of its elements, of elements around them, or of none.
fn position(random: &mut Rng, list: &Nested) -> String {
    match random.usize(..3) {
        0 => String::new(),
        1 => ", position: place".to_owned(),
        _ => {
            let lists = list.around.iter().chain([&list.path]).enumerate();
            let named: Vec<String> = lists.map(|(level, path)| format!("{path}: place{level}")).collect();
            format!(", position: {{ {} }}", named.join(", "))
        }
    }
}

/// A condition on the elements of `list`, for some views.
fn condition(random: &mut Rng, list: &Nested) -> Option<String> {
    let fields = match list.item.data_type() {
        DataType::Struct(fields) => fields.iter().cloned().collect(),
        _ => vec![Arc::new(Field::clone(&list.item).with_name("element"))],
    };
    let field = &fields[random.usize(..fields.len())];
    let name = field.name();
    if chance(random, 1, 2) {
        return None;
    }
    Some(match (field.data_type(), random.usize(..4)) {
        (DataType::Utf8 | DataType::LargeUtf8, 0 | 1) => format!("{name} <> 'name'"),
        (DataType::Int16 | DataType::Int32 | DataType::Int64, 0 | 1) => format!("{name} > 1"),
        (DataType::Boolean, 0 | 1) => format!("not {name}"),
        (_, 2) => format!("{name} is null"),
        _ => format!("{name} is not null"),
    })
}

/// The spec of a view over `list`, with columns of every level and with accessors.
fn view(random: &mut Rng, name: &str, of: &str, row: &Schema, list: &Nested) -> String {
    let single = |field: &Field| !field.data_type().is_nested();
    let position = position(random, list);
    let mut text = format!("view: {name}\nrows: {{ of: {of}, unnest: {}{position}, as: element }}\n", list.path);
    if let Some(condition) = condition(random, list) {
        writeln!(text, "where: {condition}").unwrap();
    }
    let (mut context, mut columns) = (String::new(), "  row_id: row\n".to_owned());
    for field in row.fields() {
        let unnested = list.path == *field.name() || list.path.starts_with(&format!("{}.", field.name()));
        if field.name() != "row_id" && !unnested && chance(random, 1, 4) {
            writeln!(columns, "  row_{}: {{ row: {} }}", field.name(), field.name()).unwrap();
        }
    }
    for (number, (path, fields, listed)) in list.levels.iter().enumerate() {
        for field in fields {
            let taken = format!("{path}.{}", field.name());
            let unnested = list.path == taken || list.path.starts_with(&format!("{taken}."));
            if !unnested && chance(random, 1, 2) {
                let column = format!("outer{number}_{}", field.name());
                if *listed {
                    writeln!(context, "  {column}: {taken}").unwrap();
                } else {
                    writeln!(columns, "  {column}: {{ row: {taken} }}").unwrap();
                }
            }
        }
    }
    let DataType::Struct(fields) = list.item.data_type() else {
        if !context.is_empty() {
            write!(text, "context:\n{context}").unwrap();
        }
        write!(text, "columns:\n{columns}").unwrap();
        return text;
    };
    text = text.replace(", as: element", "");
    let mut accessors = String::new();
    for field in fields.iter().filter(|field| field.name() != "row_id") {
        let field_name = field.name();
        match field.data_type() {
            DataType::Struct(inner) => {
                let taken = &inner[random.usize(..inner.len())];
                writeln!(columns, "  in_{field_name}: {{ field: {field_name}.{} }}", taken.name()).unwrap();
            }
            DataType::Map(..) => {
                let entries =
                    format!("  {name}_{field_name}_all: {{ entries: {field_name}, as: entry, keys: [row_id] }}");
                let entry =
                    format!("  {name}_{field_name}_one: {{ entry: {field_name}, key: origin, keys: [row_id] }}");
                writeln!(accessors, "{entries}\n{entry}").unwrap();
            }
            data_type if !data_type.is_nested() && chance(random, 1, 3) => {
                writeln!(columns, "  no_{field_name}: {{ expr: {field_name} is null }}").unwrap();
            }
            _ => {}
        }
    }
    let packed: Vec<&str> = fields
        .iter()
        .filter(|field| single(field) && field.name() != "row_id")
        .map(|field| field.name().as_str())
        .collect();
    if !packed.is_empty() {
        let fields: Vec<String> = packed.iter().map(|field| format!("{field}: {field}")).collect();
        let packed = format!("{{ packed: {{ {} }} }}", fields.join(", "));
        let accessor = if random.bool() { "pack" } else { "unpack" };
        writeln!(accessors, "  {name}_{accessor}: {{ {accessor}: {packed}, keys: [row_id] }}").unwrap();
    }
    if !context.is_empty() {
        write!(text, "context:\n{context}").unwrap();
    }
    write!(text, "columns:\n{columns}").unwrap();
    if !accessors.is_empty() {
        write!(text, "accessors:\n{accessors}").unwrap();
    }
    text
}
