//! DESCRIBE: the three columns that the engine prints, and the same types as a tree.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow_schema::{DataType, Field, Schema};

use crate::path::list_child;
use crate::text;

/// One row of DESCRIBE, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DescribeRow {
    /// The column's name.
    pub column_name: String,
    /// Its type, nested types on one line.
    pub data_type: String,
    /// `YES` or `NO`.
    pub is_nullable: String,
}

/// The expected DESCRIBE of a relation with this schema.
pub fn rows(schema: &Schema) -> Vec<DescribeRow> {
    schema
        .fields()
        .iter()
        .map(|field| DescribeRow {
            column_name: field.name().clone(),
            data_type: field.data_type().to_string(),
            is_nullable: if field.is_nullable() { "YES" } else { "NO" }.to_owned(),
        })
        .collect()
}

/// `rows` as text: one line per row with ` | ` between the columns, under a line of their names.
pub fn table(rows: &[DescribeRow]) -> String {
    let mut text = String::from("column_name | data_type | is_nullable\n");
    for row in rows {
        let DescribeRow { column_name, data_type, is_nullable } = row;
        let _ = writeln!(text, "{column_name} | {data_type} | {is_nullable}");
    }
    text
}

/// The fields of `schema` as an indented tree: one field per line, at any depth.
pub fn tree(schema: &Schema) -> String {
    let mut text = String::new();
    for field in schema.fields() {
        branch(&mut text, field, 0);
    }
    text
}

/// The text of a `describe/<relation>.txt` below its header, and of a snapshot: `rows` verbatim, an empty line, the tree.
pub fn document(rows: &[DescribeRow], schema: &Schema) -> String {
    format!("{}\n{}", table(rows), tree(schema))
}

fn branch(text: &mut String, field: &Field, depth: usize) {
    let indent = "  ".repeat(depth);
    let not_null = if field.is_nullable() { "" } else { " NOT NULL" };
    let (label, children) = parts(field.data_type());
    let _ = write!(text, "{indent}{}: {label}{not_null}", field.name());
    let mut metadata: Vec<_> = field.metadata().iter().collect();
    metadata.sort();
    for (key, value) in metadata {
        let _ = write!(text, " [{}={}]", escaped(key), escaped(value));
    }
    text.push('\n');
    for child in children {
        branch(text, child, depth + 1);
    }
}

/// A text of metadata, which may hold anything, as a part of one line. The backslash is escaped too, so that no two texts look the same.
fn escaped(text: &str) -> Cow<'_, str> {
    text::escaped(text, |c| c == '\\' || text::is_hidden(c))
}

/// A type's own name, and the fields below it.
fn parts(data_type: &DataType) -> (String, Vec<&Field>) {
    match data_type {
        DataType::Struct(fields) => ("Struct".to_owned(), fields.iter().map(AsRef::as_ref).collect()),
        DataType::Map(entries, sorted) => {
            let label = if *sorted { "Map, sorted" } else { "Map" };
            match entries.data_type() {
                DataType::Struct(fields) => (label.to_owned(), fields.iter().map(AsRef::as_ref).collect()),
                _ => (label.to_owned(), vec![entries.as_ref()]),
            }
        }
        DataType::RunEndEncoded(run_ends, values) => {
            ("RunEndEncoded".to_owned(), vec![run_ends.as_ref(), values.as_ref()])
        }
        DataType::Union(fields, mode) => {
            (format!("Union, {mode:?}"), fields.iter().map(|(_, field)| field.as_ref()).collect())
        }
        DataType::FixedSizeList(item, size) => (format!("FixedSizeList of {size}"), vec![item.as_ref()]),
        _ => match list_child(data_type) {
            Some(item) => {
                let text = data_type.to_string();
                let label = text.split('(').next().unwrap_or("List").to_owned();
                (label, vec![item.as_ref()])
            }
            None => (data_type.to_string(), Vec::new()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn metadata_on_one_line() {
        let metadata = [("unit\r\nforged: Int64", "a\nother: Utf8 NOT NULL\u{2028}\\n\u{202e}")];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let field = Field::new("id", DataType::Int64, true).with_metadata(HashMap::from(metadata));
        assert_eq!(
            tree(&Schema::new(vec![field])),
            "id: Int64 [unit\\r\\nforged: Int64=a\\nother: Utf8 NOT NULL\\u{2028}\\\\n\\u{202e}]\n"
        );
    }
}
