//! The lists on the way to the rows of a row view.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{Finding, Path, list_child};

use super::relation::Known;
use super::report::{Report, Spot};
use super::sql_text;
use crate::documents::Document;
use crate::model::{RowsSpec, ViewSpec};
use crate::rules;

/// One list on the way to the rows.
pub struct Level {
    /// The list's path from the row.
    pub list: Path,
    /// What the element is called in the query.
    pub alias: String,
    /// The list, over the names of the level before.
    pub expression: String,
    /// The element.
    pub element: FieldRef,
}

impl Level {
    /// The fields of the element; none where it is no struct.
    pub fn fields(&self) -> &[FieldRef] {
        children(self.element.data_type())
    }
}

/// The lists on the way along `rows.unnest`, outermost first; `None` if it leads to none, which is reported.
pub fn resolve(
    document: &Document<ViewSpec>,
    rows: &RowsSpec,
    of: &Known,
    report: &mut Report<'_>,
) -> Option<Vec<Level>> {
    let spot = Spot::root(&document.file).join("rows.unnest");
    let fields: Vec<FieldRef> = of.columns.iter().map(|column| Arc::clone(&column.field)).collect();
    let stem = stem(&document.spec);
    let mut levels: Vec<Level> = Vec::new();
    let mut walked = Path::default();
    let mut expression = String::new();
    let mut at: &[FieldRef] = &fields;
    let mut last = None;
    for segment in rows.unnest.split('.') {
        let Some(field) = at.iter().find(|field| field.name() == segment) else {
            let place = if walked == Path::default() { of.name.clone() } else { format!("{}.{walked}", of.name) };
            report.unknown_column(&spot, &place, segment, at.iter().map(|field| field.name().as_str()));
            return None;
        };
        walked = walked.join(segment);
        expression = if expression.is_empty() { segment.to_owned() } else { sql_text::field(&expression, [segment]) };
        last = Some(field);
        at = children(field.data_type());
        if let Some(item) = list_child(field.data_type()) {
            let alias = format!("{stem}_{}", levels.len() + 1);
            levels.push(Level { list: walked.clone(), alias: alias.clone(), expression, element: Arc::clone(item) });
            expression = alias;
            at = children(item.data_type());
        }
    }
    if levels.last().is_some_and(|level| level.list == walked) {
        return Some(levels);
    }
    let observed = last.map_or_else(String::new, |field| format!("a column of type {}", field.data_type()));
    let finding = Finding::new(&rules::NOT_A_LIST, format!("`{walked}` is no list"))
        .differing("the path of a list", observed)
        .remedy("name a list column, or a list inside one")
        .relation(document.spec.view.as_str());
    report.value(&spot, finding);
    None
}

fn children(data_type: &DataType) -> &[FieldRef] {
    match data_type {
        DataType::Struct(fields) => fields,
        _ => &[],
    }
}

/// What elements are called in the query: no column that passes through has such a name.
fn stem(spec: &ViewSpec) -> String {
    let names: BTreeSet<&str> = spec.columns.keys().chain(spec.context.keys()).map(String::as_str).collect();
    let mut stem = "element".to_owned();
    let numbered = |stem: &str, name: &str| {
        name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('_')).is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    while names.iter().any(|name| numbered(&stem, name)) {
        stem.push('_');
    }
    stem
}

/// The rest of `path` below `prefix`; `None` where it does not lead through it.
pub fn below(prefix: &Path, path: &Path) -> Option<Path> {
    let depth = prefix.segments().count();
    let inside = prefix.segments().eq(path.segments().take(depth)) && path.segments().count() > depth;
    inside.then(|| path.skip(depth))
}

/// `rest` below `prefix`.
pub fn join(prefix: &Path, rest: &Path) -> Path {
    prefix.join_path(rest)
}
