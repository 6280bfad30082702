//! Reads a parsed expression into typed nodes.
//!
//! Each function here returns `None` where it has reported a mistake; what stands around it is then not judged.

use std::collections::BTreeSet;

use cstspec_contract::Function;
use sqlparser::ast::{BinaryOperator, Expr, Value};
use sqlparser::tokenizer::Span;

use super::error::{ExprError, ExprErrorKind};
use super::node::{Node, Test};
use super::place::span_of;
use super::scope::Scope;
use super::session::Dialect;
use super::source;
use crate::engine::operator::Operator;

/// The help of everything whose type is not known here.
const WRITE_THE_TYPE: &str =
    "write the column's `type:` beside the expression; `verify` compares it with the engine's type";

/// Reads one expression, and keeps what it uses and what is wrong with it.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) scope: &'a Scope,
    pub(super) functions: &'a [Function],
    pub(super) dialect: &'a Dialect,
    pub(super) columns: BTreeSet<String>,
    pub(super) called: BTreeSet<String>,
    errors: Vec<ExprError>,
}

/// A mistake before its place is known.
pub(super) struct Mistake {
    pub kind: ExprErrorKind,
    pub message: String,
    pub expected: Option<String>,
    pub observed: Option<String>,
    pub help: String,
}

impl Mistake {
    /// A mistake with a help line and no types.
    pub fn new(kind: ExprErrorKind, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, message: message.into(), expected: None, observed: None, help: help.into() }
    }

    /// With what was expected and seen.
    pub fn differing(mut self, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.observed = Some(observed.into());
        self
    }

    /// Something whose type is not known here.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(
            ExprErrorKind::Unsupported,
            format!("the type of {what} is not known without the engine"),
            WRITE_THE_TYPE,
        )
    }
}

impl<'a> Reader<'a> {
    /// A reader of `text`.
    pub fn new(text: &'a str, scope: &'a Scope, functions: &'a [Function], dialect: &'a Dialect) -> Self {
        Self { text, scope, functions, dialect, columns: BTreeSet::new(), called: BTreeSet::new(), errors: Vec::new() }
    }

    /// The columns used, the functions called, and the mistakes found.
    pub fn finish(self) -> (BTreeSet<String>, BTreeSet<String>, Vec<ExprError>) {
        (self.columns, self.called, self.errors)
    }

    /// Reports a mistake at `span`.
    pub fn report(&mut self, span: Span, mistake: Mistake) -> Option<Node> {
        let place = source::place(self.text, span);
        let Mistake { kind, message, expected, observed, help } = mistake;
        self.errors.push(ExprError { kind, start: place.start, end: place.end, message, expected, observed, help });
        None
    }

    /// Reports that the type of `what` is not known here.
    pub fn unsupported(&mut self, span: Span, what: impl std::fmt::Display) -> Option<Node> {
        self.report(span, Mistake::unsupported(what))
    }

    /// Reads an expression. Chains of operators are read in a loop: they may be long.
    pub fn read(&mut self, expression: &Expr) -> Option<Node> {
        let mut chain = Vec::new();
        let mut first = expression;
        while let Expr::BinaryOp { left, op, right } = first {
            chain.push((first, op, right.as_ref()));
            first = left;
        }
        let mut node = self.read_one(first);
        for (whole, operator, right) in chain.into_iter().rev() {
            let right = self.read(right);
            node = match (operator_of(operator), node, right) {
                (Some(operator), Some(left), Some(right)) => self.binary(whole, left, operator, right),
                (None, _, _) => self.unsupported(span_of(whole), format_args!("the operator `{operator}`")),
                _ => None,
            };
        }
        node
    }

