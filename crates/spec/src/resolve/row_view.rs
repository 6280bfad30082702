//! Row views: one row per element of a nested list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::FieldRef;
use cstspec_contract::sql::ident;
use cstspec_contract::{ColumnSource, NestedOrigins, Origin, Path, ViewBody};

use super::field;
use super::report::Report;
use super::row_columns::Building;
use super::row_level::{self, below};
use super::row_query::{Names, Query, on_the_way};
use super::scope::{Environment, RelationScope, ResolvedView};
use super::sql_text;
use super::view::{self, Draft};
use crate::documents::Document;
use crate::expr::{self, ExprErrorKind, Scope};
use crate::model::{ColumnBody, RowsSpec, ViewSpec, WordOr};

/// Resolves a view with `rows`.
pub fn resolve(
    document: &Document<ViewSpec>,
    rows: &RowsSpec,
    of: &RelationScope,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedView> {
    let levels = row_level::resolve(document, rows, of, report)?;
    let mut building = Building::new(document, of, &levels, environment, report);
    building.collect_outputs(rows);
    building.finish(rows)
}

/// A computed column after typing.
struct Computed {
    field: FieldRef,
    /// Promised without NULLs though the engine reports it as nullable.
    not_null: bool,
    /// The names that it may use.
    columns: BTreeSet<String>,
    /// The expression as it stands in a query.
    sql: String,
}

impl Building<'_, '_, '_> {
    /// Types the computed columns, and writes the query.
    fn finish(mut self, rows: &RowsSpec) -> Option<ResolvedView> {
        let names = self.scope_names(rows);
        let scope = Scope::new(names.values().map(|(field, _)| Arc::clone(field)));
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut sound = self.sound;
        for number in 0..self.outputs.len() {
            if self.report.is_full() {
                return None;
            }
            let ColumnSource::Expr(expression) = self.outputs[number].source.clone() else { continue };
            let name = self.outputs[number].column.name().to_owned();
            match self.computed(&name, &expression, &scope) {
                Some(Computed { field, not_null, columns, sql }) => {
                    let output = &mut self.outputs[number];
                    output.column.field = field;
                    output.not_null = not_null;
                    output.source = ColumnSource::Expr(sql);
                    used.extend(columns);
                }
                None => sound = false,
            }
        }
        let condition = self.condition(&scope);
        if !(sound && self.sound) {
            return None;
        }
        used.extend(condition.iter().flat_map(|condition| condition.columns.iter().cloned()));
        let condition = condition.map(|condition| condition.sql);
        let query = Query {
            of: self.of,
            levels: self.levels,
            outputs: &self.outputs,
            names: &names,
            used: &used,
            condition: condition.as_deref(),
        };
        let sql = query.text();
        let mut nested = NestedOrigins::default();
        let mut docs = BTreeMap::new();
        for output in &self.outputs {
            let Some(path) = &output.full_path else { continue };
            let name = output.column.name();
            nested.absorb(name, &self.of.nested.at(path));
            // Where the column itself was written is said by its origin.
            nested.fields.remove(&Path::top(name));
            docs.extend(
                self.of
                    .docs
                    .iter()
                    .filter_map(|(known, doc)| Some((Path::top(name).join_path(&below(path, known)?), doc.clone()))),
            );
        }
        let draft = Draft {
            sql,
            nested,
            docs,
            depends_on: vec![rows.of.clone()],
            body: ViewBody::Rows {
                of: rows.of.clone(),
                unnest: self.element().list.clone(),
                condition,
                sources: self.outputs.iter().map(|output| output.source.clone()).collect(),
            },
            not_null: self
                .outputs
                .iter()
                .filter(|output| output.not_null)
                .map(|output| output.column.name().to_owned())
                .collect(),
            allowed: Vec::new(),
            columns: self.outputs.into_iter().map(|output| output.column).collect(),
        };
        Some(view::finish(self.document, draft, self.report))
    }

    fn computed(&mut self, name: &str, expression: &str, scope: &Scope) -> Option<Computed> {
        let origin = self.root.join("columns").join(name);
        let body = match self.document.spec.columns.get(name) {
            Some(WordOr::Mapping(body)) => body.clone(),
            _ => ColumnBody::default(),
        };
        let place = origin.join("expr");
        match expr::check(expression, scope, self.environment.functions, self.environment.dialect) {
            Ok(typed) => {
                let mut field = view::renamed(&typed.field, name);
                field = self.checked_type(&field, &body, &origin);
                let not_null = body.nullable == Some(false) && field.is_nullable();
                Some(Computed { field, not_null, columns: typed.columns, sql: typed.sql })
            }
            Err(errors) => {
                let unsupported = errors.iter().all(|error| error.kind == ExprErrorKind::Unsupported);
                if let (true, Some(shape)) = (unsupported, body.shape()) {
                    // Nothing can be inferred: the person's word stands until the engine is asked.
                    let resolved = field::of_type(name, shape, &origin, self.environment.types, self.report)?;
                    let nullable = body.nullable.unwrap_or(resolved.field.is_nullable());
                    let field = Arc::new(resolved.field.as_ref().clone().with_nullable(nullable));
                    let columns = scope.names().map(str::to_owned).collect();
                    let sql = expr::in_query(expression).unwrap_or_else(|_| expression.to_owned());
                    return Some(Computed { field, not_null: false, columns, sql });
                }
                for error in errors {
                    self.report.expression_error(&place, expression, &error);
                }
                None
            }
        }
    }

    /// The names that expressions may use: each with its field and how the layer of names makes it.
    fn scope_names(&self, rows: &RowsSpec) -> Names {
        let mut names = Names::new();
        let alias = &self.element().alias;
        for (field, path) in self.element_fields(rows) {
            let expression = sql_text::field(alias, path.segments());
            names.insert(field.name().clone(), (view::unnested(&field, field.name()), expression));
        }
        for output in &self.outputs {
            let name = output.column.name();
            let expression = match &output.source {
                ColumnSource::Row(path) => ident(&on_the_way(name, path, self.of)).into_owned(),
                ColumnSource::Context(_) => ident(name).into_owned(),
                ColumnSource::Element(path) => sql_text::field(alias, path.segments()),
                // What is unnested may be NULL to the engine, and an index never is.
                ColumnSource::Position(level) => format!("coalesce({}, 0)", ident(&self.levels[*level].index())),
                ColumnSource::Expr(_) => continue,
            };
            names.insert(name.to_owned(), (Arc::clone(&output.column.field), expression));
        }
        names
    }
}

/// Checks what a view says whatever it reads: that it says once how it is made, and that its expressions and its condition parse and call
/// what there is.
pub fn check_alone(document: &Document<ViewSpec>, environment: Environment<'_>, report: &mut Report<'_>) {
    let root = Origin::root(&document.file);
    if !document.is_complete() || view::check_shape(document, report).is_none() {
        return;
    }
    let expressions = document.spec.columns.iter().filter_map(|(name, column)| match column {
        WordOr::Mapping(ColumnBody { expr: Some(text), .. }) => {
            Some((text, root.join("columns").join(name).join("expr")))
        }
        _ => None,
    });
    let condition = document.spec.condition.iter().map(|text| (text, root.join("where")));
    for (text, origin) in expressions.chain(condition) {
        let errors = expr::check(text, &Scope::default(), environment.functions, environment.dialect).err();
        for error in errors.into_iter().flatten() {
            let alone = [
                ExprErrorKind::Parse,
                ExprErrorKind::TooComplex,
                ExprErrorKind::UnknownFunction,
                ExprErrorKind::UnknownType,
            ];
            if alone.contains(&error.kind) {
                report.expression_error(&origin, text, &error);
            }
        }
    }
}
