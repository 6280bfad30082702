//! Settings of our own, beside the engine's: `SET cstspec.trust_keys = true`.

use datafusion::common::config::ConfigExtension;
use datafusion::common::extensions_options;

extensions_options! {
    /// Settings whose names start with `cstspec.`. They stand in `information_schema.df_settings` like the engine's own.
    pub struct Config {
        /// Hand declared keys to the engine's optimizer when a catalog is registered. The optimizer believes them unproven, and
        /// gives wrong rows over unnested views even where they hold.
        pub trust_keys: bool, default = false
    }
}

impl ConfigExtension for Config {
    const PREFIX: &'static str = "cstspec";
}
