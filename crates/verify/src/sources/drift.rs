//! How files differ from the contract, as findings.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use cstspec_conform::{ConformError, LikelyRename};
use cstspec_contract::report::{Conversion, ConversionKind};
use cstspec_contract::{CastPolicy, Dataset, ExtraPolicy, Finding, Path, PolicyKey, Severity, spelling};

use super::renaming::{self, Renames};
use crate::rules;

/// The finding of a difference that is allowed, unless the contract wants to hear nothing of it.
pub fn converted(contract: &Dataset, file: &str, conversion: &Conversion) -> Option<Finding> {
    let path = &conversion.path;
    let (dataset, kind) = (contract.name.as_str(), conversion.kind);
    let place = contract.locate(path).unwrap_or_else(|| contract.origin.clone());
    let (rule, message, place, remedy) = if kind == ConversionKind::Extra {
        let around = around(contract, path);
        if contract.evolution.extra_inside(&around) == ExtraPolicy::Ignore {
            return None;
        }
        let (message, remedy) = match superseded(contract, path) {
            Some(read) => (
                format!(
                    "`{path}`, an older name of `{read}`, is in a file of `{dataset}` beside `{read}`, which is read"
                ),
                format!("rewrite the file with `{read}` only; the values of `{path}` are not read"),
            ),
            None => (
                format!("a file of `{dataset}` has an extra field `{path}`, which the contract does not declare"),
                format!("declare `{path}`, or set `{}: ignore`", contract.evolution.key_at(&around, PolicyKey::Extra)),
            ),
        };
        (&rules::FILE_HAS_MORE, message, contract.evolution.origin_at(&around, PolicyKey::Extra), remedy)
    } else {
        let remedy = "nothing needs to be done; write the file again to save the conversion at each scan".to_owned();
        (&rules::FILE_DRIFTED, message(dataset, path, kind), place, remedy)
    };
    let side = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    let observed = format!("{}: {}", side(&conversion.from, "nothing"), conversion.reason);
    let mut finding = Finding::new(rule, message)
        .differing(side(&conversion.to, "nothing"), observed)
        .relation(dataset)
        .remedy(remedy)
        .seen_in(file)
        .at(&place);
    if !path.is_empty() {
        finding = finding.path(path.to_string());
    }
    Some(finding)
}

/// The contract's path of the field around the one at `stored` of a file, whose policy decides about it; the empty path is the row.
fn around(contract: &Dataset, stored: &Path) -> Path {
    contract.evolution.present(&stored.parent().unwrap_or_default())
}

/// The field that the contract renames the field at `stored` of a file to: where a file has both, it is the one that is read.
fn superseded<'a>(contract: &'a Dataset, stored: &Path) -> Option<&'a str> {
    contract.evolution.renames.get(stored).map(String::as_str)
}

/// The message of a difference.
fn message(dataset: &str, path: &Path, kind: ConversionKind) -> String {
    match kind {
        ConversionKind::Missing => format!("a file of `{dataset}` lacks `{path}`"),
        ConversionKind::Extra => format!("a file of `{dataset}` has an extra column `{path}`"),
        ConversionKind::Renamed => format!("a file of `{dataset}` has `{path}` under an older name"),
        ConversionKind::Cast => format!("a file of `{dataset}` has `{path}` in another type"),
        ConversionKind::Reordered if path.is_empty() => {
            format!("a file of `{dataset}` has its columns in another order")
        }
        ConversionKind::Reordered => format!("a file of `{dataset}` has the fields of `{path}` in another order"),
        ConversionKind::Nullable => format!("a file of `{dataset}` declares `{path}` nullable"),
    }
}

/// The findings of what is not allowed in `file`: one for a field under another name, which the file lacks and has besides. Of such a
/// field there is one finding for all files, which `renames` keeps. The others come with their paths.
pub fn refusals(
    contract: &Dataset,
    file: &str,
    refused: &[ConformError],
    likely: &[LikelyRename],
    renames: &mut Renames,
) -> Vec<(Finding, Path)> {
    let mut findings = Vec::new();
    for error in causes(refused.iter(), likely) {
        let finding = self::refused(contract, file, error);
        match renaming::explaining(likely, error) {
            Some(rename) => {
                let likely = format!("{}: likely `{}`", finding.observed.as_deref().unwrap_or_default(), rename.stored);
                let remedy = format!("{}, if it is the same field", renaming::advice(contract, &[rename]));
                renames.refuse(rename, finding.observing(likely).remedy(remedy));
            }
            None => findings.push((finding, error.path().clone())),
        }
    }
    findings
}

/// Those of `refused` that are no second side of a likely rename whose first is among them.
pub fn causes<'a>(refused: impl Iterator<Item = &'a ConformError>, likely: &[LikelyRename]) -> Vec<&'a ConformError> {
    let refused: Vec<&ConformError> = refused.collect();
    let lacks =
        |path: &Path| refused.iter().any(|error| matches!(error, ConformError::Missing { path: lost } if lost == path));
    let second = |error: &ConformError| {
        matches!(error, ConformError::Extra { .. })
            && renaming::explaining(likely, error).is_some_and(|rename| lacks(&rename.path))
    };
    refused.iter().copied().filter(|error| !second(error)).collect()
}

