//! Views that are a query of one's own, with declared output.

use cstspec_contract::{Finding, Origin, ViewBody};

use super::column::{self, Columns};
use super::report::{Report, list};
use super::scope::{Environment, ResolvedView};
use super::view::{self, Draft};
use crate::documents::Document;
use crate::expr::{QueryUses, query_uses};
use crate::model::ViewSpec;
use crate::rules;

/// Resolves a view with `sql`. Its output types are the person's word: the engine is asked when the view is verified.
pub fn resolve(
    document: &Document<ViewSpec>,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedView> {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let text = spec.sql.as_deref()?;
    let uses = check_query(text, &root.join("sql"), environment, report)?;
    if let Some(offset) = uses.recursive {
        let finding =
            Finding::new(&rules::RECURSIVE_VIEW, format!("the view `{}` has a query that reads itself", spec.view))
                .differing("WITH queries that read those before them", "WITH RECURSIVE with a query that reads itself")
                .remedy("write it as a prepared statement under `statements:`, which runs only when it is asked for")
                .relation(spec.view.as_str());
        report.inside(&root.join("sql"), offset, finding);
    }
    if uses.parameters > 0 {
        let finding = Finding::new(&rules::PARAMETERS_DIFFER, format!("the view `{}` uses parameters", spec.view))
            .differing("no parameters", format!("${}", uses.parameters))
            .remedy("write a prepared statement under `statements:` instead");
        report.value(&root.join("sql"), finding);
    }
    if spec.output.is_empty() {
        let finding =
            Finding::new(&rules::MISSING_KEY, format!("the view `{}` does not declare its output", spec.view))
                .differing("`output` with the columns of the query", "none")
                .remedy("add `output:` with a name and a type for each column")
                .relation(spec.view.as_str());
        report.key(&root.join("sql"), finding);
        return None;
    }
    let declared: Vec<&str> = spec.output.keys().map(String::as_str).collect();
    match &uses.output_names {
        Some(selected) if *selected == declared => {}
        None => {}
        Some(selected) => {
            let selected: Vec<&str> = selected.iter().map(String::as_str).collect();
            let finding = Finding::new(
                &rules::OUTPUT_DIFFERS,
                format!("the declared output of `{}` differs from its selected columns", spec.view),
            )
            .differing(list(&selected), list(&declared))
            .remedy("list under `output` the names that the query selects, in their order")
            .relation(spec.view.as_str());
            report.key(&root.join("output"), finding);
        }
    }
    let Columns { all: columns, nested, docs, allowed, broken, .. } =
        column::resolve_all(&spec.output, &root.join("output"), environment.types, report);
    if broken {
        return None;
    }
    let draft = Draft {
        columns,
        nested,
        docs,
        sql: format!("{}\n", text.trim().trim_end_matches(';').trim_end()),
        depends_on: uses.relations.iter().filter_map(|(path, _)| path.only()).map(str::to_owned).collect(),
        body: ViewBody::Sql,
        not_null: Vec::new(),
        allowed,
    };
    Some(view::finish(document, draft, report))
}

/// What a query uses; its mistakes and the functions that nobody declares are reported at `origin`.
pub fn check_query(
    text: &str,
    origin: &Origin,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<QueryUses> {
    let uses = match query_uses(text) {
        Ok(uses) => uses,
        Err(error) => {
            report.expression_error(origin, text, &error);
            return None;
        }
    };
    for (name, offset) in &uses.functions {
        let known = environment.functions.iter().map(|function| function.name.as_str());
        let declared = known.clone().any(|known| known == name);
        if !declared && !report.is_full() && !report.may_be_defined(name, known.clone()) {
            let advice = report.advise(name, known, "declare it with its signature in functions/");
            let finding = Finding::new(&rules::UNKNOWN_FUNCTION, format!("the function `{name}` is not declared"))
                .differing("a function of functions/", format!("`{name}`"))
                .remedy(advice);
            report.inside(origin, *offset, finding);
        }
    }
    Some(uses)
}
