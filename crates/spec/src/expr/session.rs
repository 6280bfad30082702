//! The settings of a session that decide the types of expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::DataType;
use cstspec_contract::{Session, Setting};

use crate::engine;

/// The SQL dialect of the engine under a preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The type of `VARCHAR`, `TEXT`, `CHAR` and `STRING`.
    pub text: DataType,
    /// Whether `VARCHAR(10)` is a type.
    pub lengths: bool,
    /// Whether a constant with a point is a decimal, not a float.
    pub decimals: bool,
    /// The zone of `TIMESTAMP WITH TIME ZONE`; without one it is a timestamp without a zone.
    pub zone: Option<Arc<str>>,
}

impl Dialect {
    /// Under the settings of `session`, and the engine's defaults where it pins none.
    pub fn of(session: &Session) -> Self {
        Self::under(&session.settings)
    }

    /// Under the engine's own defaults.
    pub fn of_engine() -> Self {
        Self::under(&BTreeMap::new())
    }

    fn under(settings: &BTreeMap<String, Setting>) -> Self {
        let value = |name: &str| {
            let pinned = settings.get(name).map(|setting| setting.value.as_str());
            pinned.or_else(|| engine::setting(name)?.default)
        };
        let is_on = |name: &str| value(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let text = if is_on("datafusion.sql_parser.map_string_types_to_utf8view") {
            DataType::Utf8View
        } else {
            DataType::Utf8
        };
        Self {
            text,
            lengths: is_on("datafusion.sql_parser.support_varchar_with_length"),
            decimals: is_on("datafusion.sql_parser.parse_float_as_decimal"),
            zone: value("datafusion.execution.time_zone").map(Arc::from),
        }
    }
}
