//! The engine's traps around settings and functions. As in `traps`, a test that fails here says that one is gone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::datatypes::DataType;
use cstspec_contract::types::{list, map};
use datafusion::common::ScalarValue;
use datafusion::common::config::ConfigOptions;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use tempfile::TempDir;

use crate::world::{ROWS, batch, run, schema, text, write};

/// The engine turns only top level strings into views.
#[test]
fn string_views_top_level_only() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("files.parquet");
        write(&path, &batch(&schema(), ROWS));
        let ctx = SessionContext::new();
        ctx.register_parquet("t", path.display().to_string(), ParquetReadOptions::default()).await.unwrap();
        let found = ctx.table_provider("t").await.unwrap().schema();
        assert_eq!(found.field_with_name("path").unwrap().data_type(), &DataType::Utf8View);
        let nested = found.field_with_name("refs").unwrap().data_type().to_string();
        assert!(nested.contains("Utf8") && !nested.contains("Utf8View"), "the trap is gone: {nested}");
    });
}

/// A catalog location that is no URL makes the engine panic.
#[test]
fn catalog_location_panics() {
    let config = SessionConfig::new()
        .set_str("datafusion.catalog.location", "tables/")
        .set_str("datafusion.catalog.format", "PARQUET");
    let made = catch_unwind(AssertUnwindSafe(|| SessionContext::new_with_config(config)));
    assert!(made.is_err(), "the trap is gone: `autoload` need not look at locations before the engine does");
}

/// Sizes are reported in whole units.
#[test]
fn sizes_in_whole_units() {
    run(async {
        let ctx = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
        ctx.sql("SET datafusion.runtime.memory_limit = '1536M'").await.unwrap();
        let reported = text(
            &ctx,
            "SELECT value FROM information_schema.df_settings WHERE name = 'datafusion.runtime.memory_limit'",
        )
        .await;
        assert!(reported.contains("| 1G "), "the trap is gone: values may be compared as they are pinned: {reported}");
    });
}

/// A configuration alone knows no setting of the runtime.
#[test]
fn config_without_runtime_settings() {
    let entries = ConfigOptions::new().entries();
    let known = entries.iter().any(|entry| entry.key.starts_with("datafusion.runtime."));
    assert!(!known, "the trap is gone: settings of the runtime can be set like all others");
}

/// There is no default value of a map.
#[test]
fn map_default_missing() {
    let default = |data_type: DataType| catch_unwind(|| ScalarValue::new_default(&data_type));
    assert!(matches!(default(list(DataType::Int64)), Ok(Ok(_))));
    let made = default(map(DataType::Utf8, DataType::Int64));
    assert!(made.is_err(), "the trap is gone: sample values need no map of their own");
}

/// Information schema says nothing of most functions that matter.
#[test]
fn routines_incomplete() {
    run(async {
        let ctx = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
        for name in
            ["arrow_cast", "arrow_metadata", "arrow_typeof", "concat_ws", "get_field", "map_extract", "named_struct"]
        {
            let query =
                format!("SELECT count(*) AS n FROM information_schema.parameters WHERE specific_name = '{name}'");
            let counted = text(&ctx, &query).await;
            assert!(counted.contains("| 0 |"), "`{name}` is listed now, and its listing can be checked: {counted}");
        }
        let routines =
            text(&ctx, "SELECT count(*) AS n FROM information_schema.routines WHERE routine_name = 'unnest'");
        assert!(routines.await.contains("| 0 |"), "`unnest` is a function now");
    });
}

/// A state made from another with a configuration empties the catalog of both.
#[test]
fn state_with_config_empties_catalog() {
    run(async {
        let ctx = SessionContext::new();
        let table = EmptyTable::new(schema());
        ctx.register_table("t", Arc::new(table)).unwrap();
        let state = ctx.state();
        let config = state.config().clone();
        SessionStateBuilder::new_from_existing(state).with_config(config).build();
        assert!(!ctx.table_exist("t").unwrap(), "the trap is gone: `create_default_catalog_and_schema` may stay on");
    });
}
