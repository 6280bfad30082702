//! `CREATE EXTERNAL TABLE ... STORED AS CSTSPEC`: a table that keeps the contract of a dataset.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cstspec_contract::definition::{DATASET_OPTION, FORMAT, VERSION_OPTION};
use cstspec_contract::sql::ident;
use cstspec_contract::text::quoted_list;
use cstspec_contract::{Catalog, Dataset};
use datafusion::catalog::{Session, TableProvider, TableProviderFactory};
use datafusion::common::{DataFusionError, Result, TableReference};
use datafusion::logical_expr::{CreateExternalTable, Expr, SortExpr};

use crate::Location;
use crate::system::catalogs::Registry;
use crate::table::{ContractTable, Source};

/// Why a statement does not mount a dataset, one variant per mistake.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// No catalog of the session has a dataset of the name.
    #[error(
        "no dataset `{name}`: the session's catalogs have {known}; name one of them with OPTIONS ({DATASET_OPTION} '...')"
    )]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The contract has another version than the statement was made with.
    #[error(
        "`{dataset}` is at version {known} of its contract, the statement was made with `{asked}`; take {VERSION_OPTION} out \
         of it, or the statement anew from SHOW CREATE TABLE"
    )]
    OtherVersion {
        /// The dataset.
        dataset: String,
        /// The version asked for.
        asked: String,
        /// The version there is.
        known: u32,
    },
    /// An option that has no meaning here.
    #[error("unknown option `{name}`; STORED AS {FORMAT} knows {known}")]
    UnknownOption {
        /// The option.
        name: String,
        /// The options there are.
        known: String,
    },
    /// Columns, constraints or defaults in the statement.
    #[error("the columns of `{dataset}` are its contract's; leave the list of columns out of the statement")]
    Columns {
        /// The dataset.
        dataset: String,
    },
    /// Partitions that are not the contract's.
    #[error("PARTITIONED BY ({asked}) is not what the contract of `{dataset}` says, {known}; leave it out")]
    Partitions {
        /// The dataset.
        dataset: String,
        /// The partitions asked for.
        asked: String,
        /// The contract's.
        known: String,
    },
    /// An order that is not the contract's.
    #[error("WITH ORDER ({asked}) is not what the contract of `{dataset}` says, {known}; leave it out")]
    Order {
        /// The dataset.
        dataset: String,
        /// The order asked for.
        asked: String,
        /// The contract's.
        known: String,
    },
    /// More than one location.
    #[error("`{dataset}` has one location, not {count}; put the files below one folder")]
    Locations {
        /// The dataset.
        dataset: String,
        /// How many locations were given.
        count: usize,
    },
    /// An unbounded table.
    #[error("`{dataset}` is a table of files, which end; leave UNBOUNDED out")]
    Unbounded {
        /// The dataset.
        dataset: String,
    },
}

impl From<MountError> for DataFusionError {
    fn from(error: MountError) -> Self {
        Self::External(Box::new(error))
    }
}

/// Makes tables that keep the contracts of a session's catalogs.
#[derive(Debug)]
pub(crate) struct ContractFactory {
    registry: Arc<Registry>,
}

impl ContractFactory {
    /// A factory for the catalogs that `registry` has when a statement is executed.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }
}

#[async_trait]
impl TableProviderFactory for ContractFactory {
    async fn create(&self, state: &dyn Session, cmd: &CreateExternalTable) -> Result<Arc<dyn TableProvider>> {
        let mut options = cmd.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let dataset = dataset(&self.registry.catalogs(), cmd.name.table(), &mut options)?;
        if let Some(name) = options.keys().next() {
            let known = quoted_list([DATASET_OPTION, VERSION_OPTION].into_iter());
            return Err(MountError::UnknownOption { name: (*name).to_owned(), known }.into());
        }
        agrees(&dataset, cmd)?;
        let location = match cmd.locations.as_slice() {
            [location] if location.is_empty() => None,
            [location] => Some(Location::parse(location)?),
            several => {
                return Err(MountError::Locations { dataset: dataset.name, count: several.len() }.into());
            }
        };
        let source = Source::open(state.runtime_env(), &dataset, location.as_ref())?;
        let name = spelled(&cmd.name);
        Ok(Arc::new(ContractTable::new(&name, dataset, source).trusted(state.config_options())))
    }
}

/// A table's name as SQL spells it.
fn spelled(name: &TableReference) -> String {
    let parts = [name.catalog(), name.schema(), Some(name.table())];
    parts.into_iter().flatten().map(ident).collect::<Vec<_>>().join(".")
}

/// The dataset that a statement names, taken out of its options together with the version.
fn dataset(
    catalogs: &[Arc<Catalog>],
    table: &str,
    options: &mut BTreeMap<&str, &str>,
) -> std::result::Result<Dataset, MountError> {
    let name = options.remove(DATASET_OPTION).unwrap_or(table);
    let Some(dataset) = catalogs.iter().find_map(|catalog| catalog.dataset(name)) else {
        let known = catalogs.iter().flat_map(|catalog| &catalog.datasets).map(|dataset| dataset.name.as_str());
        return Err(MountError::UnknownDataset { name: name.to_owned(), known: quoted_list(known) });
    };
    match options.remove(VERSION_OPTION) {
        Some(asked) if asked != dataset.version.to_string() => Err(MountError::OtherVersion {
            dataset: dataset.name.clone(),
            asked: asked.to_owned(),
            known: dataset.version,
        }),
        _ => Ok(dataset.clone()),
    }
}

/// Whether what the statement says beside the dataset's name is what the contract says.
fn agrees(dataset: &Dataset, cmd: &CreateExternalTable) -> std::result::Result<(), MountError> {
    let name = || dataset.name.clone();
    let columns = !cmd.schema.fields().is_empty() || !cmd.column_defaults.is_empty();
    if columns || cmd.constraints.iter().next().is_some() {
        return Err(MountError::Columns { dataset: name() });
    }
    if cmd.unbounded {
        return Err(MountError::Unbounded { dataset: name() });
    }
    if !cmd.table_partition_cols.is_empty() && cmd.table_partition_cols != dataset.partitions {
        let asked = cmd.table_partition_cols.join(", ");
        return Err(MountError::Partitions { dataset: name(), asked, known: or_none(&dataset.partitions) });
    }
    let declared: Vec<String> =
        dataset.ordering.keys.iter().map(|key| direction(&key.column, key.descending, key.descending)).collect();
    for order in &cmd.order_exprs {
        let asked: Vec<String> = order.iter().map(sort_key).collect();
        if asked != declared {
            return Err(MountError::Order { dataset: name(), asked: asked.join(", "), known: or_none(&declared) });
        }
    }
    Ok(())
}

fn sort_key(sort: &SortExpr) -> String {
    let column = match &sort.expr {
        Expr::Column(column) => column.name.clone(),
        other => other.to_string(),
    };
    direction(&column, !sort.asc, sort.nulls_first)
}

/// A sort key as a person reads it. Where NULLs stand is said where it is not the engine's own default.
fn direction(column: &str, descending: bool, nulls_first: bool) -> String {
    let nulls = match (descending, nulls_first) {
        (false, true) => " NULLS FIRST",
        (true, false) => " NULLS LAST",
        _ => "",
    };
    format!("{column} {}{nulls}", if descending { "DESC" } else { "ASC" })
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { format!("({})", words.join(", ")) }
}
