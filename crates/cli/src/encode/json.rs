//! Values as JSON: Arrow's own encoders, and forms of our own for types and values that those have none for.
//!
//! Maps are objects whatever their keys are, but for one that has a key twice: readers keep one member of a name, so that one is the list of
//! its entries. A union is an object with the one member that it is, and floating point numbers that JSON
//! has no number for are text.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow::array::{Array, AsArray, MapArray, UnionArray};
use arrow::datatypes::{ArrowNativeType as _, DataType, FieldRef, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Arrow's own encoders, for what is left to them inside a form of ours.
static PLAIN: LazyLock<EncoderOptions> = LazyLock::new(EncoderOptions::default);

/// Encodes the values of one column at a time.
#[derive(Debug)]
pub struct Json {
    options: EncoderOptions,
    failed: Failed,
}

/// Why a value could not be encoded. An encoder of Arrow cannot fail, so it is kept here.
type Failed = Arc<Mutex<Option<ArrowError>>>;

impl Json {
    pub fn new() -> Self {
        let failed = Failed::default();
        let forms = Forms { failed: Arc::clone(&failed) };
        Self {
            options: EncoderOptions::default().with_explicit_nulls(true).with_encoder_factory(Arc::new(forms)),
            failed,
        }
    }

    /// An encoder of the values in `column`.
    pub fn encoder<'a>(
        &'a self,
        field: &'a FieldRef,
        column: &'a dyn Array,
    ) -> Result<NullableEncoder<'a>, ArrowError> {
        make_encoder(field, column, &self.options)
    }

    /// Whether every value since the last call was encoded.
    pub fn check(&self) -> Result<(), ArrowError> {
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }
}

/// `text` as a JSON string.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// The value at `index`, or `null`.
pub fn encode(encoder: &mut NullableEncoder, index: usize, out: &mut Vec<u8>) {
    if encoder.is_null(index) {
        out.extend_from_slice(b"null");
    } else {
        encoder.encode(index, out);
    }
}

#[derive(Debug)]
struct Forms {
    failed: Failed,
}

impl EncoderFactory for Forms {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Map(..) => Box::new(Map::new(field, array.as_map(), options)?),
            DataType::Union(..) => Box::new(Union::new(array.as_union(), options)?),
            // Arrow's own does not see a NULL among the values.
            DataType::Dictionary(..) => Box::new(Dictionary::new(field, array, options)?),
            DataType::Float16 => {
                let floats = array.as_primitive::<Float16Type>();
                Box::new(Float { value: Box::new(|index| floats.value(index).to_f64()), plain: plain(field, array)? })
            }
            DataType::Float32 => {
                let floats = array.as_primitive::<Float32Type>();
                Box::new(Float { value: Box::new(|index| floats.value(index).into()), plain: plain(field, array)? })
            }
            DataType::Float64 => {
                let floats = array.as_primitive::<Float64Type>();
                Box::new(Float { value: Box::new(|index| floats.value(index)), plain: plain(field, array)? })
            }
            other if other.is_temporal() => {
                let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
                Box::new(Temporal { formatter, failed: Arc::clone(&self.failed) })
            }
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.logical_nulls())))
    }
}

fn plain<'a>(field: &'a FieldRef, array: &'a dyn Array) -> Result<NullableEncoder<'a>, ArrowError> {
    make_encoder(field, array, &PLAIN)
}

/// A number, or the text of what JSON has no number for.
struct Float<'a> {
    value: Box<dyn Fn(usize) -> f64 + 'a>,
    plain: NullableEncoder<'a>,
}

impl Encoder for Float<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        match (self.value)(index) {
            value if value.is_nan() => out.extend_from_slice(b"\"NaN\""),
            f64::INFINITY => out.extend_from_slice(b"\"Infinity\""),
            f64::NEG_INFINITY => out.extend_from_slice(b"\"-Infinity\""),
            _ => self.plain.encode(index, out),
        }
    }
}

/// Dates, times, durations and intervals, as text in the forms of ISO 8601.
struct Temporal<'a> {
    formatter: ArrayFormatter<'a>,
    failed: Failed,
}

impl Encoder for Temporal<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        // Arrow's own encoder writes the error in the value's place.
        match self.formatter.value(index).try_to_string() {
            Ok(text) => quote(&text, out),
            Err(error) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    }
}

/// An object with a member for each entry, or the list of the entries where a key is there twice: `[{"key":"a","value":1},...]`.
struct Map<'a> {
    array: &'a MapArray,
    keys: NullableEncoder<'a>,
    values: NullableEncoder<'a>,
    /// The keys of the value at hand, as JSON.
    texts: Vec<Vec<u8>>,
}

