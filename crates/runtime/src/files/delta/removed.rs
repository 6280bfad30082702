//! The rows of a file that a deletion vector takes away.

use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};

/// Rows of a file, by their place in it from 0, that are the table's no longer.
#[derive(Debug, Default)]
pub struct Removed(Vec<Run>);

/// Removed rows that follow one another.
#[derive(Debug)]
struct Run {
    first: u64,
    /// The place behind the last one.
    end: u64,
    /// How many are removed before it.
    before: u64,
}

impl Removed {
    /// The rows at `places`, which are in order.
    #[cfg(any(feature = "delta", test))]
    pub fn new(places: impl Iterator<Item = u64>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (before, place) in (0..).zip(places) {
            match runs.last_mut() {
                Some(run) if run.end == place => run.end += 1,
                _ => runs.push(Run { first: place, end: place + 1, before }),
            }
        }
        Self(runs)
    }

    /// The selection of the rows to read from a file of `rows` rows.
    pub fn selection(&self, rows: u64) -> RowSelection {
        let length = |from: u64, to: u64| usize::try_from(to - from).expect("a file has no more rows than an address");
        let mut selectors = Vec::with_capacity(2 * self.0.len() + 1);
        let mut next = 0;
        for run in &self.0 {
            selectors.push(RowSelector::select(length(next, run.first)));
            selectors.push(RowSelector::skip(length(run.first, run.end)));
            next = run.end;
        }
        selectors.push(RowSelector::select(length(next, rows.max(next))));
        selectors.into()
    }

    /// The last of them.
    #[cfg(any(feature = "delta", test))]
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|run| run.end - 1)
    }

    /// The place in the file of the row that is `nth` of those that are left, from 0.
    pub fn place(&self, nth: u64) -> u64 {
        let behind = self.0.partition_point(|run| run.first - run.before <= nth);
        nth + self.0[..behind].last().map_or(0, |run| run.before + (run.end - run.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that are left keep their place in the file.
    #[test]
    fn remaining_rows_keep_place() {
        let removed = Removed::new([0, 1, 4, 6, 7, 8].into_iter());
        let places: Vec<u64> = (0..4).map(|nth| removed.place(nth)).collect();
        assert_eq!(places, [2, 3, 5, 9]);
        assert_eq!(Removed::default().place(3), 3);
    }

    #[test]
    fn remaining_and_removed_are_all() {
        for (places, rows, read) in
            [(vec![], 3, 3), (vec![0, 1, 2], 3, 0), (vec![1], 3, 2), (vec![2], 3, 2), (vec![0, 2], 4, 2)]
        {
            let selection = Removed::new(places.iter().copied()).selection(rows);
            assert_eq!(selection.row_count(), read, "{places:?}");
            let all: usize = selection.iter().map(|selector| selector.row_count).sum();
            assert_eq!(all as u64, rows, "{places:?}");
        }
    }
}
