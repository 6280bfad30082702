//! How large a query becomes when the engine puts its WITH queries in their places.

use std::collections::BTreeMap;

use cstspec_contract::Path;

/// The relations that a query reads once its WITH queries are expanded wherever they are named, as the engine plans them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The relations, each with how often it is read, and the most queries around one of these places.
    pub relations: BTreeMap<Path, Times>,
    /// How many SELECTs there are.
    pub selects: u64,
    /// How many of them are inside one another.
    pub depth: u64,
}

/// How often and how deep something is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How often.
    pub count: u64,
    /// The most queries around it.
    pub depth: u64,
}

impl Reach {
    /// One query that reads `relation` once.
    pub fn once(relation: Path) -> Self {
        Self { relations: BTreeMap::from([(relation, Times { count: 1, depth: 1 })]), selects: 1, depth: 1 }
    }

    /// Notes that `relation` is read.
    pub(super) fn read(&mut self, relation: Path) {
        let times = self.relations.entry(relation).or_default();
        times.count = times.count.saturating_add(1);
    }

    /// Takes over what a query inside this one reads.
    pub(super) fn absorb(&mut self, inner: &Self) {
        for (relation, inner) in &inner.relations {
            let times = self.relations.entry(relation.clone()).or_default();
            times.count = times.count.saturating_add(inner.count);
            times.depth = times.depth.max(inner.depth);
        }
        self.selects = self.selects.saturating_add(inner.selects);
        self.depth = self.depth.max(inner.depth);
    }

    /// Closes the query: what it reads is one query deeper.
    pub(super) fn close(mut self) -> Self {
        self.depth = self.depth.saturating_add(1);
        for times in self.relations.values_mut() {
            times.depth = times.depth.saturating_add(1);
        }
        self
    }
}
