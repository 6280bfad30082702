//! The one provider of every dataset.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use cstspec_contract::{Dataset, definition};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{Constraint, Constraints, Result, ScalarValue, not_impl_err};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::files::listing::Listing;
use crate::files::location_files::LocationFiles;
use crate::files::snapshot::Snapshot;
use crate::files::table_files::TableFiles;
use crate::scan::pruning::ElementFilter;
use crate::scan::scan_log::{Listed, ScanLog};
use crate::scan::{provider_exec, request};
use crate::{Config, DeltaVersion, Location, RuntimeError};

/// A dataset as the engine sees it: the contract's schema, whatever is behind it.
///
/// Its schema is exactly the contract's, in the contract's order, types, nullability and metadata, for a file, a folder, a Hive
/// layout and no location at all; inside one query, what the query asks for of it (`docs/narrowing.md`). It has no [`constraints`](TableProvider::constraints) unless `cstspec.trust_keys` is on, on
/// purpose: the engine trusts them unproven, and a primary key makes `SELECT DISTINCT` over an unnested view wrong. It hands the
/// engine neither a sort order nor statistics of files, which it would believe too.
#[derive(Clone, Debug)]
pub struct ContractTable {
    contract: Arc<Dataset>,
    schema: SchemaRef,
    /// The value of an INSERT for an omitted column, by column.
    defaults: BTreeMap<String, Expr>,
    /// The statement that recreates it; none can name a provider of the host's.
    definition: Option<String>,
    /// The keys that the engine may trust.
    keys: Option<Constraints>,
    /// Predicates of every wanted row, on fields that the engine does not push predicates down to.
    elements: Arc<[ElementFilter]>,
    source: Arc<Source>,
}

/// The source of a dataset.
#[derive(Debug)]
pub enum Source {
    /// Nothing: no location was given.
    Empty,
    /// Parquet files, listed anew for each scan unless the contract says how long a listing may be reused, since they may come and go
    /// while a session is open; or those of one version of a Delta table.
    Files(Box<LocationFiles>),
    /// A provider of the host's.
    Table(Arc<dyn TableProvider>),
}

impl Source {
    /// The source of `dataset` at `location`.
    ///
    /// # Errors
    ///
    /// A location that is none, or in a store that nobody registered. Its files are examined when they are read.
    pub fn open(runtime: &RuntimeEnv, dataset: &Dataset, location: Option<&Location>) -> Result<Self, RuntimeError> {
        let files = |url: &str, at: Option<DeltaVersion>, clone_of: &[String]| {
            let listing = Listing::open(&dataset.name, url)?.cloned_from(clone_of)?;
            listing.store(runtime)?;
            Ok(Self::Files(Box::new(LocationFiles::new(listing, at))))
        };
        match location {
            None => Ok(Self::Empty),
            Some(Location::Url(url)) => files(url, None, &[]),
            Some(Location::Delta { url, at, clone_of }) => files(url, Some(*at), clone_of),
            Some(Location::Table(table)) => Ok(Self::Table(Arc::clone(table))),
        }
    }

    fn location(&self) -> Option<&str> {
        match self {
            Self::Empty | Self::Table(_) => None,
            Self::Files(located) => Some(located.display()),
        }
    }
}

impl ContractTable {
    /// The table `name`, which SQL spells so, of `contract`.
    pub fn new(name: &str, contract: Dataset, source: Source) -> Self {
        let definition = match &source {
            Source::Table(_) => None,
            source => {
                let location = source.location().unwrap_or_default();
                Some(definition::external_table(&contract, name, location, &[]))
            }
        };
        let defaults = defaults(&contract);
        Self {
            schema: contract.schema(),
            contract: Arc::new(contract),
            definition,
            defaults,
            keys: None,
            elements: Arc::default(),
            source: Arc::new(source),
        }
    }

    /// The table as it is in a session with these settings: with `cstspec.trust_keys` it tells the engine its keys over columns that
    /// are never NULL. Over others the engine's own use of them is wrong.
    #[must_use]
    pub fn trusted(mut self, settings: &ConfigOptions) -> Self {
        if settings.extensions.get::<Config>().is_some_and(|config| config.trust_keys) {
            let indices = |columns: &[String]| -> Option<Vec<usize>> {
                columns
                    .iter()
                    .map(|column| {
                        self.schema.index_of(column).ok().filter(|index| !self.schema.field(*index).is_nullable())
                    })
                    .collect()
            };
            let declared = &self.contract.constraints;
            let primary = indices(&declared.primary_key).filter(|key| !key.is_empty()).map(Constraint::PrimaryKey);
            let unique = declared.unique.iter().filter_map(|key| indices(key)).map(Constraint::Unique);
            self.keys = Some(Constraints::new_unverified(primary.into_iter().chain(unique).collect()));
        }
        self
    }

