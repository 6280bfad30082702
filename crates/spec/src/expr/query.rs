//! Relations and functions of a free-form query, without typing it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use cstspec_contract::Path;
use sqlparser::ast::{
    Expr, ObjectName, Query, Select, SelectItem, SetExpr, Spanned, Statement, TableFactor, TrimWhereField, Value,
    Visit, Visitor,
};
use sqlparser::tokenizer::Span;

use super::error::{ExprError, ExprErrorKind};
use super::scope::folded;
use super::{source, spelling};

/// Relations, functions and parameters of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryUses {
    /// The relations that it reads, each time it names one, with the byte offset of the name. Its own WITH names are not among
    /// them. A qualified name is a path of several names.
    pub relations: Vec<(Path, usize)>,
    /// The functions that it calls, each time, with the byte offset of the name; those of the FROM clause too.
    pub functions: Vec<(String, usize)>,
    /// The names of its output columns in order, when each is written out: an alias or a plain column.
    pub output_names: Option<Vec<String>>,
    /// The highest number among its parameters `$1`, `$2`, …; 0 when it has none.
    pub parameters: usize,
    /// The relations that it reads once its WITH queries are expanded.
    pub reach: super::Reach,
    /// Where a WITH query reads itself, in bytes.
    pub recursive: Option<usize>,
}

/// Reads what the query `sql` uses. Only a query is taken: nothing that writes, defines or sets.
pub fn query_uses(sql: &str) -> Result<QueryUses, ExprError> {
    let statement = source::parse_statement(sql).map_err(|error| spelling::advised_in_query(error, sql))?;
    let Statement::Query(query) = &statement else {
        return Err(ExprError {
            kind: ExprErrorKind::Parse,
            start: 0,
            end: sql.len(),
            message: "a statement that is not a query".to_owned(),
            expected: Some("SELECT, or WITH and SELECT".to_owned()),
            observed: sql.split_ascii_whitespace().next().map(str::to_uppercase),
            help: "write one query".to_owned(),
        });
    };
    let mut uses = Uses { text: sql, found: QueryUses::default(), refused: None, frames: Vec::new() };
    let _: ControlFlow<()> = query.visit(&mut uses);
    let Uses { mut found, refused, .. } = uses;
    if let Some(error) = refused {
        return Err(error);
    }
    found.output_names = output_names(&query.body);
    Ok(found)
}

struct Uses<'t> {
    text: &'t str,
    found: QueryUses,
    refused: Option<ExprError>,
    /// The queries around the place that is visited, outermost first.
    frames: Vec<Frame>,
}

/// The WITH names of one query.
#[derive(Default)]
struct Frame {
    /// Those that may be used where the visit is.
    visible: Vec<String>,
    /// Those whose queries are not left yet. They are the first queries inside this one, in their order.
    pending: VecDeque<String>,
    /// What the WITH queries that are left already read.
    with: BTreeMap<String, super::Reach>,
    /// The relations that this query reads.
    reach: super::Reach,
}

impl Uses<'_> {
    fn offset(&self, span: Span) -> usize {
        source::place(self.text, span).start
    }

    fn calls(&mut self, name: &str, span: Span) {
        let offset = self.offset(span);
        self.found.functions.push((name.to_owned(), offset));
    }

    fn reads(&mut self, name: &ObjectName) {
        let parts = name.0.iter().map(|part| part.as_ident().map_or_else(|| part.to_string(), folded));
        let path = parts.fold(Path::default(), |path, name| path.join(&name));
        let offset = self.offset(name.span());
        let around = path.only().and_then(|name| {
            let frames = self.frames.iter().rev();
            frames
                .clone()
                .find(|frame| frame.visible.iter().any(|visible| visible == name))
                .map(|frame| frame.with.get(name).cloned())
        });
        let Some(own) = self.frames.last_mut() else { return };
        match around {
            None => {
                own.reach.read(path.clone());
                self.found.relations.push((path, offset));
            }
            Some(Some(with)) => own.reach.absorb(&with),
            // Its own query is not left yet.
            Some(None) => {
                self.found.recursive.get_or_insert(offset);
            }
        }
    }

    fn refuse(&mut self, span: Span, what: &str) -> ControlFlow<()> {
        let place = source::place(self.text, span);
        self.refused = Some(ExprError {
            kind: ExprErrorKind::Unsupported,
            start: place.start,
            end: place.end,
            message: format!("{what} inside a query"),
            expected: None,
            observed: None,
            help: "write it with SELECT".to_owned(),
        });
        ControlFlow::Break(())
    }
}

