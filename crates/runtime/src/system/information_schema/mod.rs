//! `information_schema`, with what the engine leaves out: keys, references, defaults, and ordinals from 1.
//!
//! The engine's own has seven tables, none of them about constraints; `column_default` is always NULL there, and `ordinal_position`
//! starts at 0. It is also wired in by name while `datafusion.catalog.information_schema` is on. So that setting is turned off, and
//! a schema of that name is registered: it hands on to the engine's, mends `columns`, and adds `table_constraints`,
//! `key_column_usage` and `referential_constraints`. `SHOW TABLES` and its kin are queries over these names, and keep working.

mod constraint;
mod default;
mod registered;
mod table;

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::catalog::information_schema::{
    INFORMATION_SCHEMA, INFORMATION_SCHEMA_TABLES, InformationSchemaProvider,
};
use datafusion::catalog::{CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::TableType;
use datafusion::prelude::SessionContext;

use super::catalogs::Registry;
use constraint::ConstraintTable;
use table::{EngineTable, KeyTable};

pub use default::sql as default_sql;

/// Puts `information_schema` into the session's default catalog.
///
/// A host's own schema of that name is left alone, and so is the engine's where the catalog takes no further schema: then keys are
/// not answered, and [`crate::verify`] says so.
pub(crate) fn provide(ctx: &SessionContext, registry: Arc<Registry>) {
    let (catalogs, home) = {
        let state = ctx.state_ref();
        let state = state.read();
        (Arc::clone(state.catalog_list()), state.config_options().catalog.default_catalog.clone())
    };
    let Some(catalog) = catalogs.catalog(&home) else { return };
    if catalog.schema(INFORMATION_SCHEMA).is_some_and(|schema| !schema.is::<InformationSchema>()) {
        return;
    }
    let schema = InformationSchema { scope: SchemaScope { catalogs: Arc::downgrade(&catalogs), home, registry } };
    let provided = catalog.register_schema(INFORMATION_SCHEMA, Arc::new(schema)).is_ok();
    ctx.state_ref().write().config_mut().options_mut().catalog.information_schema = !provided;
}

/// Where the schema stands, and what it answers from.
#[derive(Clone, Debug)]
struct SchemaScope {
    /// The session's catalogs. They hold this schema, so it does not hold them.
    catalogs: Weak<dyn CatalogProviderList>,
    /// The catalog that the schema is in.
    home: String,
    /// The contracts.
    registry: Arc<Registry>,
}

impl SchemaScope {
    fn catalogs(&self) -> Result<Arc<dyn CatalogProviderList>> {
        let Some(catalogs) = self.catalogs.upgrade() else {
            return internal_err!("the session of this information_schema is gone");
        };
        Ok(catalogs)
    }
}

/// The schema.
#[derive(Debug)]
struct InformationSchema {
    scope: SchemaScope,
}

#[async_trait]
impl SchemaProvider for InformationSchema {
    fn table_names(&self) -> Vec<String> {
        let own = ConstraintTable::ALL.iter().map(|table| table.name());
        INFORMATION_SCHEMA_TABLES.iter().copied().chain(own).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let name = name.to_ascii_lowercase();
        if let Some(table) = ConstraintTable::named(&name) {
            return Ok(Some(Arc::new(KeyTable::new(table, self.scope.clone()))));
        }
        let engine = InformationSchemaProvider::new(self.scope.catalogs()?);
        let Some(table) = engine.table(&name).await? else { return Ok(None) };
        Ok(Some(Arc::new(EngineTable::new(name, table.schema(), self.scope.clone()))))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        INFORMATION_SCHEMA_TABLES.contains(&name.as_str()) || ConstraintTable::named(&name).is_some()
    }
}