    /// The table whose nested columns have these types: the contract's, or the same without some fields of their structs. Omitted fields
    /// are not read.
    #[must_use]
    pub fn narrowed(&self, schema: SchemaRef) -> Self {
        Self { schema, ..self.clone() }
    }

    /// The table whose scans leave out row groups that have no row which meets all of `elements`. Whoever asks for that filters again.
    #[must_use]
    pub fn with_elements(&self, elements: Vec<ElementFilter>) -> Self {
        Self { elements: elements.into(), ..self.clone() }
    }

    /// The predicates by which scans prune row groups.
    pub fn elements(&self) -> &[ElementFilter] {
        &self.elements
    }

    /// The contract that it keeps.
    pub fn contract(&self) -> &Dataset {
        &self.contract
    }

    /// Where its files are, as it was given; `None` without a location.
    pub fn location(&self) -> Option<&str> {
        self.source.location()
    }

    /// The current files of the dataset.
    ///
    /// # Errors
    ///
    /// Errors of the location as a whole. Errors of one file are among the inventory's refused.
    pub async fn list_files(&self, runtime: &RuntimeEnv) -> Result<TableFiles, RuntimeError> {
        match self.source.as_ref() {
            Source::Empty => Ok(TableFiles::default()),
            Source::Files(located) => located.list_files(&self.contract, runtime).await,
            Source::Table(table) => Ok(TableFiles::provided(Arc::clone(table))),
        }
    }

    /// The files that a scan in this session reads: all there are, now or a little while ago if the contract allows that, unless the
    /// session has a snapshot of those that can be read.
    ///
    /// # Errors
    ///
    /// Why a file or the location cannot be read. Without a snapshot nothing is left out in silence.
    pub async fn readable(&self, state: &dyn Session) -> Result<Arc<TableFiles>, RuntimeError> {
        if let Some(snapshot) = state.config().get_extension::<Snapshot>()
            && let Some(table_files) = snapshot.get(&self.contract.name)?
        {
            return Ok(table_files);
        }
        let located = match self.source.as_ref() {
            Source::Files(located) => located,
            Source::Empty | Source::Table(_) => return Ok(Arc::new(self.list_files(state.runtime_env()).await?)),
        };
        let table_files = located.readable(&self.contract, state.runtime_env()).await?;
        if let (Some(store), false) = (&table_files.store, table_files.ignored_files.is_empty()) {
            ScanLog::of(state.config()).record_ignored(Listed {
                contract: Arc::clone(&self.contract),
                store: store.clone(),
                ignored_files: Arc::clone(&table_files.ignored_files),
            });
        }
        Ok(table_files)
    }

    /// A plan that reads every column of the files of `table_files`, and no others.
    pub fn plan(&self, state: &dyn Session, table_files: &TableFiles) -> Result<Arc<dyn ExecutionPlan>> {
        let request = request::Request { projection: None, filters: &[], elements: &[], limit: None };
        request::scan(state, &self.contract, &self.schema, table_files, &request)
    }
}

#[async_trait]
impl TableProvider for ContractTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.keys.as_ref()
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.defaults.get(column)
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        not_impl_err!("`{}` cannot be written to: cstspec reads data and never writes any", self.contract.name)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Files are left out by partition values and row groups by their statistics, but the engine filters again.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (projection, elements) = (projection.map(Vec::as_slice), self.elements());
        let request = request::Request { projection, filters, elements, limit };
        let table_files = self.readable(state).await?;
        plan(state, &self.contract, &self.schema, &table_files, &request).await
    }
}

/// A plan that reads what is behind a dataset: files, or a provider of the host's. `schema` is the contract's, or the same columns without some
/// of the fields that their structs are declared with.
///
/// # Errors
///
/// Errors of planning either.
pub async fn plan(
    state: &dyn Session,
    contract: &Arc<Dataset>,
    schema: &SchemaRef,
    table_files: &TableFiles,
    request: &request::Request<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    match &table_files.provided {
        Some(provided) => provider_exec::scan(state, contract, schema, provided, request).await,
        None => request::scan(state, contract, schema, table_files, request),
    }
}

/// The defaults of top-level columns. One that is no value of its column is left out: a file that needs it is refused.
fn defaults(contract: &Dataset) -> BTreeMap<String, Expr> {
    let of_columns = contract.columns.iter().filter_map(|column| {
        let default = contract.defaults.iter().find(|default| default.path.only() == Some(column.name()))?;
        let value = cstspec_conform::constant(&default.value, column.field.data_type()).ok()?;
        let value = ScalarValue::try_from_array(value.array(), 0).ok()?;
        Some((column.name().to_owned(), Expr::Literal(value, None)))
    });
    of_columns.collect()
}
