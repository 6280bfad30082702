//! How the engine reads a file as the contract says: an expression of the engine around [`crate::conform`].

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use cstspec_contract::{Dataset, Evolution, ExtraPolicy, MissingPolicy, Path};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};

use crate::conform::{self, ConformError, Step};

/// Makes the adapter of each file of a dataset.
#[derive(Debug)]
pub(crate) struct ContractAdapterFactory {
    dataset: String,
    evolution: Arc<Evolution>,
    /// Columns that folder names carry. A file that stores them too has nothing extra.
    partitions: Vec<String>,
}

impl ContractAdapterFactory {
    pub fn new(contract: &Dataset, partitions: &[FieldRef]) -> Self {
        Self {
            dataset: contract.name.clone(),
            evolution: Arc::new(contract.evolution.clone()),
            partitions: partitions.iter().map(|field| field.name().clone()).collect(),
        }
    }
}

impl PhysicalExprAdapterFactory for ContractAdapterFactory {
    fn create(&self, logical: SchemaRef, physical: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        if self.evolution.extra == ExtraPolicy::Error {
            let known = |name: &String| logical.index_of(name).is_ok() || self.partitions.contains(name);
            if let Some(extra) = physical.fields().iter().find(|field| !known(field.name())) {
                return Err(external(ConformError::Extra { path: Path::new(extra.name().as_str()) }));
            }
        }
        let (dataset, evolution) = (self.dataset.clone(), Arc::clone(&self.evolution));
        Ok(Arc::new(ContractAdapter { dataset, evolution, logical, physical }))
    }
}

/// Rewrites expressions over the contract's columns to expressions over one file's.
#[derive(Debug)]
struct ContractAdapter {
    dataset: String,
    evolution: Arc<Evolution>,
    logical: SchemaRef,
    physical: SchemaRef,
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
    /// What a column of the contract is in this file: the plain column wherever the types are the same.
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let name = column.name();
        let stored = self.physical.index_of(name).ok();
        let Ok(declared) = self.logical.field_with_name(name) else {
            let Some(index) = stored else {
                return internal_err!("`{name}` is neither a column of `{}` nor of the file", self.dataset);
            };
            return Ok(Arc::new(Column::new(name, index)));
        };
        let Some(index) = stored else {
            if !declared.is_nullable() || self.evolution.missing == MissingPolicy::Error {
                return Err(external(ConformError::Missing { path: Path::new(name) }));
            }
            let null = ScalarValue::try_new_null(declared.data_type())?;
            return Ok(Arc::new(Literal::new_with_metadata(null, Some(FieldMetadata::from(declared)))));
        };
        let mut found = Arc::clone(&self.physical.fields()[index]);
        let path = Path::new(name);
        let plan = |found: &FieldRef| conform::plan_field(found, declared, &self.evolution, &path).map_err(external);
        let mut column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, index));
        let mut step = plan(&found)?;
        if let Some(less) = conform::without_extras(found.data_type(), declared.data_type()) {
            found = Arc::new(found.as_ref().clone().with_data_type(less));
            column = Arc::new(CastExpr::new_with_target_field(column, Arc::clone(&found), None));
            step = plan(&found)?;
        }
        let declared: FieldRef = Arc::new(declared.clone());
        Ok(match step {
            Step::Keep => column,
            // The engine sees through its own casts when it prunes row groups.
            Step::Cast { .. } if !declared.data_type().is_nested() => {
                Arc::new(CastExpr::new_with_target_field(column, declared, None))
            }
            step => Arc::new(ConformExpr { column, found, declared, step: Arc::new(step) }),
        })
    }
}

fn external(error: ConformError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A column of a file, read as the contract declares it.
#[derive(Debug)]
struct ConformExpr {
    column: Arc<dyn PhysicalExpr>,
    found: FieldRef,
    declared: FieldRef,
    step: Arc<Step>,
}

impl PartialEq for ConformExpr {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.found == other.found && self.declared == other.declared
    }
}

impl Eq for ConformExpr {}

impl Hash for ConformExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.found.hash(state);
        self.declared.hash(state);
    }
}

impl fmt::Display for ConformExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conform({})", self.column)
    }
}

impl PhysicalExpr for ConformExpr {
    fn data_type(&self, _input: &Schema) -> Result<DataType> {
        Ok(self.declared.data_type().clone())
    }

    fn nullable(&self, _input: &Schema) -> Result<bool> {
        Ok(self.declared.is_nullable())
    }

    fn return_field(&self, _input: &Schema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.declared))
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
        let (found, declared) = (Arc::clone(&self.found), Arc::clone(&self.declared));
        Ok(Arc::new(Self { column, found, declared, step: Arc::clone(&self.step) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
