//! SQL as text: one selected expression per line, subqueries indented.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a query selects from.
pub enum Source {
    /// A relation, or other text that stands after FROM.
    Relation(String),
    /// A subquery.
    Query(Box<Select>),
}

/// A query without conditions.
pub struct Select {
    /// Expressions and the names they get.
    pub items: Vec<(String, String)>,
    /// Where their names come from.
    pub from: Source,
}

impl Select {
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
            let name = quoted(name);
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
                let _ = writeln!(text, "{indent}FROM {name}");
            }
            Source::Query(query) => {
                let _ = writeln!(text, "{indent}FROM (");
                query.write(text, depth + 1);
                let _ = writeln!(text, "{indent})");
            }
        }
    }
}

/// `text` as a SQL string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
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

/// `name` where a query names something: in quotes if it needs them.
fn quoted(name: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.bytes().all(plain) { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// The field that `names` lead to inside the struct `expression`.
pub fn field<'a>(expression: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().fold(expression.to_owned(), |inner, name| format!("get_field({inner}, {})", literal(name)))
}
