//! Where two types differ.

use arrow_schema::{DataType, Field, Fields};

use super::full::list;
use super::short::{MOST, cut, short, short_field};
use crate::path::{Path, list_child, map_fields};

/// The most places in which two types differ that are spelled out.
const MOST_PLACES: usize = 6;

/// How `declared` and `found`, two types at `path`, differ, each as a spec spells it. Of two structs, lists or maps those fields alone
/// that differ are there, by path: `span.start.line0: int32`, `span.start.line0: int64`.
pub fn difference(path: &Path, declared: &DataType, found: &DataType) -> (String, String) {
    let mut places = Vec::new();
    compare(path, declared, found, &mut places);
    match places.as_slice() {
        [] => (short(declared), short(found)),
        [place] if place.path == *path => (place.declared.clone(), place.found.clone()),
        places => {
            let side = |of: fn(&Place) -> &str| {
                let mut texts: Vec<String> =
                    places.iter().take(MOST_PLACES).map(|place| format!("{}: {}", place.path, of(place))).collect();
                if places.len() > MOST_PLACES {
                    texts.push(format!("and {} more", places.len() - MOST_PLACES));
                }
                texts.join("; ")
            };
            (side(|place| &place.declared), side(|place| &place.found))
        }
    }
}

/// A place in which two types differ.
struct Place {
    path: Path,
    declared: String,
    found: String,
}

/// What is said of a field that one of two types lacks.
const ABSENT: &str = "no such field";

fn compare(path: &Path, declared: &DataType, found: &DataType, places: &mut Vec<Place>) {
    let before = places.len();
    let mut push = |path: &Path, declared: String, found: String| {
        places.push(Place { path: path.clone(), declared, found });
    };
    match (declared, found) {
        (DataType::Struct(one), DataType::Struct(other)) => {
            for field in one {
                let below = path.join(field.name());
                match other.find(field.name()) {
                    Some((_, twin)) => compare_fields(&below, field, twin, places),
                    None => places.push(Place { path: below, declared: short_field(field), found: ABSENT.to_owned() }),
                }
            }
            for field in other.iter().filter(|field| one.find(field.name()).is_none()) {
                let below = path.join(field.name());
                places.push(Place { path: below, declared: ABSENT.to_owned(), found: short_field(field) });
            }
            let names = |fields: &Fields| {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                format!("the fields {}", cut(&names.join(", "), MOST))
            };
            if places.len() == before && names(one) != names(other) {
                places.push(Place { path: path.clone(), declared: names(one), found: names(other) });
            }
        }
        (DataType::Map(one, sorted), DataType::Map(other, other_sorted)) => {
            if sorted != other_sorted {
                let order = |sorted: bool| if sorted { "a map with its keys in order" } else { "a map" }.to_owned();
                push(path, order(*sorted), order(*other_sorted));
            }
            if let (Some(one), Some(other)) = (map_fields(one), map_fields(other)) {
                compare_fields(&path.join("key"), one.0, other.0, places);
                compare_fields(&path.join("value"), one.1, other.1, places);
            }
        }
        _ => match (list_child(declared), list_child(found)) {
            (Some(one), Some(other)) => {
                if list(declared, "") != list(found, "") {
                    push(path, short(declared), short(found));
                }
                if one.is_nullable() != other.is_nullable() {
                    let elements =
                        |nullable| if nullable { "nullable elements" } else { "elements not null" }.to_owned();
                    push(path, elements(one.is_nullable()), elements(other.is_nullable()));
                }
                compare(path, one.data_type(), other.data_type(), places);
            }
            _ if declared != found => push(path, short(declared), short(found)),
            _ => {}
        },
    }
}

