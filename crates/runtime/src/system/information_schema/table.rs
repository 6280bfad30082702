//! The tables of the schema, as the engine scans them: each is made anew when a query runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{SchemaRef, UInt64Type};
use async_trait::async_trait;
use datafusion::catalog::information_schema::{INFORMATION_SCHEMA, InformationSchemaProvider};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{SchemaProvider as _, Session, TableProvider};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, collect};
use futures::future::BoxFuture;

use super::SchemaScope;
use super::constraint::ConstraintTable;
use super::registered::{Registered, registered};

/// A table of the engine's own, mended where it leaves something out.
#[derive(Debug)]
pub(super) struct EngineTable {
    name: String,
    schema: SchemaRef,
    scope: SchemaScope,
}

impl EngineTable {
    /// The table `name` with the engine's own `schema`.
    pub fn new(name: String, schema: SchemaRef, scope: SchemaScope) -> Self {
        Self { name, schema, scope }
    }
}

#[async_trait]
impl TableProvider for EngineTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Functions of tables belong to a session's state: those of the session that asks are listed.
        let functions = state.as_any().downcast_ref::<SessionState>().map(|state| state.table_functions().clone());
        let engine =
            InformationSchemaProvider::new(self.scope.catalogs()?).with_table_functions(functions.unwrap_or_default());
        let Some(inner) = engine.table(&self.name).await? else {
            return internal_err!("the engine's information_schema has no table `{}` any more", self.name);
        };
        let mend: fn(RecordBatch, SchemaScope) -> BoxFuture<'static, Result<RecordBatch>> = match self.name.as_str() {
            "tables" => |batch, scope| Box::pin(async move { with_own_tables(&batch, &scope) }),
            "columns" => |batch, scope| Box::pin(async move { with_defaults(&batch, &scope).await }),
            _ => |batch, _| Box::pin(async move { Ok(batch) }),
        };
        let inner = inner.scan(state, None, &[], None).await?;
        let (schema, scope) = (Arc::clone(&self.schema), self.scope.clone());
        let make = move |context| -> BoxFuture<'static, Result<RecordBatch>> {
            let (inner, schema, scope) = (Arc::clone(&inner), Arc::clone(&schema), scope.clone());
            Box::pin(
                async move { sorted(&mend(concat_batches(&schema, &collect(inner, context).await?)?, scope).await?) },
            )
        };
        made(&self.schema, make)?.scan(state, projection, filters, limit).await
    }
}

/// A table about keys and references.
#[derive(Debug)]
pub(super) struct KeyTable {
    table: ConstraintTable,
    scope: SchemaScope,
}

impl KeyTable {
    /// The table, answered from the contracts of what is registered.
    pub fn new(table: ConstraintTable, scope: SchemaScope) -> Self {
        Self { table, scope }
    }
}

#[async_trait]
impl TableProvider for KeyTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (table, scope) = (self.table, self.scope.clone());
        let make = move |_| -> BoxFuture<'static, Result<RecordBatch>> {
            let scope = scope.clone();
            Box::pin(async move { table.rows(&registered(&scope).await?) })
        };
        made(&self.schema(), make)?.scan(state, projection, filters, limit).await
    }
}

/// The rows in one order: the engine lists what it keeps in hash maps.
fn sorted(batch: &RecordBatch) -> Result<RecordBatch> {
    let column = |(index, values): (usize, &ArrayRef)| {
        let values = Arc::clone(values);
        (index, SortColumn { values, options: None })
    };
    let mut keys: Vec<(usize, SortColumn)> = batch.columns().iter().enumerate().map(column).collect();
    // Columns of a table stay in their order, whatever they are called.
    if let Ok(ordinal) = batch.schema_ref().index_of("ordinal_position") {
        keys.sort_by_key(|(index, _)| if *index == ordinal { 3 } else { *index + usize::from(*index >= 3) });
    }
    let keys: Vec<SortColumn> = keys.into_iter().map(|(_, key)| key).collect();
    let order = lexsort_to_indices(&keys, None)?;
    Ok(take_record_batch(batch, &order)?)
}

/// The engine's `tables`, and those that this schema adds.
fn with_own_tables(batch: &RecordBatch, scope: &SchemaScope) -> Result<RecordBatch> {
    let own = ConstraintTable::ALL.map(ConstraintTable::name);
    let same = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; own.len()])) };
    let names: ArrayRef = Arc::new(StringArray::from(own.to_vec()));
    let columns = vec![same(&scope.home), same(INFORMATION_SCHEMA), names, same("VIEW")];
    let added = RecordBatch::try_new(batch.schema(), columns)?;
    Ok(concat_batches(batch.schema_ref(), [batch, &added])?)
}

/// The engine's `columns`, with declared defaults and ordinals from 1.
async fn with_defaults(batch: &RecordBatch, scope: &SchemaScope) -> Result<RecordBatch> {
    fn named(relation: &Registered) -> ((&str, &str, &str), &Registered) {
        let Registered { catalog, schema, table, .. } = relation;
        ((catalog.as_str(), schema.as_str(), table.as_str()), relation)
    }
    let relations = registered(scope).await?;
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(catalogs), Some(schemas), Some(tables), Some(columns)) =
        (text("table_catalog"), text("table_schema"), text("table_name"), text("column_name"))
    else {
        return internal_err!("the engine's information_schema.columns is of another form: {}", batch.schema());
    };
    let relations: HashMap<_, &Registered> = relations.iter().map(named).collect();
    let default = |row: usize| {
        let relation = relations.get(&(catalogs.value(row), schemas.value(row), tables.value(row)))?;
        relation.defaults.get(columns.value(row)).cloned()
    };
    let defaults: StringArray = (0..batch.num_rows()).map(default).collect();
    let mut mended = batch.columns().to_vec();
    for (index, field) in batch.schema_ref().fields().iter().enumerate() {
        match field.name().as_str() {
            "column_default" => mended[index] = Arc::new(defaults.clone()),
            "ordinal_position" => {
                let ordinals = batch.column(index).as_primitive::<UInt64Type>();
                mended[index] = Arc::new(ordinals.unary::<_, UInt64Type>(|ordinal| ordinal + 1) as UInt64Array);
            }
            _ => {}
        }
    }
    Ok(RecordBatch::try_new(batch.schema(), mended)?)
}

/// A table whose rows `make` makes when a query runs.
fn made<F>(schema: &SchemaRef, make: F) -> Result<StreamingTable>
where
    F: Fn(Arc<TaskContext>) -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync + 'static,
{
    let partition = Made { schema: Arc::clone(schema), make: Box::new(make) };
    StreamingTable::try_new(Arc::clone(schema), vec![Arc::new(partition)])
}

struct Made {
    schema: SchemaRef,
    make: Box<dyn Fn(Arc<TaskContext>) -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync>,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for Made {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = futures::stream::once((self.make)(context));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}
