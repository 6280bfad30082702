//! Fields of structs and columns, with what was written about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::DataType;
use cstspec_contract::{AllowedValues, Column, DefaultValue, Finding, NestedOrigins, Origin, Path, Value};
use indexmap::IndexMap;

use super::allowed;
use super::report::Report;
use super::width::constant_bytes;
use crate::constant::misfit;
use crate::model::{FieldSpec, ValueSpec, WordOr};
use crate::rules;
use crate::types::{MAX_FIELDS, MAX_FIXED_BYTES, NamedTypes, ResolvedField, Resolver, TypeError};

/// A resolved field, and where it was written.
#[derive(Clone, Debug)]
pub struct Member {
    /// The field with everything inside it.
    pub field: ResolvedField,
    /// Its meaning.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
}

/// Resolves the field `name` that was written at `origin`. `None` when its type is at fault, which is reported.
pub fn resolve(
    name: &str,
    spec: &FieldSpec,
    origin: &Origin,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> Option<Member> {
    let body = spec.body();
    let type_origin = type_origin(spec, origin);
    let mut field = match (Resolver { named: types }).field(name, &body.ty) {
        Ok(field) => field,
        Err(error) => {
            report.type_error(&type_origin, error);
            return None;
        }
    };
    field.declare(name, body.nullable);
    field.annotate(body.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())));
    if !body.nullable {
        // A type whose fields read as NULL where they are missing says nothing of a field that is never NULL.
        field.defaults.retain(|path, (value, _)| *path != Path::default() || *value != Value::Null);
    }
    if let Some(ValueSpec(default)) = &body.default {
        add_default(&mut field, default, &origin.join("default"), report);
    }
    if let Some(allowed) = &body.allowed {
        let values: Vec<Value> = allowed.iter().map(|ValueSpec(value)| value.clone()).collect();
        for (number, value) in values.iter().enumerate() {
            check_fit(&field, value, "allowed value", &origin.join("allowed").index(number), report);
        }
        field.allowed.insert(Path::default(), (values, origin.join("allowed")));
    }
    allowed::check_defaults(&field, report);
    Some(Member { field, doc: body.doc, origin: origin.clone() })
}

/// Where the text of a field's type stands.
fn type_origin(spec: &FieldSpec, origin: &Origin) -> Origin {
    match spec {
        WordOr::Word(_) => origin.clone(),
        WordOr::Mapping(_) => origin.join("type"),
    }
}

/// Gives `field` a default of its own, if it fits.
pub fn add_default(field: &mut ResolvedField, default: &Value, origin: &Origin, report: &mut Report<'_>) {
    if !check_fit(field, default, "default", origin, report) {
        return;
    }
    let bytes = constant_bytes(default);
    if bytes > MAX_FIXED_BYTES {
        let finding = Finding::new(&rules::TOO_LARGE, format!("the default takes {bytes} bytes in every row"))
            .differing(format!("at most {MAX_FIXED_BYTES} bytes"), format!("{bytes} bytes"))
            .remedy("write a shorter default");
        report.value(origin, finding);
    } else {
        field.defaults.insert(Path::default(), (default.clone(), origin.clone()));
    }
}

fn check_fit(field: &ResolvedField, value: &Value, what: &str, origin: &Origin, report: &mut Report<'_>) -> bool {
    let Some(misfit) = misfit(value, &field.field) else { return true };
    let place = misfit.keys.iter().fold(origin.clone(), |origin, key| origin.join(key));
    let finding = Finding::new(&rules::DEFAULT_MISMATCH, format!("the {what} {value} does not fit its type"))
        .differing(misfit.expected, misfit.observed)
        .remedy("write a value of the declared type, or change the type");
    report.value(&place, finding);
    false
}

/// The fields of a resolved struct, each with what is known of it and where it was written.
pub fn members_of(resolved: &ResolvedField) -> Option<Vec<Member>> {
    let DataType::Struct(fields) = resolved.field.data_type() else { return None };
    let members = fields.iter().map(|field| {
        let path = Path::top(field.name().as_str());
        let origin = resolved.nested.locate(&path).or_else(|| {
            let root = resolved.nested.below.get(&Path::default())?;
            Some(root.join(field.name()))
        });
        Member {
            doc: resolved.docs.get(&path).cloned().unwrap_or_default(),
            origin: origin.unwrap_or_default(),
            field: resolved.child(field),
        }
    });
    Some(members.collect())
}

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
        match resolve(name, spec, &origin.join(name), types, report) {
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
    all.defaults.sort_by(|left, right| left.path.cmp(&right.path));
    all.allowed.sort_by(|left, right| left.path.cmp(&right.path));
    all
}

impl Columns {
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
        self.allowed.extend(field.allowed.iter().map(|(path, (values, origin))| AllowedValues {
            path: under(path),
            values: values.clone(),
            origin: origin.clone(),
        }));
        self.all.push(Column { field: Arc::clone(&field.field), doc, origin });
    }
}
