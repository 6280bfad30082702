//! The named types of a schema: each struct that it has, once.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_contract::{Path, list_child, map_fields, spelling, sql};

use crate::name::{Names, singular, type_word};

/// Metadata of a field, sorted.
pub type Metadata = BTreeMap<String, String>;

/// What makes two fields one named type: their type and their metadata.
type Key = (DataType, Metadata);

/// A named type.
#[derive(Clone, Debug)]
pub struct NamedType {
    /// Its name.
    pub name: String,
    /// What it is.
    pub body: Body,
    /// The metadata of fields of this type.
    pub metadata: Metadata,
    /// The paths of the fields of this type; none for one that others extend.
    pub places: Vec<Path>,
}

/// What a named type is.
#[derive(Clone, Debug)]
pub enum Body {
    /// A struct; its first `inherited` fields are those of the type of the number `extends`.
    Struct {
        /// All fields.
        fields: Fields,
        /// The type whose fields come first.
        extends: Option<usize>,
        /// How many fields that type has.
        inherited: usize,
    },
    /// Another type, which the metadata belongs to.
    Alias(DataType),
}

/// The named types of a schema.
#[derive(Clone, Debug, Default)]
pub struct NamedTypes {
    /// The types, outer ones before those inside them.
    pub types: Vec<NamedType>,
    index: BTreeMap<Key, usize>,
}

/// Where a type occurs.
struct Occurrence {
    path: Path,
    /// The name of the field, in the singular for an element of a list or an entry of a map.
    name: String,
}

/// Why a field may need a named type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// It is a column or a field of a struct, which can have metadata of its own.
    Field,
    /// It is an element, an entry or a member, which has metadata through its type alone.
    Child,
}

/// Where new fields are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// As entries, which have metadata of their own.
    Field,
    /// Inside the text of a type.
    Child,
}

impl NamedTypes {
    /// The types that `fields` need beside those that are `known`: these come first. Without `may_name` structs get no names.
    pub fn beside(
        known: &BTreeMap<DataType, String>,
        fields: &[(FieldRef, Path)],
        holder: New,
        may_name: bool,
        taken: &mut Names,
    ) -> Self {
        let mut found = Found { known: known.keys().cloned().collect(), ..Found::default() };
        let holder = if holder == New::Field { Holder::Field } else { Holder::Child };
        for (field, path) in fields.iter().filter(|_| may_name) {
            found.visit(field, holder, path, field.name());
        }
        let mut all = Self::default();
        for (data_type, name) in known {
            all.index.insert((data_type.clone(), Metadata::new()), all.types.len());
            let body = Body::Alias(data_type.clone());
            all.types.push(NamedType { name: name.clone(), body, metadata: Metadata::new(), places: Vec::new() });
        }
        all.take(found, taken);
        all
    }

    /// The types of `schema`, with names that are not among `taken`.
    pub fn of(schema: &Schema, taken: &mut Names) -> Self {
        let mut found = Found::default();
        for field in schema.fields() {
            found.visit(field, Holder::Field, &Path::top(field.name().as_str()), field.name());
        }
        let mut all = Self::default();
        all.take(found, taken);
        all
    }

    /// Takes over what was found, with names that are not among `taken`.
    fn take(&mut self, found: Found, taken: &mut Names) {
        let Self { types, index } = self;
        let Found { keys, occurrences, .. } = found;
        for (key, occurrences) in keys.into_iter().zip(occurrences) {
            let (data_type, metadata) = key.clone();
            let body = match data_type {
                DataType::Struct(fields) => Body::Struct { fields, extends: None, inherited: 0 },
                other => Body::Alias(other),
            };
            let names = candidates(&occurrences);
            let name = taken.take(names.iter().map(String::as_str));
            index.insert(key, types.len());
            types.push(NamedType {
                name,
                body,
                metadata,
                places: occurrences.into_iter().map(|one| one.path).collect(),
            });
        }
    }

    /// The type of `field` as a spec writes it, with the names of named types.
    pub fn text(&self, field: &Field) -> String {
        self.spelled(field.data_type(), &metadata(field))
    }

    /// The metadata of `field` that its named type does not give it.
    pub fn own_metadata(&self, field: &Field) -> Metadata {
        let metadata = metadata(field);
        if self.index.contains_key(&(field.data_type().clone(), metadata.clone())) { Metadata::new() } else { metadata }
    }

    fn spelled(&self, data_type: &DataType, metadata: &Metadata) -> String {
        match self.index.get(&(data_type.clone(), metadata.clone())) {
            Some(number) => self.types[*number].name.clone(),
            None => self.unnamed(data_type),
        }
    }

