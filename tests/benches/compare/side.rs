//! Who answers a query: sides that are compared.

use std::path::{Path, PathBuf};

use cstspec_contract::{Catalog, Column, ColumnSource, View, ViewBody};
use cstspec_runtime::{Location, Locations, Options, functions, register, session};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

pub const DATASET: &str = "libcst_files_v1";

/// One of those that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The catalog as it is registered, with narrowed scans.
    Ours,
    /// The same with `cstspec.narrow_scans` off.
    Wide,
    /// DataFusion's own Parquet table with the same schema, settings, views and id functions.
    Plain,
    /// `DuckDB` over the same files, with the same views; ids are made from other digests.
    Duckdb,
    /// DataFusion over one file for each row view, that holds its columns already flattened.
    Floor,
}

impl Side {
    pub const ALL: [Self; 5] = [Self::Ours, Self::Wide, Self::Plain, Self::Duckdb, Self::Floor];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Wide => "wide",
            Self::Plain => "plain",
            Self::Duckdb => "duckdb",
            Self::Floor => "floor",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }

    /// A session in which the queries of the suite can be asked.
    pub async fn open(self, catalog: &Catalog, data: &Data, threads: usize) -> SessionContext {
        match self {
            Self::Ours => ours(catalog, &data.nested, threads).await,
            Self::Wide => {
                let ctx = ours(catalog, &data.nested, threads).await;
                ctx.sql("SET cstspec.narrow_scans = false").await.expect("the setting is known");
                ctx
            }
            Self::Plain => plain(catalog, &data.nested, threads).await,
            Self::Floor => floor(catalog, &data.flat, threads).await,
            Self::Duckdb => unreachable!("DuckDB is another program"),
        }
    }
}

/// Where the tables are.
#[derive(Clone, Debug)]
pub struct Data {
    /// A folder of files of the dataset.
    pub nested: PathBuf,
    /// A folder with one file for each row view.
    pub flat: PathBuf,
}

async fn ours(catalog: &Catalog, folder: &Path, threads: usize) -> SessionContext {
    let options = Options { target_partitions: Some(threads), ..Options::default() };
    let ctx = session(catalog, &options).expect("the catalog has a session");
    let locations = Locations::from([(DATASET.to_owned(), Location::Url(folder.display().to_string()))]);
    let registered = register(&ctx, catalog, &locations).await.expect("the files can be read");
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    ctx
}

/// The session of a person who writes the views by hand and registers the folder: it has only the id functions of this project.
pub async fn plain(catalog: &Catalog, folder: &Path, threads: usize) -> SessionContext {
    let ctx = bare(catalog, threads);
    let schema = catalog.dataset(DATASET).expect("the catalog has the dataset").schema();
    let options = ParquetReadOptions::default().schema(&schema);
    ctx.register_parquet(DATASET, folder.display().to_string(), options).await.expect("the files can be read");
    for view in &catalog.views {
        create_view(&ctx, &view.name, &view.sql).await;
    }
    ctx
}

/// The row views stand over flat files, and only what is computed in them is left to do; all other views are as they are.
async fn floor(catalog: &Catalog, folder: &Path, threads: usize) -> SessionContext {
    let ctx = bare(catalog, threads);
    for view in &catalog.views {
        if stored(view).is_none() {
            // The one that looks at the dataset itself has no floor.
            if !view.depends_on.iter().any(|relation| relation == DATASET) {
                create_view(&ctx, &view.name, &view.sql).await;
            }
            continue;
        }
        let file = folder.join(format!("{}.parquet", view.name)).display().to_string();
        let flat = format!("flat_{}", view.name);
        ctx.register_parquet(&flat, file, ParquetReadOptions::default()).await.expect("the file can be read");
        let ViewBody::Rows { sources, .. } = &view.body else { unreachable!("it has stored columns") };
        let columns = view.columns.iter().zip(sources).map(|(column, source)| match source {
            ColumnSource::Expr(expr) => format!("{expr} AS {}", column.name()),
            _ => column.name().to_owned(),
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        create_view(&ctx, &view.name, &format!("SELECT {columns} FROM {flat}")).await;
    }
    ctx
}

/// The columns of a row view over the dataset that are not computed; `None` for another view.
pub fn stored(view: &View) -> Option<Vec<&Column>> {
    let ViewBody::Rows { of, sources, .. } = &view.body else { return None };
    let columns = view.columns.iter().zip(sources);
    let stored = columns.filter(|(_, source)| !matches!(source, ColumnSource::Expr(_))).map(|(column, _)| column);
    (of == DATASET).then(|| stored.collect())
}

/// A session of the engine with the settings that the catalog pins, and the id functions.
fn bare(catalog: &Catalog, threads: usize) -> SessionContext {
    let preset = catalog.session(&catalog.session).expect("the catalog has its session");
    let mut config = SessionConfig::new().with_target_partitions(threads);
    for (name, setting) in &preset.settings {
        config.options_mut().set(name, &setting.value).expect("the engine knows what the catalog pins");
    }
    let ctx = SessionContext::new_with_config(config);
    functions::register(&ctx);
    ctx
}

async fn create_view(ctx: &SessionContext, name: &str, sql: &str) {
    let planned = ctx.sql(&format!("CREATE VIEW {name} AS {sql}")).await;
    planned.expect("the engine plans what the catalog says").collect().await.expect("the name is free");
}
