//! Types as specs write them: text to syntax, syntax to Arrow types.

mod error;
mod field;
mod foreign;
pub mod named;
pub mod primitive;
mod resolve;
pub mod syntax;
mod width;

pub use error::TypeError;
pub use field::{AllowedAt, MAX_DEPTH, MAX_FIELDS, ResolvedField, structure};
pub use foreign::suggestions;
pub use named::NamedTypes;
pub use resolve::{CONSTRUCTORS, FIXED_SIZE_LIST, ListKind, Resolver, list_of, map_of};
pub use width::{MAX_FIXED_BYTES, fixed_bytes};
