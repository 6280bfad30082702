//! Where a field is inside a relation.

use std::fmt;

use arrow_schema::{DataType, Field, FieldRef};

/// A dotted path to a field at any depth: `refs.expr_ctx`, `attrs.value`.
///
/// List children are never spelled: `refs.ref_id` is the field `ref_id` of the elements of the list `refs`. A map's keys are
/// `.key` and its values `.value`, whatever the file calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(String);

impl Path {
    /// The path that `dotted` spells.
    pub fn new(dotted: impl Into<String>) -> Self {
        Self(dotted.into())
    }

    /// The path as it is written in specs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names along the path, outermost first. The empty path has none.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.').filter(|segment| !segment.is_empty())
    }

    /// The first name: the top-level column.
    pub fn column(&self) -> &str {
        self.segments().next().unwrap_or("")
    }

    /// The last name: the field itself.
    pub fn leaf(&self) -> &str {
        self.segments().next_back().unwrap_or("")
    }

    /// This path with one more name at its end.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// The path that `rest` is below this one.
    #[must_use]
    pub fn join_path(&self, rest: &Self) -> Self {
        rest.segments().fold(self.clone(), |path, name| path.join(name))
    }

    /// The path that is left when the first `depth` names are taken away.
    #[must_use]
    pub fn skip(&self, depth: usize) -> Self {
        self.segments().skip(depth).fold(Self::default(), |path, name| path.join(name))
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

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Path {
    fn from(dotted: &str) -> Self {
        Self::new(dotted)
    }
}
