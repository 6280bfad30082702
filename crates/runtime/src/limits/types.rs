//! Types that a query spells as text: `arrow_cast(x, 'List(Int64)')`. The engine parses them by recursion, whatever they nest.

use std::ops::ControlFlow;

use datafusion::common::Result;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Visitor};

use super::{MOST_TYPES, refused, visit};

/// The functions of the engine that parse a type.
const FUNCTIONS: [&str; 2] = ["arrow_cast", "arrow_try_cast"];

/// Refuses a statement with a type that nests too deep.
pub(super) fn check(statement: &Statement) -> Result<()> {
    let Some(ControlFlow::Break(depth)) = visit(statement, &mut TooDeep) else { return Ok(()) };
    Err(refused(format!("the query casts to a type with {depth} types in one another"), MOST_TYPES, "nest fewer"))
}

/// Stops at the first type that nests too deep.
struct TooDeep;

impl Visitor for TooDeep {
    type Break = usize;

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<usize> {
        let Expr::Function(function) = expression else { return ControlFlow::Continue(()) };
        match types(function).map(|text| depth(&text)).max() {
            Some(depth) if depth > MOST_TYPES => ControlFlow::Break(depth),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The texts among the arguments of a function that parses a type.
fn types(function: &Function) -> impl Iterator<Item = String> {
    let name = function.name.0.last().and_then(|part| part.as_ident());
    let parses = name.is_some_and(|name| FUNCTIONS.iter().any(|known| name.value.eq_ignore_ascii_case(known)));
    let arguments = match &function.args {
        FunctionArguments::List(list) if parses => list.args.as_slice(),
        _ => &[],
    };
    arguments.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(argument)
        | FunctionArg::Named { arg: argument, .. }
        | FunctionArg::ExprNamed { arg: argument, .. } => match argument {
            FunctionArgExpr::Expr(Expr::Value(value)) => value.value.clone().into_string(),
            _ => None,
        },
    })
}

/// How many brackets of `text` are in one another.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for letter in text.bytes() {
        match letter {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::{MOST_TYPES, check};

    #[test]
    fn types_in_one_another() {
        let state = SessionContext::new().state();
        let dialect = state.config().options().sql_parser.dialect;
        let found =
            |sql: &str| check(&state.sql_to_statement(sql, &dialect).unwrap()).map_err(|error| error.to_string());
        let nested = |open: &str, depth: usize| format!("{}Int64{}", open.repeat(depth), ")".repeat(depth));
        for open in ["List(", "LargeList(nullable ", "Dictionary(Int8, ", "Struct(\"a\": "] {
            for function in ["arrow_cast", "ARROW_CAST", "\"arrow_cast\"", "arrow_try_cast"] {
                let cast = |depth| format!("SELECT a FROM t WHERE {function}(a, '{}') IS NULL", nested(open, depth));
                assert_eq!(found(&cast(MOST_TYPES)), Ok(()));
                for depth in [MOST_TYPES + 1, 20_000] {
                    let error = found(&cast(depth)).unwrap_err();
                    assert!(error.contains(&format!("{depth} types in one another")), "{error}");
                }
            }
        }
        // Another function's text is no type.
        assert_eq!(found(&format!("SELECT length('{}')", nested("(", 20_000))), Ok(()));
        assert_eq!(found(&format!("EXPLAIN SELECT '{}' = a", nested("(", 20_000))), Ok(()));
        assert!(found(&format!("WITH w AS (SELECT arrow_cast(1, $${}$$)) SELECT 1", nested("List(", 65))).is_err());
    }
}
