//! Compares a Delta log's metadata of its table with the contract.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use cstspec_conform::{ConformError, with_contract_types};
use cstspec_contract::report::ConversionKind;
use cstspec_contract::sql::ident;
use cstspec_contract::{Dataset, Finding, Origin, Path, Rule, Value};
use cstspec_runtime::files::delta::Description;
use datafusion::sql::sqlparser::ast::{Expr, UnaryOperator, Value as SqlValue};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::drift;
use super::renaming::{self, Renames};
use crate::causes::{Subject, Submission};
use crate::rules;

/// The prefix of the name of a table's property that has a CHECK.
const CHECK: &str = "delta.constraints.";
/// The metadata of a column that holds an older kind of CHECK.
const INVARIANT: &str = "delta.invariants";

/// A finding for each difference between the log of the table at `place` and `contract`. Of a field that differs in a file too the finding of
/// the file says more.
pub fn check(contract: &Dataset, log: &Description, place: &str) -> Vec<Submission> {
    let mut findings = schema(contract, log, place);
    findings.extend(partitions(contract, log, place).map(Submission::from));
    for field in log.schema.fields() {
        findings.extend(not_null(contract, field, place).map(Submission::from));
        if let Some(expression) = field.metadata().get(INVARIANT).and_then(|text| invariant(text)) {
            findings.extend(constraint(contract, field.name(), &expression, place).map(Submission::from));
        }
    }
    for (name, expression) in &log.properties {
        if let Some(name) = name.strip_prefix(CHECK) {
            findings.extend(constraint(contract, name, expression, place).map(Submission::from));
        }
    }
    findings
}

/// A finding of the log that repeats those of files that have one of `paths` otherwise.
fn logged<'a>(contract: &Dataset, finding: Finding, paths: impl IntoIterator<Item = &'a Path>) -> Submission {
    let drift = |path: &Path| Subject::Drift { dataset: contract.name.clone(), path: path.clone() };
    Submission::from(finding).repeats(paths.into_iter().map(drift))
}

fn schema(contract: &Dataset, log: &Description, place: &str) -> Vec<Submission> {
    // What Delta cannot say is no difference.
    let declared = contract.columns.iter().map(|column| Arc::clone(&column.field)).collect();
    let spoken = Schema::new(with_contract_types(log.schema.fields(), &declared, &contract.evolution));
    let comparison = cstspec_conform::compare(contract, &[], &spoken);
    let dataset = contract.name.as_str();
    let mut findings = Vec::new();
    let likely = cstspec_conform::likely_renames(contract, &[], &spoken);
    for error in drift::causes(comparison.refused.iter(), &likely) {
        let what = match error {
            ConformError::Missing { .. } => "lacks",
            ConformError::Extra { .. } => "has",
            ConformError::Nullable { .. } => "allows NULL in",
            _ => "declares another type of",
        };
        let message = format!("the log of `{dataset}` {what} `{}`, which the contract does not allow", error.path());
        let rename = renaming::explaining(&likely, error);
        let remedy = match rename {
            Some(rename) => renaming::advice(contract, &[rename]),
            None => "change the column of the table, or the policy under `evolution`".to_owned(),
        };
        let finding = reworded(drift::refused(contract, place, error), &rules::DELTA_SCHEMA_REFUSED, message, &remedy);
        let paths = rename.into_iter().flat_map(|rename| [&rename.path, &rename.stored]);
        findings.push(logged(contract, finding, std::iter::once(error.path()).chain(paths)));
    }
    let mut renames = Renames::default();
    let explained = renames.take(place, likely, &comparison.conversions);
    if comparison.refused.is_empty() {
        let of_names = renames.findings(contract, |_| "the log".to_owned());
        findings.extend(of_names.into_iter().map(|(finding, paths)| logged(contract, finding, &paths)));
    }
    for conversion in comparison.conversions.iter().filter(|conversion| !explained(conversion)) {
        let Some(finding) = drift::converted(contract, place, conversion) else { continue };
        let path = &conversion.path;
        let message = match conversion.kind {
            ConversionKind::Missing => format!("the log of `{dataset}` lacks `{path}`"),
            ConversionKind::Extra => format!("the log of `{dataset}` has an extra field `{path}`"),
            ConversionKind::Renamed => format!("the log of `{dataset}` has `{path}` under an older name"),
            ConversionKind::Cast => format!("the log of `{dataset}` has `{path}` in another type"),
            ConversionKind::Reordered if path.is_empty() => {
                format!("the log of `{dataset}` has its columns in another order")
            }
            ConversionKind::Reordered => format!("the log of `{dataset}` has the fields of `{path}` in another order"),
            ConversionKind::Nullable => format!("the log of `{dataset}` declares `{path}` nullable"),
        };
        let finding = if conversion.kind == ConversionKind::Extra {
            Finding { message, ..finding }
        } else {
            let remedy = "nothing needs to be done; alter the table to say the same as the contract";
            reworded(finding, &rules::DELTA_SCHEMA_DRIFTED, message, remedy)
        };
        findings.push(logged(contract, finding, [path]));
    }
    findings
}

/// A finding about a file, reworded for the log.
fn reworded(finding: Finding, rule: &'static Rule, message: String, remedy: &str) -> Finding {
    let other = Finding::new(rule, message);
    Finding { code: other.code, name: other.name, severity: other.severity, message: other.message, ..finding }
        .remedy(remedy)
}

