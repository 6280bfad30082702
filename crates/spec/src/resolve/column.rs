//! Columns of datasets, boundaries and queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use cstspec_contract::{AllowedValues, Column, DefaultValue, NestedOrigins, Origin, Path};
use indexmap::IndexMap;

use super::field;
use super::report::Report;
use super::structure::Member;
use crate::model::FieldSpec;
use crate::types::{MAX_FIELDS, NamedTypes, TypeError};

/// Columns as a contract has them.
#[derive(Debug, Default)]
pub struct Columns {
    /// The columns in order.
    pub all: Vec<Column>,
    /// Where nested fields were written.
    pub nested: NestedOrigins,
    /// Defaults at any depth, sorted by path.
    pub defaults: Vec<DefaultValue>,
    /// Allowed values at any depth, sorted by path.
    pub allowed: Vec<AllowedValues>,
    /// Docs of nested fields.
    pub docs: BTreeMap<Path, String>,
    /// Some column could not be resolved.
    pub broken: bool,
}

/// Resolves the columns that were written at `origin`.
pub fn resolve_all(
    specs: &IndexMap<String, FieldSpec>,
    origin: &Origin,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> Columns {
    let mut all = Columns::default();
    let mut size = 0;
    for (name, spec) in specs {
        match field::resolve(name, spec, &origin.join(name), types, report) {
            Some(member) => {
                size += member.field.size();
                if size > MAX_FIELDS {
                    report.type_error(&origin.join(name), TypeError::TooLarge);
                    all.broken = true;
                    break;
                }
                all.push(member);
            }
            None => all.broken = true,
        }
    }
    all.sort();
    all
}

impl Columns {
    /// Sorts what is sorted by path.
    pub fn sort(&mut self) {
        self.defaults.sort_by(|left, right| left.path.cmp(&right.path));
        self.allowed.sort_by(|left, right| (&left.path, left.elements).cmp(&(&right.path, right.elements)));
    }

    fn push(&mut self, member: Member) {
        let Member { field, doc, origin } = member;
        let name = field.field.name().clone();
        let under = |path: &Path| Path::top(name.as_str()).join_path(path);
        self.nested.absorb(&name, &field.nested);
        self.docs.extend(field.docs.iter().map(|(path, doc)| (under(path), doc.clone())));
        self.defaults.extend(field.defaults.iter().map(|(path, (value, origin))| DefaultValue {
            path: under(path),
            value: value.clone(),
            origin: origin.clone(),
        }));
        self.allowed.extend(field.allowed.iter().map(|(at, (values, origin))| AllowedValues {
            path: under(&at.path),
            elements: at.elements,
            values: values.clone(),
            origin: origin.clone(),
        }));
        self.all.push(Column { field: Arc::clone(&field.field), doc, origin });
    }
}
