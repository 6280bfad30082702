//! The output columns of a row view: those of the row, of outer elements and of the element, and placeholders of computed ones.

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{Column, ColumnSource, Finding, Origin, Path, spelling};

use super::field;
use super::report::{Report, list};
use super::row_level::{UnnestLevel, below};
use super::row_query::Output;
use super::scope::{Environment, RelationScope};
use super::view;
use crate::documents::Document;
use crate::model::{ColumnBody, ColumnSpec, RowsSpec, Spelling, ViewSpec, WordOr};
use crate::rules;

/// A row view while its output columns are collected.
pub struct Building<'b, 'r, 's> {
    /// The view.
    pub document: &'b Document<ViewSpec>,
    /// The root of its document.
    pub root: Origin,
    /// The relation whose rows hold the list.
    pub of: &'b RelationScope,
    row_fields: Vec<FieldRef>,
    /// The lists, outermost first.
    pub levels: &'b [UnnestLevel],
    pub environment: Environment<'b>,
    pub report: &'r mut Report<'s>,
    /// The columns so far.
    pub outputs: Vec<Output>,
    /// No column is at fault.
    pub sound: bool,
}

impl<'b, 'r, 's> Building<'b, 'r, 's> {
    /// A view without columns yet.
    pub fn new(
        document: &'b Document<ViewSpec>,
        of: &'b RelationScope,
        levels: &'b [UnnestLevel],
        environment: Environment<'b>,
        report: &'r mut Report<'s>,
    ) -> Self {
        let row_fields = of.fields();
        let root = Origin::root(&document.file);
        Self { document, root, of, row_fields, levels, environment, report, outputs: Vec::new(), sound: true }
    }

