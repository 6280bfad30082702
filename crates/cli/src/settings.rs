//! Settings of the engine on the command line, held to the values that a preset may give them.

use cstspec_contract::OWN_SETTINGS;
use cstspec_spec::engine::{self, Values};

use crate::error::CommandError;
use crate::suggestion;

/// Refuses a setting that no preset could have. The engine believes what it parses, and some values end it in a panic or in all of the
/// memory.
pub fn check(name: &str, value: &str) -> Result<(), CommandError> {
    if let Some(instead) = engine::overruled(name, value) {
        let message = format!("--set may not set `{name}` to `{value}`: cstspec uses {instead}");
        return Err(CommandError::usage_with_help(message, Some("do not set it".to_owned())));
    }
    let own = OWN_SETTINGS.map(|(name, ..)| name);
    let values = match engine::setting(name) {
        Some(setting) => &setting.values,
        None if own.contains(&name) => &Values::Boolean,
        None => {
            let known = engine::settings().iter().map(|setting| setting.name).chain(own);
            let help = suggestion::help(name, known, "`SELECT name FROM information_schema.df_settings` lists them");
            return Err(CommandError::usage_with_help(format!("--set names an unknown setting `{name}`"), Some(help)));
        }
    };
    if values.hold(value) {
        return Ok(());
    }
    let help = suggestion::help(value, values.choices(), &format!("write {values}"));
    Err(CommandError::usage_with_help(format!("invalid value `{value}` for `{name}`"), Some(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that a preset could not have are refused.
    #[test]
    fn values_refused_as_in_presets() {
        for (name, value) in [
            ("cstspec.narrow_scans", "false"),
            ("datafusion.execution.batch_size", "17"),
            ("datafusion.runtime.memory_limit", "1G"),
        ] {
            assert!(check(name, value).is_ok(), "{name} {value}");
        }
        for (name, value) in [
            ("cstspec.narrow_scans", "1"),
            ("datafusion.execution.batch_size", "1000000000"),
            ("datafusion.execution.target_partitions", "9223372036854775808"),
            ("datafusion.execution.parquet.coerce_int96", "us"),
            ("datafusion.sql_parser.dialect", "mysql"),
            ("datafusion.runtime.memory_limit", "much"),
            ("datafusion.nosuch", "1"),
        ] {
            assert!(matches!(check(name, value), Err(CommandError::Usage { .. })), "{name} {value}");
        }
    }
}
