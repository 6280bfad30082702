//! Functions of the engine whose output no signature can spell: it follows from constants, or from all arguments together.

use arrow::datatypes::{DataType, Field, Fields};
use cstspec_contract::map_fields;
use cstspec_contract::types::{map_of, nullable, required};

use super::call::{Argument, Call};

/// The output of `call`, without a name; `None` for a function that has no rule of its own.
pub fn output(call: &Call<'_>) -> Option<Field> {
    let arguments = call.arguments.as_slice();
    let field = |data_type: DataType, nullable: bool| Some(Field::new("", data_type, nullable));
    match (call.name, arguments) {
        ("arrow_cast", [value, Argument::Text(target)]) => field(target.parse().ok()?, value.is_nullable()),
        ("arrow_metadata", [_]) => {
            field(map_of(required("keys", DataType::Utf8), nullable("values", DataType::Utf8)), true)
        }
        ("coalesce", [first, ..]) => field(first.data_type().clone(), arguments.iter().all(Argument::is_nullable)),
        ("get_field", [value, Argument::Text(name)]) => match value.data_type() {
            DataType::Struct(fields) => {
                let (_, child) = fields.find(name)?;
                field(child.data_type().clone(), child.is_nullable() || value.is_nullable())
            }
            DataType::Map(entries, _) => {
                map_fields(entries).and_then(|(_, value)| field(value.data_type().clone(), true))
            }
            _ => None,
        },
        ("named_struct", pairs) => {
            let fields = pairs.chunks_exact(2).map(|pair| match pair {
                [Argument::Text(name), value] => Some(nullable(name, value.data_type().clone())),
                _ => None,
            });
            field(DataType::Struct(fields.collect::<Option<Fields>>()?), true)
        }
        _ => None,
    }
}
