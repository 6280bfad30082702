//! Documents to catalog: names are resolved, types inferred, promises checked against one another.

mod accessor;
mod allowed;
mod boundary;
mod column;
mod dataset;
mod dataset_checks;
mod default;
mod diagnose;
mod field;
mod function;
mod like;
mod name;
mod out;
mod query;
mod reference;
mod relation;
mod report;
mod row_columns;
mod row_condition;
mod row_level;
mod row_position;
mod row_query;
mod row_view;
mod scope;
mod session;
mod size;
mod sql_text;
mod statement;
mod structure;
mod ty;
mod view;
mod width;

use cstspec_contract::{Boundary, Catalog, Finding, Function, Session, Statement};

use crate::documents::Documents;
use crate::expr::Dialect;
use crate::sources::{CATALOG, Sources};
pub use report::MOST_FINDINGS;
use report::Report;
use scope::{Environment, Relations};

/// Resolves and checks `documents`. The catalog is there when `catalog.yaml` could be decoded; it is sound only when no finding
/// is an error.
pub fn resolve(documents: &Documents, sources: &Sources) -> (Option<Catalog>, Vec<Finding>) {
    let mut report = Report::new(documents, sources);
    out::check(documents, sources, &mut report);
    let types = ty::resolve(&documents.types, &mut report);
    let functions = function::resolve(&documents.functions, &types, &mut report);
    let sessions = session::resolve(documents, &mut report);
    let views = documents.views.iter().map(|document| &document.spec);
    let views = views.flat_map(|view| std::iter::once(&view.view).chain(view.accessors.keys())).map(String::as_str);
    let datasets = dataset::resolve(&documents.datasets, &views.collect(), &types, &mut report);
    let callable = view::with_builtins(&functions);
    let dialect = dialect(documents, &sessions);
    let environment = Environment { types: &types, functions: &callable, dialect: &dialect };
    let relations = relation::resolve(documents, datasets, environment, &mut report);
    reference::check(documents, &relations, &mut report);
    let boundaries = boundary::resolve(&documents.boundaries, &types, &mut report);
    let statements = statement::resolve(&documents.statements, &relations, environment, &mut report);
    let parts = Parts { functions, sessions, relations, boundaries, statements };
    width::check(&parts.sessions, &parts.relations, &parts.boundaries, &mut report);
    let catalog = documents.catalog.as_ref().map(|document| assemble(document, parts));
    (catalog, report.into_findings())
}

/// What SQL means in the session that the catalog names. Where that is not there, which has its own finding, it is what the engine's
/// defaults make of it.
fn dialect(documents: &Documents, sessions: &[Session]) -> Dialect {
    let catalog = documents.catalog.as_ref().map(|document| &document.spec);
    let name = catalog.map(|spec| spec.session.as_deref().unwrap_or(session::BUILT_IN));
    let session = sessions.iter().find(|session| Some(session.name.as_str()) == name);
    session.map_or_else(Dialect::of_engine, Dialect::of)
}

/// Everything but the catalog's own head.
struct Parts {
    functions: Vec<Function>,
    sessions: Vec<Session>,
    relations: Relations,
    boundaries: Vec<Boundary>,
    statements: Vec<Statement>,
}

fn assemble(document: &crate::documents::Document<crate::model::CatalogSpec>, parts: Parts) -> Catalog {
    debug_assert_eq!(document.file, CATALOG);
    let spec = &document.spec;
    Catalog {
        name: spec.catalog.clone(),
        doc: spec.doc.clone(),
        version: spec.version,
        engine: spec.engine.clone(),
        session: spec.session.clone().unwrap_or_else(|| session::BUILT_IN.to_owned()),
        functions: parts.functions,
        sessions: parts.sessions,
        datasets: parts.relations.datasets.into_values().collect(),
        views: parts.relations.views,
        boundaries: parts.boundaries,
        statements: parts.statements,
    }
}
