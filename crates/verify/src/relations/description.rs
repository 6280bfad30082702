//! Compares the engine's description of a relation's columns with the contract.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field};
use cstspec_contract::describe::{self, DescribeRow};
use cstspec_contract::{Finding, Path, Relation, Rule, list_child, map_fields, spelling};
use cstspec_runtime::observe::describe::Observed;

use crate::rules;

/// A finding for each column that the engine describes otherwise, or for their order alone; a column or field that merely has
/// another name is one finding.
pub fn differences(relation: Relation<'_>, observed: &Observed) -> Vec<Finding> {
    let name = relation.name();
    let expected = describe::rows(&relation.schema());
    let renamed = renamed_columns(&expected, &observed.rows);
    let mut findings = Vec::new();
    for row in &expected {
        let column = row.column_name.as_str();
        if let Some(other) = renamed.get(column) {
            findings.push(drifted(relation, &Path::top(column), other));
            continue;
        }
        match observed.rows.iter().find(|other| other.column_name == column) {
            Some(other) if other == row => {}
            Some(other) => findings.extend(changed(relation, observed, row, other)),
            None => findings.push(
                differing(
                    relation,
                    &rules::DESCRIBE_DIFFERS,
                    &Path::top(column),
                    format!("`{name}` has no column `{column}`"),
                )
                .differing(line(row), "no such column")
                .remedy("add it to the view's query, or take it out of the spec"),
            ),
        }
    }
    let unknown = |row: &&DescribeRow| {
        let column = row.column_name.as_str();
        let known = expected.iter().any(|other| other.column_name == column);
        !known && !renamed.values().any(|other| *other == column)
    };
    findings.extend(additional(relation, &observed.rows.iter().filter(unknown).collect::<Vec<_>>()));
    if findings.is_empty() && observed.rows != expected {
        findings.push(
            Finding::new(&rules::DESCRIBE_DIFFERS, format!("the columns of `{name}` are in another order"))
                .differing(names(&expected), names(&observed.rows))
                .relation(name)
                .remedy("order the columns in the spec as the query has them")
                .at(relation.origin()),
        );
    }
    for declared in relation.schema().fields() {
        let column = declared.name().as_str();
        let Ok(found) = observed.schema.field_with_name(column) else { continue };
        if found.metadata() != declared.metadata() {
            let message = format!("the metadata of `{name}.{column}` is another");
            findings.push(
                differing(relation, &rules::METADATA_DIFFERS, &Path::top(column), message)
                    .differing(metadata(declared), metadata(found))
                    .remedy("declare the metadata that the engine hands on, or look for who registered the relation"),
            );
        }
    }
    findings
}

/// The most columns that one finding names.
const MOST_NAMED: usize = 10;

/// The finding of columns that only the engine has: one, since `SELECT *` gives all of them at once.
fn additional(relation: Relation<'_>, rows: &[&DescribeRow]) -> Option<Finding> {
    let name = relation.name();
    match rows {
        [] => None,
        [row] => {
            let column = row.column_name.as_str();
            let message = format!("`{name}` has a column `{column}` that the contract lacks");
            let finding = differing(relation, &rules::DESCRIBE_DIFFERS, &Path::top(column), message)
                .differing("no such column", line(row))
                .remedy("take it out of the view's query, or add it to the spec");
            Some(finding)
        }
        rows => {
            let mut listed: Vec<String> =
                rows.iter().take(MOST_NAMED).map(|row| format!("{}: {}", row.column_name, line(row))).collect();
            if rows.len() > MOST_NAMED {
                listed.push(format!("{} more", rows.len() - MOST_NAMED));
            }
            let message = format!("`{name}` has {} columns that the contract lacks", rows.len());
            let finding = Finding::new(&rules::DESCRIBE_DIFFERS, message)
                .differing("the declared columns alone", listed.join(", "))
                .relation(name)
                .remedy("name the columns that are meant in the view's query, or add these to the spec")
                .at(relation.origin());
            Some(finding)
        }
    }
}

fn differing(relation: Relation<'_>, rule: &'static Rule, path: &Path, message: String) -> Finding {
    let origin = relation.locate(path).unwrap_or_else(|| relation.origin().clone());
    Finding::new(rule, message).relation(relation.name()).path(path.to_string()).at(&origin)
}

fn line(row: &DescribeRow) -> String {
    spelling::of_arrow(&row.data_type) + not_null(row)
}

fn not_null(row: &DescribeRow) -> &'static str {
    if row.is_nullable == "NO" { " not null" } else { "" }
}

