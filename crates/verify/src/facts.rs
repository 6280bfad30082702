//! The state of each relation while a catalog is checked, and the possible causes of an error.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::ops::ControlFlow;

use arrow::error::ArrowError;
use cstspec_conform::ConformError;
use cstspec_contract::report::FunctionReport;
use cstspec_contract::{Catalog, Origin, Relation};
use cstspec_runtime::names::table_reference;
use cstspec_runtime::{FileErrorKind, RuntimeError, find_source};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, Visit as _, Visitor};

use crate::causes::Subject;

/// The results of the functions.
#[derive(Debug, Default)]
pub struct CheckedFunctions {
    /// One entry per signature, by function.
    pub reports: Vec<FunctionReport>,
    /// The functions that the session lacks, and those that it has as another kind.
    pub missing: Vec<String>,
    /// Those of the missing that a host registers, in a program that is no host.
    pub unhosted: Vec<String>,
    /// The functions that are otherwise than a signature says.
    pub differing: Vec<String>,
}

/// The state of the relations that were checked so far.
pub(crate) struct Facts<'a> {
    /// The catalog that is checked.
    pub catalog: &'a Catalog,
    /// Functions that the session lacks, and where they are declared.
    missing: BTreeMap<String, Origin>,
    /// Those of them that a host registers, in a program that is not the host's.
    unhosted: BTreeSet<Origin>,
    /// Functions that differ from their signatures, and where they are declared.
    differing: BTreeMap<String, Origin>,
    /// Relations that call one of those, or read a relation that does, with where it is declared.
    tainted: BTreeMap<String, Origin>,
    /// Relations that are registered with another definition than the catalog's.
    pub replaced: BTreeSet<String>,
    /// Relations that are not registered.
    absent: BTreeSet<String>,
    /// Absent relations that need a function of the host.
    unchecked: BTreeSet<String>,
    /// Relations that are described otherwise than declared.
    pub redescribed: BTreeSet<String>,
    /// Relations that failed.
    failed: BTreeMap<String, Kind>,
    /// Relations that were read without one of their files, which failed meanwhile.
    pub short: BTreeSet<String>,
}

/// The kind of an engine's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    engine: Discriminant<DataFusionError>,
    arrow: Option<Discriminant<ArrowError>>,
}

impl Kind {
    fn of(error: &DataFusionError) -> Self {
        let root = engine_error(error);
        let arrow = match root {
            DataFusionError::ArrowError(error, _) => Some(discriminant(error.as_ref())),
            _ => None,
        };
        Self { engine: discriminant(root), arrow }
    }
}

impl<'a> Facts<'a> {
    /// Nothing is checked yet but functions and definitions.
    pub fn new(catalog: &'a Catalog, functions: &CheckedFunctions, replaced: BTreeSet<String>) -> Self {
        let declared = |names: &[String]| -> BTreeMap<String, Origin> {
            let of = |name: &String| {
                let function = catalog.functions.iter().find(|function| function.name == *name)?;
                Some((name.clone(), function.origin.clone()))
            };
            names.iter().filter_map(of).collect()
        };
        Self {
            catalog,
            missing: declared(&functions.missing),
            unhosted: declared(&functions.unhosted).into_values().collect(),
            differing: declared(&functions.differing),
            tainted: BTreeMap::new(),
            replaced,
            absent: BTreeSet::new(),
            unchecked: BTreeSet::new(),
            redescribed: BTreeSet::new(),
            failed: BTreeMap::new(),
            short: BTreeSet::new(),
        }
    }

    /// `relation` is not registered, for one of `causes`. Whether it could not be checked for want of the host's functions alone.
    pub fn absent(&mut self, relation: &str, causes: &[Subject]) -> bool {
        self.absent.insert(relation.to_owned());
        let is_unhosted = |cause: &Subject| match cause {
            Subject::Function(origin) => self.unhosted.contains(origin),
            Subject::Registration(read) => self.unchecked.contains(read),
            _ => false,
        };
        let is_unchecked = !causes.is_empty() && causes.iter().all(is_unhosted);
        if is_unchecked {
            self.unchecked.insert(relation.to_owned());
        }
        is_unchecked
    }

    /// `relation` failed with `error`.
    pub fn failed(&mut self, relation: &str, error: &DataFusionError) {
        self.failed.insert(relation.to_owned(), Kind::of(error));
    }

