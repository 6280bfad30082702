//! Expected functions.

use std::collections::BTreeMap;

use arrow_schema::DataType;
use cstspec_contract::{Finding, Function};

use super::name;
use super::report::{Report, Spot};
use crate::documents::Document;
use crate::model::FunctionsSpec;
use crate::rules;
use crate::signature;
use crate::types::NamedTypes;

/// Resolves the expected functions, sorted by name.
pub fn resolve(documents: &[Document<FunctionsSpec>], types: &NamedTypes, report: &mut Report<'_>) -> Vec<Function> {
    let mut functions: BTreeMap<String, Function> = BTreeMap::new();
    let mut spots: BTreeMap<&str, Spot> = BTreeMap::new();
    let named = |name: &str| -> Option<DataType> {
        types.get(name).and_then(|known| known.as_ref().ok()).map(|known| known.field.data_type().clone())
    };
    for Document { file, spec, .. } in documents {
        for (name, function) in &spec.functions {
            let spot = Spot::root(file).join("functions").join(name);
            name::check_word(report, &spot, "function", name);
            if let Some(first) = spots.get(name.as_str()) {
                let first = first.clone();
                report.duplicate_name(&spot, "function", name, &first);
                continue;
            }
            let mut signatures = Vec::new();
            for (number, text) in function.signatures.iter().enumerate() {
                let place = spot.join("signatures").index(number);
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
                    Ok((_, mut signature)) => {
                        signature.nulls = function.nulls.into();
                        signatures.push(signature);
                    }
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
                report.key(&spot.join("signatures"), finding);
            }
            spots.insert(name, spot.clone());
            functions.insert(
                name.clone(),
                Function {
                    name: name.clone(),
                    doc: function.doc.clone(),
                    origin: spot.origin(),
                    kind: function.kind.into(),
                    provider: function.provider.into(),
                    signatures,
                },
            );
        }
    }
    functions.into_values().collect()
}