/// Whether `row` is what DESCRIBE says of `field`.
fn of(field: &Field, row: &DescribeRow) -> bool {
    row.data_type == field.data_type().to_string()
}

fn names(rows: &[DescribeRow]) -> String {
    rows.iter().map(|row| row.column_name.as_str()).collect::<Vec<_>>().join(", ")
}

fn metadata(field: &Field) -> String {
    let sorted: BTreeMap<_, _> = field.metadata().iter().collect();
    format!("{sorted:?}")
}

/// That the engine calls the column or field at `path` `other`.
pub fn drifted(relation: Relation<'_>, path: &Path, other: &str) -> Finding {
    let message = format!("the engine calls `{}.{path}` otherwise", relation.name());
    differing(relation, &rules::NAME_DRIFTED, path, message)
        .differing(path.leaf(), other)
        .remedy("give it its name with AS in the view's query, or change the spec to the new one")
}

/// The columns that stand in the place of another with its type, by the contract's name, with the engine's.
fn renamed_columns<'a>(expected: &'a [DescribeRow], observed: &'a [DescribeRow]) -> BTreeMap<&'a str, &'a str> {
    let named = |rows: &[DescribeRow], name: &str| rows.iter().any(|row| row.column_name == name);
    expected
        .iter()
        .zip(observed)
        .filter(|(row, other)| {
            !named(observed, &row.column_name)
                && !named(expected, &other.column_name)
                && (&row.data_type, &row.is_nullable) == (&other.data_type, &other.is_nullable)
        })
        .map(|(row, other)| (row.column_name.as_str(), other.column_name.as_str()))
        .collect()
}

/// The findings of a column whose type or nullability is another.
fn changed(relation: Relation<'_>, observed: &Observed, row: &DescribeRow, other: &DescribeRow) -> Vec<Finding> {
    let column = row.column_name.as_str();
    let schema = relation.schema();
    if let (Ok(declared), Ok(found)) = (schema.field_with_name(column), observed.schema.field_with_name(column))
        && let Some(names) = renamed_fields(&Path::top(column), declared, found)
        && !names.is_empty()
    {
        return names.into_iter().map(|(path, name)| drifted(relation, &path, &name)).collect();
    }
    let message = format!("the engine describes `{}.{column}` otherwise", relation.name());
    let path = Path::top(column);
    let (expected, described) = match (schema.field_with_name(column), observed.schema.field_with_name(column)) {
        (Ok(declared), Ok(found))
            if declared.data_type() != found.data_type() && of(declared, row) && of(found, other) =>
        {
            let (expected, described) = spelling::difference(&path, declared.data_type(), found.data_type());
            (expected + not_null(row), described + not_null(other))
        }
        _ => (line(row), line(other)),
    };
    let finding = differing(relation, &rules::DESCRIBE_DIFFERS, &path, message)
        .differing(expected, described)
        .remedy("if the engine is right, change the spec and generate again");
    vec![finding]
}

/// The nested fields of `declared` that have another name in `found`, with that name; `None` if anything but names differs.
pub fn renamed_fields(path: &Path, declared: &Field, found: &Field) -> Option<Vec<(Path, String)>> {
    if declared.is_nullable() != found.is_nullable() {
        return None;
    }
    match (declared.data_type(), found.data_type()) {
        (DataType::Struct(declared), DataType::Struct(found)) => {
            let has = |fields: &arrow::datatypes::Fields, name: &str| fields.find(name).is_some();
            if declared.len() != found.len() {
                return None;
            }
            let mut names = Vec::new();
            for (declared_field, found_field) in declared.iter().zip(found) {
                let path = path.join(declared_field.name());
                if declared_field.name() != found_field.name() {
                    // Fields that have changed places are not renamed.
                    if has(found, declared_field.name()) || has(declared, found_field.name()) {
                        return None;
                    }
                    names.push((path.clone(), found_field.name().clone()));
                }
                names.extend(renamed_fields(&path, declared_field, found_field)?);
            }
            Some(names)
        }
        (DataType::Map(declared, _), DataType::Map(found, _)) => {
            let ((key, value), (found_key, found_value)) = (map_fields(declared)?, map_fields(found)?);
            let mut names = renamed_fields(&path.join("key"), key, found_key)?;
            names.extend(renamed_fields(&path.join("value"), value, found_value)?);
            Some(names)
        }
        (declared, found) => match (list_child(declared), list_child(found)) {
            (Some(declared_item), Some(found_item))
                if std::mem::discriminant(declared) == std::mem::discriminant(found) =>
            {
                renamed_fields(path, declared_item, found_item)
            }
            _ => (declared == found).then(Vec::new),
        },
    }
}
