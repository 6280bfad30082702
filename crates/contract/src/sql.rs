//! Names and texts as SQL spells them.

use std::borrow::Cow;

/// Words that the engine's parser reads as something else than a name, at least in some place where a query names a column or a
/// relation. Tests hold them against all of its keywords.
///
/// The parser's own lists answer other questions: those for names and aliases of columns have 31 of these words and lack, for one, `null`; that
/// for aliases of tables has words, such as `start` and `format`, that are names wherever they are not written as such an alias without AS.
pub const RESERVED: [&str; 108] = [
    "all",
    "analyze",
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
    "cluster",
    "collate",
    "column",
    "constraint",
    "create",
    "cross",
    "cube",
    "current_catalog",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "delete",
    "desc",
    "directory",
    "distinct",
    "distribute",
    "drop",
    "else",
    "end",
    "except",
    "exclude",
    "exists",
    "explain",
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
    "local",
    "localtime",
    "localtimestamp",
    "minus",
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
    "prepare",
    "primary",
    "qualify",
    "recursive",
    "references",
    "returning",
    "right",
    "rollup",
    "select",
    "session_user",
    "set",
    "some",
    "sort",
    "struct",
    "table",
    "then",
    "to",
    "top",
    "trailing",
    "trim",
    "true",
    "union",
    "unique",
    "unnest",
    "update",
    "user",
    "using",
    "values",
    "view",
    "when",
    "where",
    "window",
    "with",
];

/// `name` as an identifier: in quotes unless it is lower-case ASCII letters, digits and underscores, begins with no digit, and is no
/// reserved word.
pub fn ident(name: &str) -> Cow<'_, str> {
    if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(quoted(name)) }
}

/// `name` as an identifier in quotes, whatever it is: where a word such as `format` would begin something else than a name, as it
/// does after DESCRIBE.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether SQL takes `name` as it stands, without quotes.
pub fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && RESERVED.binary_search(&name).is_err()
}

/// `names` as identifiers with commas between them.
pub fn idents<'n>(names: impl IntoIterator<Item = &'n (impl AsRef<str> + ?Sized + 'n)>) -> String {
    names.into_iter().map(|name| ident(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// `text` as a string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::{RESERVED, ident, literal};

    /// Names are quoted where SQL would read others.
    #[test]
    fn names_quoted() {
        for name in ["cst_refs2", "_a", "name", "path", "value"] {
            assert_eq!(ident(name), name);
        }
        let quoted = [
            ("Refs", "\"Refs\""),
            ("a b", "\"a b\""),
            ("2x", "\"2x\""),
            ("a\"b", "\"a\"\"b\""),
            ("größe", "\"größe\""),
            ("service.name", "\"service.name\""),
            ("group", "\"group\""),
            ("", "\"\""),
        ];
        for (name, spelled) in quoted {
            assert_eq!(ident(name), spelled);
        }
        assert!(RESERVED.is_sorted());
    }

    /// Quotes in a text are doubled.
    #[test]
    fn quotes_doubled() {
        assert_eq!(literal("it's"), "'it''s'");
    }
}
