//! Fields of its input columns that an expression requires.

use std::collections::BTreeMap;

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::{Expr, Subquery};

use super::required_fields::RequiredFields;
use crate::functions::indices;

/// The required fields of each column of the inputs of a node, one after the other.
pub(super) struct Needs<'a> {
    inputs: Vec<&'a DFSchema>,
    requirements: Vec<RequiredFields>,
}

impl<'a> Needs<'a> {
    pub fn of(inputs: Vec<&'a DFSchema>) -> Self {
        let columns = inputs.iter().map(|input| input.fields().len()).sum();
        Self { inputs, requirements: vec![RequiredFields::default(); columns] }
    }

    /// The columns of all inputs, one after the other.
    pub fn into_requirements(self) -> Vec<RequiredFields> {
        self.requirements
    }

    /// Adds what is needed of the column at `index`.
    pub fn add(&mut self, index: usize, required: RequiredFields) {
        self.requirements[index].add(required);
    }

    fn column(&mut self, column: &Column, required: &RequiredFields) -> Result<()> {
        if self.known(column, required) { Ok(()) } else { internal_err!("`{column}` is a column of no input") }
    }

    /// Adds what is needed of a column that may be of another plan; whether it is of this one.
    fn known(&mut self, column: &Column, required: &RequiredFields) -> bool {
        let (mut first, mut found) = (0, false);
        // A name without its table may be a column of both sides of a join, and each is taken for it.
        for input in &self.inputs {
            if let Some(index) = input.maybe_index_of_column(column) {
                self.requirements[first + index].add(required.clone());
                found = true;
            }
            first += input.fields().len();
        }
        found
    }

    /// Adds what the whole value of `expr` needs.
    pub fn whole(&mut self, expr: &Expr) -> Result<()> {
        self.expression(expr, RequiredFields::Whole)
    }

    /// Adds what `expr` needs where `required` is needed of its value.
    ///
    /// # Errors
    ///
    /// A column that no input has.
    #[recursive::recursive]
    pub fn expression(&mut self, expr: &Expr, required: RequiredFields) -> Result<()> {
        match expr {
            Expr::Column(column) => self.column(column, &required),
            Expr::Alias(alias) => self.expression(&alias.expr, required),
            Expr::IsNull(of) | Expr::IsNotNull(of) => self.expression(of, RequiredFields::default()),
            Expr::ScalarFunction(call) => self.call(call, required),
            Expr::AggregateFunction(call) => self.aggregate(call),
            Expr::ScalarSubquery(subquery) => self.outer(subquery),
            Expr::Exists(exists) => self.outer(&exists.subquery),
            Expr::InSubquery(within) => {
                self.outer(&within.subquery)?;
                self.whole(&within.expr)
            }
            Expr::SetComparison(comparison) => {
                self.outer(&comparison.subquery)?;
                self.whole(&comparison.expr)
            }
            other => self.children(other),
        }
    }

    /// Anything else looks at all of what it is made from.
    fn children(&mut self, expr: &Expr) -> Result<()> {
        expr.apply_children(|child| {
            self.whole(child)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }

    /// The columns of this plan that a query inside an expression uses, at any depth; others are of a plan further out.
    fn outer(&mut self, subquery: &Subquery) -> Result<()> {
        subquery.subquery.apply_with_subqueries(|plan| {
            plan.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Expr::OuterReferenceColumn(_, column) = expr {
                        self.known(column, &RequiredFields::Whole);
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(())
    }

    fn call(&mut self, call: &ScalarFunction, required: RequiredFields) -> Result<()> {
        match (call.func.name(), call.args.as_slice()) {
            ("get_field", [of, path @ ..]) if !path.is_empty() => {
                let Some(names) = path.iter().map(text).collect::<Option<Vec<_>>>() else {
                    return call.args.iter().try_for_each(|argument| self.whole(argument));
                };
                let required =
                    names.into_iter().rev().fold(required, |required, name| RequiredFields::field(name, required));
                self.expression(of, required)
            }
            ("named_struct", pairs) => {
                for pair in pairs.chunks(2) {
                    match pair {
                        [name, value] => match text(name) {
                            Some(name) => self.expression(value, required.of(name))?,
                            None => self.whole(value)?,
                        },
                        _ => pair.iter().try_for_each(|argument| self.whole(argument))?,
                    }
                }
                Ok(())
            }
            // What is needed of an element is what is needed of the list.
            ("array_element", [list, index]) => {
                self.expression(list, required)?;
                self.whole(index)
            }
            ("array_length" | "cardinality" | "empty" | indices::NAME, [list]) => {
                self.expression(list, RequiredFields::default())
            }
            (_, arguments) => arguments.iter().try_for_each(|argument| self.whole(argument)),
        }
    }

    /// `count` asks which of its arguments are NULL; all others look at them.
    fn aggregate(&mut self, call: &AggregateFunction) -> Result<()> {
        let parameters = &call.params;
        let counts = call.func.name() == "count" && !parameters.distinct;
        for argument in &parameters.args {
            self.expression(argument, if counts { RequiredFields::default() } else { RequiredFields::Whole })?;
        }
        let sorted = parameters.order_by.iter().map(|sort| &sort.expr);
        parameters.filter.as_deref().into_iter().chain(sorted).try_for_each(|expr| self.whole(expr))
    }
}

/// The text that `expr` is.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(name) | ScalarValue::LargeUtf8(name) | ScalarValue::Utf8View(name), _) => {
            name.as_deref()
        }
        _ => None,
    }
}

/// The required fields of `schema` if all columns are needed whole.
pub(super) fn all(schema: &DFSchema) -> Vec<RequiredFields> {
    vec![RequiredFields::Whole; schema.fields().len()]
}

/// The required fields of a struct that keeps every field.
pub(super) fn every_field<'a>(fields: impl Iterator<Item = (&'a str, RequiredFields)>) -> RequiredFields {
    RequiredFields::Fields(fields.map(|(name, required)| (name.to_owned(), required)).collect::<BTreeMap<_, _>>())
}
