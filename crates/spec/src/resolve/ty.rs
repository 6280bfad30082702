//! Named types.

use std::collections::BTreeMap;

use cstspec_contract::{Family, Finding, Origin, spelling};

use super::allowed;
use super::default;
use super::field;
use super::name;
use super::report::Report;
use super::structure::{self, Member};
use crate::documents::Document;
use crate::model::{FieldSpec, TypeSpec};
use crate::order::order;
use crate::rules;
use crate::types::{CONSTRUCTORS, MAX_FIELDS, NamedTypes, ResolvedField, TypeError, primitive, syntax};

/// The key of Arrow's metadata that names an extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";
/// The key of Arrow's metadata that holds an extension type's parameters.
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";

/// Resolves the named types, each after those it is made of.
pub fn resolve(documents: &[Document<TypeSpec>], report: &mut Report<'_>) -> NamedTypes {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        let origin = origin_of(document);
        check_name(&document.spec.name, &origin, report);
        if let Some(first) = numbers.get(document.spec.name.as_str()) {
            report.duplicate_name(&origin, "type", &document.spec.name, &origin_of(&documents[*first]));
        } else {
            numbers.insert(&document.spec.name, number);
        }
    }
    let needs: Vec<Vec<usize>> = documents
        .iter()
        .map(|document| {
            names_in(&document.spec).iter().filter_map(|name| numbers.get(name.as_str()).copied()).collect()
        })
        .collect();
    let order = order(&needs);
    let mut types = NamedTypes::default();
    for circle in &order.circles {
        let names: Vec<&str> = circle.iter().map(|number| documents[*number].spec.name.as_str()).collect();
        report.circle(
            &origin_of(&documents[circle[0]]),
            &rules::RECURSIVE_TYPE,
            "types that contain one another",
            &names,
        );
        for name in names {
            types.insert(name, Err(()));
        }
    }
    for number in order.sorted {
        let document = &documents[number];
        if numbers.get(document.spec.name.as_str()) == Some(&number) {
            // What is left out of a type is missing in everything that uses it.
            let whole = ["fields", "extends", "is", "items", "key", "value"].iter().all(|key| !document.lacks(key));
            let resolved = resolve_one(document, &types, report).filter(|_| whole);
            types.insert(&document.spec.name, resolved.ok_or(()));
        }
    }
    types
}

fn origin_of(document: &Document<TypeSpec>) -> Origin {
    Origin::root(&document.file).join("type")
}

/// Reports a name that needs quoting, or that stands for something else wherever types are written.
fn check_name(name: &str, origin: &Origin, report: &mut Report<'_>) {
    let families = Family::NAMES.iter().map(|(name, _)| *name);
    let own = primitive::names().chain(CONSTRUCTORS).chain(families).chain(["any"]).any(|own| own == name);
    if own {
        let finding =
            Finding::new(&rules::DUPLICATE_NAME, format!("the type `{name}` has a name that types have already"))
                .differing("a name that specs/README.md does not list", format!("`{name}`"))
                .remedy("rename it");
        report.key(origin, finding);
    } else {
        name::check_word(report, origin, "type", name);
    }
}

/// The names that a type is made of, known or not.
fn names_in(spec: &TypeSpec) -> Vec<String> {
    let mut texts = Vec::new();
    spec.fields.values().map(FieldSpec::shape).chain(spec.shape()).for_each(|shape| shape.texts(&mut texts));
    let mut names = spec.extends.clone();
    let mut open: Vec<syntax::TypeExpr> = texts.into_iter().filter_map(|text| syntax::parse(text).ok()).collect();
    while let Some(expr) = open.pop() {
        names.push(expr.name);
        open.extend(expr.children.into_iter().map(|child| child.ty));
    }
    names
}

