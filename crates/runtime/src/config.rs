//! Settings of our own, beside the engine's: `SET cstspec.trust_keys = true`.

use std::any::Any;

use cstspec_contract::OWN_SETTINGS;
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
        let mut config = Self { trust_keys: false, narrow_scans: false };
        for (name, value, _) in OWN_SETTINGS {
            if let Some(setting) = config.setting(local(name)) {
                *setting = value;
            }
        }
        config
    }
}

/// The name of a setting without our prefix.
fn local(name: &'static str) -> &'static str {
    name.strip_prefix("cstspec.").unwrap_or(name)
}

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
            let known = OWN_SETTINGS.map(|(name, ..)| format!("`{name}`")).join(" and ");
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
        let entry = |(name, _, description): (&'static str, bool, &'static str)| ConfigEntry {
            key: name.to_owned(),
            value: values.setting(local(name)).map(|value| value.to_string()),
            description,
        };
        OWN_SETTINGS.map(entry).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_settable_with_defaults() {
        let mut config = Config::default();
        for ((name, default, _), entry) in OWN_SETTINGS.into_iter().zip(config.entries()) {
            assert_eq!((entry.key.as_str(), entry.value), (name, Some(default.to_string())));
            config.set(local(name), &(!default).to_string()).unwrap();
            assert_eq!(config.setting(local(name)).copied(), Some(!default));
        }
        assert!(config.set("narrow_scan", "true").is_err() && config.set("narrow_scans", "perhaps").is_err());
    }
}
