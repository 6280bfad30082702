//! How a table differs from the contract of its dataset.

use std::collections::BTreeSet;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_contract::{Dataset, Path, list_child, map_fields, with_list_child};

/// A field of the table or of the contract that the other has not, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, by its names in the contract.
    pub path: Path,
    /// How it differs.
    pub kind: Kind,
}

/// Kinds of differences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only the table has the field.
    Added {
        /// The field.
        field: FieldRef,
        /// The fields of the struct that the contract has too, the nearest first, each with whether it stands before the new one.
        neighbours: Vec<(String, bool)>,
    },
    /// Only the contract has the field.
    Removed,
    /// The contract does not read the type that the table has.
    Retyped {
        /// The field of the contract.
        declared: FieldRef,
        /// The field of the table.
        found: FieldRef,
    },
    /// The contract reads the type that the table has.
    Read {
        /// The type of the contract.
        declared: DataType,
        /// The type of the table.
        found: DataType,
    },
}

/// How many neighbours of a new field are noted: the nearest are the best, and each new field of a wide struct has its own.
const MOST_NEIGHBOURS: usize = 64;

/// The differences between `table` and the contract of `dataset`, in the order of the table. `reads` says whether a field of files is read as
/// a field of the contract at a path. The types of the columns `partitions`, which folder names carry, are not compared.
pub fn differences(
    dataset: &Dataset,
    table: &Schema,
    partitions: &[String],
    reads: &dyn Fn(&Path, &Field, &Field) -> bool,
) -> Vec<Difference> {
    let declared: Fields = dataset.columns.iter().map(|column| FieldRef::clone(&column.field)).collect();
    let mut comparing = Comparing { dataset, partitions, reads, found: Vec::new() };
    comparing.fields(table.fields(), &declared, &Place::default());
    comparing.found
}

/// Where the comparison is: by the names of the contract, and by those of the files.
#[derive(Clone, Default)]
struct Place {
    path: Path,
    stored: Path,
}

impl Place {
    fn join(&self, name: &str, stored: &str) -> Self {
        Self { path: self.path.join(name), stored: self.stored.join(stored) }
    }
}

struct Comparing<'a> {
    dataset: &'a Dataset,
    partitions: &'a [String],
    reads: &'a dyn Fn(&Path, &Field, &Field) -> bool,
    found: Vec<Difference>,
}

impl Comparing<'_> {
    fn add(&mut self, path: &Path, kind: Kind) {
        self.found.push(Difference { path: path.clone(), kind });
    }

    fn fields(&mut self, found: &Fields, declared: &Fields, at: &Place) {
        let renames = &self.dataset.evolution.renames;
        let names: BTreeSet<&str> = declared.iter().map(|field| field.name().as_str()).collect();
        let stored: BTreeSet<&str> = found.iter().map(|field| field.name().as_str()).collect();
        // The name in the contract of each field of the files; none for a field that is new, or stands beside the one that has its new name.
        let known = found.iter().map(|field| {
            let name = field.name().as_str();
            if names.contains(name) {
                return Some(name);
            }
            let new = renames.get(&at.stored.join(name))?.as_str();
            (names.contains(new) && !stored.contains(new)).then_some(new)
        });
        let known: Vec<Option<&str>> = known.collect();
        for (number, field) in found.iter().enumerate() {
            let name = field.name().as_str();
            match known[number] {
                Some(name) => {
                    let Some(declared) = declared.iter().find(|declared| declared.name() == name) else { continue };
                    let is_partition = at.path.is_empty() && self.partitions.iter().any(|column| column == name);
                    if !is_partition {
                        self.field(field, declared, &at.join(name, field.name()));
                    }
                }
                None if renames.contains_key(&at.stored.join(name)) => {}
                None => {
                    let neighbours = neighbours(&known, number);
                    self.add(&at.path.join(name), Kind::Added { field: FieldRef::clone(field), neighbours });
                }
            }
        }
        let present: BTreeSet<&str> = known.into_iter().flatten().collect();
        for field in declared {
            if !present.contains(field.name().as_str()) {
                self.add(&at.path.join(field.name()), Kind::Removed);
            }
        }
    }

    fn field(&mut self, found: &FieldRef, declared: &FieldRef, at: &Place) {
        if found == declared || self.inside(found.data_type(), declared.data_type(), at) {
            return;
        }
        let kind = if (self.reads)(&at.path, found, declared) {
            Kind::Read { declared: declared.data_type().clone(), found: found.data_type().clone() }
        } else {
            Kind::Retyped { declared: FieldRef::clone(declared), found: FieldRef::clone(found) }
        };
        self.add(&at.path, kind);
    }

    /// Compares the fields inside two types; whether the types are the same beside them.
    fn inside(&mut self, found: &DataType, declared: &DataType, at: &Place) -> bool {
        match (found, declared) {
            (DataType::Struct(found), DataType::Struct(declared)) => {
                self.fields(found, declared, at);
                true
            }
            (DataType::Map(found, _), DataType::Map(declared, _)) => {
                let (Some((key, value)), Some((declared_key, declared_value))) =
                    (map_fields(found), map_fields(declared))
                else {
                    return found == declared;
                };
                self.field(key, declared_key, &at.join("key", "key"));
                self.field(value, declared_value, &at.join("value", "value"));
                true
            }
            (found, declared) => match (list_child(found), list_child(declared)) {
                (Some(item), Some(declared_item)) => {
                    // An element has the path of its list: what it is differs with the list.
                    let bare = |list: &DataType| with_list_child(list, Field::new("item", DataType::Null, true).into());
                    let before = self.found.len();
                    let is_same = self.inside(item.data_type(), declared_item.data_type(), at);
                    if is_same && bare(found) != bare(declared) && !self.reads_list(found, declared, at) {
                        self.found.truncate(before);
                        return false;
                    }
                    is_same
                }
                _ => found == declared,
            },
        }
    }

    /// Whether the kind of list is read; if it is, the difference is noted.
    fn reads_list(&mut self, found: &DataType, declared: &DataType, at: &Place) -> bool {
        let bare = |list: &DataType| {
            Field::new("list", with_list_child(list, Field::new("item", DataType::Boolean, true).into()), true)
        };
        let reads = (self.reads)(&at.path, &bare(found), &bare(declared));
        if reads {
            self.add(&at.path, Kind::Read { declared: declared.clone(), found: found.clone() });
        }
        reads
    }
}

