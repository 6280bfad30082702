//! Fields of its input columns that an expression requires.

use std::collections::BTreeMap;

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::{Expr, Subquery};

use super::required_fields::Demand;

/// The required fields of each column of the inputs of a node, one after the other.
pub(super) struct Needs<'a> {
    inputs: Vec<&'a DFSchema>,
    demands: Vec<Demand>,
}

impl<'a> Needs<'a> {
    pub fn of(inputs: Vec<&'a DFSchema>) -> Self {
        let columns = inputs.iter().map(|input| input.fields().len()).sum();
        Self { inputs, demands: vec![Demand::default(); columns] }
    }

    /// The columns of all inputs, one after the other.
    pub fn into_demands(self) -> Vec<Demand> {
        self.demands
    }

    /// Adds what is needed of the column at `index`.
    pub fn add(&mut self, index: usize, demand: Demand) {
        self.demands[index].add(demand);
    }

    fn column(&mut self, column: &Column, demand: &Demand) -> Result<()> {
        if self.known(column, demand) { Ok(()) } else { internal_err!("`{column}` is a column of no input") }
    }

    /// Adds what is needed of a column that may be of another plan; whether it is of this one.
    fn known(&mut self, column: &Column, demand: &Demand) -> bool {
        let (mut first, mut found) = (0, false);
        // A name without its table may be a column of both sides of a join, and each is taken for it.
        for input in &self.inputs {
            if let Some(index) = input.maybe_index_of_column(column) {
                self.demands[first + index].add(demand.clone());
                found = true;
            }
            first += input.fields().len();
        }
        found
    }

    /// Adds what the whole value of `expr` needs.
    pub fn whole(&mut self, expr: &Expr) -> Result<()> {
        self.expression(expr, Demand::Whole)
    }

    /// Adds what `expr` needs where `demand` is needed of its value.
    ///
    /// # Errors
    ///
    /// A column that no input has.
    #[recursive::recursive]
    pub fn expression(&mut self, expr: &Expr, demand: Demand) -> Result<()> {
        match expr {
            Expr::Column(column) => self.column(column, &demand),
            Expr::Alias(alias) => self.expression(&alias.expr, demand),
            Expr::IsNull(of) | Expr::IsNotNull(of) => self.expression(of, Demand::default()),
            Expr::ScalarFunction(call) => self.call(call, demand),
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
                        self.known(column, &Demand::Whole);
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(())
    }

    fn call(&mut self, call: &ScalarFunction, demand: Demand) -> Result<()> {
        match (call.func.name(), call.args.as_slice()) {
            ("get_field", [of, path @ ..]) if !path.is_empty() => {
                let Some(names) = path.iter().map(text).collect::<Option<Vec<_>>>() else {
                    return call.args.iter().try_for_each(|argument| self.whole(argument));
                };
                let demand = names.into_iter().rev().fold(demand, |demand, name| Demand::field(name, demand));
                self.expression(of, demand)
            }
            ("named_struct", pairs) => {
                for pair in pairs.chunks(2) {
                    match pair {
                        [name, value] => match text(name) {
                            Some(name) => self.expression(value, demand.of(name))?,
                            None => self.whole(value)?,
                        },
                        _ => pair.iter().try_for_each(|argument| self.whole(argument))?,
                    }
                }
                Ok(())
            }
            // What is needed of an element is what is needed of the list.
            ("array_element", [list, index]) => {
                self.expression(list, demand)?;
                self.whole(index)
            }
            ("array_length" | "cardinality" | "empty", [list]) => self.expression(list, Demand::default()),
            (_, arguments) => arguments.iter().try_for_each(|argument| self.whole(argument)),
        }
    }

    /// `count` asks which of its arguments are NULL; all others look at them.
    fn aggregate(&mut self, call: &AggregateFunction) -> Result<()> {
        let parameters = &call.params;
        let counts = call.func.name() == "count" && !parameters.distinct;
        for argument in &parameters.args {
            self.expression(argument, if counts { Demand::default() } else { Demand::Whole })?;
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
pub(super) fn all(schema: &DFSchema) -> Vec<Demand> {
    vec![Demand::Whole; schema.fields().len()]
}

/// The required fields of a struct that keeps every field.
pub(super) fn every_field<'a>(fields: impl Iterator<Item = (&'a str, Demand)>) -> Demand {
    Demand::Fields(fields.map(|(name, demand)| (name.to_owned(), demand)).collect::<BTreeMap<_, _>>())
}
