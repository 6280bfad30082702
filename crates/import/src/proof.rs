//! How many values or rows each constraint is proven on, and the comment that says so.

use std::collections::BTreeMap;

use cstspec_contract::report::{ContractReport, RowConstraintKind};
use cstspec_contract::text::counted;

/// Constraints that were proven, each with its number of values or rows.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    /// By kind, relation and columns.
    counts: BTreeMap<(RowConstraintKind, String, Vec<String>), u64>,
    files: u64,
}

impl Proofs {
    /// The constraints of `reports` that hold, proven on `files` files. Without files the rows are not in files.
    pub fn of(reports: &[ContractReport], files: u64) -> Self {
        let mut counts = BTreeMap::new();
        for report in reports.iter().filter(|report| report.broken == 0 && report.checked > 0) {
            let key = (report.kind, report.relation.clone(), report.columns.clone());
            *counts.entry(key).or_default() += report.checked;
        }
        Self { counts, files }
    }

    /// How many files were read.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// The number of values or rows that a constraint is proven on.
    pub fn count(&self, kind: RowConstraintKind, relation: &str, columns: &[String]) -> Option<u64> {
        self.counts.get(&(kind, relation.to_owned(), columns.to_vec())).copied()
    }

    /// The comment of a constraint: `proven on 3,627,982 values in 606 files`.
    pub fn comment(&self, kind: RowConstraintKind, relation: &str, columns: &[String]) -> Option<String> {
        self.count(kind, relation, columns).map(|count| self.words(kind, count))
    }

    /// The comment of a constraint on single fields, at each of `paths`.
    pub fn comment_at<'a>(
        &self,
        kind: RowConstraintKind,
        relation: &str,
        paths: impl IntoIterator<Item = &'a String>,
    ) -> Option<String> {
        let counts = paths.into_iter().filter_map(|path| self.count(kind, relation, std::slice::from_ref(path)));
        let count = counts.reduce(|one, other| one + other)?;
        Some(self.words(kind, count))
    }

    fn words(&self, kind: RowConstraintKind, count: u64) -> String {
        let noun = kind.unit().trim_end_matches('s');
        let files = if self.files == 0 { String::new() } else { format!(" in {}", counted(self.files, "file")) };
        format!("proven on {}{files}", counted(count, noun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: RowConstraintKind, checked: u64, broken: u64) -> ContractReport {
        ContractReport { relation: "t".to_owned(), kind, columns: vec!["a".to_owned()], target: None, checked, broken }
    }

    /// A comment has the number of values and files; what is broken or was held against nothing has none.
    #[test]
    fn comments_of_proofs() {
        let reports = [
            report(RowConstraintKind::NotNull, 3_627_982, 0),
            report(RowConstraintKind::Key, 1, 0),
            report(RowConstraintKind::Order, 5, 1),
            report(RowConstraintKind::Allowed, 0, 0),
        ];
        let proofs = Proofs::of(&reports, 606);
        let comment = |kind: RowConstraintKind| proofs.comment(kind, "t", &["a".to_owned()]);
        assert_eq!(comment(RowConstraintKind::NotNull).as_deref(), Some("proven on 3,627,982 values in 606 files"));
        assert_eq!(comment(RowConstraintKind::Key).as_deref(), Some("proven on 1 row in 606 files"));
        assert_eq!((comment(RowConstraintKind::Order), comment(RowConstraintKind::Allowed)), (None, None));
        assert_eq!(
            Proofs::of(&reports, 0).comment(RowConstraintKind::Key, "t", &["a".to_owned()]).as_deref(),
            Some("proven on 1 row")
        );
    }
}
