//! How the engine reads a file as the contract says: an expression of the engine around [`cstspec_conform`].

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_conform::{Child, Comparison, ConformError, LeafSizes, Step};
use cstspec_contract::{Dataset, Path};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};

use crate::files::opened::{OpenedSchemas, ReadContract};

/// Makes the adapter of each file of a dataset.
#[derive(Debug)]
pub(crate) struct ContractAdapterFactory {
    read: Arc<ReadContract>,
    /// The sizes of the leaves of the files, as far as they are known.
    sizes: Arc<LeafSizes>,
    /// Files of the scan that have been opened.
    opened: Arc<OpenedSchemas>,
}

impl ContractAdapterFactory {
    pub fn new(read: &Arc<ReadContract>, sizes: LeafSizes, opened: &Arc<OpenedSchemas>) -> Self {
        Self { read: Arc::clone(read), sizes: Arc::new(sizes), opened: Arc::clone(opened) }
    }
}

impl PhysicalExprAdapterFactory for ContractAdapterFactory {
    /// The engine calls this once per file, with the schema that its reader will give batches of. That is the schema of an opened file,
    /// unless the engine coerced it.
    fn create(&self, _logical: SchemaRef, physical: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let ReadContract { contract, read_schema, .. } = self.read.as_ref();
        let opened = self.opened.find(&physical);
        let compared;
        let comparison = if let Some(opened) = &opened {
            &opened.comparison
        } else {
            compared = cstspec_conform::compare(contract, &self.read.partition_names(), &physical);
            &compared
        };
        if let Some(refused) = comparison.refused.first() {
            return Err(external(refused.clone()));
        }
        let comparison = comparison.projected(contract, read_schema).map_err(external)?;
        let (contract, read_schema) = (Arc::clone(contract), Arc::clone(read_schema));
        Ok(Arc::new(ContractAdapter { contract, read_schema, comparison, physical, sizes: Arc::clone(&self.sizes) }))
    }
}

/// Rewrites expressions over the contract's columns to expressions over one file's.
#[derive(Debug)]
struct ContractAdapter {
    contract: Arc<Dataset>,
    read_schema: SchemaRef,
    comparison: Comparison,
    physical: SchemaRef,
    sizes: Arc<LeafSizes>,
}

impl PhysicalExprAdapter for ContractAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        expr.transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => Ok(Transformed::yes(self.column(column)?)),
            None => Ok(Transformed::no(expr)),
        })
        .data()
    }
}

impl ContractAdapter {
    /// The expression for a column of the contract in this file: the plain column wherever the types are the same.
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let name = column.name();
        let table_field = self.read_schema.fields().iter().zip(&self.comparison.columns);
        let table_field = table_field.filter_map(|(field, child)| Some((field, child.as_ref()?)));
        let Some((table_field, child)) = table_field.into_iter().find(|(field, _)| field.name() == name) else {
            // Columns that the engine's reader makes itself stand behind the file's.
            let Ok(index) = self.physical.index_of(name) else {
                return internal_err!("`{name}` is neither a column of `{}` nor of the file", self.contract.name);
            };
            return Ok(Arc::new(Column::new(name, index)));
        };
        let (index, step) = match child {
            Child::Filled(value) => {
                let metadata = Some(FieldMetadata::from(table_field.as_ref()));
                return Ok(Arc::new(Literal::new_with_metadata(
                    ScalarValue::try_from_array(value.array(), 0)?,
                    metadata,
                )));
            }
            // A NULL in a NOT NULL column is met by the engine, which builds no such batch.
            Child::Stored { index, step, .. } => (*index, step),
        };
        let mut file_field = Arc::clone(&self.physical.fields()[index]);
        let mut column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(file_field.name(), index));
        let mut step = step.clone();
        if let Some((less, narrowed)) =
            cstspec_conform::narrow(file_field.data_type(), &step, &Path::top(file_field.name().as_str()), &self.sizes)
        {
            file_field = Arc::new(file_field.as_ref().clone().with_data_type(less));
            column = Arc::new(CastExpr::new_with_target_field(column, Arc::clone(&file_field), None));
            step = narrowed;
        }
        let table_field = Arc::clone(table_field);
        Ok(match step {
            Step::Keep => column,
            // The engine sees through its own casts when it prunes row groups, and takes each for one that keeps every comparison.
            Step::Cast { .. } if cstspec_conform::is_seen_through(file_field.data_type(), table_field.data_type()) => {
                Arc::new(CastExpr::new_with_target_field(column, table_field, None))
            }
            step => Arc::new(ConformExpr { column, file_field, table_field, step: Arc::new(step) }),
        })
    }
}

