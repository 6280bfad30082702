//! Where expressions stand in their text.
//!
//! The parser's own spans recurse over whole trees. A chain of operators is a deep tree, and every level of it asks for its
//! place, so the two ends are walked to in a loop instead.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned};
use sqlparser::tokenizer::Span;

/// The place of `expression`, from its first part to its last. Closing brackets are left out, and so is what stands inside the
/// kinds of expressions that are not typed.
pub(super) fn span_of(expression: &Expr) -> Span {
    let (start, end) = (first(expression), last(expression));
    if start.start.line == 0 {
        return end;
    }
    if end.end.line == 0 {
        return start;
    }
    Span::new(start.start, end.end)
}

/// The place of the leftmost part.
fn first(mut expression: &Expr) -> Span {
    loop {
        expression = match expression {
            Expr::BinaryOp { left, .. }
            | Expr::IsDistinctFrom(left, _)
            | Expr::IsNotDistinctFrom(left, _)
            | Expr::AnyOp { left, .. }
            | Expr::AllOp { left, .. } => left,
            Expr::Position { expr, .. } | Expr::Trim { expr, .. } => expr,
            Expr::CompoundFieldAccess { root, .. } => root,
            Expr::Array(array) => match array.elem.first() {
                Some(element) => element,
                None => return Span::empty(),
            },
            Expr::Dictionary(fields) => return fields.first().map_or_else(Span::empty, |field| field.key.span),
            Expr::Struct { values, .. } => match values.first() {
                Some(value) => value,
                None => return Span::empty(),
            },
            other => match only_child(other) {
                Some(inner) => inner,
                None => return own(other),
            },
        };
    }
}

/// The place of the rightmost part.
fn last(mut expression: &Expr) -> Span {
    loop {
        expression = match expression {
            Expr::BinaryOp { right, .. }
            | Expr::IsDistinctFrom(_, right)
            | Expr::IsNotDistinctFrom(_, right)
            | Expr::AnyOp { right, .. }
            | Expr::AllOp { right, .. } => right,
            Expr::Between { high, .. } => high,
            Expr::InList { expr, list, .. } => list.last().unwrap_or(expr),
            Expr::Like { pattern, .. } | Expr::ILike { pattern, .. } | Expr::SimilarTo { pattern, .. } => pattern,
            Expr::AtTimeZone { time_zone, .. } => time_zone,
            Expr::Position { r#in, .. } => r#in,
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                substring_for.as_deref().or(substring_from.as_deref()).unwrap_or(expr)
            }
            Expr::Function(function) => match last_argument(&function.args) {
                Some(argument) => argument,
                None => return own(expression),
            },
            Expr::Array(array) => match array.elem.last() {
                Some(element) => element,
                None => return Span::empty(),
            },
            Expr::Dictionary(fields) => match fields.last() {
                Some(field) => &field.value,
                None => return Span::empty(),
            },
            Expr::Struct { values, .. } => match values.last() {
                Some(value) => value,
                None => return Span::empty(),
            },
            other => match only_child(other) {
                Some(inner) => inner,
                None => return own(other),
            },
        };
    }
}

/// What an expression is written around.
fn only_child(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Nested(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner) => Some(inner),
        Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Between { expr, .. }
        | Expr::InList { expr, .. }
        | Expr::Like { expr, .. }
        | Expr::ILike { expr, .. }
        | Expr::SimilarTo { expr, .. }
        | Expr::Substring { expr, .. }
        | Expr::Trim { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Overlay { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Named { expr, .. } => Some(expr),
        Expr::AtTimeZone { timestamp, .. } => Some(timestamp),
        Expr::CompoundFieldAccess { root, .. } => Some(root),
        Expr::Interval(interval) => Some(&interval.value),
        _ => None,
    }
}

/// The place of an expression without parts; empty for the kinds that are not looked into.
fn own(expression: &Expr) -> Span {
    match expression {
        Expr::Value(value) => value.span,
        Expr::TypedString(typed) => typed.value.span,
        Expr::Identifier(name) => name.span,
        Expr::CompoundIdentifier(names) => Span::union_iter(names.iter().map(|name| name.span)),
        Expr::Function(function) => function.name.span(),
        Expr::Case { case_token, end_token, .. } => case_token.0.span.union(&end_token.0.span),
        _ => Span::empty(),
    }
}

fn last_argument(arguments: &FunctionArguments) -> Option<&Expr> {
    let FunctionArguments::List(list) = arguments else { return None };
    match list.args.last() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))) => Some(expression),
        _ => None,
    }
}
