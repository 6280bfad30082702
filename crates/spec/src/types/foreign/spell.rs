//! Parts of foreign types in the spelling of specs.

use super::names::{OWN, TYPE_NAMES};
use super::read::Part;

impl Part {
    /// The type, in the spelling of specs.
    pub fn spelled(&self) -> Option<String> {
        let Some(items) = self.items.as_ref().filter(|items| !items.is_empty()) else { return self.spelled_word() };
        let first = items.first();
        let number = |at: usize| items.get(at).and_then(|item| item.written.parse::<i64>().ok());
        Some(match self.word.as_str() {
            "optional" | "option" | "nullable" | "box" | "arc" | "rc" | "cow" | "simpleaggregatefunction" => {
                items.last()?.spelled()?
            }
            "lowcardinality" => format!("dictionary<int32, {}>", first?.spelled()?),
            "vec" | "list" if first?.word == "u8" && items.len() == 1 => "binary".to_owned(),
            "list" if first?.word == "u8" && items.len() == 2 => format!("fixed_size_binary({})", number(1)?),
            "list" | "list_" | "array" if items.len() == 2 && size(&items[1]).is_some() => {
                format!("fixed_size_list<{}, {}>", first?.spelled_child()?, size(&items[1])?)
            }
            "fixed_size_list" | "fixedsizelist" if items.len() == 2 => {
                format!("fixed_size_list<{}, {}>", first?.spelled_child()?, size(&items[1])?)
            }
            "list" | "array" | "sequence" | "vector" | "set" | "repeated" | "list_" | "vec" | "vecdeque"
            | "hashset" | "btreeset" | "collection" | "iterable" | "tuple"
                if self.is_list(items) =>
            {
                format!("list<{}>", first?.spelled_child()?)
            }
            "fixedsizelist" => {
                let (size, item) = first?.written.split_once(" x ")?;
                let item = Self { word: item.to_lowercase(), written: item.to_owned(), ..Self::default() };
                format!("fixed_size_list<{}, {}>", item.spelled()?, size.parse::<u32>().ok()?)
            }
            "large_list" | "largelist" if items.len() == 1 => format!("large_list<{}>", first?.spelled_child()?),
            "list_view" | "listview" if items.len() == 1 => format!("list_view<{}>", first?.spelled_child()?),
            "large_list_view" | "largelistview" if items.len() == 1 => {
                format!("large_list_view<{}>", first?.spelled_child()?)
            }
            "map" | "map_" | "dict" | "mapping" | "hashmap" | "btreemap" | "indexmap" | "record" | "object"
                if items.len() >= 2 && items.iter().all(|item| item.name.is_none()) =>
            {
                format!("map<{}, {}>", items[0].spelled()?, items[1].spelled_child()?)
            }
            // `map[string]int64` of Go
            "map" if items.len() == 1 => return None,
            "dictionary" if items.len() >= 2 => {
                let named = |name: &str| items.iter().find(|item| item.name.as_deref() == Some(name));
                let keys = named("indices").or_else(|| named("index_type")).unwrap_or(&items[0]);
                let values = named("values").or_else(|| named("value_type")).unwrap_or(&items[1]);
                format!("dictionary<{}, {}>", keys.spelled()?, values.spelled()?)
            }
            "struct" | "row" | "record" | "tuple" | "object" | "nested" | "typeddict" => {
                format!("struct<{}>", fields(items)?)
            }
            // Fields in brackets alone: polars, TypeScript
            "" if items.iter().all(|item| item.name.is_some()) => format!("struct<{}>", fields(items)?),
            "union" | "sparse_union" => format!("union<{}>", fields(items)?),
            "dense_union" => format!("dense_union<{}>", fields(items)?),
            "decimal" | "numeric" | "dec" | "number" | "decimal32" | "decimal64" | "decimal128" | "decimal256" => {
                let (digits, after) = (number(0)?, number(1).unwrap_or(0));
                let bits = self.word.strip_prefix("decimal").filter(|bits| !bits.is_empty()).unwrap_or("128");
                let bits = match digits {
                    39.. => "256",
                    19.. if bits != "256" => "128",
                    10.. if bits == "32" => "64",
                    _ => bits,
                };
                format!("decimal{bits}({digits}, {after})")
            }
            "binary"
            | "bytes"
            | "fixed_size_binary"
            | "fixedsizebinary"
            | "fixed_len_byte_array"
            | "fixed"
            | "fixedstring" => match number(0) {
                Some(size) => format!("fixed_size_binary({})", u32::try_from(size).ok()?),
                None => self.spelled_word()?,
            },
            "timestamp with time zone" | "timestamptz" | "timestamp_tz" | "timestamp_ltz" => {
                format!("timestamp({}, UTC)", self.unit_inside()?)
            }
            "timestamp without time zone" | "timestamp_ntz" => format!("timestamp({})", self.unit_inside()?),
            "timestamp" | "datetime" | "datetime64" | "datetime2" => {
                let unit = self.unit_inside()?;
                match items.iter().filter(|item| item.unit().is_none()).find_map(zone) {
                    Some(zone) => format!("timestamp({unit}, {zone})"),
                    None => format!("timestamp({unit})"),
                }
            }
            "time" | "time32" | "time64" => match self.unit_inside()? {
                unit @ ("s" | "ms") => format!("time32({unit})"),
                unit => format!("time64({unit})"),
            },
            "duration" | "timedelta" | "timedelta64" => format!("duration({})", self.unit_inside()?),
            "interval" => match first?.word.replace(['_', ' '], "").as_str() {
                "yearmonth" | "yeartomonth" => "interval(year_month)".to_owned(),
                "daytime" | "daytosecond" => "interval(day_time)".to_owned(),
                _ => "interval(month_day_nano)".to_owned(),
            },
            _ => self.spelled_word()?,
        })
    }

