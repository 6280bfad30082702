//! Types as specs spell them.

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit, UnionMode};

use crate::path::{Path, list_child, map_fields};
use crate::sql;

/// `data_type` as a spec would spell it: `list<struct<name: utf8, slot: int64 not null>>`.
pub fn data_type(data_type: &DataType) -> String {
    let mut text = String::new();
    write(&mut text, data_type);
    text
}

/// The type of `field`, and `not null` where it is: `int64 not null`.
pub fn field_type(field: &Field) -> String {
    let mut text = String::new();
    child(&mut text, field);
    text
}

/// The most characters of a type that is said in short.
const MOST: usize = 120;
/// The most places in which two types differ that are spelled out.
const MOST_PLACES: usize = 6;

/// `data_type` in short: whole, if that is not long; else of a struct the first fields, with how many fields there are in each one
/// inside.
pub fn short(data_type: &DataType) -> String {
    let whole = self::data_type(data_type);
    if fits(&whole) { whole } else { cut(&abridged(data_type), 2 * MOST) }
}

/// [`short`] of the type of `field`, and `not null` where it is.
pub fn short_field(field: &Field) -> String {
    let not_null = if field.is_nullable() { "" } else { " not null" };
    short(field.data_type()) + not_null
}

/// [`short`] of a type whose struct is the named type `name`, by that name where it is long: `list<cst_def> (18 fields)`.
pub fn short_named(data_type: &DataType, name: Option<&str>) -> String {
    let whole = self::data_type(data_type);
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
            None => self::data_type(data_type),
        },
        _ => match list_child(data_type) {
            Some(item) => list(data_type, &outline(item.data_type())),
            None => self::data_type(data_type),
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

fn named(field: &Field, data_type: &str) -> String {
    let name = field.name();
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { format!("{name}: {data_type}") } else { format!("{}: {data_type}", sql::quoted(name)) }
}

fn child(text: &mut String, field: &Field) {
    write(text, field.data_type());
    if !field.is_nullable() {
        text.push_str(" not null");
    }
}

/// The kind of a list, and its size where that is fixed: `large_list`, `fixed_size_list of 3`.
pub fn list_kind(list: &DataType) -> String {
    match list {
        DataType::FixedSizeList(_, size) => format!("fixed_size_list of {size}"),
        other => self::list(other, "").trim_end_matches("<>").to_owned(),
    }
}

/// A type that the engine gives as a text, as a spec spells it; the text where it is no type.
pub fn of_arrow(text: &str) -> String {
    without_metadata(text).parse::<DataType>().map_or_else(|_| text.to_owned(), |data_type| short(&data_type))
}

/// The text of a type without the metadata of its fields, which Arrow prints and does not read.
fn without_metadata(text: &str) -> String {
    const BEGIN: &str = ", metadata: {";
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        kept.push_str(before);
        let (mut quoted, mut escaped) = (false, false);
        let end = after.find(|c| match c {
            _ if escaped => {
                escaped = false;
                false
            }
            '\\' => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            c => c == '}' && !quoted,
        });
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    kept + rest
}

fn list(list: &DataType, item: &str) -> String {
    match list {
        DataType::LargeList(_) => format!("large_list<{item}>"),
        DataType::ListView(_) => format!("list_view<{item}>"),
        DataType::LargeListView(_) => format!("large_list_view<{item}>"),
        DataType::FixedSizeList(_, size) => format!("fixed_size_list<{item}, {size}>"),
        _ => format!("list<{item}>"),
    }
}

fn write(text: &mut String, data_type: &DataType) {
    let mut put = |word: &str| text.push_str(word);
    match data_type {
        DataType::Null => put("null"),
        DataType::Boolean => put("bool"),
        DataType::Int8 => put("int8"),
        DataType::Int16 => put("int16"),
        DataType::Int32 => put("int32"),
        DataType::Int64 => put("int64"),
        DataType::UInt8 => put("uint8"),
        DataType::UInt16 => put("uint16"),
        DataType::UInt32 => put("uint32"),
        DataType::UInt64 => put("uint64"),
        DataType::Float16 => put("float16"),
        DataType::Float32 => put("float32"),
        DataType::Float64 => put("float64"),
        DataType::Date32 => put("date32"),
        DataType::Date64 => put("date64"),
        DataType::Utf8 => put("utf8"),
        DataType::LargeUtf8 => put("large_utf8"),
        DataType::Utf8View => put("utf8_view"),
        DataType::Binary => put("binary"),
        DataType::LargeBinary => put("large_binary"),
        DataType::BinaryView => put("binary_view"),
        DataType::FixedSizeBinary(size) => put(&format!("fixed_size_binary({size})")),
        DataType::Decimal32(digits, scale) => put(&format!("decimal32({digits}, {scale})")),
        DataType::Decimal64(digits, scale) => put(&format!("decimal64({digits}, {scale})")),
        DataType::Decimal128(digits, scale) => put(&format!("decimal128({digits}, {scale})")),
        DataType::Decimal256(digits, scale) => put(&format!("decimal256({digits}, {scale})")),
        DataType::Timestamp(unit, None) => put(&format!("timestamp({})", self::unit(*unit))),
        DataType::Timestamp(unit, Some(zone)) => put(&format!("timestamp({}, {zone})", self::unit(*unit))),
        DataType::Time32(unit) => put(&format!("time32({})", self::unit(*unit))),
        DataType::Time64(unit) => put(&format!("time64({})", self::unit(*unit))),
        DataType::Duration(unit) => put(&format!("duration({})", self::unit(*unit))),
        DataType::Interval(unit) => put(match unit {
            IntervalUnit::YearMonth => "interval(year_month)",
            IntervalUnit::DayTime => "interval(day_time)",
            IntervalUnit::MonthDayNano => "interval(month_day_nano)",
        }),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| named(field, &field_type(field))).collect();
            put(&format!("struct<{}>", fields.join(", ")));
        }
        DataType::Union(fields, mode) => {
            let word = if *mode == UnionMode::Dense { "dense_union" } else { "union" };
            let fields: Vec<String> = fields.iter().map(|(_, field)| named(field, &field_type(field))).collect();
            put(&format!("{word}<{}>", fields.join(", ")));
        }
        DataType::Dictionary(key, value) => {
            put(&format!("dictionary<{}, {}>", self::data_type(key), self::data_type(value)));
        }
        DataType::RunEndEncoded(ends, values) => {
            put(&format!("run_end_encoded<{}, {}>", self::data_type(ends.data_type()), field_type(values)));
        }
        DataType::Map(entries, _) => match map_fields(entries) {
            Some((key, value)) => put(&format!("map<{}, {}>", self::data_type(key.data_type()), field_type(value))),
            None => {
                let _ = write!(text, "{data_type}");
            }
        },
        _ => match list_child(data_type) {
            Some(item) => put(&list(data_type, &field_type(item))),
            None => {
                let _ = write!(text, "{data_type}");
            }
        },
    }
}

