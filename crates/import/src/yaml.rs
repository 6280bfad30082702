//! YAML with comments. `serde_yaml` decides which texts stand without quotes.

use cstspec_contract::text::is_hidden;
use cstspec_spec::layout::Quotes;

/// Words that some reader of YAML takes for something other than a text, in lower case.
const AMBIGUOUS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A value of a document.
#[derive(Clone, Debug)]
pub enum Node {
    /// A text.
    Text(String),
    /// A word that is not a text: an integer or a boolean.
    Word(String),
    /// A list on one line.
    Flow(Vec<Node>),
    /// A mapping on one line.
    FlowMap(Vec<(String, Node)>),
    /// A mapping with one line per key.
    Map(Vec<Entry>),
    /// A list with one line per item.
    List(Vec<Item>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    key: String,
    value: Node,
    comment: Option<String>,
}

/// An item of a list.
#[derive(Clone, Debug)]
pub struct Item {
    value: Node,
    comment: Option<String>,
}

/// The place of a scalar, which decides what must be quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a line of its own, or behind its key.
    Block,
    /// Inside `[ ]` or `{ }`.
    Flow,
}

impl Node {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An integer or a boolean.
    pub fn word(word: &impl ToString) -> Self {
        Self::Word(word.to_string())
    }

    /// Texts on one line.
    pub fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Flow(texts.into_iter().map(Self::text).collect())
    }
}

impl From<&String> for Node {
    fn from(text: &String) -> Self {
        Self::text(text.as_str())
    }
}

impl Entry {
    /// `key: value`.
    pub fn new(key: impl Into<String>, value: Node) -> Self {
        Self { key: key.into(), value, comment: None }
    }

    /// The same with a comment behind it.
    #[must_use]
    pub fn commented(mut self, comment: Option<String>) -> Self {
        self.comment = comment;
        self
    }
}

impl Item {
    /// An item with a comment behind it.
    pub fn new(value: Node, comment: Option<String>) -> Self {
        Self { value, comment }
    }
}

/// A whole document.
pub fn document(entries: &[Entry]) -> String {
    let mut text = String::new();
    mapping(&mut text, entries, 0);
    text
}

/// The lines of `entries`, each indented by `depth` steps.
pub fn mapping(text: &mut String, entries: &[Entry], depth: usize) {
    for Entry { key, value, comment } in entries {
        indent(text, depth);
        text.push_str(&scalar(key, Place::Block));
        text.push(':');
        value_of(text, value, comment.as_deref(), depth);
    }
}

/// What stands behind a key, to the end of its last line.
fn value_of(text: &mut String, value: &Node, comment: Option<&str>, depth: usize) {
    match value {
        Node::Map(entries) if !entries.is_empty() => {
            end(text, comment);
            mapping(text, entries, depth + 1);
        }
        Node::List(items) if !items.is_empty() => {
            end(text, comment);
            for Item { value, comment } in items {
                indent(text, depth + 1);
                text.push_str("- ");
                text.push_str(&on_one_line(value, Place::Block));
                end(text, comment.as_deref());
            }
        }
        value => {
            text.push(' ');
            text.push_str(&on_one_line(value, Place::Block));
            end(text, comment);
        }
    }
}

