//! Names: which ones nothing can have, and which ones SQL takes in quotes alone.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::sql::{RESERVED, ident, is_plain, quoted};
use cstspec_contract::{Finding, Origin};

use super::report::Report;
use crate::rules;

/// The longest name that anything has, in bytes.
const MOST_BYTES: usize = 1024;

/// Why nothing can be called `name`; `None` if something can.
fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.chars().any(char::is_control) {
        Some("it has control characters")
    } else if name.len() > MOST_BYTES {
        Some("it is longer than 1024 bytes")
    } else {
        None
    }
}

/// Why `name` is no word.
fn no_word(name: &str) -> Option<&'static str> {
    if let Some(fault) = fault(name) {
        Some(fault)
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        Some("it starts with a digit")
    } else if name.chars().any(char::is_uppercase) {
        Some("it has upper-case letters")
    } else if !is_plain(name) && RESERVED.binary_search(&name).is_err() {
        Some("it has characters other than letters, digits and underscores")
    } else if name.len() > 128 {
        Some("it is longer than 128 bytes")
    } else {
        None
    }
}

/// Reports a name of a relation or statement that nothing can have, or that SQL takes in quotes alone.
pub fn check(report: &mut Report<'_>, origin: &Origin, what: &str, name: &str) {
    if is_sound(report, origin, what, name) {
        check_quotes(report, what, [(name, origin.clone())]);
    }
}

/// Whether something can be called `name`; if not, that is reported.
pub fn is_sound(report: &mut Report<'_>, origin: &Origin, what: &str, name: &str) -> bool {
    let Some(why) = fault(name) else { return true };
    let finding = Finding::new(&rules::INVALID_NAME, format!("`{name}` is not a valid name of a {what}: {why}"))
        .differing("a name of 1 to 1024 bytes, without control characters", format!("`{name}`"))
        .remedy("rename it");
    report.key(origin, finding);
    false
}

/// Reports a name of what its author alone names: a type, function, preset or catalog. Reserved words are allowed: `left` and
/// `unnest` are functions, and `default` is a preset.
pub fn check_word(report: &mut Report<'_>, origin: &Origin, what: &str, name: &str) {
    if let Some(why) = no_word(name) {
        let finding = Finding::new(&rules::INVALID_NAME, format!("`{name}` is not a valid name of a {what}: {why}"))
            .differing("lower-case letters, digits and underscores, not starting with a digit", format!("`{name}`"))
            .remedy("rename it");
        report.key(origin, finding);
    }
}

/// Reports, once for all of them, the names that SQL takes in quotes alone, each with its place.
pub fn check_quotes<'n>(report: &mut Report<'_>, what: &str, names: impl IntoIterator<Item = (&'n str, Origin)>) {
    let listed: Vec<(&str, Origin)> =
        names.into_iter().filter(|(name, _)| !is_plain(name) && fault(name).is_none()).collect();
    let Some((first, origin)) = listed.first() else { return };
    let more = match listed.len() - 1 {
        0 => String::new(),
        1 => ", and one more".to_owned(),
        count => format!(", and {count} more"),
    };
    let finding = Finding::new(&rules::NAME_NEEDS_QUOTES, format!("the {what} `{first}` needs quotes in SQL{more}"))
        .differing("lower-case letters, digits and underscores, and no reserved word", {
            let shown: Vec<String> = listed.iter().take(12).map(|(name, _)| format!("`{name}`")).collect();
            if listed.len() > shown.len() { format!("{}, ...", shown.join(", ")) } else { shown.join(", ") }
        })
        .remedy(format!("write {} in queries", ident(first)));
    report.key(origin, finding);
}

/// Reports columns that nothing can be called, that are there twice, or that differ in case alone. `naming` tells where a column got
/// its name, and how to give it another.
pub fn check_columns<'n>(
    report: &mut Report<'_>,
    names: impl IntoIterator<Item = &'n str>,
    naming: impl Fn(&str) -> (Origin, &'static str),
) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let (origin, remedy) = naming(name);
        is_sound(report, &origin, "column", name);
        let alike = folded.insert(name.to_lowercase(), name);
        if !seen.insert(name) {
            let finding = Finding::new(&rules::NAME_COLLISION, format!("two columns have the name `{name}`"))
                .differing("each name once", format!("`{name}` again"))
                .remedy(remedy);
            report.key(&origin, finding);
        } else if let Some(first) = alike {
            report.key(&origin, differ_by_case("columns", first, name));
        }
    }
}

/// That two names differ in their case alone.
pub fn differ_by_case(what: &str, first: &str, second: &str) -> Finding {
    Finding::new(&rules::NAMES_DIFFER_BY_CASE, format!("the {what} `{first}` and `{second}` differ only in case"))
        .differing("names that differ by more than case", format!("`{first}` and `{second}`"))
        .remedy(format!("write {} and {} in queries", quoted(first), quoted(second)))
}

#[cfg(test)]
mod tests {
    use super::{fault, no_word};

    /// Any name but an empty one and control characters.
    #[test]
    fn names_allowed() {
        for name in ["", "a\nb", "\0", "a\u{85}", &"x".repeat(1025)] {
            assert!(fault(name).is_some(), "{name}");
        }
        for name in ["1st", "Name", "a-b", "a b", "select", "ä", "a.b", "a\"b", "c:", "''", "--"] {
            assert!(fault(name).is_none(), "{name}");
        }
    }

    /// Words are reported from other names.
    #[test]
    fn names_reserved() {
        for name in ["", "1st", "Name", "a-b", "a b", "ä", "a.b"] {
            assert!(no_word(name).is_some(), "{name}");
        }
        for name in ["a", "_a", "a1", "span_id", "left", "default", "unnest"] {
            assert!(no_word(name).is_none(), "{name}");
        }
    }
}
