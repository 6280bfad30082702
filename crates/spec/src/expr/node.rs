//! Expressions as the engine executes them: read, coerced and typed.

use std::collections::HashMap;

use arrow_schema::{DataType, Field};

use crate::engine::cast::{castable, constant_fits};
use crate::engine::operator::Operator;
use crate::engine::{Argument, Literal};

/// The metadata keys of extension types, which a cast takes away.
const EXTENSION_KEYS: [&str; 2] = ["ARROW:extension:name", "ARROW:extension:metadata"];

/// A typed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Its shape.
    pub shape: Shape,
    /// Its type after coercion.
    pub data_type: DataType,
    /// Its type before coercion, which is what the planner first sees. It differs for a CASE over mixed branches.
    pub planned: DataType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Metadata of the field it would become.
    pub metadata: HashMap<String, String>,
}

/// Shapes of expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Literal(Literal),
    Column(String),
    Cast(Box<Node>),
    TryCast(Box<Node>),
    Negative(Box<Node>),
    Not(Box<Node>),
    Is(Test, Box<Node>),
    Binary(Box<Node>, Operator, Box<Node>),
    Like { value: Box<Node>, pattern: Box<Node>, manner: String },
    Between { value: Box<Node>, low: Box<Node>, high: Box<Node>, negated: bool },
    InList { value: Box<Node>, list: Vec<Node>, negated: bool },
    Case { operand: Option<Box<Node>>, branches: Vec<(Node, Node)>, otherwise: Option<Box<Node>> },
    Function(String, Vec<Node>),
}

/// Tests of `IS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Null,
    NotNull,
    True,
    NotTrue,
    False,
    NotFalse,
    Unknown,
    NotUnknown,
}

impl Node {
    /// A node without metadata whose type coercion does not change.
    pub fn new(shape: Shape, data_type: DataType, nullable: bool) -> Self {
        Self { shape, planned: data_type.clone(), data_type, nullable, metadata: HashMap::new() }
    }

    /// A constant.
    pub fn literal(literal: Literal, data_type: DataType) -> Self {
        let nullable = literal == Literal::Null;
        Self::new(Shape::Literal(literal), data_type, nullable)
    }

    /// A column.
    pub fn column(field: &Field) -> Self {
        let shape = Shape::Column(field.name().clone());
        let metadata = field.metadata().clone();
        Self { metadata, ..Self::new(shape, field.data_type().clone(), field.is_nullable()) }
    }

    /// Whether the engine can bring this node to `target` by itself.
    pub fn becomes(&self, target: &DataType) -> bool {
        let structs = matches!((&self.data_type, target), (DataType::Struct(_), DataType::Struct(_)));
        let constant = match &self.shape {
            Shape::Literal(Literal::Text(text)) => constant_fits(text, target),
            _ => true,
        };
        (structs || castable(&self.data_type, target)) && constant
    }

    /// This node brought to `target`, which it [`becomes`](Self::becomes).
    pub fn brought(self, target: &DataType) -> Self {
        if self.data_type == *target { self } else { self.cast(target.clone()) }
    }

    /// This node in a cast to `target`. Metadata is kept, save that of an extension type.
    pub fn cast(self, target: DataType) -> Self {
        let mut metadata = self.metadata.clone();
        for key in EXTENSION_KEYS {
            metadata.remove(key);
        }
        let nullable = self.nullable;
        Self { metadata, ..Self::new(Shape::Cast(Box::new(self)), target, nullable) }
    }

    /// This node in a cast that gives NULL where it fails.
    pub fn try_cast(self, target: DataType) -> Self {
        let node = self.cast(target);
        match node.shape {
            Shape::Cast(inner) => Self { shape: Shape::TryCast(inner), nullable: true, ..node },
            _ => node,
        }
    }

    /// This node as an argument of a call.
    pub fn argument(&self) -> Argument<'_> {
        Argument {
            data_type: &self.data_type,
            nullable: self.nullable,
            metadata: &self.metadata,
            literal: match &self.shape {
                Shape::Literal(literal) => Some(literal),
                _ => None,
            },
        }
    }

    /// This node as an argument of a call, as the planner first sees it.
    pub fn planned_argument(&self) -> Argument<'_> {
        Argument { data_type: &self.planned, ..self.argument() }
    }

    /// Whether coercion changes the type.
    pub fn changes(&self) -> bool {
        self.planned != self.data_type
    }
}
