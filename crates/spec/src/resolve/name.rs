//! Names that need no quoting.

use cstspec_contract::Finding;

use super::report::{Report, Spot};
use crate::rules;

/// Words that SQL reads as something else than a name, at least in some place.
const RESERVED: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "primary",
    "qualify",
    "references",
    "returning",
    "right",
    "select",
    "set",
    "some",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "unnest",
    "update",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];

/// Why `name` would need quoting; `None` if it does not.
fn fault(name: &str) -> Option<&'static str> {
    let first = name.chars().next();
    if first.is_none() {
        Some("it is empty")
    } else if first.is_some_and(|first| first.is_ascii_digit()) {
        Some("it starts with a digit")
    } else if name.chars().any(char::is_uppercase) {
        Some("it has upper-case letters, which SQL folds")
    } else if !name
        .chars()
        .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
    {
        Some("it has characters other than letters, digits and underscores")
    } else if RESERVED.contains(&name) {
        Some("it is a reserved word of SQL")
    } else if name.len() > 128 {
        Some("it is longer than 128 bytes")
    } else {
        None
    }
}

/// Reports a name of a relation, type, preset or the like that would need quoting.
pub fn check(report: &mut Report<'_>, spot: &Spot, what: &str, name: &str) {
    check_with(report, spot, what, name, "rename it");
}

fn check_with(report: &mut Report<'_>, spot: &Spot, what: &str, name: &str, remedy: &str) {
    if let Some(why) = fault(name) {
        let finding = Finding::new(&rules::INVALID_NAME, format!("the {what} `{name}` would need quoting: {why}"))
            .differing("lower-case letters, digits and underscores, and no reserved word", format!("`{name}`"))
            .remedy(remedy);
        report.key(spot, finding);
    }
}

/// Reports a name of something that is no table and no column. Reserved words are allowed: `left` and `unnest` are functions, and
/// `default` is a preset.
pub fn check_word(report: &mut Report<'_>, spot: &Spot, what: &str, name: &str) {
    if !RESERVED.contains(&name) {
        check(report, spot, what, name);
    }
}

/// Reports output columns whose names would need quoting, or that collide with one before them. `naming` tells where
/// a column got its name, and how to give it another.
pub fn check_columns<'n>(
    report: &mut Report<'_>,
    names: impl IntoIterator<Item = &'n str>,
    naming: impl Fn(&str) -> (Spot, &'static str),
) {
    let mut seen: std::collections::BTreeMap<String, &str> = std::collections::BTreeMap::new();
    for name in names {
        let Some(first) = seen.insert(name.to_lowercase(), name) else {
            let (spot, remedy) = naming(name);
            check_with(report, &spot, "column", name, remedy);
            continue;
        };
        let finding =
            Finding::new(&rules::NAME_COLLISION, format!("the columns `{first}` and `{name}` are one name to SQL"))
                .differing("names that differ by more than case", format!("`{first}` and `{name}`"))
                .remedy("rename one of the two");
        report.key(&naming(name).0, finding);
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn names_that_need_quoting_are_told_from_those_that_do_not() {
        for name in ["", "1st", "Name", "a-b", "a b", "select", "ä", "a.b"] {
            assert!(fault(name).is_some(), "{name}");
        }
        for name in ["a", "_a", "a1", "span_id", "kind", "name", "path", "module"] {
            assert!(fault(name).is_none(), "{name}");
        }
    }
}
