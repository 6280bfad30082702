//! CASE.

use arrow_schema::DataType;
use sqlparser::ast::{CaseWhen, Expr, Spanned};

use super::bounds;
use super::error::ExprErrorKind;
use super::node::{Node, Shape};
use super::operation::covers_all;
use super::read::{Mistake, Reader};
use crate::engine::coercion::{self, Purpose};

impl Reader<'_> {
    /// `CASE WHEN condition THEN result … ELSE result END`, and `CASE operand WHEN value THEN …`.
    pub(super) fn case(
        &mut self,
        whole: &Expr,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Option<Node> {
        let operand = operand.map(|operand| self.read(operand));
        let branches: Vec<(Option<Node>, Option<Node>)> =
            conditions.iter().map(|branch| (self.read(&branch.condition), self.read(&branch.result))).collect();
        let otherwise = otherwise.map(|otherwise| self.read(otherwise));
        let operand = transposed(operand)?;
        let otherwise = transposed(otherwise)?;
        let branches: Vec<(Node, Node)> =
            branches.into_iter().map(|(when, then)| Some((when?, then?))).collect::<Option<_>>()?;
        if !covers_all(branches.iter().flat_map(|(when, then)| [when, then]).chain(&operand).chain(&otherwise)) {
            return self.unsupported(whole.span(), "a CASE over this type");
        }
        let planned = planned_type(&branches, otherwise.as_ref());
        let (operand, branches) = self.coerced_conditions(whole, operand, branches)?;
        let (branches, otherwise) = self.coerced_results(whole, branches, otherwise)?;
        let data_type = otherwise.as_ref().or(branches.first().map(|(_, then)| then))?.data_type.clone();
        let nullable = bounds::case_nullable(operand.as_ref(), &branches, otherwise.as_ref());
        let shape = Shape::Case { operand: operand.map(Box::new), branches, otherwise: otherwise.map(Box::new) };
        Some(Node { planned, ..Node::new(shape, data_type, nullable) })
    }

    /// Brings the operand and the values after WHEN to one type, or the conditions to boolean.
    fn coerced_conditions(
        &mut self,
        whole: &Expr,
        operand: Option<Node>,
        branches: Vec<(Node, Node)>,
    ) -> Option<(Option<Node>, Vec<(Node, Node)>)> {
        let types = || branches.iter().map(|(when, _)| &when.data_type);
        let observed = types().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let target = match &operand {
            Some(operand) => coercion::fold(&operand.data_type, types(), Purpose::Compare),
            None => Some(DataType::Boolean),
        };
        let brought = target.and_then(|target| {
            let operand = transposed(operand.clone().map(|operand| operand.coerced(&target)))?;
            let branches: Option<Vec<(Node, Node)>> =
                branches.into_iter().map(|(when, then)| Some((when.coerced(&target)?, then))).collect();
            Some((operand, branches?))
        });
        if brought.is_none() {
            let expected = operand.map_or_else(|| "Boolean".to_owned(), |node| format!("types that compare with {}", node.data_type));
            let mistake = Mistake::new(ExprErrorKind::TypeMismatch, "CASE with a WHEN of another type", "compare in one type");
            self.report(whole.span(), mistake.differing(expected, observed));
        }
        brought
    }

    /// Brings the results to one type: that of ELSE first.
    fn coerced_results(
        &mut self,
        whole: &Expr,
        branches: Vec<(Node, Node)>,
        otherwise: Option<Node>,
    ) -> Option<(Vec<(Node, Node)>, Option<Node>)> {
        let mut types: Vec<DataType> = otherwise.iter().map(|node| node.data_type.clone()).collect();
        types.extend(branches.iter().map(|(_, then)| then.data_type.clone()));
        let brought = types
            .split_first()
            .and_then(|(first, rest)| coercion::fold(first, rest, Purpose::Union))
            .and_then(|target| {
                let otherwise = transposed(otherwise.map(|node| node.coerced(&target)))?;
                let branches: Option<Vec<(Node, Node)>> =
                    branches.into_iter().map(|(when, then)| Some((when, then.coerced(&target)?))).collect();
                Some((branches?, otherwise))
            });
        if brought.is_none() {
            let observed = types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let mistake =
                Mistake::new(ExprErrorKind::TypeMismatch, "CASE with results of types that do not go together", "cast the results to one type");
            self.report(whole.span(), mistake.differing("results of one type", observed));
        }
        brought
    }
}

/// Before coercion, a CASE has the type of its first result that is not plain NULL.
fn planned_type(branches: &[(Node, Node)], otherwise: Option<&Node>) -> DataType {
    branches
        .iter()
        .map(|(_, then)| &then.planned)
        .find(|data_type| !data_type.is_null())
        .or(otherwise.map(|node| &node.planned))
        .cloned()
        .unwrap_or(DataType::Null)
}

/// `None` where there is a node with a mistake.
fn transposed<T>(node: Option<Option<T>>) -> Option<Option<T>> {
    match node {
        None => Some(None),
        Some(Some(node)) => Some(Some(node)),
        Some(None) => None,
    }
}