    /// What `data_type` is without a name of its own.
    pub fn unnamed(&self, data_type: &DataType) -> String {
        let child = |field: &Field| self.text(field) + if field.is_nullable() { "" } else { " not null" };
        let member = |field: &Field| {
            let name = field.name();
            let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            let name = if is_word { name.clone() } else { sql::quoted(name).clone() };
            format!("{name}: {}", child(field))
        };
        match data_type {
            DataType::Struct(fields) => {
                let fields: Vec<String> = fields.iter().map(|field| member(field)).collect();
                format!("struct<{}>", fields.join(", "))
            }
            DataType::Union(fields, mode) => {
                let members: Vec<String> = fields.iter().map(|(_, field)| member(field)).collect();
                let word = if *mode == arrow_schema::UnionMode::Dense { "dense_union" } else { "union" };
                format!("{word}<{}>", members.join(", "))
            }
            DataType::Dictionary(key, value) => {
                format!("dictionary<{}, {}>", spelling::data_type(key), self.spelled(value, &Metadata::new()))
            }
            DataType::RunEndEncoded(ends, values) => {
                format!("run_end_encoded<{}, {}>", spelling::data_type(ends.data_type()), child(values))
            }
            DataType::Map(entries, _) => match map_fields(entries) {
                Some((key, value)) => format!("map<{}, {}>", self.text(key), child(value)),
                None => spelling::data_type(data_type),
            },
            other => match list_child(other) {
                Some(item) => {
                    let size =
                        if let DataType::FixedSizeList(_, size) = other { format!(", {size}") } else { String::new() };
                    let kind = spelling::list_kind(other);
                    let kind = kind.split(' ').next().unwrap_or_default();
                    format!("{kind}<{}{size}>", child(item))
                }
                None => spelling::data_type(other),
            },
        }
    }
}

