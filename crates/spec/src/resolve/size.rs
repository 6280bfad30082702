//! How large the plans of views become: to the engine a view is its query, put wherever the view is named.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Finding, Origin, Path};

use super::report::Report;
use crate::expr::Reach;
use crate::rules;

/// The most relations and SELECTs that one view or statement may come to.
const MOST_OF_ONE: u64 = 1_000;
/// The most that all views of a catalog may come to together: each of them is planned when it is registered.
const MOST_OF_ALL: u64 = 100_000;
/// The most views and queries that may be inside one another.
const MOST_INSIDE: u64 = 100;

/// The size of a relation's plan.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Relations and SELECTs in its plan.
    count: u64,
    /// How many of them are inside one another.
    depth: u64,
}

/// The sizes of the relations that are known so far.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    known: BTreeMap<String, Size>,
    /// Relations that are too large, or read one that is.
    over: BTreeSet<String>,
    all: u64,
}

impl Sizes {
    /// Adds the dataset `name`.
    pub fn dataset(&mut self, name: &str) {
        self.known.insert(name.to_owned(), Size { count: 1, depth: 0 });
    }

    /// Adds the view `name`, whose relations are known already. One that is too large is reported at `origin`, unless a view that it reads is.
    pub fn view(&mut self, name: &str, reach: &Reach, origin: &Origin, report: &mut Report<'_>) {
        let size = self.of(reach);
        let sound = size.is_some_and(|size| check(&format!("the view `{name}`"), size, origin, report));
        let before = self.all;
        self.all = self.all.saturating_add(size.map_or(0, |size| size.count.min(MOST_OF_ONE)));
        if let Some(size) = size.filter(|_| sound) {
            self.known.insert(name.to_owned(), size);
        } else {
            self.over.insert(name.to_owned());
        }
        if before <= MOST_OF_ALL && self.all > MOST_OF_ALL {
            let finding = Finding::new(
                &rules::PLAN_TOO_LARGE,
                format!("the views of the catalog come to more than {MOST_OF_ALL} relations and SELECTs"),
            )
            .differing(format!("at most {MOST_OF_ALL} in all views together"), format!("{} up to `{name}`", self.all))
            .remedy("let views read datasets rather than long chains of views, or split the catalog");
            report.key(origin, finding);
        }
    }

    /// Reports the statement `name` at `origin` where it is too large.
    pub fn statement(&self, name: &str, reach: &Reach, origin: &Origin, report: &mut Report<'_>) {
        if let Some(size) = self.of(reach) {
            check(&format!("the statement `{name}`"), size, origin, report);
        }
    }

    /// The size of what reads so much; `None` where one of it is too large already.
    fn of(&self, reach: &Reach) -> Option<Size> {
        let mut size = Size { count: reach.selects, depth: reach.depth };
        for (relation, times) in &reach.relations {
            let name = relation.only().unwrap_or_default();
            if self.over.contains(name) {
                return None;
            }
            // What is no relation of the catalog has its own finding.
            let inner = self.known.get(name).copied().unwrap_or(Size { count: 1, depth: 0 });
            size.count = size.count.saturating_add(inner.count.saturating_mul(times.count));
            size.depth = size.depth.max(inner.depth.saturating_add(times.depth));
        }
        Some(size)
    }
}

/// Whether a plan of `size` can be worked with. One that cannot is reported.
fn check(what: &str, size: Size, origin: &Origin, report: &mut Report<'_>) -> bool {
    let (message, most, observed) = if size.count > MOST_OF_ONE {
        let number = if size.count == u64::MAX { "more than 10^19".to_owned() } else { size.count.to_string() };
        let message =
            format!("{what} comes to {number} relations and SELECTs once the views in it are put in their places");
        (message, format!("at most {MOST_OF_ONE}"), number)
    } else if size.depth > MOST_INSIDE {
        let message = format!("{what} is a chain of {} queries inside one another", size.depth);
        (message, format!("at most {MOST_INSIDE}"), size.depth.to_string())
    } else {
        return true;
    };
    let finding = Finding::new(&rules::PLAN_TOO_LARGE, message).differing(most, observed).remedy(
        "name each relation once and join what is needed of it, or store the result of an inner view as a dataset",
    );
    report.key(origin, finding);
    false
}

/// What an item that reads one relation in one query reads.
pub fn one(relation: &str) -> Reach {
    Reach::once(Path::top(relation))
}
