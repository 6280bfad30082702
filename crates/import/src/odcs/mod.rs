//! Contracts of the Open Data Contract Standard, version 3, as drafts of specs.
//!
//! Each object of `schema` becomes a dataset. A key without a counterpart in specs is listed with its path. A mistake in the contract is a
//! finding at its line.

mod element;
mod key;
mod physical;
mod quality;
mod relationship;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::Schema;
use cstspec_contract::{Finding, did_you_mean};
use cstspec_spec::rules;
use serde_yaml::Value;

use crate::document;
use crate::draft::Draft;
use crate::name::{Names, word};
use crate::proof::Proofs;
use crate::schema::Unsaid;
use element::Element;
use source::Source;

pub use source::MOST_BYTES;

/// The keys of a contract that specs have.
const SAID: [&str; 7] = ["kind", "apiVersion", "schema", "name", "version", "id", "description"];

/// A contract as specs.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    /// The drafts of its datasets.
    pub drafts: Vec<Draft>,
    /// What the specs do not have.
    pub unsaid: Vec<Unsaid>,
    catalog: String,
    doc: String,
}

/// What the specs of a contract are added to.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The version of the engine.
    pub engine: &'a str,
    /// Names of types that are taken.
    pub types: &'a BTreeSet<String>,
    /// Paths of files that are taken.
    pub files: &'a BTreeSet<String>,
    /// Whether a catalog is there.
    pub has_catalog: bool,
}

/// Reads the contract `text` of the file `file`. `name` selects one of its objects, or is another name of the only one. `relations` are the
/// names of relations that are taken.
///
/// # Errors
///
/// The mistakes in the contract, each at its line and column.
pub fn read(
    file: &str,
    text: &str,
    name: Option<&str>,
    beside: Beside<'_>,
    relations: &mut Names,
) -> Result<Contract, Vec<Finding>> {
    let source = Source::new(file, text);
    let document = source.parse().map_err(|finding| vec![*finding])?;
    let mut reading = Reading { source: &source, findings: Vec::new(), unsaid: Vec::new() };
    let contract = reading.contract(&document, name, beside, relations);
    let Reading { mut findings, mut unsaid, .. } = reading;
    match contract {
        Some(mut contract) if findings.is_empty() => {
            unsaid.append(&mut contract.unsaid);
            unsaid.sort();
            unsaid.dedup();
            Ok(Contract { unsaid, ..contract })
        }
        _ => {
            findings.sort();
            findings.dedup();
            Err(findings)
        }
    }
}

impl Contract {
    /// The specs as text, by their paths below the specs folder.
    pub fn files(&self, beside: Beside<'_>) -> BTreeMap<String, String> {
        let (mut types, mut taken) = (beside.types.clone(), beside.files.clone());
        let mut files = BTreeMap::new();
        for draft in &self.drafts {
            let mut draft = draft.clone();
            draft.taken_types.clone_from(&types);
            draft.taken_files.clone_from(&taken);
            draft.has_catalog = true;
            let of_draft = document::files(&draft, &Proofs::default());
            types.extend(
                of_draft.values().filter_map(|text| Some(text.lines().next()?.strip_prefix("type: ")?.to_owned())),
            );
            taken.extend(of_draft.keys().map(|path| path.trim_end_matches(".yaml").to_owned()));
            files.extend(of_draft);
        }
        if !beside.has_catalog {
            files.insert(
                "catalog.yaml".to_owned(),
                document::catalog(&self.catalog, &self.doc, beside.engine, None, &files),
            );
        }
        files
    }
}

/// A contract while it is read.
pub struct Reading<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
    unsaid: Vec<Unsaid>,
}

