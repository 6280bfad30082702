//! The ledger of causes: what each finding is about, and what it follows from.
//!
//! Checks submit every finding that they have, and leave none out. [`Ledger::settle`] reports those that no reported finding explains, and
//! counts the others. Subjects are compared as values: no text of a finding or of the engine is looked at.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cstspec_contract::report::RelationReport;
use cstspec_contract::{Finding, Origin, Path};

/// What a finding can be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The function that is declared at the origin.
    Function(Origin),
    /// Whether a relation is registered.
    Registration(String),
    /// The statement that a relation was registered with.
    Definition(String),
    /// The types and the order of a relation's columns.
    Description(String),
    /// The metadata of a relation's columns.
    Metadata(String),
    /// The names that the engine gives to a relation's columns and fields.
    OutputNames(String),
    /// Names that must be quoted, or that collide, in a relation.
    Spelling {
        /// The relation.
        relation: String,
        /// The names.
        names: Vec<String>,
    },
    /// Reading a relation to its end.
    Execution(String),
    /// A file of a dataset that cannot be read; the files of it as a whole for `None`.
    Files {
        /// The dataset.
        dataset: String,
        /// The file, as findings name it.
        file: Option<String>,
    },
    /// A field that files have otherwise than the contract.
    Drift {
        /// The dataset.
        dataset: String,
        /// The path of the field, in the contract or in the file.
        path: Path,
    },
    /// NULLs in a field that is NOT NULL; in any field of the relation for `None`.
    Nulls {
        /// The relation.
        relation: String,
        /// The path of the field.
        path: Option<Path>,
    },
    /// Rows of a dataset that repeat a key.
    Key(String),
    /// Constraints of a relation that could not be checked, in one file or in all.
    Unproven {
        /// The relation.
        relation: String,
        /// The file.
        file: Option<String>,
    },
}

impl Subject {
    /// The subject and the more general one that includes it.
    fn and_general(&self) -> Vec<Self> {
        let general = match self {
            Self::Files { dataset, file: Some(_) } => Some(Self::Files { dataset: dataset.clone(), file: None }),
            Self::Nulls { relation, path: Some(_) } => Some(Self::Nulls { relation: relation.clone(), path: None }),
            _ => None,
        };
        std::iter::once(self.clone()).chain(general).collect()
    }
}

/// How a finding depends on its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dependence {
    /// Something else is wrong for the cause: the name of that relation or statement goes into the finding of the cause.
    Follows(String),
    /// The same is wrong, and the finding of the cause says it already.
    Repeats,
}

/// A finding with what it is about and what it follows from.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    finding: Finding,
    about: Vec<Subject>,
    dependence: Dependence,
    causes: Vec<Subject>,
}

impl From<Finding> for Submission {
    fn from(finding: Finding) -> Self {
        Self { finding, about: Vec::new(), dependence: Dependence::Repeats, causes: Vec::new() }
    }
}

impl Submission {
    /// The finding is about `subject` too.
    pub fn about(mut self, subject: Subject) -> Self {
        self.about.push(subject);
        self
    }

    /// Adds a subject in place.
    pub fn concerns(&mut self, subject: Subject) {
        self.about.push(subject);
    }

    /// `name` is wrong for one of `causes`, if that has a finding.
    pub fn follows(mut self, name: &str, causes: impl IntoIterator<Item = Subject>) -> Self {
        self.dependence = Dependence::Follows(name.to_owned());
        self.causes.extend(causes);
        self
    }

    /// The finding says nothing that a finding about one of `causes` does not say.
    pub fn repeats(mut self, causes: impl IntoIterator<Item = Subject>) -> Self {
        self.dependence = Dependence::Repeats;
        self.causes.extend(causes);
        self
    }

    /// The finding itself.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }
}

/// Every finding of one run.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    submitted: Vec<Submission>,
    /// The submissions about each subject, by their places.
    about: BTreeMap<Subject, Vec<usize>>,
}

/// What becomes of a submission: the place of the one that is reported for it, which may be its own.
type Reported = Option<usize>;

