//! Expected functions.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::DataType;
use cstspec_contract::{Finding, Function, NullRule, Origin, Signature};

use super::name;
use super::report::Report;
use crate::documents::Document;
use crate::model::{ArgumentNumber, FunctionsSpec, NullsSpec};
use crate::rules;
use crate::signature;
use crate::types::NamedTypes;

/// Resolves the expected functions, sorted by name.
pub fn resolve(documents: &[Document<FunctionsSpec>], types: &NamedTypes, report: &mut Report<'_>) -> Vec<Function> {
    let mut functions: BTreeMap<String, Function> = BTreeMap::new();
    let mut spots: BTreeMap<&str, Origin> = BTreeMap::new();
    let named = |name: &str| -> Option<DataType> {
        types.get(name).and_then(|known| known.as_ref().ok()).map(|known| known.field.data_type().clone())
    };
    for document @ Document { file, spec, .. } in documents {
        for (name, function) in &spec.functions {
            let origin = Origin::root(file).join("functions").join(name);
            name::check_word(report, &origin, "function", name);
            if let Some(first) = spots.get(name.as_str()) {
                let first = first.clone();
                report.duplicate_name(&origin, "function", name, &first);
                continue;
            }
            let mut signatures = Vec::new();
            for (number, text) in function.signatures.iter().enumerate() {
                let place = origin.join("signatures").index(number);
                match signature::parse(text, &named) {
                    Ok((written, _)) if written != *name => {
                        let finding = Finding::new(
                            &rules::SIGNATURE_SYNTAX,
                            format!("a signature of `{written}` under `{name}`"),
                        )
                        .differing(format!("`{name}(...)`"), format!("`{written}(...)`"))
                        .remedy(format!("start it with `{name}`"));
                        report.value(&place, finding);
                        report.note_unreadable(name);
                    }
                    Ok((_, signature)) => signatures.push(signature),
                    Err(_) if types.names_broken(text) => report.note_unreadable(name),
                    Err(error) => {
                        report.note_unreadable(name);
                        let finding =
                            Finding::new(&rules::SIGNATURE_SYNTAX, format!("not a signature: {}", error.message))
                                .differing("a signature such as `upper(utf8) -> utf8`", format!("`{text}`"))
                                .remedy(error.help.clone());
                        report.inside(&place, error.offset, finding);
                    }
                }
            }
            if function.signatures.is_empty() {
                report.note_unreadable(name);
                let finding = Finding::new(&rules::SIGNATURE_SYNTAX, format!("the function `{name}` has no signature"))
                    .differing("a signature", "none")
                    .remedy(format!("write one, such as `{name}(utf8) -> utf8`"));
                report.key(&origin.join("signatures"), finding);
            }
            let place = origin.join("nulls");
            if document.lacks(place.key.as_str()) {
                report.note_unreadable(name);
            } else {
                let is_complete = signatures.len() == function.signatures.len();
                let nulls = nulls(name, &function.nulls, &signatures, is_complete, &place, report);
                for signature in &mut signatures {
                    signature.nulls = nulls.clone();
                }
            }
            spots.insert(name, origin.clone());
            functions.insert(
                name.clone(),
                Function {
                    name: name.clone(),
                    doc: function.doc.clone(),
                    origin: origin.clone(),
                    kind: function.kind,
                    provider: function.provider,
                    signatures,
                },
            );
        }
    }
    functions.into_values().collect()
}

/// When the output of the function `name` may be NULL, as `written` at `origin`. Numbers that no argument of `signatures` has are reported,
/// where those are all that it has.
fn nulls(
    name: &str,
    written: &NullsSpec,
    signatures: &[Signature],
    is_complete: bool,
    origin: &Origin,
    report: &mut Report<'_>,
) -> NullRule {
    let numbers = match written {
        NullsSpec::Word(word) => return (*word).into(),
        NullsSpec::List(numbers) => numbers,
    };
    let most = signatures.iter().map(Signature::numbered).max().filter(|_| is_complete);
    let expected = match most {
        Some(0) => format!("no argument, since `{name}` takes none"),
        Some(1) => "1, the only argument".to_owned(),
        Some(most) => format!("arguments by their numbers, from 1 to {most}"),
        None => "arguments by their numbers, from 1".to_owned(),
    };
    let mut refuse = |origin: &Origin, message: String, observed: String, remedy: &str| {
        let finding =
            Finding::new(&rules::NULLS_OF_NO_ARGUMENT, message).differing(expected.as_str(), observed).remedy(remedy);
        report.value(origin, finding);
        report.note_unreadable(name);
    };
    if numbers.is_empty() {
        let message = format!("`nulls` of `{name}` is a list without an argument");
        refuse(origin, message, "none".to_owned(), "write `never` if the output is never NULL");
    }
    let mut known = BTreeSet::new();
    for (index, ArgumentNumber(number)) in numbers.iter().enumerate() {
        let within =
            |number: &u32| *number > 0 && most.is_none_or(|most| u32::try_from(most).is_ok_and(|most| *number <= most));
        let Some(argument) = u32::try_from(*number).ok().filter(within) else {
            let message = format!("`nulls` of `{name}` names an argument {number}, which no signature has");
            let remedy = match most {
                Some(0) => "write `always` or `never`",
                _ => "count the types in the signature from 1; those that repeat count once",
            };
            refuse(&origin.index(index), message, number.to_string(), remedy);
            continue;
        };
        if !known.insert(argument) {
            let message = format!("`nulls` of `{name}` names the argument {number} twice");
            refuse(&origin.index(index), message, format!("{number} again"), "remove one of the two");
        }
    }
    NullRule::Arguments(known.into_iter().collect())
}
