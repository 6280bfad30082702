//! The common parts of all kinds of views.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{
    AllowedValues, Column, Finding, Function, FunctionKind, NestedOrigins, Origin, Path, Provider, View, ViewBody,
};

use super::dataset;
use super::name;
use super::report::{Report, list, one_of};
use super::scope::{Environment, RelationScope, ResolvedView};
use crate::documents::Document;
use crate::expr::{self, Scope, Typed};
use crate::model::ViewSpec;
use crate::rules;
use crate::signature;

/// The functions that generated queries call, whether a catalog declares them or not.
const BUILTINS: [&str; 6] = [
    "arrow_metadata(any) -> ?",
    "arrow_typeof(any) -> utf8",
    "get_field(struct | map, utf8) -> ?",
    "map_entries(map<K, V>) -> list<struct<key: K, value: V>>",
    "map_extract(map<K, V>, K) -> list<V>",
    "named_struct(utf8, any...) -> ?",
];

/// `functions`, and those that generated queries call.
pub fn with_builtins(functions: &[Function]) -> Vec<Function> {
    let mut all = functions.to_vec();
    for text in BUILTINS {
        let (name, signature) =
            signature::parse(text, &|_| None).expect("the signatures of generated queries are sound");
        if !all.iter().any(|function| function.name == name) {
            all.push(Function {
                name,
                doc: String::new(),
                origin: Origin::default(),
                kind: FunctionKind::Scalar,
                provider: Provider::Engine,
                signatures: vec![signature],
            });
        }
    }
    all
}

/// Reports a view that says not exactly once how it is made, or has keys of another form.
pub fn check_shape(document: &Document<ViewSpec>, report: &mut Report<'_>) -> Option<()> {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let forms = [("rows", spec.rows.is_some()), ("diagnose", spec.diagnose.is_some()), ("sql", spec.sql.is_some())];
    let written: Vec<&str> = forms.iter().filter(|(_, present)| *present).map(|(form, _)| *form).collect();
    let [form] = written.as_slice() else {
        let observed = if written.is_empty() { "none of them".to_owned() } else { list(&written) };
        let finding =
            Finding::new(&rules::VIEW_SHAPE, format!("the view `{}` must say once how it is made", spec.view))
                .differing("exactly one of `rows`, `diagnose` and `sql`", observed)
                .remedy("keep the one that is meant")
                .relation(spec.view.as_str());
        report.key(&root.join(written.get(1).copied().unwrap_or("view")), finding);
        return None;
    };
    let keys = [
        ("context", "rows", !spec.context.is_empty()),
        ("columns", "rows", !spec.columns.is_empty()),
        ("where", "rows", spec.condition.is_some()),
        ("omit", "rows", !spec.omit.is_empty()),
        ("output", "sql", !spec.output.is_empty()),
    ];
    for (key, of, present) in keys {
        if present && of != *form {
            let finding = Finding::new(&rules::VIEW_SHAPE, format!("`{key}` belongs to views with `{of}`"))
                .differing(format!("`{key}` beside `{of}`"), format!("`{key}` beside `{form}`"))
                .remedy(format!("remove `{key}`"))
                .relation(spec.view.as_str());
            report.key(&root.join(key), finding);
        }
    }
    Some(())
}