    /// Reads several expressions, each of them even where another has a mistake.
    pub fn read_all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = expressions.into_iter().map(|expression| self.read(expression)).collect();
        nodes.into_iter().collect()
    }

    /// Chains that are no binary operators (`x IS NULL IS NULL`, `x::int::int`) are as deep as they are long.
    #[recursive::recursive]
    fn read_one(&mut self, expression: &Expr) -> Option<Node> {
        match expression {
            Expr::Nested(inner) => self.read(inner),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.typed_string(typed, span_of(expression)),
            Expr::Interval(interval) => self.interval(interval, false),
            Expr::Identifier(name) => self.identifier(name),
            Expr::CompoundIdentifier(names) => self.compound_identifier(names),
            Expr::CompoundFieldAccess { root, access_chain } => self.field_access(root, access_chain),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, expression),
            Expr::IsNull(inner) => self.is(Test::Null, inner),
            Expr::IsNotNull(inner) => self.is(Test::NotNull, inner),
            Expr::IsTrue(inner) => self.is(Test::True, inner),
            Expr::IsNotTrue(inner) => self.is(Test::NotTrue, inner),
            Expr::IsFalse(inner) => self.is(Test::False, inner),
            Expr::IsNotFalse(inner) => self.is(Test::NotFalse, inner),
            Expr::IsUnknown(inner) => self.is(Test::Unknown, inner),
            Expr::IsNotUnknown(inner) => self.is(Test::NotUnknown, inner),
            Expr::IsDistinctFrom(left, right) => self.read_binary(expression, left, Operator::Distinct, right),
            Expr::IsNotDistinctFrom(left, right) => self.read_binary(expression, left, Operator::NotDistinct, right),
            Expr::Between { expr, negated, low, high } => self.between(expression, [expr, low, high], *negated),
            Expr::InList { expr, list, negated } => self.in_list(expression, expr, list, *negated),
            Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } => self.like(expression),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(expression, operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Cast { .. } => self.explicit_cast(expression),
            Expr::AtTimeZone { timestamp, time_zone } => self.at_time_zone(expression, timestamp, time_zone),
            Expr::Function(function) => self.call(function, span_of(expression)),
            Expr::Substring { .. } | Expr::Trim { .. } | Expr::Position { .. } => self.worded_call(expression),
            Expr::Array(array) => self.constructor("make_array", &array.elem, span_of(expression)),
            Expr::Struct { values, fields } if fields.is_empty() => self.structure(values, span_of(expression)),
            Expr::Dictionary(fields) => self.dictionary(fields, span_of(expression)),
            _ => self.unsupported(span_of(expression), what(expression)),
        }
    }

    fn read_binary(&mut self, whole: &Expr, left: &Expr, operator: Operator, right: &Expr) -> Option<Node> {
        let (left, right) = (self.read(left), self.read(right));
        self.binary(whole, left?, operator, right?)
    }
}

/// The operator of our table that the engine reads `operator` as; `None` where there is none.
fn operator_of(operator: &BinaryOperator) -> Option<Operator> {
    Some(match operator {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::Lt => Operator::Less,
        BinaryOperator::LtEq => Operator::LessOrEqual,
        BinaryOperator::Gt => Operator::Greater,
        BinaryOperator::GtEq => Operator::GreaterOrEqual,
        BinaryOperator::Spaceship => Operator::NotDistinct,
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
        BinaryOperator::Plus => Operator::Add,
        BinaryOperator::Minus => Operator::Subtract,
        BinaryOperator::Multiply => Operator::Multiply,
        BinaryOperator::Divide => Operator::Divide,
        BinaryOperator::Modulo => Operator::Modulo,
        BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch
        | BinaryOperator::PGLikeMatch
        | BinaryOperator::PGILikeMatch
        | BinaryOperator::PGNotLikeMatch
        | BinaryOperator::PGNotILikeMatch => Operator::Matches,
        BinaryOperator::BitwiseAnd => Operator::BitAnd,
        BinaryOperator::BitwiseOr => Operator::BitOr,
        BinaryOperator::BitwiseXor | BinaryOperator::PGBitwiseXor | BinaryOperator::Xor => Operator::BitXor,
        BinaryOperator::PGBitwiseShiftLeft => Operator::ShiftLeft,
        BinaryOperator::PGBitwiseShiftRight => Operator::ShiftRight,
        BinaryOperator::StringConcat => Operator::Concat,
        _ => return None,
    })
}

/// The name of an expression in a message.
fn what(expression: &Expr) -> &'static str {
    match expression {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => "a subquery",
        Expr::AnyOp { .. } | Expr::AllOp { .. } => "ANY and ALL",
        Expr::Extract { .. } => "EXTRACT",
        Expr::Ceil { .. } | Expr::Floor { .. } => "CEIL and FLOOR",
        Expr::Overlay { .. } => "OVERLAY",
        Expr::Struct { .. } | Expr::Tuple(_) => "a struct constructor",
        Expr::Map(_) => "a map constructor",
        Expr::Lambda(_) => "a lambda",
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => "`*`",
        Expr::Collate { .. } => "COLLATE",
        _ => "this kind of expression",
    }
}

/// The text of a constant in single or double quotes.
pub(super) fn quoted(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