impl Reading<'_> {
    /// Adds a mistake at the key path `key`.
    fn wrong(&mut self, key: &str, finding: Finding) {
        self.findings.push(self.source.place(key, finding));
    }

    fn unsaid(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.unsaid.push(Unsaid::new(path, reason));
    }

    fn contract(
        &mut self,
        document: &Value,
        name: Option<&str>,
        beside: Beside<'_>,
        relations: &mut Names,
    ) -> Option<Contract> {
        let root = key::Keys::of(document, "", self)?;
        self.kind(&root);
        let Some(Value::Sequence(objects)) = root.get("schema").filter(|value| **value != Value::Sequence(Vec::new()))
        else {
            let finding = Finding::new(&rules::MISSING_KEY, "the contract has no schema")
                .differing("`schema` with a list of objects", "none")
                .remedy("add `schema` with the objects and their properties");
            self.wrong("schema", finding);
            return None;
        };
        for left in root.left(&SAID) {
            self.unsaid(left, "a key of contracts that specs do not have");
        }
        let mut tables: Vec<(String, Element)> = Vec::new();
        for (number, object) in objects.iter().enumerate() {
            let at = format!("schema.{number}");
            let Some(element) = Element::object(object, &at, self) else { continue };
            if let Some((_, first)) = tables.iter().find(|(_, one)| one.name == element.name) {
                let finding =
                    Finding::new(&rules::DUPLICATE_NAME, format!("two objects have the name `{}`", element.name))
                        .differing("each name once", format!("`{}` again, after `{}`", element.name, first.key))
                        .remedy("rename one of the two");
                self.wrong(&format!("{at}.name"), finding);
                continue;
            }
            tables.push((at, element));
        }
        if let Some(name) = name {
            tables = selected(tables, name);
        }
        let version = self.version(&root);
        let mut contract = Contract {
            catalog: word(&root.text("name").unwrap_or_else(|| "contract".to_owned())),
            ..Contract::default()
        };
        contract.doc = self.description(&root);
        let keys: BTreeMap<String, Vec<Vec<String>>> =
            tables.iter().map(|(_, table)| (table.name.clone(), table.keys())).collect();
        for (_, table) in &tables {
            let schema = Schema::new(table.children.iter().map(Element::field).collect::<Vec<_>>());
            let dataset = if relations.is_taken(&table.name) {
                relations.take([table.name.as_str()])
            } else {
                table.name.clone()
            };
            relations.take([dataset.as_str()]);
            let mut draft =
                Draft::new(&contract.catalog, beside.engine, &dataset, schema, relations, &mut contract.unsaid);
            draft.version = version;
            draft.doc.clone_from(&table.doc);
            draft.partitions = table.partitions(self);
            let own = keys.get(&table.name).cloned().unwrap_or_default();
            if table.has_primary_key()
                && let Some((key, _)) = own.split_first()
            {
                draft.set_primary_key(key);
            }
            draft.unique = own.into_iter().skip(usize::from(table.has_primary_key())).collect();
            draft.not_null = table.not_null();
            draft.references = relationship::references(table, &keys, self);
            contract.drafts.push(draft);
        }
        Some(contract)
    }

    /// Sees that it is a contract of a known version.
    fn kind(&mut self, root: &key::Keys<'_>) {
        let kind = root.text("kind");
        if kind.as_deref() != Some("DataContract") {
            let observed = kind.map_or_else(|| "none".to_owned(), |kind| format!("`{kind}`"));
            let finding = Finding::new(
                &rules::UNKNOWN_KIND,
                "the file is not a data contract of the Open Data Contract Standard",
            )
            .differing("`kind: DataContract`", observed)
            .remedy("select a contract, a Parquet file, a folder of them, or a Delta table");
            self.wrong("kind", finding);
        }
        let version = root.text("apiVersion");
        let is_known = version.as_deref().is_some_and(|version| version.trim_start_matches('v').starts_with("3."));
        if !is_known {
            let observed = version.map_or_else(|| "none".to_owned(), |version| format!("`{version}`"));
            let finding =
                Finding::new(&rules::UNKNOWN_KIND, "the contract has a version of the standard that is not known")
                    .differing("`apiVersion: v3.x.y`", observed)
                    .remedy("convert the contract to version 3 of the standard");
            self.wrong("apiVersion", finding);
        }
    }

    /// The version of the datasets: the first number of the contract's.
    fn version(&mut self, root: &key::Keys<'_>) -> u32 {
        let Some(text) = root.text("version") else { return 1 };
        let first = text.trim_start_matches('v').split(['.', '-']).next().unwrap_or_default();
        let number = first.parse::<u32>().ok().filter(|number| *number > 0).unwrap_or(1);
        if text != number.to_string() {
            self.unsaid("version", format!("`{text}`: the version of a dataset is a whole number, here {number}"));
        }
        number
    }

    /// The purpose of the contract.
    fn description(&mut self, root: &key::Keys<'_>) -> String {
        match root.get("description") {
            Some(Value::String(text)) => text.clone(),
            Some(value @ Value::Mapping(_)) => {
                let Some(keys) = key::Keys::of(value, "description", self) else { return String::new() };
                for left in keys.left(&["purpose"]) {
                    self.unsaid(format!("description.{left}"), "a key of contracts that specs do not have");
                }
                keys.text("purpose").unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The finding that a word is none of those known.
    fn unknown(&mut self, at: &str, what: &str, word: &str, known: &[&str]) {
        let advice = did_you_mean(word, known.iter().copied());
        let finding = Finding::new(&rules::UNKNOWN_TYPE, format!("unknown {what} `{word}`"))
            .differing(format!("one of {}", known.join(", ")), format!("`{word}`"))
            .remedy(advice.unwrap_or_else(|| "write one of these".to_owned()));
        self.wrong(at, finding);
    }
}

/// The table `name`, or the only one under that name.
fn selected(mut tables: Vec<(String, Element)>, name: &str) -> Vec<(String, Element)> {
    if tables.iter().any(|(_, table)| table.name == name) {
        tables.retain(|(_, table)| table.name == name);
    } else if let [(_, only)] = tables.as_mut_slice() {
        name.clone_into(&mut only.name);
    }
    tables
}