fn unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{list, map, nullable, required, structure};

    #[test]
    fn a_type_is_spelled_as_in_a_spec() {
        let local = structure([required("slot", DataType::Int64), nullable("name", DataType::Utf8)]);
        for (data_type, expected) in [
            (list(local), "list<struct<slot: int64 not null, name: utf8>>"),
            (map(DataType::Utf8, list(DataType::Float16)), "map<utf8, list<float16>>"),
            (DataType::FixedSizeList(required("item", DataType::Int8), 3), "fixed_size_list<int8 not null, 3>"),
            (crate::types::timestamp(TimeUnit::Microsecond, "UTC"), "timestamp(us, UTC)"),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), "timestamp(ns)"),
            (DataType::Decimal128(10, 2), "decimal128(10, 2)"),
            (crate::types::dictionary(DataType::Int32, DataType::Utf8), "dictionary<int32, utf8>"),
            (DataType::Interval(IntervalUnit::DayTime), "interval(day_time)"),
        ] {
            assert_eq!(super::data_type(&data_type), expected);
        }
    }

    #[test]
    fn what_arrow_prints_of_metadata_is_left_out() {
        let field = nullable("at", structure([nullable("line", DataType::Int32)]));
        let marked = crate::types::annotated(&field, [("ARROW:extension:name", "a \"}\" span")]);
        let printed = list(structure([marked, nullable("name", DataType::Utf8)])).to_string();
        assert!(printed.contains("metadata"), "{printed}");
        assert_eq!(of_arrow(&printed), "list<struct<at: struct<line: int32>, name: utf8>>");
        assert_eq!(of_arrow("no type"), "no type");
    }

    fn span(start: DataType) -> DataType {
        structure([nullable("start", start), nullable("length", DataType::Int32)])
    }

    fn wide(count: usize) -> DataType {
        DataType::Struct((0..count).map(|number| nullable(&format!("f{number}"), DataType::Int8)).collect())
    }

    #[test]
    fn two_types_are_told_by_the_paths_at_which_they_differ() {
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

    #[test]
    fn a_long_type_is_said_in_short() {
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