pub(super) fn external(error: ConformError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A column of a file, read as the contract declares it.
#[derive(Debug)]
struct ConformExpr {
    column: Arc<dyn PhysicalExpr>,
    file_field: FieldRef,
    table_field: FieldRef,
    step: Arc<Step>,
}

impl PartialEq for ConformExpr {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.file_field == other.file_field && self.table_field == other.table_field
    }
}

impl Eq for ConformExpr {}

impl Hash for ConformExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.file_field.hash(state);
        self.table_field.hash(state);
    }
}

impl fmt::Display for ConformExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conform({})", self.column)
    }
}

impl PhysicalExpr for ConformExpr {
    fn data_type(&self, _input: &Schema) -> Result<DataType> {
        Ok(self.table_field.data_type().clone())
    }

    fn nullable(&self, _input: &Schema) -> Result<bool> {
        Ok(self.table_field.is_nullable())
    }

    fn return_field(&self, _input: &Schema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.table_field))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        Ok(ColumnarValue::Array(self.step.apply(&array).map_err(external)?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let Some(column) = children.pop() else { return internal_err!("conform has one child") };
        let (file_field, table_field) = (Arc::clone(&self.file_field), Arc::clone(&self.table_field));
        Ok(Arc::new(Self { column, file_field, table_field, step: Arc::clone(&self.step) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::types::{list, nullable, required, structure};
    use cstspec_contract::{CastPolicy, Path};

    use super::*;

    fn rewritten(contract: &Arc<Dataset>, file: Vec<FieldRef>, column: &str) -> String {
        let factory = ContractAdapterFactory::new(
            &Arc::new(ReadContract::whole(contract, &[])),
            LeafSizes::default(),
            &Arc::default(),
        );
        let adapter = factory.create(contract.schema(), Arc::new(Schema::new(file))).unwrap();
        let index = contract.schema().index_of(column).unwrap();
        adapter.rewrite(Arc::new(Column::new(column, index))).unwrap().to_string()
    }

    /// Without drift a column is the files own and with it the engine sees as much as it may.
    #[test]
    fn unchanged_file_columns_passed_through() {
        let fields = || {
            vec![
                required("id", DataType::Utf8),
                nullable("size", DataType::Int64),
                nullable("refs", list(structure([nullable("x", DataType::Int64)]))),
            ]
        };
        let mut contract = Dataset::new("t", fields());
        contract.evolution.renames = [(Path::top("bytes"), "size".to_owned())].into();
        contract.evolution.casts = CastPolicy::Any;
        let contract = Arc::new(contract);
        for (column, expected) in [("id", "id@0"), ("size", "size@1"), ("refs", "refs@2")] {
            assert_eq!(rewritten(&contract, fields(), column), expected);
        }
        // Moved, renamed and nullable columns are plain columns still; what loses nothing is a cast that statistics are read through.
        let file = vec![nullable("bytes", DataType::Int32), nullable("id", DataType::Utf8)];
        assert_eq!(rewritten(&contract, file.clone(), "id"), "id@1");
        assert_eq!(rewritten(&contract, file, "size"), "CAST(bytes@0 AS Int64)");
        // The engine would compare the text with a text, and leave out a row group that has `07`.
        let file = vec![required("id", DataType::Utf8), nullable("size", DataType::Utf8)];
        assert_eq!(rewritten(&contract, file, "size"), "conform(size@1)");
        // An extra field is cast away, so that nobody decodes it.
        let wide = list(structure([nullable("x", DataType::Int64), nullable("y", DataType::Int64)]));
        let file = vec![required("id", DataType::Utf8), nullable("refs", wide)];
        let pruned = rewritten(&contract, file, "refs");
        assert!(pruned.starts_with("CAST(refs@1 AS List(") && !pruned.contains("\"y\""), "{pruned}");
    }
}
