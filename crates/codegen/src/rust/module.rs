//! Modules of generated Rust: what each template is given.

use std::collections::BTreeMap;

use cstspec_contract::artifact::one_line;
use cstspec_contract::{Boundary, Catalog, Dataset, Path, Session, View, inherit};
use serde::Serialize;

use super::columns::{Columns, Constant, Context, constant};
use super::data_type::{NamedTypeScope, Types, constructed};
use super::literal::{Literal, prose, text};
use super::name::Named;
use super::relation;
use super::types::{NamedType, section};
use crate::CodegenError;
use crate::template::Templates;

/// Data of `mod.rs.tera`.
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
    context: &Context<'_>,
) -> Result<String, CodegenError> {
    let Catalog { name, doc, version, engine, session, functions, sessions, datasets, views, boundaries, statements } =
        catalog;
    // Lists have modules of their own, which only their own specs change.
    let _ = (functions, sessions, boundaries, statements);
    let mut modules: Vec<String> = names.values().map(|named| named.module.clone()).collect();
    modules.extend(["boundaries", "functions", "sessions", "statements"].map(str::to_owned));
    modules.extend((!context.types().is_empty()).then(|| "types".to_owned()));
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

/// Data of `dataset.rs.tera`.
#[derive(Serialize)]
struct DatasetModule {
    name: String,
    doc: String,
    doc_literal: String,
    columns: Columns,
    fields: Vec<Entry>,
}

/// A field of a struct literal.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    value: String,
}

macro_rules! entries {
    ($($field:ident),* $(,)?) => { vec![$(Entry { name: stringify!($field), value: $field.literal() }),*] };
}

/// The module of a dataset.
pub(crate) fn dataset(templates: &Templates, context: &Context<'_>, dataset: &Dataset) -> Result<String, CodegenError> {
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
    let names = Context::own_names(all);
    let mut fields = entries![version, origin, metadata, nested];
    fields.push(Entry { name: "partitions", value: names.texts(partitions) });
    fields.push(Entry { name: "ordering", value: relation::ordering(ordering, &names) });
    fields.push(Entry { name: "constraints", value: relation::constraints(constraints, name, &names, context) });
    fields.extend(entries![defaults, allowed, evolution]);
    fields.push(Entry { name: "scan", value: relation::scan(scan, &names) });
    templates.render(
        "dataset.rs.tera",
        &DatasetModule {
            name: text(name),
            doc: prose(doc, &format!("The dataset `{name}`.")),
            doc_literal: doc.literal(),
            columns: context.dataset(dataset),
            fields,
        },
    )
}

/// Data of `view.rs.tera`.
#[derive(Serialize)]
struct ViewModule {
    name: String,
    file: String,
    doc: String,
    doc_literal: String,
    columns: Columns,
    fields: Vec<Entry>,
}

/// The module of a view, whose query is in `file`, relative to the module.
pub(crate) fn view(
    templates: &Templates,
    context: &Context<'_>,
    view: &View,
    file: &str,
) -> Result<String, CodegenError> {
    let View { name, doc, origin, columns: all, nested, sql: _, depends_on, body, key, not_null, allowed, references } =
        view;
    let names = Context::own_names(all);
    let columns = context.view(view);
    let mut fields = entries![origin, nested, depends_on];
    fields.push(Entry { name: "body", value: relation::body(body, &names, context, columns.has_rows()) });
    fields.push(Entry { name: "key", value: names.texts(key) });
    fields.push(Entry { name: "not_null", value: names.texts(not_null) });
    fields.extend(entries![allowed]);
    fields.push(Entry { name: "references", value: relation::references(references, name, &names, context) });
    templates.render(
        "view.rs.tera",
        &ViewModule {
            name: text(name),
            file: text(file),
            doc: prose(doc, &format!("The view `{name}`.")),
            doc_literal: doc.literal(),
            columns,
            fields,
        },
    )
}

/// Data of `types.rs.tera`.
#[derive(Serialize)]
struct TypesModule {
    types: Vec<TypeModel>,
}

/// A named type, for its template.
#[derive(Serialize)]
struct TypeModel {
    /// The file that it was written in, for a person.
    file: String,
    /// The module of its constants.
    module: String,
    /// Constants of the types that it extends, as paths to them.
    uses: Vec<String>,
    constants: Vec<Constant>,
    /// The function that builds its fields.
    function: String,
    /// The `let`s of structs without a name inside it.
    lets: Vec<String>,
    written_at: String,
    /// A statement for each field, and for each type that it extends.
    statements: Vec<String>,
}

/// The module of the named types.
pub(crate) fn types(templates: &Templates, context: &Context<'_>) -> Result<String, CodegenError> {
    let types = context.types().iter().map(|named| named_type(context, named)).collect();
    templates.render("types.rs.tera", &TypesModule { types })
}

fn named_type(context: &Context<'_>, named: &NamedType) -> TypeModel {
    let module = &named.named.module;
    let mut types = Types::named(NamedTypeScope { types: context.types(), nested: &named.nested, module: "" });
    let (mut uses, mut constants, mut statements) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    while let Some(column) = named.fields.get(number) {
        if let Some(base) = context.types().base_at(named, number) {
            let end = number + base.fields.len();
            statements.push(format!("fields.extend({});", base.call()));
            if named.constants[number..end] == base.constants[..] {
                uses.push(format!("super::{}::*", base.named.module));
            } else {
                let own = named.fields[number..end].iter().zip(&named.constants[number..end]);
                constants.extend(own.map(|(column, name)| constant(column, name.clone(), "field")));
            }
            number = end;
            continue;
        }
        let name = format!("{module}::{}", named.constants[number]);
        let path = Path::top(column.name());
        statements.push(if section(column).as_ref() == Some(&named.origin) {
            let doc = if column.doc.is_empty() { String::new() } else { format!(".doc({})", text(&column.doc)) };
            types.statement(&column.field, &name, &path, &doc)
        } else {
            // A field that no spec compiles to: it was written neither here nor in a type that this one extends.
            let data_type = types.data_type(column.field.data_type(), &path);
            let field = constructed(&column.field, &name, &data_type);
            let (doc, origin) = (text(&column.doc), text(&column.origin.to_string()));
            format!("fields.extend([column({field}, {doc}, {origin})]);")
        });
        constants.push(constant(column, named.constants[number].clone(), "field"));
        number += 1;
    }
    TypeModel {
        file: one_line(&named.origin.file),
        module: module.clone(),
        uses,
        constants,
        function: named.function(),
        lets: types.into_statements(),
        written_at: text(&named.origin.to_string()),
        statements,
    }
}

/// Data of `list.rs.tera`.
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

/// The module of the boundaries.
pub(crate) fn boundaries(
    templates: &Templates,
    context: &Context<'_>,
    boundaries: &[Boundary],
) -> Result<String, CodegenError> {
    let items = boundaries.iter().map(|boundary| relation::boundary(boundary, context)).collect();
    let module = ListModule { doc: "The boundaries.", element: "Boundary", completed_by: "", items };
    templates.render("list.rs.tera", &module)
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
