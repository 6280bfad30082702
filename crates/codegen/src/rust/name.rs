//! Names of the catalog as Rust names.

use std::collections::{BTreeMap, BTreeSet};

/// Words that name no module: Rust's own, and the modules that hold no relation.
const RESERVED: [&str; 59] = [
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
    "types",
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

/// Names of devices on Windows, which no file there can have, whatever its ending.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// The longest name of a file without its ending, in bytes.
const MOST_BYTES: usize = 120;

/// The longest name of a package that registries take, in bytes.
const MOST_PACKAGE_BYTES: usize = 64;

/// Names of a relation's artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its files, without their ending: lower case, so that no two are one to a file system that folds case.
    pub stem: String,
    /// Its module.
    pub module: String,
}

/// What the artifacts of each relation are called, by the relation's name. A plain name is kept; of others the letters and digits are,
/// and where that makes one of two, a hash of the name follows.
pub(crate) fn artifacts<'n>(relations: impl IntoIterator<Item = &'n str>) -> BTreeMap<&'n str, Named> {
    let relations: BTreeSet<&str> = relations.into_iter().collect();
    let stems = disambiguated(&relations, |name| match is_word(name) && name.len() <= MOST_BYTES {
        true if is_device(name) => format!("{name}_"),
        true => name.to_owned(),
        false => identifier(name).chars().take(MOST_BYTES).collect(),
    });
    let names: BTreeSet<&str> = stems.values().map(String::as_str).collect();
    let modules =
        disambiguated(&names, |stem| if RESERVED.contains(&stem) { format!("{stem}_") } else { stem.to_owned() });
    let both = |(name, stem): (&&'n str, &String)| {
        (*name, Named { stem: stem.clone(), module: modules[stem.as_str()].clone() })
    };
    stems.iter().map(both).collect()
}

/// A name of its own for each of `names`: what `spelled` makes of it, with a hash where another has that already. What stays as it is
/// comes first.
fn disambiguated<'n>(names: &BTreeSet<&'n str>, spelled: impl Fn(&str) -> String) -> BTreeMap<&'n str, String> {
    let mut shared: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *shared.entry(spelled(name)).or_default() += 1;
    }
    let mut taken: BTreeSet<String> =
        names.iter().map(|name| spelled(name)).filter(|name| names.contains(name.as_str())).collect();
    let apart = names.iter().map(|name| {
        let base = spelled(name);
        if base == **name {
            return (*name, base);
        }
        let mut free =
            if shared[&base] > 1 || taken.contains(&base) { format!("{base}_{:08x}", hash(name)) } else { base };
        while !taken.insert(free.clone()) {
            free.push('_');
        }
        (*name, free)
    });
    apart.collect()
}

/// FNV-1a: the same on every machine and in every version.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Whether a file and a module can be called `name` as it is, if it is no reserved word.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().any(|byte| byte != b'_')
}

/// Whether a package can be called `name`: cargo and every file system take it, and no crate of the standard library has it.
pub fn is_package_name(name: &str) -> bool {
    let library = ["alloc", "core", "proc_macro", "std", "test"];
    let word = name.replace('-', "_");
    name.len() <= MOST_PACKAGE_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !library.contains(&word.as_str())
        && !is_device(&name.to_ascii_lowercase())
        && word != "gen"
        && syn::parse_str::<syn::Ident>(&word).is_ok()
}

fn is_device(name: &str) -> bool {
    let port = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    DEVICES.contains(&name) || port("com") || port("lpt")
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

    /// Names of packages are those that cargo takes.
    #[test]
    fn package_names() {
        for name in ["demo", "my-demo", "My_Demo", "a1", "types", "r"] {
            assert!(is_package_name(name), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "",
            "-",
            "_",
            "1a",
            "-a",
            "a b",
            "größe",
            "a.b",
            "a/b",
            "fn",
            "self",
            "Self",
            "crate",
            "gen",
            "try",
            "async",
            "std",
            "proc-macro",
            "test",
            "nul",
            "COM1",
            "a\n",
            &long,
        ] {
            assert!(!is_package_name(name), "{name:?}");
        }
    }

    fn called(names: &[&'static str]) -> Vec<(String, String)> {
        let found = artifacts(names.iter().copied());
        names.iter().map(|name| (found[name].stem.clone(), found[name].module.clone())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(stem, module)| ((*stem).to_owned(), (*module).to_owned())).collect()
    }

    /// Plain names are kept and reserved words get an underscore.
    #[test]
    fn names_plain_and_reserved() {
        assert_eq!(
            called(&["cst_refs", "type", "functions", "self", "con", "order"]),
            pairs(&[
                ("cst_refs", "cst_refs"),
                ("type", "type_"),
                ("functions", "functions_"),
                ("self", "self_"),
                ("con_", "con_"),
                ("order", "order"),
            ])
        );
        for word in RESERVED {
            assert!(syn::parse_str::<syn::Ident>(&called(&[word])[0].1).is_ok(), "{word}");
        }
    }

    /// Other names become files and modules of their own.
    #[test]
    fn names_escaped() {
        assert_eq!(
            called(&["Company Very Short", "größe", "9", "..", "a/../b"]),
            pairs(&[
                ("company_very_short", "company_very_short"),
                ("gr__e", "gr__e"),
                ("n_9", "n_9"),
                ("n___", "n___"),
                ("a____b", "a____b"),
            ])
        );
        let alike = ["refs", "Refs", "REFS", "type", "type_", "Type", "a.b", "a_b", "con", "con_", "ä", "ö", "_"];
        let named = called(&alike);
        let distinct = |part: fn(&(String, String)) -> &String| named.iter().map(part).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|(stem, _)| stem), alike.len(), "{named:?}");
        assert_eq!(distinct(|(_, module)| module), alike.len(), "{named:?}");
        assert_eq!(named[0], ("refs".to_owned(), "refs".to_owned()));
        for (stem, module) in &named {
            assert!(syn::parse_str::<syn::Ident>(module).is_ok(), "{module}");
            assert!(
                stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{stem}"
            );
        }
        let long = "Ä".repeat(10_000);
        assert!(artifacts([long.as_str()])[long.as_str()].stem.len() < 200);
    }

    /// Names that would be one are numbered.
    #[test]
    fn names_equal_numbered() {
        assert_eq!(distinct(["a-b", "a b", "A_B"].into_iter()), ["a_b", "a_b_2", "a_b_3"]);
    }
}
