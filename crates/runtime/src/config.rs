//! Settings of our own, beside the engine's: `SET cstspec.trust_keys = true`.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, Result};

/// Settings whose names start with `cstspec.`. They stand in `information_schema.df_settings` like the engine's own.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Hand declared keys to the engine's optimizer when a catalog is registered: `false`, unless set. The optimizer believes them
    /// unproven, and gives wrong rows over unnested views even where they hold.
    pub trust_keys: bool,
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
        let refused = |reason: String| DataFusionError::Configuration(reason);
        match key {
            "trust_keys" => {
                self.trust_keys = value
                    .to_ascii_lowercase()
                    .parse()
                    .map_err(|_| refused(format!("`{value}` is no value of {}.{key}: true or false", Self::PREFIX)))?;
                Ok(())
            }
            _ => Err(refused(format!(
                "unknown setting `{}.{key}`; there is `{}.trust_keys`",
                Self::PREFIX,
                Self::PREFIX
            ))),
        }
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        vec![ConfigEntry {
            key: format!("{}.trust_keys", Self::PREFIX),
            value: Some(self.trust_keys.to_string()),
            description: "Hand declared keys to the engine's optimizer when a catalog is registered. The optimizer believes them \
                          unproven, and gives wrong rows over unnested views even where they hold.",
        }]
    }
}
