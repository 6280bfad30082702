//! Prepared statements.

use std::collections::BTreeMap;

use cstspec_contract::{Finding, Origin, Statement};

use super::field;
use super::name;
use super::query;
use super::report::Report;
use super::scope::{Environment, Relations};
use crate::documents::Document;
use crate::model::{StatementSpec, StatementsSpec};
use crate::rules;

/// Resolves the prepared statements, sorted by name.
pub fn resolve(
    documents: &[Document<StatementsSpec>],
    relations: &Relations,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Vec<Statement> {
    let mut statements: BTreeMap<&str, Statement> = BTreeMap::new();
    let mut spots: BTreeMap<&str, Origin> = BTreeMap::new();
    for document @ Document { file, spec, .. } in documents {
        for (name, statement) in &spec.statements {
            let origin = Origin::root(file).join("statements").join(name);
            name::check(report, &origin, "statement", name);
            if let Some(first) = spots.get(name.as_str()) {
                let first = first.clone();
                report.duplicate_name(&origin, "statement", name, &first);
                continue;
            }
            spots.insert(name, origin.clone());
            if document.lacks(origin.key.as_str()) {
                continue;
            }
            if let Some(resolved) = resolve_one(name, statement, &origin, relations, environment, report) {
                statements.insert(name, resolved);
            }
        }
    }
    statements.into_values().collect()
}

fn resolve_one(
    name: &str,
    spec: &StatementSpec,
    origin: &Origin,
    relations: &Relations,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<Statement> {
    let mut parameters = Vec::new();
    for (number, parameter) in spec.parameters.iter().enumerate() {
        let origin = origin.join("parameters").index(number);
        let resolved = field::of_type("", parameter.shape(), &origin, environment.types, report);
        parameters.extend(resolved.map(|resolved| resolved.field.data_type().clone()));
    }
    let sql = origin.join("sql");
    let uses = query::check_query(&spec.sql, &sql, environment, report)?;
    for (relation, offset) in &uses.relations {
        if !relation.only().is_some_and(|name| relations.defined.contains(name)) {
            report.unknown_relation(&sql, *offset, relation, relations.defined.iter().map(String::as_str));
        }
    }
    relations.sizes.statement(name, &uses.reach, &sql, report);
    if uses.parameters != spec.parameters.len() {
        let finding = Finding::new(
            &rules::PARAMETERS_DIFFER,
            format!("the statement `{name}` uses other parameters than it declares"),
        )
        .differing(up_to(spec.parameters.len()), up_to(uses.parameters))
        .remedy("give one type under `parameters` for each of $1, $2, ...");
        report.key(&origin.join("parameters"), finding);
    }
    Some(Statement {
        name: name.to_owned(),
        doc: spec.doc.clone(),
        origin: origin.clone(),
        parameters,
        sql: format!("{}\n", spec.sql.trim().trim_end_matches(';').trim_end()),
    })
}

/// So many parameters, for a person.
fn up_to(count: usize) -> String {
    match count {
        0 => "no parameters".to_owned(),
        1 => "only $1".to_owned(),
        _ => format!("$1 to ${count}"),
    }
}
