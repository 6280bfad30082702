//! Types that a query spells as text: `arrow_cast(x, 'List(Int64)')`. The engine parses them by recursion, whatever they nest, and a
//! value of fixed size takes its bytes in each row, NULL too.

use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Visitor};

use super::{MOST_FIXED, MOST_TYPES, refused, visit};

/// The functions of the engine that parse a type.
const FUNCTIONS: [&str; 2] = ["arrow_cast", "arrow_try_cast"];

/// Refuses a statement with a type that nests too deep, or whose values are too large.
pub(super) fn check(statement: &Statement) -> Result<()> {
    match visit(statement, &mut Bounds) {
        Some(ControlFlow::Break(Beyond::Depth(depth))) => Err(refused(
            format!("the query casts to a type with {depth} types in one another"),
            MOST_TYPES,
            "nest fewer",
        )),
        Some(ControlFlow::Break(Beyond::Bytes(bytes))) => {
            let found = format!("the query casts to a type of fixed size with {bytes} bytes in each value");
            Err(refused(found, MOST_FIXED, "cast to `Binary` or to `List`"))
        }
        _ => Ok(()),
    }
}

/// A bound that a type does not hold.
enum Beyond {
    Depth(usize),
    Bytes(u64),
}

/// Stops at the first type that is out of bounds.
struct Bounds;

impl Visitor for Bounds {
    type Break = Beyond;

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Beyond> {
        let Expr::Function(function) = expression else { return ControlFlow::Continue(()) };
        for text in types(function) {
            let depth = depth(&text);
            if depth > MOST_TYPES {
                return ControlFlow::Break(Beyond::Depth(depth));
            }
            // What is no type is the engine's to say.
            let bytes = text.parse().map_or(0, |data_type| fixed(&data_type).1);
            if bytes > MOST_FIXED {
                return ControlFlow::Break(Beyond::Bytes(bytes));
            }
        }
        ControlFlow::Continue(())
    }
}

/// The bytes of a value of a type in its row, and the most that a value of the type or of one within it has.
fn fixed(data_type: &DataType) -> (u64, u64) {
    let (own, within) = match data_type {
        DataType::FixedSizeBinary(width) => (u64::try_from(*width).unwrap_or(0), 0),
        DataType::FixedSizeList(field, length) => {
            let (each, within) = fixed(field.data_type());
            (each.saturating_mul(u64::try_from(*length).unwrap_or(0)), within)
        }
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| fixed(field.data_type()));
            fields.fold((0, 0), |(sum, most), (own, within)| (own.saturating_add(sum), within.max(most)))
        }
        DataType::List(field) | DataType::LargeList(field) | DataType::Map(field, _) => (8, fixed(field.data_type()).1),
        DataType::Dictionary(_, values) => (8, fixed(values).1),
        other => (other.primitive_width().unwrap_or(16) as u64, 0),
    };
    (own, own.max(within))
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

    use super::{MOST_TYPES, check, fixed};

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

    /// A type of fixed size is refused wherever it stands in another; 65,536 bytes are taken, as in specs.
    #[test]
    fn fixed_types() {
        let state = SessionContext::new().state();
        let dialect = state.config().options().sql_parser.dialect;
        let found = |data_type: &str| {
            let sql = format!("SELECT arrow_cast(NULL, '{data_type}')");
            check(&state.sql_to_statement(&sql, &dialect).unwrap()).map_err(|error| error.to_string())
        };
        for (data_type, bytes) in [
            ("FixedSizeBinary(65537)", 65_537_u64),
            ("FixedSizeBinary(2147483647)", 2_147_483_647),
            ("FixedSizeList(2147483647, Int64)", 17_179_869_176),
            ("FixedSizeList(40000, Utf8)", 640_000),
            ("FixedSizeList(300, FixedSizeList(300, Int8))", 90_000),
            ("List(FixedSizeBinary(65537))", 65_537),
            ("Dictionary(Int8, FixedSizeBinary(65537))", 65_537),
            ("Struct(\"a\": FixedSizeBinary(65536), \"b\": Int64)", 65_544),
        ] {
            let error = found(data_type).unwrap_err();
            assert!(error.contains(&format!("{bytes} bytes in each value")), "{data_type}: {error}");
        }
        for data_type in ["FixedSizeBinary(65536)", "FixedSizeList(8192, Int64)", "FixedSizeBinary(-1)", "none", "Utf8"]
        {
            assert_eq!(found(data_type), Ok(()), "{data_type}");
        }
        assert_eq!(fixed(&"FixedSizeList(2, Int16)".parse().unwrap()), (4, 4));
    }
}
