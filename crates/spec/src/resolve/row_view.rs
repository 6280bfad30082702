//! Row views: one row per element of a nested list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::sql::ident;
use cstspec_contract::{Column, ColumnSource, Finding, NestedOrigins, Path, ViewBody, spelling};

use super::Environment;
use super::relation::{Known, Made};
use super::report::{Report, Spot, list};
use super::row_level::{self, Level, below};
use super::row_query::{Names, Query, on_the_way};
use super::sql_text;
use super::view::{self, Draft};
use crate::documents::Document;
use crate::expr::{self, ExprErrorKind, Scope};
use crate::model::{ColumnBody, ColumnSpec, RowsSpec, ViewSpec, WordOr};
use crate::rules;
use crate::types::Resolver;

/// Resolves a view with `rows`.
pub fn resolve(
    document: &Document<ViewSpec>,
    rows: &RowsSpec,
    of: &Known,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<Made> {
    let levels = row_level::resolve(document, rows, of, report)?;
    let mut building = Building::new(document, of, &levels, environment, report);
    building.collect_outputs(rows);
    building.finish(rows)
}

/// An output column on its way.
pub struct Output {
    /// The column; computed ones have no type yet.
    pub column: Column,
    /// Where it comes from.
    pub source: ColumnSource,
    /// The path from the row's relation that it is, to find what is known of its inside.
    full_path: Option<Path>,
    /// Promised without NULLs though the engine reports it as nullable.
    not_null: bool,
}

/// What is known of a computed column once it is typed.
struct Computed {
    field: FieldRef,
    /// Promised without NULLs though the engine reports it as nullable.
    not_null: bool,
    /// The names that it may use.
    columns: BTreeSet<String>,
    /// The expression as it stands in a query.
    sql: String,
}

struct Building<'b, 'r, 's> {
    document: &'b Document<ViewSpec>,
    root: Spot,
    of: &'b Known,
    row_fields: Vec<FieldRef>,
    levels: &'b [Level],
    environment: Environment<'b>,
    report: &'r mut Report<'s>,
    outputs: Vec<Output>,
    sound: bool,
}

impl<'b, 'r, 's> Building<'b, 'r, 's> {
    fn new(
        document: &'b Document<ViewSpec>,
        of: &'b Known,
        levels: &'b [Level],
        environment: Environment<'b>,
        report: &'r mut Report<'s>,
    ) -> Self {
        let row_fields = of.fields();
        let root = Spot::root(&document.file);
        Self { document, root, of, row_fields, levels, environment, report, outputs: Vec::new(), sound: true }
    }

