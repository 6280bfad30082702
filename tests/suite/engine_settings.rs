//! Compares the settings table of `cstspec_spec` with the engine.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use arrow::array::AsArray;
use cstspec_spec::engine::{self, CODECS, Values};
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

/// Settings and defaults are the engines.
#[tokio::test]
async fn settings_and_defaults() {
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

/// The effect of each setting of Parquet when a dataset is read.
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

/// Every setting of Parquet is decided.
#[test]
fn parquet_settings_decided() {
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

/// Values at the edges of what a preset may write.
fn edges(values: &Values, folder: &str) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match values {
        Values::Boolean => texts(&["true", "FALSE"]),
        Values::Whole(range) => vec![range.start().to_string(), range.end().to_string()],
        Values::Real(range) => vec![range.start().to_string(), range.end().to_string()],
        Values::Share => texts(&["0.0001", "0.9999"]),
        Values::Words(words) => words.iter().flat_map(|word| [(*word).to_owned(), word.to_uppercase()]).collect(),
        Values::Exact(words) => texts(words),
        Values::Categories => texts(&["all", "none", "rows,bytes,timing,uncategorized"]),
        Values::Compression => {
            let spelled = |(codec, levels): (&str, Option<RangeInclusive<u32>>)| match levels {
                None => vec![codec.to_owned()],
                Some(levels) => vec![format!("{codec}({})", levels.start()), format!("{codec}({})", levels.end())],
            };
            CODECS.into_iter().flat_map(spelled).collect()
        }
        Values::Size => texts(&["0", "1K", "1.5G", "1048576G"]),
        Values::Duration => texts(&["1s", "90s", "2m30s", "527040m"]),
        Values::Zone => texts(&["UTC", "America/Argentina/ComodRivadavia", "+23:59", "-2359", "+00"]),
        Values::TimeFormat => texts(&["", "%A %d %B %Y %H:%M:%S%.9f %%"]),
        Values::Text => texts(&[folder]),
    }
}

/// Queries that aggregate, join, sort, show times and write Parquet, over no table of any catalog.
const QUERIES: [&str; 4] = [
    "SELECT b, count(*) AS n, sum(a) AS s FROM (VALUES (1, 'x'), (2, 'y'), (3, 'x')) AS t(a, b) GROUP BY b ORDER BY b",
    "SELECT count(*) FROM (VALUES (1), (2)) AS l(a) JOIN (VALUES (1), (3)) AS r(a) ON l.a = r.a WHERE l.a IN (SELECT 1)",
    "SELECT cast(now() AS varchar), cast(to_timestamp('2024-02-29T12:00:00') AS varchar), current_date()",
    "EXPLAIN SELECT 1 AS one UNION ALL SELECT 2",
];

/// Runs all of it in a session with the setting; what the engine says where it refuses.
async fn tried(name: &str, value: &str, folder: &str) -> Result<(), String> {
    let mut config = SessionConfig::new();
    let of_runtime = name.starts_with("datafusion.runtime.");
    if !of_runtime {
        config.options_mut().set(name, value).map_err(|error| format!("set: {error}"))?;
    }
    let context = SessionContext::new_with_config(config);
    if of_runtime {
        let set = context.sql(&format!("SET {name} = '{value}'")).await;
        set.map_err(|error| format!("set: {error}"))?;
    }
    let written = format!(
        "COPY (SELECT a, cast(a AS varchar) AS b FROM (VALUES (1), (2)) AS t(a)) TO '{folder}/out.parquet' STORED AS PARQUET"
    );
    for query in QUERIES.into_iter().chain([written.as_str()]) {
        let rows = async { context.sql(query).await?.collect().await };
        rows.await.map_err(|error| format!("{query}: {error}"))?;
    }
    Ok(())
}

/// Values that a preset may have are taken and run.
#[tokio::test(flavor = "multi_thread")]
async fn setting_values_taken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    // The engine's own answers, none of which ends the process: a limit of nothing, and SQL that a dialect reads otherwise.
    let refused =
        [("datafusion.runtime.memory_limit", "Resources exhausted"), ("datafusion.sql_parser.dialect", "SQL error")];
    let mut wrong = Vec::new();
    for setting in engine::settings() {
        if let Some(default) = setting.default.filter(|default| *default != "unlimited") {
            assert!(setting.values.hold(default), "the default of {} is {default}", setting.name);
        }
        for value in edges(&setting.values, folder) {
            assert!(setting.values.hold(&value), "{}: {value}", setting.name);
            let (name, tried_value, folder) = (setting.name, value.clone(), folder.to_owned());
            let outcome = tokio::spawn(async move { tried(name, &tried_value, &folder).await }).await;
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) if refused.iter().any(|(of, words)| *of == name && error.contains(words)) => {}
                Ok(Err(error)) => wrong.push(format!("{name} = {value}: {error}")),
                Err(panic) => wrong.push(format!("{name} = {value}: {panic}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Zones of specs are those of Arrow.
#[test]
fn zones_of_arrow() {
    let offsets = ["+00", "-23", "+05:30", "-0930", "+23:59", "+00:00"];
    for zone in engine::zone::names().chain(offsets) {
        assert!(engine::zone::is_known(zone), "{zone}");
        assert!(zone.parse::<arrow::array::timezone::Tz>().is_ok(), "{zone}");
    }
    for zone in
        ["", "Mars/Olympus", "+25:00", "+24:00", "+05:60", "+5:30", "utc", "05:30", "+0530:", "+é", "CEST", "UTC "]
    {
        assert!(!engine::zone::is_known(zone), "{zone}");
    }
}
