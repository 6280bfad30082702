//! The relations that are registered right now, with what their contracts say of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cstspec_contract::{Catalog, Column, DefaultValue, Relation};
use datafusion::catalog::TableProvider;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::Result;

use super::{SchemaScope, default};
use crate::constraint::{Constraint, constraints};
use crate::observe::definition;
use crate::table::ContractTable;

/// A registered relation that keeps a contract.
#[derive(Debug)]
pub(super) struct Registered {
    /// The catalog that it is registered in.
    pub catalog: String,
    /// The schema that it is registered in.
    pub schema: String,
    /// The name that it is registered under.
    pub table: String,
    /// Its keys and references.
    pub constraints: Vec<Constraint>,
    /// Its declared defaults as SQL, by column.
    pub defaults: BTreeMap<String, String>,
}

/// Every registered relation that keeps a contract, by name. A relation of another table under a catalog's name keeps none.
pub(super) async fn registered(scope: &SchemaScope) -> Result<Vec<Registered>> {
    let list = scope.catalogs()?;
    let contracts = scope.registry.catalogs();
    let mut found = Vec::new();
    let mut names = list.catalog_names();
    names.sort();
    for catalog in names {
        let Some(provider) = list.catalog(&catalog) else { continue };
        let mut schemas = provider.schema_names();
        schemas.sort();
        for schema in schemas.into_iter().filter(|schema| schema != INFORMATION_SCHEMA) {
            let Some(provider) = provider.schema(&schema) else { continue };
            let mut tables = provider.table_names();
            tables.sort();
            for table in tables {
                let Some(provider) = provider.table(&table).await? else { continue };
                if let Some((constraints, defaults)) = contract(&contracts, &table, provider.as_ref()) {
                    let (catalog, schema) = (catalog.clone(), schema.clone());
                    found.push(Registered { catalog, schema, table, constraints, defaults });
                }
            }
        }
    }
    Ok(found)
}

/// The contract of a table: the one that a dataset's provider has, or that of the view with its definition.
fn contract(
    catalogs: &[Arc<Catalog>],
    table: &str,
    provider: &dyn TableProvider,
) -> Option<(Vec<Constraint>, BTreeMap<String, String>)> {
    if let Some(dataset) = provider.downcast_ref::<ContractTable>().map(ContractTable::contract) {
        let catalog = catalogs.iter().find(|catalog| catalog.dataset(&dataset.name) == Some(dataset))?;
        let defaults = defaults(&dataset.columns, &dataset.defaults);
        if table == dataset.name {
            return Some((constraints(catalog, Relation::Dataset(dataset)), defaults));
        }
        let mut renamed = dataset.clone();
        table.clone_into(&mut renamed.name);
        return Some((constraints(catalog, Relation::Dataset(&renamed)), defaults));
    }
    let written = provider.get_table_definition()?;
    catalogs.iter().find_map(|catalog| {
        let view = catalog.view(table).filter(|view| definition::same_view(written, view))?;
        Some((constraints(catalog, Relation::View(view)), BTreeMap::new()))
    })
}

/// The defaults of whole columns.
fn defaults(columns: &[Column], declared: &[DefaultValue]) -> BTreeMap<String, String> {
    let of_column = |column: &Column| {
        let default = declared.iter().find(|default| default.path.only() == Some(column.name()))?;
        Some((column.name().to_owned(), default::sql(&default.value, column.field.data_type())))
    };
    columns.iter().filter_map(of_column).collect()
}
