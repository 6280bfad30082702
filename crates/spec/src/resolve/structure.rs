//! Structs: their fields with what was written about them, taken apart and put together.

use std::collections::BTreeMap;

use arrow_schema::DataType;
use cstspec_contract::{Finding, Origin, Path};

use super::name;
use super::report::Report;
use crate::rules;
use crate::types::{ResolvedField, structure};

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

/// The struct `name` of `members`, of which the first `inherited` were written elsewhere and the others at `fields`. One that is too large is
/// reported at `whole`.
pub fn of(
    name: &str,
    members: Vec<Member>,
    inherited: usize,
    fields: &Origin,
    whole: &Origin,
    report: &mut Report<'_>,
) -> Option<ResolvedField> {
    let mut origins = Vec::new();
    let mut docs = Vec::new();
    let mut resolved = Vec::new();
    for (number, Member { mut field, doc, origin }) in members.into_iter().enumerate() {
        let path = Path::top(field.field.name().as_str());
        field.locate_inside(&origin);
        if number < inherited {
            origins.push((path.clone(), origin));
        }
        if !doc.is_empty() {
            docs.push((path, doc));
        }
        resolved.push(field);
    }
    match structure(name, true, resolved) {
        Ok(mut built) => {
            built.nested.below.insert(Path::default(), fields.clone());
            built.nested.fields.extend(origins);
            built.docs.extend(docs);
            Some(built)
        }
        Err(error) => {
            report.type_error(whole, error);
            None
        }
    }
}

/// Whether the fields of a struct have names, each of them one of its own. The first `inherited` are brought in by `extends`, and the others
/// were written at `fields`.
pub fn check_field_names(
    members: &[Member],
    inherited: usize,
    fields: &Origin,
    extends: &Origin,
    report: &mut Report<'_>,
) -> bool {
    let mut sound = true;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut folded: BTreeMap<String, usize> = BTreeMap::new();
    for (number, member) in members.iter().enumerate() {
        let name = member.field.field.name();
        // What `extends` brings in was checked where it was written.
        if number >= inherited {
            sound &= name::is_sound(report, &fields.join(name), "field", name);
        }
        let origin = if number < inherited { extends.clone() } else { fields.join(name) };
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