/// The finding of a difference that is not allowed.
pub fn refused(contract: &Dataset, file: &str, error: &ConformError) -> Finding {
    let dataset = contract.name.as_str();
    let path = error.path().clone();
    let declared = || {
        let fields: Vec<_> = contract.columns.iter().map(|column| column.field.clone()).collect();
        path.find(&fields).map_or_else(
            || "no such field".to_owned(),
            |field| {
                let named = spelling::short_named(field.data_type(), contract.nested.named_type(&path));
                named + if field.is_nullable() { "" } else { " not null" }
            },
        )
    };
    let at = || contract.locate(&path).unwrap_or_else(|| contract.origin.clone());
    let key = |path: &Path, policy| contract.evolution.key_at(path, policy);
    let (message, expected, observed, remedy, place) = match error {
        ConformError::Missing { .. } => (
            format!("a file of `{dataset}` lacks `{path}`, which the contract requires"),
            declared(),
            "nothing".to_owned(),
            format!(
                "write the file with `{path}`, or give `{path}` a default and let `{}` be `default`",
                key(&path, PolicyKey::Missing)
            ),
            at(),
        ),
        ConformError::Extra { .. } => (
            format!(
                "a file of `{dataset}` has an extra field `{path}`, which `{}` refuses",
                key(&around(contract, &path), PolicyKey::Extra)
            ),
            "no such field".to_owned(),
            format!("`{path}`"),
            format!(
                "declare `{path}`, or set `{}` to `warn` or `ignore`",
                key(&around(contract, &path), PolicyKey::Extra)
            ),
            contract.evolution.origin_at(&around(contract, &path), PolicyKey::Extra),
        ),
        ConformError::Nullable { .. } => (
            format!(
                "a file of `{dataset}` declares `{path}` nullable, which `{}` refuses",
                key(&path, PolicyKey::Nullability)
            ),
            declared(),
            "nullable".to_owned(),
            format!("write the file with `{path}` as NOT NULL, or set `{}: relax`", key(&path, PolicyKey::Nullability)),
            at(),
        ),
        ConformError::Ambiguous { names, .. } => (
            format!("a file of `{dataset}` has {}, each of which could be `{path}`", cstspec_conform::several(names)),
            format!("one `{path}`"),
            cstspec_conform::several(names),
            format!("rewrite the file with one `{path}`"),
            at(),
        ),
        ConformError::Type { elements, found, declared, .. } => {
            let (mut expected, observed) = spelling::difference(&path, declared, found);
            if declared.is_nested() != found.is_nested() {
                expected = spelling::short_named(declared, contract.nested.named_type(&path));
            }
            (
                format!(
                    "{} of a type in a file of `{dataset}` that `{}` does not let be cast",
                    cstspec_conform::is(&path, *elements),
                    key(&path, PolicyKey::Casts)
                ),
                expected,
                observed,
                cast_remedy(contract, &path, found, declared),
                at(),
            )
        }
        other => (
            format!("a file of `{dataset}` cannot be read under its contract"),
            declared(),
            other.to_string(),
            "write the file again as the contract says".to_owned(),
            at(),
        ),
    };
    let rule = match error {
        ConformError::Ambiguous { .. } => &rules::FILE_FIELD_AMBIGUOUS,
        _ => &rules::DRIFT_REFUSED,
    };
    Finding::new(rule, message)
        .differing(expected, observed)
        .relation(dataset)
        .path(path.to_string())
        .remedy(remedy)
        .seen_in(file)
        .at(&place)
}

/// The remedy for a type that may not be cast.
fn cast_remedy(contract: &Dataset, path: &Path, found: &DataType, declared: &DataType) -> String {
    let remedy = format!(
        "write the file with `{path}` as {}",
        spelling::short_named(declared, contract.nested.named_type(path))
    );
    let key = contract.evolution.key_at(path, PolicyKey::Casts);
    match cstspec_conform::castable_under(found, declared, contract.evolution.casts_at(path)) {
        Some(CastPolicy::Widening) => {
            format!("{remedy}, or set `{key}: widening`, which loses no value")
        }
        Some(CastPolicy::Any) => {
            format!(
                "{remedy}, declare a type that holds both, or set `{key}: any`: a value that does not fit is an error then"
            )
        }
        _ => format!("{remedy}, or declare a type that holds both"),
    }
}

/// Wishes that files do not meet: for each column, how many files and the first of them.
#[derive(Debug, Default)]
pub struct Wishes {
    statistics: BTreeMap<Path, (u64, String)>,
    bloom_filters: BTreeMap<Path, (u64, String)>,
}

impl Wishes {
    /// `file` lacks what is wished for these columns.
    pub fn unmet(&mut self, file: &str, statistics: &[Path], bloom_filters: &[Path]) {
        for (unmet, columns) in [(&mut self.statistics, statistics), (&mut self.bloom_filters, bloom_filters)] {
            for column in columns {
                unmet.entry(column.clone()).or_insert_with(|| (0, file.to_owned())).0 += 1;
            }
        }
    }

    /// One finding per column and wish.
    pub fn findings(self, contract: &Dataset) -> Vec<Finding> {
        let scan = &contract.scan;
        let kinds = [
            (&rules::STATISTICS_MISSING, "statistics", "scan.statistics", &scan.statistics, self.statistics),
            (
                &rules::BLOOM_FILTER_MISSING,
                "bloom filters",
                "scan.bloom_filters",
                &scan.bloom_filters,
                self.bloom_filters,
            ),
        ];
        let mut findings = Vec::new();
        for (rule, what, key, wished, unmet) in kinds {
            for (column, (files, first)) in unmet {
                let place = contract.key(key);
                let place = match wished.iter().position(|wish| *wish == column) {
                    Some(number) => place.join(&number.to_string()),
                    None => place,
                };
                let finding = Finding::new(rule, format!("files of `{}` have no {what} for `{column}`", contract.name))
                    .differing(format!("{what} in every row group"), format!("none in {files} of the files"))
                    .relation(contract.name.as_str())
                    .path(column.to_string())
                    .remedy(format!("write the files with {what}, or remove `{column}` from `{key}`"))
                    .seen_in(first)
                    .at(&place);
                debug_assert_eq!(finding.severity, Severity::Info);
                findings.push(finding);
            }
        }
        findings
    }
}
