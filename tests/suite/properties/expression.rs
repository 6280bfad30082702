//! The expressions that specs use, evaluated without an engine.

use std::collections::BTreeMap;

use blake2::digest::consts::{U8, U16};
use blake2::{Blake2b, Digest as _};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value as Constant,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::value::Value;

/// The value of an expression over names; [`Value::Unknown`] if it has a form that is not evaluated here.
pub fn evaluate(text: &str, names: &BTreeMap<String, Value>) -> Value {
    let expr = Parser::new(&GenericDialect {}).try_with_sql(text).unwrap().parse_expr().unwrap();
    value(&expr, names)
}

fn value(expr: &Expr, names: &BTreeMap<String, Value>) -> Value {
    match expr {
        // A NULL element has no field to take a name from.
        Expr::Identifier(name) => names.get(&name.value).cloned().unwrap_or(Value::Null),
        Expr::CompoundIdentifier(path) => {
            let mut path = path.iter().map(|name| name.value.as_str());
            let first = path.next().and_then(|name| names.get(name)).cloned().unwrap_or(Value::Null);
            first.follow(path)
        }
        Expr::Nested(inner) => value(inner, names),
        Expr::Value(constant) => match &constant.value {
            Constant::SingleQuotedString(text) => Value::Text(text.clone()),
            Constant::Number(digits, _) => Value::Int(digits.parse().unwrap()),
            Constant::Null => Value::Null,
            _ => Value::Unknown,
        },
        Expr::IsNull(inner) => match value(inner, names) {
            Value::Unknown => Value::Unknown,
            inner => Value::Bool(inner == Value::Null),
        },
        Expr::IsNotNull(inner) => match value(inner, names) {
            Value::Unknown => Value::Unknown,
            inner => Value::Bool(inner != Value::Null),
        },
        Expr::BinaryOp { left, op, right } => binary(&value(left, names), op, &value(right, names)),
        Expr::Cast { expr, data_type, .. } if data_type.to_string().eq_ignore_ascii_case("varchar") => {
            match value(expr, names) {
                Value::Int(number) => Value::Text(number.to_string()),
                known @ (Value::Text(_) | Value::Null) => known,
                _ => Value::Unknown,
            }
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            for branch in conditions {
                let condition = value(&branch.condition, names);
                let met = match operand {
                    Some(operand) => binary(&value(operand, names), &BinaryOperator::Eq, &condition),
                    None => condition,
                };
                match met {
                    Value::Unknown => return Value::Unknown,
                    Value::Bool(true) => return value(&branch.result, names),
                    _ => {}
                }
            }
            else_result.as_ref().map_or(Value::Null, |result| value(result, names))
        }
        Expr::Function(function) => call(function, names),
        _ => Value::Unknown,
    }
}

fn binary(left: &Value, op: &BinaryOperator, right: &Value) -> Value {
    match (left, op, right) {
        (Value::Bool(true), BinaryOperator::Or, _)
        | (_, BinaryOperator::Or, Value::Bool(true))
        | (Value::Bool(true), BinaryOperator::And, Value::Bool(true)) => Value::Bool(true),
        (Value::Bool(false), BinaryOperator::And, _)
        | (_, BinaryOperator::And, Value::Bool(false))
        | (Value::Bool(false), BinaryOperator::Or, Value::Bool(false)) => Value::Bool(false),
        (Value::Unknown, ..) | (.., Value::Unknown) => Value::Unknown,
        (Value::Null, ..) | (.., Value::Null) => Value::Null,
        (_, BinaryOperator::Eq, _) => Value::Bool(left == right),
        (_, BinaryOperator::NotEq, _) => Value::Bool(left != right),
        (Value::Int(left), BinaryOperator::Gt, Value::Int(right)) => Value::Bool(left > right),
        // Dates of one century print in their order.
        (Value::Other(left), BinaryOperator::GtEq, Value::Other(right)) => Value::Bool(left >= right),
        _ => Value::Unknown,
    }
}

fn call(function: &Function, names: &BTreeMap<String, Value>) -> Value {
    let FunctionArguments::List(list) = &function.args else { return Value::Unknown };
    let arguments: Vec<Value> = list
        .args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => value(expr, names),
            _ => Value::Unknown,
        })
        .collect();
    if arguments.contains(&Value::Unknown) {
        return Value::Unknown;
    }
    match (function.name.to_string().to_lowercase().as_str(), arguments.as_slice()) {
        ("chr", [Value::Int(code)]) => {
            Value::Text(u32::try_from(*code).ok().and_then(char::from_u32).unwrap().to_string())
        }
        ("coalesce", all) => all.iter().find(|value| **value != Value::Null).cloned().unwrap_or(Value::Null),
        ("concat_ws", [Value::Null, ..]) => Value::Null,
        ("concat_ws", [Value::Text(between), parts @ ..]) => {
            let parts: Vec<&str> = parts.iter().filter_map(text).collect();
            Value::Text(parts.join(between))
        }
        ("upper", [Value::Text(text)]) => Value::Text(text.to_uppercase()),
        ("upper" | "stable_id" | "prefixed_hash64" | "cardinality", all) if all.contains(&Value::Null) => Value::Null,
        ("cardinality", [Value::List(items)]) => Value::Other(items.len().to_string()),
        ("stable_id", [Value::Text(prefix), Value::Text(text)]) => {
            let digest: [u8; 16] = Blake2b::<U16>::digest(text.as_bytes()).into();
            Value::Text(format!("{prefix}:{:032x}", u128::from_be_bytes(digest)))
        }
        ("prefixed_hash64", [Value::Text(prefix), Value::Text(text)]) => {
            let digest: [u8; 8] = Blake2b::<U8>::digest(text.as_bytes()).into();
            Value::Text(format!("{prefix}:{}", u64::from_be_bytes(digest) & !(1 << 63)))
        }
        _ => Value::Unknown,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