/// The fields beside the one of the number `number` that have a name in the contract.
fn neighbours(known: &[Option<&str>], number: usize) -> Vec<(String, bool)> {
    let before = known[..number].iter().rev().flatten().map(|name| ((*name).to_owned(), true));
    let after = known[number + 1..].iter().flatten().map(|name| ((*name).to_owned(), false));
    before.take(MOST_NEIGHBOURS).chain(after.take(MOST_NEIGHBOURS)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cstspec_contract::prelude::path;
    use cstspec_contract::types::{list, map, nullable, required, structure};

    use super::*;

    fn lines(dataset: &Dataset, table: Vec<FieldRef>) -> Vec<String> {
        let widens = |_: &Path, found: &Field, declared: &Field| {
            (found.data_type(), declared.data_type()) == (&DataType::Int32, &DataType::Int64)
        };
        let found = differences(dataset, &Schema::new(table), &dataset.partitions, &widens);
        let line = |difference: &Difference| {
            let path = &difference.path;
            match &difference.kind {
                Kind::Added { field, neighbours } => {
                    let near = neighbours.first().map_or("-", |(name, _)| name);
                    format!("{path} added {} near {near}", field.data_type())
                }
                Kind::Removed => format!("{path} removed"),
                Kind::Retyped { found, declared } => {
                    format!("{path} {} not {}", found.data_type(), declared.data_type())
                }
                Kind::Read { found, declared } => format!("{path} {found} read as {declared}"),
            }
        };
        found.iter().map(line).collect()
    }

    /// Differences are found at every depth, and by the names of the contract.
    #[test]
    fn differences_at_every_depth() {
        let mut dataset = Dataset::new(
            "t",
            vec![
                nullable("id", DataType::Int64),
                nullable("refs", list(structure([nullable("a", DataType::Int64), nullable("b", DataType::Utf8)]))),
                nullable("marks", map(DataType::Utf8, structure([nullable("level", DataType::Int8)]))),
                nullable("day", DataType::Date32),
            ],
        );
        dataset.partitions = vec!["day".to_owned()];
        dataset.evolution.renames =
            BTreeMap::from([(Path::top("references"), "refs".to_owned()), (path("references.c"), "b".to_owned())]);
        assert_eq!(lines(&dataset, dataset.schema().fields().to_vec()), Vec::<String>::new());
        let inner =
            structure([required("new", DataType::Int8), nullable("a", DataType::Int32), nullable("c", DataType::Utf8)]);
        let table = vec![
            nullable("id", DataType::Utf8),
            nullable("references", list(inner)),
            nullable("more", DataType::Int8),
            nullable("marks", map(DataType::Utf8, structure([nullable("grade", DataType::Int8)]))),
            nullable("day", DataType::Utf8),
        ];
        assert_eq!(
            lines(&dataset, table),
            [
                "id Utf8 not Int64",
                "refs.new added Int8 near a",
                "refs.a Int32 read as Int64",
                "more added Int8 near refs",
                "marks.value.grade added Int8 near -",
                "marks.value.level removed",
            ]
        );
        let lists = vec![
            nullable("id", DataType::Int64),
            nullable("refs", DataType::LargeList(nullable("item", structure([nullable("a", DataType::Int64)])))),
            nullable("marks", DataType::Int8),
            nullable("day", DataType::Date32),
        ];
        let found = lines(&dataset, lists);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("refs LargeList") && found[1].starts_with("marks Int8 not Map"), "{found:#?}");
    }
}
