//! Names, fields and subscripts.

use cstspec_contract::did_you_mean;
use cstspec_contract::sql::ident;
use sqlparser::ast::{AccessExpr, DictionaryField, Expr, Ident, Subscript};
use sqlparser::tokenizer::Span;

use arrow_schema::DataType;

use super::error::ExprErrorKind;
use super::node::Node;
use super::place::span_of;
use super::read::{Mistake, Reader, quoted};
use super::scope::folded;
use crate::engine::{Literal, covers};

/// An operand and where it stands.
type Placed = (Node, Span);

impl Reader<'_> {
    /// A column.
    pub(super) fn identifier(&mut self, name: &Ident) -> Option<Node> {
        if name.value.starts_with('@') && name.quote_style.is_none() {
            return self.unsupported(name.span, "a variable");
        }
        let folded = folded(name);
        if let Some(field) = self.scope.find(&folded) {
            let node = Node::column(field);
            self.columns.insert(folded);
            return Some(node);
        }
        let help = match self.scope.find(&name.value) {
            Some(_) => format!("names without quotes are read in lower case: write {}", ident(&name.value)),
            None => did_you_mean(&folded, self.scope.names()).unwrap_or_else(|| {
                format!("the columns here are {}", self.scope.names().collect::<Vec<_>>().join(", "))
            }),
        };
        self.report(name.span, Mistake::new(ExprErrorKind::UnknownColumn, format!("unknown column `{folded}`"), help))
    }

    /// `column.field.field`.
    pub(super) fn compound_identifier(&mut self, names: &[Ident]) -> Option<Node> {
        let (first, fields) = names.split_first()?;
        let mut node = self.identifier(first)?;
        for field in fields {
            node = self.field(node, folded(field), field.span)?;
        }
        Some(node)
    }

    /// `x['field']`, `x[1]`, `x[1:2]`, `x.field[1]`.
    pub(super) fn field_access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Option<Node> {
        let dotted = chain.iter().take_while(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_)))).count();
        let (dotted, subscripts) =
            if matches!(root, Expr::Identifier(_)) { chain.split_at(dotted) } else { chain.split_at(0) };
        let mut node = self.read(root)?;
        for access in dotted {
            if let AccessExpr::Dot(Expr::Identifier(name)) = access {
                node = self.field(node, folded(name), name.span)?;
            }
        }
        for access in subscripts {
            node = self.step(node, access, span_of(root))?;
        }
        Some(node)
    }

    fn step(&mut self, node: Node, access: &AccessExpr, root: Span) -> Option<Node> {
        match access {
            AccessExpr::Dot(name) | AccessExpr::Subscript(Subscript::Index { index: name })
                if quoted(name).is_some() =>
            {
                let text = quoted(name)?.to_owned();
                self.field(node, text, span_of(name))
            }
            AccessExpr::Subscript(Subscript::Index { index }) => {
                let key = self.read(index)?;
                let name = if matches!(node.planned, DataType::Map(..)) { "get_field" } else { "array_element" };
                self.rule(name, vec![(node, root), (key, span_of(index))], span_of(index))
            }
            AccessExpr::Subscript(Subscript::Slice { lower_bound: Some(lower), upper_bound: Some(upper), stride }) => {
                let mut operands =
                    vec![(node, root), (self.read(lower)?, span_of(lower)), (self.read(upper)?, span_of(upper))];
                if let Some(stride) = stride {
                    operands.push((self.read(stride)?, span_of(stride)));
                }
                self.rule("array_slice", operands, span_of(lower))
            }
            AccessExpr::Dot(name) => self.unsupported(span_of(name), "this access to a field"),
            AccessExpr::Subscript(_) => self.unsupported(root, "a part of a list without both bounds"),
        }
    }

    /// The field, or the value under a key, called `name`.
    fn field(&mut self, node: Node, name: String, span: Span) -> Option<Node> {
        let name = Node::literal(Literal::Text(name), DataType::Utf8);
        self.rule("get_field", vec![(node, span), (name, span)], span)
    }

    /// `[a, b]`, and other constructors that are functions to the engine.
    pub(super) fn constructor(&mut self, name: &str, elements: &[Expr], span: Span) -> Option<Node> {
        let nodes = self.read_all(elements)?;
        let placed = nodes.into_iter().zip(elements.iter().map(span_of)).collect();
        self.rule(name, placed, span)
    }

    /// `struct(a, b)`, whose fields are numbered, and `struct(a AS x, b)`, where those without a name are.
    pub(super) fn structure(&mut self, values: &[Expr], span: Span) -> Option<Node> {
        if !values.iter().any(|value| matches!(value, Expr::Named { .. })) {
            return self.constructor("struct", values, span);
        }
        let mut placed = Vec::with_capacity(values.len() * 2);
        for (index, value) in values.iter().enumerate() {
            let (name, value, place) = match value {
                Expr::Named { expr, name } => (name.value.clone(), expr.as_ref(), name.span),
                other => (format!("c{index}"), other, span_of(other)),
            };
            placed.push((Node::literal(Literal::Text(name), DataType::Utf8), place));
            placed.push((self.read(value)?, span_of(value)));
        }
        self.rule("named_struct", placed, span)
    }

    /// `{'name': value}`.
    pub(super) fn dictionary(&mut self, fields: &[DictionaryField], span: Span) -> Option<Node> {
        let values = self.read_all(fields.iter().map(|field| field.value.as_ref()))?;
        let placed = fields.iter().zip(values).flat_map(|(field, value)| {
            let name = Node::literal(Literal::Text(field.key.value.clone()), DataType::Utf8);
            [(name, field.key.span), (value, span_of(&field.value))]
        });
        let placed = placed.collect();
        self.rule("named_struct", placed, span)
    }

    /// A call that the syntax stands for: the engine's rule alone decides, and no declaration is needed.
    fn rule(&mut self, name: &str, operands: Vec<Placed>, span: Span) -> Option<Node> {
        if operands.iter().any(|(node, _)| !covers(&node.data_type)) && name != "get_field" {
            return self.unsupported(span, "a subscript of this type");
        }
        let (nodes, spans): (Vec<Node>, Vec<Span>) = operands.into_iter().unzip();
        match self.engine_output(name, &nodes, &spans, span)? {
            Ok(output) => Some(super::call::node(name, nodes, output)),
            Err(()) => self.unsupported(span, format_args!("`{name}`")),
        }
    }
}
