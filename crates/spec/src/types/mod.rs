//! Types as specs write them: text to syntax, syntax to Arrow types.

mod foreign;
pub mod named;
pub mod primitive;
mod resolve;
pub mod syntax;
mod width;

pub use named::NamedTypes;
pub use resolve::{CONSTRUCTORS, MAX_DEPTH, MAX_FIELDS, ResolvedField, Resolver, TypeError, structure};
pub use width::{MAX_FIXED_BYTES, fixed_bytes};
