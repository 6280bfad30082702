//! Static typing of SQL expressions, without an engine.
//!
//! An expression is parsed with the engine's own SQL parser and typed as the engine types it once operands and arguments are
//! coerced: type, nullability and metadata of what `SELECT <expression> AS x` returns. Outside of the expressions whose typing is
//! known, the answer is [`ExprErrorKind::Unsupported`] and a request for `type:`; nothing is guessed.
//!
//! Texts come from specs, so they may be hostile: they are bounded in length, nesting and chaining before they are parsed.

mod access;
mod bounds;
mod call;
mod condition;
mod error;
mod interval;
mod literal;
mod node;
mod operation;
mod pattern;
mod place;
mod query;
mod reach;
mod read;
mod scope;
mod session;
mod source;
mod spelling;
mod sql_type;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{Field, FieldRef};
use cstspec_contract::Function;

pub use error::{ExprError, ExprErrorKind};
pub use query::{QueryUses, query_uses};
pub use reach::{Reach, Times};
pub use scope::Scope;
pub use session::Dialect;

/// The expression `text` as it stands in a query: names that are words of SQL are in quotes.
pub fn in_query(text: &str) -> Result<String, ExprError> {
    spelling::in_query(text, &source::parse_expression(text)?)
}

/// A typed expression: its field, its SQL and the names that it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Type, nullability and metadata as the engine reports them. The name is empty.
    pub field: FieldRef,
    /// The expression as it stands in a query: names that are words of SQL are in quotes.
    pub sql: String,
    /// The names of the scope that are used.
    pub columns: BTreeSet<String>,
    /// The functions that are called, by the names they are called by. Operators and subscripts are not among them.
    pub functions: BTreeSet<String>,
}

/// Types the expression `text` over the names of `scope`, as the engine does in a session with `dialect`. It may call `functions`, and no
/// others.
///
/// All mistakes are reported, in the order of their places; an expression around a mistake is not judged.
pub fn check(text: &str, scope: &Scope, functions: &[Function], dialect: &Dialect) -> Result<Typed, Vec<ExprError>> {
    let advised = |error| spelling::advised(error, text, scope);
    let expression = source::parse_expression(text).map_err(|error| vec![advised(error)])?;
    let sql = spelling::in_query(text, &expression).map_err(|error| vec![advised(error)])?;
    let mut reader = read::Reader::new(text, scope, functions, dialect);
    let node = reader.read(&expression);
    let (columns, called, mut errors) = reader.finish();
    match node {
        Some(node) if errors.is_empty() => {
            let field = Field::new("", node.data_type, node.nullable).with_metadata(node.metadata);
            Ok(Typed { field: Arc::new(field), sql, columns, functions: called })
        }
        _ => {
            errors.sort_by(|left, right| {
                (left.start, left.end, &left.message).cmp(&(right.start, right.end, &right.message))
            });
            errors.dedup();
            Err(errors.into_iter().map(advised).collect())
        }
    }
}
