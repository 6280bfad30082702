//! Types in short, for people.

use arrow_schema::{DataType, Field};

use super::full::{self, list, named};
use crate::path::{list_child, map_fields};

/// The most characters of a type that is said in short.
pub(super) const MOST: usize = 120;

/// `data_type` in short: whole, if that is not long; else of a struct the first fields, with how many fields there are in each one
/// inside.
pub fn short(data_type: &DataType) -> String {
    let whole = full::data_type(data_type);
    if fits(&whole) { whole } else { cut(&abridged(data_type), 2 * MOST) }
}

/// [`short`] of the type of `field`, and `not null` where it is.
pub fn short_field(field: &Field) -> String {
    let not_null = if field.is_nullable() { "" } else { " not null" };
    short(field.data_type()) + not_null
}

/// [`short`] of a type whose struct is the named type `name`, by that name where it is long: `list<cst_def> (18 fields)`.
pub fn short_named(data_type: &DataType, name: Option<&str>) -> String {
    let whole = full::data_type(data_type);
    let Some(name) = name.filter(|_| !fits(&whole)) else { return short(data_type) };
    let (mut inner, mut kinds) = (data_type, Vec::new());
    while let Some(item) = list_child(inner) {
        kinds.push(inner);
        inner = item.data_type();
    }
    match inner {
        DataType::Struct(fields) => {
            let text = kinds.into_iter().rfold(name.to_owned(), |text, kind| list(kind, &text));
            format!("{text} ({})", count(fields.len(), "field"))
        }
        _ => short(data_type),
    }
}

fn fits(text: &str) -> bool {
    text.chars().count() <= MOST
}

/// `data_type` with the first fields of its outermost structs, as many as fit, and outlines of what is inside them.
fn abridged(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => {
            let mut shown: Vec<String> = Vec::new();
            let mut length = 0;
            for field in fields {
                let not_null = if field.is_nullable() { "" } else { " not null" };
                let text = named(field, &(outline(field.data_type()) + not_null));
                length += text.chars().count() + 2;
                if length > MOST && !shown.is_empty() {
                    break;
                }
                shown.push(text);
            }
            if shown.len() < fields.len() {
                shown.push(format!("... and {} more", fields.len() - shown.len()));
            }
            format!("struct<{}>", shown.join(", "))
        }
        DataType::Map(entries, _) => match map_fields(entries) {
            Some((key, value)) => format!("map<{}, {}>", outline(key.data_type()), abridged(value.data_type())),
            None => outline(data_type),
        },
        _ => match list_child(data_type) {
            Some(item) => list(data_type, &abridged(item.data_type())),
            None => outline(data_type),
        },
    }
}

/// `data_type` with how many fields there are in the place of structs.
fn outline(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => format!("struct of {}", count(fields.len(), "field")),
        DataType::Union(members, _) => format!("union of {}", count(members.len(), "type")),
        DataType::Map(entries, _) => match map_fields(entries) {
            Some((key, value)) => format!("map<{}, {}>", outline(key.data_type()), outline(value.data_type())),
            None => full::data_type(data_type),
        },
        _ => match list_child(data_type) {
            Some(item) => list(data_type, &outline(item.data_type())),
            None => full::data_type(data_type),
        },
    }
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// `text` with no more than `most` characters, cut behind a comma where there is one, and how many there are besides.
pub fn cut(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    let kept = match text[..end].rfind(", ") {
        Some(comma) if comma > end / 2 => &text[..=comma],
        _ => text[..end].trim_end(),
    };
    let more = length - kept.chars().count();
    format!("{kept} ... and {more} more characters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{list, map, nullable, structure};

    fn wide(count: usize) -> DataType {
        DataType::Struct((0..count).map(|number| nullable(&format!("f{number}"), DataType::Int8)).collect())
    }

    /// A long type is said in short.
    #[test]
    fn long_type_shortened() {
        assert_eq!(short_named(&list(wide(18)), Some("cst_def")), "list<cst_def> (18 fields)");
        assert_eq!(short_named(&list(list(wide(18))), Some("cst_def")), "list<list<cst_def>> (18 fields)");
        assert_eq!(short_named(&wide(18), Some("cst_def")), "cst_def (18 fields)");
        assert_eq!(short_named(&list(wide(1)), Some("cst_def")), "list<struct<f0: int8>>");
        assert!(short(&map(DataType::Utf8, wide(90))).ends_with(", ... and 79 more>>"));
        let inside = structure([nullable("a", list(wide(18))), nullable("b", map(DataType::Utf8, wide(40)))]);
        assert_eq!(short(&inside), "struct<a: list<struct of 18 fields>, b: map<utf8, struct of 40 fields>>");
        let named = structure([nullable(&"n".repeat(1000), DataType::Int8)]);
        for deep in [named, (0..200).fold(wide(40), |inner, _| list(inner))] {
            assert!(short(&deep).chars().count() < 300, "{}", short(&deep));
        }
        assert_eq!(cut("größe, länge, höhe", 9), "größe, ... and 12 more characters");
    }
}
