//! The condition that the rows of a row view meet.

use arrow_schema::DataType;
use cstspec_contract::{ColumnSource, Finding, Origin, spelling};

use super::row_columns::Building;
use crate::expr::{self, ExprError, ExprErrorKind, Scope, Typed};
use crate::rules;

/// What to do about a condition with a part whose type is not known here.
const WITHOUT: &str = "write it without aggregates, window functions, subqueries and what else has no known type, or write the view with `sql`";

impl Building<'_, '_, '_> {
    /// The typed condition over the names of `scope`, if the view has one. A mistake in it is reported.
    pub fn condition(&mut self, scope: &Scope) -> Option<Typed> {
        let text = self.document.spec.condition.as_deref()?;
        let origin = self.root.join("where");
        let errors = match expr::check(text, scope, self.environment.functions, self.environment.dialect) {
            Ok(typed) if *typed.field.data_type() == DataType::Boolean => return Some(typed),
            Ok(typed) => {
                let observed = format!("a value of type {}", spelling::short(typed.field.data_type()));
                let remedy = "compare the value with another one";
                self.invalid_condition(&origin, 0, "the condition is not a boolean", observed, remedy);
                Vec::new()
            }
            Err(errors) => errors,
        };
        for error in errors {
            self.condition_error(&origin, text, error);
        }
        self.sound = false;
        None
    }

    fn condition_error(&mut self, origin: &Origin, text: &str, mut error: ExprError) {
        if error.kind == ExprErrorKind::Unsupported {
            self.invalid_condition(origin, error.start, "the condition cannot be typed", error.message, WITHOUT);
            return;
        }
        let name = text.get(error.start..error.end).unwrap_or(text);
        if error.kind == ExprErrorKind::UnknownColumn {
            let bare = name.trim_matches('"');
            let is_computed = self
                .outputs
                .iter()
                .any(|output| output.column.name() == bare && matches!(output.source, ColumnSource::Expr(_)));
            if is_computed {
                error.help = format!("`{name}` is a computed column: write its expression in the condition");
            } else if self.of.columns.iter().any(|column| column.name() == bare) {
                error.help = format!("take the column from the row: `{bare}: row` under `columns`");
            }
        }
        self.report.expression_error(origin, text, &error);
    }

    fn invalid_condition(&mut self, origin: &Origin, offset: usize, message: &str, observed: String, remedy: &str) {
        let finding = Finding::new(&rules::INVALID_CONDITION, message)
            .differing("a boolean that each row decides alone", observed)
            .remedy(remedy)
            .relation(self.document.spec.view.as_str());
        self.report.inside(origin, offset, finding);
    }
}
