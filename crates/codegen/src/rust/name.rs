//! Names of the catalog as Rust names.

use std::collections::BTreeSet;

/// Words that name no module: Rust's own, and the modules that hold no relation.
const RESERVED: [&str; 58] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "boundaries",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "functions",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "sessions",
    "statements",
    "static",
    "std",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "core",
];

/// The module, and the file, of the relation called `name`: a reserved word gets an underscore.
pub(crate) fn module_name(name: &str) -> String {
    let identifier = identifier(name);
    if RESERVED.contains(&identifier.as_str()) { format!("{identifier}_") } else { identifier }
}

/// `name` with the letters and digits that Rust takes, in lower case. It may be a keyword.
pub(super) fn identifier(name: &str) -> String {
    let mut identifier: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if identifier.starts_with(|c: char| c.is_ascii_digit()) || identifier.chars().all(|c| c == '_') {
        identifier.insert_str(0, "n_");
    }
    identifier
}

/// `names` as identifiers, numbered where two are one.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    names
        .map(|name| {
            let base = identifier(name);
            let mut candidate = base.clone();
            let mut number = 2;
            while !taken.insert(candidate.clone()) {
                candidate = format!("{base}_{number}");
                number += 1;
            }
            candidate
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_our_own_modules_get_an_underscore() {
        let names = ["cst_refs", "type", "functions", "self", "Été 2", "9", ""].map(module_name);
        assert_eq!(names, ["cst_refs", "type_", "functions_", "self_", "_t__2", "n_9", "n_"]);
        for word in RESERVED {
            assert!(syn::parse_str::<syn::Ident>(&module_name(word)).is_ok(), "{word}");
        }
    }

    #[test]
    fn names_that_would_be_one_are_numbered() {
        assert_eq!(distinct(["a-b", "a b", "A_B"].into_iter()), ["a_b", "a_b_2", "a_b_3"]);
    }
}
