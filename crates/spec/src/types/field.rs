//! Resolved fields: an Arrow type with the origins, docs, defaults and allowed values of the fields inside.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use cstspec_contract::{NestedOrigins, Origin, Path, Value};

use super::error::TypeError;
use super::width::{MAX_FIXED_BYTES, most_fixed_bytes};

/// A field with a resolved type, and what its named types say of it and of the fields inside.
#[derive(Clone, Debug)]
pub struct ResolvedField {
    /// The field, nullable and with the metadata of its named type.
    pub field: FieldRef,
    /// Where nested fields were written, by path from (and without) this field.
    pub nested: NestedOrigins,
    /// Docs of nested fields, by path from this field.
    pub docs: BTreeMap<Path, String>,
    /// Defaults of nested fields (and of this one, at the empty path).
    pub defaults: BTreeMap<Path, (Value, Origin)>,
    /// Allowed values of this field, of nested ones and of elements of lists.
    pub allowed: BTreeMap<AllowedAt, (Vec<Value>, Origin)>,
    /// Its named type says that it is never NULL, unless the use of the type says otherwise.
    required: bool,
    /// How many fields there are in it, itself included. Named types could double it again and again.
    size: usize,
    /// How many fields are inside one another.
    depth: usize,
}

/// The place of allowed values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowedAt {
    /// The path from (and without) the field.
    pub path: Path,
    /// So many lists below the path, which no path spells: the values are those of the elements.
    pub elements: usize,
}

/// The most fields that one relation or type may have at all depths.
pub const MAX_FIELDS: usize = 20_000;
/// How many fields may be inside one another.
pub const MAX_DEPTH: usize = 64;

/// A field about which nothing more is known than its type.
pub fn plain(name: &str, data_type: DataType, nullable: bool) -> ResolvedField {
    ResolvedField {
        field: Arc::new(Field::new(name, data_type, nullable)),
        nested: NestedOrigins::default(),
        docs: BTreeMap::new(),
        defaults: BTreeMap::new(),
        allowed: BTreeMap::new(),
        required: false,
        size: 1,
        depth: 1,
    }
}

/// An encoding of `values`: its values are those, and never NULL where those are never.
pub fn encoded(
    name: &str,
    data_type: DataType,
    nullable: bool,
    values: ResolvedField,
) -> Result<ResolvedField, TypeError> {
    let required = values.required;
    let mut built = around(name, data_type, nullable && !required, values)?;
    built.required = required;
    Ok(built)
}

/// A list or encoding around `item`: paths never spell it, so what is known of the item's inside is known under the whole.
pub fn around(
    name: &str,
    data_type: DataType,
    nullable: bool,
    item: ResolvedField,
) -> Result<ResolvedField, TypeError> {
    let mut built = plain(name, data_type, nullable);
    built.enclose(&item)?;
    // A default of the item itself is none of the list.
    built.defaults = item.defaults.into_iter().filter(|(path, _)| *path != Path::default()).collect();
    built.nested = item.nested;
    built.docs = item.docs;
    built.allowed = item.allowed;
    Ok(built)
}

/// Refuses a type of fixed size that has too many bytes for each value, at any depth.
pub fn check_width(data_type: &DataType) -> Result<(), TypeError> {
    let bytes = most_fixed_bytes(data_type);
    if bytes > MAX_FIXED_BYTES { Err(TypeError::TooWide { bytes }) } else { Ok(()) }
}

/// The struct field `name` with `members`.
pub fn structure(name: &str, nullable: bool, members: Vec<ResolvedField>) -> Result<ResolvedField, TypeError> {
    let fields = members.iter().map(|member| Arc::clone(&member.field)).collect();
    let data_type = DataType::Struct(fields);
    check_width(&data_type)?;
    let mut built = plain(name, data_type, nullable);
    for member in members {
        let member_name = member.field.name().clone();
        built.absorb(&member_name, member)?;
    }
    Ok(built)
}

impl ResolvedField {
    /// Takes over what is known of the child `name`.
    pub fn absorb(&mut self, name: &str, child: ResolvedField) -> Result<(), TypeError> {
        self.enclose(&child)?;
        let below = |path: &Path| Path::top(name).join_path(path);
        self.nested.absorb(name, &child.nested);
        self.docs.extend(child.docs.into_iter().map(|(path, doc)| (below(&path), doc)));
        self.defaults.extend(child.defaults.into_iter().map(|(path, value)| (below(&path), value)));
        let allowed = child.allowed.into_iter();
        self.allowed.extend(allowed.map(|(at, values)| (AllowedAt { path: below(&at.path), ..at }, values)));
        Ok(())
    }

