//! Operators, and the predicates that are written as words.

use arrow_schema::DataType;
use cstspec_contract::spelling;
use sqlparser::ast::{Expr, UnaryOperator, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

use super::error::ExprErrorKind;
use super::node::{Node, Shape, Test};
use super::place::span_of;
use super::read::{Mistake, Reader};
use crate::engine::arithmetic::{self, Typing};
use crate::engine::cast::depth;
use crate::engine::coercion::{self, Purpose};
use crate::engine::operator::Operator;
use crate::engine::{covers, temporal, value_type};

/// The engine looks at this many operands of an IN, the left one included, before it gives up and reports NULLs.
const INSPECTED: usize = 6;

impl Reader<'_> {
    /// `left operator right`.
    pub(super) fn binary(&mut self, whole: &Expr, left: Node, operator: Operator, right: Node) -> Option<Node> {
        let dictionary = |node: &Node| matches!(node.data_type, DataType::Dictionary(..));
        let lists = depth(&left.planned) + depth(&right.planned) > 0 && operator == Operator::Concat;
        let bits = matches!(
            operator,
            Operator::BitAnd | Operator::BitOr | Operator::BitXor | Operator::ShiftLeft | Operator::ShiftRight
        );
        if lists || bits && (dictionary(&left) || dictionary(&right)) || !covers_all([&left, &right]) {
            let (left, right) = (spelling::short(&left.data_type), spelling::short(&right.data_type));
            let what = format!("`{operator}` between {left} and {right}");
            return self.unsupported(span_of(whole), what);
        }
        let changes = left.changes() || right.changes();
        let planned = arithmetic::typing(&left.planned, operator, &right.planned);
        let typing =
            if changes { arithmetic::typing(&left.data_type, operator, &right.data_type) } else { planned.clone() };
        // The result is asked for again once the sides are what they are brought to: two integers that meet in a decimal give
        // one digit more.
        let fits = typing.filter(|Typing { left: left_type, right: right_type, .. }| {
            becomes(&left, left_type, right_type, operator) && becomes(&right, right_type, left_type, operator)
        });
        let fits =
            fits.and_then(|typing| Some((arithmetic::typing(&typing.left, operator, &typing.right)?.result, typing)));
        let (Some(planned), Some((result, typing))) = (planned, fits) else {
            return self.mismatch(span_of(whole), operator, &left, &right);
        };
        let nullable = left.nullable || right.nullable;
        let (left, right) = (left.brought(&typing.left), right.brought(&typing.right));
        let shape = Shape::Binary(Box::new(left), operator, Box::new(right));
        Some(Node { planned: planned.result, ..Node::new(shape, result, nullable) })
    }

    fn mismatch(&mut self, span: Span, operator: Operator, left: &Node, right: &Node) -> Option<Node> {
        let help = match operator {
            Operator::And | Operator::Or => "both sides must be boolean",
            _ => "cast one side to the type of the other",
        };
        let (left, right) = (spelling::short(&left.data_type), spelling::short(&right.data_type));
        let message = format!("`{operator}` does not accept {left} and {right}");
        let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, help);
        self.report(span, mistake.differing(format!("a type that `{operator}` accepts with {left}"), right))
    }

    /// `NOT x`, `-x`, `+x`.
    pub(super) fn unary(&mut self, operator: UnaryOperator, inner: &Expr, whole: &Expr) -> Option<Node> {
        if operator == UnaryOperator::Minus {
            match inner {
                Expr::Value(ValueWithSpan { value: Value::Number(digits, _), span }) => {
                    return self.number(*span, &format!("-{digits}"));
                }
                Expr::Interval(interval) => return self.interval(interval, true),
                _ => {}
            }
        }
        let node = self.read(inner)?;
        match operator {
            UnaryOperator::Not => {
                let nullable = node.nullable;
                let node = self.condition(node, "NOT", span_of(whole))?;
                Some(Node::new(Shape::Not(Box::new(node)), DataType::Boolean, nullable))
            }
            UnaryOperator::Plus => {
                let takes = |data_type: &DataType| {
                    data_type.is_numeric() || matches!(data_type, DataType::Interval(_) | DataType::Timestamp(..))
                };
                if takes(&node.planned) {
                    return Some(node);
                }
                self.unary_mismatch(span_of(whole), "+", "a number, an interval or a timestamp", &node)
            }
            UnaryOperator::Minus => self.negative(node, span_of(whole)),
            other => self.unsupported(span_of(whole), format_args!("the operator `{other}`")),
        }
    }

    /// The field is the operand's own, metadata too.
    fn negative(&mut self, node: Node, span: Span) -> Option<Node> {
        let signed = |data_type: &DataType| match data_type {
            DataType::Null | DataType::Interval(_) => true,
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => false,
            other => other.is_numeric(),
        };
        if matches!(node.data_type, DataType::Timestamp(..)) {
            return self.unsupported(span, "a negative timestamp");
        }
        if !signed(&node.data_type) || !signed(&node.planned) {
            return self.unary_mismatch(span, "-", "a signed number or an interval", &node);
        }
        let (data_type, planned) = (node.data_type.clone(), node.planned.clone());
        let (nullable, metadata) = (node.nullable, node.metadata.clone());
        Some(Node { planned, metadata, ..Node::new(Shape::Negative(Box::new(node)), data_type, nullable) })
    }

    fn unary_mismatch(&mut self, span: Span, operator: &str, expected: &str, node: &Node) -> Option<Node> {
        let observed = spelling::short(&node.data_type);
        let message = format!("`{operator}` does not accept {observed}");
        let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, "cast it to a type that it takes");
        self.report(span, mistake.differing(expected, observed))
    }

    /// `x IS NULL` and its kin: never NULL themselves.
    pub(super) fn is(&mut self, test: Test, inner: &Expr) -> Option<Node> {
        let node = self.read(inner)?;
        let node = match test {
            Test::Null | Test::NotNull => node,
            _ => self.condition(node, "IS", span_of(inner))?,
        };
        Some(Node::new(Shape::Is(test, Box::new(node)), DataType::Boolean, false))
    }

    /// `node` as a boolean, where the engine compares it with one.
    fn condition(&mut self, node: Node, word: &str, span: Span) -> Option<Node> {
        let compares = |data_type: &DataType| matches!(value_type(data_type), DataType::Boolean | DataType::Null);
        if compares(&node.planned) && compares(&node.data_type) {
            return Some(node.brought(&DataType::Boolean));
        }
        self.unary_mismatch(span, word, "bool", &node)
    }

    /// `value BETWEEN low AND high`.
    pub(super) fn between(&mut self, whole: &Expr, operands: [&Expr; 3], negated: bool) -> Option<Node> {
        let nodes = self.read_all(operands)?;
        let Ok([value, low, high]) = <[Node; 3]>::try_from(nodes) else { return None };
        if !covers_all([&value, &low, &high]) {
            return self.unsupported(span_of(whole), "BETWEEN over this type");
        }
        let compare = |left: &DataType, right: &DataType| coercion::common(left, right, Purpose::Compare);
        let low_type = compare(&value.data_type, &low.data_type);
        let high_type = compare(&value.data_type, &high.data_type);
        let common = low_type.zip(high_type).and_then(|(low, high)| compare(&low, &high));
        let nullable = value.nullable || low.nullable || high.nullable;
        let Some(common) = common.filter(|common| [&value, &low, &high].iter().all(|node| node.becomes(common))) else {
            return self.incomparable(span_of(whole), "BETWEEN", [&value, &low, &high]);
        };
        let [value, low, high] = [value, low, high].map(|node| Box::new(node.brought(&common)));
        Some(Node::new(Shape::Between { value, low, high, negated }, DataType::Boolean, nullable))
    }

    /// `value IN (list)`.
    pub(super) fn in_list(&mut self, whole: &Expr, value: &Expr, list: &[Expr], negated: bool) -> Option<Node> {
        let operands = self.read_all(std::iter::once(value).chain(list))?;
        if !covers_all(&operands) {
            return self.unsupported(span_of(whole), "IN over this type");
        }
        let (value, list) = operands.split_first()?;
        let common = coercion::fold(&value.data_type, list.iter().map(|node| &node.data_type), Purpose::Compare);
        let Some(common) = common.filter(|common| operands.iter().all(|node| node.becomes(common))) else {
            return self.incomparable(span_of(whole), "IN", &operands);
        };
        let nullable = operands.len() > INSPECTED || operands.iter().any(|node| node.nullable);
        let mut operands = operands.into_iter().map(|node| node.brought(&common));
        let value = Box::new(operands.next()?);
        Some(Node::new(Shape::InList { value, list: operands.collect(), negated }, DataType::Boolean, nullable))
    }

    fn incomparable<'n>(&mut self, span: Span, word: &str, nodes: impl IntoIterator<Item = &'n Node>) -> Option<Node> {
        let message = format!("{word} over types that do not compare");
        let observed = nodes.into_iter().map(|node| spelling::short(&node.data_type)).collect::<Vec<_>>().join(", ");
        let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, "cast them to one type");
        self.report(span, mistake.differing("types that compare with one another", observed))
    }

    /// `LIKE`, `ILIKE`, `SIMILAR TO`.
    pub(super) fn like(&mut self, whole: &Expr) -> Option<Node> {
        let (word, negated, value, pattern, escape) = match whole {
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                ("LIKE", negated, expr, pattern, escape_char)
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                ("ILIKE", negated, expr, pattern, escape_char)
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                ("SIMILAR TO", negated, expr, pattern, escape_char)
            }
            _ => return self.unsupported(span_of(whole), "LIKE ANY"),
        };
        let (value, pattern) = (self.read(value), self.read(pattern));
        let (value, pattern) = (value?, pattern?);
        if let Some(escape) = escape
            && !matches!(&escape.value, Value::SingleQuotedString(sign) if sign.len() == 1)
        {
            let mistake = Mistake::new(ExprErrorKind::Parse, "escape of more than one character", "write ESCAPE '\\'");
            return self.report(escape.span, mistake);
        }
        let rule = if word == "SIMILAR TO" { arithmetic::matched_text } else { arithmetic::liked_text };
        // A dictionary is kept as it is, and does not execute beside a pattern of another text type.
        let kept = word != "SIMILAR TO"
            && matches!(&value.data_type, DataType::Dictionary(_, values) if **values == DataType::Utf8);
        let text = rule(&value.data_type, &pattern.data_type)
            .filter(|text| value.becomes(text) && pattern.becomes(text) && (!kept || *text == DataType::Utf8));
        let Some(text) = text else {
            let observed = format!("{} and {}", spelling::short(&value.data_type), spelling::short(&pattern.data_type));
            let mistake = Mistake::new(
                ExprErrorKind::TypeMismatch,
                format!("{word} over types that are not text"),
                "cast both sides to text",
            );
            return self.report(span_of(whole), mistake.differing("text on both sides", observed));
        };
        let nullable = value.nullable || pattern.nullable;
        let value = if kept { value } else { value.brought(&text) };
        let pattern = pattern.brought(&text);
        let escape = escape.as_ref().map(|escape| escape.value.to_string()).unwrap_or_default();
        let manner = format!("{word} {negated} {escape}");
        let shape = Shape::Like { value: Box::new(value), pattern: Box::new(pattern), manner };
        Some(Node::new(shape, DataType::Boolean, nullable))
    }
}

/// Whether a cast, or a computation of the planner, brings `node` to `target`.
fn becomes(node: &Node, target: &DataType, beside: &DataType, operator: Operator) -> bool {
    node.becomes(target) || temporal::computed(&node.data_type, target, beside, operator)
}

/// Whether the rules cover the types of all nodes.
pub(super) fn covers_all<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> bool {
    nodes.into_iter().all(|node| covers(&node.data_type))
}