    fn element(&self) -> &'b Level {
        self.levels.last().expect("a row view has a list")
    }

    /// The element's fields; an element that is no struct is one field of its own.
    fn element_fields(&self, rows: &RowsSpec) -> Vec<(FieldRef, Path)> {
        let level = self.element();
        if let DataType::Struct(fields) = level.element.data_type() {
            return fields.iter().map(|field| (Arc::clone(field), Path::top(field.name().as_str()))).collect();
        }
        let name = rows.name.as_deref().unwrap_or_else(|| level.list.leaf());
        vec![(view::renamed(&level.element, name), Path::default())]
    }

    /// Puts the outputs together: row columns that the element lacks, context, the element's fields, computed columns.
    fn collect_outputs(&mut self, rows: &RowsSpec) {
        let spec = &self.document.spec;
        let fields = self.element_fields(rows);
        self.check_names(&fields, rows);
        let in_element = |name: &str| fields.iter().any(|(field, _)| field.name() == name);
        let new: Vec<(&String, &ColumnSpec)> = spec.columns.iter().filter(|(name, _)| !in_element(name)).collect();
        let from_row = |column: &ColumnSpec| match column {
            WordOr::Word(_) => true,
            WordOr::Mapping(body) => body.row.is_some(),
        };
        for (name, column) in new.iter().filter(|(_, column)| from_row(column)) {
            self.written(name, column, None);
        }
        for (name, path) in &spec.context {
            self.context(name, path);
        }
        for (field, path) in &fields {
            let name = field.name();
            if spec.omit.contains(name) {
                continue;
            }
            match spec.columns.get(name) {
                Some(column) => self.written(name, column, Some((field, path))),
                None => self.element_field(name, field, path, None),
            }
        }
        for (name, column) in new.iter().filter(|(_, column)| !from_row(column)) {
            self.written(name, column, None);
        }
    }

    fn check_names(&mut self, fields: &[(FieldRef, Path)], rows: &RowsSpec) {
        let spec = &self.document.spec;
        let known: Vec<&str> = fields.iter().map(|(field, _)| field.name().as_str()).collect();
        for (number, name) in spec.omit.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let place = format!("{}.{}", rows.of, rows.unnest);
                self.report.unknown_column(&self.root.join("omit").index(number), &place, name, known.iter().copied());
            }
            if spec.columns.contains_key(name) {
                let finding = Finding::new(
                    &rules::VIEW_SHAPE,
                    format!("the column `{name}` is left out, and written under `columns` too"),
                )
                .differing("either `omit` or `columns`", "both")
                .remedy("remove one of the two");
                self.shape(&self.root.join("columns").join(name), finding);
            }
        }
        if rows.name.is_some() && matches!(self.element().element.data_type(), DataType::Struct(_)) {
            let finding = Finding::new(&rules::VIEW_SHAPE, "`as` for elements that have names of their own")
                .differing(
                    "`as` for elements that are no structs",
                    format!("elements of `{}`, which are structs", rows.unnest),
                )
                .remedy("remove `as`");
            self.shape(&self.root.join("rows.as"), finding);
        }
    }

    fn shape(&mut self, spot: &Spot, finding: Finding) {
        self.report.key(spot, finding.relation(self.document.spec.view.as_str()));
        self.sound = false;
    }

    /// A column that `columns` lists, with the element's field of the name if there is one.
    fn written(&mut self, name: &str, column: &ColumnSpec, field: Option<(&FieldRef, &Path)>) {
        let spot = self.root.join("columns").join(name);
        let body = match column {
            WordOr::Word(word) if word == "row" => ColumnBody { row: Some(name.to_owned()), ..ColumnBody::default() },
            WordOr::Word(word) => {
                let otherwise = format!("write `{name}: row`, or `{name}: {{ expr: ... }}`");
                let advice = self.report.advise(word, ["row"], &otherwise);
                let finding = Finding::new(&rules::WRONG_TYPE, format!("unknown word `{word}`"))
                    .differing("`row`, or a mapping", format!("`{word}`"))
                    .remedy(advice);
                self.report.value(&spot, finding);
                self.sound = false;
                return;
            }
            WordOr::Mapping(body) => body.clone(),
        };
        match (&body.row, &body.field, &body.expr) {
            (Some(text), None, None) => {
                // `row` alone is the column of this very name, whatever signs it has.
                let path = match column {
                    WordOr::Word(_) => Some(Path::top(name)),
                    WordOr::Mapping(_) => self.report.path(&spot.join("row"), text),
                };
                match path {
                    Some(path) => self.row(name, &path, &body, &spot),
                    None => self.sound = false,
                }
            }
            (None, Some(text), None) => match self.report.path(&spot.join("field"), text) {
                Some(path) => self.inner_field(name, &path, &body, &spot),
                None => self.sound = false,
            },
            (None, None, Some(_)) => self.placeholder(name, &body, &spot),
            (None, None, None) => {
                if let Some((field, path)) = field {
                    self.element_field(name, field, path, Some((&body, &spot)));
                    return;
                }
                let fields = self.element().fields();
                let names = fields.iter().map(|field| field.name().as_str());
                let advice = self.report.advise(name, names, "add the one that is meant");
                let finding =
                    Finding::new(&rules::VIEW_SHAPE, format!("the column `{name}` does not say where it comes from"))
                        .differing("`row`, `field` or `expr`, as the element has no such field", "none of them")
                        .remedy(advice);
                self.shape(&spot, finding);
            }
            (row, field, expr) => {
                let forms = [("row", row.is_some()), ("field", field.is_some()), ("expr", expr.is_some())];
                let written: Vec<&str> = forms.iter().filter(|(_, there)| *there).map(|(form, _)| *form).collect();
                let finding = Finding::new(
                    &rules::VIEW_SHAPE,
                    format!("the column `{name}` says more than once where it comes from"),
                )
                .differing("at most one of `row`, `field` and `expr`", list(&written))
                .remedy("keep the one that is meant");
                self.shape(&spot, finding);
            }
        }
    }

    fn row(&mut self, name: &str, path: &Path, body: &ColumnBody, spot: &Spot) {
        let Some((field, nullable)) = view::walk(&self.row_fields, path) else {
            let place = spot.join("row");
            if path.find(&self.row_fields).is_some() {
                let finding = Finding::new(
                    &rules::UNKNOWN_COLUMN,
                    format!("`{path}` is inside a list or map, so a row has many"),
                )
                .differing(
                    format!("a column of `{}`, or a field of a struct column", self.of.name),
                    format!("`{path}`"),
                )
                .remedy("take what stands in an outer element under `context`")
                .relation(self.document.spec.view.as_str());
                self.report.value(&place, finding);
            } else {
                view::unknown_path(self.report, &place, &self.of.name, path, &self.row_fields);
            }
            self.sound = false;
            return;
        };
        let field = Arc::new(field.as_ref().clone().with_name(name).with_nullable(nullable));
        let doc = self.doc(path, &body.doc);
        let source = ColumnSource::Row(path.clone());
        self.push(Column { field, doc, origin: spot.origin() }, source, Some(path.clone()), Some((body, spot)));
    }

    fn context(&mut self, name: &str, text: &str) {
        let spot = self.root.join("context").join(name);
        let Some(path) = self.report.path(&spot, text) else {
            self.sound = false;
            return;
        };
        let outer = &self.levels[..self.levels.len() - 1];
        let found = outer.iter().rev().find_map(|level| {
            let rest = below(&level.list, &path)?;
            view::walk(level.fields(), &rest).map(|(field, _)| view::unnested(field, name))
        });
        let Some(field) = found else {
            let levels: Vec<String> = outer.iter().map(|level| format!("`{}`", level.list)).collect();
            let known: Vec<String> = outer
                .iter()
                .flat_map(|level| level.fields().iter().map(|field| level.list.join(field.name()).to_string()))
                .collect();
            let advice = self.report.advise(
                text,
                known.iter().map(String::as_str),
                "name the path of a field of an outer element, from the row; the row's own columns go under `columns`",
            );
            let expected = if levels.is_empty() {
                "no `context`, as no list is around this one".to_owned()
            } else {
                format!("a field of an element of {}", levels.join(" or "))
            };
            let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{path}` is no field of an outer element"))
                .differing(expected, format!("`{path}`"))
                .remedy(advice)
                .relation(self.document.spec.view.as_str());
            self.report.value(&spot, finding);
            self.sound = false;
            return;
        };
        let doc = self.doc(&path, "");
        self.push(Column { field, doc, origin: spot.origin() }, ColumnSource::Context(path.clone()), Some(path), None);
    }

    fn element_field(&mut self, name: &str, field: &FieldRef, path: &Path, written: Option<(&ColumnBody, &Spot)>) {
        let full = self.element().list.join_path(path);
        let origin = written.map_or_else(|| self.origin(&full), |(_, spot)| spot.origin());
        let doc = self.doc(&full, written.map_or("", |(body, _)| &body.doc));
        let column = Column { field: view::unnested(field, name), doc, origin };
        self.push(column, ColumnSource::Element(path.clone()), Some(full), written);
    }

    fn inner_field(&mut self, name: &str, path: &Path, body: &ColumnBody, spot: &Spot) {
        let fields = self.element().fields();
        if let Some((field, _)) = view::walk(fields, path) {
            self.element_field(name, field, path, Some((body, spot)));
        } else {
            let place = format!("{}.{}", self.of.name, self.element().list);
            view::unknown_path(self.report, &spot.join("field"), &place, path, fields);
            self.sound = false;
        }
    }

    /// A computed column: typed when all names that it may use are known.
    fn placeholder(&mut self, name: &str, body: &ColumnBody, spot: &Spot) {
        let expression = body.expr.clone().unwrap_or_default();
        let field = cstspec_contract::types::nullable(name, DataType::Null);
        let column = Column { field, doc: body.doc.clone(), origin: spot.origin() };
        self.outputs.push(Output { column, source: ColumnSource::Expr(expression), full_path: None, not_null: false });
    }

    fn doc(&self, path: &Path, written: &str) -> String {
        if !written.is_empty() {
            return written.to_owned();
        }
        let column = self.of.columns.iter().find(|column| Some(column.name()) == path.only());
        column.map(|column| column.doc.clone()).or_else(|| self.of.docs.get(path).cloned()).unwrap_or_default()
    }

    fn origin(&self, path: &Path) -> cstspec_contract::Origin {
        cstspec_contract::schema::locate(&self.of.columns, &self.of.nested, path).unwrap_or_default()
    }

    fn push(
        &mut self,
        mut column: Column,
        source: ColumnSource,
        full_path: Option<Path>,
        written: Option<(&ColumnBody, &Spot)>,
    ) {
        let mut not_null = false;
        if let Some((body, spot)) = written {
            not_null = body.nullable == Some(false) && column.field.is_nullable();
            if let Some(text) = &body.ty {
                column.field = self.checked_type(&column.field, text, spot);
            }
        }
        self.outputs.push(Output { column, source, full_path, not_null });
    }

    /// The field, after its type was held against the one that was written.
    fn checked_type(&mut self, field: &FieldRef, text: &str, spot: &Spot) -> FieldRef {
        let spot = spot.join("type");
        match (Resolver { named: self.environment.types }).data_type(text) {
            Ok(written) if written != *field.data_type() => {
                let path = Path::top(field.name().as_str());
                let (expected, observed) = spelling::difference(&path, &written, field.data_type());
                let finding = Finding::new(
                    &rules::TYPE_DIFFERS,
                    format!("`{}` is declared as `{text}` and is of another type", field.name()),
                )
                .differing(expected, observed)
                .remedy("correct the type, leave it out, or cast in the expression")
                .relation(self.document.spec.view.as_str())
                .path(field.name().as_str());
                self.report.value(&spot, finding);
            }
            Ok(_) => {}
            Err(error) => self.report.type_error(&spot, error),
        }
        Arc::clone(field)
    }

    /// Types the computed columns, and writes the query.
    fn finish(mut self, rows: &RowsSpec) -> Option<Made> {
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
        if !sound {
            return None;
        }
        let query = Query { of: self.of, levels: self.levels, outputs: &self.outputs, names: &names, used: &used };
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
                sources: self.outputs.iter().map(|output| output.source.clone()).collect(),
            },
            not_null: self
                .outputs
                .iter()
                .filter(|output| output.not_null)
                .map(|output| output.column.name().to_owned())
                .collect(),
            columns: self.outputs.into_iter().map(|output| output.column).collect(),
        };
        Some(view::finish(self.document, draft, self.report))
    }

    fn computed(&mut self, name: &str, expression: &str, scope: &Scope) -> Option<Computed> {
        let spot = self.root.join("columns").join(name);
        let body = match self.document.spec.columns.get(name) {
            Some(WordOr::Mapping(body)) => body.clone(),
            _ => ColumnBody::default(),
        };
        let place = spot.join("expr");
        match expr::check(expression, scope, self.environment.functions, self.environment.dialect) {
            Ok(typed) => {
                let mut field = view::renamed(&typed.field, name);
                if let Some(text) = &body.ty {
                    field = self.checked_type(&field, text, &spot);
                }
                let not_null = body.nullable == Some(false) && field.is_nullable();
                Some(Computed { field, not_null, columns: typed.columns, sql: typed.sql })
            }
            Err(errors) => {
                let unsupported = errors.iter().all(|error| error.kind == ExprErrorKind::Unsupported);
                if let (true, Some(text)) = (unsupported, &body.ty) {
                    // Nothing can be inferred: the person's word stands until the engine is asked.
                    return match (Resolver { named: self.environment.types }).field(name, text) {
                        Ok(resolved) => {
                            let field =
                                Arc::new(resolved.field.as_ref().clone().with_nullable(body.nullable != Some(false)));
                            let columns = scope.names().map(str::to_owned).collect();
                            let sql = expr::in_query(expression).unwrap_or_else(|_| expression.to_owned());
                            Some(Computed { field, not_null: false, columns, sql })
                        }
                        Err(error) => {
                            self.report.type_error(&spot.join("type"), error);
                            None
                        }
                    };
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
                ColumnSource::Expr(_) => continue,
            };
            names.insert(name.to_owned(), (Arc::clone(&output.column.field), expression));
        }
        names
    }
}

/// Checks what a view says whatever it reads: that it says once how it is made, and that its expressions parse and call what there is.
pub fn check_alone(document: &Document<ViewSpec>, environment: Environment<'_>, report: &mut Report<'_>) {
    let root = Spot::root(&document.file);
    if !document.is_whole() || view::check_shape(document, report).is_none() {
        return;
    }
    for (name, column) in &document.spec.columns {
        let WordOr::Mapping(ColumnBody { expr: Some(text), .. }) = column else { continue };
        let errors = expr::check(text, &Scope::default(), environment.functions, environment.dialect).err();
        let spot = root.join("columns").join(name).join("expr");
        for error in errors.into_iter().flatten() {
            let alone = [
                ExprErrorKind::Parse,
                ExprErrorKind::TooComplex,
                ExprErrorKind::UnknownFunction,
                ExprErrorKind::UnknownType,
            ];
            if alone.contains(&error.kind) {
                report.expression_error(&spot, text, &error);
            }
        }
    }
}