    /// The innermost list.
    pub fn element(&self) -> &'b UnnestLevel {
        self.levels.last().expect("a row view has a list")
    }

    /// The element's fields; an element that is no struct is one field of its own.
    pub fn element_fields(&self, rows: &RowsSpec) -> Vec<(FieldRef, Path)> {
        let level = self.element();
        if let DataType::Struct(fields) = level.element.data_type() {
            return fields.iter().map(|field| (Arc::clone(field), Path::top(field.name().as_str()))).collect();
        }
        let name = rows.name.as_deref().unwrap_or_else(|| level.list.leaf());
        vec![(view::renamed(&level.element, name), Path::default())]
    }

    /// Puts the outputs together: row columns that the element lacks, context, positions, the element's fields, computed columns.
    pub fn collect_outputs(&mut self, rows: &RowsSpec) {
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
        self.positions(rows);
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
                    format!("the column `{name}` is under `omit` and under `columns`"),
                )
                .differing("either `omit` or `columns`", "both")
                .remedy("remove one of the two");
                self.shape(&self.root.join("columns").join(name), finding);
            }
        }
        if rows.name.is_some() && matches!(self.element().element.data_type(), DataType::Struct(_)) {
            let finding = Finding::new(&rules::VIEW_SHAPE, "`as` for elements that have names of their own")
                .differing(
                    "`as` for elements that are not structs",
                    format!("elements of `{}`, which are structs", rows.unnest),
                )
                .remedy("remove `as`");
            self.shape(&self.root.join("rows.as"), finding);
        }
    }

    fn shape(&mut self, origin: &Origin, finding: Finding) {
        self.report.key(origin, finding.relation(self.document.spec.view.as_str()));
        self.sound = false;
    }

    /// A column that `columns` lists, with the element's field of the name if there is one.
    fn written(&mut self, name: &str, column: &ColumnSpec, field: Option<(&FieldRef, &Path)>) {
        let origin = self.root.join("columns").join(name);
        let body = match column {
            WordOr::Word(word) if word == "row" => ColumnBody { row: Some(name.to_owned()), ..ColumnBody::default() },
            WordOr::Word(word) => {
                let otherwise = format!("write `{name}: row`, or `{name}: {{ expr: ... }}`");
                let advice = self.report.advise(word, ["row"], &otherwise);
                let finding = Finding::new(&rules::WRONG_TYPE, format!("unknown word `{word}`"))
                    .differing("`row`, or a mapping", format!("`{word}`"))
                    .remedy(advice);
                self.report.value(&origin, finding);
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
                    WordOr::Mapping(_) => self.report.path(&origin.join("row"), text),
                };
                match path {
                    Some(path) => self.row(name, &path, &body, &origin),
                    None => self.sound = false,
                }
            }
            (None, Some(text), None) => match self.report.path(&origin.join("field"), text) {
                Some(path) => self.inner_field(name, &path, &body, &origin),
                None => self.sound = false,
            },
            (None, None, Some(_)) => self.placeholder(name, &body, &origin),
            (None, None, None) => {
                if let Some((field, path)) = field {
                    self.element_field(name, field, path, Some((&body, &origin)));
                    return;
                }
                let fields = self.element().fields();
                let names = fields.iter().map(|field| field.name().as_str());
                let advice = self.report.advise(name, names, "add the one that is meant");
                let finding =
                    Finding::new(&rules::VIEW_SHAPE, format!("the column `{name}` does not say where it comes from"))
                        .differing("`row`, `field` or `expr`, as the element has no such field", "none of them")
                        .remedy(advice);
                self.shape(&origin, finding);
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
                self.shape(&origin, finding);
            }
        }
    }

    fn row(&mut self, name: &str, path: &Path, body: &ColumnBody, origin: &Origin) {
        let Some((field, nullable)) = view::walk(&self.row_fields, path) else {
            let place = origin.join("row");
            if path.find(&self.row_fields).is_some() {
                let finding = Finding::new(
                    &rules::UNKNOWN_COLUMN,
                    format!("`{path}` is inside a list or map, so a row has many"),
                )
                .differing(
                    format!("a column of `{}`, or a field of a struct column", self.of.name),
                    format!("`{path}`"),
                )
                .remedy("declare columns from an outer element under `context`")
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
        self.push(Column { field, doc, origin: origin.clone() }, source, Some(path.clone()), Some((body, origin)));
    }

    fn context(&mut self, name: &str, text: &str) {
        let origin = self.root.join("context").join(name);
        let Some(path) = self.report.path(&origin, text) else {
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
            let finding = Finding::new(&rules::UNKNOWN_COLUMN, format!("`{path}` is not a field of an outer element"))
                .differing(expected, format!("`{path}`"))
                .remedy(advice)
                .relation(self.document.spec.view.as_str());
            self.report.value(&origin, finding);
            self.sound = false;
            return;
        };
        let doc = self.doc(&path, "");
        self.push(Column { field, doc, origin: origin.clone() }, ColumnSource::Context(path.clone()), Some(path), None);
    }

    fn element_field(&mut self, name: &str, field: &FieldRef, path: &Path, written: Option<(&ColumnBody, &Origin)>) {
        let full = self.element().list.join_path(path);
        let origin = written.map_or_else(|| self.origin(&full), |(_, origin)| origin.clone());
        let doc = self.doc(&full, written.map_or("", |(body, _)| &body.doc));
        let column = Column { field: view::unnested(field, name), doc, origin };
        self.push(column, ColumnSource::Element(path.clone()), Some(full), written);
    }

    fn inner_field(&mut self, name: &str, path: &Path, body: &ColumnBody, origin: &Origin) {
        let fields = self.element().fields();
        if let Some((field, _)) = view::walk(fields, path) {
            self.element_field(name, field, path, Some((body, origin)));
        } else {
            let place = format!("{}.{}", self.of.name, self.element().list);
            view::unknown_path(self.report, &origin.join("field"), &place, path, fields);
            self.sound = false;
        }
    }

    /// A computed column: typed when all names that it may use are known.
    fn placeholder(&mut self, name: &str, body: &ColumnBody, origin: &Origin) {
        let expression = body.expr.clone().unwrap_or_default();
        let field = cstspec_contract::types::nullable(name, DataType::Null);
        let column = Column { field, doc: body.doc.clone(), origin: origin.clone() };
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
        written: Option<(&ColumnBody, &Origin)>,
    ) {
        let mut not_null = false;
        if let Some((body, origin)) = written {
            not_null = body.nullable == Some(false) && column.field.is_nullable();
            column.field = self.checked_type(&column.field, body, origin);
        }
        self.outputs.push(Output { column, source, full_path, not_null });
    }

    /// The field, after its type was held against the one that was written, if any was.
    pub fn checked_type(&mut self, field: &FieldRef, body: &ColumnBody, origin: &Origin) -> FieldRef {
        let Some(shape) = body.shape() else {
            field::refuse_parts(body.parts(), origin, "type", self.report);
            return Arc::clone(field);
        };
        let written = field::of_type("", shape, origin, self.environment.types, self.report);
        if let Some(written) = written.filter(|written| written.field.data_type() != field.data_type()) {
            let path = Path::top(field.name().as_str());
            let data_type = written.field.data_type();
            let (expected, observed) = spelling::difference(&path, data_type, field.data_type());
            let declared = match shape.ty {
                Spelling::Text(text) if shape.parts.keys().is_empty() => text.to_owned(),
                _ => spelling::short(data_type),
            };
            let finding = Finding::new(
                &rules::TYPE_DIFFERS,
                format!("`{}` is declared as `{declared}` and is of another type", field.name()),
            )
            .differing(expected, observed)
            .remedy("correct the type, omit it, or cast in the expression")
            .relation(self.document.spec.view.as_str())
            .path(field.name().as_str());
            self.report.value(&origin.join("type"), finding);
        }
        Arc::clone(field)
    }
}
