//! SQL and DESCRIBE artifacts.

use cstspec_contract::{Dataset, OrderScope, Relation, View, describe};
use serde::Serialize;

use crate::CodegenError;
use crate::artifact::{notice, one_line};
use crate::template::Templates;

/// What `view.sql.tera` prints.
#[derive(Serialize)]
struct ViewText<'a> {
    notice: String,
    doc: String,
    sql: &'a str,
}

/// `sql/<view>.sql`: two lines of comment, an empty line, and the query byte for byte.
pub(crate) fn view(templates: &Templates, view: &View) -> Result<String, CodegenError> {
    let View { doc, origin, sql, .. } = view;
    templates.render("view.sql.tera", &ViewText { notice: notice(&origin.file), doc: one_line(doc), sql })
}

/// What `describe.txt.tera` prints.
#[derive(Serialize)]
struct DescribeText {
    notice: String,
    document: String,
}

/// `describe/<relation>.txt`.
pub(crate) fn describe(templates: &Templates, relation: Relation<'_>) -> Result<String, CodegenError> {
    let schema = relation.schema();
    let document = describe::document(&describe::rows(&schema), &schema);
    templates.render("describe.txt.tera", &DescribeText { notice: notice(&relation.origin().file), document })
}

/// What `definition.sql.tera` prints.
#[derive(Serialize)]
struct DefinitionText<'a> {
    notice: String,
    doc: String,
    columns: Vec<String>,
    promises: Vec<Promise>,
    name: &'a str,
    location: String,
}

/// A line about the whole dataset.
#[derive(Serialize)]
struct Promise {
    name: &'static str,
    value: String,
}

/// `definitions/<dataset>.sql`: the statement that mounts the dataset, under what its contract says. Plain DDL cannot spell these
/// types, so the statement names the contract, and the location is a folder of the dataset's name for the host to replace.
pub(crate) fn definition(templates: &Templates, dataset: &Dataset) -> Result<String, CodegenError> {
    let Dataset { name, doc, version, origin, .. } = dataset;
    let mut promises = vec![Promise { name: "version", value: version.to_string() }];
    promises.extend(layout(dataset));
    templates.render(
        "definition.sql.tera",
        &DefinitionText {
            notice: notice(&origin.file),
            doc: one_line(doc),
            columns: describe::tree(&dataset.schema()).lines().map(comment).collect(),
            promises,
            name,
            location: format!("{}/", name.replace('\'', "''")),
        },
    )
}

/// The partitions, order and keys that are declared.
fn layout(dataset: &Dataset) -> Vec<Promise> {
    let Dataset { partitions, ordering, constraints, .. } = dataset;
    let scope = match ordering.scope {
        OrderScope::File => "in each file",
        OrderScope::Table => "over the whole table",
    };
    let order: Vec<String> = ordering
        .keys
        .iter()
        .map(|key| format!("{} {}", key.column, if key.descending { "DESC" } else { "ASC" }))
        .collect();
    let order = if order.is_empty() { String::new() } else { format!("{} {scope}", order.join(", ")) };
    let unique: Vec<String> = constraints.unique.iter().map(|key| format!("({})", key.join(", "))).collect();
    [
        ("partitions", partitions.join(", ")),
        ("order", order),
        ("primary key", constraints.primary_key.join(", ")),
        ("unique", unique.join(", ")),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| Promise { name, value: one_line(&value) })
    .collect()
}

/// A line of the tree, with its indentation, that stays inside its comment.
fn comment(line: &str) -> String {
    let depth = line.len() - line.trim_start().len();
    format!("{}{}", " ".repeat(depth), one_line(line))
}
