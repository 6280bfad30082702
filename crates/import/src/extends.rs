//! Leading fields that structs share, as a type that they extend.

use arrow_schema::{FieldRef, Fields};

use crate::name::{Names, type_word};
use crate::types::{Body, Metadata, NamedType};

/// The fewest fields that make a type of their own.
const FEWEST_FIELDS: usize = 2;
/// The most structs that are compared with one another.
const MOST_TYPES: usize = 1_000;

/// Finds the leading fields that structs among `types` share, and lets them extend a type with these fields: one that is there, or a new one
/// with a name that `names` gives. Those come first that save the most lines.
pub fn find(types: &mut Vec<NamedType>, names: &mut Names) {
    if types.len() > MOST_TYPES {
        return;
    }
    // A type is extended or extends, and not both.
    let mut left: Vec<usize> = (0..types.len()).filter(|number| fields(&types[*number]).is_some()).collect();
    while let Some((prefix, members)) = best(types, &left) {
        let whole =
            members.iter().copied().find(|number| fields(&types[*number]).is_some_and(|all| all.len() == prefix.len()));
        let base = whole.unwrap_or_else(|| {
            let name = names.take([type_word(&format!("{}_base", prefix[0].name())).as_str()]);
            let body = Body::Struct { fields: prefix.clone(), extends: None, inherited: 0 };
            types.push(NamedType { name, body, metadata: Metadata::new(), places: Vec::new() });
            types.len() - 1
        });
        for member in members.iter().filter(|member| **member != base) {
            if let Body::Struct { extends, inherited, .. } = &mut types[*member].body {
                (*extends, *inherited) = (Some(base), prefix.len());
            }
        }
        left.retain(|number| !members.contains(number));
    }
}

fn fields(named: &NamedType) -> Option<&Fields> {
    match &named.body {
        Body::Struct { fields, .. } => Some(fields),
        Body::Alias(_) => None,
    }
}

/// The leading fields that save the most lines among the types `left`, and the types that begin with them.
fn best(types: &[NamedType], left: &[usize]) -> Option<(Fields, Vec<usize>)> {
    let mut sorted: Vec<(&[FieldRef], usize)> =
        left.iter().filter_map(|number| Some((fields(&types[*number])?.as_ref(), *number))).collect();
    sorted.sort();
    // In this order the types with a common beginning are neighbours.
    let mut best: Option<(usize, &[FieldRef])> = None;
    for pair in sorted.windows(2) {
        let length = pair[0].0.iter().zip(pair[1].0).take_while(|(one, other)| one == other).count();
        if length < FEWEST_FIELDS {
            continue;
        }
        let prefix = &pair[0].0[..length];
        let count = sorted.iter().filter(|(fields, _)| fields.starts_with(prefix)).count();
        let saved = (count - 1) * length;
        if best.is_none_or(|(most, _)| saved > most) {
            best = Some((saved, prefix));
        }
    }
    let (_, prefix) = best?;
    let mut members: Vec<usize> =
        sorted.iter().filter(|(fields, _)| fields.starts_with(prefix)).map(|(_, number)| *number).collect();
    members.sort_unstable();
    Some((prefix.to_vec().into(), members))
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, FieldRef, Schema};
    use cstspec_contract::types::{list, nullable, required, structure_of};

    use crate::name::Names;
    use crate::types::{Body, NamedTypes};

    fn list_of(name: &str, fields: &[&str]) -> FieldRef {
        let data_type = structure_of(|built| {
            built.required("file_id", DataType::Utf8);
            for field in fields {
                built.nullable(field, DataType::Int64);
            }
        });
        nullable(name, list(data_type))
    }

    /// The type that each type extends, with the number of its inherited fields.
    fn extended(fields: Vec<FieldRef>) -> Vec<(String, Option<String>, usize)> {
        let mut names = Names::default();
        let mut types = NamedTypes::of(&Schema::new(fields), &mut names).types;
        super::find(&mut types, &mut names);
        let of = |named: &crate::types::NamedType| match &named.body {
            Body::Struct { extends, inherited, .. } => (extends.map(|number| types[number].name.clone()), *inherited),
            Body::Alias(_) => (None, 0),
        };
        types.iter().map(|named| (named.name.clone(), of(named).0, of(named).1)).collect()
    }

    /// Shared leading fields are a type of their own, one level deep.
    #[test]
    fn leading_fields_shared() {
        let found = extended(vec![
            list_of("refs", &["a", "x"]),
            list_of("defs", &["a", "y", "z"]),
            list_of("calls", &["a", "y", "w"]),
            list_of("nodes", &["b"]),
        ]);
        let base = Some("file_id_base".to_owned());
        assert_eq!(
            found,
            [
                ("ref".to_owned(), base.clone(), 2),
                ("def".to_owned(), base.clone(), 2),
                ("call".to_owned(), base, 2),
                ("node".to_owned(), None, 0),
                ("file_id_base".to_owned(), None, 0),
            ]
        );
    }

    /// A struct that the others begin with is extended itself.
    #[test]
    fn struct_extended() {
        let found = extended(vec![list_of("ids", &["a"]), list_of("defs", &["a", "y"])]);
        assert_eq!(found, [("id".to_owned(), None, 0), ("def".to_owned(), Some("id".to_owned()), 2)]);
    }

    /// One field, or another nullability, is nothing in common.
    #[test]
    fn nothing_shared() {
        let other = nullable(
            "s",
            structure_of(|built| {
                built.nullable("file_id", DataType::Utf8).nullable("a", DataType::Int64);
            }),
        );
        let found =
            extended(vec![list_of("refs", &["a"]), list_of("defs", &["b"]), other, required("id", DataType::Int8)]);
        assert!(found.iter().all(|(_, extends, _)| extends.is_none()), "{found:?}");
    }
}
