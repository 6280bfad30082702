//! The documents of a catalog, sorted by kind.

use std::collections::BTreeSet;

use cstspec_contract::{Finding, did_you_mean};
use serde::Deserialize;

use crate::model::{
    BoundarySpec, CatalogSpec, DatasetSpec, FunctionsSpec, Kind, SessionSpec, StatementsSpec, TypeSpec, ViewSpec,
};
use crate::rules;
use crate::sources::{CATALOG, Sources};
use crate::yaml::Located;
use crate::yaml::{self, Decoded, KeyPath, Node, Tree};

/// A spec and the file it stands in.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// The file, relative to the specs folder.
    pub file: String,
    /// Its content.
    pub spec: T,
    /// The keys of nodes that are left out of it, because they are wrong and reported as such.
    pub left_out: BTreeSet<KeyPath>,
    /// Whether mistakes of syntax have made parts of the file unreadable: whatever is not there may have been.
    pub is_torn: bool,
}

impl<T> Document<T> {
    /// Whether nothing of it is left out.
    pub fn is_complete(&self) -> bool {
        self.left_out.is_empty() && !self.is_torn
    }

    /// Whether something at or below `key` is left out.
    pub fn lacks(&self, key: &str) -> bool {
        let below = |path: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.is_torn || self.left_out.iter().any(|path| below(path.as_str()))
    }
}

/// The specs of a catalog as they were written, by kind, each sorted by file.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// `catalog.yaml`, where it could be decoded.
    pub catalog: Option<Document<CatalogSpec>>,
    /// Named types.
    pub types: Vec<Document<TypeSpec>>,
    /// Expected functions.
    pub functions: Vec<Document<FunctionsSpec>>,
    /// Session presets.
    pub sessions: Vec<Document<SessionSpec>>,
    /// Datasets.
    pub datasets: Vec<Document<DatasetSpec>>,
    /// Views.
    pub views: Vec<Document<ViewSpec>>,
    /// Boundaries.
    pub boundaries: Vec<Document<BoundarySpec>>,
    /// Prepared statements.
    pub statements: Vec<Document<StatementsSpec>>,
    /// The words of what could not be decoded. A name that nothing defines may be defined there.
    pub undecoded: BTreeSet<String>,
}

impl Documents {
    /// Decodes every file of `sources`.
    pub fn decode(sources: &Sources, findings: &mut Vec<Finding>) -> Self {
        let mut documents = Self::default();
        for (file, tree) in sources.trees() {
            let lost: BTreeSet<String> = sources.lost(file).flat_map(names_in).collect();
            documents.undecoded.extend(lost.iter().cloned());
            let mut reading = Reading { sources, file, tree, lost, findings, undecoded: &mut documents.undecoded };
            match reading.kind() {
                Some(Kind::Catalog) => documents.catalog = reading.decode(Kind::Catalog),
                Some(kind @ Kind::Type) => documents.types.extend(reading.decode(kind)),
                Some(kind @ Kind::Functions) => documents.functions.extend(reading.decode(kind)),
                Some(kind @ Kind::Session) => documents.sessions.extend(reading.decode(kind)),
                Some(kind @ Kind::Dataset) => documents.datasets.extend(reading.decode(kind)),
                Some(kind @ Kind::View) => documents.views.extend(reading.decode(kind)),
                Some(kind @ Kind::Boundary) => documents.boundaries.extend(reading.decode(kind)),
                Some(kind @ Kind::Statements) => documents.statements.extend(reading.decode(kind)),
                None => reading.note_undecoded(),
            }
        }
        for file in sources.broken() {
            documents.undecoded.extend(names_in(sources.text(file).unwrap_or("")));
        }
        documents
    }
}

/// The names that a text may define.
fn names_in(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

struct Reading<'a> {
    sources: &'a Sources,
    file: &'a str,
    tree: &'a Tree,
    /// The words of the file that mistakes of syntax have made unreadable.
    lost: BTreeSet<String>,
    findings: &'a mut Vec<Finding>,
    undecoded: &'a mut BTreeSet<String>,
}

impl Reading<'_> {
    /// The kind that the document's first key says, or a finding that it says none.
    fn kind(&mut self) -> Option<Kind> {
        if matches!(self.tree.node, Node::Refused) {
            return None;
        }
        if self.file == CATALOG {
            return Some(Kind::Catalog);
        }
        let Node::Mapping(mapping) = &self.tree.node else {
            self.unknown_kind(KeyPath::root(), &self.tree.describe(), None);
            return None;
        };
        // The key of its kind may be among what is lost.
        let has_kind = |lost: &BTreeSet<String>| Kind::ALL.iter().any(|(_, key)| lost.contains(*key));
        let Some(first) = mapping.entries().first() else {
            if has_kind(&self.lost) {
                return None;
            }
            self.unknown_kind(KeyPath::root(), "an empty mapping", None);
            return None;
        };
        let of_key = |key: &str| {
            Kind::ALL
                .iter()
                .map(|(kind, key)| (*kind, *key))
                .find(|(kind, known)| *kind != Kind::Catalog && *known == key)
        };
        if let Some((kind, _)) = of_key(&first.key.text) {
            return Some(kind);
        }
        if has_kind(&self.lost) {
            return None;
        }
        let later = mapping.entries().iter().find_map(|entry| of_key(&entry.key.text));
        let keys = Kind::ALL.iter().map(|(_, key)| *key).filter(|key| *key != Kind::Catalog.key());
        let advice = match later {
            Some((_, key)) => Some(format!("put `{key}:` first")),
            None => did_you_mean(&first.key.text, keys),
        };
        self.unknown_kind(KeyPath::root().join(&first.key.text), &format!("`{}:`", first.key.text), advice);
        None
    }

    fn unknown_kind(&mut self, key: KeyPath, observed: &str, advice: Option<String>) {
        let keys: Vec<String> =
            Kind::ALL.iter().filter(|(kind, _)| *kind != Kind::Catalog).map(|(_, key)| format!("`{key}:`")).collect();
        let finding = Finding::new(&rules::UNKNOWN_KIND, format!("`{}` has no known kind of spec", self.file))
            .differing(format!("a document that starts with {}", keys.join(", ")), observed)
            .remedy(advice.unwrap_or_else(|| {
                "start it with the key of its kind, or move it out of the included folders".to_owned()
            }));
        self.findings.push(self.sources.resolve_place(self.file, Located::at_key(finding, key)));
    }

    /// Whatever this file should define is not known.
    fn note_undecoded(&mut self) {
        self.undecoded.extend(names_in(self.sources.text(self.file).unwrap_or("")));
    }

    fn decode<T: for<'de> Deserialize<'de>>(&mut self, kind: Kind) -> Option<Document<T>> {
        let Decoded { spec, findings, left_out } = yaml::decode(self.tree, kind.key(), &self.lost);
        self.findings.extend(findings.into_iter().map(|found| self.sources.resolve_place(self.file, found)));
        for path in &left_out {
            self.undecoded.extend(path.as_str().rsplit('.').next().map(str::to_owned));
        }
        if spec.is_none() {
            self.note_undecoded();
        }
        Some(Document { file: self.file.to_owned(), spec: spec?, left_out, is_torn: !self.lost.is_empty() })
    }
}
