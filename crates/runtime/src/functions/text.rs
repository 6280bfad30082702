//! The texts of one argument, in whatever way Arrow encodes them.

use arrow::array::{Array, AsArray as _, LargeStringArray, StringArray, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ColumnarValue;

/// Whether an argument of this type is read as it is.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_string(),
    }
}

/// The texts of one argument, one for each row.
///
/// Rows may share texts. Work per text is done once per *slot*: a slot is a distinct text if rows share fewer texts than there are rows,
/// and a row otherwise.
pub(super) struct Texts<'a> {
    values: Values<'a>,
    /// The value of each row, for a dictionary.
    keys: Option<Vec<usize>>,
    /// The rows that are NULL, by their key or by the value that it stands for.
    nulls: Option<NullBuffer>,
    rows: usize,
    /// Whether slots are values.
    shared: bool,
}

/// Texts that stand one after another.
enum Values<'a> {
    One(&'a str),
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    Utf8View(&'a StringViewArray),
}

impl<'a> Texts<'a> {
    /// The texts of `argument` in `rows` rows; `None` if every row is NULL.
    ///
    /// # Errors
    ///
    /// It is no text.
    pub fn of(argument: &'a ColumnarValue, rows: usize) -> Result<Option<Self>> {
        let array = match argument {
            ColumnarValue::Scalar(scalar) => {
                return match scalar.try_as_str() {
                    Some(Some(text)) => {
                        Ok(Some(Self { values: Values::One(text), keys: None, nulls: None, rows, shared: true }))
                    }
                    Some(None) => Ok(None),
                    None => exec_err!("an id is made from text, not from {}", scalar.data_type()),
                };
            }
            ColumnarValue::Array(array) => array,
        };
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            let (values, nulls) = (Values::of(array.as_ref())?, array.nulls().cloned());
            return Ok(Some(Self { values, keys: None, nulls, rows, shared: false }));
        };
        // There is no value that a key could stand for, so there are no keys.
        if dictionary.values().is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            values: Values::of(dictionary.values().as_ref())?,
            keys: Some(dictionary.normalized_keys()),
            nulls: array.logical_nulls(),
            rows,
            shared: dictionary.values().len() < rows,
        }))
    }

    /// The rows that are NULL.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// The text of `row`, which is not NULL.
    pub fn get(&self, row: usize) -> &'a str {
        self.values.get(self.keys.as_ref().map_or(row, |keys| keys[row]))
    }

    /// The slot of `row`.
    pub fn slot(&self, row: usize) -> usize {
        match (&self.values, &self.keys) {
            (Values::One(_), _) => 0,
            (_, Some(keys)) if self.shared => keys[row],
            _ => row,
        }
    }

    /// The texts in all slots, `None` where one is NULL.
    pub fn slots(&self) -> impl Iterator<Item = Option<&'a str>> {
        let slots = if self.shared { self.values.len() } else { self.rows };
        (0..slots).map(|slot| {
            if self.shared {
                self.values.is_valid(slot).then(|| self.values.get(slot))
            } else {
                self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(slot)).then(|| self.get(slot))
            }
        })
    }

    /// The bytes of the texts of all rows together, without those rows that are among `nulls`.
    pub fn length(&self, nulls: Option<&NullBuffer>) -> usize {
        if let Values::One(text) = self.values {
            return text.len().saturating_mul(self.rows - nulls.map_or(0, NullBuffer::null_count));
        }
        let valid = (0..self.rows).filter(|row| nulls.is_none_or(|nulls| nulls.is_valid(*row)));
        valid.fold(0, |length: usize, row| length.saturating_add(self.get(row).len()))
    }
}

impl<'a> Values<'a> {
    fn of(array: &'a dyn Array) -> Result<Self> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Utf8(array.as_string())),
            DataType::LargeUtf8 => Ok(Self::LargeUtf8(array.as_string())),
            DataType::Utf8View => Ok(Self::Utf8View(array.as_string_view())),
            other => exec_err!("an id is made from text, not from {other}"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Utf8(array) => array.len(),
            Self::LargeUtf8(array) => array.len(),
            Self::Utf8View(array) => array.len(),
        }
    }

    fn is_valid(&self, index: usize) -> bool {
        match self {
            Self::One(_) => true,
            Self::Utf8(array) => array.is_valid(index),
            Self::LargeUtf8(array) => array.is_valid(index),
            Self::Utf8View(array) => array.is_valid(index),
        }
    }

    fn get(&self, index: usize) -> &'a str {
        match self {
            Self::One(text) => text,
            Self::Utf8(array) => array.value(index),
            Self::LargeUtf8(array) => array.value(index),
            Self::Utf8View(array) => array.value(index),
        }
    }
}
