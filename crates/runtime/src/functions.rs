//! The two id functions, as scalar functions of the engine.
//!
//! `stable_id(prefix, text)` is `prefix:` and the 32 hex digits of BLAKE2b-128 of the text; `prefixed_hash64(prefix, text)` is
//! `prefix:` and the decimal value of BLAKE2b-64 of the text, read big-endian with the top bit cleared. A NULL argument makes
//! NULL.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, FieldRef};
use blake2::digest::consts::{U8, U16};
use blake2::{Blake2b, Digest as _};
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;

/// Registers `stable_id` and `prefixed_hash64`.
pub fn register(ctx: &SessionContext) {
    for digest in [IdDigest::Stable, IdDigest::Hash64] {
        ctx.register_udf(ScalarUDF::from(IdFunction::new(digest)));
    }
}

/// How the text of an id is digested and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum IdDigest {
    /// 128 bits in hexadecimal.
    Stable,
    /// 63 bits in decimal.
    Hash64,
}

impl IdDigest {
    /// Writes the digest of `text` behind what is already written.
    fn write(self, text: &str, to: &mut StringBuilder) -> std::fmt::Result {
        match self {
            Self::Stable => {
                let digest: [u8; 16] = Blake2b::<U16>::digest(text.as_bytes()).into();
                write!(to, "{:032x}", u128::from_be_bytes(digest))
            }
            Self::Hash64 => {
                let digest: [u8; 8] = Blake2b::<U8>::digest(text.as_bytes()).into();
                write!(to, "{}", u64::from_be_bytes(digest) & (u64::MAX >> 1))
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IdFunction {
    digest: IdDigest,
    signature: Signature,
}

impl IdFunction {
    fn new(digest: IdDigest) -> Self {
        let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
        Self { digest, signature }
    }
}

impl ScalarUDFImpl for IdFunction {
    fn name(&self) -> &str {
        match self.digest {
            IdDigest::Stable => "stable_id",
            IdDigest::Hash64 => "prefixed_hash64",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
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
        let rows = match (prefix, text) {
            (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)) => 1,
            _ => args.number_rows,
        };
        let prefix = Texts::of(prefix)?;
        let text = Texts::of(text)?;
        let mut ids = StringBuilder::with_capacity(rows, rows * 48);
        for row in 0..rows {
            match (prefix.get(row), text.get(row)) {
                (Some(prefix), Some(text)) => {
                    let written = ids
                        .write_str(prefix)
                        .and_then(|()| ids.write_char(':'))
                        .and_then(|()| self.digest.write(text, &mut ids));
                    if written.is_err() {
                        return exec_err!("{} cannot write an id", self.name());
                    }
                    ids.append_value("");
                }
                _ => ids.append_null(),
            }
        }
        let ids = ids.finish();
        if matches!((&args.args[0], &args.args[1]), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_))) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&ids, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(ids)))
    }
}

/// The texts of one argument: one for all rows, or one for each.
enum Texts<'a> {
    One(Option<&'a str>),
    Each(&'a StringArray),
}

impl<'a> Texts<'a> {
    fn of(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Scalar(ScalarValue::Utf8(text)) => Ok(Self::One(text.as_deref())),
            ColumnarValue::Scalar(other) => exec_err!("an id is made from text, not from {}", other.data_type()),
            ColumnarValue::Array(array) => Ok(Self::Each(as_string_array(array)?)),
        }
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::One(text) => *text,
            Self::Each(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
