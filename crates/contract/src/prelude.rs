//! All that generated code is written with: the model, the leaf types by their bare names, and short constructors.

use std::collections::BTreeMap;

pub use arrow_schema::DataType::{
    self, Binary, BinaryView, Boolean, Date32, Date64, Float16, Float32, Float64, Int8, Int16, Int32, Int64,
    LargeBinary, LargeUtf8, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
};
pub use arrow_schema::{FieldRef, IntervalUnit, SchemaRef, TimeUnit, UnionMode};

pub use crate::artifact::sql_body;
pub use crate::types::{
    annotated, dictionary, large_list, list, map, map_of, nullable, required, structure, structure_of, timestamp, union,
};
pub use crate::{
    AllowedValues, Boundary, CastPolicy, Catalog, Column, ColumnSource, Constraints, Dataset, DefaultValue, Evolution,
    ExtraPolicy, Family, Function, FunctionKind, MissingPolicy, NestedOrigins, NullRule, NullabilityPolicy, OrderScope,
    Ordering, Origin, Parameter, Path, PathPolicy, Pattern, Provider, Reference, Scan, Session, Setting, Signature,
    SortKey, Statement, TypeFields, Value, View, ViewBody, columns_of, diagnosis_columns, inherit, kept_columns,
    row_columns, sources_of, structure_from,
};

/// A column of `field`, with its meaning and where it was written: `views/cst_refs.yaml#columns.ref_id`.
pub fn column(field: FieldRef, doc: &str, written_at: &str) -> Column {
    Column { field, doc: doc.to_owned(), origin: Origin::parse(written_at) }
}

/// Owned texts, in order.
pub fn texts<const N: usize>(items: [&str; N]) -> Vec<String> {
    items.into_iter().map(str::to_owned).collect()
}

/// Texts by text.
pub fn text_map<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Pairs of owned texts, in order.
pub fn text_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(first, second)| (first.to_owned(), second.to_owned())).collect()
}

/// The path that `text` spells.
///
/// # Panics
///
/// If it spells none. Generated code prints paths that do.
pub fn path(text: &str) -> Path {
    Path::parse(text).expect("the path is well formed")
}

/// Paths, in order.
pub fn paths<const N: usize>(texts: [&str; N]) -> Vec<Path> {
    texts.into_iter().map(path).collect()
}

/// New names by old path.
pub fn renames<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<Path, String> {
    entries.into_iter().map(|(old, name)| (path(old), name.to_owned())).collect()
}

/// Policies of fields by path.
pub fn path_policies<const N: usize>(entries: [(&str, PathPolicy); N]) -> BTreeMap<Path, PathPolicy> {
    entries.into_iter().map(|(of, policy)| (path(of), policy)).collect()
}

/// Where nested fields were written: below paths that enter a named type, and single fields that a struct took over.
pub fn nested_origins<const N: usize, const M: usize>(
    below: [(&str, &str); N],
    fields: [(&str, &str); M],
) -> NestedOrigins {
    let entry = |(below, written_at): (&str, &str)| (path(below), Origin::parse(written_at));
    NestedOrigins { below: below.into_iter().map(entry).collect(), fields: fields.into_iter().map(entry).collect() }
}

/// Pinned settings that were written side by side at `written_at`: names and values.
pub fn settings<const N: usize>(written_at: &str, entries: [(&str, &str); N]) -> BTreeMap<String, Setting> {
    let section = Origin::parse(written_at);
    entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Setting { value: value.to_owned(), origin: section.join(name) }))
        .collect()
}

/// Pinned settings that were written in several places: name, value, and where each was written.
pub fn settings_at<const N: usize>(entries: [(&str, &str, &str); N]) -> BTreeMap<String, Setting> {
    entries
        .into_iter()
        .map(|(name, value, written_at)| {
            (name.to_owned(), Setting { value: value.to_owned(), origin: Origin::parse(written_at) })
        })
        .collect()
}
