//! Knowledge of the engine without linking it: its settings, and the typing of expressions.
//!
//! Every rule here is a pure function over Arrow types and holds for one engine version, [`VERSION`]. The suite in `tests/`
//! asks the engine the same questions and holds the answers equal, so an upgrade of the engine shows what has changed.
//!
//! What is not known here (unions, run-end encodings, list views, functions without a rule) is told apart from what the engine
//! refuses: see [`covers`] and [`function::output`].

mod argument;
pub mod arithmetic;
pub mod cast;
pub mod coercion;
mod data_type;
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

pub use argument::{Argument, Literal, Output, Reason, Refusal};
pub use data_type::{covers, value_type};
pub use setting::{Setting, VERSION, overruled, setting, settings};
pub use values::{CATEGORIES, CODECS, Values};
