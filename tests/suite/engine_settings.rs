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
