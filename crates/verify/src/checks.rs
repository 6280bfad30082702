//! Which checks run, and who is told of their progress.

/// Receives the progress of `verify`.
pub trait Progress: Send + Sync {
    /// The relation `name` is next: the one at `index`, from 0, of `total`.
    fn relation(&self, name: &str, index: usize, total: usize);

    /// Of the `total` files of `dataset`, `done` are checked.
    fn files(&self, dataset: &str, done: usize, total: usize) {
        let _ = (dataset, done, total);
    }
}

/// Reports no progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn relation(&self, _name: &str, _index: usize, _total: usize) {}
}

/// Which checks of the data run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// Everything is registered, described and read to its end.
    #[default]
    Schema,
    /// And every constraint on rows is checked on all of them: NOT NULL, keys, references, order, identity, allowed values.
    Rows,
}
