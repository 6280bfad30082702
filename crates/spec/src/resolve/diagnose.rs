//! Diagnosis views: one row about the types of a relation's columns, as the engine sees them.

use std::collections::BTreeMap;

use cstspec_contract::sql::{ident, literal};
use cstspec_contract::{Column, Finding, NestedOrigins, Origin, ViewBody, diagnosis_columns, list_child};

use super::report::Report;
use super::scope::{Environment, RelationScope, ResolvedView};
use super::sql_text::{self, Select, Source};
use super::view::{self, Draft};
use crate::documents::Document;
use crate::expr::Scope;
use crate::model::{DiagnoseSpec, ViewSpec};
use crate::rules;

/// Resolves a view with `diagnose`.
pub fn resolve(
    document: &Document<ViewSpec>,
    spec: &DiagnoseSpec,
    of: &RelationScope,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedView> {
    let root = Origin::root(&document.file);
    let origin = root.join("diagnose");
    let distinct = report.distinct(&origin.join("columns"), "described column", &spec.columns).len();
    let described: Vec<Column> = if spec.columns.is_empty() {
        of.columns.iter().filter(|column| list_child(column.field.data_type()).is_some()).cloned().collect()
    } else {
        view::named_columns(of, &spec.columns, &origin.join("columns"), report)?
    };
    if distinct < spec.columns.len() {
        return None;
    }
    if described.is_empty() {
        let finding =
            Finding::new(&rules::VIEW_SHAPE, format!("the view `{}` has nothing to describe", document.spec.view))
                .differing("`columns`, or a relation with list columns", format!("no list column in `{}`", of.name))
                .remedy("list under `columns` what is to be described")
                .relation(document.spec.view.as_str());
        report.key(&origin, finding);
        return None;
    }
    let names: Vec<String> = described.iter().map(|column| column.name().to_owned()).collect();
    // The row must be there for an empty relation too, so it is joined to a row of our own and may be NULL.
    let scope = Scope::new(described.iter().map(|column| view::unnested(&column.field, column.name())));
    let mut items = Vec::new();
    let mut columns = Vec::new();
    for column in &described {
        let name = column.name();
        let spelled = ident(name);
        let declared = literal(&column.field.data_type().to_string());
        let expressions = [
            format!("arrow_typeof({spelled})"),
            format!("arrow_metadata({spelled})"),
            format!("arrow_typeof({spelled}) = {declared}"),
        ];
        for (expression, made) in expressions.into_iter().zip(diagnosis_columns(&[name], &origin.to_string())) {
            let field = view::type_generated(&expression, &scope, &origin, environment, report)?;
            items.push((expression, made.name().to_owned()));
            columns.push(Column { field: view::renamed(&field, made.name()), ..made });
        }
    }
    let listed: Vec<String> = names.iter().map(|name| format!("    {}", ident(name))).collect();
    let always = sql_text::free_name("always", names.iter().map(String::as_str));
    let from = format!(
        "(SELECT 1 AS {})\nLEFT JOIN (\n  SELECT\n{}\n  FROM {}\n  LIMIT 1\n) ON true",
        ident(&always),
        listed.join(",\n"),
        ident(&of.name)
    );
    let draft = Draft {
        columns,
        nested: NestedOrigins::default(),
        docs: BTreeMap::new(),
        sql: Select::all(items, Source::Text(from)).text(),
        depends_on: vec![of.name.clone()],
        body: ViewBody::Diagnose { of: of.name.clone(), columns: names },
        not_null: Vec::new(),
        allowed: Vec::new(),
    };
    Some(view::finish(document, draft, report))
}