/// Types `text` over `scope`; mistakes are reported at `origin`.
pub fn type_expression(
    text: &str,
    scope: &Scope,
    origin: &Origin,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<Typed> {
    match expr::check(text, scope, environment.functions, environment.dialect) {
        Ok(typed) => Some(typed),
        Err(errors) => {
            for error in errors {
                report.expression_error(origin, text, &error);
            }
            None
        }
    }
}

/// Types an expression that this crate wrote itself.
pub fn type_generated(
    text: &str,
    scope: &Scope,
    origin: &Origin,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<FieldRef> {
    type_expression(text, scope, origin, environment, report).map(|typed| typed.field)
}

/// `field` under another name.
pub fn renamed(field: &FieldRef, name: &str) -> FieldRef {
    if field.name() == name { Arc::clone(field) } else { Arc::new(field.as_ref().clone().with_name(name)) }
}

/// A field that may be NULL whatever its own declaration: what is taken from an unnested element.
pub fn unnested(field: &FieldRef, name: &str) -> FieldRef {
    Arc::new(field.as_ref().clone().with_name(name).with_nullable(true))
}

/// A column of `known` as it passes through a view.
pub fn passed(known: &RelationScope, name: &str) -> Option<Column> {
    known.columns.iter().find(|column| column.name() == name).cloned()
}

/// The columns of `of` that an accessor or key names; unknown ones are reported.
pub fn named_columns(
    of: &RelationScope,
    names: &[String],
    origin: &Origin,
    report: &mut Report<'_>,
) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    let mut sound = true;
    for (number, name) in names.iter().enumerate() {
        if let Some(column) = passed(of, name) {
            columns.push(column);
        } else {
            let known = of.columns.iter().map(Column::name);
            report.unknown_column(&origin.index(number), &of.name, name, known);
            sound = false;
        }
    }
    sound.then_some(columns)
}

/// A view's parts as they are known when its columns are.
pub struct Draft {
    /// The output columns.
    pub columns: Vec<Column>,
    /// Where nested fields were written.
    pub nested: NestedOrigins,
    /// Docs of nested fields.
    pub docs: BTreeMap<Path, String>,
    /// The query.
    pub sql: String,
    /// The relations it reads.
    pub depends_on: Vec<String>,
    /// Its source.
    pub body: ViewBody,
    /// Columns promised without NULLs that the engine reports as nullable.
    pub not_null: Vec<String>,
    /// The values that its columns may have.
    pub allowed: Vec<AllowedValues>,
}

/// Where a person can change the name of an output column, and how: where it is written in this document, or where its list is
/// named.
fn naming_of(column: &Column, root: &Origin) -> (Origin, &'static str) {
    if column.origin.file == root.file {
        (column.origin.clone(), "rename it")
    } else {
        (root.join("rows.unnest"), "omit it with `omit`, and take it under another name with `field`")
    }
}

/// Finishes a view that has a document of its own: its key and references are checked and taken over.
pub fn finish(document: &Document<ViewSpec>, draft: Draft, report: &mut Report<'_>) -> ResolvedView {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let own = draft.columns.iter().filter(|column| column.origin.file == root.file);
    name::check_quotes(report, "column", own.map(|column| (column.name(), naming_of(column, &root).0)));
    let namings: BTreeMap<&str, (Origin, &str)> =
        draft.columns.iter().map(|column| (column.name(), naming_of(column, &root))).collect();
    name::check_columns(report, draft.columns.iter().map(Column::name), |name| {
        namings.get(name).cloned().unwrap_or_else(|| (root.clone(), "rename it"))
    });
    let names: Vec<&str> = draft.columns.iter().map(Column::name).collect();
    if names.is_empty() {
        let finding = Finding::new(&rules::VIEW_SHAPE, format!("the view `{}` has no columns", spec.view))
            .differing("a column at least", "none")
            .remedy("omit fewer fields, or take a column from the row")
            .relation(spec.view.as_str());
        report.key(&root.join("view"), finding);
    }
    let mut check = |what: &str, listed: &[String], origin: &Origin| {
        for (number, name) in report.distinct(origin, what, listed) {
            if names.contains(&name) || report.is_full() {
                continue;
            }
            let advice = report.advise(name, names.iter().copied(), "correct the name");
            let finding =
                Finding::new(&rules::KEY_UNKNOWN, format!("the {what} `{name}` is not a column of `{}`", spec.view))
                    .differing(one_of(&names), format!("`{name}`"))
                    .remedy(advice)
                    .relation(spec.view.as_str());
            report.value(&origin.index(number), finding);
        }
    };
    check("key column", &spec.key, &root.join("key"));
    for (number, reference) in spec.references.iter().enumerate() {
        let origin = root.join("references").index(number).join("columns");
        check("referring column", &reference.columns, &origin);
    }
    let references = dataset::references(&spec.references, &root.join("references"));
    let mut depends_on = draft.depends_on;
    depends_on.sort();
    depends_on.dedup();
    let view = View {
        name: spec.view.clone(),
        doc: spec.doc.clone(),
        origin: root.join("view"),
        columns: draft.columns,
        nested: draft.nested,
        sql: draft.sql,
        depends_on,
        body: draft.body,
        key: spec.key.clone(),
        not_null: draft.not_null,
        allowed: draft.allowed,
        references,
    };
    ResolvedView { view, docs: draft.docs }
}

/// How many paths are looked through for the one that was meant.
const MOST_PATHS: usize = 500;

/// Reports that `path` leads to no column of `relation` and to no field inside its struct columns.
pub fn unknown_path(report: &mut Report<'_>, origin: &Origin, relation: &str, path: &Path, fields: &[FieldRef]) {
    let dotted = path.to_string();
    if report.is_full() {
        return;
    }
    let known: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let mut paths: Vec<String> = Vec::new();
    let mut open: Vec<(Path, &FieldRef)> = fields.iter().rev().map(|field| (Path::default(), field)).collect();
    while let Some((above, field)) = open.pop().filter(|_| paths.len() < MOST_PATHS) {
        let path = above.join(field.name());
        if let DataType::Struct(children) = field.data_type() {
            open.extend(children.iter().rev().map(|child| (path.clone(), child)));
        }
        paths.push(path.to_string());
    }
    let advice = report.advise(&dotted, paths.iter().map(String::as_str), "correct the name");
    let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{relation}` has no column `{dotted}`"))
        .differing(one_of(&known), format!("`{dotted}`"))
        .remedy(advice)
        .relation(relation);
    report.value(origin, finding);
}

/// Walks from `fields` along `path` through structs alone; `None` where a name is missing or no struct is there to hold it.
pub fn walk<'a>(fields: &'a [FieldRef], path: &Path) -> Option<(&'a FieldRef, bool)> {
    let mut segments = path.segments();
    let first = segments.next()?;
    let mut field = fields.iter().find(|field| field.name() == first)?;
    let mut nullable = field.is_nullable();
    for segment in segments {
        let DataType::Struct(children) = field.data_type() else { return None };
        field = children.iter().find(|child| child.name() == segment)?;
        nullable |= field.is_nullable();
    }
    Some((field, nullable))
}
