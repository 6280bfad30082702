//! Constants and explicit casts.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use cstspec_contract::{list_child, spelling};
use sqlparser::ast::{CastKind, Expr, Interval, TypedString, UnaryOperator, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

use super::error::ExprErrorKind;
use super::node::Node;
use super::place::span_of;
use super::read::{Mistake, Reader};
use super::{interval, sql_type};
use crate::engine::cast::castable;
use crate::engine::{Literal, covers};

/// Result of a cast where a value does not convert.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    Error,
    Null,
}

impl Reader<'_> {
    /// A constant.
    pub(super) fn value(&mut self, value: &ValueWithSpan) -> Option<Node> {
        Some(match &value.value {
            Value::Number(digits, _) => return self.number(value.span, digits),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                Node::literal(Literal::Text(text.clone()), DataType::Utf8)
            }
            Value::DollarQuotedString(text) => Node::literal(Literal::Text(text.value.clone()), DataType::Utf8),
            Value::Null => Node::literal(Literal::Null, DataType::Null),
            Value::Boolean(value) => Node::literal(Literal::Boolean(*value), DataType::Boolean),
            Value::HexStringLiteral(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                Node::literal(Literal::Bytes(digits.clone()), DataType::Binary)
            }
            Value::Placeholder(name) => {
                let help = "expressions have no parameters; a prepared statement belongs in `statements`";
                return self
                    .report(value.span, Mistake::new(ExprErrorKind::Parse, format!("parameter `{name}`"), help));
            }
            _ => return self.unsupported(value.span, "this kind of constant"),
        })
    }

    /// A number: 64 signed bits, else 64 unsigned bits, else a float.
    pub(super) fn number(&mut self, span: Span, written: &str) -> Option<Node> {
        let digits: String = written.chars().filter(|sign| *sign != '_').collect();
        let data_type = if digits.parse::<i64>().is_ok() {
            DataType::Int64
        } else if digits.parse::<u64>().is_ok() {
            DataType::UInt64
        } else if digits.parse::<f64>().is_ok() && self.dialect.decimals {
            return self.unsupported(span, "a constant with a point, which the session reads as a decimal,");
        } else if digits.parse::<f64>().is_ok() {
            DataType::Float64
        } else {
            let mistake =
                Mistake::new(ExprErrorKind::Parse, format!("`{written}` is not a number"), "write a decimal number");
            return self.report(span, mistake);
        };
        Some(Node::literal(Literal::Number(digits), data_type))
    }

    /// `INTERVAL '1 day'`, `INTERVAL 1 DAY`, `INTERVAL -1 DAY`. Sums inside an interval are left to the engine.
    pub(super) fn interval(&mut self, interval: &Interval, negative: bool) -> Option<Node> {
        let plain = interval.leading_precision.is_none()
            && interval.last_field.is_none()
            && interval.fractional_seconds_precision.is_none();
        let text = plain.then(|| interval_text(&interval.value, negative)).flatten().map(|text| {
            match &interval.leading_field {
                Some(unit) => format!("{text} {unit}"),
                None => text,
            }
        });
        match text {
            Some(text) if interval::is_plain(&text) => Some(Node::literal(
                Literal::Interval(text),
                DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano),
            )),
            _ => self.unsupported(span_of(&interval.value), "this interval"),
        }
    }

    /// `DATE '2024-02-29'`: a cast of a text.
    pub(super) fn typed_string(&mut self, typed: &TypedString, span: Span) -> Option<Node> {
        let Some(text) = typed.value.value.clone().into_string() else {
            return self.unsupported(span, "this constant");
        };
        let target = self.sql_type(&typed.data_type, span)?;
        self.cast_to(Node::literal(Literal::Text(text), DataType::Utf8), target, span, Failure::Error)
    }

    /// `CAST(x AS type)`, `x::type`, `TRY_CAST(x AS type)`.
    pub(super) fn explicit_cast(&mut self, whole: &Expr) -> Option<Node> {
        let Expr::Cast { kind, expr, data_type, array, format } = whole else { return None };
        if *array || format.is_some() {
            return self.unsupported(span_of(whole), "CAST with ARRAY or FORMAT");
        }
        let node = self.read(expr);
        let target = self.sql_type(data_type, span_of(whole));
        let fails = if matches!(kind, CastKind::TryCast | CastKind::SafeCast) { Failure::Null } else { Failure::Error };
        self.cast_to(node?, target?, span_of(whole), fails)
    }

    /// `x AT TIME ZONE 'UTC'`: a cast to nanoseconds in the zone.
    pub(super) fn at_time_zone(&mut self, whole: &Expr, timestamp: &Expr, zone: &Expr) -> Option<Node> {
        let node = self.read(timestamp)?;
        match super::read::quoted(zone) {
            Some(zone) if plain_zone(zone) => {
                let target = DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from(zone)));
                self.cast_to(node, target, span_of(whole), Failure::Error)
            }
            _ => self.unsupported(span_of(zone), "a time zone other than 'UTC' and offsets such as '+02:00'"),
        }
    }

    fn sql_type(&mut self, written: &sqlparser::ast::DataType, span: Span) -> Option<DataType> {
        match sql_type::arrow_type(written, self.dialect) {
            Ok(data_type) => Some(data_type),
            Err(mistake) => {
                self.report(span, mistake);
                None
            }
        }
    }

    fn cast_to(&mut self, node: Node, target: DataType, span: Span, failure: Failure) -> Option<Node> {
        let (from, to) = (&node.data_type, &target);
        if !covers(from) || holds_struct(from) && holds_struct(to) && from != to {
            return self
                .unsupported(span, format_args!("a cast from {} to {}", spelling::short(from), spelling::short(to)));
        }
        if !castable(from, to) {
            let mistake = Mistake::new(
                ExprErrorKind::TypeMismatch,
                "cast between types that do not convert",
                "cast to another type",
            )
            .differing(format!("a type that casts to {}", spelling::short(to)), spelling::short(from));
            return self.report(span, mistake);
        }
        if failure == Failure::Error && !node.becomes(to) {
            let message = "cast of a text that does not convert";
            let mistake =
                Mistake::new(ExprErrorKind::TypeMismatch, message, "write a text that converts, or use TRY_CAST");
            return self.report(span, mistake.differing(spelling::short(to), "a text without a digit"));
        }
        if failure == Failure::Null {
            return Some(node.try_cast(target));
        }
        // A plain integer is a number of seconds to the engine.
        match &target {
            DataType::Timestamp(TimeUnit::Nanosecond, zone) if node.planned == DataType::Int64 => {
                let seconds = DataType::Timestamp(TimeUnit::Second, zone.clone());
                Some(node.cast(seconds).cast(target))
            }
            _ => Some(node.cast(target)),
        }
    }
}

fn holds_struct(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(_) => true,
        other => list_child(other).is_some_and(|item| holds_struct(item.data_type())),
    }
}

fn plain_zone(zone: &str) -> bool {
    let offset = |zone: &str| {
        let bytes = zone.as_bytes();
        bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|index| bytes[*index].is_ascii_digit())
            && zone[1..3] < *"24"
            && zone[4..6] < *"60"
    };
    zone == "UTC" || (zone.is_ascii() && offset(zone))
}

/// The text of an interval's value, with its sign.
fn interval_text(value: &Expr, negative: bool) -> Option<String> {
    let text = match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            Value::Number(digits, false) => digits.clone(),
            _ => return None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => return interval_text(expr, !negative),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => return interval_text(expr, negative),
        _ => return None,
    };
    Some(if negative { format!("-{text}") } else { text })
}
