//! Modules of generated Rust: what each template is given.

use std::collections::BTreeMap;

use cstspec_contract::artifact::one_line;
use cstspec_contract::{Catalog, Column, Dataset, Session, View, inherit};
use serde::Serialize;

use super::literal::{Literal, column_parts, text};
use super::name::{Named, distinct};
use crate::CodegenError;
use crate::template::Templates;

/// What `mod.rs.tera` prints.
#[derive(Serialize)]
struct CatalogModule {
    doc: String,
    name: String,
    doc_literal: String,
    version: u32,
    engine: String,
    session: String,
    modules: Vec<String>,
    datasets: Vec<String>,
    views: Vec<String>,
}

/// `mod.rs`: the catalog, and the modules it is made of.
pub(crate) fn modules(
    templates: &Templates,
    catalog: &Catalog,
    names: &BTreeMap<&str, Named>,
) -> Result<String, CodegenError> {
    let Catalog { name, doc, version, engine, session, functions, sessions, datasets, views, boundaries, statements } =
        catalog;
    // Lists have modules of their own, which only their own specs change.
    let _ = (functions, sessions, boundaries, statements);
    let mut modules: Vec<String> = names.values().map(|named| named.module.clone()).collect();
    modules.extend(["boundaries", "functions", "sessions", "statements"].map(str::to_owned));
    modules.sort();
    templates.render(
        "mod.rs.tera",
        &CatalogModule {
            doc: prose(doc, name),
            name: name.literal(),
            doc_literal: doc.literal(),
            version: *version,
            engine: engine.literal(),
            session: session.literal(),
            modules,
            datasets: datasets.iter().map(|dataset| names[dataset.name.as_str()].module.clone()).collect(),
            views: views.iter().map(|view| names[view.name.as_str()].module.clone()).collect(),
        },
    )
}

/// A column, for the templates of relations.
#[derive(Serialize)]
struct ColumnModel {
    /// The constant that holds its name.
    constant: String,
    /// Its name as a literal.
    name: String,
    doc: String,
    /// The function that builds it, where it holds a struct; empty otherwise.
    function: String,
    /// The `let`s of the structs in it.
    statements: Vec<String>,
    /// The expression that builds it.
    value: String,
}

fn columns(columns: &[Column]) -> Vec<ColumnModel> {
    let names = distinct(columns.iter().map(Column::name));
    columns
        .iter()
        .zip(names)
        .map(|(column, name)| {
            let (statements, value) = column_parts(column);
            ColumnModel {
                constant: name.to_ascii_uppercase(),
                name: text(column.name()),
                doc: prose(&column.doc, &format!("The column `{}`.", one_line(column.name()))),
                function: if statements.is_empty() { String::new() } else { format!("column_{name}") },
                statements,
                value,
            }
        })
        .collect()
}

/// What `dataset.rs.tera` prints.
#[derive(Serialize)]
struct DatasetModule {
    name: String,
    doc: String,
    doc_literal: String,
    columns: Vec<ColumnModel>,
    fields: Vec<Entry>,
}

/// A field of a struct literal.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    value: String,
}

macro_rules! entries {
    ($($field:ident),*) => { vec![$(Entry { name: stringify!($field), value: $field.literal() }),*] };
}

/// The module of a dataset.
pub(crate) fn dataset(templates: &Templates, dataset: &Dataset) -> Result<String, CodegenError> {
    let Dataset {
        name,
        doc,
        version,
        origin,
        columns: all,
        metadata,
        nested,
        partitions,
        ordering,
        constraints,
        defaults,
        allowed,
        evolution,
        scan,
    } = dataset;
    templates.render(
        "dataset.rs.tera",
        &DatasetModule {
            name: text(name),
            doc: prose(doc, &format!("The dataset `{name}`.")),
            doc_literal: doc.literal(),
            columns: columns(all),
            fields: entries![
                version,
                origin,
                metadata,
                nested,
                partitions,
                ordering,
                constraints,
                defaults,
                allowed,
                evolution,
                scan
            ],
        },
    )
}