    /// The subjects that keep constraints of `relation` from being proven.
    pub fn obstacles(&self, relation: &str) -> Vec<Subject> {
        let mut causes = vec![Subject::Registration(relation.to_owned()), Subject::Execution(relation.to_owned())];
        if self.short.contains(relation) {
            let reads = std::iter::once(relation).chain(self.reads(relation));
            causes.extend(reads.map(|dataset| Subject::Files { dataset: dataset.to_owned(), file: None }));
        }
        causes
    }

    /// The relations that `relation` is made from, at any distance, the nearest first.
    fn reads(&self, relation: &str) -> Vec<&'a str> {
        let mut reads: Vec<&str> = Vec::new();
        let mut next = 0;
        let mut views = vec![self.catalog.view(relation)];
        while let Some(view) = views.get(next).copied() {
            next += 1;
            for read in view.iter().flat_map(|view| &view.depends_on) {
                if !reads.contains(&read.as_str()) {
                    reads.push(read);
                    views.push(self.catalog.view(read));
                }
            }
        }
        reads
    }

    /// The possible causes of an error in the planning of `sql`: functions and relations that it names and that are not there, and functions
    /// that differ from their signatures.
    pub fn behind_plan(&self, state: &SessionState, sql: &str, error: &DataFusionError) -> Vec<Subject> {
        // A column that is not there and a text that is no SQL are the query's own.
        if matches!(error.find_root(), DataFusionError::SchemaError(..) | DataFusionError::SQL(..)) {
            return Vec::new();
        }
        let dialect = state.config_options().sql_parser.dialect;
        let Ok(statement) = state.sql_to_statement(sql, &dialect) else { return Vec::new() };
        let mut causes = Vec::new();
        let called = called(&statement);
        for functions in [&self.missing, &self.differing] {
            let called = functions.iter().filter(|(name, _)| called.contains(*name));
            causes.extend(called.map(|(_, origin)| Subject::Function(origin.clone())));
        }
        let named = state.resolve_table_references(&statement).unwrap_or_default();
        let absent = named.iter().map(TableReference::table).filter(|name| self.absent.contains(*name));
        causes.extend(absent.map(|name| Subject::Registration(name.to_owned())));
        causes
    }

    /// The possible causes of an error in the execution of `relation`.
    pub fn behind_execution(&self, relation: &str, error: &DataFusionError) -> Vec<Subject> {
        if let Some(own) = RuntimeError::inside(error)
            && let Some(dataset) = own.belongs_to()
        {
            let file = own.path().map(str::to_owned);
            let mut causes = vec![Subject::Files { dataset: dataset.to_owned(), file }];
            causes.extend(null(dataset, error));
            if relation != dataset {
                causes.push(Subject::Execution(dataset.to_owned()));
            }
            return causes;
        }
        let reads = self.reads(relation);
        let mut causes: Vec<Subject> =
            std::iter::once(relation).chain(reads.iter().copied()).filter_map(|name| null(name, error)).collect();
        let kind = Kind::of(error);
        let failed = reads.iter().filter(|read| self.failed.get(**read) == Some(&kind));
        causes.extend(failed.map(|read| Subject::Execution((*read).to_owned())));
        causes.extend(self.tainted.get(relation).map(|origin| Subject::Function(origin.clone())));
        causes
    }

    /// The function from whose signature the types of `relation` may differ.
    pub async fn taint(&mut self, ctx: &SessionContext, relation: Relation<'_>) -> Option<Subject> {
        let name = relation.name();
        let inherited = relation.depends_on().iter().find_map(|read| self.tainted.get(read)).cloned();
        let origin = match inherited {
            Some(origin) => Some(origin),
            None if self.differing.is_empty() => None,
            None => planned_calls(ctx, name, &self.differing).await,
        }?;
        self.tainted.insert(name.to_owned(), origin.clone());
        Some(Subject::Function(origin))
    }
}

/// The engine's innermost error: of an error that a scan named a file for, the one that the engine had.
pub(crate) fn engine_error(error: &DataFusionError) -> &DataFusionError {
    match RuntimeError::inside(error).and_then(RuntimeError::kind) {
        Some(FileErrorKind::Scan(source)) => source.find_root(),
        _ => error.find_root(),
    }
}