fn resolve_one(document: &Document<TypeSpec>, types: &NamedTypes, report: &mut Report<'_>) -> Option<ResolvedField> {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let mut resolved = if let Some(shape) = spec.shape() {
        if !spec.fields.is_empty() || !spec.extends.is_empty() {
            let finding =
                Finding::new(&rules::VIEW_SHAPE, format!("the type `{}` has both `is` and fields", spec.name))
                    .differing("either `is`, or `fields` with `extends`", "both")
                    .remedy("keep the one that is meant");
            report.key(&root.join("is"), finding);
        }
        let mut field = field::of_type("", shape, &root, types, report)?;
        field.locate_inside(&root.join("is"));
        field
    } else {
        field::refuse_parts(spec.parts(), &root, "is", report);
        resolve_struct(document, types, report)?
    };
    let extension = spec.extension.iter().flat_map(|extension| {
        let name = (EXTENSION_NAME.to_owned(), extension.name.clone());
        let metadata = extension.metadata.iter().map(|text| (EXTENSION_METADATA.to_owned(), text.clone()));
        std::iter::once(name).chain(metadata)
    });
    resolved.annotate(extension.chain(spec.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone()))));
    if let Some(nullable) = spec.nullable {
        resolved.require(!nullable);
    }
    if let Some(default) = &spec.default {
        default::add(&mut resolved, &default.0, &root.join("default"), report);
    }
    if let Some(values) = &spec.allowed {
        allowed::add(&mut resolved, values, &root.join("allowed"), report);
    }
    if spec.default.is_some() || spec.allowed.is_some() {
        allowed::check_defaults(&resolved, report);
    }
    Some(resolved)
}

fn resolve_struct(document: &Document<TypeSpec>, types: &NamedTypes, report: &mut Report<'_>) -> Option<ResolvedField> {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let mut sound = true;
    let mut members: Vec<Member> = Vec::new();
    for (number, base) in spec.extends.iter().enumerate() {
        match inherited(base, &root.join("extends").index(number), types, report) {
            Some(fields) if members.len() + fields.len() <= MAX_FIELDS => members.extend(fields),
            Some(_) => {
                report.type_error(&root.join("type"), TypeError::TooLarge);
                return None;
            }
            None => sound = false,
        }
    }
    let inherited = members.len();
    for (name, field) in &spec.fields {
        match field::resolve(name, field, &root.join("fields").join(name), types, report) {
            Some(member) => members.push(member),
            None => sound = false,
        }
    }
    if members.is_empty()
        && sound
        && spec.parts().keys().is_empty()
        && !document.lacks("fields")
        && !document.lacks("is")
    {
        let finding =
            Finding::new(&rules::MISSING_KEY, format!("the type `{}` has neither `is` nor `fields`", spec.name))
                .differing("one of the two", "none of them")
                .remedy("add `fields:` for a struct, or `is:` for another type under a name of its own");
        report.key(&root.join("type"), finding);
    }
    sound &= !members.is_empty();
    sound &= structure::check_field_names(&members, inherited, &root.join("fields"), &root.join("extends"), report);
    if !sound {
        return None;
    }
    structure::of("", members, inherited, &root.join("fields"), &root.join("type"), report)
}

/// The fields that `base` brings in; `None` if it has none to bring, which is reported.
fn inherited(base: &str, origin: &Origin, types: &NamedTypes, report: &mut Report<'_>) -> Option<Vec<Member>> {
    match types.get(base) {
        Some(Ok(known)) => {
            let members = structure::members_of(known);
            if members.is_none() {
                let finding = Finding::new(
                    &rules::WRONG_TYPE,
                    format!("`{base}` is not a struct, so it has no fields to inherit"),
                )
                .differing(
                    "a type with `fields`",
                    format!("a type that is {}", spelling::short(known.field.data_type())),
                )
                .remedy("extend a type that has `fields`");
                report.value(origin, finding);
            }
            members
        }
        Some(Err(())) => None,
        None if report.may_be_defined(base, types.names()) => None,
        None => {
            let advice = report.advise(base, types.names(), "define the type in types/, or correct the name");
            let finding = Finding::new(&rules::UNKNOWN_TYPE, format!("unknown type `{base}`"))
                .differing("a struct of types/", format!("`{base}`"))
                .remedy(advice);
            report.value(origin, finding);
            None
        }
    }
}
