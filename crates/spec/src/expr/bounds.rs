//! Whether a CASE can be NULL.
//!
//! A result that may be NULL counts only where its branch can be taken while it is NULL: in
//! `CASE WHEN x IS NOT NULL THEN x ELSE 0 END` it cannot. What a condition may be is a set of truth values.

use super::node::{Node, Shape, Test};
use crate::engine::Literal;
use crate::engine::operator::Operator;

/// The truth values that a condition may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Truth {
    yes: bool,
    no: bool,
    unknown: bool,
}

impl Truth {
    const YES: Self = Self { yes: true, no: false, unknown: false };
    const NO: Self = Self { yes: false, no: true, unknown: false };
    const UNKNOWN: Self = Self { yes: false, no: false, unknown: true };
    const KNOWN: Self = Self { yes: true, no: true, unknown: false };
    const ANY: Self = Self { yes: true, no: true, unknown: true };

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes, unknown: self.unknown }
    }

    /// Both sides range over their sets on their own.
    fn and(self, other: Self) -> Self {
        Self {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            unknown: (self.unknown && (other.unknown || other.yes)) || (other.unknown && self.yes),
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// Whether it is the one asked for: itself never unknown.
    fn is(yes: bool, otherwise: bool) -> Self {
        Self { yes, no: otherwise, unknown: false }
    }
}

/// Whether a CASE may be NULL, over its coerced parts.
pub(super) fn case_nullable(operand: Option<&Node>, branches: &[(Node, Node)], otherwise: Option<&Node>) -> bool {
    let reachable = branches.iter().filter(|(_, then)| then.nullable).any(|(when, then)| {
        // With an operand every branch is taken to be reachable.
        operand.is_some() || truth(when, innermost(then)).yes
    });
    reachable || otherwise.is_none_or(|node| node.nullable)
}

/// The nodes that are NULL exactly where `node` is.
fn innermost(node: &Node) -> &Node {
    match &node.shape {
        Shape::Not(inner) | Shape::Negative(inner) | Shape::Cast(inner) => innermost(inner),
        _ => node,
    }
}

/// The possible values of `condition` while `null` is NULL.
#[recursive::recursive]
fn truth(condition: &Node, null: &Node) -> Truth {
    match &condition.shape {
        Shape::Literal(Literal::Null) => Truth::UNKNOWN,
        Shape::Literal(Literal::Boolean(value)) => {
            if *value {
                Truth::YES
            } else {
                Truth::NO
            }
        }
        Shape::Is(test, inner) => truth_of_test(*test, inner, null),
        Shape::Not(inner) => truth(inner, null).not(),
        Shape::Binary(left, Operator::And, right) => truth(left, null).and(truth(right, null)),
        Shape::Binary(left, Operator::Or, right) => truth(left, null).or(truth(right, null)),
        _ => {
            let is_null = is_null(condition, null);
            match (is_null.yes, is_null.no) {
                (true, false) => Truth::UNKNOWN,
                (false, true) => Truth::KNOWN,
                _ => Truth::ANY,
            }
        }
    }
}

fn truth_of_test(test: Test, inner: &Node, null: &Node) -> Truth {
    match test {
        Test::Null => {
            if !inner.nullable {
                Truth::NO
            } else if inner.data_type == arrow_schema::DataType::Boolean {
                unknown(truth(inner, null))
            } else {
                is_null(inner, null)
            }
        }
        Test::NotNull => truth_of_test(Test::Null, inner, null).not(),
        Test::True => {
            let truth = truth(inner, null);
            Truth::is(truth.yes, truth.no || truth.unknown)
        }
        Test::NotTrue => truth_of_test(Test::True, inner, null).not(),
        Test::False => {
            let truth = truth(inner, null);
            Truth::is(truth.no, truth.yes || truth.unknown)
        }
        Test::NotFalse => truth_of_test(Test::False, inner, null).not(),
        Test::Unknown => unknown(truth(inner, null)),
        Test::NotUnknown => unknown(truth(inner, null)).not(),
    }
}

fn unknown(truth: Truth) -> Truth {
    Truth::is(truth.unknown, truth.yes || truth.no)
}

/// Whether `node` is NULL while `null` is: certainly, certainly not, or either.
#[recursive::recursive]
fn is_null(node: &Node, null: &Node) -> Truth {
    if let Shape::Literal(literal) = &node.shape {
        return if *literal == Literal::Null { Truth::YES } else { Truth::NO };
    }
    if !node.nullable {
        return Truth::NO;
    }
    if node == null {
        return Truth::YES;
    }
    match &node.shape {
        Shape::Binary(left, operator, right) if operator.null_if_either_is() => any_null([left, right], null),
        Shape::Cast(inner) | Shape::Negative(inner) | Shape::Not(inner) => any_null([inner], null),
        Shape::Like { value, pattern, .. } => any_null([value, pattern], null),
        Shape::Between { value, low, high, .. } => {
            let certain = |node: &Node| is_null(node, null) == Truth::YES;
            if certain(value) || (certain(low) && certain(high)) { Truth::YES } else { Truth::KNOWN }
        }
        _ => Truth::KNOWN,
    }
}

fn any_null<'a>(nodes: impl IntoIterator<Item = &'a Box<Node>>, null: &Node) -> Truth {
    let mut result = Truth::NO;
    for node in nodes {
        match is_null(node, null) {
            Truth::YES => return Truth::YES,
            truth if truth.yes => result = Truth::KNOWN,
            _ => {}
        }
    }
    result
}