/// The metadata of `field`, sorted.
pub fn metadata(field: &Field) -> Metadata {
    field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The types that need a name, in the order in which they occur.
#[derive(Default)]
struct Found {
    keys: Vec<Key>,
    /// The number of each key.
    numbers: BTreeMap<Key, usize>,
    /// Structs that have names already.
    known: BTreeSet<DataType>,
    occurrences: Vec<Vec<Occurrence>>,
}

impl Found {
    fn visit(&mut self, field: &Field, holder: Holder, path: &Path, name: &str) {
        self.of_type(field.data_type(), metadata(field), holder, path, name);
    }

    fn of_type(&mut self, data_type: &DataType, metadata: Metadata, holder: Holder, path: &Path, name: &str) {
        if self.known.contains(data_type) && metadata.is_empty() {
            return;
        }
        let is_struct = matches!(data_type, DataType::Struct(_));
        if is_struct || (holder == Holder::Child && !metadata.is_empty()) {
            let key = (data_type.clone(), metadata);
            let number = *self.numbers.entry(key).or_insert_with_key(|key| {
                self.keys.push(key.clone());
                self.occurrences.push(Vec::new());
                self.keys.len() - 1
            });
            self.occurrences[number].push(Occurrence { path: path.clone(), name: name.to_owned() });
        }
        match data_type {
            DataType::Struct(fields) => {
                for field in fields {
                    self.visit(field, Holder::Field, &path.join(field.name()), field.name());
                }
            }
            DataType::Map(entries, _) => {
                if let Some((key, value)) = map_fields(entries) {
                    self.visit(key, Holder::Child, &path.join("key"), &format!("{}_key", singular(name)));
                    self.visit(value, Holder::Child, &path.join("value"), &singular(name));
                }
            }
            DataType::Dictionary(_, value) => self.of_type(value, Metadata::new(), Holder::Child, path, name),
            DataType::RunEndEncoded(_, values) => self.visit(values, Holder::Child, path, name),
            DataType::Union(fields, _) => {
                for (_, field) in fields.iter() {
                    self.visit(field, Holder::Child, &path.join(field.name()), field.name());
                }
            }
            other => {
                if let Some(item) = list_child(other) {
                    self.visit(item, Holder::Child, path, &singular(name));
                }
            }
        }
    }
}

/// The names for a type that occurs at these places, the best first.
fn candidates(occurrences: &[Occurrence]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for occurrence in occurrences {
        if !names.contains(&occurrence.name.as_str()) {
            names.push(&occurrence.name);
        }
    }
    let mut candidates = Vec::new();
    match names.as_slice() {
        [] => {}
        [only] => candidates.push((*only).to_owned()),
        [first, ..] => {
            let words = common_words(&names);
            candidates.extend(words);
            if let [one, other] = names.as_slice()
                && candidates.is_empty()
            {
                candidates.push(format!("{one}_or_{other}"));
            }
            candidates.push((*first).to_owned());
        }
    }
    let first = occurrences.first();
    if let Some((parent, name)) = first.and_then(|first| Some((first.path.parent()?, first.name.as_str())))
        && !parent.is_empty()
    {
        candidates.push(format!("{}_{name}", singular(parent.leaf())));
    }
    candidates.iter().map(|name| type_word(name)).collect()
}

/// The words that all of `names` end or begin with, as one name.
fn common_words(names: &[&str]) -> Option<String> {
    let words: Vec<Vec<&str>> =
        names.iter().map(|name| name.split('_').filter(|word| !word.is_empty()).collect()).collect();
    let shortest = words.iter().map(Vec::len).min()?;
    let first = words.first()?;
    let ending = (0..shortest)
        .take_while(|n| words.iter().all(|one| one[one.len() - 1 - n] == first[first.len() - 1 - n]))
        .count();
    let begin = (0..shortest).take_while(|n| words.iter().all(|one| one[*n] == first[*n])).count();
    let common = if ending >= begin { &first[first.len() - ending..] } else { &first[..begin] };
    Some(common.join("_")).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cstspec_contract::types::{annotated, list, map, nullable, required, structure};

    use super::*;

    fn named(fields: Vec<arrow_schema::FieldRef>) -> (NamedTypes, Schema) {
        let schema = Schema::new(fields);
        (NamedTypes::of(&schema, &mut Names::default()), schema)
    }

    fn names(types: &NamedTypes) -> Vec<&str> {
        types.types.iter().map(|named| named.name.as_str()).collect()
    }

    /// A struct is named after the list, the field or the map that it is in, and after what its places have in common.
    #[test]
    fn structs_named_after_places() {
        let position = structure([nullable("line", DataType::Int32)]);
        let span = structure([nullable("start", position.clone()), nullable("end", position)]);
        let qname = structure([nullable("name", DataType::Utf8)]);
        let (types, schema) = named(vec![
            nullable("nodes", list(structure([nullable("span", span.clone()), nullable("span_ws", span)]))),
            nullable("defs", list(structure([nullable("qnames", list(qname.clone()))]))),
            nullable("calls", list(structure([nullable("callee_qnames", list(qname))]))),
            nullable("attrs", map(DataType::Utf8, structure([nullable("x", DataType::Int8)]))),
            nullable("dates", list(structure([required("Order ID", DataType::Int8)]))),
        ]);
        assert_eq!(names(&types), ["node", "span", "start_or_end", "def", "qname", "call", "attr", "date_fields"]);
        let texts: Vec<String> = schema.fields().iter().map(|field| types.text(field)).collect();
        assert_eq!(texts, ["list<node>", "list<def>", "list<call>", "map<utf8, attr>", "list<date_fields>"]);
    }

    /// Two structs of one name have two names, and one struct in two places has one.
    #[test]
    fn structs_of_one_name() {
        let inner = |data_type: DataType| structure([nullable("at", structure([nullable("x", data_type)]))]);
        let (types, _) = named(vec![
            nullable("a", inner(DataType::Int8)),
            nullable("b", inner(DataType::Int16)),
            nullable("c", inner(DataType::Int8)),
        ]);
        assert_eq!(names(&types), ["a_or_c", "at", "b", "b_at"]);
    }

    /// Metadata of elements belongs to an alias, that of fields to the field, and that of structs to their type.
    #[test]
    fn metadata_in_types() {
        let marked = |field: &arrow_schema::FieldRef| annotated(field, [("unit", "ms")]);
        let item = marked(&nullable("item", DataType::Int64));
        let (types, schema) = named(vec![
            nullable("times", DataType::List(Arc::clone(&item))),
            marked(&nullable("at", DataType::Int32)),
            marked(&nullable("span", structure([nullable("a", DataType::Int8)]))),
        ]);
        assert_eq!(names(&types), ["time_fields", "span"]);
        assert!(matches!(types.types[0].body, Body::Alias(DataType::Int64)));
        assert_eq!(types.text(schema.field(0)), "list<time_fields>");
        assert_eq!((types.text(schema.field(1)), types.own_metadata(schema.field(1)).len()), ("int32".to_owned(), 1));
        assert_eq!((types.text(schema.field(2)), types.own_metadata(schema.field(2)).len()), ("span".to_owned(), 0));
    }
}