impl Ledger {
    /// Adds a finding.
    pub fn submit(&mut self, submission: impl Into<Submission>) {
        let submission = submission.into();
        for subject in submission.about.iter().flat_map(Subject::and_general) {
            self.about.entry(subject).or_default().push(self.submitted.len());
        }
        self.submitted.push(submission);
    }

    /// Adds findings.
    pub fn extend<S: Into<Submission>>(&mut self, submissions: impl IntoIterator<Item = S>) {
        submissions.into_iter().for_each(|submission| self.submit(submission));
    }

    /// Whether a finding is about `subject`.
    pub fn has(&self, subject: &Subject) -> bool {
        self.about.contains_key(subject)
    }

    /// The findings that no other one explains, sorted, each with the names of what follows from it; and how many are left out since a
    /// reported one explains them.
    pub fn settle(self) -> (Vec<Finding>, u64) {
        let reported = self.reported();
        let mut known: BTreeMap<&Finding, usize> = BTreeMap::new();
        for (place, submission) in self.submitted.iter().enumerate() {
            if reported[place] == Some(place) {
                known.entry(&submission.finding).or_insert(place);
            }
        }
        // Of equal findings the first counts.
        let first: Vec<usize> = reported
            .iter()
            .map(|reported| reported.expect("every submission is resolved"))
            .map(|place| known.get(&self.submitted[place].finding).copied().unwrap_or(place))
            .collect();
        drop(known);
        let mut findings: BTreeMap<usize, Finding> = BTreeMap::new();
        let mut left_out = 0;
        let mut followers = Vec::new();
        for (place, Submission { finding, dependence, .. }) in self.submitted.into_iter().enumerate() {
            if reported[place] == Some(place) {
                findings.entry(first[place]).or_insert(finding);
                continue;
            }
            left_out += 1;
            if let Dependence::Follows(name) = dependence {
                followers.push((first[place], name));
            }
        }
        for (place, name) in followers {
            if let Some(finding) = findings.get_mut(&place) {
                finding.followed_by(name);
            }
        }
        let mut findings: Vec<Finding> = findings.into_values().collect();
        findings.sort();
        (findings, left_out)
    }

    /// For each submission the one that is reported for it.
    ///
    /// A submission waits until its possible causes are resolved. Of submissions that wait for each other the first is reported.
    fn reported(&self) -> Vec<Reported> {
        let causes: Vec<Vec<usize>> = (0..self.submitted.len()).map(|place| self.causes(place)).collect();
        let mut reported: Vec<Reported> = vec![None; self.submitted.len()];
        let mut waiting: Vec<usize> = Vec::new();
        for place in 0..reported.len() {
            if causes[place].is_empty() {
                reported[place] = Some(place);
            } else {
                waiting.push(place);
            }
        }
        while let Some(first) = waiting.first().copied() {
            let before = waiting.len();
            waiting.retain(|place| {
                let is_ready = causes[*place].iter().all(|cause| reported[*cause].is_some());
                if is_ready {
                    reported[*place] = self.worst(&causes[*place], &reported);
                }
                !is_ready
            });
            if waiting.len() < before {
                continue;
            }
            // They wait for each other.
            let next =
                waiting.iter().copied().find(|place| causes[*place].iter().any(|cause| reported[*cause].is_some()));
            match next {
                Some(next) => reported[next] = self.worst(&causes[next], &reported),
                None => reported[first] = Some(first),
            }
            waiting.retain(|place| reported[*place].is_none());
        }
        reported
    }

    /// The submissions that the one at `place` may follow from. Of several about one subject a later one may repeat an earlier one.
    fn causes(&self, place: usize) -> Vec<usize> {
        let submission = &self.submitted[place];
        let mut causes: Vec<usize> = Vec::new();
        for subject in &submission.causes {
            let is_own = submission.about.contains(subject);
            let others = self.about.get(subject).into_iter().flatten().copied();
            causes.extend(others.filter(|other| if is_own { *other < place } else { *other != place }));
        }
        causes.sort_unstable();
        causes.dedup();
        causes
    }