fn compare_fields(path: &Path, declared: &Field, found: &Field, places: &mut Vec<Place>) {
    let (one, other) = (declared.data_type(), found.data_type());
    let both = |test: fn(&DataType) -> bool| test(one) && test(other);
    if !both(DataType::is_nested) && one != other {
        places.push(Place { path: path.clone(), declared: short_field(declared), found: short_field(found) });
        return;
    }
    if declared.is_nullable() != found.is_nullable() {
        let side = |field: &Field| match (field.data_type().is_nested(), field.is_nullable()) {
            (true, true) => "nullable".to_owned(),
            (true, false) => "not null".to_owned(),
            (false, _) => short_field(field),
        };
        places.push(Place { path: path.clone(), declared: side(declared), found: side(found) });
    }
    compare(path, one, other, places);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{list, map, nullable, required, structure};

    fn span(start: DataType) -> DataType {
        structure([nullable("start", start), nullable("length", DataType::Int32)])
    }

    fn wide(count: usize) -> DataType {
        DataType::Struct((0..count).map(|number| nullable(&format!("f{number}"), DataType::Int8)).collect())
    }

    /// Two types are reported by the paths at which they differ.
    #[test]
    fn types_differ_by_path() {
        let item = |start| list(structure([nullable("kind", DataType::Utf8), nullable("span", span(start))]));
        let fixed = |size| DataType::FixedSizeList(nullable("item", DataType::Int8), size);
        let utf8 = DataType::Utf8;
        let of = |fields: Vec<(&str, DataType)>| {
            DataType::Struct(fields.into_iter().map(|(name, data_type)| nullable(name, data_type)).collect())
        };
        let must = |data_type: DataType| DataType::List(required("item", data_type));
        let sorted = |sorted| match map(DataType::Utf8, DataType::Int8) {
            DataType::Map(entries, _) => DataType::Map(entries, sorted),
            other => other,
        };
        for (declared, found, expected, observed) in [
            (DataType::Int8, utf8.clone(), "int8", "utf8"),
            (item(DataType::Int32), item(DataType::Int64), "t.span.start: int32", "t.span.start: int64"),
            (
                list(wide(18)),
                utf8.clone(),
                "list<struct<f0: int8, f1: int8, f2: int8, f3: int8, f4: int8, f5: int8, f6: int8, f7: int8, f8: int8, f9: int8, f10: int8, ... and 7 more>>",
                "utf8",
            ),
            (
                of(vec![("a", DataType::Int8)]),
                of(vec![("b", DataType::Int8)]),
                "t.a: int8; t.b: no such field",
                "t.a: no such field; t.b: int8",
            ),
            (
                of(vec![("a", DataType::Int8), ("b", utf8.clone())]),
                of(vec![("b", utf8.clone()), ("a", DataType::Int8)]),
                "the fields a, b",
                "the fields b, a",
            ),
            (
                map(DataType::Utf8, span(DataType::Int8)),
                map(DataType::Utf8, span(DataType::Int16)),
                "t.value.start: int8",
                "t.value.start: int16",
            ),
            (sorted(true), sorted(false), "a map with its keys in order", "a map"),
            (fixed(2), fixed(3), "fixed_size_list<int8, 2>", "fixed_size_list<int8, 3>"),
            (must(DataType::Int8), list(DataType::Int8), "elements not null", "nullable elements"),
            (
                structure([required("a", DataType::Int8)]),
                structure([nullable("a", DataType::Int8)]),
                "t.a: int8 not null",
                "t.a: int8",
            ),
            (
                structure([required("s.t", wide(1))]),
                structure([nullable("s.t", wide(1))]),
                "t.\"s.t\": not null",
                "t.\"s.t\": nullable",
            ),
        ] {
            let (declared, found) = difference(&Path::top("t"), &declared, &found);
            assert_eq!((declared.as_str(), found.as_str()), (expected, observed));
        }
        let texts = DataType::Struct((0..500).map(|number| nullable(&format!("f{number}"), DataType::Utf8)).collect());
        let (declared, found) = difference(&Path::top("t"), &wide(500), &texts);
        assert_eq!(declared, "t.f0: int8; t.f1: int8; t.f2: int8; t.f3: int8; t.f4: int8; t.f5: int8; and 494 more");
        assert!(found.ends_with("t.f5: utf8; and 494 more"), "{found}");
    }
}