/// The NULLs of `relation` that `error` may be about.
///
/// Conversions name the field. The engine's own test, which columns meet that are read without a conversion, has no field in its error but in
/// the text: the kind of the error stands for it, and any NULL of the relation explains it.
pub(crate) fn null(relation: &str, error: &DataFusionError) -> Option<Subject> {
    let relation = relation.to_owned();
    match find_source::<ConformError>(error).map(ConformError::cause) {
        Some(ConformError::Null { path, .. }) => Some(Subject::Nulls { relation, path: Some(path.clone()) }),
        Some(_) => None,
        None => is_invalid_batch(error).then_some(Subject::Nulls { relation, path: None }),
    }
}

/// Whether the engine made no batch of some arrays, as it does of NULLs in a column that is NOT NULL.
pub(crate) fn is_invalid_batch(error: &DataFusionError) -> bool {
    match engine_error(error) {
        DataFusionError::ArrowError(error, _) => matches!(error.as_ref(), ArrowError::InvalidArgumentError(_)),
        _ => false,
    }
}

/// The functions that a statement calls, by the names that the engine looks for.
fn called(statement: &Statement) -> BTreeSet<String> {
    struct Calls(BTreeSet<String>);
    impl Visitor for Calls {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
            if let ast::Expr::Function(call) = expr
                && let Some(name) = call.name.0.last().and_then(|part| part.as_ident())
            {
                let is_quoted = name.quote_style.is_some();
                self.0.insert(if is_quoted { name.value.clone() } else { name.value.to_lowercase() });
            }
            ControlFlow::Continue(())
        }
    }
    let mut calls = Calls(BTreeSet::new());
    if let Statement::Statement(statement) = statement {
        let _ = statement.visit(&mut calls);
    }
    calls.0
}

/// Where the first of `functions` that the plan of a view calls is declared.
async fn planned_calls(ctx: &SessionContext, view: &str, functions: &BTreeMap<String, Origin>) -> Option<Origin> {
    let provider = ctx.table_provider(table_reference(view)).await.ok()?;
    let plan = provider.get_logical_plan()?;
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let name = match expr {
                    Expr::ScalarFunction(call) => Some(call.name()),
                    Expr::AggregateFunction(call) => Some(call.func.name()),
                    Expr::WindowFunction(call) => Some(call.fun.name()),
                    _ => None,
                };
                found = found.take().or_else(|| name.and_then(|name| functions.get(name)).cloned());
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.ok().and(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch, StructArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use cstspec_contract::Path;
    use datafusion::common::DataFusionError;
    use datafusion::prelude::SessionContext;

    use super::{called, is_invalid_batch, null};
    use crate::causes::Subject;

    /// An upgrade that makes another error of it leaves NULLs unexplained: the finding of the file would be reported beside that of the NULL.
    #[test]
    fn null_in_column_is_an_invalid_argument_to_arrow() {
        let fields = vec![Field::new("x", DataType::Int64, false)];
        let array = Arc::new(Int64Array::from(vec![None, Some(1)]));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.clone())), vec![Arc::clone(&array) as _]);
        let nested = StructArray::try_new(fields.into(), vec![array as _], None);
        for error in [batch.unwrap_err(), nested.unwrap_err()] {
            let error = DataFusionError::from(error);
            assert!(is_invalid_batch(&error), "{error}");
            assert_eq!(null("d", &error), Some(Subject::Nulls { relation: "d".to_owned(), path: None }));
        }
    }

    #[test]
    fn conversion_names_the_field_that_is_null() {
        let path = Path::top("x").join("y");
        let error = cstspec_conform::ConformError::Null { path: path.clone() };
        let error = DataFusionError::External(Box::new(error));
        assert_eq!(null("d", &error), Some(Subject::Nulls { relation: "d".to_owned(), path: Some(path) }));
    }

    #[test]
    fn calls_are_found_wherever_they_are() {
        let state = SessionContext::new().state();
        let sql = "WITH w AS (SELECT First(x) FROM t) SELECT \"Second\"(y, third(z)) OVER () FROM w WHERE EXISTS (SELECT fourth(1))";
        let statement = state.sql_to_statement(sql, &state.config_options().sql_parser.dialect).unwrap();
        assert_eq!(called(&statement).into_iter().collect::<Vec<_>>(), ["Second", "first", "fourth", "third"]);
    }
}