    /// Whether the first of its `items` is the type of all elements, and the others only say whether there are NULLs.
    fn is_list(&self, items: &[Self]) -> bool {
        let flag = |item: &Self| matches!(item.word.as_str(), "true" | "false");
        let is_tuple = self.word == "tuple" && items.len() == 1;
        (self.word != "tuple" || is_tuple && items[0].name.is_none() && !items[0].written.contains(' '))
            && items[1..].iter().all(flag)
    }

    /// A word alone, or one whose size or unit says nothing here: `varchar(255)`, `date32[day]`.
    fn spelled_word(&self) -> Option<String> {
        if let Some((_, types)) = TYPE_NAMES.iter().find(|(word, _)| *word == self.word) {
            return types.first().map(|text| (*text).to_owned());
        }
        // `int array`, `repeated string`
        let words = self.word.split_once(' ');
        if let Some(item) = self.word.strip_suffix(" array").or_else(|| self.word.strip_prefix("repeated ")) {
            let item = Self { word: item.to_owned(), written: item.to_owned(), ..Self::default() };
            return Some(format!("list<{}>", item.spelled_word()?));
        }
        if self.items.is_some() || words.is_some() || OWN.contains(&self.word.as_str()) {
            return OWN.contains(&self.word.as_str()).then(|| self.word.clone());
        }
        // It may be a named type.
        let word = self.written.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_');
        (word && !self.written.is_empty()).then(|| self.written.clone())
    }

    fn spelled_child(&self) -> Option<String> {
        Some(self.spelled()? + if self.not_null { " not null" } else { "" })
    }

    /// The unit among its items; microseconds where there is none.
    fn unit_inside(&self) -> Option<&'static str> {
        let items = self.items.as_deref().unwrap_or_default();
        let unknown = |item: &&Self| item.written.parse::<i64>().is_ok() && item.unit().is_none();
        match items.iter().find_map(Self::unit) {
            Some(unit) => Some(unit),
            None if items.iter().any(|item| unknown(&item)) => None,
            None => Some("us"),
        }
    }

    /// The unit that it is, also as digits after the second.
    fn unit(&self) -> Option<&'static str> {
        Some(match self.word.as_str() {
            "s" | "sec" | "second" | "seconds" | "0" => "s",
            "ms" | "milli" | "millis" | "millisecond" | "milliseconds" | "3" => "ms",
            "us" | "µs" | "μs" | "micro" | "micros" | "microsecond" | "microseconds" | "6" => "us",
            "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" | "9" => "ns",
            _ => return None,
        })
    }
}

/// The size of a list: a number, or a shape of one dimension.
fn size(part: &Part) -> Option<u32> {
    let shape = part.items.as_ref().filter(|shape| shape.len() == 1).and_then(|shape| shape.first());
    shape.unwrap_or(part).written.parse().ok()
}

/// The zone that a part is; none where it says that there is none, or is a flag.
fn zone(part: &Part) -> Option<String> {
    if part.word == "some" {
        return zone(part.items.as_ref()?.first()?);
    }
    let is_none = matches!(part.word.as_str(), "none" | "null" | "false") || part.written.parse::<i64>().is_ok();
    match part.word.as_str() {
        "utc" | "true" => Some("UTC".to_owned()),
        _ => (!is_none && !part.written.is_empty()).then(|| part.written.clone()),
    }
}

/// The fields of a struct: `a: int`, `a int`, `('a', int)`, `StructField('a', int)`, or all of them in brackets.
fn fields(items: &[Part]) -> Option<String> {
    if let [Part { name: None, items: Some(inside), word, .. }] = items
        && word.is_empty()
        && inside.iter().all(|item| item.name.is_some() || item.items.is_some())
    {
        return fields(inside);
    }
    let fields = items.iter().map(|item| {
        let (name, field) = match (&item.name, item.word.as_str(), item.items.as_deref()) {
            (Some(name), ..) => (name.clone(), item.spelled_child()?),
            (None, "" | "structfield" | "field" | "fieldref", Some([name, field, flags @ ..])) => {
                let no_nulls = flags.iter().any(|flag| flag.word == "false");
                (name.written.clone(), field.spelled()? + if no_nulls || field.not_null { " not null" } else { "" })
            }
            _ => {
                let (name, rest) = item.written.split_once(' ')?;
                let word = item.word.split_once(' ')?.1.to_owned();
                let field = Part { name: None, word, written: rest.to_owned(), ..item.clone() };
                (name.to_owned(), field.spelled_child()?)
            }
        };
        let plain = name.chars().all(|sign| sign.is_alphanumeric() || sign == '_') && !name.is_empty();
        let name = if plain { name } else { format!("\"{}\"", name.replace('"', "\"\"")) };
        Some(format!("{name}: {field}"))
    });
    Some(fields.collect::<Option<Vec<_>>>()?.join(", "))
}