    /// The reported submission with the highest severity among those of `causes`; of several the first.
    fn worst(&self, causes: &[usize], reported: &[Reported]) -> Reported {
        let roots = causes.iter().filter_map(|cause| reported[*cause]);
        roots.min_by_key(|root| (Reverse(self.submitted[*root].finding.severity), *root))
    }
}

/// The first relation that is marked as wrong, and that no finding names.
pub(crate) fn unnamed<'a>(relations: &'a [RelationReport], findings: &[Finding]) -> Option<&'a RelationReport> {
    relations.iter().filter(|relation| !(relation.describe_equal && relation.executed)).find(|relation| {
        let names = |finding: &Finding| {
            finding.relation.as_ref() == Some(&relation.name) || finding.follows.contains(&relation.name)
        };
        !findings.iter().any(names)
    })
}

#[cfg(test)]
mod tests {
    use cstspec_contract::{Finding, Severity};

    use super::{Ledger, Subject, Submission};
    use crate::rules;

    fn finding(relation: &str) -> Submission {
        Finding::new(&rules::VIEW_FAILS, relation).relation(relation).into()
    }

    fn execution(relation: &str) -> Subject {
        Subject::Execution(relation.to_owned())
    }

    /// The reported relations with what follows from each, and the number of the others.
    fn settled(submissions: Vec<Submission>) -> (Vec<(String, Vec<String>)>, u64) {
        let mut ledger = Ledger::default();
        ledger.extend(submissions);
        let (findings, left_out) = ledger.settle();
        (findings.into_iter().map(|finding| (finding.message, finding.follows)).collect(), left_out)
    }

    #[test]
    fn chain_is_reported_at_its_root() {
        let links = [("a", None), ("b", Some("a")), ("c", Some("b"))];
        // In whatever order they come.
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let submissions = order.map(|index| {
                let (name, cause) = links[index];
                finding(name).about(execution(name)).follows(name, cause.map(execution))
            });
            let expected = vec![("a".to_owned(), vec!["b".to_owned(), "c".to_owned()])];
            assert_eq!(settled(submissions.to_vec()), (expected, 2), "{order:?}");
        }
    }

    #[test]
    fn cause_without_a_finding_explains_nothing() {
        let lonely = finding("b").about(execution("b")).follows("b", [execution("a")]);
        assert_eq!(settled(vec![lonely]), (vec![("b".to_owned(), vec![])], 0));
    }

    #[test]
    fn one_of_two_that_explain_each_other_is_reported() {
        let pair = ["a", "b"].map(|name| {
            let other = if name == "a" { "b" } else { "a" };
            finding(name).about(execution(name)).follows(name, [execution(other)])
        });
        assert_eq!(settled(pair.to_vec()), (vec![("a".to_owned(), vec!["b".to_owned()])], 1));
    }

    #[test]
    fn later_finding_about_the_same_subject_repeats_the_first() {
        let spelling = || Subject::Spelling { relation: "a".to_owned(), names: vec!["X".to_owned()] };
        let twice = ["first", "second"].map(|name| finding(name).about(spelling()).repeats([spelling()]));
        assert_eq!(settled(twice.to_vec()), (vec![("first".to_owned(), vec![])], 1));
    }

    #[test]
    fn followers_are_named_in_the_worst_cause() {
        let files = |file: Option<&str>| Subject::Files { dataset: "d".to_owned(), file: file.map(str::to_owned) };
        let warning = Finding { severity: Severity::Warning, ..finding("hint").finding().clone() };
        let submissions = vec![
            Submission::from(warning).about(files(Some("a.parquet"))),
            finding("error").about(files(Some("b.parquet"))),
            finding("v").about(execution("v")).follows("v", [files(None)]),
        ];
        let (findings, left_out) = settled(submissions);
        assert!(findings.contains(&("error".to_owned(), vec!["v".to_owned()])), "{findings:?}");
        assert_eq!((findings.len(), left_out), (2, 1));
    }

    #[test]
    fn equal_findings_are_one() {
        let twice = vec![
            finding("a").about(execution("a")),
            finding("a").about(execution("a")),
            finding("b").follows("b", [execution("a")]),
        ];
        assert_eq!(settled(twice), (vec![("a".to_owned(), vec!["b".to_owned()])], 1));
    }
}
