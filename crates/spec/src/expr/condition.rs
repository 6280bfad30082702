//! CASE.

use arrow_schema::DataType;
use cstspec_contract::spelling;
use sqlparser::ast::{CaseWhen, Expr};

use super::bounds;
use super::error::ExprErrorKind;
use super::node::{Node, Shape};
use super::operation::covers_all;
use super::place::span_of;
use super::read::{Mistake, Reader};
use crate::engine::coercion::{self, Purpose};

/// The parts of a CASE.
struct Parts {
    operand: Option<Node>,
    /// What stands after each WHEN and THEN.
    branches: Vec<(Node, Node)>,
    otherwise: Option<Node>,
}

impl Reader<'_> {
    /// `CASE WHEN condition THEN result … ELSE result END`, and `CASE operand WHEN value THEN …`.
    pub(super) fn case(
        &mut self,
        whole: &Expr,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Option<Node> {
        let branches = conditions.iter().flat_map(|branch| [&branch.condition, &branch.result]);
        let nodes = self.read_all(operand.into_iter().chain(branches).chain(otherwise))?;
        if !covers_all(&nodes) {
            return self.unsupported(span_of(whole), "a CASE over this type");
        }
        let mut nodes = nodes.into_iter();
        let parts = Parts {
            operand: operand.and_then(|_| nodes.next()),
            branches: conditions.iter().filter_map(|_| Some((nodes.next()?, nodes.next()?))).collect(),
            otherwise: nodes.next(),
        };
        let Some(when) = parts.when_type() else {
            let expected = match &parts.operand {
                Some(operand) => format!("types that compare with {}", spelling::short(&operand.data_type)),
                None => "Boolean".to_owned(),
            };
            let observed = listed(parts.branches.iter().map(|(when, _)| when));
            let mistake =
                Mistake::new(ExprErrorKind::TypeMismatch, "CASE with a WHEN of another type", "compare in one type");
            return self.report(span_of(whole), mistake.differing(expected, observed));
        };
        let Some(then) = parts.then_type() else {
            let message = "CASE with results of types that do not go together";
            let mistake = Mistake::new(ExprErrorKind::TypeMismatch, message, "cast the results to one type");
            return self.report(span_of(whole), mistake.differing("results of one type", listed(parts.results())));
        };
        Some(parts.brought(&when, then))
    }
}

impl Parts {
    /// The results, that of ELSE first: the engine brings them together in this order.
    fn results(&self) -> impl Iterator<Item = &Node> {
        self.otherwise.iter().chain(self.branches.iter().map(|(_, then)| then))
    }

    /// The type that the operand and what stands after WHEN are brought to.
    fn when_type(&self) -> Option<DataType> {
        let whens = || self.branches.iter().map(|(when, _)| when);
        let common = match &self.operand {
            Some(operand) => coercion::fold(&operand.data_type, whens().map(|when| &when.data_type), Purpose::Compare)?,
            None => DataType::Boolean,
        };
        whens().chain(&self.operand).all(|node| node.becomes(&common)).then_some(common)
    }

    /// The type that the results are brought to.
    fn then_type(&self) -> Option<DataType> {
        let mut types = self.results().map(|result| &result.data_type);
        let common = coercion::fold(types.next()?, types, Purpose::Union)?;
        self.results().all(|result| result.becomes(&common)).then_some(common)
    }

    /// Before coercion, a CASE has the type of its first result that is not plain NULL.
    fn planned_type(&self) -> DataType {
        let mut results = self.branches.iter().map(|(_, then)| then).chain(&self.otherwise).map(|node| &node.planned);
        results.find(|data_type| !data_type.is_null()).cloned().unwrap_or(DataType::Null)
    }

    fn brought(self, when: &DataType, then: DataType) -> Node {
        let planned = self.planned_type();
        let operand = self.operand.map(|node| node.brought(when));
        let branches: Vec<(Node, Node)> =
            self.branches.into_iter().map(|(first, second)| (first.brought(when), second.brought(&then))).collect();
        let otherwise = self.otherwise.map(|node| node.brought(&then));
        let nullable = bounds::case_nullable(operand.as_ref(), &branches, otherwise.as_ref());
        let shape = Shape::Case { operand: operand.map(Box::new), branches, otherwise: otherwise.map(Box::new) };
        Node { planned, ..Node::new(shape, then, nullable) }
    }
}

fn listed<'a>(nodes: impl Iterator<Item = &'a Node>) -> String {
    nodes.map(|node| spelling::short(&node.data_type)).collect::<Vec<_>>().join(", ")
}
