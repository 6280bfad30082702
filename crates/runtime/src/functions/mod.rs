//! The scalar functions that cstspec adds to the engine: two that make ids, and `element_indices`.
//!
//! `stable_id(prefix, text)` is `prefix:` and the 32 hex digits of BLAKE2b-128 of the text; `prefixed_hash64(prefix, text)` is
//! `prefix:` and the decimal value of BLAKE2b-64 of the text, read big-endian with the top bit cleared. A NULL argument makes
//! NULL.
//!
//! These two take text in every encoding that Arrow has, dictionaries of it too, and make `Utf8` of it. Nothing is allocated for a row:
//! an array of ids is laid out once, and the texts of many rows are digested side by side.

mod bounded;
mod digest;
pub mod host;
pub(crate) mod indices;
mod text;

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;

pub(crate) use bounded::bound;
use digest::Digest;
pub use host::without_host;
use text::Texts;

/// Registers `stable_id`, `prefixed_hash64` and `element_indices`.
pub fn register(ctx: &SessionContext) {
    provide_indices(ctx);
    for digest in [Digest::Stable, Digest::Hash64] {
        ctx.register_udf(ScalarUDF::from(IdFunction::new(digest)));
    }
}

/// Registers the function that generated queries call for the positions of elements, in a session that does not have it.
pub(crate) fn provide_indices(ctx: &SessionContext) {
    if !ctx.state_ref().read().scalar_functions().contains_key(indices::NAME) {
        ctx.register_udf(ScalarUDF::from(indices::ElementIndices::new()));
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IdFunction {
    digest: Digest,
    signature: Signature,
}

impl IdFunction {
    fn new(digest: Digest) -> Self {
        // What is text already is taken as it is encoded; what is none is cast to `Utf8`, as for any function of two texts. That one is
        // what the engine lists of the signature.
        let cast = TypeSignature::Exact(vec![DataType::Utf8, DataType::Utf8]);
        let signature = Signature::one_of(vec![cast, TypeSignature::UserDefined], Volatility::Immutable);
        Self { digest, signature }
    }
}

impl ScalarUDFImpl for IdFunction {
    fn name(&self) -> &str {
        match self.digest {
            Digest::Stable => "stable_id",
            Digest::Hash64 => "prefixed_hash64",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [prefix, text] if text::is_text(prefix) && text::is_text(text) => Ok(arguments.to_vec()),
            _ => plan_err!("{} takes a prefix and a text", self.name()),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [prefix, text] = args.args.as_slice() else {
            return exec_err!("{} takes a prefix and a text", self.name());
        };
        let constant = matches!((prefix, text), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let ids = match (Texts::of(prefix, rows)?, Texts::of(text, rows)?) {
            (Some(prefix), Some(text)) => ids(self.digest, &prefix, &text, rows)?,
            _ => StringArray::new_null(rows),
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&ids, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(ids)))
    }
}

/// The ids of `rows` rows.
///
/// # Errors
///
/// They are longer together than the offsets of one `Utf8` array can say.
fn ids(digest: Digest, prefix: &Texts<'_>, text: &Texts<'_>, rows: usize) -> Result<StringArray> {
    let nulls = NullBuffer::union(prefix.nulls(), text.nulls()).filter(|nulls| nulls.null_count() > 0);
    let valid = rows - nulls.as_ref().map_or(0, NullBuffer::null_count);
    let room = prefix.length(nulls.as_ref()).saturating_add(valid.saturating_mul(digest.room()));
    if i32::try_from(room).is_err() {
        return exec_err!("the ids of {rows} rows take {room} bytes, and an array of Utf8 has room for {}", i32::MAX);
    }
    let digests = digest.of(text.slots());
    let mut bytes = Vec::with_capacity(room);
    let mut ends = Vec::with_capacity(rows + 1);
    ends.push(0);
    for row in 0..rows {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            bytes.extend_from_slice(prefix.get(row).as_bytes());
            digest.write(&digests[text.slot(row)], &mut bytes);
        }
        ends.push(i32::try_from(bytes.len()).expect("all ids together are no longer than their room"));
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
    Ok(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?)
}
