//! Operators, and the predicates that are written as words.

use arrow_schema::DataType;
use sqlparser::ast::{Expr, Spanned, UnaryOperator, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

use super::error::ExprErrorKind;
use super::node::{Node, Shape, Test};
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
    pub(super) fn binary(&mut self, span: Span, left: Node, operator: Operator, right: Node) -> Option<Node> {
        let dictionary = |node: &Node| matches!(node.data_type, DataType::Dictionary(..));
        let lists = depth(&left.planned) + depth(&right.planned) > 0 && operator == Operator::Concat;
        let bits = matches!(
            operator,
            Operator::BitAnd | Operator::BitOr | Operator::BitXor | Operator::ShiftLeft | Operator::ShiftRight
        );
        if lists || bits && (dictionary(&left) || dictionary(&right)) || !covers_all([&left, &right]) {
            let what = format!("`{operator}` between {} and {}", left.data_type, right.data_type);
            return self.unsupported(span, what);
        }
        let changes = left.changes() || right.changes();
        let planned = arithmetic::typing(&left.planned, operator, &right.planned);
        let typing = if changes {
            arithmetic::typing(&left.data_type, operator, &right.data_type)
        } else {
            planned.clone()
        };
        let (Some(planned), Some(typing)) = (planned, typing) else {
            return self.mismatch(span, operator, &left, &right);
        };
        let Typing { left: left_type, right: right_type, .. } = typing;
        let nullable = left.nullable || right.nullable;
        let brought = (
            brought(left.clone(), &left_type, &right_type, operator),
            brought(right.clone(), &right_type, &left_type, operator),
        );
        let (Some(new_left), Some(new_right)) = brought else {
            return self.mismatch(span, operator, &left, &right);
        };
        // The result is asked for again once the sides are what they are brought to: two integers that meet in a decimal give
        // one digit more.
        let Some(result) = arithmetic::typing(&new_left.data_type, operator, &new_right.data_type) else {
            return self.mismatch(span, operator, &left, &right);
        };
        let shape = Shape::Binary(Box::new(new_left), operator, Box::new(new_right));
        Some(Node { planned: planned.result, ..Node::new(shape, result.result, nullable) })
    }

    fn mismatch(&mut self, span: Span, operator: Operator, left: &Node, right: &Node) -> Option<Node> {
        let help = match operator {
            Operator::And | Operator::Or => "both sides must be boolean",
            _ => "cast one side to the type of the other",
        };
        let message = format!("`{operator}` does not take {} and {}", left.data_type, right.data_type);
        let expected = format!("a type that goes with {}", left.data_type);
        let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, help);
        self.report(span, mistake.differing(expected, right.data_type.to_string()))
    }

    /// `NOT x`, `-x`, `+x`.
    pub(super) fn unary(&mut self, operator: UnaryOperator, inner: &Expr, whole: &Expr) -> Option<Node> {
        if operator == UnaryOperator::Minus {
            match inner {
                Expr::Value(ValueWithSpan { value: Value::Number(digits, _), span }) => {
                    return self.number(*span, format!("-{digits}"));
                }
                Expr::Interval(interval) => return self.interval(interval, true),
                _ => {}
            }
        }
        let node = self.read(inner)?;
        match operator {
            UnaryOperator::Not => {
                let nullable = node.nullable;
                let node = self.condition(node, "NOT", whole.span())?;
                Some(Node::new(Shape::Not(Box::new(node)), DataType::Boolean, nullable))
            }
            UnaryOperator::Plus => {
                let takes = |data_type: &DataType| {
                    data_type.is_numeric() || matches!(data_type, DataType::Interval(_) | DataType::Timestamp(..))
                };
                if takes(&node.planned) {
                    return Some(node);
                }
                self.unary_mismatch(whole.span(), "+", "a number, an interval or a timestamp", &node)
            }
            UnaryOperator::Minus => self.negative(node, whole.span()),
            other => self.unsupported(whole.span(), format_args!("the operator `{other}`")),
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
        let message = format!("`{operator}` does not take {}", node.data_type);
        let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, "cast it to a type that it takes");
        self.report(span, mistake.differing(expected, node.data_type.to_string()))
    }

    /// `x IS NULL` and its kin: never NULL themselves.
    pub(super) fn is(&mut self, test: Test, inner: &Expr) -> Option<Node> {
        let node = self.read(inner)?;
        let node = match test {
            Test::Null | Test::NotNull => node,
            _ => self.condition(node, "IS", inner.span())?,
        };
        Some(Node::new(Shape::Is(test, Box::new(node)), DataType::Boolean, false))
    }

    /// `node` as a boolean, where the engine compares it with one.
    fn condition(&mut self, node: Node, word: &str, span: Span) -> Option<Node> {
        let compares = |data_type: &DataType| matches!(value_type(data_type), DataType::Boolean | DataType::Null);
        let boolean = (compares(&node.planned) && compares(&node.data_type)).then(|| node.clone().coerced(&DataType::Boolean));
        boolean.flatten().or_else(|| self.unary_mismatch(span, word, "Boolean", &node))
    }

    /// `value BETWEEN low AND high`.
    pub(super) fn between(&mut self, whole: &Expr, operands: [&Expr; 3], negated: bool) -> Option<Node> {
        let nodes = self.read_all(operands)?;
        let Ok([value, low, high]) = <[Node; 3]>::try_from(nodes) else { return None };
        if !covers_all([&value, &low, &high]) {
            return self.unsupported(whole.span(), "BETWEEN over this type");
        }
        let compare = |left: &DataType, right: &DataType| coercion::common(left, right, Purpose::Compare);
        let low_type = compare(&value.data_type, &low.data_type);
        let high_type = compare(&value.data_type, &high.data_type);
        let common = low_type.zip(high_type).and_then(|(low, high)| compare(&low, &high));
        let nullable = value.nullable || low.nullable || high.nullable;
        let observed = format!("{}, {} and {}", value.data_type, low.data_type, high.data_type);
        let brought = common.and_then(|common| {
            Some((value.coerced(&common)?, low.coerced(&common)?, high.coerced(&common)?))
        });
        let Some((value, low, high)) = brought else {
            return self.incomparable(whole.span(), "BETWEEN", observed);
        };
        let shape = Shape::Between { value: Box::new(value), low: Box::new(low), high: Box::new(high), negated };
        Some(Node::new(shape, DataType::Boolean, nullable))
    }

    /// `value IN (list)`.
    pub(super) fn in_list(&mut self, whole: &Expr, value: &Expr, list: &[Expr], negated: bool) -> Option<Node> {
        let value = self.read(value);
        let list = self.read_all(list);
        let (value, list) = (value?, list?);
        if !covers_all(std::iter::once(&value).chain(&list)) {
            return self.unsupported(whole.span(), "IN over this type");
        }
        let common = coercion::fold(&value.data_type, list.iter().map(|node| &node.data_type), Purpose::Compare);
        let observed = std::iter::once(&value).chain(&list).map(|node| node.data_type.to_string()).collect::<Vec<_>>();
        let brought = common.and_then(|common| {
            let list: Option<Vec<Node>> = list.into_iter().map(|node| node.coerced(&common)).collect();
            Some((value.coerced(&common)?, list?))
        });
        let Some((value, list)) = brought else {
            return self.incomparable(whole.span(), "IN", observed.join(", "));
        };
        let mut inspected = std::iter::once(&value).chain(&list).take(INSPECTED);
        let nullable = list.len() >= INSPECTED || inspected.any(|node| node.nullable);
        Some(Node::new(Shape::InList { value: Box::new(value), list, negated }, DataType::Boolean, nullable))
    }

    pub(super) fn incomparable(&mut self, span: Span, word: &str, observed: String) -> Option<Node> {
        let message = format!("{word} over types that do not compare");
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
            _ => return self.unsupported(whole.span(), "LIKE ANY"),
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
        let observed = format!("{} and {}", value.data_type, pattern.data_type);
        let nullable = value.nullable || pattern.nullable;
        let brought = rule(&value.data_type, &pattern.data_type).and_then(|text| {
            let kept = word != "SIMILAR TO"
                && matches!(&value.data_type, DataType::Dictionary(_, values) if **values == DataType::Utf8);
            let value = if kept { Some(value) } else { value.coerced(&text) };
            Some((value?, pattern.coerced(&text)?))
        });
        let Some((value, pattern)) = brought else {
            let mistake =
                Mistake::new(ExprErrorKind::TypeMismatch, format!("{word} over types that are no text"), "cast both sides to text");
            return self.report(whole.span(), mistake.differing("text on both sides", observed));
        };
        let escape = escape.as_ref().map(|escape| escape.value.to_string()).unwrap_or_default();
        let manner = format!("{word} {negated} {escape}");
        let shape = Shape::Like { value: Box::new(value), pattern: Box::new(pattern), manner };
        Some(Node::new(shape, DataType::Boolean, nullable))
    }
}

/// `node` brought to `target` by a cast or by a computation of the planner; `None` when neither exists.
fn brought(node: Node, target: &DataType, beside: &DataType, operator: Operator) -> Option<Node> {
    let computed = temporal::computed(&node.data_type, target, beside, operator);
    match node.clone().coerced(target) {
        None if computed => Some(node.cast(target.clone())),
        other => other,
    }
}

/// Whether the rules cover the types of all nodes.
pub(super) fn covers_all<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> bool {
    nodes.into_iter().all(|node| covers(&node.data_type))
}
