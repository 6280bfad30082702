//! An Arrow schema in the form that specs can declare, and what of it they cannot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, UnionFields};
use cstspec_contract::{Path, list_child, map_fields, types, with_list_child};

/// The longest value of metadata that a spec takes over, in bytes: longer ones are documents of their own.
const LONGEST_VALUE: usize = 256;
/// Keys of metadata, or how they begin, with which writers describe their own files. A contract of many files does not repeat them.
const OF_WRITERS: [&str; 9] =
    ["ARROW:schema", "PARQUET:", "parquet.", "pandas", "org.apache.spark.", "spark.", "delta.", "iceberg.", "writer."];

/// Something of a table that its specs do not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsaid {
    /// The column or nested field; empty for the table as a whole.
    pub path: String,
    /// What is left out, and why.
    pub reason: String,
}

impl Unsaid {
    /// `reason` about the field at `path`.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }
}

/// `schema` with the names of list elements and map entries that Arrow gives them, and without metadata that describes files. Everything
/// that is left out is listed.
pub fn normalized(schema: &Schema) -> (Schema, Vec<Unsaid>) {
    let mut unsaid = Vec::new();
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut normalizing = Normalizing { unsaid: &mut unsaid, keys: &mut keys };
    let fields: Fields =
        schema.fields().iter().map(|field| normalizing.field(field, &Path::top(field.name().as_str()))).collect();
    let (metadata, dropped) = kept(schema.metadata());
    for (key, count) in keys {
        let fields = if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
        unsaid.push(Unsaid::new(
            "",
            format!("the metadata `{key}` of {fields}, which describes files and not their contract"),
        ));
    }
    for key in dropped {
        unsaid.push(Unsaid::new(
            "",
            format!("the metadata `{key}` of the files, which describes files and not their contract"),
        ));
    }
    unsaid.sort();
    unsaid.dedup();
    (Schema::new_with_metadata(fields, metadata), unsaid)
}

/// The metadata that a contract has, and the keys of what it does not.
fn kept(metadata: &HashMap<String, String>) -> (HashMap<String, String>, BTreeSet<String>) {
    let of_writer = |key: &str| {
        OF_WRITERS.iter().any(|known| key == *known || (known.ends_with(['.', ':']) && key.starts_with(known)))
    };
    let (kept, dropped): (HashMap<_, _>, HashMap<_, _>) = metadata
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .partition(|(key, value)| !of_writer(key) && value.len() <= LONGEST_VALUE && !key.is_empty());
    (kept, dropped.into_keys().collect())
}

struct Normalizing<'a> {
    unsaid: &'a mut Vec<Unsaid>,
    /// Keys of metadata that are left out, with the number of fields that have them.
    keys: &'a mut BTreeMap<String, usize>,
}

impl Normalizing<'_> {
    fn field(&mut self, field: &Field, path: &Path) -> FieldRef {
        if field.dict_is_ordered() == Some(true) {
            self.unsaid.push(Unsaid::new(path.to_string(), "the order of the dictionary's values"));
        }
        let data_type = self.data_type(field.data_type(), path);
        let (metadata, dropped) = kept(field.metadata());
        for key in dropped {
            *self.keys.entry(key).or_default() += 1;
        }
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()).with_metadata(metadata))
    }

    fn named(&mut self, field: &Field, name: &str, path: &Path) -> FieldRef {
        let field = self.field(field, path);
        if field.name() == name { field } else { Arc::new(field.as_ref().clone().with_name(name)) }
    }

    fn data_type(&mut self, data_type: &DataType, path: &Path) -> DataType {
        match data_type {
            DataType::Struct(fields) => {
                DataType::Struct(fields.iter().map(|field| self.field(field, &path.join(field.name()))).collect())
            }
            DataType::Map(entries, sorted) => {
                let Some((key, value)) = map_fields(entries) else { return data_type.clone() };
                if *sorted {
                    self.unsaid.push(Unsaid::new(path.to_string(), "the order of the map's keys"));
                }
                let key = self.named(key, "key", &path.join("key"));
                let key = Arc::new(key.as_ref().clone().with_nullable(false));
                types::map_of(key, self.named(value, "value", &path.join("value")))
            }
            DataType::Dictionary(key, value) => {
                DataType::Dictionary(key.clone(), Box::new(self.data_type(value, path)))
            }
            DataType::RunEndEncoded(ends, values) => {
                let ends = Field::new("run_ends", ends.data_type().clone(), false);
                DataType::RunEndEncoded(Arc::new(ends), self.named(values, "values", path))
            }
            DataType::Union(fields, mode) => {
                if fields.iter().enumerate().any(|(place, (id, _))| usize::try_from(id) != Ok(place)) {
                    self.unsaid
                        .push(Unsaid::new(path.to_string(), "the type ids of the union, which specs count from 0"));
                }
                let members = fields.iter().map(|(_, field)| self.field(field, &path.join(field.name())));
                let members: UnionFields = (0_i8..).zip(members).collect();
                DataType::Union(members, *mode)
            }
            other => match list_child(other) {
                Some(item) => with_list_child(other, self.named(item, "item", path)),
                None => other.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::types::{annotated, nullable, required, structure};

    use super::*;

    /// Names that no contract gives are Arrow's own, and what is left out is listed with its path.
    #[test]
    fn schema_normalized() {
        let item = Arc::new(Field::new(
            "element",
            structure([annotated(&nullable("a", DataType::Int8), [("PARQUET:field_id", "3")])]),
            true,
        ));
        let entries =
            required("key_value", structure([required("keys", DataType::Utf8), nullable("values", DataType::Int64)]));
        let fields = vec![nullable("refs", DataType::List(item)), nullable("attrs", DataType::Map(entries, true))];
        let metadata = [("pandas", "{}"), ("schema_name", "t"), ("geo", &"x".repeat(300))]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let (schema, unsaid) = normalized(&Schema::new_with_metadata(fields, HashMap::from(metadata)));
        assert_eq!(schema.field(0).data_type(), &types::list(structure([nullable("a", DataType::Int8)])));
        assert_eq!(schema.field(1).data_type(), &types::map(DataType::Utf8, DataType::Int64));
        assert_eq!(schema.metadata().len(), 1);
        let reasons: Vec<(&str, &str)> =
            unsaid.iter().map(|one| (one.path.as_str(), one.reason.split(", ").next().unwrap())).collect();
        assert_eq!(
            reasons,
            [
                ("", "the metadata `PARQUET:field_id` of 1 field"),
                ("", "the metadata `geo` of the files"),
                ("", "the metadata `pandas` of the files"),
                ("attrs", "the order of the map's keys"),
            ]
        );
    }
}
