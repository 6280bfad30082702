//! Likely renames as findings: a field that files lack beside one that only they have.

use std::collections::BTreeMap;

use cstspec_conform::{ConformError, LikelyRename};
use cstspec_contract::report::{Conversion, ConversionKind};
use cstspec_contract::{Dataset, Evolution, Finding, Likeness, Path, spelling};

use crate::rules;

/// The most renames of a dataset that the remedy of each spells out together.
const MOST_TOGETHER: usize = 8;

/// The likely renames in the files of a dataset, each with how many files have it.
#[derive(Debug, Default)]
pub struct Renames {
    seen: BTreeMap<(Path, Path), Seen>,
    /// Those for which files are refused: the finding of the first, and how many files there are.
    refused: BTreeMap<(Path, Path), (Finding, u64)>,
}

#[derive(Debug)]
struct Seen {
    likely: LikelyRename,
    /// The value that the field reads as meanwhile.
    filled: Option<String>,
    files: u64,
    first: String,
}

impl Renames {
    /// Takes the likely renames of `file` over, and leaves those of `conversions` that they do not explain.
    pub fn take(
        &mut self,
        file: &str,
        likely: Vec<LikelyRename>,
        conversions: &[Conversion],
    ) -> impl Fn(&Conversion) -> bool + use<> {
        let explained: Vec<(Path, Path)> =
            likely.iter().map(|likely| (likely.path.clone(), likely.stored.clone())).collect();
        for likely in likely {
            let missing =
                |conversion: &&Conversion| conversion.kind == ConversionKind::Missing && conversion.path == likely.path;
            let filled = conversions.iter().find(missing).and_then(|conversion| conversion.to.clone());
            let first = file.to_owned();
            let key = (likely.path.clone(), likely.stored.clone());
            self.seen.entry(key).or_insert(Seen { likely, filled, files: 0, first }).files += 1;
        }
        move |conversion| {
            explained.iter().any(|(path, stored)| match conversion.kind {
                ConversionKind::Missing => conversion.path == *path,
                ConversionKind::Extra => conversion.path == *stored,
                _ => false,
            })
        }
    }

    /// Takes the finding of a file that is refused for a likely rename.
    pub fn refuse(&mut self, likely: &LikelyRename, finding: Finding) {
        let key = (likely.path.clone(), likely.stored.clone());
        self.refused.entry(key).or_insert((finding, 0)).1 += 1;
    }

    /// One finding per rename, whatever the number of files, with the path of the field and the one that it likely has in files; `in_files` is the
    /// text of how many files have it.
    pub fn findings(self, contract: &Dataset, in_files: impl Fn(u64) -> String) -> Vec<(Finding, [Path; 2])> {
        let Self { seen, refused } = self;
        let all: Vec<&LikelyRename> = seen.values().map(|seen| &seen.likely).collect();
        let together = all.len() <= MOST_TOGETHER;
        let finding = |seen: &Seen| {
            let LikelyRename { path, stored, declared, found, likeness } = &seen.likely;
            let dataset = contract.name.as_str();
            let place = contract.locate(path).unwrap_or_else(|| contract.origin.clone());
            let remedy = if together { advice(contract, &all) } else { advice(contract, &[&seen.likely]) };
            let filled = seen.filled.as_ref().map_or_else(
                || format!("`{path}` is not read"),
                |value| format!("`{path}` reads as {}", if value == "null" { "NULL" } else { value }),
            );
            Finding::new(
                &rules::LIKELY_RENAMED,
                format!(
                    "`{stored}` in {} of `{dataset}` is likely `{path}`, which is lacking there",
                    in_files(seen.files)
                ),
            )
            .differing(
                format!("`{path}`: {}", spelling::short(declared.data_type())),
                format!("`{stored}`: {}; {}; {filled}", spelling::short(found.data_type()), reason(*likeness)),
            )
            .relation(dataset)
            .path(path.to_string())
            .remedy(format!("{remedy}; if they are two fields, declare `{stored}` too"))
            .seen_in(seen.first.as_str())
            .at(&place)
        };
        let refused = refused.into_iter().map(|((path, stored), (finding, files))| {
            let finding = match files {
                1 => finding,
                files => {
                    let observed = finding.observed.clone().unwrap_or_default();
                    finding.observing(format!("{observed}; in {files} files, of which the first is named"))
                }
            };
            (finding, [path, stored])
        });
        let seen = seen.iter().map(|((path, stored), seen)| (finding(seen), [path.clone(), stored.clone()]));
        seen.chain(refused).collect()
    }
}

fn reason(likeness: Option<Likeness>) -> &'static str {
    match likeness {
        Some(Likeness::Case) => "the names differ only in case",
        Some(Likeness::Separators) => "the names differ only in separators and case",
        Some(Likeness::Slip) => "the names differ in a few letters",
        None => "no other field has this type",
    }
}

/// The likely rename that explains `error`, if one does.
pub fn explaining<'a>(likely: &'a [LikelyRename], error: &ConformError) -> Option<&'a LikelyRename> {
    likely.iter().find(|likely| match error {
        ConformError::Missing { path } => *path == likely.path,
        ConformError::Extra { path } => *path == likely.stored,
        _ => false,
    })
}

/// The spec text that declares `likely` renames as renames.
pub fn advice(contract: &Dataset, likely: &[&LikelyRename]) -> String {
    let renames: Vec<String> = likely
        .iter()
        .map(|likely| format!("{}: {}", scalar(&likely.stored.to_string()), scalar(likely.declared.name())))
        .collect();
    let (renames, evolution) = (renames.join(", "), &contract.evolution);
    let unwritten = Evolution { origin: evolution.origin.clone(), ..Evolution::default() };
    if !evolution.renames.is_empty() {
        format!("add `{renames}` to `evolution.renames`")
    } else if *evolution == unwritten {
        format!("add `evolution: {{ renames: {{ {renames} }} }}` to the dataset")
    } else {
        format!("add `renames: {{ {renames} }}` to `evolution`")
    }
}

/// `text` as a scalar of YAML that can stand inside braces.
fn scalar(text: &str) -> String {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !words.contains(&text.to_lowercase().as_str());
    if plain {
        text.to_owned()
    } else if text.contains(char::is_control) {
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::scalar;

    /// A name is quoted where yaml needs it.
    #[test]
    fn name_quoted_for_yaml() {
        for (text, expected) in [
            ("codes.op_name", "codes.op_name"),
            ("größe", "größe"),
            ("on", "'on'"),
            ("2024", "'2024'"),
            ("c_customer_sk:", "'c_customer_sk:'"),
            ("\"service.name\"", "'\"service.name\"'"),
            ("it's, so", "'it''s, so'"),
            ("a\nb", "\"a\\nb\""),
            ("", "''"),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }
}
