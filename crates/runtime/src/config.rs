//! Settings of our own, beside the engine's: `SET cstspec.trust_keys = true`.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, Result};

/// Settings whose names start with `cstspec.`. They stand in `information_schema.df_settings` like the engine's own.
#[derive(Clone, Debug)]
pub struct Config {
    /// Hand declared keys to the engine's optimizer when a catalog is registered: `false`, unless set. The optimizer believes them
    /// unproven, and gives wrong rows over unnested views even where they hold.
    pub trust_keys: bool,
    /// Read only the nested fields that a query uses: `true`, unless set. Rows are the same either way.
    pub narrow_scans: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { trust_keys: false, narrow_scans: true }
    }
}

/// The settings, each with what it is for.
const SETTINGS: [(&str, &str); 2] = [
    (
        "narrow_scans",
        "Read only the nested fields that a query uses, through unnest and views, and leave out the row groups whose statistics \
         exclude its filters on them. Rows are the same either way.",
    ),
    (
        "trust_keys",
        "Hand declared keys to the engine's optimizer when a catalog is registered. The optimizer believes them unproven, and \
         gives wrong rows over unnested views even where they hold.",
    ),
];

impl Config {
    fn setting(&mut self, key: &str) -> Option<&mut bool> {
        match key {
            "narrow_scans" => Some(&mut self.narrow_scans),
            "trust_keys" => Some(&mut self.trust_keys),
            _ => None,
        }
    }
}

impl ConfigExtension for Config {
    const PREFIX: &'static str = "cstspec";
}

// By hand, since what the engine's macro makes lists settings without their prefix: `SHOW cstspec.trust_keys` would not find it.
impl ExtensionOptions for Config {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let refused = |reason: String| Err(DataFusionError::Configuration(reason));
        let Some(setting) = self.setting(key) else {
            let known = SETTINGS.map(|(name, _)| format!("`{}.{name}`", Self::PREFIX)).join(" and ");
            return refused(format!("unknown setting `{}.{key}`; there are {known}", Self::PREFIX));
        };
        match value.to_ascii_lowercase().parse() {
            Ok(value) => *setting = value,
            Err(_) => return refused(format!("`{value}` is no value of {}.{key}: true or false", Self::PREFIX)),
        }
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let mut values = self.clone();
        let entry = |(name, description)| ConfigEntry {
            key: format!("{}.{name}", Self::PREFIX),
            value: values.setting(name).map(|value| value.to_string()),
            description,
        };
        SETTINGS.map(entry).into()
    }
}