impl<'a> Map<'a> {
    fn new(field: &'a FieldRef, array: &'a MapArray, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let keys = make_encoder(field, array.keys().as_ref(), options)?;
        let values = make_encoder(field, array.values().as_ref(), options)?;
        Ok(Self { array, keys, values, texts: Vec::new() })
    }
}

impl Encoder for Map<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let offsets = self.array.value_offsets();
        let entries = offsets[index].as_usize()..offsets[index + 1].as_usize();
        self.texts.clear();
        for entry in entries.clone() {
            let mut text = Vec::new();
            encode(&mut self.keys, entry, &mut text);
            self.texts.push(text);
        }
        let mut seen = HashSet::new();
        let is_object = self.texts.iter().all(|text| seen.insert(name(text)));
        out.push(if is_object { b'{' } else { b'[' });
        for (text, entry) in self.texts.iter().zip(entries.clone()) {
            if entry > entries.start {
                out.push(b',');
            }
            if is_object {
                out.extend_from_slice(&name(text));
                out.push(b':');
                encode(&mut self.values, entry, out);
            } else {
                out.extend_from_slice(b"{\"key\":");
                out.extend_from_slice(text);
                out.extend_from_slice(b",\"value\":");
                encode(&mut self.values, entry, out);
                out.push(b'}');
            }
        }
        out.push(if is_object { b'}' } else { b']' });
    }
}

/// A key as the name of a member: text is its own, and anything else in JSON is put in quotes.
fn name(key: &[u8]) -> Cow<'_, [u8]> {
    if key.starts_with(b"\"") {
        return Cow::Borrowed(key);
    }
    let mut quoted = Vec::new();
    quote(&String::from_utf8_lossy(key), &mut quoted);
    Cow::Owned(quoted)
}

/// An object with the one member that the value is.
struct Union<'a> {
    array: &'a UnionArray,
    /// Name and encoder by type id.
    members: Vec<(i8, Vec<u8>, NullableEncoder<'a>)>,
}

impl<'a> Union<'a> {
    fn new(array: &'a UnionArray, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let DataType::Union(fields, _) = array.data_type() else {
            return Err(ArrowError::JsonError("a union array of another type".to_owned()));
        };
        let member = |(id, field): (i8, &'a FieldRef)| {
            let mut name = Vec::new();
            quote(field.name(), &mut name);
            Ok((id, name, make_encoder(field, array.child(id).as_ref(), options)?))
        };
        Ok(Self { array, members: fields.iter().map(member).collect::<Result<_, ArrowError>>()? })
    }
}

impl Encoder for Union<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let id = self.array.type_id(index);
        out.push(b'{');
        if let Some((_, name, member)) = self.members.iter_mut().find(|(member, ..)| *member == id) {
            out.extend_from_slice(name);
            out.push(b':');
            encode(member, self.array.value_offset(index), out);
        }
        out.push(b'}');
    }
}

/// The value that a key stands for.
struct Dictionary<'a> {
    keys: Vec<usize>,
    values: NullableEncoder<'a>,
}

impl<'a> Dictionary<'a> {
    fn new(field: &'a FieldRef, array: &'a dyn Array, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let array = array.as_any_dictionary();
        let keys = if array.values().is_empty() { Vec::new() } else { array.normalized_keys() };
        Ok(Self { keys, values: make_encoder(field, array.values().as_ref(), options)? })
    }
}

impl Encoder for Dictionary<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        self.values.encode(self.keys[index], out);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Builder, MapBuilder, StringBuilder};
    use arrow::datatypes::Field;

    use super::{Json, encode};

    /// A map with a key twice loses no entry.
    #[test]
    fn map_key_twice() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        for keys in [&["a", "b"][..], &["a", "b", "a"], &[]] {
            for (value, key) in (0_i64..).zip(keys) {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).unwrap();
        }
        let maps = maps.finish();
        let field = Arc::new(Field::new("m", arrow::array::Array::data_type(&maps).clone(), true));
        let json = Json::new();
        let mut encoder = json.encoder(&field, &maps).unwrap();
        let expected =
            [r#"{"a":0,"b":1}"#, r#"[{"key":"a","value":0},{"key":"b","value":1},{"key":"a","value":2}]"#, "{}"];
        for (index, expected) in expected.into_iter().enumerate() {
            let mut text = Vec::new();
            encode(&mut encoder, index, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}
