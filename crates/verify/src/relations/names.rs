//! Output names: what relations, their columns and what is nested in them are called.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, FieldRef};
use cstspec_contract::sql::{ident, is_plain};
use cstspec_contract::{Catalog, Finding, Path, Relation, Rule, View, list_child, map_fields};
use cstspec_runtime::names::table_reference;
use datafusion::prelude::SessionContext;

use super::description;
use crate::causes::{Ledger, Subject, Submission};
use crate::rules;

/// A finding for each name that the engine gives otherwise when it plans a view, that collides with another but for its case, or
/// that must be quoted.
pub async fn check(ctx: &SessionContext, catalog: &Catalog, ledger: &mut Ledger) {
    ledger.extend(tables(ctx, catalog));
    for relation in catalog.relations() {
        let name = relation.name();
        let Ok(provider) = ctx.table_provider(table_reference(name)).await else { continue };
        columns(relation, provider.schema().fields(), ledger);
        if let Relation::View(view) = relation {
            let about = |finding| Submission::from(finding).about(Subject::OutputNames(name.to_owned()));
            let described = || [Subject::Description(name.to_owned())];
            ledger.extend(planned(ctx, view).await.into_iter().map(|finding| about(finding).repeats(described())));
        }
    }
}

/// A finding about names of `relation`. A view has names from what it reads, and those are reported there; the same names are reported once.
fn spelled(relation: Relation<'_>, names: &[&str], finding: Finding) -> Submission {
    let of = |relation: &str| Subject::Spelling {
        relation: relation.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let causes = std::iter::once(relation.name()).chain(relation.depends_on().iter().map(String::as_str)).map(of);
    Submission::from(finding).about(of(relation.name())).repeats(causes)
}

/// Names of relations that need quotes or collide with another table of the session.
fn tables(ctx: &SessionContext, catalog: &Catalog) -> Vec<Finding> {
    let mut found = Vec::new();
    for relation in catalog.relations() {
        let name = relation.name();
        let Ok(schema) = ctx.state().schema_for_ref(table_reference(name)) else { continue };
        if !schema.table_exist(name) {
            continue;
        }
        let about = |rule, message| Finding::new(rule, message).relation(name).at(relation.origin());
        if needs_quotes(name) {
            found.push(quoting(
                about(&rules::NAME_NEEDS_QUOTES, format!("the relation `{name}` needs quotes in SQL")),
                name,
            ));
        }
        let mut alike = schema.table_names();
        alike.retain(|other| other != name && other.eq_ignore_ascii_case(name));
        alike.sort_unstable();
        if let Some(other) = alike.first().filter(|other| catalog.relation(other).is_none_or(|_| name < other.as_str()))
        {
            found.push(collision(
                about(&rules::NAMES_COLLIDE, format!("two tables have the name `{name}` and differ only in case")),
                name,
                other,
            ));
        }
    }
    found
}

/// Names of columns that need quotes, and names at any depth that collide.
fn columns(relation: Relation<'_>, fields: &[FieldRef], ledger: &mut Ledger) {
    let name = relation.name();
    for field in fields {
        let column = field.name().as_str();
        // One that collides with another is reported for that.
        let alike = fields.iter().filter(|other| other.name().eq_ignore_ascii_case(column)).count();
        if needs_quotes(column) && alike == 1 {
            let message = format!("the column `{name}.{column}` needs quotes in SQL");
            let finding = about(relation, &rules::NAME_NEEDS_QUOTES, &Path::default(), column, message);
            ledger.submit(spelled(relation, &[column], quoting(finding, column)));
        }
    }
    collisions(relation, &Path::default(), fields, ledger);
}

fn collisions(relation: Relation<'_>, parent: &Path, fields: &[FieldRef], ledger: &mut Ledger) {
    let mut by_folded: BTreeMap<String, &str> = BTreeMap::new();
    for field in fields {
        let leaf = field.name().as_str();
        match by_folded.get(&leaf.to_ascii_lowercase()) {
            Some(first) => {
                let message = format!(
                    "two fields of `{}` have the name `{first}` and differ only in case",
                    place(relation, parent)
                );
                let finding = about(relation, &rules::NAMES_COLLIDE, parent, leaf, message);
                ledger.submit(spelled(relation, &[first, leaf], collision(finding, first, leaf)));
            }
            None => {
                by_folded.insert(leaf.to_ascii_lowercase(), leaf);
            }
        }
        nested(relation, &parent.join(leaf), field.data_type(), ledger);
    }
}

fn nested(relation: Relation<'_>, path: &Path, data_type: &DataType, ledger: &mut Ledger) {
    match data_type {
        DataType::Struct(fields) => collisions(relation, path, fields, ledger),
        DataType::Map(entries, _) => {
            if let Some((key, value)) = map_fields(entries) {
                nested(relation, &path.join("key"), key.data_type(), ledger);
                nested(relation, &path.join("value"), value.data_type(), ledger);
            }
        }
        _ => {
            if let Some(item) = list_child(data_type) {
                nested(relation, path, item.data_type(), ledger);
            }
        }
    }
}

fn place(relation: Relation<'_>, path: &Path) -> String {
    if path.is_empty() { relation.name().to_owned() } else { format!("{}.{path}", relation.name()) }
}

fn about(relation: Relation<'_>, rule: &'static Rule, parent: &Path, leaf: &str, message: String) -> Finding {
    let path = parent.join(leaf);
    let origin = relation.locate(&path).unwrap_or_else(|| relation.origin().clone());
    Finding::new(rule, message).relation(relation.name()).path(path.to_string()).at(&origin)
}

fn needs_quotes(name: &str) -> bool {
    !is_plain(name)
}

fn quoting(finding: Finding, name: &str) -> Finding {
    finding
        .differing("a name of lower-case letters, digits and `_`", name)
        .remedy(format!("write {} in SQL", ident(name)))
}

fn collision(finding: Finding, first: &str, second: &str) -> Finding {
    finding
        .differing("names that differ in more than their case", format!("`{first}` and `{second}`"))
        .remedy("write both in quotes; readers that fold case cannot distinguish them")
}

/// The engine's column names of a view when it plans the catalog's query for it, whatever view is registered.
async fn planned(ctx: &SessionContext, view: &View) -> Vec<Finding> {
    let relation = Relation::View(view);
    let Ok(plan) = cstspec_runtime::limits::plan(&ctx.state(), &view.sql).await else { return Vec::new() };
    let planned = plan.schema().fields();
    let declared = view.schema();
    if planned.len() != declared.fields().len() {
        let names =
            |fields: &[FieldRef]| fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        let finding = Finding::new(&rules::NAME_DRIFTED, format!("the query of `{}` has other columns", view.name))
            .differing(names(declared.fields()), names(planned))
            .relation(view.name.as_str())
            .remedy("look for code that registered another view under the name, or correct the view's query")
            .at(&view.origin);
        return vec![finding];
    }
    let mut found = Vec::new();
    for (declared, planned) in declared.fields().iter().zip(planned) {
        let path = Path::top(declared.name());
        if declared.name() != planned.name() {
            found.push(description::drifted(relation, &path, planned.name()));
        }
        // Types may differ before they are coerced; nested names may not.
        let names = description::renamed_fields(&path, declared, planned).unwrap_or_default();
        found.extend(names.into_iter().map(|(path, name)| description::drifted(relation, &path, &name)));
    }
    found
}
