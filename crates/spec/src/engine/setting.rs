//! The engine's settings and their defaults.

use std::sync::OnceLock;

/// The engine version that everything in this module was read from.
pub const VERSION: &str = "55.2.0";

/// One row per setting: name, default, `machine` where the default depends on the machine. Tabs between, `-` for no default.
const TABLE: &str = include_str!("datafusion-55.2.0.settings.tsv");

/// A setting that the engine knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The engine's name for it.
    pub name: &'static str,
    /// Its default as `df_settings` shows it; `None` where it has none, or where the machine decides.
    pub default: Option<&'static str>,
    /// Whether the default depends on the machine.
    pub machine_dependent: bool,
}

/// The setting called `name`.
pub fn setting(name: &str) -> Option<&'static Setting> {
    let settings = settings();
    settings.binary_search_by(|setting| setting.name.cmp(name)).ok().map(|index| &settings[index])
}

/// Every setting, sorted by name.
pub fn settings() -> &'static [Setting] {
    static SETTINGS: OnceLock<Vec<Setting>> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let mut settings: Vec<Setting> = TABLE.lines().filter(|line| !line.starts_with('#')).map(parse).collect();
        settings.sort_by_key(|setting| setting.name);
        settings
    })
}

/// What decides how a dataset's files are read, where a setting asks the engine to infer it; `None` for a value that asks for nothing.
pub fn overruled(name: &str, value: &str) -> Option<&'static str> {
    match name.strip_prefix("datafusion.execution.parquet.")? {
        "coerce_int96" => Some("the unit of the timestamp that a contract declares"),
        "coerce_int96_tz" => Some("the zone of the timestamp that a contract declares"),
        "binary_as_string" if !value.eq_ignore_ascii_case("false") => {
            Some("the declared type, and `evolution.casts: any` where files have binary and the contract text")
        }
        _ => None,
    }
}

fn parse(line: &'static str) -> Setting {
    let mut cells = line.split('\t');
    let name = cells.next().unwrap_or_default();
    let default = cells.next().filter(|text| *text != "-");
    let machine_dependent = cells.next() == Some("machine");
    Setting { name, default, machine_dependent }
}