/// A table without partition columns is to a contract with some what a plain file is: not partitioned.
fn partitions(contract: &Dataset, log: &Description, place: &str) -> Option<Finding> {
    if log.partitions.is_empty() || log.partitions == contract.partitions {
        return None;
    }
    let dataset = contract.name.as_str();
    let listed = |names: &[String]| match names {
        [] => "no partition columns".to_owned(),
        names => names.join(", "),
    };
    let origin = if contract.partitions.is_empty() { contract.origin.clone() } else { contract.key("partitions") };
    let finding = Finding::new(
        &rules::DELTA_PARTITIONS_DIFFER,
        format!("the log of `{dataset}` has other partition columns than the contract"),
    )
    .differing(listed(&contract.partitions), listed(&log.partitions))
    .relation(dataset)
    .remedy(format!("declare `partitions: [{}]`, or partition the table as declared", log.partitions.join(", ")))
    .seen_in(place)
    .at(&origin);
    Some(finding)
}

/// The log says NOT NULL of a column that the contract lets be NULL.
fn not_null(contract: &Dataset, field: &Field, place: &str) -> Option<Finding> {
    let declared = contract.columns.iter().find(|column| column.name() == field.name())?;
    if field.is_nullable() || !declared.field.is_nullable() {
        return None;
    }
    let name = field.name();
    Some(more(contract, &Path::top(name.as_str()), &format!("{} IS NOT NULL", ident(name)), "NOT NULL", place))
}

/// The expression of an invariant, which its metadata wraps in JSON.
fn invariant(text: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(json.get("expression")?.get("expression")?.as_str()?.to_owned())
}

/// The condition of a CHECK that the contract does not have, if any. One that cannot be parsed is only told.
fn constraint(contract: &Dataset, name: &str, expression: &str, place: &str) -> Option<Finding> {
    let parsed = Parser::new(&GenericDialect {}).try_with_sql(expression).and_then(|mut parser| parser.parse_expr());
    match parsed.as_ref().map(unwrapped) {
        Ok(Expr::IsNotNull(column)) => {
            let path = path(column)?;
            let declared = contract.columns.iter().find(|column| Some(column.name()) == path.only())?;
            if !declared.field.is_nullable() {
                return None;
            }
            Some(more(contract, &path, expression, &format!("the constraint `{name}`"), place))
        }
        Ok(Expr::InList { expr, list, negated: false }) if path(expr).is_some() => {
            let path = path(expr)?;
            let Some(allowed) = contract.allowed.iter().find(|allowed| allowed.path == path && allowed.elements == 0)
            else {
                return Some(more(contract, &path, expression, &format!("the constraint `{name}`"), place));
            };
            let declared: BTreeSet<String> = allowed.values.iter().map(plain).collect();
            let listed: Option<BTreeSet<String>> = list.iter().map(literal).collect();
            let listed = listed?;
            if listed.is_subset(&declared) {
                return None;
            }
            let words = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
            let dataset = contract.name.as_str();
            let finding = Finding::new(
                &rules::DELTA_CONSTRAINT_CONTRADICTS,
                format!("the constraint `{name}` in the log of `{dataset}` allows values of `{path}` that the contract does not"),
            )
            .differing(words(&declared), words(&listed))
            .relation(dataset)
            .path(path.to_string())
            .remedy(format!("add the values to `allowed` of `{path}`, or change the constraint"))
            .seen_in(place)
            .at(&allowed.origin);
            Some(finding)
        }
        _ => Some(more(contract, &Path::default(), expression, &format!("the constraint `{name}`"), place)),
    }
}

/// The log promises something that the contract does not.
fn more(contract: &Dataset, path: &Path, expression: &str, what: &str, place: &str) -> Finding {
    let dataset = contract.name.as_str();
    let origin: Origin = contract.locate(path).unwrap_or_else(|| contract.origin.clone());
    let finding = Finding::new(
        &rules::DELTA_PROMISES_MORE,
        format!("the log of `{dataset}` has {what}, which the contract does not have"),
    )
    .differing("no such constraint", expression)
    .relation(dataset)
    .remedy("add it to the contract, if readers may rely on it")
    .seen_in(place)
    .at(&origin);
    if path.is_empty() { finding } else { finding.path(path.to_string()) }
}

fn unwrapped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => unwrapped(inner),
        other => other,
    }
}

/// The column or nested field that an expression is.
fn path(expr: &Expr) -> Option<Path> {
    match unwrapped(expr) {
        Expr::Identifier(name) => Some(Path::top(name.value.as_str())),
        Expr::CompoundIdentifier(names) => {
            Some(names.iter().fold(Path::default(), |path, name| path.join(&name.value)))
        }
        _ => None,
    }
}

/// A constant of SQL as text.
fn literal(expr: &Expr) -> Option<String> {
    match unwrapped(expr) {
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) | SqlValue::DoubleQuotedString(text) => Some(text.clone()),
            SqlValue::Number(number, _) => Some(number.clone()),
            SqlValue::Boolean(value) => Some(value.to_string()),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-{}", literal(expr)?)),
        _ => None,
    }
}

/// A constant of a spec as text.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}
