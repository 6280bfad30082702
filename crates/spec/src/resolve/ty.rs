//! Named types.

use std::collections::BTreeMap;

use cstspec_contract::{Finding, Path};

use super::column::{self, Member};
use super::name;
use super::report::{Report, Spot};
use crate::documents::Document;
use crate::model::TypeSpec;
use crate::order::order;
use crate::rules;
use crate::suggest::did_you_mean;
use crate::types::{NamedTypes, ResolvedField, Resolver, structure, syntax};

/// The key of Arrow's metadata that names an extension type.
const EXTENSION_NAME: &str = "ARROW:extension:name";
/// The key of Arrow's metadata that holds an extension type's parameters.
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";

/// Resolves the named types, each after those it is made of.
pub fn resolve(documents: &[Document<TypeSpec>], report: &mut Report<'_>) -> NamedTypes {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        let spot = spot(document);
        name::check(report, &spot, "type", &document.spec.name);
        if let Some(first) = numbers.get(document.spec.name.as_str()) {
            report.duplicate_name(&spot, "type", &document.spec.name, &self::spot(&documents[*first]));
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
        report.circle(&spot(&documents[circle[0]]), &rules::RECURSIVE_TYPE, "types that contain one another", &names);
        for name in names {
            types.insert(name, Err(()));
        }
    }
    for number in order.sorted {
        let document = &documents[number];
        if numbers.get(document.spec.name.as_str()) == Some(&number) {
            let resolved = resolve_one(document, &types, report);
            types.insert(&document.spec.name, resolved.ok_or(()));
        }
    }
    types
}

fn spot(document: &Document<TypeSpec>) -> Spot {
    Spot::root(&document.file).join("type")
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
    let Document { file, spec } = document;
    let root = Spot::root(file);
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
                Ok(field) => field,
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
    }
    Some(resolved)
}

fn resolve_struct(document: &Document<TypeSpec>, types: &NamedTypes, report: &mut Report<'_>) -> Option<ResolvedField> {
    let Document { file, spec } = document;
    let root = Spot::root(file);
    let mut members: Vec<Member> = Vec::new();
    for (number, base) in spec.extends.iter().enumerate() {
        let spot = root.join("extends").index(number);
        match types.get(base) {
            Some(Ok(known)) => match column::members_of(known) {
                Some(inherited) => members.extend(inherited),
                None => {
                    let finding = Finding::new(
                        &rules::WRONG_TYPE,
                        format!("`{base}` is no struct, so there are no fields to take over"),
                    )
                    .remedy("extend a type that has `fields`");
                    report.value(&spot, finding);
                }
            },
            Some(Err(())) => return None,
            None => {
                let finding = Finding::new(&rules::UNKNOWN_TYPE, format!("unknown type `{base}`"))
                    .differing("a struct of types/", format!("`{base}`"))
                    .remedy(
                        did_you_mean(base, types.names()).unwrap_or_else(|| format!("define `type: {base}` in types/")),
                    );
                report.value(&spot, finding);
            }
        }
    }
    let inherited = members.len();
    for (name, field) in &spec.fields {
        members.extend(column::resolve(name, field, &root.join("fields").join(name), types, report));
    }
    if members.is_empty() {
        let finding =
            Finding::new(&rules::MISSING_KEY, format!("the type `{}` has neither `is` nor `fields`", spec.name))
                .remedy("add one of the two");
        report.key(&root.join("type"), finding);
        return None;
    }
    let names: Vec<String> = members.iter().map(|member| member.field.field.name().clone()).collect();
    check_field_names(&names, inherited, &root, report);
    let origins: Vec<_> = members
        .iter()
        .take(inherited)
        .map(|member| (member.field.field.name().clone(), member.origin.clone()))
        .collect();
    let docs: Vec<_> = members.iter().map(|member| (member.field.field.name().clone(), member.doc.clone())).collect();
    match structure("", true, members.into_iter().map(|member| member.field).collect()) {
        Ok(mut built) => {
            built.nested.below.insert(Path::default(), root.join("fields").origin());
            built.nested.fields.extend(origins.into_iter().map(|(name, origin)| (Path::new(name), origin)));
            built
                .docs
                .extend(docs.into_iter().filter(|(_, doc)| !doc.is_empty()).map(|(name, doc)| (Path::new(name), doc)));
            Some(built)
        }
        Err(error) => {
            report.type_error(&root.join("type"), error);
            None
        }
    }
}

/// Field names inside structs need no SQL spelling, but paths must be able to name them, each of them once.
fn check_field_names(names: &[String], inherited: usize, root: &Spot, report: &mut Report<'_>) {
    for (number, name) in names.iter().enumerate() {
        let spot = root.join("fields").join(name);
        if name.is_empty() || name.contains('.') || name.chars().any(char::is_control) {
            let finding =
                Finding::new(&rules::INVALID_NAME, format!("no path can name the field `{}`", name.escape_debug()))
                    .differing("a name without dots and control characters", format!("`{}`", name.escape_debug()))
                    .remedy("rename it");
            report.key(&spot, finding);
        }
        if let Some(first) = names[..number].iter().find(|first| first.eq_ignore_ascii_case(name)) {
            let from = if number >= inherited && names[..inherited].contains(first) {
                ", which `extends` brings in"
            } else {
                ""
            };
            let finding = Finding::new(
                &rules::NAME_COLLISION,
                format!("the fields `{first}`{from} and `{name}` are one name to SQL"),
            )
            .differing("names that differ by more than case", format!("`{first}` and `{name}`"))
            .remedy("rename or remove one of the two");
            report.key(&spot, finding);
        }
    }
}
