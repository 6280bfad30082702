//! How the names in an expression are spelled where it becomes part of a query.

use std::ops::ControlFlow;

use cstspec_contract::sql::{RESERVED, ident, is_plain};
use sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Statement, visit_expressions};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::error::{ExprError, ExprErrorKind};
use super::scope::{Scope, folded};
use super::source;

/// `text`, which was parsed as `expression`, as it stands in a query. Alone it may name columns that are words of SQL, such as
/// `offset`; between `SELECT` and `FROM` the parser reads them otherwise, so they are put in quotes.
///
/// # Errors
///
/// If a query would read something else than the expression.
pub(super) fn in_query(text: &str, expression: &Expr) -> Result<String, ExprError> {
    let mut spans = Vec::new();
    let _: ControlFlow<()> = visit_expressions(expression, |inner| {
        match inner {
            Expr::Identifier(name) => spans.extend(unquoted(name)),
            Expr::CompoundIdentifier(names) => spans.extend(names.iter().filter_map(unquoted)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let mut sql = text.to_owned();
    let mut places: Vec<(std::ops::Range<usize>, String)> =
        spans.into_iter().map(|(span, name)| (source::place(text, span), name)).collect();
    places.sort_by_key(|(place, _)| place.start);
    for (place, name) in places.into_iter().rev() {
        sql.replace_range(place, &ident(&name));
    }
    let reads_alike = match source::parse_statement(&format!("SELECT {sql} AS x FROM t")) {
        Ok(Statement::Query(query)) => match query.body.as_ref() {
            SetExpr::Select(select) => {
                matches!(select.projection.as_slice(), [SelectItem::ExprWithAlias { .. }]) && select.from.len() == 1
            }
            _ => false,
        },
        _ => false,
    };
    if reads_alike {
        return Ok(sql);
    }
    Err(ExprError {
        kind: ExprErrorKind::Parse,
        start: 0,
        end: text.len(),
        message: "an expression that has another meaning in a query".to_owned(),
        expected: Some("an expression as between SELECT and AS".to_owned()),
        observed: None,
        help: "put it in round brackets, and names that are words of SQL in double quotes".to_owned(),
    })
}

/// The place of a name that a query takes in quotes alone, and the name as the engine reads it.
fn unquoted(name: &Ident) -> Option<(sqlparser::tokenizer::Span, String)> {
    let needs_quotes = name.quote_style.is_none() && RESERVED.binary_search(&folded(name).as_str()).is_ok();
    needs_quotes.then(|| (name.span, folded(name)))
}

/// `error`, with the advice to put a column in quotes that the parser has read as a word of SQL.
pub(super) fn advised(mut error: ExprError, text: &str, scope: &Scope) -> ExprError {
    let misread = matches!(
        error.kind,
        ExprErrorKind::Parse
            | ExprErrorKind::UnknownFunction
            | ExprErrorKind::Unsupported
            | ExprErrorKind::UnknownColumn
    );
    if !misread {
        return error;
    }
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().unwrap_or_default();
    let word = tokens.into_iter().find_map(|token| match token.token {
        Token::Word(word) if word.quote_style.is_none() => {
            let name = word.value.to_ascii_lowercase();
            let place = source::place(text, token.span);
            (!is_plain(&name) && scope.find(&name).is_some() && place.start <= error.end).then_some(name)
        }
        _ => None,
    });
    if let Some(name) = word {
        error.help = format!("`{name}` is a keyword of SQL: the column is written {}", ident(&name));
    }
    error
}

/// Words that stand in most queries as what they are.
const STRUCTURE: [&str; 24] = [
    "all", "and", "as", "by", "case", "distinct", "else", "end", "from", "having", "in", "is", "join", "limit", "not",
    "null", "on", "or", "select", "then", "using", "when", "where", "with",
];

/// `error` of the query `text`, with the advice to put a word of SQL in quotes that stands where the parser stopped, or right before it.
pub(super) fn advised_in_query(mut error: ExprError, text: &str) -> ExprError {
    if error.kind != ExprErrorKind::Parse {
        return error;
    }
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().unwrap_or_default();
    let signs = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let signs: Vec<_> = signs.take_while(|token| source::place(text, token.span).start <= error.start).collect();
    let word = signs.iter().rev().take(2).rev().find_map(|token| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => {
            let name = word.value.to_ascii_lowercase();
            (RESERVED.binary_search(&name.as_str()).is_ok() && !STRUCTURE.contains(&name.as_str())).then_some(name)
        }
        _ => None,
    });
    error.help = match word {
        Some(name) => {
            format!("`{name}` is a keyword of SQL: a column or relation of that name is written {}", ident(&name))
        }
        None => "write one query as the engine reads it".to_owned(),
    };
    error
}

#[cfg(test)]
mod tests {
    use crate::expr::query_uses;

    /// A word of SQL that stands for a name in a query is advised in quotes.
    #[test]
    fn sql_word_quoted() {
        for (sql, word) in [
            ("SELECT id, order FROM lines", Some("order")),
            ("SELECT id FROM", None),
            ("SELECT id FROM lines WHERE", None),
            ("SELECT id,, x FROM lines", None),
        ] {
            let Err(error) = query_uses(sql) else { panic!("{sql} is read") };
            let expected = word.map(|word| format!("of that name is written \"{word}\""));
            match expected {
                Some(expected) => assert!(error.help.ends_with(&expected), "{sql}: {error:?}"),
                None => assert!(!error.help.contains("keyword of SQL"), "{sql}: {error:?}"),
            }
        }
    }
}
