//! What `cstspec_spec` knows of the engine's settings, against the engine.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use cstspec_spec::engine;
use datafusion::prelude::{SessionConfig, SessionContext};

/// `df_settings` of a session without any setting of ours, save the one that shows it.
async fn engine_settings() -> BTreeMap<String, Option<String>> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_information_schema(true));
    let frame = context.sql("SELECT name, value FROM information_schema.df_settings").await.unwrap();
    let mut settings = BTreeMap::new();
    for batch in frame.collect().await.unwrap() {
        let names = batch.column(0).as_string::<i32>().iter();
        let values = batch.column(1).as_string::<i32>().iter();
        for (name, value) in names.zip(values) {
            settings.insert(name.unwrap().to_owned(), value.map(str::to_owned));
        }
    }
    settings.insert("datafusion.catalog.information_schema".to_owned(), Some("false".to_owned()));
    settings
}

#[tokio::test]
async fn settings_and_defaults_are_the_engines() {
    assert_eq!(engine::VERSION, datafusion::DATAFUSION_VERSION);
    let theirs = engine_settings().await;
    let ours: BTreeMap<String, Option<String>> = engine::settings()
        .iter()
        .map(|setting| (setting.name.to_owned(), setting.default.map(str::to_owned)))
        .collect();
    let mut wrong = Vec::new();
    for (name, default) in &theirs {
        match engine::setting(name) {
            None => wrong.push(format!("missing: {name}\t{}", default.as_deref().unwrap_or("-"))),
            Some(setting) if setting.machine_dependent => {}
            Some(setting) if setting.default != default.as_deref() => {
                wrong.push(format!("differs: {name}\t{}", default.as_deref().unwrap_or("-")));
            }
            Some(_) => {}
        }
    }
    wrong.extend(
        ours.keys().filter(|name| !theirs.contains_key(*name)).map(|name| format!("unknown to the engine: {name}")),
    );
    assert!(wrong.is_empty(), "datafusion-{}.settings.tsv:\n{}", engine::VERSION, wrong.join("\n"));
    assert_eq!(engine::setting("datafusion.no_such_setting"), None);
}

/// What becomes of each setting of Parquet when a dataset is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// It counts, and changes no row: how much is read, and in which order filters are tried.
    Effort,
    /// It is about types that the engine infers. Datasets infer none, so it counts for other tables of the session alone.
    Inferred,
    /// It would change what values are or which files are read, and a contract says that: `check` refuses it.
    Refused,
    /// It is about files that are written.
    Writing,
}

const READING: [(&str, Reading); 39] = [
    ("allow_single_file_parallelism", Reading::Writing),
    ("binary_as_string", Reading::Refused),
    ("bloom_filter_fpp", Reading::Writing),
    ("bloom_filter_ndv", Reading::Writing),
    ("bloom_filter_on_read", Reading::Effort),
    ("bloom_filter_on_write", Reading::Writing),
    ("coerce_int96", Reading::Refused),
    ("coerce_int96_tz", Reading::Refused),
    ("column_index_truncate_length", Reading::Writing),
    ("compression", Reading::Writing),
    ("content_defined_chunking.enabled", Reading::Writing),
    ("content_defined_chunking.max_chunk_size", Reading::Writing),
    ("content_defined_chunking.min_chunk_size", Reading::Writing),
    ("content_defined_chunking.norm_level", Reading::Writing),
    ("created_by", Reading::Writing),
    ("data_page_row_count_limit", Reading::Writing),
    ("data_pagesize_limit", Reading::Writing),
    ("dictionary_enabled", Reading::Writing),
    ("dictionary_page_size_limit", Reading::Writing),
    ("enable_page_index", Reading::Effort),
    ("encoding", Reading::Writing),
    ("force_filter_selections", Reading::Effort),
    ("max_in_list_size", Reading::Effort),
    ("max_predicate_cache_size", Reading::Effort),
    ("max_row_group_bytes", Reading::Writing),
    ("max_row_group_size", Reading::Writing),
    ("maximum_buffered_record_batches_per_stream", Reading::Writing),
    ("maximum_parallel_row_group_writers", Reading::Writing),
    ("metadata_size_hint", Reading::Effort),
    ("pruning", Reading::Effort),
    ("pushdown_filters", Reading::Effort),
    ("reorder_filters", Reading::Effort),
    ("schema_force_view_types", Reading::Inferred),
    ("skip_arrow_metadata", Reading::Writing),
    ("skip_metadata", Reading::Inferred),
    ("statistics_enabled", Reading::Writing),
    ("statistics_truncate_length", Reading::Writing),
    ("write_batch_size", Reading::Writing),
    ("writer_version", Reading::Writing),
];

#[test]
fn every_setting_of_parquet_is_decided() {
    let ours: Vec<&str> = READING.iter().map(|(name, _)| *name).collect();
    let prefix = "datafusion.execution.parquet.";
    let theirs: Vec<&str> = engine::settings().iter().filter_map(|setting| setting.name.strip_prefix(prefix)).collect();
    assert_eq!(theirs, ours);
    for (name, reading) in READING {
        let value = if name == "binary_as_string" { "TRUE" } else { "us" };
        let refused = engine::overruled(&format!("{prefix}{name}"), value).is_some();
        assert_eq!(refused, reading == Reading::Refused, "{name}");
    }
    assert_eq!(engine::overruled(&format!("{prefix}binary_as_string"), "False"), None);
}
