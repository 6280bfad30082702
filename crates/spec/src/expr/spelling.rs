//! How the names in an expression are spelled where it becomes part of a query.

use std::ops::ControlFlow;

use cstspec_contract::sql::{RESERVED, ident, is_plain};
use sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Statement, visit_expressions};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::access::folded;
use super::error::{ExprError, ExprErrorKind};
use super::scope::Scope;
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
        message: "an expression that a query reads otherwise".to_owned(),
        expected: Some("an expression that stands between SELECT and AS".to_owned()),
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
        error.help = format!("`{name}` is a word of SQL: the column is written {}", ident(&name));
    }
    error
}
