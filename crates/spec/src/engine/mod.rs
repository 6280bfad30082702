//! What must be known of the engine without linking it: its settings, and how it types expressions.
//!
//! Every rule here is a pure function over Arrow types and holds for one engine version, [`VERSION`]. The suite in `tests/`
//! asks the engine the same questions and holds the answers equal, so an upgrade of the engine shows what has changed.
//!
//! What is not known here (unions, run-end encodings, list views, functions without a rule) is told apart from what the engine
//! refuses: see [`covers`] and [`function::output`].

pub mod arithmetic;
pub mod cast;
pub mod coercion;
pub mod decimal;
pub mod function;
mod function_array;
mod function_text;
pub mod integer;
pub mod operator;
mod setting;
pub mod temporal;
mod values;
pub mod zone;

use arrow_schema::DataType;

pub use function::{Argument, Literal, Output, Reason, Refusal};
pub use setting::{Setting, VERSION, overruled, setting, settings};
pub use values::{CATEGORIES, CODECS, Values};

/// Whether the rules of this module cover `data_type` at any depth.
///
/// Unions, run-end encodings and list views pass through as columns, but what operators do with them is not written down here.
pub fn covers(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(..) | DataType::RunEndEncoded(..) | DataType::ListView(_) | DataType::LargeListView(_) => false,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => covers(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| covers(field.data_type())),
        DataType::Map(entries, _) => covers(entries.data_type()),
        DataType::Dictionary(_, values) => covers(values),
        _ => true,
    }
}

/// The type of the values: that of a dictionary's values, or the type itself.
pub fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        other => other,
    }
}
