//! The text of expressions and queries: bounds, parsing, and places in it.

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::error::{ExprError, ExprErrorKind};

/// The longest text that is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The deepest nesting of brackets that is read. The engine's own parser stops a little deeper.
const MOST_NESTING: usize = 24;

/// The most tokens between two commas or brackets: the longest chain of operators is half of it. The parser builds a tree as
/// deep as the chain is long, and every walk of such a tree uses the stack.
const MOST_CHAINED: usize = 1000;

/// The most tokens on the way to a place: those of the brackets around it that no comma ends count too.
const MOST_ON_THE_WAY: usize = 1500;

/// The engine's limit on nesting, as the parser counts it (`datafusion.sql_parser.recursion_limit`).
const PARSER_DEPTH: usize = 50;

const DIALECT: GenericDialect = GenericDialect {};

/// Parses `text` as one expression and nothing after it.
pub(super) fn parse_expression(text: &str) -> Result<Expr, ExprError> {
    let tokens = tokens(text)?;
    for token in &tokens {
        // The text becomes one line of a query, and such a comment would swallow the rest of that line.
        if matches!(token.token, Token::Whitespace(Whitespace::SingleLineComment { .. })) {
            return Err(problem(text, token.span, "comment in an expression", "move the comment into the YAML"));
        }
    }
    let mut parser = Parser::new(&DIALECT).with_recursion_limit(PARSER_DEPTH).with_tokens_with_locations(tokens);
    let expression = parser.parse_expr().map_err(|error| parse_error(text, &error))?;
    let rest = parser.next_token();
    if rest.token == Token::EOF {
        Ok(expression)
    } else {
        let message = format!("unexpected `{}` after the expression", rest.token);
        Err(problem(text, rest.span, &message, "write exactly one SQL expression, without an alias"))
    }
}

/// Parses `text` as one statement and nothing after it but a semicolon.
pub(super) fn parse_statement(text: &str) -> Result<Statement, ExprError> {
    let tokens = tokens(text)?;
    let mut parser = Parser::new(&DIALECT).with_recursion_limit(PARSER_DEPTH).with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|error| parse_error(text, &error))?;
    while parser.consume_token(&Token::SemiColon) {}
    let rest = parser.next_token();
    if rest.token == Token::EOF {
        Ok(statement)
    } else {
        let message = format!("unexpected `{}` after the query", rest.token);
        Err(problem(text, rest.span, &message, "write exactly one query"))
    }
}

/// The tokens of `text`, when there are not too many for the parser's stack and time.
fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, ExprError> {
    if text.len() > MOST_BYTES {
        return Err(too_complex(
            0..text.len(),
            format!("{} bytes of SQL", text.len()),
            format!("at most {MOST_BYTES} bytes"),
        ));
    }
    let tokens = Tokenizer::new(&DIALECT, text).tokenize_with_location().map_err(|error| {
        let start = offset(text, error.location);
        ExprError {
            kind: ExprErrorKind::Parse,
            start,
            end: text.len(),
            message: error.message.to_lowercase(),
            expected: None,
            observed: None,
            help: "write SQL as the engine reads it".to_owned(),
        }
    })?;
    let mut chains = vec![0_usize];
    for token in &tokens {
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace if chains.len() > MOST_NESTING => {
                let limit = format!("at most {MOST_NESTING} levels");
                return Err(too_complex(place(text, token.span), "brackets too deep".to_owned(), limit));
            }
            Token::LParen | Token::LBracket | Token::LBrace => {
                count(&mut chains);
                chains.push(0);
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                if chains.len() > 1 {
                    chains.pop();
                }
            }
            Token::Comma => {
                if let Some(chain) = chains.last_mut() {
                    *chain = 0;
                }
            }
            Token::Whitespace(_) | Token::EOF => {}
            _ => count(&mut chains),
        }
        if chains.last().is_some_and(|chain| *chain > MOST_CHAINED) {
            let limit = format!("at most {MOST_CHAINED} words and signs between two commas");
            return Err(too_complex(place(text, token.span), "chain of operators too long".to_owned(), limit));
        }
        if chains.iter().sum::<usize>() > MOST_ON_THE_WAY {
            let limit = format!("at most {MOST_ON_THE_WAY} words and signs before a place, in the brackets around it");
            return Err(too_complex(place(text, token.span), "chains of operators too deep".to_owned(), limit));
        }
    }
    Ok(tokens)
}

fn count(chains: &mut [usize]) {
    if let Some(chain) = chains.last_mut() {
        *chain += 1;
    }
}

fn too_complex(place: std::ops::Range<usize>, message: String, expected: String) -> ExprError {
    ExprError {
        kind: ExprErrorKind::TooComplex,
        start: place.start,
        end: place.end,
        message,
        expected: Some(expected),
        observed: None,
        help: "split it over several views".to_owned(),
    }
}

fn problem(text: &str, span: Span, message: &str, help: &str) -> ExprError {
    let place = place(text, span);
    ExprError {
        kind: ExprErrorKind::Parse,
        start: place.start,
        end: place.end,
        message: message.to_owned(),
        expected: None,
        observed: None,
        help: help.to_owned(),
    }
}

/// The parser tells places only inside its messages: ` at Line: 1, Column: 5`.
fn parse_error(text: &str, error: &ParserError) -> ExprError {
    let full = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => {
            let limit = format!("at most {PARSER_DEPTH} levels");
            return too_complex(0..text.len(), "nesting too deep".to_owned(), limit);
        }
    };
    let (message, location) = match full.rsplit_once(" at Line: ") {
        Some((message, location)) => (message, parse_location(location)),
        None => (full, None),
    };
    let start = location.map_or_else(|| text.trim_end().len(), |location| offset(text, location));
    let end = text[start..].find(|sign: char| sign.is_whitespace()).map_or(text.len(), |length| start + length.max(1));
    let mut message = message.to_owned();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    ExprError {
        kind: ExprErrorKind::Parse,
        start,
        end: boundary(text, end),
        message,
        expected: None,
        observed: None,
        help: "write one SQL expression as the engine reads it".to_owned(),
    }
}

fn parse_location(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    let digits = column.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(column.len());
    Some(Location::new(line.parse().ok()?, column[..digits].parse().ok()?))
}

/// The byte range of `span`; all of `text` for an empty span.
pub(super) fn place(text: &str, span: Span) -> std::ops::Range<usize> {
    if span.start.line == 0 {
        return 0..text.len();
    }
    let start = offset(text, span.start);
    start..offset(text, span.end).max(start)
}

/// The byte offset of a line and column, both counted from 1 and columns in characters.
fn offset(text: &str, location: Location) -> usize {
    let Ok(line) = usize::try_from(location.line) else { return text.len() };
    let Ok(column) = usize::try_from(location.column) else { return text.len() };
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    let mut characters = text[start..].char_indices();
    characters.nth(column.saturating_sub(1)).map_or(text.len(), |(length, _)| start + length)
}

fn boundary(text: &str, mut index: usize) -> usize {
    while index < text.len() && !text.is_char_boundary(index) {
        index += 1;
    }
    index.min(text.len())
}
