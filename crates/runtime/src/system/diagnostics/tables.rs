//! The `diagnostics` schema of a session: what it knows of itself, in plain SQL, as of now.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{SchemaProvider, Session, TableProvider};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use super::rows;

/// The name of the schema, beside `public`.
const SCHEMA: &str = "diagnostics";

/// Puts the schema into the session's default catalog; done twice, it stays.
pub(crate) fn register(ctx: &SessionContext) -> Result<()> {
    let name = ctx.state().config().options().catalog.default_catalog.clone();
    let catalog = ctx.catalog(&name).ok_or_else(|| internal_datafusion_err!("there is no catalog `{name}`"))?;
    catalog.register_schema(SCHEMA, Arc::new(Diagnostics))?;
    Ok(())
}

/// A value of a diagnostics table.
pub(super) enum Cell {
    Text(Option<String>),
    Number(Option<u64>),
    Flag(bool),
    /// Milliseconds since 1970-01-01 UTC.
    Time(u64),
}

impl Cell {
    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { text.as_deref() } else { None }
    }

    fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { *number } else { None }
    }

    fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    fn time(&self) -> Option<i64> {
        if let Self::Time(time) = self { i64::try_from(*time).ok() } else { None }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(value: T) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

/// The type of a column.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Time,
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Number => DataType::UInt64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }

    /// The cells of one column; a cell of another type is none of its values.
    fn array<'a>(self, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
        match self {
            Self::Text => Arc::new(cells.map(Cell::text).collect::<StringArray>()),
            Self::Number => Arc::new(cells.map(Cell::number).collect::<UInt64Array>()),
            Self::Flag => Arc::new(cells.map(Cell::flag).collect::<BooleanArray>()),
            Self::Time => Arc::new(cells.map(Cell::time).collect::<TimestampMillisecondArray>().with_timezone("UTC")),
        }
    }
}

/// A table: its name, its columns, and how its rows are made.
pub(super) struct Definition {
    pub name: &'static str,
    /// Name, type and meaning of each column. The meaning is the field's metadata `doc`.
    pub columns: &'static [(&'static str, Kind, &'static str)],
    pub rows: fn(&dyn Session) -> Vec<Vec<Cell>>,
}

/// The schema.
#[derive(Debug)]
struct Diagnostics;

#[async_trait]
impl SchemaProvider for Diagnostics {
    fn table_names(&self) -> Vec<String> {
        rows::TABLES.iter().map(|table| table.name.to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let table = rows::TABLES.iter().find(|table| table.name == name);
        Ok(table.map(|definition| Arc::new(Table { definition }) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        rows::TABLES.iter().any(|table| table.name == name)
    }
}

/// One table. Its rows are made when it is scanned.
struct Table {
    definition: &'static Definition,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEMA}.{}", self.definition.name)
    }
}

impl Table {
    fn batch(&self, rows: &[Vec<Cell>]) -> Result<RecordBatch> {
        let columns = self.definition.columns.iter().enumerate();
        let arrays = columns.map(|(index, (_, kind, _))| kind.array(rows.iter().map(|row| &row[index]))).collect();
        Ok(RecordBatch::try_new(self.schema(), arrays)?)
    }
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        let fields = self.definition.columns.iter().map(|(name, kind, doc)| {
            let documented = [("doc".to_owned(), (*doc).to_owned())].into();
            Field::new(*name, kind.data_type(), true).with_metadata(documented)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let batch = self.batch(&(self.definition.rows)(state))?;
        let plan = MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema(), projection.cloned())?;
        Ok(plan)
    }
}
