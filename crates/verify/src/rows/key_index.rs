//! Rows by their key: which are there twice, and which are referred to and not there.

use arrow::array::{Array as _, ArrayRef};
use arrow::buffer::NullBuffer;
use arrow::row::Rows;
use datafusion::common::{HashSet, Result};

use super::row_format::RowFormat;

/// Some columns of some rows, by the values in them. A row with a NULL among them has no key.
pub struct Keys {
    rows: Rows,
    nulls: Option<NullBuffer>,
}

impl Keys {
    /// The keys in `columns`, which can be compared with others of `format`.
    ///
    /// # Errors
    ///
    /// Columns of other types than those of the format.
    pub fn of(format: &RowFormat, columns: &[ArrayRef]) -> Result<Self> {
        let nulls = columns
            .iter()
            .fold(None, |nulls, column| NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref()));
        Ok(Self { rows: format.encode(columns)?, nulls })
    }

    /// How many rows have a key.
    pub fn count(&self) -> u64 {
        (self.rows.num_rows() - self.nulls.as_ref().map_or(0, NullBuffer::null_count)) as u64
    }

    /// The values of each row, those without a key included.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| row.data())
    }

    /// The rows with a key, and their keys.
    fn present(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.values().enumerate().filter(|(row, _)| self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row)))
    }

    fn distinct(&self) -> HashSet<&[u8]> {
        self.present().map(|(_, key)| key).collect()
    }

    /// The rows whose key another row before them has.
    pub fn repeated(&self) -> Vec<usize> {
        let mut known = HashSet::new();
        self.present().filter(|(_, key)| !known.insert(*key)).map(|(row, _)| row).collect()
    }

    /// The rows whose key is the key of no row of `target`.
    pub fn dangling(&self, target: &Self) -> Vec<usize> {
        let known = target.distinct();
        self.present().filter(|(_, key)| !known.contains(key)).map(|(row, _)| row).collect()
    }

    /// The rows whose key is one of `wanted`.
    pub fn among(&self, wanted: &Self) -> Vec<usize> {
        let known = wanted.distinct();
        self.present().filter(|(_, key)| known.contains(key)).map(|(row, _)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;

    fn columns(values: &[(Option<i64>, &str)]) -> Vec<ArrayRef> {
        let numbers: Int64Array = values.iter().map(|(number, _)| *number).collect();
        let texts: StringArray = values.iter().map(|(_, text)| Some(*text)).collect();
        vec![Arc::new(numbers), Arc::new(texts)]
    }

    fn keys(columns: &[ArrayRef]) -> Keys {
        Keys::of(&RowFormat::of_keys(columns).unwrap(), columns).unwrap()
    }

    #[test]
    fn key_duplicate_and_null() {
        let columns = columns(&[(Some(1), "a"), (Some(1), "b"), (None, "a"), (None, "a"), (Some(1), "a")]);
        let keys = keys(&columns);
        assert_eq!(keys.count(), 3);
        assert_eq!(keys.repeated(), [4]);
    }

    #[test]
    fn reference_dangling() {
        let (to, from) = (
            columns(&[(Some(1), "a"), (Some(2), "b")]),
            columns(&[(Some(2), "b"), (Some(2), "a"), (None, "c"), (Some(1), "a")]),
        );
        let format = RowFormat::of_keys(&to).unwrap();
        let (to, from) = (Keys::of(&format, &to).unwrap(), Keys::of(&format, &from).unwrap());
        assert_eq!(from.dangling(&to), [1]);
        assert_eq!(from.among(&to), [0, 3]);
    }

    /// Values of columns do not run into one another.
    #[test]
    fn key_values_separated() {
        let (left, right) = (["a", "ab", "", "a"], ["bc", "c", "abc", "bc"]);
        let columns: [ArrayRef; 2] = [left, right].map(|texts| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef);
        assert_eq!(keys(&columns).repeated(), [3]);
    }

    /// A nan is one key and both zeros are two.
    #[test]
    fn key_nan_and_zeros() {
        let numbers = [f64::NAN, 0.0, -0.0, f64::NAN, -f64::NAN, 0.0, -0.0];
        let column: ArrayRef = Arc::new(Float64Array::from(numbers.to_vec()));
        assert_eq!(keys(&[column]).repeated(), [3, 5, 6]);
    }

    /// A key takes little more than its values.
    #[test]
    fn key_memory_bounded() {
        let ids: StringArray = (0..1000).map(|number| Some(format!("{number:064}"))).collect();
        let columns: [ArrayRef; 2] = [Arc::new(Int64Array::from_iter_values(0..1000)), Arc::new(ids)];
        let of_each = keys(&columns).rows.size() / 1000;
        assert!(of_each <= (64 + 8) * 5 / 4 + 8, "{of_each} bytes for a number and 64 bytes of text");
    }
}
