//! Output names: what relations, their columns and what is nested in them are called.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, FieldRef};
use cstspec_contract::sql::{ident, is_plain};
use cstspec_contract::{Catalog, Finding, Path, Relation, Rule, View, list_child, map_fields};
use cstspec_runtime::names::table_reference;
use datafusion::prelude::SessionContext;

use super::description;
use crate::rules;

/// A finding for each name that the engine gives otherwise when it plans a view, that collides with another but for its case, or
/// that must be quoted. `findings` are those about what relations describe themselves as: what is said there is not said again.
pub(super) async fn check(ctx: &SessionContext, catalog: &Catalog, findings: &[Finding]) -> Vec<Finding> {
    let mut found = tables(ctx, catalog);
    let mut told = Told::default();
    for relation in catalog.relations() {
        let name = relation.name();
        let Ok(provider) = ctx.table_provider(table_reference(name)).await else { continue };
        told.inherit(name, relation.depends_on());
        let schema = provider.schema();
        columns(relation, schema.fields(), &mut told, &mut found);
        let described = findings.iter().any(|finding| {
            finding.relation.as_deref() == Some(name)
                && [rules::DESCRIBE_DIFFERS.code, rules::NAME_DRIFTED.code].contains(&finding.code.as_ref())
        });
        if let (Relation::View(view), false) = (relation, described) {
            found.extend(planned(ctx, view).await);
        }
    }
    found
}

/// Reported names, by relation: a view has names from the relations that it reads, and those are reported once.
#[derive(Default)]
struct Told {
    by_relation: BTreeMap<String, BTreeSet<String>>,
}

impl Told {
    fn inherit(&mut self, relation: &str, reads: &[String]) {
        let inherited = reads.iter().filter_map(|read| self.by_relation.get(read)).flatten().cloned().collect();
        self.by_relation.insert(relation.to_owned(), inherited);
    }

    /// Whether it is news that the relation has `names`.
    fn is_news(&mut self, relation: &str, names: &str) -> bool {
        self.by_relation.entry(relation.to_owned()).or_default().insert(names.to_owned())
    }
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
fn columns(relation: Relation<'_>, fields: &[FieldRef], told: &mut Told, found: &mut Vec<Finding>) {
    let name = relation.name();
    for field in fields {
        let column = field.name().as_str();
        // One that collides with another is told of for that.
        let alike = fields.iter().filter(|other| other.name().eq_ignore_ascii_case(column)).count();
        if needs_quotes(column) && alike == 1 && told.is_news(name, column) {
            let message = format!("the column `{name}.{column}` needs quotes in SQL");
            let finding = about(relation, &rules::NAME_NEEDS_QUOTES, &Path::default(), column, message);
            found.push(quoting(finding, column));
        }
    }
    collisions(relation, &Path::default(), fields, told, found);
}

fn collisions(relation: Relation<'_>, parent: &Path, fields: &[FieldRef], told: &mut Told, found: &mut Vec<Finding>) {
    let mut by_folded: BTreeMap<String, &str> = BTreeMap::new();
    for field in fields {
        let leaf = field.name().as_str();
        match by_folded.get(&leaf.to_ascii_lowercase()) {
            Some(first) => {
                if told.is_news(relation.name(), &format!("{first} {leaf}")) {
                    let message = format!(
                        "two fields of `{}` have the name `{first}` and differ only in case",
                        place(relation, parent)
                    );
                    let finding = about(relation, &rules::NAMES_COLLIDE, parent, leaf, message);
                    found.push(collision(finding, first, leaf));
                }
            }
            None => {
                by_folded.insert(leaf.to_ascii_lowercase(), leaf);
            }
        }
        nested(relation, &parent.join(leaf), field.data_type(), told, found);
    }
}

fn nested(relation: Relation<'_>, path: &Path, data_type: &DataType, told: &mut Told, found: &mut Vec<Finding>) {
    match data_type {
        DataType::Struct(fields) => collisions(relation, path, fields, told, found),
        DataType::Map(entries, _) => {
            if let Some((key, value)) = map_fields(entries) {
                nested(relation, &path.join("key"), key.data_type(), told, found);
                nested(relation, &path.join("value"), value.data_type(), told, found);
            }
        }
        _ => {
            if let Some(item) = list_child(data_type) {
                nested(relation, path, item.data_type(), told, found);
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
