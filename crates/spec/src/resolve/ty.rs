//! Named types.

use std::collections::BTreeMap;

use cstspec_contract::{Family, Finding, Origin, Path, spelling};

use super::allowed;
use super::column::{self, Member};
use super::name;
use super::report::Report;
use crate::documents::Document;
use crate::model::TypeSpec;
use crate::order::order;
use crate::rules;
use crate::types::{
    CONSTRUCTORS, MAX_FIELDS, NamedTypes, ResolvedField, Resolver, TypeError, primitive, structure, syntax,
};

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
            let whole = !document.lacks("fields") && !document.lacks("extends") && !document.lacks("is");
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
    let bodies: Vec<String> = spec.fields.values().map(|field| field.body().ty).collect();
    let texts = bodies.iter().chain(&spec.is);
    let mut names = spec.extends.clone();
    let mut open: Vec<syntax::TypeExpr> = texts.filter_map(|text| syntax::parse(text).ok()).collect();
    while let Some(expr) = open.pop() {
        names.push(expr.name);
        open.extend(expr.children.into_iter().map(|child| child.ty));
    }
    names
}

fn resolve_one(document: &Document<TypeSpec>, types: &NamedTypes, report: &mut Report<'_>) -> Option<ResolvedField> {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let mut resolved = match &spec.is {
        Some(text) => {
            if !spec.fields.is_empty() || !spec.extends.is_empty() {
                let finding =
                    Finding::new(&rules::VIEW_SHAPE, format!("the type `{}` has both `is` and fields", spec.name))
                        .differing("either `is`, or `fields` with `extends`", "both")
                        .remedy("keep the one that is meant");
                report.key(&root.join("is"), finding);
            }
            match (Resolver { named: types }).field("", text) {
                Ok(mut field) => {
                    field.locate_inside(&root.join("is"));
                    field
                }
                Err(error) => {
                    report.type_error(&root.join("is"), error);
                    return None;
                }
            }
        }
        None => resolve_struct(document, types, report)?,
    };
    let extension = spec.extension.iter().flat_map(|extension| {
        let name = (EXTENSION_NAME.to_owned(), extension.name.clone());
        let metadata = extension.metadata.iter().map(|text| (EXTENSION_METADATA.to_owned(), text.clone()));
        std::iter::once(name).chain(metadata)
    });
    resolved.annotate(extension.chain(spec.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone()))));
    if let Some(default) = &spec.default {
        column::add_default(&mut resolved, &default.0, &root.join("default"), report);
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
        match column::resolve(name, field, &root.join("fields").join(name), types, report) {
            Some(member) => members.push(member),
            None => sound = false,
        }
    }
    if members.is_empty() && sound && !document.lacks("fields") && !document.lacks("is") {
        let finding =
            Finding::new(&rules::MISSING_KEY, format!("the type `{}` has neither `is` nor `fields`", spec.name))
                .differing("one of the two", "none of them")
                .remedy("add `fields:` for a struct, or `is:` for another type under a name of its own");
        report.key(&root.join("type"), finding);
    }
    sound &= !members.is_empty();
    sound &= check_field_names(&members, inherited, &root, report);
    if !sound {
        return None;
    }
    let mut origins = Vec::new();
    let mut docs = Vec::new();
    let mut fields = Vec::new();
    for (number, Member { mut field, doc, origin }) in members.into_iter().enumerate() {
        let path = Path::top(field.field.name().as_str());
        field.locate_inside(&origin);
        if number < inherited {
            origins.push((path.clone(), origin));
        }
        if !doc.is_empty() {
            docs.push((path, doc));
        }
        fields.push(field);
    }
    match structure("", true, fields) {
        Ok(mut built) => {
            built.nested.below.insert(Path::default(), root.join("fields"));
            built.nested.fields.extend(origins);
            built.docs.extend(docs);
            Some(built)
        }
        Err(error) => {
            report.type_error(&root.join("type"), error);
            None
        }
    }
}

/// The fields that `base` brings in; `None` if it has none to bring, which is reported.
fn inherited(base: &str, origin: &Origin, types: &NamedTypes, report: &mut Report<'_>) -> Option<Vec<Member>> {
    match types.get(base) {
        Some(Ok(known)) => {
            let members = column::members_of(known);
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

/// Whether the fields of a struct have names, each of them one of its own.
fn check_field_names(members: &[Member], inherited: usize, root: &Origin, report: &mut Report<'_>) -> bool {
    let mut sound = true;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut folded: BTreeMap<String, usize> = BTreeMap::new();
    for (number, member) in members.iter().enumerate() {
        let name = member.field.field.name();
        // What `extends` brings in was checked where it was written.
        if number >= inherited {
            sound &= name::is_sound(report, &root.join("fields").join(name), "field", name);
        }
        let origin = if number < inherited { root.join("extends") } else { root.join("fields").join(name) };
        let alike = folded.insert(name.to_lowercase(), number);
        let Some(first) = seen.insert(name, number) else {
            if let Some(first) = alike {
                report.key(&origin, name::differ_by_case("fields", members[first].field.field.name(), name));
            }
            continue;
        };
        let brought_in = |number| if number < inherited { ", which `extends` brings in," } else { "" };
        let message =
            format!("two fields have the name `{name}`: one{} and another{}", brought_in(first), brought_in(number));
        let finding = Finding::new(&rules::NAME_COLLISION, message)
            .differing("each name once", format!("`{name}` again"))
            .remedy("rename or remove one of the two");
        report.key(&origin, finding);
        sound = false;
    }
    sound
}
