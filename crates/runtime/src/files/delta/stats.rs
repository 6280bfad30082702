//! Statistics of files in a Delta log.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The statistics of one column of a file, as far as a log has them.
#[derive(Debug)]
pub struct ColumnStatistics {
    /// A value that none is less than.
    pub min: Option<ScalarValue>,
    /// A value that none is greater than.
    pub max: Option<ScalarValue>,
    /// Rows whose value is NULL.
    pub nulls: Option<u64>,
    /// Rows of the file.
    pub rows: Option<u64>,
}

/// The statistics of a file in a Delta log: of the values, as JSON has them, bounds by column. Those of text may be shortened, and still
/// hold.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileStatistics {
    num_records: Option<u64>,
    min_values: Map<String, Value>,
    max_values: Map<String, Value>,
    null_count: Map<String, Value>,
}

impl FileStatistics {
    /// The statistics that a log has as `text`, with the column names of the files: `name` is what the table calls them. `None` for what
    /// nobody understands, since statistics are never needed.
    #[cfg(feature = "delta")]
    pub fn parse<'a>(text: &str, name: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let mut bounds: Self = serde_json::from_str(text).ok()?;
        for values in [&mut bounds.min_values, &mut bounds.max_values, &mut bounds.null_count] {
            let leaves = std::mem::take(values).into_iter().filter(|(_, value)| !value.is_object());
            *values = leaves.filter_map(|(physical, value)| Some((name(&physical)?.to_owned(), value))).collect();
        }
        Some(bounds)
    }

    /// The statistics of the column `name`, which the log declares with the same type.
    pub fn of(&self, name: &str, data_type: &DataType) -> ColumnStatistics {
        let bound = |values: &Map<String, Value>| scalar(values.get(name)?, data_type);
        ColumnStatistics {
            min: bound(&self.min_values),
            max: bound(&self.max_values),
            nulls: self.null_count.get(name).and_then(Value::as_u64),
            rows: self.num_records,
        }
    }
}

/// A bound as a value of `data_type`; `None` where JSON may not have all of it: a timestamp is cut to milliseconds.
fn scalar(value: &Value, data_type: &DataType) -> Option<ScalarValue> {
    let text = match (value, data_type) {
        (Value::String(text), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Date32) => {
            text.clone()
        }
        (Value::Number(number), data_type) if data_type.is_integer() => number.to_string(),
        _ => return None,
    };
    ScalarValue::try_from_string(text, data_type).ok().filter(|value| !value.is_null())
}

#[cfg(all(test, feature = "delta"))]
mod tests {
    use super::*;

    /// A bound is a value of its column or not known.
    #[test]
    fn bound_of_column_type() {
        let text = r#"{"numRecords":2,"minValues":{"id":"a","n":-7,"at":"2024-01-02T03:04:05.678Z","x":1.5,"s":{"y":1}},
            "maxValues":{"id":"b","n":300},"nullCount":{"id":0}}"#;
        let columns = ["id", "n", "at", "x", "s"];
        let known = |name: &str| columns.into_iter().find(|column| *column == name);
        let bounds = FileStatistics::parse(text, known).unwrap();
        let least = |name: &str, data_type: &DataType| {
            bounds.of(name, data_type).min.map_or_else(|| "NULL".to_owned(), |min| min.to_string())
        };
        assert_eq!(least("id", &DataType::Utf8View), "a");
        assert_eq!(least("n", &DataType::Int16), "-7");
        for (name, data_type) in [
            ("n", DataType::UInt8),
            ("n", DataType::Utf8),
            ("at", DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None)),
            ("x", DataType::Float64),
            ("s", DataType::Int64),
            ("other", DataType::Utf8),
        ] {
            assert_eq!(least(name, &data_type), "NULL", "{name}");
        }
        assert!(
            FileStatistics::parse("{", known).is_none()
                && FileStatistics::parse(r#"{"numRecords":"two"}"#, known).is_none()
        );
    }
}
