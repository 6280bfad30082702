//! Names of types, views and files, made from names in data.

use std::collections::BTreeSet;

/// Words that a type or file is not named after as they are: people take them for types of other systems.
const TYPES: [&str; 24] = [
    "any",
    "array",
    "bigint",
    "blob",
    "boolean",
    "bytes",
    "char",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "json",
    "long",
    "number",
    "object",
    "short",
    "string",
    "text",
    "time",
    "timestamp",
    "varchar",
];
/// The longest word that is made of a name, in bytes.
const LONGEST: usize = 60;

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// The names that are taken already.
    pub fn taken(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Whether `name` is taken.
    pub fn is_taken(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Takes the first of `wanted` that is free, or else the last of them with a number behind it.
    pub fn take<'a>(&mut self, wanted: impl IntoIterator<Item = &'a str>) -> String {
        let mut last = "";
        for name in wanted {
            if self.0.insert(name.to_owned()) {
                return name.to_owned();
            }
            last = name;
        }
        let mut number = 2;
        while self.0.contains(&format!("{last}_{number}")) {
            number += 1;
        }
        let name = format!("{last}_{number}");
        self.0.insert(name.clone());
        name
    }
}

/// `name` in lower-case letters, digits and underscores, as types and files are named.
pub fn word(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars() {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        if c != '_' || !(word.is_empty() || word.ends_with('_')) {
            word.push(c);
        }
    }
    word.truncate(LONGEST);
    let word = word.trim_end_matches('_');
    if word.is_empty() {
        "unnamed".to_owned()
    } else if word.starts_with(|first: char| first.is_ascii_digit()) {
        format!("n{word}")
    } else {
        word.to_owned()
    }
}

/// `name` as a type is named: a word that nobody takes for a type of another system.
pub fn type_word(name: &str) -> String {
    let word = word(name);
    if TYPES.contains(&word.as_str()) || is_spelled(&word) { format!("{word}_fields") } else { word }
}

/// Whether `word` begins a type of the spec language.
fn is_spelled(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
    ["null", "bool", "int", "uint", "float", "date", "utf", "binary", "large_utf", "large_binary", "decimal", "time"]
        .contains(&bare)
        || [
            "utf8_view",
            "binary_view",
            "fixed_size_binary",
            "duration",
            "list",
            "large_list",
            "list_view",
            "large_list_view",
        ]
        .contains(&word)
        || [
            "fixed_size_list",
            "struct",
            "map",
            "dictionary",
            "run_end_encoded",
            "union",
            "dense_union",
            "timestamp",
            "interval",
        ]
        .contains(&word)
}

/// The name of one of several things that are called `name`: `nodes` are each a `node`.
pub fn singular(name: &str) -> String {
    let stem = |ending: &str| name.strip_suffix(ending).filter(|stem| stem.len() > 1);
    if let Some(stem) = stem("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if stem(ending).is_some() {
            return name[..name.len() - 2].to_owned();
        }
    }
    if ["ss", "us", "is"].iter().any(|ending| name.ends_with(ending)) {
        return name.to_owned();
    }
    stem("s").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of data become words.
    #[test]
    fn words_of_names() {
        for (name, expected) in [
            ("refs", "refs"),
            ("Company Very Short", "company_very_short"),
            ("dayOfYear", "dayofyear"),
            ("größe", "gr_e"),
            ("2024", "n2024"),
            ("日本", "unnamed"),
            ("__a__b__", "a_b"),
            ("", "unnamed"),
        ] {
            assert_eq!(word(name), expected, "{name}");
        }
        assert!(word(&"x".repeat(300)).len() <= LONGEST);
    }

    /// A type is named after its list, and after no other type.
    #[test]
    fn types_named_after_lists() {
        for (name, expected) in [
            ("refs", "ref"),
            ("type_exprs", "type_expr"),
            ("entries", "entry"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("class", "class"),
            ("bus", "bus"),
            ("s", "s"),
            ("analysis", "analysis"),
        ] {
            assert_eq!(singular(name), expected, "{name}");
        }
        for (name, expected) in
            [("dates", "date_fields"), ("list", "list_fields"), ("int32", "int32_fields"), ("ref", "ref")]
        {
            assert_eq!(type_word(&singular(name)), expected, "{name}");
        }
    }

    /// Each name is given once.
    #[test]
    fn names_given_once() {
        let mut names = Names::taken(["a".to_owned()]);
        assert_eq!(names.take(["a", "b_a"]), "b_a");
        assert_eq!(names.take(["a", "b_a"]), "b_a_2");
        assert_eq!(names.take(["a", "b_a"]), "b_a_3");
        assert_eq!(names.take(["c"]), "c");
    }
}
