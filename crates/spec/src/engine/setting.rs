//! The engine's settings and their defaults.

use std::sync::OnceLock;

use super::values::Values;

/// The engine version that everything in this module was read from.
pub const VERSION: &str = "55.2.0";

/// One row per setting: name, default, `machine` where the default depends on the machine, and the values that it may have. Tabs between,
/// `-` for no default.
const TABLE: &str = include_str!("datafusion-55.2.0.settings.tsv");

/// A setting that the engine knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The engine's name for it.
    pub name: &'static str,
    /// Its default as `df_settings` shows it; `None` where it has none, or where the machine decides.
    pub default: Option<&'static str>,
    /// Whether the default depends on the machine.
    pub machine_dependent: bool,
    /// The values that a preset may give it.
    pub values: Values,
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

/// What decides how a dataset's files or a catalog's queries are read, where a setting asks for another way; `None` for a value that asks
/// for nothing.
pub fn overruled(name: &str, value: &str) -> Option<&'static str> {
    let is = |word: &str| value.eq_ignore_ascii_case(word);
    match name {
        "datafusion.sql_parser.dialect" if !is("generic") => {
            return Some("the dialect `generic`, in which the queries of a catalog are written, checked and generated");
        }
        "datafusion.sql_parser.enable_ident_normalization" if is("false") => {
            return Some(
                "names without quotes in lower case, as the queries of a catalog are written, checked and generated",
            );
        }
        "datafusion.catalog.create_default_catalog_and_schema" if is("false") => {
            return Some("a schema that relations can be registered in");
        }
        "datafusion.catalog.information_schema" if is("true") => {
            return Some("the `information_schema` of cstspec, which every session has in place of the engine's");
        }
        _ => {}
    }
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
    let values = cells.next().and_then(Values::parse).expect("each row of the table says which values there are");
    Setting { name, default, machine_dependent, values }
}