    /// How many fields there are in this one, itself included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Says of the fields inside that no named type says it of that they were written at `origin`, in the text of a type.
    pub fn locate_inside(&mut self, origin: &Origin) {
        for path in inner_paths(self.field.data_type()) {
            let named = std::iter::successors(path.parent(), Path::parent);
            if !self.nested.fields.contains_key(&path)
                && !named.into_iter().any(|above| self.nested.below.contains_key(&above))
            {
                self.nested.fields.insert(path, origin.clone());
            }
        }
    }

    /// Counts the fields of `inner`, which this field encloses. An error where they become too many or nest too deep.
    pub fn enclose(&mut self, inner: &Self) -> Result<(), TypeError> {
        self.size += inner.size;
        self.depth = self.depth.max(inner.depth + 1);
        if self.size > MAX_FIELDS || self.depth > MAX_DEPTH { Err(TypeError::TooLarge) } else { Ok(()) }
    }

    /// Adds metadata to the field; what is there already under the same key is replaced.
    pub fn annotate(&mut self, metadata: impl IntoIterator<Item = (String, String)>) {
        let mut all: HashMap<String, String> = self.field.metadata().clone();
        all.extend(metadata);
        self.field = Arc::new(self.field.as_ref().clone().with_metadata(all));
    }

    /// The resolved child `field` of this struct.
    #[must_use]
    pub fn child(&self, field: &FieldRef) -> Self {
        let path = Path::top(field.name().as_str());
        Self {
            field: Arc::clone(field),
            nested: self.nested.at(&path),
            docs: below(&self.docs, field.name()),
            defaults: below(&self.defaults, field.name()),
            allowed: self
                .allowed
                .iter()
                .filter(|(at, _)| at.path.column() == field.name())
                .map(|(at, values)| (AllowedAt { path: at.path.skip(1), ..at.clone() }, values.clone()))
                .collect(),
            required: !field.is_nullable(),
            size: size_of(field),
            depth: self.depth - 1,
        }
    }

    /// The same type for a field `name`, which may be NULL unless the type says that it never is.
    #[must_use]
    pub fn used(&self, name: &str, nullable: bool) -> Self {
        let field = self.field.as_ref().clone().with_name(name).with_nullable(nullable && !self.required);
        Self { field: Arc::new(field), ..self.clone() }
    }

    /// Says for all uses of this type whether they may be NULL.
    pub fn require(&mut self, required: bool) {
        self.required = required;
        self.field = Arc::new(self.field.as_ref().clone().with_nullable(!required));
    }

    /// Says of the allowed values of this field that they are those of the elements of a list.
    pub fn allow_elements(&mut self) {
        let allowed = std::mem::take(&mut self.allowed).into_iter();
        let elements =
            |at: AllowedAt| if at.path.is_empty() { AllowedAt { elements: at.elements + 1, ..at } } else { at };
        self.allowed = allowed.map(|(at, values)| (elements(at), values)).collect();
    }

    /// Changes the field's name and whether it may be NULL.
    pub fn declare(&mut self, name: &str, nullable: bool) {
        self.field = Arc::new(self.field.as_ref().clone().with_name(name).with_nullable(nullable));
    }
}

/// The entries at and below the child `name`, with paths that start there.
fn below<T: Clone>(map: &BTreeMap<Path, T>, name: &str) -> BTreeMap<Path, T> {
    map.iter().filter(|(path, _)| path.column() == name).map(|(path, value)| (path.skip(1), value.clone())).collect()
}

/// The paths of all fields inside a type, from (and without) the field that has it.
fn inner_paths(data_type: &DataType) -> Vec<Path> {
    let children: Vec<(&str, &DataType)> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| (field.name().as_str(), field.data_type())).collect(),
        DataType::Map(entries, _) => cstspec_contract::map_fields(entries)
            .map(|(key, value)| vec![("key", key.data_type()), ("value", value.data_type())])
            .unwrap_or_default(),
        DataType::Dictionary(_, values) => return inner_paths(values),
        other => {
            return cstspec_contract::list_child(other).map(|item| inner_paths(item.data_type())).unwrap_or_default();
        }
    };
    let mut paths = Vec::new();
    for (name, inside) in children {
        paths.push(Path::top(name));
        let below = |path: Path| Path::top(name).join_path(&path);
        paths.extend(inner_paths(inside).into_iter().map(below));
    }
    paths
}

/// How many fields there are in `field`, itself included.
fn size_of(field: &Field) -> usize {
    let children: usize = match field.data_type() {
        DataType::Struct(fields) => fields.iter().map(|field| size_of(field)).sum(),
        DataType::Map(entries, _) => size_of(entries),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| size_of(field)).sum(),
        DataType::RunEndEncoded(_, values) => size_of(values),
        DataType::Dictionary(_, values) => size_of(&Field::new("", values.as_ref().clone(), true)),
        other => cstspec_contract::list_child(other).map_or(0, |item| size_of(item)),
    };
    1 + children
}
