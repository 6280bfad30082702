//! Where a field is inside a relation.

use std::borrow::Cow;
use std::fmt;

use arrow_schema::{DataType, Field, FieldRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

/// The names that lead to a field at any depth: `refs.expr_ctx`, `attrs.value`, `"service.name".x`.
///
/// List children are never spelled: `refs.ref_id` is the field `ref_id` of the elements of the list `refs`. A map's keys are
/// `.key` and its values `.value`, whatever the file calls them. As text, names stand with dots between them, and a name that holds
/// a dot or a quote stands in double quotes, with each quote in it doubled. [`Path::parse`] and `Display` are each other's inverse.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<String>);

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// Nothing stands before a dot, between two or after the last.
    EmptyName,
    /// A name that begins with a quote does not end with one.
    Unclosed,
    /// Something other than a dot follows a name in quotes.
    AfterQuote,
}

impl Path {
    /// The path of the top-level column called `name`.
    pub fn top(name: impl Into<String>) -> Self {
        Self(vec![name.into()])
    }

    /// The path that `text` spells. The empty text is the empty path.
    ///
    /// # Errors
    ///
    /// If a name is empty, or quotes are not closed where a name ends.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut names = Vec::new();
        let mut rest = text;
        while !(rest.is_empty() && names.is_empty()) {
            let (name, after) = if let Some(quoted) = rest.strip_prefix('"') {
                unquoted(quoted)?
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            };
            if name.is_empty() {
                return Err(PathError::EmptyName);
            }
            names.push(name);
            if after.is_empty() {
                break;
            }
            rest = after.strip_prefix('.').ok_or(PathError::AfterQuote)?;
        }
        Ok(Self(names))
    }

    /// Whether it names nothing: the path of the whole.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names along the path, outermost first. The empty path has none.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(String::as_str)
    }

    /// The first name: the top-level column.
    pub fn column(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The last name: the field itself.
    pub fn leaf(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The name, where the path is that of a top-level column.
    pub fn only(&self) -> Option<&str> {
        if let [name] = self.0.as_slice() { Some(name) } else { None }
    }

    /// The path without its last name; `None` for the empty path.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, above)| Self(above.to_vec()))
    }

    /// Whether this path is `above`, or leads through it.
    pub fn starts_with(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }

    /// This path with one more name at its end.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// The path that `rest` is below this one.
    #[must_use]
    pub fn join_path(&self, rest: &Self) -> Self {
        Self([self.0.as_slice(), &rest.0].concat())
    }

    /// The path that is left when the first `depth` names are taken away.
    #[must_use]
    pub fn skip(&self, depth: usize) -> Self {
        Self(self.0.iter().skip(depth).cloned().collect())
    }

    /// The field that this path names among `fields`, looking through lists, dictionaries and maps.
    pub fn find<'a>(&self, fields: &'a [FieldRef]) -> Option<&'a FieldRef> {
        let mut segments = self.segments();
        let first = segments.next()?;
        let mut field = fields.iter().find(|field| field.name() == first)?;
        for segment in segments {
            field = child(field.data_type(), segment)?;
        }
        Some(field)
    }
}

/// The child that a path segment names inside a type: lists and dictionaries are looked through.
fn child<'a>(data_type: &'a DataType, segment: &str) -> Option<&'a FieldRef> {
    match data_type {
        DataType::Struct(fields) => fields.iter().find(|field| field.name() == segment),
        DataType::Map(entries, _) => map_fields(entries).and_then(|(key, value)| match segment {
            "key" => Some(key),
            "value" => Some(value),
            _ => None,
        }),
        DataType::Dictionary(_, values) => child(values, segment),
        _ => list_child(data_type).and_then(|item| child(item.data_type(), segment)),
    }
}

/// The element field of any kind of list.
pub fn list_child(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

/// A list of the kind of `list`, with other elements.
pub fn with_list_child(list: &DataType, item: FieldRef) -> DataType {
    match list {
        DataType::LargeList(_) => DataType::LargeList(item),
        DataType::ListView(_) => DataType::ListView(item),
        DataType::LargeListView(_) => DataType::LargeListView(item),
        DataType::FixedSizeList(_, size) => DataType::FixedSizeList(item, *size),
        _ => DataType::List(item),
    }
}

/// The key and value fields of a map's entries, by position: their names differ between writers.
pub fn map_fields(entries: &Field) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Some((&fields[0], &fields[1])),
        _ => None,
    }
}

/// The name in front of the quote that closes it, and what follows that. A quote that is doubled is part of the name.
fn unquoted(text: &str) -> Result<(String, &str), PathError> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"').ok_or(PathError::Unclosed)?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(doubled) => {
                name.push('"');
                rest = doubled;
            }
            None => return Ok((name, after)),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, name) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(".")?;
            }
            let plain = !name.is_empty() && !name.contains(['.', '"']) && name.trim().len() == name.len();
            if plain { f.write_str(name)? } else { write!(f, "\"{}\"", name.replace('"', "\"\""))? }
        }
        Ok(())
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyName => "a name is empty",
            Self::Unclosed => "a name in quotes is not closed",
            Self::AfterQuote => "a name in quotes is followed by something other than a dot",
        })
    }
}

impl std::error::Error for PathError {}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, PathError};

    /// Text and names are inverse.
    #[test]
    fn paths_round_trip() {
        let paths: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("refs", &["refs"]),
            ("refs.span.len", &["refs", "span", "len"]),
            ("odd.Order ID", &["odd", "Order ID"]),
            ("\"service.name\".x", &["service.name", "x"]),
            ("x.\"a\"\"b\"", &["x", "a\"b"]),
            ("\"\"\"\"", &["\""]),
            ("größe.c_customer_sk:", &["größe", "c_customer_sk:"]),
            ("\" a\".\"..\"", &[" a", ".."]),
        ];
        for (text, names) in paths {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.segments().collect::<Vec<_>>(), names, "{text}");
            assert_eq!(path.to_string(), text);
        }
        for (text, same) in [("\"a\".b", "a.b"), ("a\"b", "\"a\"\"b\"")] {
            assert_eq!(Path::parse(text).unwrap().to_string(), same);
        }
    }

    /// Texts that are no paths.
    #[test]
    fn paths_invalid() {
        for text in [".", "a.", ".a", "a..b", "\"\"", "a.\"\"", "\"a\"."] {
            assert_eq!(Path::parse(text), Err(PathError::EmptyName), "{text}");
        }
        for text in ["\"", "\"a", "a.\"b", "\"a\"\""] {
            assert_eq!(Path::parse(text), Err(PathError::Unclosed), "{text}");
        }
        for text in ["\"a\"b", "\"a\" .b"] {
            assert_eq!(Path::parse(text), Err(PathError::AfterQuote), "{text}");
        }
    }
}
