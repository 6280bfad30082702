//! Rows by their key: which are there twice, and which are referred to and not there.

use arrow::array::{Array as _, ArrayRef, DynComparator, make_comparator};
use arrow::buffer::NullBuffer;
use arrow::compute::SortOptions;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::common::{HashMap, Result};

/// One seed for both sides of a reference.
const SEED: u64 = 0x6373_7473_7065_6321;

/// Some columns of some rows, by the values in them. A row with a NULL among them has no key.
pub struct Keys<'a> {
    columns: Vec<&'a ArrayRef>,
    hashes: Vec<u64>,
    nulls: Option<NullBuffer>,
}

/// The rows of [`Keys`] that are the first of their key, found by its hash.
pub struct Index<'a> {
    keys: &'a Keys<'a>,
    first: HashMap<u64, usize>,
    /// Rows of another key with the hash of one in `first`.
    more: Vec<usize>,
}

impl<'a> Keys<'a> {
    /// The keys in `columns`, all of `length` rows.
    ///
    /// # Errors
    ///
    /// A type that has no hash.
    pub fn of(columns: Vec<&'a ArrayRef>, length: usize) -> Result<Self> {
        let mut hashes = vec![0; length];
        create_hashes(columns.iter().copied(), &RandomState::with_seed(SEED), &mut hashes)?;
        let nulls = columns
            .iter()
            .fold(None, |nulls, column| NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref()));
        Ok(Self { columns, hashes, nulls })
    }

    /// How many rows have a key.
    pub fn count(&self) -> u64 {
        (self.hashes.len() - self.nulls.as_ref().map_or(0, NullBuffer::null_count)) as u64
    }

    /// The hashes of all rows, those without a key included.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    fn present(&self) -> impl Iterator<Item = usize> {
        (0..self.hashes.len()).filter(|row| self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row)))
    }

    /// The rows by key, and those whose key another row before them has.
    ///
    /// # Errors
    ///
    /// Values that cannot be compared.
    pub fn index(&'a self) -> Result<(Index<'a>, Vec<usize>)> {
        let mut index = Index { keys: self, first: HashMap::new(), more: Vec::new() };
        let mut again = Vec::new();
        let mut equality = None;
        for row in self.present() {
            let hash = self.hashes[row];
            let Some(first) = index.first.get(&hash).copied() else {
                index.first.insert(hash, row);
                continue;
            };
            let equal = match &equality {
                Some(equality) => equality,
                None => equality.insert(Equality::between(self, self)?),
            };
            let known = std::iter::once(&first).chain(&index.more);
            if known.into_iter().any(|known| equal.holds(*known, row)) {
                again.push(row);
            } else {
                index.more.push(row);
            }
        }
        Ok((index, again))
    }
}

impl Index<'_> {
    /// The rows of `from` whose key is the key of no row here.
    ///
    /// # Errors
    ///
    /// Values that cannot be compared.
    pub fn dangling(&self, from: &Keys<'_>) -> Result<Vec<usize>> {
        let equality = Equality::between(self.keys, from)?;
        let is_here = |row: usize| {
            let first = self.first.get(&from.hashes[row]);
            first.is_some_and(|first| {
                equality.holds(*first, row) || self.more.iter().any(|more| equality.holds(*more, row))
            })
        };
        Ok(from.present().filter(|row| !is_here(*row)).collect())
    }

    /// The rows of `among` whose key is the key of a row here.
    ///
    /// # Errors
    ///
    /// Values that cannot be compared.
    pub fn found(&self, among: &Keys<'_>) -> Result<Vec<usize>> {
        let dangling = self.dangling(among)?;
        Ok(among.present().filter(|row| dangling.binary_search(row).is_err()).collect())
    }
}

/// Whether two rows have the same key.
struct Equality(Vec<DynComparator>);

impl Equality {
    fn between(left: &Keys<'_>, right: &Keys<'_>) -> Result<Self> {
        let mut comparators = Vec::with_capacity(left.columns.len());
        for (left, right) in left.columns.iter().zip(&right.columns) {
            comparators.push(make_comparator(left.as_ref(), right.as_ref(), SortOptions::default())?);
        }
        Ok(Self(comparators))
    }

    fn holds(&self, left: usize, right: usize) -> bool {
        self.0.iter().all(|compare| compare(left, right).is_eq())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn columns(values: &[(Option<i64>, &str)]) -> Vec<ArrayRef> {
        let numbers: Int64Array = values.iter().map(|(number, _)| *number).collect();
        let texts: StringArray = values.iter().map(|(_, text)| Some(*text)).collect();
        vec![Arc::new(numbers), Arc::new(texts)]
    }

    #[test]
    fn a_second_row_of_a_key_is_told_and_a_null_is_none() {
        let columns = columns(&[(Some(1), "a"), (Some(1), "b"), (None, "a"), (None, "a"), (Some(1), "a")]);
        let keys = Keys::of(columns.iter().collect(), 5).unwrap();
        assert_eq!(keys.count(), 3);
        assert_eq!(keys.index().unwrap().1, [4]);
    }

    #[test]
    fn what_is_referred_to_and_not_there_is_told() {
        let (to, from) = (
            columns(&[(Some(1), "a"), (Some(2), "b")]),
            columns(&[(Some(2), "b"), (Some(2), "a"), (None, "c"), (Some(1), "a")]),
        );
        let keys = Keys::of(to.iter().collect(), 2).unwrap();
        let (index, _) = keys.index().unwrap();
        let from = Keys::of(from.iter().collect(), 4).unwrap();
        assert_eq!(index.dangling(&from).unwrap(), [1]);
        assert_eq!(index.found(&from).unwrap(), [0, 3]);
    }

    #[test]
    fn keys_with_one_hash_are_told_apart() {
        let columns = columns(&[(Some(1), "a"), (Some(2), "b"), (Some(1), "a"), (Some(2), "b"), (Some(3), "c")]);
        let mut keys = Keys::of(columns.iter().collect(), 5).unwrap();
        keys.hashes = vec![7; 5];
        let (index, again) = keys.index().unwrap();
        assert_eq!(again, [2, 3]);
        assert_eq!(index.dangling(&keys).unwrap(), [0; 0]);
    }
}
