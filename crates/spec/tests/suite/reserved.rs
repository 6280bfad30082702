//! The words that SQL takes in quotes alone, held against the parser.

use cstspec_contract::sql::is_plain;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::{ALL_KEYWORDS, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER};
use sqlparser::parser::Parser;

/// Places where a query or a definition names a column or a relation.
const PLACES: [&str; 22] = [
    "SELECT @ FROM t",
    "SELECT a, @ FROM t",
    "SELECT @ AS a FROM t",
    "SELECT @, a FROM t",
    "SELECT DISTINCT @ FROM t",
    "SELECT a AS @ FROM t",
    "SELECT t.@ FROM t",
    "SELECT @.a FROM @",
    "SELECT f(@) FROM t",
    "SELECT (@) FROM t",
    "SELECT @ + 1 FROM t",
    "SELECT 1 - @ FROM t",
    "SELECT a FROM @",
    "SELECT a FROM @ AS l JOIN @ AS r ON l.a = r.a",
    "SELECT a FROM t WHERE @ > 1",
    "SELECT a FROM t WHERE a = @ AND @ IS NOT NULL",
    "SELECT a FROM t GROUP BY @",
    "SELECT a FROM t ORDER BY @ DESC",
    "SELECT a, f(a) OVER (PARTITION BY @ ORDER BY @) FROM t",
    "CREATE VIEW @ AS SELECT 1 AS @",
    "CREATE TABLE @ (a BIGINT)",
    "WITH @ AS (SELECT 1 AS a) SELECT a FROM @",
];

/// The parser's result for `place` with `word` as the name; `None` if it refuses it.
fn read(place: &str, word: &str) -> Option<String> {
    let parsed = Parser::parse_sql(&GenericDialect {}, &place.replace('@', word)).ok()?;
    Some(format!("{parsed:?}"))
}

/// The keywords that the parser takes for something else than a name in one of the [`PLACES`], with that place: what it reads there is not what
/// it reads of another name of the same length.
fn misread() -> Vec<(String, &'static str)> {
    let as_name = |name: &str| format!("value: \"{name}\"");
    let mut words: Vec<String> = ALL_KEYWORDS.iter().map(|word| word.to_lowercase()).collect();
    words.sort_by_key(String::len);
    let mut found = Vec::new();
    for alike in words.chunk_by(|one, other| one.len() == other.len()) {
        let name = "z".repeat(alike[0].len());
        for place in PLACES {
            let expected = read(place, &name).unwrap_or_else(|| panic!("{place} with a name"));
            let is_a_name = |word: &String| {
                read(place, word).is_some_and(|read| read.replace(&as_name(word), &as_name(&name)) == expected)
            };
            found.extend(alike.iter().filter(|word| !is_a_name(word)).map(|word| (word.clone(), place)));
        }
    }
    found
}

/// A word that a query misreads is quoted.
#[test]
fn misread_words_quoted() {
    let misread = misread();
    let missing: Vec<_> = misread.iter().filter(|(word, _)| is_plain(word)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    // So that a reading in which every word is a name would show.
    for word in ["all", "exists", "false", "from", "having", "null", "select", "trim", "where"] {
        assert!(misread.iter().any(|(known, _)| known == word), "{word}");
    }
}

/// What the parser reserves for names is quoted.
#[test]
fn parser_reserved_words_quoted() {
    for keyword in RESERVED_FOR_IDENTIFIER.iter().chain(RESERVED_FOR_COLUMN_ALIAS) {
        let word = format!("{keyword:?}").to_lowercase();
        assert!(!is_plain(&word), "{word}");
    }
}