fn end(text: &mut String, comment: Option<&str>) {
    if let Some(comment) = comment {
        text.push_str(" # ");
        text.push_str(comment);
    }
    text.push('\n');
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// `key: value` on one line.
pub fn line_of(key: &str, value: &Node) -> String {
    format!("{}: {}", scalar(key, Place::Block), on_one_line(value, Place::Block))
}

/// `value` on one line.
pub fn on_one_line(value: &Node, place: Place) -> String {
    let pair = |key: &str, value: &Node| format!("{}: {}", scalar(key, Place::Flow), on_one_line(value, Place::Flow));
    match value {
        Node::Text(text) => scalar(text, place),
        Node::Word(word) => word.clone(),
        Node::Flow(items) => list(items.iter()),
        Node::List(items) => list(items.iter().map(|item| &item.value)),
        Node::FlowMap(entries) if entries.is_empty() => "{}".to_owned(),
        Node::FlowMap(entries) => {
            let pairs: Vec<String> = entries.iter().map(|(key, value)| pair(key, value)).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Node::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Node::Map(entries) => {
            let pairs: Vec<String> = entries.iter().map(|entry| pair(&entry.key, &entry.value)).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn list<'a>(items: impl Iterator<Item = &'a Node>) -> String {
    let items: Vec<String> = items.map(|item| on_one_line(item, Place::Flow)).collect();
    format!("[{}]", items.join(", "))
}

/// `text` in `quotes`, if it can stand in them.
pub fn quoted(text: &str, quotes: Quotes, place: Place) -> String {
    match quotes {
        Quotes::Single if !text.chars().any(is_hidden) => format!("'{}'", text.replace('\'', "''")),
        Quotes::Double if !text.contains(['"', '\\']) && !text.chars().any(is_hidden) => format!("\"{text}\""),
        _ => scalar(text, place),
    }
}

/// `text` as a scalar that every reader of YAML reads as this text.
pub fn scalar(text: &str, place: Place) -> String {
    if text.chars().any(is_hidden) {
        // A text of JSON is one of YAML. Characters without a shape are escaped, so that a person sees them.
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let escaped = |c: char| if is_hidden(c) { escape(c) } else { c.to_string() };
        return quoted.chars().map(escaped).collect();
    }
    let written = serde_yaml::to_string(text).unwrap_or_default();
    let is_plain = written.strip_suffix('\n') == Some(text)
        // Dates, numbers in base sixty and other words that readers of YAML 1.1 take for something else begin otherwise.
        && text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && !AMBIGUOUS.contains(&text.to_lowercase().as_str())
        && !(place == Place::Flow && text.contains([',', '[', ']', '{', '}']));
    if is_plain {
        text.to_owned()
    } else if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// A character as an escape inside double quotes.
fn escape(c: char) -> String {
    let code = u32::from(c);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each text, as a key and as a value in both places, is read back as that text.
    #[test]
    fn scalars_round_trip() {
        let texts = [
            "a",
            "y",
            "no",
            "on",
            "null",
            "~",
            "12:30",
            "2024-01-01",
            "1_000",
            "0x1f",
            "1e3",
            ".5",
            "-",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "#a",
            "a,b",
            "[a]",
            "{a}",
            "'a'",
            "\"a\"",
            "a'b",
            "a\"b\\",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "|",
            ">",
            " a ",
            "größe",
            "日本",
            "a\nb",
            "\t",
            "\u{202e}x",
            "\u{e0041}",
            "",
            "a\u{85}b",
            "true",
            "NaN",
            "<<",
            "=",
            "a:",
            "service.name",
            "map<utf8, utf8>",
            "decimal128(10, 2)",
        ];
        for text in texts {
            let entries = [
                Entry::new(text, Node::text(text)),
                Entry::new("flow", Node::Flow(vec![Node::text(text)])),
                Entry::new("map", Node::FlowMap(vec![(text.to_owned(), Node::text(text))])),
            ];
            let document = document(&entries);
            let read: serde_yaml::Value =
                serde_yaml::from_str(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
            let expected = serde_yaml::Value::String(text.to_owned());
            assert_eq!(read[&expected], expected, "{document}");
            assert_eq!(read["flow"][0], expected, "{document}");
            assert_eq!(read["map"][&expected], expected, "{document}");
        }
    }

    /// Comments stand behind their lines.
    #[test]
    fn comments_behind_lines() {
        let list =
            Node::List(vec![Item::new(Node::text("a.b"), Some("proven".to_owned())), Item::new(Node::text("c"), None)]);
        let entries = [
            Entry::new("key", Node::Flow(vec![Node::text("a"), Node::text("b, c")])).commented(Some("one".to_owned())),
            Entry::new("inner", Node::Map(vec![Entry::new("list", list), Entry::new("on", Node::word(&true))])),
            Entry::new("none", Node::Map(Vec::new())),
        ];
        let expected = "\
key: [a, \"b, c\"] # one
inner:
  list:
    - a.b # proven
    - c
  \"on\": true
none: {}
";
        assert_eq!(document(&entries), expected);
    }
}
