//! SQL as text: one selected expression per line, subqueries indented.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cstspec_contract::Path;
use cstspec_contract::sql::{ident, literal};

/// The FROM clause of a query.
pub enum Source {
    /// The relation of this name.
    Relation(String),
    /// Other text that stands after FROM.
    Text(String),
    /// A subquery.
    Query(Box<Select>),
}

/// A query.
pub struct Select {
    /// Expressions and the names they get.
    pub items: Vec<(String, String)>,
    /// Where their names come from.
    pub from: Source,
    /// The condition that its rows meet.
    pub condition: Option<String>,
}

impl Select {
    /// All rows of `from`.
    pub fn all(items: Vec<(String, String)>, from: Source) -> Self {
        Self { items, from, condition: None }
    }

    /// The query as text that ends with a newline.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let _ = writeln!(text, "{indent}SELECT");
        for (number, (expression, name)) in self.items.iter().enumerate() {
            let comma = if number + 1 < self.items.len() { "," } else { "" };
            let name = ident(name);
            if *expression == name {
                let _ = writeln!(text, "{indent}  {name}{comma}");
            } else if expression.contains('\n') || expression.contains("--") {
                // A line of its own for AS: the expression may end in a comment.
                let _ = writeln!(text, "{indent}  {}\n{indent}  AS {name}{comma}", expression.trim());
            } else {
                let _ = writeln!(text, "{indent}  {expression} AS {name}{comma}");
            }
        }
        match &self.from {
            Source::Relation(name) => {
                let _ = writeln!(text, "{indent}FROM {}", ident(name));
            }
            Source::Text(source) => {
                let _ = writeln!(text, "{indent}FROM {source}");
            }
            Source::Query(query) => {
                let _ = writeln!(text, "{indent}FROM (");
                query.write(text, depth + 1);
                let _ = writeln!(text, "{indent})");
            }
        }
        if let Some(condition) = &self.condition {
            let _ = writeln!(text, "{indent}WHERE {}", condition.trim());
        }
    }
}

/// `name`, with underscores after it where it is one of `taken`.
pub fn free_name<'a>(name: &str, taken: impl IntoIterator<Item = &'a str>) -> String {
    let taken: BTreeSet<&str> = taken.into_iter().collect();
    let mut free = name.to_owned();
    while taken.contains(free.as_str()) {
        free.push('_');
    }
    free
}

/// The field at `path`, whose first name is a column.
pub fn at(path: &Path) -> String {
    field(&ident(path.column()), path.segments().skip(1))
}

/// The field that `names` lead to inside the struct `expression`.
pub fn field<'a>(expression: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().fold(expression.to_owned(), |inner, name| format!("get_field({inner}, {})", literal(name)))
}
