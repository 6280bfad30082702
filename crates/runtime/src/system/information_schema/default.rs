//! Defaults as SQL text.

use arrow::datatypes::DataType;
use cstspec_contract::sql::literal;
use cstspec_contract::{Value, list_child, map_fields};

/// `value` as SQL that the engine evaluates to a value of `data_type`, or to one that it casts to it.
pub fn sql(value: &Value, data_type: &DataType) -> String {
    match (value, data_type) {
        (_, DataType::Dictionary(_, values)) => sql(value, values),
        (_, DataType::RunEndEncoded(_, values)) => sql(value, values.data_type()),
        (Value::Null, _) => "NULL".to_owned(),
        (Value::Bool(value), _) => value.to_string(),
        (Value::Int(number), DataType::Duration(_)) => cast(&number.to_string(), data_type),
        (Value::Int(number), _) => number.to_string(),
        (Value::Decimal(text), _) => text.clone(),
        (
            Value::Text(digits),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_),
        ) => format!("X{}", literal(digits)),
        (Value::Text(text), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => literal(text),
        (Value::Text(text), _) => cast(&literal(text), data_type),
        (Value::List(items), _) => {
            let item = list_child(data_type).map_or(&DataType::Null, |item| item.data_type());
            let items: Vec<String> = items.iter().map(|value| sql(value, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Entries(entries), DataType::Struct(fields)) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    let value = entries.iter().find(|(name, _)| name == field.name());
                    let value = value.map_or(&Value::Null, |(_, value)| value);
                    format!("{}, {}", literal(field.name()), sql(value, field.data_type()))
                })
                .collect();
            format!("named_struct({})", fields.join(", "))
        }
        (Value::Entries(entries), _) => {
            let fields = if let DataType::Map(field, _) = data_type { map_fields(field) } else { None };
            let key_type = fields.map_or(&DataType::Utf8, |(key, _)| key.data_type());
            let value_type = fields.map_or(&DataType::Null, |(_, value)| value.data_type());
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name, key_type), sql(value, value_type)))
                .collect();
            format!("MAP {{{}}}", entries.join(", "))
        }
    }
}

/// A map's key, which specs always write as text.
fn key(name: &str, data_type: &DataType) -> String {
    let value = match name.parse() {
        Ok(number) if data_type.is_numeric() => Value::Int(number),
        _ => Value::Text(name.to_owned()),
    };
    sql(&value, data_type)
}

fn cast(text: &str, data_type: &DataType) -> String {
    format!("arrow_cast({text}, {})", literal(&data_type.to_string()))
}