impl Visitor for Uses<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let mut frame = Frame::default();
        if let Some(with) = &query.with {
            let names = with.cte_tables.iter().map(|table| folded(&table.alias.name));
            frame.pending = names.collect();
            if with.recursive {
                frame.visible = frame.pending.iter().cloned().collect();
            }
        }
        self.frames.push(frame);
        match strange(&query.body) {
            Some((what, span)) => self.refuse(span, what),
            None => ControlFlow::Continue(()),
        }
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        let reach = self.frames.pop().map(|frame| frame.reach.close()).unwrap_or_default();
        match self.frames.last_mut() {
            Some(around) => match around.pending.pop_front() {
                Some(name) => {
                    around.with.insert(name.clone(), reach);
                    around.visible.push(name);
                }
                None => around.reach.absorb(&reach),
            },
            None => self.found.reach = reach,
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, _select: &Select) -> ControlFlow<()> {
        if let Some(frame) = self.frames.last_mut() {
            frame.reach.selects = frame.reach.selects.saturating_add(1);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: None, .. } => self.reads(name),
            TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
                self.calls(&object_name(name), name.span());
            }
            TableFactor::UNNEST { array_exprs, .. } => {
                let span = array_exprs.first().map_or_else(Span::empty, Spanned::span);
                self.calls("unnest", span);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) => self.calls(&object_name(&function.name), function.name.span()),
            Expr::Value(value) => {
                if let Value::Placeholder(name) = &value.value {
                    let number = name.trim_start_matches('$').parse().unwrap_or(0);
                    self.found.parameters = self.found.parameters.max(number);
                }
            }
            Expr::Substring { shorthand, .. } => {
                self.calls(if *shorthand { "substr" } else { "substring" }, expression.span());
            }
            Expr::Trim { trim_where, .. } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) => "btrim",
                    None => "trim",
                };
                self.calls(name, expression.span());
            }
            Expr::Position { .. } => self.calls("position", expression.span()),
            Expr::Extract { .. } => self.calls("date_part", expression.span()),
            Expr::Overlay { .. } => self.calls("overlay", expression.span()),
            Expr::Ceil { .. } => self.calls("ceil", expression.span()),
            Expr::Floor { .. } => self.calls("floor", expression.span()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// What is no SELECT in the body of a query.
fn strange(body: &SetExpr) -> Option<(&'static str, Span)> {
    let mut body = body;
    loop {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => return None,
            SetExpr::SetOperation { left, right, .. } => {
                if let Some(found) = strange(right) {
                    return Some(found);
                }
                body = left;
            }
            SetExpr::Table(_) => return Some(("TABLE", body.span())),
            _ => return Some(("a statement that writes", body.span())),
        }
    }
}

/// The names of the output columns, when each is written out.
fn output_names(body: &SetExpr) -> Option<Vec<String>> {
    match body {
        SetExpr::Query(query) => output_names(&query.body),
        SetExpr::SetOperation { left, .. } => output_names(left),
        SetExpr::Select(select) => {
            let tables: Vec<String> = select
                .from
                .iter()
                .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)))
                .filter_map(table_name)
                .collect();
            select.projection.iter().map(|item| output_name(item, &tables)).collect()
        }
        _ => None,
    }
}

/// The name that columns of a table may be qualified with.
fn table_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. } => Some(folded(&alias.name)),
        TableFactor::Table { name, alias: None, .. } => name.0.last().and_then(|part| part.as_ident()).map(folded),
        _ => None,
    }
}

fn output_name(item: &SelectItem, tables: &[String]) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(folded(name)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => match names.as_slice() {
            [table, column] if tables.contains(&folded(table)) => Some(folded(column)),
            _ => None,
        },
        _ => None,
    }
}

/// The parts of a name as the engine reads them, joined by dots.
fn object_name(name: &ObjectName) -> String {
    let parts = name.0.iter().map(|part| part.as_ident().map_or_else(|| part.to_string(), folded));
    parts.collect::<Vec<_>>().join(".")
}
