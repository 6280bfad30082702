//! Calls of functions: by the engine's rule where it is known, by the declared signature otherwise.

use std::collections::HashMap;

use arrow_schema::DataType;
use cstspec_contract::{Function, FunctionKind, did_you_mean, spelling, types};
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, TrimWhereField};
use sqlparser::tokenizer::Span;

use super::error::ExprErrorKind;
use super::node::{Node, Shape};
use super::pattern::{self, Misfit};
use super::place::span_of;
use super::read::{Mistake, Reader};
use super::scope::folded;
use crate::engine::{self, Argument, Output, Reason, Refusal, covers};

/// Functions whose rule holds for every type.
const TAKE_EVERYTHING: [&str; 4] = ["arrow_metadata", "arrow_typeof", "get_field", "named_struct"];

impl Reader<'_> {
    /// `name(arguments)`.
    pub(super) fn call(&mut self, function: &ast::Function, whole: Span) -> Option<Node> {
        let (name, name_span) = match function.name.0.as_slice() {
            [part] => (part.as_ident().map(folded), part.span()),
            _ => (None, function.name.span()),
        };
        let plain = matches!(function.parameters, FunctionArguments::None)
            && !function.uses_odbc_syntax
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.over.is_none()
            && function.within_group.is_empty();
        // `current_date` is a call without brackets: a word that only looks like a column.
        let arguments = match &function.args {
            FunctionArguments::None => Some(Vec::new()),
            written => arguments(written),
        };
        let (Some(name), Some(arguments), true) = (name, arguments, plain) else {
            return self.unsupported(whole, "a call with more than plain arguments");
        };
        let span = if whole.start.line == 0 { name_span } else { whole };
        self.call_by_name(&name, name_span, &arguments, span)
    }

    /// `SUBSTRING(x FROM 1 FOR 2)`, `TRIM(BOTH 'a' FROM x)`, `POSITION('a' IN x)`.
    pub(super) fn worded_call(&mut self, expression: &Expr) -> Option<Node> {
        let span = span_of(expression);
        match expression {
            Expr::Substring { expr, substring_from, substring_for, shorthand, .. } => {
                let name = if *shorthand { "substr" } else { "substring" };
                let one = Expr::value(ast::Value::Number("1".to_owned(), false));
                let mut arguments = vec![expr.as_ref()];
                match (substring_from, substring_for) {
                    (None, None) => {}
                    (None, Some(length)) => arguments.extend([&one, length.as_ref()]),
                    (Some(from), length) => {
                        arguments.push(from);
                        arguments.extend(length.as_deref());
                    }
                }
                self.call_by_name(name, span, &arguments, span)
            }
            Expr::Trim { expr, trim_where, trim_what, trim_characters } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) => "btrim",
                    None => "trim",
                };
                let characters = trim_characters.as_ref().and_then(|characters| characters.first());
                let mut arguments = vec![expr.as_ref()];
                arguments.extend(trim_what.as_deref().or(characters));
                self.call_by_name(name, span, &arguments, span)
            }
            Expr::Position { expr, r#in } => self.call_by_name("position", span, &[r#in, expr], span),
            _ => self.unsupported(span, "this call"),
        }
    }

    fn call_by_name(&mut self, name: &str, name_span: Span, arguments: &[&Expr], span: Span) -> Option<Node> {
        let functions = self.functions;
        let declared = functions.iter().find(|function| function.name == name);
        if declared.is_none() {
            let known = functions.iter().map(|function| function.name.as_str());
            let help = did_you_mean(name, known)
                .unwrap_or_else(|| "declare it under `functions`, with its signature".to_owned());
            self.report(
                name_span,
                Mistake::new(ExprErrorKind::UnknownFunction, format!("unknown function `{name}`"), help),
            );
        }
        let nodes = self.read_all(arguments.iter().copied());
        let (declared, nodes) = (declared?, nodes?);
        self.called.insert(name.to_owned());
        if declared.kind != FunctionKind::Scalar {
            return self.unsupported(name_span, format_args!("`{name}`, which is not computed row by row"));
        }
        let spans: Vec<Span> = arguments.iter().map(|argument| span_of(argument)).collect();
        self.typed_call(declared, nodes, &spans, span)
    }

    fn typed_call(&mut self, declared: &Function, nodes: Vec<Node>, spans: &[Span], span: Span) -> Option<Node> {
        let types: Vec<&DataType> = nodes.iter().map(|node| &node.data_type).collect();
        let name = declared.name.as_str();
        let (signature, bindings) = match pattern::fit(&declared.signatures, &types) {
            Ok(fit) => fit,
            Err(misfit) => return self.misfit(declared, &misfit, &types, spans, span),
        };
        let returns = pattern::instantiate(&signature.returns, &bindings);
        let by_rule = if TAKE_EVERYTHING.contains(&name) || types.iter().all(|data_type| covers(data_type)) {
            self.engine_output(name, &nodes, spans, span)?
        } else {
            Err(())
        };
        let output = match (by_rule, returns) {
            (Ok(output), Some(declared_type)) if !types::same_shape(&output.data_type, &declared_type) => {
                let message = format!("the declared signature of `{name}` differs from the engine's");
                let help = format!("correct `{name}{signature}` under `functions`");
                let mistake = Mistake::new(ExprErrorKind::WrongSignature, message, help);
                return self.report(
                    span,
                    mistake.differing(spelling::short(&declared_type), spelling::short(&output.data_type)),
                );
            }
            (Ok(output), _) => output,
            (Err(()), Some(data_type)) => {
                let nullable: Vec<bool> = nodes.iter().map(|node| node.nullable).collect();
                Output { data_type, nullable: signature.may_be_null(&nullable), metadata: HashMap::new() }
            }
            (Err(()), None) => return self.unsupported(span, format_args!("`{name}`")),
        };
        Some(node(name, nodes, output))
    }

    fn misfit(
        &mut self,
        declared: &Function,
        misfit: &Misfit,
        types: &[&DataType],
        spans: &[Span],
        span: Span,
    ) -> Option<Node> {
        let name = &declared.name;
        let forms =
            declared.signatures.iter().map(|signature| format!("{name}{signature}")).collect::<Vec<_>>().join(" or ");
        match misfit {
            Misfit::Count => {
                let count = types.len();
                let message = format!("`{name}` with {count} argument{}", if count == 1 { "" } else { "s" });
                let mistake = Mistake::new(ExprErrorKind::ArgumentCount, message, format!("call it as {forms}"));
                self.report(span, mistake.differing(forms, format!("{count} arguments")))
            }
            Misfit::Type { argument, expected } => {
                let message = format!("argument {} of `{name}` has the wrong type", argument + 1);
                let mistake = Mistake::new(ExprErrorKind::ArgumentType, message, format!("call it as {forms}"));
                let place = spans.get(*argument).copied().filter(|span| span.start.line > 0).unwrap_or(span);
                self.report(place, mistake.differing(expected.clone(), spelling::short(types[*argument])))
            }
        }
    }

    /// What the engine's own rule says of a call; `Some(Err(()))` where there is none, `None` where it was refused.
    pub(super) fn engine_output(
        &mut self,
        name: &str,
        nodes: &[Node],
        spans: &[Span],
        span: Span,
    ) -> Option<Result<Output, ()>> {
        // The planner asks before coercion, the analyzer after it; either may refuse.
        if nodes.iter().any(Node::changes) {
            let planned: Vec<Argument<'_>> = nodes.iter().map(Node::planned_argument).collect();
            if let Some(Err(refusal)) = engine::function::output(name, &planned) {
                self.refused(name, &refusal, spans, span);
                return None;
            }
        }
        let arguments: Vec<Argument<'_>> = nodes.iter().map(Node::argument).collect();
        match engine::function::output(name, &arguments) {
            None => Some(Err(())),
            Some(Ok(output)) => Some(Ok(output)),
            Some(Err(refusal)) => {
                self.refused(name, &refusal, spans, span);
                None
            }
        }
    }

    fn refused(&mut self, name: &str, refusal: &Refusal, spans: &[Span], span: Span) {
        let Refusal { reason, argument, expected, observed } = refusal;
        let place =
            argument.and_then(|index| spans.get(index)).copied().filter(|span| span.start.line > 0).unwrap_or(span);
        let ordinal = argument.map_or(0, |index| index + 1);
        let (kind, message, help) = match reason {
            Reason::Count => {
                (ExprErrorKind::ArgumentCount, format!("`{name}` with {observed}"), format!("give it {expected}"))
            }
            Reason::Type => (
                ExprErrorKind::ArgumentType,
                format!("argument {ordinal} of `{name}` has the wrong type"),
                format!("give it {expected}"),
            ),
            Reason::Value => (
                ExprErrorKind::ArgumentValue,
                format!("argument {ordinal} of `{name}` is not supported"),
                format!("give it {expected}"),
            ),
            Reason::Field => {
                let known = expected.split(", ");
                let help = did_you_mean(observed, known).unwrap_or_else(|| format!("the fields here are {expected}"));
                (ExprErrorKind::UnknownField, format!("unknown field `{observed}`"), help)
            }
        };
        let mistake = Mistake::new(kind, message, help).differing(expected.clone(), observed.clone());
        self.report(place, mistake);
    }
}

/// The node of a call that nobody refused.
pub(super) fn node(name: &str, nodes: Vec<Node>, output: Output) -> Node {
    let Output { data_type, nullable, metadata } = output;
    let planned = if nodes.iter().any(Node::changes) {
        let planned: Vec<Argument<'_>> = nodes.iter().map(Node::planned_argument).collect();
        engine::function::output(name, &planned).and_then(Result::ok).map(|output| output.data_type)
    } else {
        None
    };
    let node = Node::new(Shape::Function(name.to_owned(), nodes), data_type, nullable);
    Node { metadata, planned: planned.unwrap_or_else(|| node.data_type.clone()), ..node }
}

/// The arguments of a call; `None` where they are more than expressions.
fn arguments(arguments: &FunctionArguments) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = arguments else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
            _ => None,
        })
        .collect()
}