/// What `view.rs.tera` prints.
#[derive(Serialize)]
struct ViewModule {
    name: String,
    file: String,
    doc: String,
    doc_literal: String,
    columns: Vec<ColumnModel>,
    fields: Vec<Entry>,
}

/// The module of a view, whose query is in `file`, relative to the module.
pub(crate) fn view(templates: &Templates, view: &View, file: &str) -> Result<String, CodegenError> {
    let View { name, doc, origin, columns: all, nested, sql: _, depends_on, body, key, not_null, references } = view;
    templates.render(
        "view.rs.tera",
        &ViewModule {
            name: text(name),
            file: text(file),
            doc: prose(doc, &format!("The view `{name}`.")),
            doc_literal: doc.literal(),
            columns: columns(all),
            fields: entries![origin, nested, depends_on, body, key, not_null, references],
        },
    )
}

/// What `list.rs.tera` prints.
#[derive(Serialize)]
struct ListModule {
    doc: &'static str,
    element: &'static str,
    /// The function that completes the elements; empty where they are whole.
    completed_by: &'static str,
    items: Vec<String>,
}

/// The module of one of the catalog's lists, whose elements are `element`s.
pub(crate) fn list<T: Literal>(
    templates: &Templates,
    doc: &'static str,
    element: &'static str,
    items: &[T],
) -> Result<String, CodegenError> {
    let items = items.iter().map(Literal::literal).collect();
    templates.render("list.rs.tera", &ListModule { doc, element, completed_by: "", items })
}

/// The module of the session presets: each says what it adds to those it extends.
pub(crate) fn sessions(templates: &Templates, sessions: &[Session]) -> Result<String, CodegenError> {
    let own: Vec<Session> = sessions.iter().map(|session| own_settings(session, sessions)).collect();
    // A catalog that no spec compiles to may hold presets that lack settings of those they extend.
    let (completed_by, presets) = if inherit(own.clone()) == sessions { ("inherit", &own[..]) } else { ("", sessions) };
    let items = presets.iter().map(Literal::literal).collect();
    let module = ListModule { doc: "The session presets.", element: "Session", completed_by, items };
    templates.render("list.rs.tera", &module)
}

/// `session` with the settings alone that it does not have from the presets that it extends.
fn own_settings(session: &Session, sessions: &[Session]) -> Session {
    let bases = session.extends.iter().filter_map(|base| sessions.iter().find(|session| session.name == *base));
    let mut inherited = Session { settings: BTreeMap::new(), ..session.clone() };
    inherited.inherit(bases);
    let own = session.settings.iter().filter(|(name, setting)| inherited.settings.get(*name) != Some(*setting));
    Session { settings: own.map(|(name, setting)| (name.clone(), setting.clone())).collect(), ..session.clone() }
}

/// `doc` as one line of a doc comment, or `otherwise` where it is empty. Outside code, brackets that would start a link or a tag
/// are escaped: specs are prose, not rustdoc.
fn prose(doc: &str, otherwise: &str) -> String {
    let line = one_line(doc);
    if line.is_empty() {
        return otherwise.to_owned();
    }
    let mut escaped = String::with_capacity(line.len());
    let balanced = line.matches('`').count().is_multiple_of(2);
    let mut code = false;
    for c in line.chars() {
        match c {
            '`' if balanced => code = !code,
            '`' | '<' | '>' | '[' | ']' | '\\' if !code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_no_markup() {
        assert_eq!(prose("a list<T>\n of `[x]`s,  see [y]", ""), "a list\\<T\\> of `[x]`s, see \\[y\\]");
        assert_eq!(prose("one ` alone <b>", ""), "one \\` alone \\<b\\>");
        assert_eq!(prose(" \n", "The view."), "The view.");
    }
}
