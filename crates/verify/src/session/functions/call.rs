//! Calls of functions, planned in a session of their own.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, MapArray, RecordBatch, RecordBatchOptions, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use cstspec_contract::{FunctionKind, spelling};
use datafusion::catalog::{
    CatalogProvider as _, CatalogProviderList as _, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider as _,
};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::utils::quote_identifier;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err};
use datafusion::datasource::MemTable;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::FutureExt as _;

/// The table that calls take their arguments from.
const TABLE: &str = "arguments";

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A column of a type, which may be NULL or not.
    Column(DataType, bool),
    /// A constant text.
    Text(String),
}

impl Argument {
    pub fn data_type(&self) -> &DataType {
        match self {
            Self::Column(data_type, _) => data_type,
            Self::Text(_) => &DataType::Utf8,
        }
    }

    pub fn is_nullable(&self) -> bool {
        matches!(self, Self::Column(_, true))
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(data_type, true) => f.write_str(&spelling::short(data_type)),
            Self::Column(data_type, false) => write!(f, "{} not null", spelling::short(data_type)),
            Self::Text(text) => write!(f, "'{text}'"),
        }
    }
}

/// A call of a function.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub name: &'a str,
    pub kind: FunctionKind,
    pub arguments: Vec<Argument>,
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        write!(f, "{}({})", self.name, arguments.join(", "))
    }
}

impl Call<'_> {
    fn sql(&self) -> String {
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .enumerate()
            .map(|(index, argument)| match argument {
                Argument::Column(..) => column(index),
                Argument::Text(text) => format!("'{}'", text.replace('\'', "''")),
            })
            .collect();
        let over = if self.kind == FunctionKind::Window { " OVER ()" } else { "" };
        format!("SELECT {}({}){over} AS x FROM {TABLE}", quote_identifier(self.name), arguments.join(", "))
    }

    fn schema(&self) -> SchemaRef {
        let columns = self.arguments.iter().enumerate().filter_map(|(index, argument)| match argument {
            Argument::Column(data_type, nullable) => Some(Field::new(column(index), data_type.clone(), *nullable)),
            Argument::Text(_) => None,
        });
        Arc::new(Schema::new(columns.collect::<Vec<_>>()))
    }
}

fn column(index: usize) -> String {
    format!("a{index}")
}

/// The engine's result of a call.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The output, after types were coerced.
    pub field: FieldRef,
    /// The types that the function is handed, after they were coerced; `None` where the plan has no such call.
    pub handed: Option<Vec<DataType>>,
    plan: LogicalPlan,
}

/// A session with the functions, planners, rules and settings of another, and with tables of its own: nothing that is planned here
/// is seen there.
pub struct Bench {
    state: SessionState,
    tables: Arc<MemorySchemaProvider>,
}

impl Bench {
    pub fn new(ctx: &SessionContext) -> Self {
        let state = ctx.state();
        let names = state.config_options().catalog.clone();
        // A default catalog that the engine makes may list a place of the host's.
        let config = state.config().clone().with_create_default_catalog_and_schema(false);
        let catalogs = Arc::new(MemoryCatalogProviderList::new());
        let catalog = Arc::new(MemoryCatalogProvider::new());
        let tables = Arc::new(MemorySchemaProvider::new());
        let registered = catalog.register_schema(&names.default_schema, Arc::clone(&tables) as _);
        registered.expect("a catalog in memory takes every schema");
        catalogs.register_catalog(names.default_catalog, catalog);
        let state =
            SessionStateBuilder::new_from_existing(state).with_catalog_list(catalogs).with_config(config).build();
        Self { state, tables }
    }

    /// Plans `call` and coerces its types, as is done for a view.
    pub async fn plan(&self, call: &Call<'_>) -> Result<Planned> {
        let schema = call.schema();
        // What a function makes of an argument may be known only from a row.
        let columns = schema.fields().iter().map(|field| value(field.data_type())).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let row = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?;
        self.tables.deregister_table(TABLE)?;
        self.tables.register_table(TABLE.to_owned(), Arc::new(MemTable::try_new(schema, vec![vec![row]])?))?;
        let sql = call.sql();
        let planned = guarded(async {
            let plan = self.state.create_logical_plan(&sql).await?;
            self.state.analyzer().execute_and_check(plan, self.state.config_options(), |_, _| {})
        });
        let plan = planned.await?;
        let field = plan.schema().fields().first().map(Arc::clone);
        let field = field.ok_or_else(|| exec_datafusion_err!("the plan has no column"))?;
        Ok(Planned { field, handed: handed(&plan)?, plan })
    }

    /// Runs a planned call over one row: some functions look at their arguments no sooner.
    pub async fn run(&self, planned: Planned) -> Result<()> {
        guarded(DataFrame::new(self.state.clone(), planned.plan).collect()).await.map(|_| ())
    }
}

/// One value of a type that is not NULL: zero, an empty text, an empty list.
fn value(data_type: &DataType) -> Result<ArrayRef> {
    match data_type {
        DataType::Struct(fields) => {
            let children = fields.iter().map(|field| value(field.data_type())).collect::<Result<_>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), children, None)?))
        }
        // `ScalarValue::new_default` panics for a map.
        DataType::Map(entries, sorted) => {
            let none = new_empty_array(entries.data_type());
            let offsets = OffsetBuffer::from_lengths([0]);
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, none.as_struct().clone(), None, *sorted)?))
        }
        _ => ScalarValue::new_default(data_type)?.to_array(),
    }
}

/// A function of somebody else's may panic on arguments that it does not take.
async fn guarded<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let caught = AssertUnwindSafe(future).catch_unwind().await;
    caught.unwrap_or_else(|_| Err(DataFusionError::Execution("it panicked".to_owned())))
}

/// The types of the arguments of the first call in `plan`.
fn handed(plan: &LogicalPlan) -> Result<Option<Vec<DataType>>> {
    let mut found = None;
    plan.apply(|node| {
        let Some(input) = node.inputs().first().map(|input| Arc::clone(input.schema())) else {
            return Ok(TreeNodeRecursion::Continue);
        };
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let arguments = match expr {
                    Expr::ScalarFunction(call) => &call.args,
                    Expr::AggregateFunction(call) => &call.params.args,
                    Expr::WindowFunction(call) => &call.params.args,
                    _ => return Ok(TreeNodeRecursion::Continue),
                };
                found = Some(arguments.iter().map(|argument| argument.get_type(&input)).collect::<Result<Vec<_>>>()?);
                Ok(TreeNodeRecursion::Stop)
            })
        })
    })?;
    Ok(found)
}
