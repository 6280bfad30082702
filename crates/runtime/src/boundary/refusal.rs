//! Findings of differences that a boundary does not allow.

use arrow::datatypes::Schema;
use cstspec_conform::ConformError;
use cstspec_contract::report::{Conversion, ConversionKind};
use cstspec_contract::sql::ident;
use cstspec_contract::text::{first_names, quoted_list};
use cstspec_contract::{Boundary, Finding, Origin, Path, Rule, likeness, schema, spelling};

use super::rules;

/// Makes findings of one boundary.
pub(super) struct Findings<'a> {
    pub boundary: &'a Boundary,
    /// The schema of the rows.
    pub source: &'a Schema,
}

/// More names than this are counted.
const MOST_NAMES: usize = 20;

/// Names as a sentence lists them.
fn some(names: &[&str]) -> String {
    first_names(names, MOST_NAMES)
}

impl Findings<'_> {
    /// The differences of the two schemas that the boundary does not allow. Several columns that are missing are one finding, with
    /// those that are left over: rows that were made for something else have many of both.
    pub fn refusals(&self, errors: &[ConformError]) -> Vec<Finding> {
        let missing =
            |error: &&ConformError| matches!(error, ConformError::Missing { path, .. } if path.only().is_some());
        let lost: Vec<&Path> = errors.iter().filter(missing).map(ConformError::path).collect();
        if lost.len() < 2 {
            return errors.iter().map(|error| self.refusal(error)).collect();
        }
        let extra = |error: &&ConformError| matches!(error, ConformError::Extra { path, .. } if path.only().is_some());
        let others = errors.iter().filter(|error| !missing(error) && !extra(error));
        let mut findings: Vec<Finding> = others.map(|error| self.refusal(error)).collect();
        findings.push(self.lacks_several(&lost));
        findings
    }

    fn lacks_several(&self, lost: &[&Path]) -> Finding {
        let requested = |name: &str| self.boundary.columns.iter().any(|column| column.name() == name);
        let names = self.source.fields().iter().map(|field| field.name().as_str());
        let left: Vec<&str> = names.filter(|name| !requested(name)).collect();
        let renamed: Vec<String> = lost
            .iter()
            .filter_map(|path| {
                let near = left.iter().filter_map(|name| Some((likeness(name, path.leaf())?, name))).min();
                near.map(|(_, name)| format!("`{name}` AS {}", ident(path.leaf())))
            })
            .collect();
        let remedy = if renamed.is_empty() {
            "select them under these names, send the rows through another boundary, or let them be filled in with `missing: default`"
                .to_owned()
        } else {
            format!("names are compared exactly: select {}", renamed.join(", "))
        };
        let observed = match &*left {
            [] => "only the other columns".to_owned(),
            left => format!("not requested: {}", some(left)),
        };
        let lost: Vec<&str> = lost.iter().map(|path| path.leaf()).collect();
        let name = &self.boundary.name;
        let message = format!("{}, which `{name}` requests, are missing from the rows", some(&lost));
        Finding::new(&rules::BOUNDARY_LACKS_COLUMN, message)
            .at(&self.boundary_key("columns"))
            .differing(some(&lost), observed)
            .remedy(remedy)
    }

    /// A difference of the two schemas that the boundary does not allow.
    pub fn refusal(&self, error: &ConformError) -> Finding {
        let path = error.path();
        match error {
            ConformError::Missing { .. } => self.lacks(path),
            ConformError::Extra { .. } => self.extra(path, &rules::BOUNDARY_REFUSES_COLUMN),
            ConformError::Ambiguous { .. } => self.ambiguous(path),
            ConformError::Type { found, declared, .. } => {
                let (expected, observed) = spelling::difference(path, declared, found);
                let remedy =
                    format!("cast it in the query, for example with arrow_cast, or request {}", spelling::short(found));
                self.of(&rules::BOUNDARY_REFUSES_CAST, path, format!("{} cannot be cast", self.named(path)))
                    .differing(expected, observed)
                    .remedy(remedy)
            }
            ConformError::Default { declared, reason, .. } => self
                .of(&rules::BOUNDARY_DEFAULT_MISFIT, path, format!("the default of {} does not fit", self.named(path)))
                .differing(format!("a value of {}", spelling::short(declared)), reason.as_str())
                .remedy("write a default of the requested type, or select the column"),
            other => self.row(other, 0),
        }
    }

    fn lacks(&self, path: &Path) -> Finding {
        let names: Vec<&str> = if path.only().is_some() {
            self.source.fields().iter().map(|field| field.name().as_str()).collect()
        } else {
            Vec::new()
        };
        let spelled = names.iter().filter_map(|name| Some((likeness(name, path.leaf())?, name))).min();
        let remedy = match spelled {
            Some((_, name)) => {
                format!("names are compared exactly: rename `{name}` with AS {}", ident(path.leaf()))
            }
            None => "select it under this name, or allow it to be filled with `missing: default`".to_owned(),
        };
        let observed = if names.is_empty() { "no such field".to_owned() } else { quoted_list(names.into_iter()) };
        self.of(&rules::BOUNDARY_LACKS_COLUMN, path, format!("{} is missing from the rows", self.named(path)))
            .differing(format!("`{path}`"), observed)
            .remedy(remedy)
    }

    /// The warning of the boundary about a conversion, if any.
    pub fn warning(&self, conversion: &Conversion) -> Option<Finding> {
        (conversion.kind == ConversionKind::Extra).then(|| self.extra(&conversion.path, &rules::BOUNDARY_DROPS_COLUMN))
    }

    fn extra(&self, path: &Path, rule: &'static Rule) -> Finding {
        Finding::new(rule, format!("`{}` does not request `{path}`", self.boundary.name))
            .at(&self.boundary_key("extra"))
            .path(path.to_string())
            .differing("only the requested columns and fields", format!("`{path}`"))
            .remedy(format!("remove it from the query, or add it to the columns of `{}`", self.boundary.name))
    }

    /// Two fields of the requested name `path`.
    fn ambiguous(&self, path: &Path) -> Finding {
        self.of(&rules::BOUNDARY_COLUMN_AMBIGUOUS, path, format!("{} is ambiguous", self.named(path)))
            .differing(format!("one `{path}`"), "two of this name")
            .remedy("rename one of them with AS")
    }

    /// The finding of a value in `row`, counted from 0 over all rows that leave.
    pub fn row(&self, error: &ConformError, row: u64) -> Finding {
        let path = error.path();
        match error.cause() {
            ConformError::Value { value, declared, reason, .. } => self
                .of(&rules::BOUNDARY_VALUE, path, format!("{} cannot hold a value of row {row}", self.named(path)))
                .differing(spelling::short(declared), format!("`{value}`: {reason}"))
                .remedy("request a type that holds it, or convert it in the query"),
            _ => self
                .of(&rules::BOUNDARY_NULL, path, format!("{} is NULL in row {row}", self.named(path)))
                .differing("NOT NULL", "NULL")
                .remedy("exclude such rows, replace the NULL with coalesce, or request the field as nullable"),
        }
    }

    fn of(&self, rule: &'static Rule, path: &Path, message: String) -> Finding {
        let origin = schema::locate(&self.boundary.columns, &self.boundary.nested, path);
        Finding::new(rule, message).at(&origin.unwrap_or_else(|| self.boundary.origin.clone())).path(path.to_string())
    }

    /// `` `kind`, which `refs_out` asks for, ``
    fn named(&self, path: &Path) -> String {
        format!("`{path}`, which `{}` requests,", self.boundary.name)
    }

    fn boundary_key(&self, key: &str) -> Origin {
        Origin::new(self.boundary.origin.file.as_str(), key)
    }
}
